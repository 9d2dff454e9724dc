"""Faults as people meet them, each one thing changed on a healthy watch: what is said, and the mend."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from answers import Facts, TopicFacts, case, walk
from healthy import (
    ACCOUNT,
    METRIC,
    NOW,
    REGION,
    SECRET,
    TOPIC,
    absent,
    alarm,
    asked,
    facts,
    metric_filter,
    rung,
    topic,
)
from mending import QUIET, broken, mended

from secretwatch.pipeline.doctor.calls import Call
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.view import View
from secretwatch.pipeline.doctor.walk import configured
from secretwatch.pipeline.doctor.walk import walk as walk_case
from secretwatch.pipeline.watch import Realtime


def subscriptions(*those: tuple[str, str, str], **attributes: dict[str, str]) -> TopicFacts:
    """protocol, endpoint, and the end of the ARN ("" while it is pending)."""
    found = [
        {
            "SubscriptionArn": f"{TOPIC}:{end}" if end else "PendingConfirmation",
            "Protocol": protocol,
            "Endpoint": endpoint,
        }
        for protocol, endpoint, end in those
    ]
    more = {f"{TOPIC}:{end}": asked({"Attributes": each}) for end, each in attributes.items()}
    return replace(topic(), subscriptions=asked(found), subscription_attributes=more)


@pytest.mark.parametrize(
    ("changes", "hop", "cause", "says"),
    [
        ({"filters": asked([metric_filter(pattern="")])}, "", "", ""),
        (
            {"alarm": alarm(Namespace=f"{METRIC[0]} ")},
            "filter",
            "other-namespace",
            f'"{METRIC[0]} "',
        ),
        ({"alarm": alarm(Statistic="SampleCount")}, "alarm", "statistic", "zeros are samples, too"),
        ({"alarm": alarm(AlarmActions=[f"{TOPIC}x"])}, "alarm", "other-action", TOPIC),
        (
            {"alarm": alarm(AlarmActions=["arn:aws:lambda:us-east-1:111122223333:function:f"])},
            "alarm",
            "other-action",
            "does not tell",
        ),
        (
            {"topics": [subscriptions(("https", "https://example.com/x", ""))]},
            "topic",
            "unconfirmed",
            "has not visited the SubscribeURL",
        ),
        (
            {"topics": [subscriptions(("email-json", "ops@example.com", ""))]},
            "topic",
            "unconfirmed",
            "has not opened the SubscribeURL",
        ),
        (
            {
                "topics": [
                    subscriptions(
                        ("email", "ops@example.com", "1"),
                        **{
                            "1": {
                                "FilterPolicy": '{"NewStateValue": [{"anything-but": ["ALARM"]}]}',
                                "FilterPolicyScope": "MessageBody",
                            }
                        },
                    )
                ]
            },
            "topic",
            "filtered-subscription",
            "keeps this message out",
        ),
    ],
    ids=[
        "a pattern for everything is seen with what was applied alone",
        "a trailing blank",
        "samples are counted",
        "a slip in the action",
        "a function alone",
        "https",
        "email-json",
        "a filter on the body",
    ],
)
def test_a_fault_is_named_and_mended(changes: dict[str, Any], hop: str, cause: str, says: str) -> None:
    found = walk(facts(**changes, **QUIET))
    assert broken(found) == ([(hop, cause)] if hop else [])
    if hop:
        assert says in found.broken[0][1].sentence
        assert found.plan
        assert mended(found) == []


def test_every_message_to_a_topic_is_tried() -> None:
    """The alarm's message gets through the filter policy; the rule's, on the same topic, does not."""
    attributes = {"FilterPolicy": '{"AlarmName": [{"exists": true}]}', "FilterPolicyScope": "MessageBody"}
    changed = facts(**QUIET, topics=[subscriptions(("email", "sec@example.com", "a"), a=attributes)])
    found = walk(changed)
    assert [(name, each.cause) for name, each in found.broken] == [("realtime", "filtered-subscription")]
    assert mended(found) == []


@pytest.mark.parametrize(("action", "is_broken"), [(TOPIC, True), (f"{TOPIC}s", False)])
def test_only_an_action_that_the_alarm_has_still_is_looked_at(action: str, is_broken: bool) -> None:
    """A slip that was put right since: what its action failed with is history."""
    failed = {
        "HistorySummary": f"Failed to execute action {action}",
        "HistoryData": json.dumps({"actionState": "Failed", "notificationResource": action}),
    }
    found = walk(facts(history_of_alarm=asked([rung()[1], rung()[0] | failed])))
    assert broken(found) == ([("topic", "publish-failed")] if is_broken else [])


def test_rules_see_no_reads_without_a_trail() -> None:
    found = walk(facts(**QUIET, trail=None, trail_asked=absent()))
    [said] = found.hop("realtime").findings
    assert said.verdict == "not reached"
    assert "only while a trail logs" in said.sentence


def test_what_was_pending_asks_by_its_own_protocol() -> None:
    for protocol, endpoint in (("https", "https://example.com/x"), ("email-json", "ops@example.com")):
        found = walk(facts(topics=[subscriptions((protocol, endpoint, ""))], **QUIET))
        assert f"--protocol {protocol} --notification-endpoint {endpoint}" in found.hop("topic").mend


def test_only_a_queue_that_is_gone_is_subscribed() -> None:
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone"
    view, record = case(facts(topics=[subscriptions(("sqs", queue, "1"))], **QUIET))
    view.account.put("queue", queue, None)
    found = walk_case(view, record)
    assert broken(found) == [("topic", "receiver-gone")]
    assert found.broken[0][1].needs_a_person


def test_two_faults_of_an_alarm_are_one_command() -> None:
    found = walk(facts(alarm=alarm(Statistic="Average", AlarmActions=[]), **QUIET))
    assert broken(found) == [("alarm", "statistic"), ("alarm", "no-action")]
    (step,) = found.plan
    assert isinstance(step, Call)
    assert (step.params["Statistic"], step.params["AlarmActions"]) == ("Sum", [TOPIC])
    assert {each.mend for _, each in found.broken} == {step.command()}
    assert mended(found) == []


def test_a_trail_is_made_right_after_what_it_needs() -> None:
    """CreateTrail is refused while the role does not let CloudTrail write to the log group."""
    healthy = facts()
    assert healthy.role
    found = walk(
        facts(**QUIET, trail_status=asked({"IsLogging": False}), role=replace(healthy.role, policies=[]))
    )
    calls = [each.operation for each in found.plan if isinstance(each, Call)]
    assert calls[-1] == "StartLogging"
    assert "PutRolePolicy" in calls


def test_metric_math_is_said_in_words() -> None:
    queries = [{"Id": "e", "Expression": "m1 / m2", "ReturnData": True}]
    on = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period", "Dimensions"))
    found = walk(facts(alarm={**alarm(), **on, "Metrics": queries}, **QUIET))
    assert found.result == "cannot tell"
    assert "metric math other than FILL" in found.hop("alarm").sentence


@pytest.mark.parametrize(
    "named", [SECRET, f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{SECRET}-AbCdEf"]
)
def test_a_watched_secret_that_is_not_there(named: str) -> None:
    pattern = f'{{ $.requestParameters.secretId = "*{SECRET}*" }}'
    subject = replace(facts().subject, secrets=(named,), filter_patterns=(pattern,))
    view, record = case(
        facts(subject=subject, filters=asked([metric_filter(pattern=pattern)]), tested={}, **QUIET)
    )
    view.account.put("secret", named, None)
    if named.startswith("arn:"):
        view.account.put("secret", SECRET, {"ARN": f"{named[:-6]}Zz9yYy"})
    found = walk_case(view, record)
    assert broken(found) == [("filter", "secret-gone")]
    said = found.broken[0][1].sentence
    assert ("-Zz9yYy of its name: was it deleted and created again?" in said) is named.startswith("arn:")


def test_a_rule_on_another_bus_is_said_to_be_there() -> None:
    view, record = case(facts(**QUIET))
    view.account.put("rule", "payments", None)
    view.account.put("rule elsewhere", "payments", {"EventBusName": "others"})
    found = walk_case(view, record)
    assert broken(found) == [("realtime", "rule-deleted")]
    assert "not exist on the default bus: it is on others" in found.broken[0][1].sentence


def account_alarm(filters: list[dict[str, Any]], **changes: Any) -> View:
    """An alarm of an account of which nothing else is known."""
    subject = Subject(region=REGION, alarm_name="payments-secret-read", is_about_secrets=False, kinds=())
    found: Facts = facts(
        subject=subject,
        alarm=alarm(**changes),
        filters=asked(filters),
        emitting=asked([]),
        tested={},
        **QUIET,
    )
    view, _ = case(found)
    view.examples = []
    return view


def test_a_slip_in_a_metrics_name_points_to_the_filter_of_nearly_that_name() -> None:
    root = metric_filter(
        "root", '{ $.userIdentity.type = "Root" }', metricName="RootAccessCount", metricNamespace="CIS"
    )
    other = metric_filter("other", "ERROR", metricName="Errors", metricNamespace="CIS")
    view = account_alarm([other, root], Namespace="CIS", MetricName="RootAccess")
    ((finding),) = [each for hop in configured(view) for each in hop.findings if each.verdict == "broken"]
    assert "the metric filter root emits CIS / RootAccessCount" in finding.sentence
    (step,) = finding.steps
    assert isinstance(step, Call)
    assert step.operation == "PutMetricAlarm"
    assert step.params["MetricName"] == "RootAccessCount"


def test_a_filter_that_feeds_another_alarm_is_not_blamed() -> None:
    a = metric_filter("a", "ERROR", metricName="events-a", metricNamespace="x")
    view = account_alarm([a], Namespace="x", MetricName="events-c")
    view.account.put("alarm", "a", alarm(AlarmName="a", Namespace="x", MetricName="events-a"))
    ((finding),) = [each for hop in configured(view) for each in hop.findings if each.verdict == "broken"]
    assert finding.cause == "filter-deleted"
    assert "No metric filter" in finding.sentence
    assert not [each for each in finding.steps if isinstance(each, Call)]


def test_a_services_own_metric_needs_no_filter() -> None:
    view = account_alarm([], Namespace="AWS/Events", MetricName="TriggeredRules")
    assert [each for hop in configured(view) for each in hop.findings if each.verdict == "broken"] == []


@pytest.mark.parametrize("threshold", [10.0, 3.0])
def test_a_threshold_of_an_alarm_about_something_else_is_on_purpose(threshold: float) -> None:
    on = {"Namespace": METRIC[0], "MetricName": METRIC[1], "Threshold": threshold}
    view = account_alarm([metric_filter(pattern='{ $.eventName = "AuthorizeSecurityGroupIngress" }')], **on)
    assert [each for hop in configured(view) for each in hop.findings if each.verdict == "broken"] == []


def test_a_mute_rule_is_named_and_taken_away() -> None:
    view, record = case(facts(**QUIET))
    schedule = {
        "Expression": f"at({NOW - timedelta(minutes=5):%Y-%m-%dT%H:%M})",
        "Duration": "PT2H",
        "Timezone": "UTC",
    }
    muting = {"Rule": {"Schedule": schedule}, "MuteTargets": {"AlarmNames": ["payments-secret-read"]}}
    view.account.put("mute rule", "night", muting)
    found = walk_case(view, record)
    assert broken(found) == [("alarm", "muted")]
    assert "night" in found.broken[0][1].sentence
    assert mended(found) == []
    later = {
        **muting,
        "Rule": {"Schedule": {**schedule, "Expression": "cron(0 3 * * *)", "Duration": "PT1H"}},
    }
    view.account.put("mute rule", "night", later)
    assert walk_case(view, record).broken == []
    tampering = {**muting, "MuteTargets": {"AlarmNames": ["tamper"]}}
    view.account.put("mute rule", "night", tampering)
    found = walk_case(view, record)
    assert broken(found) == [("self-watch", "muted")]
    assert mended(found) == []


def test_a_target_that_is_not_the_watchs_topic() -> None:
    rule = facts().rules[0]
    other = [{"Id": "topic", "Arn": f"{TOPIC}-others"}]
    subject = replace(facts().subject, realtime=Realtime(("payments",)))
    found = walk(facts(subject=subject, rules=[replace(rule, targets=asked(other))], **QUIET))
    assert broken(found) == [("realtime", "other-target")]
    assert mended(found) == []
