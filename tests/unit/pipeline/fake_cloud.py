"""A cloud of plain objects on a clock of its own: each hop shows the read as late as a test says."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from secretwatch.pipeline.smoke_report import HopResult

VALUE = "we need 3 coffees a day to function"
TOPIC = "arn:aws:sns:us-east-1:111111111111:watch"
FILES = "arn:aws:sns:us-east-1:111111111111:files"
FACTS = {
    "name": "watch",
    "region": "us-east-1",
    "account_id": "111111111111",
    "secrets": ["TopSecretInfo"],
    "secret_arn": "arn:aws:secretsmanager:us-east-1:111111111111:secret:TopSecretInfo-AbCdEf",
    "secret_name": "TopSecretInfo",
    "trail_arn": "arn:aws:cloudtrail:us-east-1:111111111111:trail/watch",
    "trail_name": "watch",
    "bucket_name": "logs",
    "log_group_name": "/watch",
    "metric_namespace": "secretwatch",
    "metric_name": "reads",
    "alarm_name": "watch-reads",
    "alarm_period": 300,
    "topic_arn": TOPIC,
}
NEVER = float("inf")
BEGIN = datetime(2026, 1, 1, 23, 59, 50, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.elapsed = 0.0
        self.at: dict[float, Callable[[], None]] = {}

    def time(self) -> float:
        return BEGIN.timestamp() + self.elapsed

    def monotonic(self) -> float:
        return 1000.0 + self.elapsed

    def sleep(self, seconds: float) -> None:
        # Time that does not move would be a loop without an end.
        self.elapsed += max(seconds, 0.001)
        for due in [due for due in self.at if due <= self.elapsed]:
            self.at.pop(due)()


class AtOnce(Executor):
    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def refused(operation: str, code: str, message: str = "no", status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},
        operation,
    )


class Cloud:
    """Seconds after the read at which each hop shows it; `errors`: what an operation raises instead."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.recorded, self.file, self.log, self.metric, self.alarm, self.action = (
            1.0,
            2.0,
            3.0,
            4.0,
            5.0,
            5.0,
        )
        self.errors: dict[str, ClientError | Exception] = {}
        self.calls: list[str] = []
        self.agents: set[str] = set()
        self.account = FACTS["account_id"]
        self.state_before = "OK"
        self.ok_again = NEVER
        self.trail_status: dict[str, Any] = {"IsLogging": True}
        self.action_summary = f"Successfully executed action {TOPIC}"
        self.action_data = ""
        self.subscriptions = [
            {"Protocol": "email", "Endpoint": "ops@example.com", "SubscriptionArn": TOPIC + ":1"}
        ]
        self.counted_before: dict[datetime, float] = {}
        self.events_before: list[datetime] = []
        self.read_at: float | None = None
        self.user_agent = ""
        self.request_id = "request-1"
        self.reads: list[dict[str, Any]] = []
        # How many of the newest reads no log, file, history or rule has.
        self.lost = 0
        self.metric_counts: float | None = None
        # Messages of the rule, and of the alarm, on the topic.
        self.realtime, self.delivered = 3.0, 6.0
        self.realtime_text = "SECRET READ\nagent {agent}"
        self.published: set[str] = set()
        self.notified = 4.0
        # What was before: datapoints are `counted_before`.
        self.older_files: list[datetime] = []
        self.older_alarms = 0
        self.mails: list[dict[str, Any]] | None = None
        self.endpoint_url = "https://secretsmanager.us-east-1.amazonaws.com"
        self.file_day: datetime | None = None
        self.queues: dict[str, Queue] = {}
        self.subscribed: dict[str, Queue] = {}
        # What an operation raises after it was done, and what is called before it.
        self.after: dict[str, BaseException] = {}
        self.before: dict[str, Callable[[], None]] = {}
        self.noise_files = 0

    # What boto3 offers.

    def client(self, service: str, *, config: Any, **_: Any) -> Any:
        return _Client(self, config, self.endpoint_url)

    def since(self, seconds: float) -> bool:
        return self.read_at is not None and self.clock.elapsed - self.read_at >= seconds

    def event(self, **changes: Any) -> dict[str, Any]:
        return {
            "eventName": "GetSecretValue",
            "eventID": "event-1",
            "requestID": self.request_id,
            "userAgent": self.user_agent,
        } | changes

    def own_events(self) -> list[dict[str, Any]]:
        kept = self.reads[: len(self.reads) - self.lost]
        return [self.event()] if len(self.reads) == 1 else [self.event(**read) for read in kept]

    def other_event(self) -> dict[str, Any]:
        return self.event(requestID="another", eventID="event-0", userAgent="Boto3")

    def get_caller_identity(self) -> Any:
        return {"Account": self.account}

    def get_secret_value(self, SecretId: str, app_id: str) -> Any:
        self.read_at = self.clock.elapsed
        self.user_agent = f"Boto3/1 app/{app_id}"
        number = len(self.reads) + 1
        self.request_id = f"request-{number}"
        self.reads.append(
            {
                "requestID": self.request_id,
                "eventID": f"event-{number}",
                "userAgent": self.user_agent,
            }
        )
        date = format_datetime(datetime.fromtimestamp(self.clock.time(), UTC), usegmt=True)
        return {
            "SecretString": VALUE,
            "ResponseMetadata": {"RequestId": self.request_id, "HTTPHeaders": {"date": date}},
        }

    def describe_secret(self, SecretId: str) -> Any:
        return {}

    def list_secrets(self, MaxResults: int) -> Any:
        return {}

    def lookup_events(self, **request: Any) -> Any:
        if "NextToken" not in request:
            return {"Events": [{"CloudTrailEvent": json.dumps(self.other_event())}], "NextToken": "2"}
        seen = self.own_events() if self.since(self.recorded) else []
        return {"Events": [{"CloudTrailEvent": json.dumps(event)} for event in seen]}

    def get_trail(self, Name: str) -> Any:
        return {"Trail": {"S3KeyPrefix": "evidence"}}

    def get_trail_status(self, Name: str) -> Any:
        return self.trail_status

    def list_objects_v2(self, Bucket: str, Prefix: str, StartAfter: str = "", Delimiter: str = "") -> Any:
        assert Bucket == "logs"
        root = "evidence/AWSLogs/111111111111/CloudTrail/"
        if Delimiter:
            assert Prefix == root
            return {"CommonPrefixes": [{"Prefix": f"{root}us-east-1/"}]} if self.older_files else {}
        if not StartAfter:
            days = [at for at in self.older_files if Prefix == f"{root}us-east-1/{at:%Y/%m/%d}/"]
            return {"Contents": [{"Key": "a", "LastModified": at} for at in days]}
        keys = []
        if self.since(self.file):
            day = self.file_day or BEGIN + timedelta(seconds=self.read_at or 0)
            stem = (
                f"evidence/AWSLogs/111111111111/CloudTrail/us-east-1/{day:%Y/%m/%d}/"
                f"111111111111_CloudTrail_us-east-1_{day:%Y%m%dT%H%MZ}_"
            )
            keys = [f"{stem}{number:016d}.json.gz" for number in range(1, self.noise_files + 2)]
        return {"Contents": [{"Key": key} for key in keys if key.startswith(Prefix) and key > StartAfter]}

    def get_object(self, Bucket: str, Key: str) -> Any:
        is_last = Key.endswith(f"{self.noise_files + 1:016d}.json.gz")
        records = [self.other_event(), *(self.own_events() if is_last else [])]
        body = gzip.compress(json.dumps({"Records": records}).encode())
        return {"Body": SimpleNamespace(read=lambda: body)}

    def filter_log_events(self, **request: Any) -> Any:
        assert request["logGroupName"] == "/watch"
        # As an endpoint does that ignores the pattern.
        messages = ["no JSON", json.dumps(self.other_event())]
        if self.since(self.log):
            messages += [json.dumps(event) for event in self.own_events()]
        return {"events": [{"message": message, "logStreamName": "stream"} for message in messages]}

    def get_metric_statistics(self, **request: Any) -> Any:
        if request["Namespace"] == "AWS/Logs":
            events = [{"Timestamp": at, "SampleCount": 1.0, "Sum": 9.0} for at in self.events_before]
            return {"Datapoints": events}
        assert (request["Namespace"], request["MetricName"]) == ("secretwatch", "reads")
        counted = dict(self.counted_before)
        if self.since(self.metric):
            minute = (BEGIN + timedelta(seconds=self.read_at or 0)).replace(second=0)
            counted[minute] = counted.get(minute, 0.0) + (self.metric_counts or float(len(self.reads)))
        # Somebody forged values: one of the filter's unit, which counts as any other would, and others.
        points = [
            {"Timestamp": at, "Unit": "Count", "SampleCount": count, "Sum": -1e6}
            for at, count in counted.items()
        ]
        return {
            "Datapoints": [p for p in points if request["StartTime"] <= p["Timestamp"] < request["EndTime"]]
        }

    def describe_alarms(self, AlarmNames: list[str], AlarmTypes: list[str]) -> Any:
        state = self.state_before
        if self.clock.elapsed >= self.ok_again:
            state = "OK"
        if self.since(self.alarm):
            state = "ALARM"
        return {
            "MetricAlarms": [
                {
                    "AlarmName": AlarmNames[0],
                    "StateValue": state,
                    "StateReason": "Threshold Crossed: 1 datapoint [1.0 (01/01/26 23:55:00)]",
                    "Period": 300,
                    "EvaluationPeriods": 1,
                }
            ]
        }

    def describe_alarm_history(self, **request: Any) -> Any:
        if request["HistoryItemType"] == "StateUpdate":
            ok, rang = (
                {"HistorySummary": f"Alarm updated from {way}"} for way in ("ALARM to OK", "OK to ALARM")
            )
            return {"AlarmHistoryItems": [rang, ok] * self.older_alarms}
        if not self.since(self.action):
            return {"AlarmHistoryItems": []}
        item = {"HistorySummary": self.action_summary, "HistoryData": self.action_data}
        return {"AlarmHistoryItems": [item]}

    def list_subscriptions_by_topic(self, TopicArn: str) -> Any:
        queues = [
            {"Protocol": "sqs", "Endpoint": queue.arn, "SubscriptionArn": arn}
            for arn, queue in self.subscribed.items()
            if queue.topic == TopicArn
        ]
        return {"Subscriptions": [*self.subscriptions, *queues]}

    # Queues. A message is seen once: the visibility timeout is longer than any run.

    def create_queue(self, QueueName: str, Attributes: dict[str, str], tags: dict[str, str]) -> Any:
        self.queues[f"https://sqs/{QueueName}"] = Queue(QueueName, Attributes)
        return {"QueueUrl": f"https://sqs/{QueueName}"}

    def get_queue_url(self, QueueName: str) -> Any:
        if f"https://sqs/{QueueName}" not in self.queues:
            raise refused("GetQueueUrl", "AWS.SimpleQueueService.NonExistentQueue")
        return {"QueueUrl": f"https://sqs/{QueueName}"}

    def delete_queue(self, QueueUrl: str) -> Any:
        if self.queues.pop(QueueUrl, None) is None:
            raise refused("DeleteQueue", "AWS.SimpleQueueService.NonExistentQueue")

    def subscribe(self, TopicArn: str, Protocol: str, Endpoint: str, **request: Any) -> Any:
        (queue,) = (queue for queue in self.queues.values() if queue.arn == Endpoint)
        queue.topic, queue.raw = TopicArn, request["Attributes"] == {"RawMessageDelivery": "true"}
        arn = f"{TopicArn}:{queue.name}"
        self.subscribed[arn] = queue
        return {"SubscriptionArn": arn}

    def unsubscribe(self, SubscriptionArn: str) -> Any:
        if self.subscribed.pop(SubscriptionArn, None) is None:
            raise refused("Unsubscribe", "NotFound", status=404)

    def receive_message(self, QueueUrl: str, MaxNumberOfMessages: int, WaitTimeSeconds: int) -> Any:
        if self.since(self.realtime):
            for event in self.own_events():
                text = self.realtime_text.format(agent=event["userAgent"], event=event["eventID"])
                self._publish_once(text)
        if self.since(self.delivered):
            self._publish_once(json.dumps({"AlarmName": FACTS["alarm_name"], "NewStateValue": "ALARM"}))
        if self.since(self.notified):
            key = f"AWSLogs/111111111111/CloudTrail/us-east-1/{self.noise_files + 1:016d}.json.gz"
            note = {"s3Bucket": "logs", "s3ObjectKey": [key], "reads": len(self.reads)}
            self._publish_once(json.dumps(note), FILES)
        waiting = self.queues[QueueUrl].messages
        now, later = waiting[:MaxNumberOfMessages], waiting[MaxNumberOfMessages:]
        self.queues[QueueUrl].messages = later
        return {"Messages": [{"Body": text} for text in now]} if now else {}

    def _publish_once(self, text: str, topic_arn: str = TOPIC) -> None:
        if text not in self.published:
            self.published.add(text)
            self.publish(topic_arn, text)

    def publish(self, topic_arn: str, text: str) -> None:
        for queue in self.subscribed.values():
            if queue.topic == topic_arn:
                queue.messages.append(text)


class Queue:
    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name, self.attributes = name, attributes
        self.arn = f"arn:aws:sqs:us-east-1:{FACTS['account_id']}:{name}"
        self.policy = json.loads(attributes["Policy"])
        self.topic: str | None = None
        self.raw = False
        self.messages: list[str] = []


class _Client:
    def __init__(self, cloud: Cloud, config: Any, endpoint_url: str) -> None:
        self._cloud, self._app_id, self._agent = cloud, config.user_agent_appid, config.user_agent_extra
        self.meta = SimpleNamespace(endpoint_url=endpoint_url)

    def __getattr__(self, operation: str) -> Any:
        def call(**request: Any) -> Any:
            self._cloud.calls.append(operation)
            self._cloud.agents.add(self._agent)
            self._cloud.before.get(operation, lambda: None)()
            error = self._cloud.errors.get(operation)
            if error:
                raise error
            if operation == "get_secret_value":
                request["app_id"] = self._app_id
            answer = getattr(self._cloud, operation)(**request)
            if operation in self._cloud.after:
                raise self._cloud.after[operation]
            return answer

        return call

    def get_paginator(self, operation: str) -> Any:
        return SimpleNamespace(paginate=lambda **request: [getattr(self, operation)(**request)])


class Told:
    """What an observer was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.hops: list[tuple[str, str]] = []
        self.awaited: list[tuple[float, list[str]]] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def hop(self, hop: HopResult) -> None:
        self.hops.append((hop.name, hop.status))

    def waiting(self, hops: list[HopResult], seconds: float) -> None:
        self.awaited.append((seconds, [hop.name for hop in hops]))
