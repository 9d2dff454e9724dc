"""Reads of secrets: which events are some, of which secret, and where each of them was seen."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from secretwatch.cloudtrail import Event, make_event, root_identity
from secretwatch.filterpattern import FilterPattern

EVENT_NAMES = ("GetSecretValue", "BatchGetSecretValue")
SOURCE = "secretsmanager.amazonaws.com"

# Calls besides reads that name one secret.
_CHANGES = (
    "CancelRotateSecret",
    "DeleteResourcePolicy",
    "DeleteSecret",
    "DescribeSecret",
    "GetResourcePolicy",
    "ListSecretVersionIds",
    "PutResourcePolicy",
    "PutSecretValue",
    "RemoveRegionsFromReplication",
    "ReplicateSecretToRegions",
    "RestoreSecret",
    "RotateSecret",
    "StopReplicationToReplica",
    "TagResource",
    "UntagResource",
    "UpdateSecret",
    "UpdateSecretVersionStage",
)
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}")


@dataclass(frozen=True)
class Seen:
    """A read, and where it was seen.

    recorded: in the event history. delivered: when the log group took it in; logged: the log event's own
    time, under which a metric filter counts it. stream: the log stream.
    """

    event: Event
    recorded: bool = False
    delivered: datetime | None = None
    logged: datetime | None = None
    stream: str = ""

    @property
    def event_id(self) -> str:
        return str(self.event.get("eventID"))

    @property
    def time(self) -> datetime:
        return datetime.fromisoformat(str(self.event["eventTime"])).astimezone(UTC)

    @property
    def region(self) -> str:
        return str(self.event.get("awsRegion"))

    @property
    def secret(self) -> str:
        """What the caller named; "" where the event names none."""
        return ", ".join(_asked_for(self.event))

    @property
    def reader(self) -> str:
        who = self.event.get("userIdentity") or {}
        return str(who.get("arn") or who.get("invokedBy") or who.get("principalId") or "somebody unknown")


def is_read(
    event: Mapping[str, Any], secrets: Iterable[str], event_names: Collection[str] = EVENT_NAMES
) -> bool:
    """Whether the event is a read of one of these secrets; of any, where none is given.

    secrets: names, ARNs, prefixes (`prod/*`) or `*`. event_names: what counts, where it is not reads. An
    event that names no secret could be of any.
    """
    if event.get("eventSource") != SOURCE or event.get("eventName") not in event_names:
        return False
    watched, asked = list(secrets), _asked_for(event)
    return not watched or not asked or any(covers(each, secret) for each in watched for secret in asked)


def in_logs(event_names: Iterable[str]) -> str:
    """A filter pattern that every such call matches, whichever secret it is of."""
    names = " || ".join(f'($.eventName = "{name}")' for name in event_names)
    return f'{{ ($.eventSource = "{SOURCE}") && ({names}) }}'


def covers(watched: str, secret: str) -> bool:
    """Whether a secret, as a caller names it, is what is watched: the same, or one with the prefix."""
    names = names_of(secret)
    if watched.endswith("*"):
        return any(name.startswith(watched[:-1]) for name in names)
    return bool(names & names_of(watched))


def names_of(secret: str) -> set[str]:
    """The names that a name or an ARN, with or without its suffix, may stand for."""
    if not secret.startswith("arn:"):
        return {secret}
    name = secret.split(":secret:", 1)[-1]
    return {name, name[:-7]} if _SUFFIX.fullmatch(name[-7:]) and len(name) > 7 else {name}


def name_of(secret: str) -> str:
    """The name in a full ARN, or the name itself."""
    return min(names_of(secret), key=len)


def forms_of(secret: str) -> list[str]:
    """The ways in which a caller can name a secret of which this name or ARN is known; for a prefix, one."""
    if secret.endswith("*"):
        return [f"{secret[:-1]}a-secret"]
    if not secret.startswith("arn:"):
        return [secret]
    return [secret, secret[:-7], name_of(secret)] if len(names_of(secret)) > 1 else [secret, name_of(secret)]


def _asked_for(event: Mapping[str, Any]) -> list[str]:
    parameters = event.get("requestParameters") or {}
    several = parameters.get("secretIdList") or []
    return [str(each) for each in (parameters.get("secretId"), *several) if each]


def expected(
    secret: str,
    account_id: str,
    region: str,
    at: datetime,
    kind: tuple[str, bool] = ("GetSecretValue", False),
) -> Event:
    """The event that the root user's call on this secret would be; kind: its name, and whether denied."""
    event_name, denied = kind
    return make_event(
        event_id="00000000-0000-4000-8000-000000000000",
        event_time=f"{at:%Y-%m-%dT%H:%M:%SZ}",
        event_source=SOURCE,
        event_name=event_name,
        aws_region=region,
        account_id=account_id,
        user_identity=root_identity(account_id, "aws", "ASIAEXAMPLE"),
        source_ip_address="192.0.2.1",
        user_agent="secretwatch-doctor",
        request_id="00000000-0000-4000-8000-000000000001",
        request_parameters={"secretId": secret},
        response_elements=None,
        error_code="AccessDenied" if denied else None,
        error_message="It is not authorized." if denied else None,
    )


def kinds_of(patterns: Iterable[str], secret: str, account_id: str, region: str) -> list[tuple[str, bool]]:
    """Which calls filter patterns count: a name, and whether denied; what a watch with these is about."""
    parsed = [FilterPattern.parse(each) for each in patterns]
    form, at = forms_of(secret)[0], datetime(2026, 1, 1, tzinfo=UTC)
    kinds = [(name, denied) for denied in (False, True) for name in (*EVENT_NAMES, *_CHANGES)]
    return [
        kind
        for kind in kinds
        if any(each.matches_event(expected(form, account_id, region, at, kind)) for each in parsed)
    ]
