"""Who is subscribed gets what was applied, as it was applied: people, pagers, chat channels."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from meant_views import ACCOUNT, REGION, TOPIC, hop_of, view_of

from secretwatch.pipeline.doctor.account import Account, Ref
from secretwatch.pipeline.doctor.calls import Call
from secretwatch.pipeline.doctor.hops.receivers import connected
from secretwatch.pipeline.doctor.intent import Intent
from secretwatch.pipeline.doctor.kinds import after
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.view import View

PERSON = Ref("subscription", f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts|email|ops@example.com")
NO_HEARTBEATS = '{"secretwatch":[{"exists":false}]}'
SUBSCRIBED = {"SubscriptionArn": "arn:aws:sns:us-east-1:1:alerts:x", "PendingConfirmation": "false"}


def test_who_is_subscribed_again_gets_what_was_applied() -> None:
    """Until it is confirmed it has no ARN to set a filter policy by."""
    wanted = SUBSCRIBED | {"FilterPolicy": NO_HEARTBEATS, "FilterPolicyScope": "MessageAttributes"}
    gone = view_of(PERSON, wanted, None)
    (step,) = hop_of(gone, PERSON).findings[0].steps
    assert isinstance(step, Call)
    assert step.params["Attributes"] == {"FilterPolicy": NO_HEARTBEATS}
    assert hop_of(gone.after(after(gone.account, [step])), PERSON).findings == []


PAGER = Ref("subscription", f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts|https|https://pager.example.com/key")
LOST = {"RedrivePolicy": '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:1:lost"}'}


def retries(count: int, least: int = 5, most: int = 290, **more: Any) -> dict[str, str]:
    policy = {"numRetries": count, "minDelayTarget": least, "maxDelayTarget": most}
    return {"DeliveryPolicy": json.dumps({"healthyRetryPolicy": policy, "guaranteed": False, **more})}


@pytest.mark.parametrize(
    ("live", "found"),
    [
        ({}, ["broken"]),
        (retries(2), ["broken"]),
        (retries(15), []),
        (retries(50), []),
        (retries(15, 5, 1000), []),
        (retries(15, 1, 2), ["broken"]),
        (retries(15, throttlePolicy={"maxReceivesPerSecond": 1}), ["broken"]),
        (retries(15, requestPolicy={"headerContentType": "application/json"}), ["broken"]),
    ],
    ids=["by default", "less", "as often", "more often", "longer", "in a hurry", "slowly", "another type"],
)
def test_a_pager_is_tried_as_often_as_was_applied(live: dict[str, str], found: list[str]) -> None:
    """Also one that was subscribed again by hand, with AWS's own settings."""
    wanted = SUBSCRIBED | LOST | retries(15)
    view = view_of(PAGER, wanted, SUBSCRIBED | LOST | live)
    hop = hop_of(view, PAGER)
    assert [each.verdict for each in hop.findings] == found
    calls = [step for each in hop.findings for step in each.steps]
    assert hop_of(view.after(after(view.account, calls)), PAGER).findings == []


@pytest.mark.parametrize(
    ("policy", "is_fault"),
    [
        ({"defaultHealthyRetryPolicy": {"numRetries": 1}}, False),
        ({"defaultHealthyRetryPolicy": {"numRetries": 1}, "disableSubscriptionOverrides": True}, True),
        ({"defaultHealthyRetryPolicy": {"numRetries": 50}, "disableSubscriptionOverrides": False}, False),
        ({"defaultThrottlePolicy": {"maxReceivesPerSecond": 1}}, True),
    ],
    ids=["endpoints have their own", "over their own", "more", "slowly"],
)
@pytest.mark.parametrize("protocol", ["https", "email"])
def test_a_topics_own_policy_counts_where_an_endpoint_is_tried_by_it(
    policy: dict[str, Any], is_fault: bool, protocol: str
) -> None:
    topic = Ref("topic", f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts")
    there = {"TopicArn": topic.id, "DeliveryPolicy": json.dumps({"http": policy})}
    view = view_of(topic, {"TopicArn": topic.id}, there)
    pager = SUBSCRIBED | retries(15) | {"TopicArn": topic.id, "Protocol": protocol}
    view.account.put("subscription", f"{topic.id}|{protocol}|https://pager.example.com/key", pager)
    found = hop_of(view, topic).findings
    assert [each.verdict for each in found] == (["broken"] if is_fault and protocol == "https" else [])
    calls = [step for each in found for step in each.steps]
    assert hop_of(view.after(after(view.account, calls)), topic).findings == []


def test_a_pager_is_subscribed_again_with_all_that_was_applied() -> None:
    gone = view_of(PAGER, SUBSCRIBED | LOST | retries(15), None)
    (step,) = hop_of(gone, PAGER).findings[0].steps
    assert isinstance(step, Call)
    assert step.params["Attributes"] == LOST | retries(15)


@pytest.mark.parametrize(
    ("live", "verdict"),
    [
        (None, "broken"),
        ("{}", "broken"),
        (NO_HEARTBEATS, None),
        ('{"secretwatch":[{"exists":false}],"other":[{"exists":false}]}', "warning"),
        ('{"secretwatch":[{"anything-but":["heartbeat"]},{"exists":false}]}', "warning"),
    ],
)
def test_who_was_not_to_get_heartbeats_and_does_is_a_fault(live: str | None, verdict: str | None) -> None:
    view = view_of(PERSON, SUBSCRIBED | {"FilterPolicy": NO_HEARTBEATS}, SUBSCRIBED | {"FilterPolicy": live})
    found = hop_of(view, PERSON).findings
    assert [each.verdict for each in found] == ([verdict] if verdict else [])
    if verdict == "broken":
        (step,) = found[0].steps
        assert isinstance(step, Call)
        assert step.params["AttributeValue"] == NO_HEARTBEATS


def test_a_channel_whose_subscription_is_gone_is_connected_again_and_keeps_others_topics() -> None:
    """Chatbot subscribes itself to what is new to a channel: the topic goes first."""
    arn = f"arn:aws:chatbot::{ACCOUNT}:chat-configuration/slack-channel/soc"
    theirs, channel = f"{TOPIC.id}-theirs", Ref("chat channel", arn)
    wanted = {"SlackChannelId": "C1", "SlackTeamId": "T1", "SnsTopicArns": [TOPIC.id]}
    live = {**wanted, "SnsTopicArns": [theirs, TOPIC.id]}
    account = Account(ACCOUNT, REGION, {channel: live, TOPIC: {"TopicArn": TOPIC.id}})
    intent = Intent(Account(ACCOUNT, REGION, {channel: wanted, TOPIC: {}}), {}, {channel: "chat"})
    view = View(Subject(region=REGION, account_id=ACCOUNT), account, intent, datetime.now(UTC))
    first, second = connected(view, channel, TOPIC.id)
    assert isinstance(first, Call)
    assert isinstance(second, Call)
    assert first.params["SnsTopicArns"] == [theirs]
    assert {*second.params["SnsTopicArns"]} == {theirs, TOPIC.id}
    later = after(account, [first, second])
    assert any(id.startswith(f"{TOPIC.id}|https|") for id, _ in later.all("subscription"))
    assert not any(True for _ in after(account, [second]).all("subscription"))


def test_who_has_not_confirmed_yet_is_asked_once_more_and_nothing_of_him_is_set() -> None:
    """There is no ARN to set anything by, nor an answer about what was set."""
    pending = {
        "SubscriptionArn": "PendingConfirmation",
        "TopicArn": TOPIC.id,
        "Protocol": "https",
        "Endpoint": "https://pager.example.com/key",
    }
    view = view_of(PAGER, SUBSCRIBED | LOST | retries(15), pending)
    (step,) = view.restore(PAGER)
    assert isinstance(step, Call)
    assert step.operation == "Subscribe"
    later = view.after(after(view.account, [step]))
    assert later.differing() == {}
    assert later.restore(PAGER) == []
