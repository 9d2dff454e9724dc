"""Policies of the fast path: who lets EventBridge in, and for which rules."""

from __future__ import annotations

import json

from .conftest import ACCOUNT, REGION, Plan


def test_realtime_lets_eventbridge_in_and_nobody_else(instances: Plan) -> None:
    made = instances.of("watches")
    document = json.loads(made['module.alerts.aws_sns_topic_policy.this["page"]']["policy"])
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:wide-page"
    assert document["Statement"][1] == {
        "Sid": "RulesPublish",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
    }
    key = json.loads(made["module.alerts.aws_kms_key.this[0]"]["policy"])["Statement"][-1]
    assert (key["Principal"], "Condition" in key) == ({"Service": "events.amazonaws.com"}, False)


def test_only_topics_of_the_fast_path_let_eventbridge_in(instances: Plan) -> None:
    made = instances.of("many")
    policies = {
        name: json.loads(made[f'module.alerts.aws_sns_topic_policy.this["{name}"]']["policy"])["Statement"]
        for name in ("fast", "quiet")
    }
    who = {name: [each["Sid"] for each in statements] for name, statements in policies.items()}
    assert who == {"fast": ["AlarmsPublish", "RulesPublish"], "quiet": ["AlarmsPublish"]}
    assert all("Condition" in statement for statement in policies["quiet"])

    def topics(kind: str) -> set[str]:
        return {
            each["arn"].rsplit(":", 1)[1]
            for address, each in made.items()
            if address.startswith('module.realtime["many"]') and each["type"] == kind
        }

    assert topics("aws_cloudwatch_event_target") == {"many-fast"}
    # Who is told that a message could not be delivered hears of it elsewhere than the message.
    (failed, *_) = [each for address, each in made.items() if "aws_cloudwatch_metric_alarm.failed" in address]
    assert failed["alarm_actions"] == [f"arn:aws:sns:{REGION}:{ACCOUNT}:many-quiet"]


def test_the_queue_takes_messages_of_this_watchs_rules_only(instances: Plan) -> None:
    made = instances.of("watches")
    rules = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/wide-arns"
    queue = made['module.realtime["arns"].aws_sqs_queue.undelivered']
    (statement,) = json.loads(queue["policy"])["Statement"]
    assert statement == {
        "Sid": "RulesSend",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": f"arn:aws:sqs:{REGION}:{ACCOUNT}:wide-arns-undelivered",
        "Condition": {
            "ArnLike": {"aws:SourceArn": [f"{rules}-a-*", f"{rules}-r-*"]},
            # Those of an instance called wide-arns, or of one whose name begins so.
            "ArnNotLike": {"aws:SourceArn": [f"{rules}-*-*-*-*", f"{rules}-*-*-all"]},
        },
    }
    assert queue["sqs_managed_sse_enabled"] is True
