"""Alarms: what is refused, what their reasons and history say, and when their actions run."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import clients
import pytest
from botocore.exceptions import ClientError
from deployment import wait_for

ACCOUNT = "333344445555"
REGION = "us-east-1"


def client(service: str) -> Any:
    """A client of an account of these tests': the local cloud takes 12 digits as the account's id."""
    return clients.client(service, ACCOUNT)


class Alarm:
    """An alarm on a metric of its own, whose actions go to a queue."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cloudwatch, self.sns, self.sqs = client("cloudwatch"), client("sns"), client("sqs")
        self.arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"
        self.topic = self.sns.create_topic(Name=name)["TopicArn"]
        self.queue = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        self.sns.subscribe(
            TopicArn=self.topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        )

    def put(self, **changes: Any) -> None:
        settings = {
            "AlarmName": self.name,
            "AlarmDescription": "tests",
            "Namespace": self.name,
            "MetricName": "reads",
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [self.topic],
            "OKActions": [self.topic],
        } | changes
        self.cloudwatch.put_metric_alarm(
            **{name: each for name, each in settings.items() if each is not None}
        )

    def count(self, value: float) -> None:
        self.cloudwatch.put_metric_data(
            Namespace=self.name, MetricData=[{"MetricName": "reads", "Value": value}]
        )

    def set(self, state: str, reason: str = "by hand") -> None:
        self.cloudwatch.set_alarm_state(AlarmName=self.name, StateValue=state, StateReason=reason)

    def described(self) -> dict[str, Any]:
        (alarm,) = self.cloudwatch.describe_alarms(AlarmNames=[self.name])["MetricAlarms"]
        return dict(alarm)

    def becomes(self, state: str) -> None:
        wait_for(f"{self.name} in {state}", lambda: self.described()["StateValue"] == state)

    def history(self, **filters: Any) -> list[dict[str, Any]]:
        items = self.cloudwatch.describe_alarm_history(AlarmName=self.name, **filters)["AlarmHistoryItems"]
        return list(items)

    def messages(self) -> list[dict[str, Any]]:
        """What the topic was told since the last time it was asked for."""
        found = []
        while got := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for each in got:
                found.append(json.loads(json.loads(each["Body"])["Message"]))
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=each["ReceiptHandle"])
        return found

    def message(self) -> dict[str, Any]:
        """The next one; an evaluation may have sent another after it already."""
        message, *_ = wait_for("a message", self.messages)
        return dict(message)

    def remove(self) -> None:
        self.cloudwatch.delete_alarms(AlarmNames=[self.name])
        self.sns.delete_topic(TopicArn=self.topic)
        self.sqs.delete_queue(QueueUrl=self.queue)


@pytest.fixture
def alarm(aws: dict[str, str]) -> Iterator[Alarm]:
    made = Alarm(f"alarms-{uuid.uuid4().hex[:8]}")
    yield made
    made.remove()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"ComparisonOperator": ">="},
            "Value '>=' at 'comparisonOperator' failed to satisfy constraint: Member must satisfy enum",
        ),
        ({"Statistic": "Median"}, "Value 'Median' at 'statistic' failed to satisfy constraint"),
        ({"Statistic": None}, "Exactly one of the parameters Statistic and ExtendedStatistic"),
        ({"Statistic": None, "ExtendedStatistic": "q99"}, "The value q99 for parameter ExtendedStatistic"),
        ({"Period": 45}, "Period must be 10, 20, 30 or a multiple of 60"),
        (
            {"Period": 300, "EvaluationPeriods": 289},
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).",
        ),
        ({"Period": 3600, "EvaluationPeriods": 169}, "(EvaluationPeriods * Period must be <= 604800)."),
        ({"DatapointsToAlarm": 2}, "datapoints to alarm are at most 1"),
        ({"TreatMissingData": "zero"}, "The value zero is not supported for TreatMissingData parameter."),
        ({"MetricName": None}, "MetricName must not be null"),
        ({"AlarmActions": ["nobody"]}, "Invalid arn syntax: nobody"),
        (
            {"AlarmActions": [f"arn:aws:sns:eu-west-1:{ACCOUNT}:topic"]},
            "Invalid region eu-west-1 specified. Only us-east-1 is supported.",
        ),
        (
            {"OKActions": [f"arn:aws:sns:{REGION}:{ACCOUNT}:{number}" for number in range(6)]},
            "Member must have length less than or equal to 5",
        ),
    ],
)
def test_what_is_refused(alarm: Alarm, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ClientError) as error:
        alarm.put(**settings)
    assert error.value.response["Error"]["Code"] == "ValidationError"
    assert said in error.value.response["Error"]["Message"]
    assert alarm.cloudwatch.describe_alarms(AlarmNames=[alarm.name])["MetricAlarms"] == []
    assert alarm.history() == []


@pytest.mark.parametrize(
    "settings", [{"Period": 20}, {"Statistic": None, "ExtendedStatistic": "TM(10%:90%)"}]
)
def test_what_is_taken(alarm: Alarm, settings: dict[str, Any]) -> None:
    alarm.put(**settings)
    assert settings.items() <= {"Statistic": None, **alarm.described()}.items()


def test_the_reason_names_the_datapoint(alarm: Alarm) -> None:
    alarm.put()
    alarm.count(2)
    alarm.becomes("ALARM")
    described = alarm.described()
    assert re.fullmatch(
        r"Threshold Crossed: 1 datapoint \[2\.0 \(\d\d/\d\d/\d\d \d\d:\d\d:00\)\] "
        r"was greater than or equal to the threshold \(1\.0\)\.",
        described["StateReason"],
    )
    data = json.loads(described["StateReasonData"])
    assert (data["version"], data["statistic"], data["period"]) == ("1.0", "Sum", 300)
    assert (data["recentDatapoints"], data["threshold"]) == ([2.0], 1.0)
    assert described["StateTransitionedTimestamp"] <= described["StateUpdatedTimestamp"]


def test_the_message_has_cloudwatch_s_keys(alarm: Alarm) -> None:
    # Without data its evaluations leave this one as it is.
    alarm.put(DatapointsToAlarm=1, Dimensions=[{"Name": "who", "Value": "me"}], TreatMissingData="ignore")
    alarm.set("ALARM", "trying it out")
    message = alarm.message()
    described = alarm.described()
    changed = datetime.strptime(message.pop("StateChangeTime"), "%Y-%m-%dT%H:%M:%S.%f%z")
    # Both in milliseconds: that is what the API answers.
    assert abs((changed - described["StateUpdatedTimestamp"]).total_seconds()) < 0.002
    assert re.fullmatch(r"[\d-]{10}T[\d:]{8}\.\d{3}\+0000", message.pop("AlarmConfigurationUpdatedTimestamp"))
    assert message == {
        "AlarmName": alarm.name,
        "AlarmDescription": "tests",
        "AWSAccountId": ACCOUNT,
        "NewStateValue": "ALARM",
        "NewStateReason": "trying it out",
        "Region": "US East (N. Virginia)",
        "AlarmArn": alarm.arn,
        "OldStateValue": "INSUFFICIENT_DATA",
        "OKActions": [alarm.topic],
        "AlarmActions": [alarm.topic],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "reads",
            "Namespace": alarm.name,
            "StatisticType": "Statistic",
            "Statistic": "SUM",
            "Unit": None,
            "Dimensions": [{"name": "who", "value": "me"}],
            "Period": 300,
            "EvaluationPeriods": 1,
            "DatapointsToAlarm": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Threshold": 1.0,
            "TreatMissingData": "ignore",
            "EvaluateLowSampleCountPercentile": "",
        },
    }


def test_actions_run_when_the_state_changes_and_not_when_it_stays(alarm: Alarm) -> None:
    alarm.put(OKActions=[])
    alarm.count(1)
    assert alarm.message()["NewStateValue"] == "ALARM"
    reason = alarm.described()["StateReason"]
    alarm.count(1)
    wait_for("the second read in the reason", lambda: alarm.described()["StateReason"] != reason)
    assert len(alarm.history(HistoryItemType="Action")) == 1
    alarm.put()
    alarm.set("OK")
    assert alarm.message()["NewStateValue"] == "OK"


def test_actions_that_are_disabled_do_not_run(alarm: Alarm) -> None:
    alarm.put(TreatMissingData="ignore")
    alarm.cloudwatch.disable_alarm_actions(AlarmNames=[alarm.name])
    alarm.set("ALARM")
    assert alarm.described()["StateValue"] == "ALARM"
    assert alarm.messages() == []
    assert alarm.history(HistoryItemType="Action") == []
    alarm.cloudwatch.enable_alarm_actions(AlarmNames=[alarm.name])
    alarm.set("OK")
    assert alarm.message()["OldStateValue"] == "ALARM"


def test_a_state_set_by_hand_lasts_until_the_next_full_minute(alarm: Alarm, local_cloud: Any) -> None:
    alarm.put()
    alarm.becomes("OK")
    alarm.set("ALARM")
    assert (alarm.described()["StateValue"], alarm.described()["StateReason"]) == ("ALARM", "by hand")
    alarm.count(0)
    local_cloud.tick()
    assert alarm.described()["StateValue"] == "OK"
    assert [item["HistorySummary"] for item in alarm.history(HistoryItemType="StateUpdate")] == [
        "Alarm updated from ALARM to OK",
        "Alarm updated from OK to ALARM",
        "Alarm updated from INSUFFICIENT_DATA to OK",
    ]


def test_setting_a_state_is_refused_where_there_is_none(alarm: Alarm) -> None:
    alarm.put()
    with pytest.raises(ClientError, match="failed to satisfy constraint: Member must satisfy enum value set"):
        alarm.set("RINGING")
    with pytest.raises(alarm.cloudwatch.exceptions.ResourceNotFound):
        alarm.cloudwatch.set_alarm_state(AlarmName="none", StateValue="OK", StateReason="")
    with pytest.raises(alarm.cloudwatch.exceptions.InvalidFormatFault):
        alarm.cloudwatch.set_alarm_state(
            AlarmName=alarm.name, StateValue="OK", StateReason="", StateReasonData="{"
        )


def test_history_tells_of_changes_states_and_actions(alarm: Alarm) -> None:
    alarm.put(TreatMissingData="ignore")
    alarm.put(TreatMissingData="ignore", Threshold=2.0)
    alarm.set("ALARM")
    alarm.cloudwatch.delete_alarms(AlarmNames=[alarm.name])
    kinds_and_summaries = [
        ("ConfigurationUpdate", f'Alarm "{alarm.name}" created'),
        ("ConfigurationUpdate", f'Alarm "{alarm.name}" updated'),
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to ALARM"),
        ("Action", f"Successfully executed action {alarm.topic}"),
        ("ConfigurationUpdate", f'Alarm "{alarm.name}" deleted'),
    ]
    oldest_first = alarm.history(ScanBy="TimestampAscending")
    assert [(item["HistoryItemType"], item["HistorySummary"]) for item in oldest_first] == kinds_and_summaries
    newest_first = alarm.history()
    assert newest_first == oldest_first[::-1]
    assert {item["AlarmType"] for item in newest_first} == {"MetricAlarm"}
    assert alarm.history(AlarmTypes=["CompositeAlarm"]) == []
    hour = timedelta(hours=1)
    now = datetime.now(UTC)
    assert alarm.history(StartDate=now - hour, EndDate=now + hour) == newest_first
    assert alarm.history(StartDate=now + hour) == alarm.history(EndDate=now - hour) == []

    paginator = alarm.cloudwatch.get_paginator("describe_alarm_history")
    pages = list(paginator.paginate(AlarmName=alarm.name, PaginationConfig={"PageSize": 2}))
    assert [len(page["AlarmHistoryItems"]) for page in pages] == [2, 2, 1]
    assert [item for page in pages for item in page["AlarmHistoryItems"]] == newest_first

    update = json.loads(oldest_first[2]["HistoryData"])
    assert update["oldState"] == {
        "stateValue": "INSUFFICIENT_DATA",
        "stateReason": "Unchecked: Initial alarm creation",
    }
    assert update["newState"] == {"stateValue": "ALARM", "stateReason": "by hand"}
    action = json.loads(oldest_first[3]["HistoryData"])
    assert (action["actionState"], action["notificationResource"]) == ("Succeeded", alarm.topic)


def test_a_changed_alarm_keeps_its_state_and_its_tags(alarm: Alarm) -> None:
    alarm.put(TreatMissingData="ignore", Tags=[{"Key": "team", "Value": "red"}])
    alarm.set("ALARM")
    alarm.put(TreatMissingData="ignore", Threshold=3.0, Tags=[{"Key": "team", "Value": "blue"}])
    described = alarm.described()
    assert (described["StateValue"], described["StateReason"], described["Threshold"]) == (
        "ALARM",
        "by hand",
        3.0,
    )
    tags = alarm.cloudwatch.list_tags_for_resource(ResourceARN=alarm.arn)["Tags"]
    assert tags == [{"Key": "team", "Value": "red"}]


def test_a_composite_alarm_follows_and_tells(alarm: Alarm) -> None:
    alarm.put(TreatMissingData="ignore", AlarmActions=[], OKActions=[])
    name = f"{alarm.name}-composite"
    alarm.cloudwatch.put_composite_alarm(
        AlarmName=name, AlarmRule=f'ALARM("{alarm.arn}")', AlarmActions=[alarm.topic]
    )
    alarm.set("ALARM")
    message = alarm.message()
    assert (message["AlarmName"], message["NewStateValue"]) == (name, "ALARM")
    items = alarm.cloudwatch.describe_alarm_history(AlarmName=name, AlarmTypes=["CompositeAlarm"])
    kinds = {item["HistoryItemType"] for item in items["AlarmHistoryItems"]}
    assert kinds == {"Action", "ConfigurationUpdate", "StateUpdate"}
    alarm.cloudwatch.delete_alarms(AlarmNames=[name])
