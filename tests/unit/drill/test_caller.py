from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from secretwatch.pipeline.drill.caller import Caller, answer_to_a_read, caller_of

ACCOUNT, REGION = "111111111111", "us-east-1"
USER = Caller(f"arn:aws:iam::{ACCOUNT}:user/team/anna", "AIDA1")
ROOT = Caller(f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT)
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/admin/anna"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/admin"
READS = '($.eventName = "GetSecretValue") && ($.requestParameters.secretId = "app")'


def role(arn: str = ROLE, *, known: bool = True) -> Caller:
    return Caller(SESSION, "AROA1:anna", arn, role_path_known=known)


def but(field: str, *arns: str) -> str:
    tests = " && ".join(
        f'($.userIdentity.{field} NOT EXISTS || $.userIdentity.{field} != "{arn}")' for arn in arns
    )
    return f"{{ {READS} && ({tests}) }}"


ISSUER = "sessionContext.sessionIssuer.arn"


@pytest.mark.parametrize(
    ("pattern", "caller", "answer"),
    [
        (f"{{ {READS} }}", USER, "rings"),
        (f"{{ {READS} }}", ROOT, "rings"),
        (f"{{ {READS} }}", role(), "rings"),
        (but("arn", USER.arn), USER, "excepted"),
        (but("arn", ROOT.arn), ROOT, "excepted"),
        (but("arn", f"arn:aws:iam::{ACCOUNT}:user/bob"), USER, "rings"),
        (but(ISSUER, ROLE), role(), "excepted"),
        (but(ISSUER, f"arn:aws:iam::{ACCOUNT}:role/other"), role(), "rings"),
        # The path of a role: looked up it decides, unknown it could be the exception.
        (but(ISSUER, f"arn:aws:iam::{ACCOUNT}:role/ops/admin"), role(), "rings"),
        (but(ISSUER, f"arn:aws:iam::{ACCOUNT}:role/ops/admin"), role(known=False), "excepted"),
        (but(ISSUER, "arn:aws:iam::222222222222:role/ops/admin"), role(known=False), "rings"),
        ('{ $.eventName = "PutSecretValue" }', USER, "other calls"),
        ('{ ($.eventName = "GetSecretValue") && ($.errorCode = "AccessDenied") }', USER, "other calls"),
    ],
)
def test_what_a_watch_does_with_the_caller_s_read(pattern: str, caller: Caller, answer: str) -> None:
    assert answer_to_a_read([pattern], "app", ACCOUNT, REGION, caller) == answer


def test_any_of_the_patterns_may_count_and_none_is_unknown() -> None:
    patterns = [but("arn", USER.arn), f"{{ {READS} }}"]
    assert answer_to_a_read(patterns, "app", ACCOUNT, REGION, USER) == "rings"
    assert answer_to_a_read([], "app", ACCOUNT, REGION, USER) == "rings"


class Fake:
    """An Aws whose GetCallerIdentity answers an ARN, and GetRole another or an error."""

    def __init__(self, arn: str, role: str | None = None) -> None:
        self.arn, self.role = arn, role

    def client(self, service: str) -> Any:
        return SimpleNamespace(
            get_caller_identity=lambda: {"Arn": self.arn, "UserId": "x"}, get_role=self._role
        )

    def _role(self, RoleName: str) -> Any:
        assert RoleName == "admin"
        if self.role is None:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetRole")
        return {"Role": {"Arn": self.role}}


def test_who_calls() -> None:
    assert caller_of(Fake(USER.arn)) == Caller(USER.arn, "x")  # type: ignore[arg-type]
    path = f"arn:aws:iam::{ACCOUNT}:role/ops/admin"
    assert caller_of(Fake(SESSION, path)) == Caller(SESSION, "x", path)  # type: ignore[arg-type]
    unknown = caller_of(Fake(SESSION))  # type: ignore[arg-type]
    assert (unknown.role_arn, unknown.role_path_known) == (ROLE, False)
