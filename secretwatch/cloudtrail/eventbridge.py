"""CloudTrail's events as rules of EventBridge see them: the envelope, and which rules get them at all.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from secretwatch.cloudtrail import sign_in

ENABLED = "ENABLED"
API_CALL = "AWS API Call via CloudTrail"
ALL_MANAGEMENT_EVENTS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"

_DETAIL_TYPES = {
    "AwsConsoleSignIn": sign_in.DETAIL_TYPE,
    "AwsServiceEvent": "AWS Service Event via CloudTrail",
}


def source_of(event_source: str) -> str:
    """The envelope's source of events with this eventSource."""
    return f"aws.{event_source.partition('.')[0]}"


def envelope(account_id: str, event: Mapping[str, Any], event_id: str) -> dict[str, Any]:
    """What a rule sees of an event of CloudTrail's; `detail` is the event itself, not a copy."""
    return {
        "version": "0",
        "id": event_id,
        "detail-type": _DETAIL_TYPES.get(event.get("eventType", ""), API_CALL),
        "source": source_of(event["eventSource"]),
        "account": account_id,
        "time": event["eventTime"],
        "region": event["awsRegion"],
        "resources": [],
        "detail": event,
    }


def is_enabled(state: str) -> bool:
    """Whether a rule in this state gets events at all."""
    return state in (ENABLED, ALL_MANAGEMENT_EVENTS)


def is_for(state: str, *, management: bool, read_only: bool) -> bool:
    """Whether a rule in this state gets such events: read-only management events only where asked for."""
    return state == ALL_MANAGEMENT_EVENTS if management and read_only else is_enabled(state)
