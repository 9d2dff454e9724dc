"""Alarms whose actions are muted, disabled or refused; composite alarms, metric math."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alarm_accounts import NO_METRIC, REGION, SUM, Account, metric, refused
from botocore.exceptions import ClientError
from commands import Runner
from deployment import wait_for

from secretwatch import local
from secretwatch.cli.local import local as command


@pytest.fixture
def account(aws: dict[str, str]) -> Account:
    return Account()


LONG = 14 * 1440


def test_a_muted_alarm_changes_its_state_in_silence_and_rings_when_it_is_over(account: Account) -> None:
    account.put()
    account.mute(minutes=LONG)
    account.set("ALARM")
    assert (account.state(), account.told()) == ("ALARM", [])
    (item,) = account.actions()
    assert item["HistorySummary"] == f"Action {account.topic} was muted by the alarm mute rule rule"
    assert json.loads(item["HistoryData"])["actionState"] == "Muted"
    account.cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName="rule")
    wait_for("the alarm's action", lambda: account.told() == ["alarm ALARM"])
    assert account.actions()[0]["HistorySummary"] == f"Successfully executed action {account.topic}"


def test_an_alarm_that_went_back_while_muted_stays_silent(account: Account) -> None:
    account.put()
    account.set("OK")
    wait_for("the alarm's action", lambda: account.told() == ["alarm OK"])
    account.mute(minutes=LONG)
    account.set("ALARM")
    account.set("OK")
    account.cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName="rule")
    account.set("ALARM")
    wait_for("the alarm's action, and no other", lambda: account.told() == ["alarm ALARM"])


def test_a_rule_for_others_or_over_mutes_nothing(account: Account) -> None:
    account.put()
    account.put("other")
    account.mute("others", minutes=LONG, MuteTargets={"AlarmNames": ["other"]})
    account.mute("over", minutes=1)
    account.mute("later", minutes=LONG, StartDate=datetime.now(UTC) + timedelta(days=10))
    account.set("ALARM")
    wait_for("the alarm's action", lambda: account.told() == ["alarm ALARM"])


def test_mute_rules_are_described_and_listed(account: Account) -> None:
    account.put()
    account.mute("active", minutes=LONG, Description="at work")
    account.mute("over", minutes=1)
    nightly = {"Expression": "cron(0 2 * * SUN)", "Duration": "PT4H", "Timezone": "Europe/Berlin"}
    account.mute("nightly", Rule={"Schedule": nightly}, MuteTargets={"AlarmNames": []})
    got = account.cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="active")
    assert got["AlarmMuteRuleArn"] == f"arn:aws:cloudwatch:{REGION}:{account.id}:alarm-mute-rule:active"
    assert (got["Status"], got["MuteType"], got["Description"]) == ("ACTIVE", "ONE_TIME", "at work")
    assert got["MuteTargets"] == {"AlarmNames": ["alarm"]}
    got = account.cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="nightly")
    assert (got["MuteType"], got["Rule"]["Schedule"]) == ("RECURRING", nightly)

    def listed(**by: Any) -> list[str]:
        found = account.cloudwatch.list_alarm_mute_rules(**by)["AlarmMuteRuleSummaries"]
        return [each["AlarmMuteRuleArn"].rpartition(":")[2] for each in found]

    assert listed() == ["active", "nightly", "over"]
    assert listed(AlarmName="alarm") == ["active", "over"]
    assert listed(Statuses=["EXPIRED"]) == ["over"]
    page = account.cloudwatch.list_alarm_mute_rules(MaxRecords=2)
    rest = account.cloudwatch.list_alarm_mute_rules(MaxRecords=2, NextToken=page["NextToken"])
    assert (len(page["AlarmMuteRuleSummaries"]), len(rest["AlarmMuteRuleSummaries"])) == (2, 1)
    code, _ = refused(account.cloudwatch.get_alarm_mute_rule, AlarmMuteRuleName="none")
    assert code == "ResourceNotFoundException"
    account.cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName="none")


@pytest.mark.parametrize(
    "wrong",
    [
        {"Rule": {"Schedule": {"Expression": "rate(1 hour)", "Duration": "PT1H"}}},
        {"Rule": {"Schedule": {"Expression": "cron(0 2 * * *)", "Duration": "P16D"}}},
        {"Rule": {"Schedule": {"Expression": "cron(0 2 * * *)", "Duration": "PT1H", "Timezone": "Mars"}}},
        {"MuteTargets": {"AlarmNames": ["nobody"]}},
        {"MuteTargets": {"AlarmNames": ["alarm"] * 101}},
        {"Name": "n" * 256},
        {"StartDate": datetime(2026, 2, 1, tzinfo=UTC), "ExpireDate": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
)
def test_mute_rules_that_are_refused(account: Account, wrong: dict[str, Any]) -> None:
    account.put()
    with pytest.raises(ClientError) as error:
        account.mute(**wrong)
    assert error.value.response["Error"]["Code"] == "ValidationError"
    assert account.cloudwatch.list_alarm_mute_rules()["AlarmMuteRuleSummaries"] == []


def test_history_tells_that_actions_were_switched(account: Account) -> None:
    account.put()
    account.cloudwatch.disable_alarm_actions(AlarmNames=["alarm", "nobody"])
    account.set("ALARM")
    assert (account.state(), account.told(), account.actions()) == ("ALARM", [], [])
    account.cloudwatch.enable_alarm_actions(AlarmNames=["alarm"])
    history = account.cloudwatch.describe_alarm_history(
        AlarmName="alarm", HistoryItemType="ConfigurationUpdate"
    )["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in history] == [
        'Alarm "alarm" updated',
        'Alarm "alarm" updated',
        'Alarm "alarm" created',
    ]
    code, message = refused(account.cloudwatch.disable_alarm_actions, AlarmNames=["a"] * 101)
    assert code == "ValidationError"
    assert "at 'alarmNames' failed to satisfy constraint: Member must have length less than" in message


def test_history_tells_of_an_action_that_failed(account: Account) -> None:
    only_the_account = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account.id}:root"},
        "Action": "sns:Publish",
        "Resource": account.topic,
    }
    policy = {"Version": "2012-10-17", "Statement": [only_the_account]}
    account.sns.set_topic_attributes(
        TopicArn=account.topic, AttributeName="Policy", AttributeValue=json.dumps(policy)
    )
    account.put()
    account.set("ALARM")
    (item,) = account.actions()
    said = f"CloudWatch Alarms is not authorized to perform: SNS:Publish on resource: {account.topic}"
    assert item["HistorySummary"] == f'Failed to execute action {account.topic}. Received error: "{said}"'
    data = json.loads(item["HistoryData"])
    assert (data["actionState"], data["error"]) == ("Failed", said)


def test_a_composite_alarm_is_evaluated_by_its_whole_rule(account: Account) -> None:
    for name in ("high", "deploying"):
        account.put(name, AlarmActions=[], OKActions=[])
    put = account.cloudwatch.put_composite_alarm
    put(AlarmName="both", AlarmRule="ALARM(high) AND NOT ALARM(deploying)", AlarmActions=[account.topic])
    put(AlarmName="over", AlarmRule='OK("both") OR FALSE', OKActions=[account.topic])
    assert account.state("both", "CompositeAlarms") == "OK"
    assert account.state("over", "CompositeAlarms") == "ALARM"
    (over,) = account.cloudwatch.describe_alarms(AlarmNames=["over"], AlarmTypes=["CompositeAlarm"])[
        "CompositeAlarms"
    ]
    assert over["StateReason"] == f"{over['AlarmArn']} was created and its alarm rule evaluates to ALARM"
    triggering = json.loads(over["StateReasonData"])["triggeringAlarms"]
    assert [each["arn"].rpartition(":")[2] for each in triggering] == ["both"]
    account.set("ALARM", "deploying")
    account.set("ALARM", "high")
    assert account.state("both", "CompositeAlarms") == "OK"
    account.set("OK", "deploying")
    assert account.state("both", "CompositeAlarms") == "ALARM"
    assert account.state("over", "CompositeAlarms") == "OK"
    wait_for("both messages", lambda: sorted(account.told()) == ["both ALARM", "over OK"])

    delete = account.cloudwatch.delete_alarms
    assert refused(delete, AlarmNames=["high"]) == (
        "ValidationError",
        "Cannot delete high as there are composite alarm(s) depending on it.",
    )
    assert refused(delete, AlarmNames=["deploying", "high"])[1] == (
        "Cannot delete deploying,high as there are composite alarm(s) depending on them."
    )
    delete(AlarmNames=["over"])
    delete(AlarmNames=["both", "high", "deploying"])


def test_an_alarm_on_the_sum_of_two_metrics(account: Account) -> None:
    account.put(**NO_METRIC, Metrics=[metric("a"), metric("b"), SUM], Threshold=3.0)
    data = [{"MetricName": name, "Value": value} for name, value in (("a", 1), ("b", 2))]
    account.cloudwatch.put_metric_data(Namespace="tests", MetricData=data)
    wait_for("the alarm", lambda: account.state() == "ALARM")
    (described,) = account.cloudwatch.describe_alarms(AlarmNames=["alarm"])["MetricAlarms"]
    assert described["StateReason"].startswith("Threshold Crossed: 1 datapoint [3.0 (")
    assert "statistic" not in json.loads(described["StateReasonData"])


def test_who_confirms_late_is_told_of_alarms_that_ring_already(
    aws: dict[str, str], local_cloud: local.LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Account()
    account.put("early", AlarmActions=[account.topic])
    account.put("quiet", AlarmActions=[account.topic])
    account.cloudwatch.set_alarm_state(AlarmName="early", StateValue="ALARM", StateReason="by hand")
    account.sns.subscribe(TopicArn=account.topic, Protocol="email", Endpoint="late@example.com")
    monkeypatch.setenv("SECRETWATCH_STATE_DIR", str(local_cloud.state_dir))
    said = Runner().invoke(command, ["confirm"]).output
    assert "early is in ALARM already" in said
    assert "quiet is in ALARM" not in said
