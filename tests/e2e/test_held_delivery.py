"""Delivery held and released, as AWS's delay: what is decided at the call, and what only at its arrival."""

from __future__ import annotations

import gzip
import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from channels import Channels
from commands import Runner
from deployment import wait_for
from sinks import allow, document

from secretwatch import local
from secretwatch.cli.local import local as command


class Watched(Channels):
    """An account with all channels, and a queue on each of its topics."""

    def __init__(self) -> None:
        super().__init__()
        self.logs, self.s3 = self.session.client("logs"), self.session.client("s3")
        self.cloudwatch = self.session.client("cloudwatch")
        self.secrets = self.session.client("secretsmanager")
        self.queues = {topic: self.queue(topic) for topic in (self.alerts, self.files)}
        self.received: dict[str, list[Any]] = {topic: [] for topic in self.queues}

    def queue(self, topic: str) -> str:
        name = topic.rpartition(":")[2]
        url = str(self.sqs.create_queue(QueueName=name)["QueueUrl"])
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{self.id}:{name}")
        return url

    def told(self, topic: str) -> list[Any]:
        """The messages of a topic so far: all that were sent before one that is sent now."""
        marker = str(uuid.uuid4())
        self.sns.publish(TopicArn=topic, Message=marker)
        wait_for("the marker", lambda: marker in self._receive(topic))
        return [each for each in self.received[topic] if "{" in each or "SECRET" in each]

    def _receive(self, topic: str) -> list[Any]:
        while found := self.sqs.receive_message(QueueUrl=self.queues[topic], MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in found:
                self.received[topic].append(json.loads(message["Body"])["Message"])
                self.sqs.delete_message(QueueUrl=self.queues[topic], ReceiptHandle=message["ReceiptHandle"])
        return self.received[topic]

    def read(self) -> str:
        """Read the secret; the request's id."""
        answer = self.secrets.get_secret_value(SecretId=self.secret)
        return str(answer["ResponseMetadata"]["RequestId"])

    def in_files(self) -> list[list[str]]:
        """The reads' request ids in each log file, oldest file first; of one second, in any order."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        objects = [each for page in pages for each in page.get("Contents", [])]
        bodies = [
            self.s3.get_object(Bucket=self.bucket, Key=each["Key"])["Body"].read()
            for each in sorted(objects, key=lambda each: each["LastModified"])
        ]
        found = [reads(json.loads(gzip.decompress(body))["Records"]) for body in bodies]
        return [each for each in found if each]

    def in_logs(self) -> list[str]:
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName="payments")
        return reads([json.loads(event["message"]) for page in pages for event in page["events"]])

    def in_history(self) -> list[str]:
        found = self.cloudtrail.lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "GetSecretValue"}]
        )["Events"]
        return reads([json.loads(each["CloudTrailEvent"]) for each in found])[::-1]

    def by_rule(self) -> list[str]:
        return [each for each in self.told(self.alerts) if '"SECRET READ"' in each]

    def by_alarm(self) -> list[str]:
        return [each for each in self.told(self.alerts) if "AlarmName" in each]

    def state(self) -> str:
        (alarm,) = self.cloudwatch.describe_alarms(AlarmNames=["payments-secret-read"])["MetricAlarms"]
        return str(alarm["StateValue"])

    def counted(self) -> float:
        (data,) = self.cloudwatch.get_metric_data(
            StartTime=0,
            EndTime=4_000_000_000,
            MetricDataQueries=[
                {
                    "Id": "reads",
                    "MetricStat": {
                        "Metric": {"Namespace": "payments", "MetricName": "reads"},
                        "Period": 86_400,
                        "Stat": "Sum",
                    },
                }
            ],
        )["MetricDataResults"]
        return float(sum(data["Values"]))


def reads(records: list[dict[str, Any]]) -> list[str]:
    return [record["requestID"] for record in records if record["eventName"] == "GetSecretValue"]


Held = Callable[..., local.HeldDelivery]


@pytest.fixture
def account(aws: dict[str, str]) -> Iterator[Watched]:
    made = Watched()
    yield made
    for trail in made.cloudtrail.list_trails()["Trails"]:
        made.cloudtrail.delete_trail(Name=trail["Name"])


def seconds(iso: str) -> int:
    return int(datetime.fromisoformat(iso).timestamp())


def files_told(account: Watched) -> list[Any]:
    return [each for each in account.told(account.files) if "s3ObjectKey" in each]


def test_while_held_nothing_arrives_and_then_everything_does(account: Watched, held_delivery: Held) -> None:
    held = held_delivery()
    held.release(first=0)  # what was called before is delivered
    before = len(files_told(account))
    read = account.read()
    # Another delivery, of nothing: what did not come with it is held.
    assert held.release(first=0) == {"trail": 0, "events": 0, "history": 0}
    assert held.calls() > 0
    assert (account.in_files(), account.in_logs(), account.in_history(), account.by_rule()) == (
        [],
        [],
        [],
        [],
    )
    assert len(files_told(account)) == before
    held.release()
    assert account.in_files() == [[read]]
    assert account.in_logs() == account.in_history() == [read]
    assert len(account.by_rule()) == 1
    assert len(files_told(account)) > before
    wait_for("the alarm", lambda: account.state() == "ALARM")
    assert held.calls() == 0


def test_one_channel_can_be_held_alone(account: Watched, held_delivery: Held) -> None:
    held = held_delivery("trail")
    read = account.read()
    assert account.in_history() == [read]
    wait_for("the rule's message", account.by_rule)
    held.release(first=0)
    assert account.in_logs() == []
    held.release()
    assert account.in_logs() == [read]


def test_a_part_comes_in_another_order_and_all_of_it_twice(account: Watched, held_delivery: Held) -> None:
    held = held_delivery()
    first, second, third = (account.read() for _ in range(3))
    assert held.release(first=1) == {"trail": 1, "events": 1, "history": 1}
    assert (account.in_files(), account.in_history(), len(account.by_rule())) == ([[first]], [first], 1)
    held.release(reordered=True, twice=True)
    assert sorted(account.in_files()) == sorted([[first], [third, second], [third, second]])
    assert account.in_logs().count(third) == account.in_logs().count(second) == 2
    assert account.in_history() == [first, second, third]
    assert len(account.by_rule()) == 5
    assert account.counted() == 5


def delete_filter(account: Watched) -> None:
    account.logs.delete_metric_filter(logGroupName="payments", filterName="reads")


def delete_alarm(account: Watched) -> None:
    account.cloudwatch.delete_alarms(AlarmNames=["payments-secret-read"])


def delete_rule(account: Watched) -> None:
    account.events.remove_targets(Rule="reads", Ids=["topic"])
    account.events.delete_rule(Name="reads")


def shut_out(account: Watched) -> None:
    account.session.client("iam").delete_role_policy(RoleName="deliver", PolicyName="write")


DECIDED_AT_ARRIVAL = {
    "nothing": (lambda account: None, (1, 1.0, 1, 1)),
    "the filter goes": (delete_filter, (1, 0.0, 0, 1)),
    "the alarm goes": (delete_alarm, (1, 1.0, 0, 1)),
    "the rule goes": (delete_rule, (1, 1.0, 1, 0)),
    "the role lets nobody in": (shut_out, (0, 0.0, 0, 1)),
    # AWS documents it of a stopped trail; of a deleted one it says nothing.
    "the trail stops": (lambda account: account.cloudtrail.stop_logging(Name="payments"), (1, 1.0, 1, 1)),
    "the trail goes": (lambda account: account.cloudtrail.delete_trail(Name="payments"), (1, 1.0, 1, 1)),
}


@pytest.mark.parametrize("what", DECIDED_AT_ARRIVAL)
def test_what_is_done_after_a_read_and_before_it_arrives(
    account: Watched, local_cloud: local.LocalCloud, held_delivery: Held, what: str
) -> None:
    do, expected = DECIDED_AT_ARRIVAL[what]
    held = held_delivery()
    account.read()
    do(account)
    held.release()
    local_cloud.tick()
    in_logs, counted = len(account.in_logs()), account.counted()
    assert (in_logs, counted, len(account.by_alarm()), len(account.by_rule())) == expected
    # Of all this the log files and the history know.
    assert len(account.in_files()) == len(account.in_history()) == 1


def test_a_filter_made_after_the_read_and_before_it_arrives_counts_it(
    account: Watched, held_delivery: Held
) -> None:
    held = held_delivery()
    delete_filter(account)
    account.read()
    account._alarm()
    held.release()
    assert account.counted() == 1


def test_what_a_stopped_trail_did_not_log_does_not_come_later(account: Watched, held_delivery: Held) -> None:
    held = held_delivery()
    account.cloudtrail.stop_logging(Name="payments")
    account.read()
    held.release()
    assert (account.in_logs(), account.by_rule(), len(account.in_history())) == ([], [], 1)


def test_a_sink_that_refuses_at_arrival_gets_it_when_it_lets_in(
    account: Watched, held_delivery: Held
) -> None:
    held = held_delivery()
    account.s3.delete_bucket_policy(Bucket=account.bucket)
    read = account.read()
    held.release()
    assert account.cloudtrail.get_trail_status(Name="payments")["LatestDeliveryError"] == "AccessDenied"
    arn = f"arn:aws:s3:::{account.bucket}"
    policy = document(allow("s3:GetBucketAcl", arn), allow("s3:PutObject", f"{arn}/*"))
    account.s3.put_bucket_policy(Bucket=account.bucket, Policy=policy)
    wait_for("the log file", lambda: [read] in account.in_files())


def test_events_keep_the_time_of_the_call(account: Watched, held_delivery: Held) -> None:
    """Arrived is when the log file and the log event say."""
    held = held_delivery()
    account.read()
    called_by = int(time.time())
    wait_for("another second", lambda: int(time.time()) > called_by)
    released_at = int(time.time())
    held.release()
    (event,) = account.logs.filter_log_events(
        logGroupName="payments", filterPattern='{ $.eventName = "GetSecretValue" }'
    )["events"]
    assert event["timestamp"] // 1000 >= released_at
    assert seconds(json.loads(event["message"])["eventTime"]) < released_at


def test_what_is_set_by_hand_stays_until_a_minute_passes(
    account: Watched, local_cloud: local.LocalCloud
) -> None:
    account.read()
    wait_for("the alarm", lambda: account.state() == "ALARM")
    account.cloudwatch.set_alarm_state(
        AlarmName="payments-secret-read", StateValue="OK", StateReason="by hand"
    )
    before = local_cloud.tick()
    assert account.state() == "ALARM"
    # As old as that nothing counts any more: three windows of 5 minutes.
    assert local_cloud.tick(16) == before + 16 * 60
    assert account.state() == "OK"
    account.read()
    wait_for("the alarm", lambda: account.state() == "ALARM")


def test_at_the_terminal(
    account: Watched, local_cloud: local.LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRETWATCH_STATE_DIR", str(local_cloud.state_dir))

    def said(*arguments: str) -> str:
        result = Runner().invoke(command, arguments)
        assert result.exit_code == 0, result.output
        return result.output

    try:
        assert said("hold", "trail", "history").splitlines() == ["Held: trail, history."]
        assert "That was held already." in said("hold", "trail")
        first, second = account.read(), account.read()
        status = json.loads(said("status", "--json"))["held"]
        assert [(each["channel"], each["calls"]) for each in status] == [("trail", 2), ("history", 2)]
        assert f"held trail: 2 calls since {status[0]['since']}" in said("status")
        assert said("release", "history", "--first", "1").splitlines() == [
            "history: 1 call released",
            "trail: still held, 2 calls",
            "history: still held, 1 call",
        ]
        assert account.in_history() == [first]
    finally:
        released = said("release", "--reordered", "--twice")
    assert "trail: 3 calls released" in released  # a look at the history is one
    assert account.in_files() == [[second, first]] * 2
    assert said("tick", "--minutes", "2").startswith("Alarms were evaluated, and what was due has begun: ")
    assert json.loads(said("status", "--json"))["held"] == []


def test_only_a_post_of_json_changes_something(local_cloud: local.LocalCloud) -> None:
    for path in ("hold", "release", "tick"):
        url = f"{local_cloud.url}/_secretwatch/{path}"
        with pytest.raises(urllib.error.HTTPError, match=r"405|404"):
            urllib.request.urlopen(url)
        form = urllib.request.Request(url, b"channels=trail", method="POST")
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(form)
    assert local_cloud.held() == []


def test_up_at_full_minutes_and_down_while_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cloud of its own, as it is stopped: what it held is dropped, and said."""
    monkeypatch.setenv("SECRETWATCH_STATE_DIR", str(tmp_path / "state"))

    def said(*arguments: str) -> str:
        result = Runner().invoke(command, arguments)
        assert result.exit_code == 0, result.output
        return result.output

    try:
        said("up", "--port", "0", "--alarm-tick", "minute")
        assert "at full minutes" in said("status")
        running = local.require(tmp_path / "state")
        session = boto3.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
        )
        cloudwatch = session.client("cloudwatch", endpoint_url=running.url)
        cloudwatch.put_metric_alarm(
            AlarmName="reads",
            Namespace="n",
            MetricName="reads",
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
        )
        states = []
        for value in (None, 1.0):
            if value:
                cloudwatch.put_metric_data(
                    Namespace="n", MetricData=[{"MetricName": "reads", "Value": value}]
                )
            said("tick")
            states.append(cloudwatch.describe_alarms()["MetricAlarms"][0]["StateValue"])
        assert states == ["OK", "ALARM"]
        said("hold", "history")
        cloudwatch.describe_alarms()
    finally:
        down = said("down")
    assert down.splitlines() == ["dropped 1 call held back from the history", "The local cloud is down."]
