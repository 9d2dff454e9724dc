"""What silences a rule and its topic: conditions in statements for EventBridge, a role. Named and mended."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import Any

import pytest
from answers import walk
from healthy import ACCOUNT, REGION, TOPIC, asked, facts, topic

from secretwatch.pipeline.watch import Realtime

CONDITION = {
    "ArnLike": {"aws:SourceArn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/payments*"},
    "StringEquals": {"aws:SourceAccount": ACCOUNT},
}
ALARMS = {"Sid": "AlarmsPublish", "Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}}
RULES = {"Sid": "RulesPublish", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def publishing(condition: dict[str, Any] | None) -> str:
    what = {"Action": "sns:Publish", "Resource": TOPIC}
    return document(ALARMS | what, RULES | what | ({"Condition": condition} if condition else {}))


@pytest.mark.parametrize("condition", [CONDITION, {"Null": {"aws:SourceArn": "true"}}])
def test_on_a_topic(condition: dict[str, Any]) -> None:
    given = topic(Policy=publishing(condition))
    found = walk(facts(topics=[given], rule_topics={TOPIC: given}))
    assert [(hop.name, hop.cause) for hop in found.hops if hop.verdict == "broken"] == [
        ("realtime", "target-topic-policy")
    ]
    (_, finding) = found.broken[0]
    why = "events.amazonaws.com is let through by no statement with a Condition"
    assert f'"RulesPublish" does not apply, as {why}' in finding.sentence
    mended = shlex.split(finding.mend)[-1]
    again = topic(Policy=mended)
    assert walk(facts(topics=[again], rule_topics={TOPIC: again})).result == "healthy"


def test_without_it_all_is_well() -> None:
    given = topic(Policy=publishing(None))
    assert walk(facts(topics=[given], rule_topics={TOPIC: given})).result == "healthy"


def test_a_role_on_a_target_at_home() -> None:
    healthy = facts()
    target = {"Id": "topic", "Arn": TOPIC, "InputPath": "$.detail"}
    (rule,) = healthy.rules
    found = walk(facts(rules=[replace(rule, targets=asked([target | {"RoleArn": "arn:aws:iam::1:role/r"}]))]))
    assert [(hop.name, hop.cause) for hop in found.hops if hop.verdict == "broken"] == [
        ("realtime", "target-role")
    ]
    (_, finding) = found.broken[0]
    assert json.loads(shlex.split(finding.mend)[-1]) == [target]
    assert walk(facts(rules=[replace(rule, targets=asked([target]))])).result == "healthy"


def test_on_a_topics_key() -> None:
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"
    uses = {"Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*"}

    def keyed(condition: dict[str, Any] | None, policy: str | None = None) -> Any:
        given = topic(Policy=publishing(None), KmsMasterKeyId=arn)
        written = document(ALARMS | uses, RULES | uses | ({"Condition": condition} if condition else {}))
        given.key = asked({"KeyMetadata": {"Arn": arn, "KeyState": "Enabled", "KeyManager": "CUSTOMER"}})
        given.key_policy = asked({"Policy": policy or written})
        return facts(topics=[given], rule_topics={TOPIC: given})

    assert walk(keyed(None)).result == "healthy"
    found = walk(keyed(CONDITION))
    assert [(hop.name, hop.cause) for hop in found.hops if hop.verdict == "broken"] == [
        ("realtime", "target-topic-key")
    ]
    (_, finding) = found.broken[0]
    assert "let through by no statement with a Condition" in finding.sentence
    assert walk(keyed(None, shlex.split(finding.mend)[-1])).result == "healthy"


def test_nobody_is_subscribed_to_a_topic_of_its_own() -> None:
    alarms = topic(Policy=publishing(None))
    arn = f"{TOPIC}-fast"
    fast = topic(Policy=publishing(None).replace(TOPIC, arn))
    pending = {"SubscriptionArn": "PendingConfirmation", "Endpoint": "ops@example.com", "Protocol": "email"}
    for subscriptions, cause in (([], "no-subscription"), ([pending], "unconfirmed")):
        there = replace(fast, arn=arn, subscriptions=asked(subscriptions))
        (rule,) = facts().rules
        found = walk(
            facts(
                subject=replace(facts().subject, realtime=Realtime(("payments",), topic_arns=(arn,))),
                rules=[replace(rule, targets=asked([{"Id": "topic", "Arn": arn}]))],
                topics=[alarms],
                rule_topics={arn: there},
            )
        )
        assert [(hop.name, hop.cause) for hop in found.hops if hop.verdict == "broken"] == [
            ("realtime", cause)
        ]
