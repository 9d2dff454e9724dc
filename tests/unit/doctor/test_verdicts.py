"""One thing changed on a healthy watch: which hop says what of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from answers import AlarmOn, walk
from healthy import (
    LOGGED_AT,
    NOW,
    PATTERN,
    READ_AT,
    absent,
    alarm,
    asked,
    facts,
    metric_filter,
    read,
    rung,
    topic,
)
from walked import NO_CREDENTIALS, NOT_DELIVERED, UNAVAILABLE, verdicts


def trail_with(**changes: Any) -> dict[str, Any]:
    return {"trail": {**(facts().trail or {}), **changes}}


SECRETSMANAGER = "secretsmanager.amazonaws.com"
LATER = {
    "eventSource": "cloudtrail.amazonaws.com",
    "eventName": "UpdateTrail",
    "eventTime": "2026-03-02T12:05:00Z",
}


@pytest.mark.parametrize(
    ("changes", "hop", "verdict", "cause"),
    [
        ({"identity": NO_CREDENTIALS}, "credentials", "cannot tell", "no-credentials"),
        ({"identity": UNAVAILABLE}, "credentials", "cannot tell", "no-answer"),
        ({"account_id": "999999999999"}, "credentials", "broken", "other-account"),
        ({"clock_is_off": 400.0}, "credentials", "broken", "clock"),
        ({"clock_is_off": -90.0}, "credentials", "warning", "clock"),
        # The trail
        (
            {"selectors": asked({"EventSelectors": [{"ExcludeManagementEventSources": [SECRETSMANAGER]}]})},
            "trail",
            "broken",
            "source-excluded",
        ),
        (
            {
                "selectors": asked(
                    {
                        "AdvancedEventSelectors": [
                            {
                                "FieldSelectors": [
                                    {"Field": "eventCategory", "Equals": ["Management"]},
                                    {"Field": "eventSource", "NotEquals": [SECRETSMANAGER]},
                                ]
                            }
                        ]
                    }
                )
            },
            "trail",
            "broken",
            "source-excluded",
        ),
        ({"trail": None, "trail_asked": absent()}, "trail", "broken", "trail-deleted"),
        (
            {"bucket_policy": absent(why="GetBucketPolicy answers NoSuchBucket: no.")},
            "trail",
            "broken",
            "bucket-deleted",
        ),
        (
            {"trail_status": asked({"IsLogging": True, "LatestDeliveryError": "AccessDenied"})},
            "trail",
            "warning",
            "bucket-delivery",
        ),
        (
            {
                "trail_status": asked(
                    {
                        "IsLogging": True,
                        "LatestDeliveryError": "AccessDenied",
                        "LatestDeliveryAttemptTime": f"{NOW - timedelta(minutes=4):%Y-%m-%dT%H:%M:%SZ}",
                    }
                )
            },
            "trail",
            "cannot tell",
            "bucket-delivery",
        ),
        (
            {"trail_status": asked({"IsLogging": True, "LatestNotificationError": "NotFound"})},
            "trail",
            "warning",
            "trail-notification",
        ),
        # The event
        ({"read": None, "reads": []}, "event", "warning", "no-read-in-sight"),
        ({"read": NOT_DELIVERED, "now": READ_AT + timedelta(minutes=5)}, "event", "cannot tell", "too-early"),
        ({"read": NOT_DELIVERED, "now": READ_AT + timedelta(minutes=20)}, "event", "broken", "not-delivered"),
        (
            {"read": NOT_DELIVERED, "now": READ_AT + timedelta(minutes=20), "changes": [LATER]},
            "event",
            "warning",
            "read-before-the-mend",
        ),
        (
            {
                "read": NOT_DELIVERED,
                "now": READ_AT + timedelta(minutes=20),
                "trail_status": asked({"IsLogging": True, "StartLoggingTime": LOGGED_AT}),
            },
            "event",
            "warning",
            "read-before-the-mend",
        ),
        ({"now": READ_AT + timedelta(days=20)}, "event", "warning", "read-long-ago"),
        # The filter
        ({"tested": {PATTERN: asked({"matches": []})}}, "filter", "broken", "pattern"),
        (
            {"filters": asked([metric_filter(metricValue="0")])},
            "filter",
            "broken",
            "value-zero",
        ),
        # The metric
        ({"samples": [], "history_of_alarm": asked([])}, "metric", "broken", "not-counted"),
        (
            {"samples": [], "history_of_alarm": asked([]), "now": LOGGED_AT + timedelta(minutes=1)},
            "metric",
            "cannot tell",
            "too-early",
        ),
        # The alarm
        ({"alarm": alarm(Unit="Count")}, "alarm", "broken", "unit"),
        (
            {
                "alarm": alarm(StateUpdatedTimestamp=READ_AT - timedelta(minutes=1)),
                "history_of_alarm": asked([]),
            },
            "alarm",
            "warning",
            "already-in-alarm",
        ),
        # It was in ALARM when the read came, and is OK again.
        (
            {
                "alarm": alarm(StateValue="OK"),
                "history_of_alarm": asked(
                    [rung(4)[1] | {"HistorySummary": "Alarm updated from ALARM to OK"}, rung(-5)[1]]
                ),
            },
            "alarm",
            "warning",
            "already-in-alarm",
        ),
        (
            {"alarm": alarm(StateValue="OK"), "history_of_alarm": asked([])},
            "alarm",
            "broken",
            "not-evaluated",
        ),
        (
            {
                "alarm": alarm(StateValue="OK"),
                "history_of_alarm": asked([]),
                "now": LOGGED_AT + timedelta(seconds=70),
            },
            "alarm",
            "cannot tell",
            "too-early",
        ),
        # Late by an hour: the alarm looks back three periods of five minutes.
        (
            {"read": replace(read(), delivered=LOGGED_AT + timedelta(hours=1))},
            "alarm",
            "broken",
            "period-too-short",
        ),
        # The topic
        (
            {
                "history_of_alarm": asked(
                    [rung()[1], rung()[0] | {"HistorySummary": "Failed to execute action"}]
                )
            },
            "topic",
            "broken",
            "publish-failed",
        ),
        (
            {"topics": [replace(topic(), failures=asked([{"Sum": 2.0}]))]},
            "topic",
            "warning",
            "delivery-failures",
        ),
        # The realtime path
        (
            {"dead_letters": asked({"Attributes": {"ApproximateNumberOfMessages": "2"}})},
            "realtime",
            "warning",
            "dead-letters",
        ),
        # The alarms on the watch
        ({"tamper": AlarmOn("tamper", [])}, "self-watch", "broken", "tamper-alarm-deleted"),
        ({"tamper": AlarmOn(None, [])}, "self-watch", "warning", "no-tamper-alarm"),
        ({"blind": AlarmOn(None, [])}, "self-watch", "warning", "no-blind-alarm"),
        (
            {"blind": AlarmOn("blind", [alarm(AlarmName="blind", ActionsEnabled=False)])},
            "self-watch",
            "broken",
            "blind-actions-disabled",
        ),
    ],
)
def test_a_verdict(changes: dict[str, Any], hop: str, verdict: str, cause: str) -> None:
    found = walk(facts(**changes))
    assert (found.hop(hop).verdict, found.hop(hop).cause) == (verdict, cause)
    others = {name: what for name, what in verdicts(found).items() if name != hop}
    assert [what for what in others.values() if what[0] not in ("not reached",)] == []
