"""What the trail makes of a read: event history, a log file in S3, a line in the log group."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from secretwatch.cloudtrail import log_file_key
from secretwatch.pipeline.aws import Aws, is_denied
from secretwatch.pipeline.probes.probe import LOG_EVENT, LOG_FILE, RECORDED, SKEW, Look, Probe, Scene
from secretwatch.pipeline.reading import Read
from secretwatch.pipeline.watch import Watch

_PAGES = 20
_FILES_A_LOOK = 4


class Recorded(Probe):
    """Event history: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html."""

    name = RECORDED
    usually = "2 to 15 minutes"

    def look(self) -> Look:
        client, token = self.scene.aws.client("cloudtrail"), None
        for _ in range(_PAGES):
            page = client.lookup_events(
                LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "GetSecretValue"}],
                StartTime=self.scene.first.time - SKEW,
                **({"NextToken": token} if token else {}),
            )
            for each in page["Events"]:
                event = _parsed(each.get("CloudTrailEvent"))
                if self.take(event) and not self.open:
                    assert event is not None
                    return self.seen(f"event {event.get('eventID')}", "events")
            token = page.get("NextToken")
            if not token:
                break
        return self.waiting()


class LogFile(Probe):
    """The trail's log file, under the keys of an account's own trail (an organisation's has others)."""

    name = LOG_FILE
    usually = "3 minutes, 10 at most"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._prefix: str | None = None
        self._knows_prefix = False
        self._looked_at: set[str] = set()

    def look(self) -> Look:
        bucket = self.watch.bucket_name
        if bucket is None:
            return Look("skipped", "the outputs name no bucket: the trail is somebody else's")
        client = self.scene.aws.client("s3")
        for looked, key in enumerate(self._new_keys(client, bucket)):
            if looked == _FILES_A_LOOK:
                return Look("waiting", again=True)
            body = client.get_object(Bucket=bucket, Key=key)["Body"].read()
            self._looked_at.add(key)
            for event in records(body):
                if self.take(event) and not self.open:
                    return self.seen(f"s3://{bucket}/{key}", f"reads, the last in s3://{bucket}/{key}")
        return trail_problem(self.scene, "LatestDeliveryError") or self.waiting()

    def _new_keys(self, client: Any, bucket: str) -> Iterator[str]:
        """Keys of log files of the read's time and later that were not looked at yet."""
        start = self.scene.first.time - SKEW
        day, today = start.date(), datetime.fromtimestamp(self.scene.now(), UTC).date()
        while day <= today:
            at = max(start, datetime(day.year, day.month, day.day, tzinfo=UTC))
            first = log_file_key(
                prefix=self._key_prefix(),
                account_id=self.watch.account_id,
                region=self.watch.region,
                at=at,
                unique="0" * 16,
            )
            pages = client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=first.rsplit("/", 1)[0] + "/", StartAfter=first
            )
            for page in pages:
                for each in page.get("Contents", ()):
                    if each["Key"].endswith(".json.gz") and each["Key"] not in self._looked_at:
                        yield each["Key"]
            day += timedelta(days=1)

    def _key_prefix(self) -> str | None:
        if not self._knows_prefix:
            self._prefix = trail_prefix(self.scene.aws, self.watch)
        self._knows_prefix = True
        return self._prefix


def trail_prefix(aws: Aws, watch: Watch) -> str | None:
    """What the trail puts before its log files' keys; None where it is nothing, or may not be looked at."""
    if watch.trail_arn is None:
        return None
    try:
        trail = aws.client("cloudtrail").get_trail(Name=watch.trail_arn)["Trail"]
    except Exception as error:
        if not is_denied(error):
            raise
        return None
    prefix: str | None = trail.get("S3KeyPrefix")
    return prefix


class LogEvent(Probe):
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html."""

    name = LOG_EVENT
    usually = "3 minutes, 10 at most"
    vital = True

    def look(self) -> Look:
        while self.open:
            found = event_in_log_group(self.scene.aws, self.watch, self.open[0])
            if found is None:
                return trail_problem(self.scene, "LatestCloudWatchLogsDeliveryError") or self.waiting()
            event, stream = found
            self.take(event)
        return self.seen(f"stream {stream}", f"events, the last in stream {stream}")


def event_in_log_group(aws: Aws, watch: Watch, read: Read) -> tuple[dict[str, Any], str] | None:
    """The read's event and its log stream; None while it is not there."""
    client, token = aws.client("logs"), None
    for _ in range(_PAGES):
        page = client.filter_log_events(
            logGroupName=watch.log_group_name,
            startTime=int((read.time - SKEW).timestamp() * 1000),
            filterPattern=f'"{read.token}"',
            **({"nextToken": token} if token else {}),
        )
        for each in page.get("events", ()):
            event = _parsed(each.get("message"))
            if event and read.made(event):
                return event, str(each.get("logStreamName"))
        token = page.get("nextToken")
        if not token:
            break
    return None


def trail_problem(scene: Scene, latest_error: str = "") -> Look | None:
    """Why the trail delivers nothing, where it says so.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
    """
    if scene.watch.trail_arn is None:
        return None
    try:
        status = scene.aws.client("cloudtrail").get_trail_status(Name=scene.watch.trail_arn)
    except Exception as error:
        if not is_denied(error):
            raise
        return None
    if not status.get("IsLogging"):
        name = scene.watch.trail_name or scene.watch.trail_arn
        return Look("failed", f"the trail {name} does not log: start it with `aws cloudtrail start-logging`")
    if problem := status.get(latest_error):
        return Look("waiting", f"the trail's last delivery failed: {problem}")
    return None


def records(body: bytes) -> Iterator[dict[str, Any]]:
    """The events of a log file; none of a file that is none."""
    try:
        content = json.loads(gzip.decompress(body))
    except (OSError, EOFError, ValueError):
        return
    for event in content.get("Records", ()) if isinstance(content, dict) else ():
        if isinstance(event, dict):
            yield event


def _parsed(message: str | None) -> dict[str, Any] | None:
    try:
        event = json.loads(message or "")
    except ValueError:
        return None
    return event if isinstance(event, dict) else None
