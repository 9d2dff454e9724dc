"""What a plan would make, from what `terraform show -json` prints of it."""

from __future__ import annotations

from typing import Any

import pytest

from secretwatch.policy import Principal, Request, evaluate
from secretwatch.testing import NotPlanned, Plan

READ = {"eventName": "GetSecretValue", "requestParameters": {"secretId": "prod/db"}}
ALARM = {
    "alarm_name": "prod-db-read",
    "metric_name": "reads",
    "namespace": "prod",
    "period": 300,
    "statistic": "Sum",
}


def resource(address: str, **values: Any) -> dict[str, Any]:
    kind = address.split(".")[-2]
    return {"address": address, "mode": "managed", "type": kind, "values": values}


def feeding(name: str, pattern: str, metric: str = "reads") -> dict[str, Any]:
    made = [{"namespace": "prod", "name": metric, "value": "1"}]
    address = f"module.alarms.aws_cloudwatch_log_metric_filter.{name}"
    return resource(address, name=name, pattern=pattern, metric_transformation=made)


def plan(*children: dict[str, Any], root: tuple[dict[str, Any], ...] = ()) -> Plan:
    return Plan(
        {
            "planned_values": {
                "outputs": {"known": {"value": 1}, "later": {"sensitive": False}},
                "root_module": {"resources": list(root), "child_modules": [{"resources": list(children)}]},
            }
        }
    )


def test_an_alarm_has_its_arguments_and_its_filters() -> None:
    planned = plan(
        feeding("reads", "{ $.eventName = GetSecretValue }"),
        feeding("others", "{ $.eventName = StopLogging }", metric="others"),
        root=(resource("aws_cloudwatch_metric_alarm.this", **ALARM),),
    )
    alarm = planned.alarm("prod-db-read")
    assert (alarm.statistic, alarm.period) == ("Sum", 300)
    assert [each.name for each in alarm.patterns] == ["reads"]
    assert alarm.counts(READ)
    assert not alarm.counts({"eventName": "StopLogging"})


def test_an_alarm_on_an_expression_is_fed_by_its_metrics() -> None:
    query = [{"id": "m1", "metric": [{"namespace": "prod", "metric_name": "reads"}]}]
    alarm = resource("aws_cloudwatch_metric_alarm.this", alarm_name="a", metric_query=query)
    assert plan(feeding("reads", "{ $.eventName = GetSecretValue }"), root=(alarm,)).alarm("a").counts(READ)


def test_a_pattern_takes_events_and_texts() -> None:
    pattern = plan(feeding("reads", '{ $.requestParameters.secretId = "prod/db" }')).pattern("reads")
    assert pattern.matches(READ)
    assert pattern.matches('{"requestParameters": {"secretId": "prod/db"}}')
    assert not pattern.matches({"requestParameters": {"secretId": "prod/db-replica"}})


def test_a_policy_is_one_to_ask() -> None:
    text = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*",'
        ' "Action": "secretsmanager:GetSecretValue"}]}'
    )
    policy = plan(resource("aws_iam_role_policy.app", policy=text)).policy("aws_iam_role_policy.app")
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf"
    app = Principal.of("arn:aws:iam::123456789012:role/app")
    assert evaluate(policy, Request(app, "secretsmanager:GetSecretValue", arn), "identity").allowed
    assert not evaluate(policy, Request(app, "secretsmanager:PutSecretValue", arn), "identity").allowed


def test_what_is_not_there_is_answered_with_what_is() -> None:
    planned = plan(
        feeding("reads", "{ $.a = 1 }"), root=(resource("aws_cloudwatch_metric_alarm.x", **ALARM),)
    )
    with pytest.raises(NotPlanned, match=r"no alarm 'other'. There is: prod-db-read"):
        planned.alarm("other")
    with pytest.raises(NotPlanned, match=r"no metric filter 'other'. There is: reads"):
        planned.pattern("other")
    with pytest.raises(NotPlanned, match=r"no aws_sns_topic\.x\. There is: aws_cloudwatch_metric_alarm\.x"):
        planned.resource("aws_sns_topic.x")


def test_what_is_known_only_after_apply_is_said_to_be() -> None:
    unknown = resource("aws_cloudwatch_log_metric_filter.reads", name="reads")
    planned = plan(unknown, resource("aws_iam_role_policy.app", name="app"))
    with pytest.raises(NotPlanned, match="known only after apply"):
        planned.pattern("reads")
    with pytest.raises(NotPlanned, match="no policy that is known before the apply"):
        planned.policy("aws_iam_role_policy.app")
    assert planned.outputs == {"known": 1}
