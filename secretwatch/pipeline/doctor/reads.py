"""Reads of secrets: which events are some, of which secret, and where each of them was seen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from secretwatch.cloudtrail import Event, make_event, root_identity

EVENT_NAMES = ("GetSecretValue", "BatchGetSecretValue")
SOURCE = "secretsmanager.amazonaws.com"
IN_LOGS = (
    f'{{ ($.eventSource = "{SOURCE}") && '
    '(($.eventName = "GetSecretValue") || ($.eventName = "BatchGetSecretValue")) }'
)
"""A filter pattern that every read matches, whichever secret it is of."""

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


def is_read(event: Mapping[str, Any], secrets: Iterable[str]) -> bool:
    """Whether the event is a read of one of these secrets (names or ARNs); of any, where none is given.

    A read that names no secret could be of any.
    """
    if event.get("eventSource") != SOURCE or event.get("eventName") not in EVENT_NAMES:
        return False
    wanted = {name for secret in secrets for name in names_of(secret)}
    asked = {name for secret in _asked_for(event) for name in names_of(secret)}
    return not wanted or not asked or bool(wanted & asked)


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
    """The ways in which a caller can name a secret of which this name or ARN is known."""
    if not secret.startswith("arn:"):
        return [secret]
    return [secret, secret[:-7], name_of(secret)] if len(names_of(secret)) > 1 else [secret, name_of(secret)]


def _asked_for(event: Mapping[str, Any]) -> list[str]:
    parameters = event.get("requestParameters") or {}
    several = parameters.get("secretIdList") or []
    return [str(each) for each in (parameters.get("secretId"), *several) if each]


def expected(secret: str, account_id: str, region: str, at: datetime) -> Event:
    """The event that a read of this secret by the account's root user would be."""
    return make_event(
        event_id="00000000-0000-4000-8000-000000000000",
        event_time=f"{at:%Y-%m-%dT%H:%M:%SZ}",
        event_source=SOURCE,
        event_name="GetSecretValue",
        aws_region=region,
        account_id=account_id,
        user_identity=root_identity(account_id, "aws", "ASIAEXAMPLE"),
        source_ip_address="192.0.2.1",
        user_agent="secretwatch-doctor",
        request_id="00000000-0000-4000-8000-000000000001",
        request_parameters={"secretId": secret},
        response_elements=None,
    )
