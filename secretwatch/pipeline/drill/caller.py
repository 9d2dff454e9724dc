"""Who makes the drill, as CloudTrail will see them, and whether a watch leaves their reads out.

What the filter patterns say is what counts: they hold the watch's `except`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from secretwatch.cloudtrail import assumed_role_identity, iam_user_identity, root_identity
from secretwatch.filterpattern import FilterPattern
from secretwatch.forms import ROLE_ARN
from secretwatch.pipeline.aws import Aws
from secretwatch.pipeline.doctor.reads import expected

Answer = Literal["rings", "excepted", "other calls"]

_KEY = "ASIAEXAMPLE"


@dataclass(frozen=True)
class Caller:
    """arn: as GetCallerIdentity answers it. role_path_known: whether a role's own ARN could be looked up."""

    arn: str
    user_id: str
    role_arn: str | None = None
    role_path_known: bool = True

    def identities(self, patterns: Iterable[str]) -> list[dict[str, Any]]:
        """The `userIdentity` of the caller's events; of a role whose path is not known, all it could be."""
        partition, account, what = (self.arn.split(":", 5)[index] for index in (1, 4, 5))
        if self.role_arn:
            name = self.role_arn.rpartition("/")[2]
            named = {each for pattern in patterns for each in ROLE_ARN.findall(pattern)}
            like = {each for each in named if each.rpartition("/")[2] == name and f"::{account}:" in each}
            issuers = {self.role_arn} if self.role_path_known else {self.role_arn, *like}
            return [
                assumed_role_identity(
                    arn=self.arn,
                    assumed_role_id=self.user_id,
                    role_arn=issuer,
                    access_key_id=_KEY,
                    creation_date="2026-01-01T00:00:00Z",
                )
                for issuer in sorted(issuers)
            ]
        if what.startswith("user/"):
            return [iam_user_identity(self.arn, self.user_id, what.rpartition("/")[2], _KEY)]
        return [root_identity(account, partition, _KEY) | {"arn": self.arn}]


def caller_of(aws: Aws) -> Caller:
    """Raises botocore's errors. An assumed role's ARN has no path: the role is looked up, if it may be."""
    found = aws.client("sts").get_caller_identity()
    arn, user_id = str(found["Arn"]), str(found["UserId"])
    kind, _, rest = arn.split(":", 5)[5].partition("/")
    if kind != "assumed-role":
        return Caller(arn, user_id)
    name = rest.partition("/")[0]
    try:
        role = str(aws.client("iam").get_role(RoleName=name)["Role"]["Arn"])
    except (ClientError, BotoCoreError):
        partition, account = arn.split(":")[1], arn.split(":")[4]
        return Caller(arn, user_id, f"arn:{partition}:iam::{account}:role/{name}", role_path_known=False)
    return Caller(arn, user_id, role)


def answer_to_a_read(
    patterns: Iterable[str], secret: str, account_id: str, region: str, caller: Caller
) -> Answer:
    """What a watch's filter patterns do with the caller's read: it rings, is left out, or none ever rings.

    A caller who could be left out is taken for one who is. Without patterns nothing is known: it rings.
    """
    texts = list(patterns)
    parsed = [FilterPattern.parse(each) for each in texts]

    def rings(identity: dict[str, Any]) -> bool:
        event = expected(secret, account_id, region, datetime(2026, 1, 1, tzinfo=UTC), identity=identity)
        return any(each.matches_event(event) for each in parsed)

    if not parsed or all(rings(each) for each in caller.identities(texts)):
        return "rings"
    partition = caller.arn.split(":")[1]
    stranger = f"arn:{partition}:iam::{account_id}:user/secretwatch-drill-nobody"
    return (
        "excepted"
        if rings(iam_user_identity(stranger, "AIDAEXAMPLE", "nobody", "AKIAEXAMPLE"))
        else "other calls"
    )
