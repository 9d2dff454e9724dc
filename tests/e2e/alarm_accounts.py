"""Accounts with an alarm that tells a topic, and what came of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import botocore.session
import clients
import pytest
from accounts import new_account_id
from botocore.exceptions import ClientError

from secretwatch.newer_operations import extend

REGION = "us-east-1"


@cache
def newer_session() -> Any:
    """Knows the operations that are newer than the oldest botocore."""
    session = botocore.session.get_session()
    extend(session.get_component("data_loader").load_service_model("cloudwatch", "service-2"))
    return session


class Account:
    """An account of the test's own with a topic, whose messages go to a queue."""

    def __init__(self) -> None:
        self.id = new_account_id()
        keys = {"aws_access_key_id": self.id, "aws_secret_access_key": "test", "region_name": REGION}
        self.cloudwatch: Any = newer_session().create_client("cloudwatch", **keys)
        self.sns, self.sqs = clients.client("sns", self.id), clients.client("sqs", self.id)
        self.topic = self.sns.create_topic(Name="topic")["TopicArn"]
        self.queue = self.sqs.create_queue(QueueName="queue")["QueueUrl"]
        endpoint = f"arn:aws:sqs:{REGION}:{self.id}:queue"
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=endpoint)

    def put(self, name: str = "alarm", **changes: Any) -> None:
        settings: dict[str, Any] = {
            "AlarmName": name,
            "Namespace": "tests",
            "MetricName": name,
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "ignore",
            "AlarmActions": [self.topic],
            "OKActions": [self.topic],
        } | changes
        self.cloudwatch.put_metric_alarm(
            **{name: value for name, value in settings.items() if value is not None}
        )

    def set(self, state: str, name: str = "alarm") -> None:
        self.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="by hand")

    def state(self, name: str = "alarm", kind: str = "MetricAlarms") -> str:
        found = self.cloudwatch.describe_alarms(AlarmNames=[name])[kind]
        return str(found[0]["StateValue"])

    def told(self) -> list[str]:
        """The alarm's name and new state of each message that came since the last time."""
        found: list[str] = []
        while got := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for each in got:
                message = json.loads(json.loads(each["Body"])["Message"])
                found.append(f"{message['AlarmName']} {message['NewStateValue']}")
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=each["ReceiptHandle"])
        return found

    def actions(self, name: str = "alarm") -> list[dict[str, Any]]:
        items = self.cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action")
        return list(items["AlarmHistoryItems"])

    def mute(self, name: str = "rule", *, minutes: int = 60, **changes: Any) -> None:
        """From an hour ago."""
        at = datetime.now(UTC) - timedelta(hours=1)
        schedule = {"Expression": f"at({at:%Y-%m-%dT%H:%M})", "Duration": f"PT{minutes}M"}
        put = {"Name": name, "Rule": {"Schedule": schedule}, "MuteTargets": {"AlarmNames": ["alarm"]}}
        self.cloudwatch.put_alarm_mute_rule(**(put | changes))


def refused(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    answer = error.value.response["Error"]
    return answer["Code"], answer["Message"]


def metric(name: str, **more: Any) -> dict[str, Any]:
    stat = {"Metric": {"Namespace": "tests", "MetricName": name}, "Period": 300, "Stat": "Sum"}
    return {"Id": name, "MetricStat": stat, "ReturnData": False} | more


NO_METRIC = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period"))


SUM = {"Id": "all", "Expression": "SUM([a, FILL(b, 0)])"}
