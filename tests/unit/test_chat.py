"""Which messages a chat channel shows: the documented forms, and nothing else, whatever is in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.alarm.notification import sns_message
from secretwatch.chat import Dropped, Shown, shown

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ALARM = {
    "AlarmName": "payments-secret-read",
    "AlarmDescription": "Somebody read a secret.",
    "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:payments-secret-read",
    "AlarmConfigurationUpdatedTimestamp": NOW,
    "StateUpdatedTimestamp": NOW,
    "StateValue": "ALARM",
    "StateReason": "Threshold Crossed: 1 datapoint",
    "MetricName": "payments-secret-reads",
    "Namespace": "secretwatch/payments",
    "Statistic": "Sum",
    "Period": 300,
    "EvaluationPeriods": 1,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "Threshold": 1.0,
}
PUBLISHED: dict[str, Any] = json.loads(sns_message(ALARM, "OK", "123456789012", "US East (N. Virginia)"))
CUSTOM: dict[str, Any] = {
    "version": "1.0",
    "source": "custom",
    "id": "1",
    "content": {
        "textType": "client-markdown",
        "title": "Deployed",
        "description": "Version 7 is *live*.",
        "nextSteps": ["Look at it", "Sleep"],
        "keywords": ["deploy"],
    },
    "metadata": {
        "threadId": "deploy-7",
        "summary": "Deployed",
        "eventType": "deploy",
        "relatedResources": ["arn:aws:s3:::x"],
        "additionalContext": {"who": "ada"},
        "enableCustomActions": False,
    },
}


def without(message: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in message.items() if key != name}


def test_an_alarm_is_shown_with_its_name_its_account_and_why_it_rings() -> None:
    found = shown(json.dumps(PUBLISHED))
    assert isinstance(found, Shown)
    assert found.title == "CloudWatch Alarm | payments-secret-read | US East (N. Virginia) | 123456789012"
    assert "Threshold Crossed: 1 datapoint" in found.text
    assert "Somebody read a secret." in found.text
    assert found.thread_id == ""


def test_a_composite_alarm_is_shown() -> None:
    message = without(PUBLISHED, "Trigger") | {"AlarmRule": 'ALARM("a")'}
    assert isinstance(shown(json.dumps(message)), Shown)


def test_a_custom_notification_is_shown_in_its_thread() -> None:
    assert shown(json.dumps(CUSTOM)) == Shown(
        "Deployed", "Version 7 is *live*.\nNext steps:\n- Look at it\n- Sleep", "deploy-7"
    )


def test_of_a_custom_notification_a_description_is_enough() -> None:
    message = {"version": "1.0", "source": "custom", "content": {"description": "x"}}
    assert shown(json.dumps(message)) == Shown("", "x")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SECRET READ by ada", "plain text"),
        ("", "plain text"),
        ("{", "plain text"),
        ("[" * 100_000, "plain text"),
        ("[]", "JSON"),
        ("1", "JSON"),
        ("null", "JSON"),
        ('{"SECRET READ": {"secretId": "db"}}', "JSON"),
        ('{"detail-type": "AWS API Call via CloudTrail", "source": "aws.iam"}', "EventBridge"),
        ('{"AlarmName": "x"}', "AlarmArn"),
        (json.dumps(without(PUBLISHED, "Trigger")), "neither a Trigger nor an AlarmRule"),
        (json.dumps(PUBLISHED | {"NewStateValue": "RINGING"}), "no state"),
        (json.dumps(PUBLISHED | {"NewStateReason": None}), "NewStateReason"),
        (json.dumps(CUSTOM | {"version": 1.0}), "version"),
        (json.dumps(CUSTOM | {"version": "1"}), "version"),
        (json.dumps(without(CUSTOM, "version")), "version"),
        (json.dumps(CUSTOM | {"id": 1}), "id"),
        (json.dumps(CUSTOM | {"content": "x"}), "content is not an object"),
        (json.dumps(without(CUSTOM, "content")), "without a content.description"),
        (json.dumps(CUSTOM | {"content": {"title": "x"}}), "without a content.description"),
        (json.dumps(CUSTOM | {"content": {"description": ""}}), "without a content.description"),
        (json.dumps(CUSTOM | {"content": {"description": ["x"]}}), "content.description is not a text"),
        (json.dumps(CUSTOM | {"content": CUSTOM["content"] | {"textType": "html"}}), "textType"),
        (json.dumps(CUSTOM | {"content": CUSTOM["content"] | {"nextSteps": "x"}}), "nextSteps"),
        (json.dumps(CUSTOM | {"metadata": {"threadId": 7}}), "threadId"),
        (json.dumps(CUSTOM | {"metadata": {"additionalContext": {"a": 1}}}), "additionalContext"),
        (json.dumps(CUSTOM | {"metadata": {"enableCustomActions": "yes"}}), "enableCustomActions"),
    ],
)
def test_everything_else_is_dropped_with_its_reason(text: str, reason: str) -> None:
    found = shown(text)
    assert isinstance(found, Dropped), found
    assert reason in found.reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from([*PUBLISHED, *CUSTOM, *CUSTOM["content"], *CUSTOM["metadata"], "detail-type"])


@given(st.text() | st.dictionaries(NAMES, JSON, max_size=8).map(json.dumps))
def test_any_text_is_shown_or_dropped(text: str) -> None:
    found = shown(text)
    assert isinstance(found, Shown | Dropped)
    if isinstance(found, Shown):
        assert all(isinstance(each, str) for each in (found.title, found.text, found.thread_id))


@given(
    st.sampled_from(
        [("content", name) for name in CUSTOM["content"]]
        + [("metadata", name) for name in CUSTOM["metadata"]]
    ),
    JSON,
)
def test_one_wrong_member_is_never_shown(where: tuple[str, str], value: Any) -> None:
    """Whatever stands there is shown only where it has the type of what is documented."""
    part, name = where
    message = CUSTOM | {part: CUSTOM[part] | {name: value}}
    found = shown(json.dumps(message))
    if type(value) is not type(CUSTOM[part][name]):
        assert isinstance(found, Dropped)


@given(st.text(min_size=1))
def test_texts_are_handed_on_as_they_are(text: str) -> None:
    """Whoever wrote an alarm's reason or a description changes neither the decision nor the rest."""
    alarm = shown(json.dumps(PUBLISHED | {"NewStateReason": text}))
    assert isinstance(alarm, Shown)
    assert text in alarm.text
    assert alarm.title.startswith("CloudWatch Alarm | payments-secret-read | ")
    custom = shown(json.dumps(CUSTOM | {"content": {"description": text}}))
    assert isinstance(custom, Shown)
    assert custom.text == text
