"""A permissions boundary and session policies: the most that a caller's own policies can allow."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.policy import Decision, Principal, Request, authorize

ACCOUNT, OTHER = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app/reader"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/here"
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"
READ = "secretsmanager:GetSecretValue"

Says = Literal["allow", "deny", "nothing"]
SAYS = st.sampled_from(["allow", "deny", "nothing"])


def document(says: Says, **others: Any) -> dict[str, Any]:
    action = "sqs:SendMessage" if says == "nothing" else READ
    effect = "Deny" if says == "deny" else "Allow"
    return {"Statement": {"Effect": effect, "Action": action, "Resource": "*", **others}}


def ask(
    identity: Says,
    boundary: Says | None = None,
    session: list[Says] | None = None,
    *,
    resource: Says | None = None,
    names: str = "*",
    principal: str = SESSION,
    owner: str = ACCOUNT,
) -> Decision:
    request = Request(
        Principal.of(principal, issuer=ROLE if principal == SESSION else None),
        READ,
        f"arn:aws:secretsmanager:us-east-1:{owner}:secret:db-AbCdEf",
    )
    return authorize(
        request,
        identity_policies=[document(identity)],
        permissions_boundary=document(boundary) if boundary else None,
        session_policies=[document(each) for each in session or []],
        resource_policy=document(resource, Principal={"AWS": names}) if resource else None,
    )


@given(SAYS, SAYS | st.none(), st.lists(SAYS, max_size=2))
def test_without_a_resource_policy_all_must_allow_and_none_deny(
    identity: Says, boundary: Says | None, session: list[Says]
) -> None:
    denied = "deny" in (identity, boundary, *session)
    expected = identity == "allow" and boundary in ("allow", None) and (not session or "allow" in session)
    assert ask(identity, boundary, session).allowed is (expected and not denied)


@pytest.mark.parametrize(
    ("principal", "names", "allowed"),
    [
        (SESSION, SESSION, True),
        (SESSION, ROLE, False),
        (SESSION, "*", False),
        (SESSION, ACCOUNT, False),
        (ANN, ANN, True),
        (ANN, "*", True),
        (ANN, ACCOUNT, False),
    ],
)
@pytest.mark.parametrize("limit", [{"boundary": "nothing"}, {"session": ["nothing"]}])
def test_a_resource_policy_passes_a_limit_by_naming_the_caller_itself(
    principal: str, names: str, allowed: bool, limit: dict[str, Any]
) -> None:
    assert ask("nothing", resource="allow", names=names, principal=principal, **limit).allowed is allowed


def test_a_denial_of_a_limit_binds_whoever_is_named() -> None:
    for principal in (SESSION, ANN):
        decision = ask("allow", "deny", resource="allow", names=principal, principal=principal)
        assert decision.because == "with an explicit deny in a permissions boundary"


@pytest.mark.parametrize("limit", [{"boundary": "nothing"}, {"session": ["nothing"]}])
def test_from_another_account_a_limit_binds_too(limit: dict[str, Any]) -> None:
    across: dict[str, Any] = {"resource": "allow", "names": SESSION, "owner": OTHER}
    assert ask("allow", **across).allowed
    assert not ask("allow", **across, **limit).allowed


@pytest.mark.parametrize(
    ("decision", "because"),
    [
        (ask("nothing"), f"because no identity-based policy allows the {READ} action"),
        (ask("allow", "nothing"), f"because no permissions boundary allows the {READ} action"),
        (ask("allow", "allow", ["nothing"]), f"because no session policy allows the {READ} action"),
        (ask("deny"), "with an explicit deny in an identity-based policy"),
        (ask("allow", "deny"), "with an explicit deny in a permissions boundary"),
        (ask("allow", "allow", ["deny"]), "with an explicit deny in a session policy"),
        (ask("allow", resource="deny"), "with an explicit deny in a resource-based policy"),
    ],
)
def test_the_message_says_which_kind_of_policy_is_in_the_way(decision: Decision, because: str) -> None:
    assert decision.because == because


def test_a_resource_that_is_not_known_is_allowed_by_any_and_denied_by_all() -> None:
    def may(*statements: dict[str, Any]) -> bool:
        request = Request(Principal.of(ANN), "acm:DeleteCertificate", "")
        return authorize(request, identity_policies=[{"Statement": list(statements)}]).allowed

    some = {"Effect": "Allow", "Action": "acm:*", "Resource": "arn:aws:acm:us-east-1:1:certificate/a"}
    assert may(some)
    assert may(
        some, {"Effect": "Deny", "Action": "acm:*", "Resource": "arn:aws:acm:us-east-1:1:certificate/b"}
    )
    assert not may(some, {"Effect": "Deny", "Action": "acm:*", "Resource": "*"})


def test_tags_of_a_session_have_to_be_allowed_by_the_role() -> None:
    request = Request(Principal.of(ANN), "sts:TagSession", ROLE)
    own = {"Statement": {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}}
    trust = {"Statement": {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}}
    assert not authorize(request, identity_policies=[own], resource_policy=trust).allowed


def test_a_key_alias_and_a_new_key_are_up_to_the_account() -> None:
    own = {"Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}}
    for resource in ("*", f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/app"):
        assert authorize(
            Request(Principal.of(ANN), "kms:CreateAlias", resource), identity_policies=[own]
        ).allowed
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"
    assert not authorize(Request(Principal.of(ANN), "kms:CreateAlias", key), identity_policies=[own]).allowed
