"""Reads of secrets: which events are some, of which secret, and where each of them was seen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from secretwatch import secretid
from secretwatch.cloudtrail import Event, assumed_role_identity, make_event, root_identity
from secretwatch.filterpattern import FilterPattern

EVENT_NAMES, SOURCE = secretid.READS, secretid.SOURCE

# Calls besides reads that name one secret.
CHANGES = (
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
NAMED_ONE = (*EVENT_NAMES, *CHANGES)


@dataclass(frozen=True)
class TracedRead:
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
        return ", ".join(secretid.asked_for(self.event))

    @property
    def reader(self) -> str:
        who = self.event.get("userIdentity") or {}
        return str(who.get("arn") or who.get("invokedBy") or who.get("principalId") or "somebody unknown")


def is_read(
    event: Mapping[str, Any],
    secrets: Iterable[str],
    event_names: Collection[str] = EVENT_NAMES,
    account: str | None = None,
    *,
    organization: bool = False,
) -> bool:
    """Whether the event is, or could be, a read of one of these secrets; of any, where none is given.

    secrets: names, ARNs, prefixes (`prod/*`) or `*`. event_names: what counts, where it is not reads.
    account, organization: where the watch is, and whether it sees other accounts' calls.
    """
    if event.get("eventSource") != SOURCE or event.get("eventName") not in event_names:
        return False
    watched, asked = list(secrets), secretid.asked_for(event)
    caller = str(event.get("recipientAccountId") or "") or account
    answer = secretid.answer_of_any(watched, asked, account, organization=organization, caller=caller)
    return not watched or answer.rings


def in_logs(event_names: Iterable[str]) -> str:
    """A filter pattern that every such call matches, whichever secret it is of."""
    names = " || ".join(f'($.eventName = "{name}")' for name in event_names)
    return f'{{ ($.eventSource = "{SOURCE}") && ({names}) }}'


_ALWAYS = {"eventCategory": "Management", "managementEvent": True, "readOnly": True}


def real(event: Event) -> Event | None:
    """The event with what each read of a secret has; None for one that has something else there.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
    """
    if event.get("eventName") not in EVENT_NAMES:
        return event
    if event.get("eventType") == "AwsVpceEvent":
        return {"readOnly": True, **event}
    if any(event.get(name, value) != value for name, value in _ALWAYS.items()):
        return None
    return {**_ALWAYS, **event}


def whole(event: Event) -> Event:
    """The event with what every event of CloudTrail's has, where it does not say otherwise."""
    account = str(event.get("recipientAccountId") or "111122223333")
    role = assumed_role_identity(
        arn=f"arn:aws:sts::{account}:assumed-role/app/session",
        assumed_role_id="AROAEXAMPLE:session",
        role_arn=f"arn:aws:iam::{account}:role/app",
        access_key_id="ASIAEXAMPLE",
        creation_date="2026-01-01T00:00:00Z",
    )
    usual = make_event(
        event_id="00000000-0000-4000-8000-000000000000",
        event_time="2026-01-01T00:00:00Z",
        event_source=str(event.get("eventSource") or "ec2.amazonaws.com"),
        event_name=str(event.get("eventName") or "RunInstances"),
        aws_region="us-east-1",
        account_id=account,
        user_identity=role,
        source_ip_address="192.0.2.1",
        user_agent="somebody",
        request_id="00000000-0000-4000-8000-000000000001",
        request_parameters=None,
        response_elements=None,
    )
    who = event.get("userIdentity", role)
    return {**usual, **event, "userIdentity": {**role, **who} if isinstance(who, Mapping) else who}


def expected(
    secret: str,
    account_id: str,
    region: str,
    at: datetime,
    kind: tuple[str, bool] = ("GetSecretValue", False),
    identity: dict[str, Any] | None = None,
) -> Event:
    """The event that a call on this secret would be; kind: its name, and whether denied.

    identity: who calls, as a `userIdentity`; the root user where none is given.
    """
    event_name, denied = kind
    return make_event(
        event_id="00000000-0000-4000-8000-000000000000",
        event_time=f"{at:%Y-%m-%dT%H:%M:%SZ}",
        event_source=SOURCE,
        event_name=event_name,
        aws_region=region,
        account_id=account_id,
        user_identity=identity or root_identity(account_id, "aws", "ASIAEXAMPLE"),
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
    form, at = secretid.forms(secret)[0], datetime(2026, 1, 1, tzinfo=UTC)
    kinds = [(name, denied) for denied in (False, True) for name in NAMED_ONE]
    return [
        kind
        for kind in kinds
        if any(each.matches_event(expected(form, account_id, region, at, kind)) for each in parsed)
    ]
