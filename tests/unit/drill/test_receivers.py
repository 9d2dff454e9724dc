from __future__ import annotations

import json
from typing import Any

import pytest

from secretwatch.pipeline.drill.receivers import receiver
from secretwatch.pipeline.drill.record import Topic

TOPIC = Topic("arn:aws:sns:us-east-1:111111111111:people", alarms={"pay": None}, realtime=["pay"])
ARN = f"{TOPIC.arn}:1"
ALL = ["DRILL message", "alarm of pay", "realtime message of pay"]


def subscription(arn: str = ARN, topic: Topic = TOPIC, **attributes: str) -> Any:
    return receiver("sqs", "arn:aws:sqs:us-east-1:111111111111:q", arn, attributes, topic, "DRILL. words")


def test_without_a_policy_all_of_it_comes() -> None:
    for found in (
        subscription(),
        subscription(FilterPolicy="{}", FilterPolicyScope="MessageBody"),
        subscription(PendingConfirmation="false"),
    ):
        assert (found.state, found.detail, found.expected) == ("accepted", "", ALL)


@pytest.mark.parametrize(
    "found",
    [subscription("PendingConfirmation"), subscription(PendingConfirmation="true")],
)
def test_pending_gets_nothing(found: Any) -> None:
    assert (found.state, found.expected) == ("pending", [])


@pytest.mark.parametrize(
    ("policy", "scope", "expected"),
    [
        ({"team": ["database"]}, "MessageAttributes", []),
        ({"team": [{"exists": False}]}, "MessageAttributes", ALL),
        # The alarm's message is JSON, the DRILL message is none, what a realtime message says is not known.
        ({"NewStateValue": ["ALARM"]}, "MessageBody", ["alarm of pay"]),
        ({"NewStateValue": ["OK"]}, "MessageBody", []),
        # An operator that is not known here.
        ({"team": [{"sounds-like": "data"}]}, "MessageAttributes", []),
    ],
)
def test_filter_policies(policy: Any, scope: str, expected: list[str]) -> None:
    found = subscription(FilterPolicy=json.dumps(policy), FilterPolicyScope=scope)
    assert found.expected == expected
    assert found.state == ("accepted" if expected else "filtered")
    for kept in set(ALL) - set(expected):
        assert kept in found.detail


def test_a_topic_of_the_self_watch_expects_the_message_alone() -> None:
    assert subscription(topic=Topic(TOPIC.arn)).expected == ["DRILL message"]
