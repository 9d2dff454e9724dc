"""Delivery: what trails recorded goes to S3, to the log group and, as a note, to a topic.

A sink that refuses keeps its events and is tried again at the next interval, as CloudTrail retries.
"""

from __future__ import annotations

import json
import logging
import random
import string
import threading
from collections import deque
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.connect import connect_to

from secretwatch.cloudtrail import Event, log_file_body, log_file_key, log_stream_name, notification
from secretwatch.localstack.trails import Pending, Trail, Trails, set_time

LOG = logging.getLogger(__name__)

# PutLogEvents: at most 10,000 events and 1,048,576 bytes, an event counting 26 bytes more than its
# message; no event over 256 KB reaches CloudWatch Logs.
_LOGS_EVENTS = 10_000
_LOGS_BYTES = 1_048_576
_LOGS_OVERHEAD = 26
_EVENT_BYTES = 256 * 1024
_FILE_EVENTS = 10_000


class Delivery:
    """A thread that delivers every ``interval`` seconds; ``flush()`` delivers what is there now."""

    def __init__(self, trails: Trails, interval: float) -> None:
        self._trails = trails
        self._interval = interval
        self._stop = threading.Event()
        self._busy = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="cloudtrail-delivery", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Deliver what was recorded so far, then end."""
        self._stop.set()
        self._thread.join(timeout=30)
        self.flush()

    def flush(self) -> None:
        with self._busy:
            for trail in self._trails.all():
                self._deliver(trail, self._trails.pending(trail))

    def _run(self) -> None:
        while not self._stop.wait(self._interval):
            try:
                self.flush()
            except Exception:
                LOG.exception("delivery failed; it is tried again in %s s", self._interval)

    def _deliver(self, trail: Trail, pending: Pending) -> None:
        clients = connect_to(aws_access_key_id=trail.account_id, region_name=trail.home_region)
        keys: list[str] = []
        try:
            for region, events in list(pending.s3.items()):
                while events:
                    keys.append(self._to_s3(trail, region, events, clients))
        except ClientError as error:
            _note_error(trail, "LatestDeliveryError", error)
        self._notify(trail, keys)
        try:
            self._to_logs(trail, pending.logs, clients)
        except ClientError as error:
            _note_error(trail, "LatestCloudWatchLogsDeliveryError", error)

    def _to_s3(self, trail: Trail, region: str, pending: deque[Event], clients: Any) -> str:
        """Store one log file and return its key; its events leave the queue once it is stored."""
        now = datetime.now(UTC)
        events = self._front(pending, _FILE_EVENTS)
        key = log_file_key(
            prefix=trail.s3_key_prefix,
            account_id=trail.account_id,
            region=region,
            at=now,
            unique="".join(random.choices(string.ascii_letters + string.digits, k=16)),
        )
        encryption = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": trail.kms_key_id}
            if trail.kms_key_id
            else {"ServerSideEncryption": "AES256"}
        )
        clients.s3.put_object(
            Bucket=trail.s3_bucket_name,
            Key=key,
            Body=log_file_body(events),
            ContentType="application/json",
            ContentEncoding="gzip",
            **encryption,
        )
        _drop_front(pending, len(events))
        trail.events_delivered += len(events)
        set_time(trail, "LatestDeliveryTime", now)
        trail.status["LatestDeliveryAttemptSucceeded"] = trail.status["LatestDeliveryAttemptTime"]
        trail.status.pop("LatestDeliveryError", None)
        return key

    def _front(self, pending: deque[Event], most: int) -> list[Event]:
        """The oldest events; they stay in the queue, to which others are being added."""
        with self._trails.lock:
            return list(islice(pending, most))

    def _notify(self, trail: Trail, keys: list[str]) -> None:
        topic_arn = trail.sns_topic_arn
        if not keys or topic_arn is None:
            return
        sns = connect_to(aws_access_key_id=topic_arn.split(":")[4], region_name=topic_arn.split(":")[3]).sns
        for key in keys:
            try:
                sns.publish(
                    TopicArn=topic_arn,
                    Subject="New CloudTrail log file",
                    Message=notification(trail.s3_bucket_name, [key]),
                )
            except ClientError as error:
                _note_error(trail, "LatestNotificationError", error)
                return
        set_time(trail, "LatestNotificationTime", datetime.now(UTC))
        trail.status["LatestNotificationAttemptSucceeded"] = trail.status["LatestNotificationAttemptTime"]
        trail.status.pop("LatestNotificationError", None)

    def _to_logs(self, trail: Trail, pending: deque[Event], clients: Any) -> None:
        arn = trail.cloud_watch_logs_log_group_arn
        if not pending or arn is None:
            pending.clear()
            return
        group = arn.split(":")[6]
        stream = log_stream_name(trail.account_id, trail.home_region)
        while pending:
            taken, messages = _log_batch(self._front(pending, _LOGS_EVENTS))
            if messages:
                try:
                    clients.logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=messages)
                except clients.logs.exceptions.ResourceNotFoundException:
                    # The group may be new: CloudTrail makes its stream. A missing group is raised here.
                    clients.logs.create_log_stream(logGroupName=group, logStreamName=stream)
                    continue
            _drop_front(pending, taken)
        trail.status["LatestCloudWatchLogsDeliveryTime"] = datetime.now(UTC)
        trail.status.pop("LatestCloudWatchLogsDeliveryError", None)


def _drop_front(pending: deque[Event], count: int) -> None:
    for _ in range(count):
        pending.popleft()


def _log_batch(events: list[Event]) -> tuple[int, list[dict[str, Any]]]:
    """How many of the events one PutLogEvents takes, and its log events."""
    now = int(datetime.now(UTC).timestamp() * 1000)
    size = 0
    messages: list[dict[str, Any]] = []
    for taken, event in enumerate(events):
        message = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
        length = len(message.encode("utf-8", "surrogatepass"))
        if length > _EVENT_BYTES:
            continue  # CloudWatch Logs never sees it
        if messages and size + length + _LOGS_OVERHEAD > _LOGS_BYTES:
            return taken, messages
        size += length + _LOGS_OVERHEAD
        messages.append({"timestamp": now, "message": message})
    return len(events), messages


def _note_error(trail: Trail, name: str, error: ClientError) -> None:
    code = error.response.get("Error", {}).get("Code", "Unknown")
    if trail.status.get(name) != code:
        LOG.warning("trail %s: %s: %s", trail.name, name, error)
    trail.status[name] = code
