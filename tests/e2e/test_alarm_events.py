"""Each change of an alarm's state is an event of EventBridge's, at once, whatever is held of CloudTrail's."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import clients
import pytest
from accounts import new_account_id
from deployment import delete_alarms, wait_for
from sinks import queue_for_rules

from secretwatch import local

PATTERN = {
    "source": ["aws.cloudwatch"],
    "detail-type": ["CloudWatch Alarm State Change"],
    "detail": {"alarmName": ["watched"]},
}


class Account:
    def __init__(self) -> None:
        self.id = new_account_id()
        self.cloudwatch, self.sqs = self.client("cloudwatch"), self.client("sqs")
        url, arn = queue_for_rules(self.sqs, "events")
        events = self.client("events")
        events.put_rule(Name="alarms", EventPattern=json.dumps(PATTERN))
        events.put_targets(Rule="alarms", Targets=[{"Id": "queue", "Arn": arn}])
        self.queue, self._got = url, list[dict[str, Any]]()

    def client(self, service: str) -> Any:
        return clients.client(service, self.id)

    def alarm(self, name: str = "watched", **more: Any) -> None:
        self.cloudwatch.put_metric_alarm(
            **{
                "AlarmName": name,
                "Namespace": "tests",
                "MetricName": "reads",
                "Statistic": "Sum",
                "Period": 60,
                "EvaluationPeriods": 1,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                "Threshold": 1.0,
                "TreatMissingData": "notBreaching",
                **more,
            }
        )

    def next(self) -> dict[str, Any]:
        """One event at a time, in their order."""

        def came() -> Any:
            found = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
            for each in found.get("Messages", []):
                self._got.append(json.loads(each["Body"]))
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=each["ReceiptHandle"])
            return self._got

        return dict(wait_for("an event", came) and self._got.pop(0))


@pytest.fixture
def account(aws: dict[str, str]) -> Any:
    account = Account()
    yield account
    delete_alarms(account)


def test_what_an_evaluation_comes_to_is_told_with_its_data(
    account: Account, local_cloud: local.LocalCloud
) -> None:
    account.alarm(AlarmDescription="Somebody reads")
    first = account.next()
    assert first["detail"]["previousState"]["value"] == "INSUFFICIENT_DATA"
    assert first["detail"]["state"]["value"] == "OK"
    local_cloud.hold()
    try:
        account.cloudwatch.put_metric_data(
            Namespace="tests", MetricData=[{"MetricName": "reads", "Value": 1.0}]
        )
        rang = account.next()
    finally:
        local_cloud.release()
    (described,) = account.cloudwatch.describe_alarms(AlarmNames=["watched"])["MetricAlarms"]
    assert (rang["source"], rang["detail-type"]) == ("aws.cloudwatch", "CloudWatch Alarm State Change")
    assert (rang["account"], rang["region"]) == (account.id, "us-east-1")
    assert rang["resources"] == [described["AlarmArn"]]
    state = rang["detail"]["state"]
    assert (state["value"], state["reason"]) == ("ALARM", described["StateReason"])
    assert state["timestamp"][:19] == f"{described['StateUpdatedTimestamp']:%Y-%m-%dT%H:%M:%S}"
    assert state["timestamp"][:19] == rang["time"][:19]
    assert json.loads(state["reasonData"])["period"] == 60
    assert rang["detail"]["previousState"] == first["detail"]["state"]
    assert rang["detail"]["configuration"]["description"] == "Somebody reads"


def test_a_state_set_by_hand_is_told_and_one_that_stays_is_not(account: Account) -> None:
    # Of a metric that nothing writes, over a day: no evaluation comes between.
    account.alarm(Period=86400, MetricName="nothing", TreatMissingData="ignore", ActionsEnabled=False)
    for state, reason in (("ALARM", "drill"), ("ALARM", "again"), ("OK", "over")):
        account.cloudwatch.set_alarm_state(AlarmName="watched", StateValue=state, StateReason=reason)
    told = [account.next()["detail"] for _ in range(2)]
    assert [(each["previousState"]["value"], each["state"]["value"]) for each in told] == [
        ("INSUFFICIENT_DATA", "ALARM"),
        ("ALARM", "OK"),
    ]
    assert [each["state"]["reason"] for each in told] == ["drill", "over"]
    assert "reasonData" not in told[0]["state"]


def test_alarm_history_and_event_have_one_time_of_a_change(account: Account) -> None:
    # Of a metric that nothing writes, over a day: no evaluation comes between.
    account.alarm(Period=86400, MetricName="nothing", TreatMissingData="ignore")
    account.cloudwatch.set_alarm_state(AlarmName="watched", StateValue="ALARM", StateReason="by hand")
    told = datetime.strptime(account.next()["detail"]["state"]["timestamp"], "%Y-%m-%dT%H:%M:%S.%f%z")
    (described,) = account.cloudwatch.describe_alarms(AlarmNames=["watched"])["MetricAlarms"]
    (remembered,) = account.cloudwatch.describe_alarm_history(
        AlarmName="watched", HistoryItemType="StateUpdate"
    )["AlarmHistoryItems"]
    assert described["StateUpdatedTimestamp"] == remembered["Timestamp"] == told


def test_a_rule_that_is_disabled_or_about_another_alarm_gets_none(account: Account) -> None:
    account.alarm("other")
    account.client("events").disable_rule(Name="alarms")
    account.alarm(Period=86400, MetricName="nothing", TreatMissingData="ignore")
    account.cloudwatch.set_alarm_state(AlarmName="watched", StateValue="ALARM", StateReason="unheard")
    account.client("events").put_rule(
        Name="later", EventPattern=json.dumps({"detail": {"state": {"reason": ["heard"]}}})
    )
    account.client("events").put_targets(
        Rule="later", Targets=[{"Id": "queue", "Arn": f"arn:aws:sqs:us-east-1:{account.id}:events"}]
    )
    account.cloudwatch.set_alarm_state(AlarmName="watched", StateValue="OK", StateReason="heard")
    assert account.next()["detail"]["state"]["reason"] == "heard"
