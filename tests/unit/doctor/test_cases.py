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
    READ_AT,
    REGION,
    SECRET,
    TOPIC,
    absent,
    alarm,
    asked,
    facts,
    metric_filter,
    read,
    rung,
    topic,
)

from secretwatch.pipeline.doctor.account import Ref
from secretwatch.pipeline.doctor.calls import Call, Person
from secretwatch.pipeline.doctor.kinds import after
from secretwatch.pipeline.doctor.reads import Seen
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.view import View
from secretwatch.pipeline.doctor.walk import Diagnosis, configured
from secretwatch.pipeline.doctor.walk import walk as walk_case
from secretwatch.pipeline.watch import Realtime


def broken(found: Diagnosis) -> list[tuple[str, str]]:
    return [(name, each.cause) for name, each in found.broken]


def mended(found: Diagnosis) -> list[tuple[str, str]]:
    """What is broken still, when the plan was carried out."""
    later = found.view.after(after(found.view.account, found.plan))
    return [
        (hop.name, each.cause)
        for hop in configured(later)
        for each in hop.findings
        if each.verdict == "broken"
    ]


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


QUIET: dict[str, Any] = {"read": None, "reads": []}


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


def test_a_role_is_bounded() -> None:
    view, record = case(facts(**QUIET))
    (name,) = [id for id, _ in view.account.all("role")]
    bound = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    view.account.change("role", name, Boundary=json.dumps(bound))
    found = walk_case(view, record)
    assert broken(found) == [("trail", "delivery-role-boundary")]
    assert any(isinstance(each, Person) for each in found.broken[0][1].steps)
    assert mended(found) == []


@pytest.mark.parametrize("what", ["topic", "trail's key", "bucket", "role's trust", "role"])
def test_a_denial_is_taken_out_where_it_stands(what: str) -> None:
    view, record = case(facts(**QUIET))
    account = view.account
    deny = {"Sid": "No", "Effect": "Deny", "Action": "*"}
    service = {"Principal": {"Service": ["cloudtrail.amazonaws.com", "cloudwatch.amazonaws.com"]}}
    kind, id, member, statement = {
        "topic": ("topic", TOPIC, "Policy", {**deny, **service, "Resource": TOPIC}),
        "bucket": ("bucket", "payments-logs", "Policy", {**deny, **service, "Resource": "*"}),
        "role's trust": ("role", "payments-to-logs", "AssumeRolePolicyDocument", {**deny, **service}),
        "role": ("role", "payments-to-logs", "Inline", {**deny, "Resource": "*"}),
        "trail's key": ("key", "k", "Policy", {**deny, **service, "Resource": "*"}),
    }[what]
    if kind == "key":
        trail = view.trail
        assert trail
        arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"
        account.change("trail", trail["TrailARN"], KmsKeyId=arn)
        allow = {"Effect": "Allow", **service, "Action": "kms:*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        account.put("key", arn, {"Arn": arn, "KeyState": "Enabled", "Policy": policy})
        id = arn
    before = (account.get(kind, id) or {})[member]
    text = before["p0"] if member == "Inline" else before
    document = json.loads(text)
    several = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    denied = json.dumps({**document, "Statement": [*several, statement]})
    account.change(kind, id, **{member: {"p0": denied} if member == "Inline" else denied})
    found = walk_case(view, record)
    assert found.broken
    assert '"No" denies' in found.broken[0][1].sentence
    assert mended(found) == []
    later = after(account, found.plan).things[Ref(kind, id)] or {}
    assert '"No"' not in str(later[member])


@pytest.mark.parametrize("is_recorded", [False, True])
def test_a_policy_of_the_account_masks_as_well(is_recorded: bool) -> None:
    """A read that is masked is not found in the log group by what it has: that is no fault of its own."""
    late = {"read": Seen(read().event, True), "now": READ_AT + timedelta(minutes=40)}
    view, record = case(facts(**(late if is_recorded else QUIET)))
    audit, hide = {"Audit": {"FindingsDestination": {}}}, {"Deidentify": {"MaskConfig": {}}}
    masking = {
        "Name": "masking",
        "Version": "2021-06-01",
        "Configuration": {"CustomDataIdentifier": [{"Name": "Reads", "Regex": "GetSecretValue"}]},
        "Statement": [{"DataIdentifier": ["Reads"], "Operation": each} for each in (audit, hide)],
    }
    for id, _ in view.account.all("log group"):
        view.account.change("log group", id, accountPolicies={"everywhere": json.dumps(masking)})
    found = walk_case(view, record)
    assert broken(found) == [("filter", "masked")]
    assert "The account's data protection policy everywhere masks" in found.broken[0][1].sentence
    if is_recorded:
        assert found.hop("event").verdict == "not reached"
        assert "masks" in found.hop("event").sentence
    assert found.broken[0][1].needs_a_person


@pytest.mark.parametrize(
    ("key", "is_broken"),
    [
        ({"KeyState": "Enabled", "Policy": None}, True),
        ({"KeyState": "Disabled"}, True),
        ({"KeyState": "Enabled"}, False),
        (None, True),
    ],
)
def test_a_key_of_the_bus_may_stop_its_rules(key: dict[str, Any] | None, is_broken: bool) -> None:
    view, record = case(facts(**QUIET))
    arn, bus = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/b", f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "kms:*"}
    closed = {**allow, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
    statement = closed if key and "Policy" in key else allow
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Resource": "*"}]})
    view.account.put("bus", bus, {"Name": "default", "KmsKeyIdentifier": arn})
    view.account.put("key", arn, key and {"Arn": arn, **key, "Policy": policy})
    found = walk_case(view, record)
    assert broken(found) == [("realtime", "bus-key")] * is_broken
    if key:
        assert mended(found) == []


@pytest.mark.parametrize(
    ("kind", "id", "who"),
    [("bucket", "payments-logs", "the account's root user"), ("topic", TOPIC, "AWS Support")],
)
@pytest.mark.parametrize("is_everybody", [True, False])
def test_who_is_denied_as_well_is_told(kind: str, id: str, who: str, is_everybody: bool) -> None:
    view, record = case(facts(**QUIET))
    services = {"Service": ["cloudtrail.amazonaws.com", "cloudwatch.amazonaws.com"]}
    deny = {"Effect": "Deny", "Principal": "*" if is_everybody else services, "Action": "*", "Resource": "*"}
    policy = json.loads((view.account.get(kind, id) or {})["Policy"])
    view.account.change(kind, id, Policy=json.dumps({**policy, "Statement": [*policy["Statement"], deny]}))
    found = walk_case(view, record)
    said = [each.text for each in found.broken[0][1].steps if isinstance(each, Person)]
    assert [who in each for each in said] == [True] * is_everybody


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside something else"])
def test_a_denial_in_a_policy_of_its_own_becomes_no_permission(beside: bool) -> None:
    """What allows stands in the other policy already: nothing is written into this one."""
    view, record = case(facts(**QUIET))
    role = view.account.get("role", "payments-to-logs")
    assert role
    deny = {"Effect": "Deny", "Action": "logs:*", "Resource": "*"}
    other = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [deny, *([other] if beside else [])]})
    view.account.change("role", "payments-to-logs", Inline={**role["Inline"], "q": text})
    found = walk_case(view, record)
    assert broken(found) == [("trail", "delivery-role-policy")]
    assert mended(found) == []
    later = (after(view.account, found.plan).get("role", "payments-to-logs") or {})["Inline"]
    assert {name: each for name, each in later.items() if name != "q"} == role["Inline"]
    assert (json.loads(later["q"])["Statement"] == [other]) if beside else ("q" not in later)


def test_a_target_that_is_not_the_watchs_topic() -> None:
    rule = facts().rules[0]
    other = [{"Id": "topic", "Arn": f"{TOPIC}-others"}]
    subject = replace(facts().subject, realtime=Realtime(("payments",)))
    found = walk(facts(subject=subject, rules=[replace(rule, targets=asked(other))], **QUIET))
    assert broken(found) == [("realtime", "other-target")]
    assert mended(found) == []
