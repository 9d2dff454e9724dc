"""The metrics that AWS's services publish of themselves, and what becomes of events that fail."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import clients
import pytest
from accounts import new_account_id
from deployment import wait_for
from sinks import REGION, Sinks, all_sinks, allow, client, document


class Account:
    """An account of a test's own."""

    def __init__(self) -> None:
        self.id = new_account_id()
        self.cloudwatch, self.events, self.logs, self.sns, self.sqs = (
            clients.client(name, self.id) for name in ("cloudwatch", "events", "logs", "sns", "sqs")
        )

    def sum(self, namespace: str, name: str, **dimensions: str) -> float:
        return total(self.cloudwatch, namespace, name, **dimensions)

    def queue(self, name: str, policy: str | None = None) -> tuple[str, str]:
        """Make a queue: its URL and ARN."""
        attributes = {"Policy": policy} if policy else {}
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, f"arn:aws:sqs:{REGION}:{self.id}:{name}"

    def put_event(self, detail: dict[str, Any]) -> None:
        entry = {"Source": "tests", "DetailType": "test", "Detail": json.dumps(detail)}
        assert self.events.put_events(Entries=[entry])["FailedEntryCount"] == 0


def total(cloudwatch: Any, namespace: str, name: str, **dimensions: str) -> float:
    """The metric's sum over the last hour."""
    now = datetime.now(UTC)
    found = cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": each, "Value": value} for each, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(each["Sum"] for each in found))


@pytest.fixture
def account(aws: dict[str, str]) -> Account:
    return Account()


def put_log_events(account: Account, group: str, *messages: str) -> None:
    now = int(datetime.now(UTC).timestamp() * 1000)
    events = [{"timestamp": now, "message": message} for message in messages]
    account.logs.put_log_events(logGroupName=group, logStreamName="stream", logEvents=events)


def make_group(account: Account, name: str) -> None:
    account.logs.create_log_group(logGroupName=name)
    account.logs.create_log_stream(logGroupName=name, logStreamName="stream")


def test_log_events_that_come_in_are_counted(account: Account) -> None:
    for group in ("one", "other"):
        make_group(account, group)
    put_log_events(account, "one", "a", "bcé")
    put_log_events(account, "other", "x")
    put_log_events(account, "one", "d")

    wait_for("all", lambda: account.sum("AWS/Logs", "IncomingLogEvents") == 4)
    assert account.sum("AWS/Logs", "IncomingLogEvents", LogGroupName="one") == 3
    assert account.sum("AWS/Logs", "IncomingLogEvents", LogGroupName="other") == 1
    assert account.sum("AWS/Logs", "IncomingBytes", LogGroupName="one") == 1 + 4 + 1 + 3 * 26


def test_what_a_trail_delivers_comes_in(aws: dict[str, str]) -> None:
    with all_sinks("incoming") as sinks:
        sinks.undo.append(lambda: sinks.cloudtrail.stop_logging(Name=sinks.name))
        sinks.create(EnableLogFileValidation=False)
        sinks.undo.append(lambda: empty(sinks))
        sinks.cloudtrail.start_logging(Name=sinks.name)
        cloudwatch = client("cloudwatch")
        wait_for(
            "events",
            lambda: total(cloudwatch, "AWS/Logs", "IncomingLogEvents", LogGroupName=sinks.name) > 0,
        )


def empty(sinks: Sinks) -> None:
    for each in sinks.s3.list_objects_v2(Bucket=sinks.bucket).get("Contents", []):
        sinks.s3.delete_object(Bucket=sinks.bucket, Key=each["Key"])


def test_an_alarm_rings_for_a_log_group_without_events(account: Account) -> None:
    make_group(account, "silent")
    account.cloudwatch.put_metric_alarm(
        AlarmName="silence",
        Namespace="AWS/Logs",
        MetricName="IncomingLogEvents",
        Dimensions=[{"Name": "LogGroupName", "Value": "silent"}],
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=12,
        ComparisonOperator="LessThanThreshold",
        Threshold=1,
        TreatMissingData="breaching",
    )

    def state() -> str:
        (alarm,) = account.cloudwatch.describe_alarms(AlarmNames=["silence"])["MetricAlarms"]
        return str(alarm["StateValue"])

    wait_for("ALARM", lambda: state() == "ALARM")
    put_log_events(account, "silent", "not any more")
    wait_for("OK", lambda: state() == "OK")


class Rule:
    """A rule for the events of tests, with a topic as its target and a dead-letter queue."""

    def __init__(self, account: Account, may_send: bool = True) -> None:
        self.name = f"rule-{uuid.uuid4()}"
        self.arn = f"arn:aws:events:{REGION}:{account.id}:rule/{self.name}"
        self.sqs = account.sqs
        arn = f"arn:aws:sqs:{REGION}:{account.id}:{self.name}"
        policy = document(
            allow("sqs:SendMessage", arn, "events.amazonaws.com", equals={"aws:SourceArn": self.arn})
        )
        self.queue, self.queue_arn = account.queue(self.name, policy if may_send else None)
        self.topic = account.sns.create_topic(Name=self.name)["TopicArn"]
        account.events.put_rule(Name=self.name, EventPattern=json.dumps({"source": ["tests"]}))
        account.events.put_targets(
            Rule=self.name,
            Targets=[
                {
                    "Id": "topic",
                    "Arn": self.topic,
                    "DeadLetterConfig": {"Arn": self.queue_arn},
                    "InputPath": "$.detail",
                }
            ],
        )

    def letters(self) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(QueueUrl=self.queue, MessageAttributeNames=["All"])
        return list(answer.get("Messages", []))


def test_an_event_that_its_target_refuses_becomes_a_dead_letter(account: Account) -> None:
    rule = Rule(account)
    account.put_event({"number": 1})

    (letter,) = wait_for("the letter", rule.letters)
    event = json.loads(letter["Body"])
    assert event["detail"] == {"number": 1}
    assert event["source"] == "tests"
    attributes = {name: each["StringValue"] for name, each in letter["MessageAttributes"].items()}
    assert attributes.pop("ERROR_MESSAGE")
    assert attributes == {"RULE_ARN": rule.arn, "TARGET_ARN": rule.topic, "ERROR_CODE": "NO_PERMISSIONS"}
    wait_for("the count", lambda: account.sum("AWS/Events", "FailedInvocations", RuleName=rule.name) == 1)
    wait_for("the other", lambda: account.sum("AWS/Events", "InvocationsSentToDlq", RuleName=rule.name) == 1)
    assert account.sum("AWS/Events", "Invocations", RuleName=rule.name) == 0


def test_a_queue_that_does_not_let_eventbridge_send_gets_no_letters(account: Account) -> None:
    rule = Rule(account, may_send=False)
    account.put_event({"number": 1})

    metric = "InvocationsFailedToBeSentToDlq"
    wait_for("the count", lambda: account.sum("AWS/Events", metric, RuleName=rule.name) == 1)
    assert not rule.letters()


def test_an_event_that_arrives_is_no_failure(account: Account) -> None:
    rule = Rule(account)
    policy = document(allow("sns:Publish", rule.topic, "events.amazonaws.com"))
    account.sns.set_topic_attributes(TopicArn=rule.topic, AttributeName="Policy", AttributeValue=policy)
    account.put_event({"number": 1})

    wait_for("the count", lambda: account.sum("AWS/Events", "Invocations", RuleName=rule.name) == 1)
    assert account.sum("AWS/Events", "FailedInvocations", RuleName=rule.name) == 0
    assert not rule.letters()


def test_notifications_that_fail_are_counted(account: Account) -> None:
    topic = account.sns.create_topic(Name="topic")["TopicArn"]
    for name in ("stays", "goes"):
        url, arn = account.queue(name)
        account.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    account.sqs.delete_queue(QueueUrl=url)
    account.sns.publish(TopicArn=topic, Message="hello")

    wait_for("one", lambda: account.sum("AWS/SNS", "NumberOfNotificationsFailed", TopicName="topic") == 1)
    wait_for(
        "other", lambda: account.sum("AWS/SNS", "NumberOfNotificationsDelivered", TopicName="topic") == 1
    )
