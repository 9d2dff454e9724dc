"""What was applied, read from a state: whose things they are, what they serve, and what differs."""

from __future__ import annotations

from typing import Any

import pytest

from secretwatch.pipeline.doctor.account import Account, Ref
from secretwatch.pipeline.doctor.asking import Asked
from secretwatch.pipeline.doctor.intent import Intent, differences
from secretwatch.pipeline.watch import Watch

TOPIC = "arn:aws:sns:us-east-1:111122223333:pay"


def resource(
    module: str, type: str, *instances: dict[str, Any], name: str = "this", mode: str = "managed"
) -> Any:
    found = []
    for each in instances:
        key = each.pop("key", None)
        found.append({"attributes": each} | ({} if key is None else {"index_key": key}))
    return {"module": module, "mode": mode, "type": type, "name": name, "instances": found}


def alarm(name: str, **attributes: Any) -> dict[str, Any]:
    return {
        "alarm_name": name,
        "alarm_actions": [TOPIC],
        "threshold": 1,
        "period": 60,
        "unit": "Count",
        **attributes,
    }


def state(prefix: str = "module.pay") -> dict[str, Any]:
    dot = f"{prefix}." if prefix else ""
    trail, alerts = f"{dot}module.trail[0]", f"{dot}module.alerts"
    return {
        "resources": [
            resource(f'{dot}module.watch["db"]', "aws_cloudwatch_metric_alarm", alarm("pay-db")),
            resource(f'{dot}module.watch["db.x"]', "aws_cloudwatch_metric_alarm", alarm("pay-db.x")),
            resource('module.other.module.watch["db"]', "aws_cloudwatch_metric_alarm", alarm("other-db")),
            resource("", "aws_cloudwatch_metric_alarm", alarm("mine"), name="mine"),
            resource(f'{dot}module.heartbeat["this"]', "aws_cloudwatch_metric_alarm", alarm("pay-heartbeat")),
            resource(trail, "aws_s3_bucket", {"bucket": "logs", "key": 0}),
            resource(trail, "aws_s3_bucket_policy", {"bucket": "logs", "policy": "{}", "key": 0}),
            resource(trail, "aws_iam_role", {"name": "r", "assume_role_policy": "{}"}),
            resource(trail, "aws_iam_role_policy", {"name": "p", "role": "r", "policy": "{1}"}),
            resource(trail, "aws_iam_role_policy", {"name": "q", "role": "r", "policy": "{2}"}, name="b"),
            resource(alerts, "aws_sns_topic", {"arn": TOPIC, "kms_master_key_id": "k", "key": "default"}),
            resource(alerts, "aws_sns_topic_policy", {"arn": TOPIC, "policy": "{}", "key": "default"}),
            resource(alerts, "aws_sns_topic", {"arn": f"{TOPIC}-unused", "key": "unused"}, name="unused"),
            resource(alerts, "aws_iam_policy_document", {"json": "{}"}, mode="data"),
            resource(trail, "aws_something_new", {"x": 1}),
        ]
    }  # fmt: skip


def watch(key: str = "db") -> Watch:
    return Watch(
        name="pay",
        region="us-east-1",
        account_id="111122223333",
        log_group_name="/g",
        metric_namespace="n",
        metric_name="m",
        alarm_name=f"pay-{key}",
        watch=key,
        topic_arns=(TOPIC,),
    )


def intent(prefix: str = "module.pay", key: str = "db") -> Intent:
    found = Intent.of_state(state(prefix), watch(key))
    assert found
    return found


@pytest.mark.parametrize("prefix", ["module.pay", "", 'module.teams["a.b"].module.pay[0]'])
def test_it_has_what_is_the_watchs_own(prefix: str) -> None:
    found = intent(prefix)
    assert {id for id, _ in found.account.all("alarm")} == {"pay-db", "pay-heartbeat"}
    assert {id for id, _ in found.account.all("topic")} == {TOPIC}
    assert {id for id, _ in intent(prefix, "db.x").account.all("alarm")} == {"pay-db.x", "pay-heartbeat"}


def test_several_resources_are_one_thing() -> None:
    found = intent()
    assert found.get("topic", TOPIC) == {"KmsMasterKeyId": "k", "Policy": "{}"}
    assert (found.get("role", "r") or {})["Inline"] == {"p": "{1}", "q": "{2}"}
    assert found.owners(Ref("topic", TOPIC), ["Policy"]) == [
        'module.pay.module.alerts.aws_sns_topic_policy.this["default"]'
    ]
    assert found.owners(Ref("bucket", "logs"), []) == ["module.pay.module.trail[0].aws_s3_bucket.this[0]"]


def test_what_things_serve() -> None:
    found = intent()
    assert found.serves[Ref("alarm", "pay-heartbeat")] == "heartbeat"
    assert found.serves[Ref("bucket", "logs")] == "evidence"
    assert found.of("alarm", "ring") == ["pay-db"]


def test_a_state_without_the_watch_has_no_intent() -> None:
    assert Intent.of_state(state(), watch("gone")) is None
    assert Intent.of_state({}, watch()) is None


def test_what_could_not_be_asked_is_no_difference() -> None:
    found = intent()
    live = Account("111122223333", "us-east-1", dict(found.account.things))
    assert differences(found, live) == []
    live.put("alarm", "pay-db", None)
    live.change("topic", TOPIC, KmsMasterKeyId="other")
    ref = Ref("alarm", "pay-heartbeat")
    del live.things[ref]
    live.unknown[ref] = Asked("cloudwatch:DescribeAlarms", "*", None, None, "denied")  # type: ignore[arg-type]
    told = {(each.ref.kind, each.member) for each in differences(found, live)}
    assert told == {("alarm", ""), ("topic", "KmsMasterKeyId")}


@pytest.mark.parametrize(
    ("member", "value"),
    [("Threshold", 1.0), ("AlarmActions", [TOPIC]), ("DatapointsToAlarm", None), ("Dimensions", [])],
)
def test_the_same_in_other_words_is_no_difference(member: str, value: Any) -> None:
    found = intent()
    live = Account("111122223333", "us-east-1", dict(found.account.things))
    live.change("alarm", "pay-db", **{member: value})
    assert differences(found, live) == []
