"""One probe a hop: where it looks for the read, and what it has seen so far.

A probe is asked again until it has seen its hop; `look` makes a few calls at most and returns at once. The
errors of those calls are the caller's (`smoke.py`): they mean the same for every hop.
How long hops usually take on AWS: delivery to S3 and to the log group is measured on recorded log files
(half of them within 191 s, 95 % within 455 s, the slowest 608 s after the event).
"""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from secretwatch.cloudtrail import log_file_key
from secretwatch.pipeline import inbox, ready
from secretwatch.pipeline.aws import Aws, is_denied
from secretwatch.pipeline.endpoints import shown
from secretwatch.pipeline.messages import channel_of, headline, parsed
from secretwatch.pipeline.post import Post
from secretwatch.pipeline.reading import Read
from secretwatch.pipeline.smoke_report import SmokeReport, Status
from secretwatch.pipeline.watch import Watch

READ = "read"
RECORDED = "recorded by CloudTrail"
LOG_FILE = "log file in S3"
LOG_EVENT = "event in the log group"
METRIC = "metric counted"
ALARM = "alarm ALARM"
NOTIFICATION = "notification sent"
DELIVERY = "alarm message received"
REALTIME = "realtime message received"

Path = Literal["alarm", "realtime", "both"]

# This machine's clock may be off: AWS takes signed requests within 5 minutes of its own.
_SKEW = timedelta(minutes=5)
_PAGES = 20
_FILES_A_LOOK = 4


@dataclass(frozen=True)
class Look:
    """What a look found. again: there is more to look at already, so do not wait."""

    status: Status
    detail: str = ""
    again: bool = False


@dataclass
class Scene:
    """What all probes look at.

    now: this machine's clock, seconds since 1970. reads: made one right after another. post: the queues on
    the watch's topics, where delivery is proved.
    """

    watch: Watch
    aws: Aws
    report: SmokeReport
    now: Callable[[], float]
    reads: list[Read] = field(default_factory=list)
    post: Post | None = None
    mails_before: set[str] | None = None
    counted_before: dict[datetime, float] = field(default_factory=dict)

    @property
    def first(self) -> Read:
        return self.reads[0]


class Probe:
    """A hop of the pipeline: seen when all reads are. vital: without it, nothing that follows can come."""

    name: str
    usually: str
    vital = False
    after: str | None = None
    """The hop that comes before it for certain; there is nothing to look for until then."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.watch = scene.watch
        self.open = list(scene.reads)
        """The reads that were not seen here yet."""

    def look(self) -> Look:
        raise NotImplementedError

    def take(self, event: dict[str, Any] | None) -> bool:
        """Whether a CloudTrail event is of an open read, which then is no longer open."""
        for read in self.open if event else ():
            assert event is not None
            if read.made(event):
                self.open.remove(read)
                self.scene.report.event_ids[read.marker] = event.get("eventID")
                return True
        return False

    def seen(self, detail: str, many: str) -> Look:
        """ok, with what one read shows, or what many do."""
        count = len(self.scene.reads)
        return Look("ok", detail if count == 1 else f"{count} {many}")

    def waiting(self) -> Look:
        """waiting, with how many of several reads were seen."""
        count = len(self.scene.reads)
        return Look("waiting", f"{count - len(self.open)} of {count}" if count > 1 else "")


class Recorded(Probe):
    """Event history: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html."""

    name = RECORDED
    usually = "2 to 15 minutes"

    def look(self) -> Look:
        client, token = self.scene.aws.client("cloudtrail"), None
        for _ in range(_PAGES):
            page = client.lookup_events(
                LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "GetSecretValue"}],
                StartTime=self.scene.first.time - _SKEW,
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
        return _trail_problem(self.scene, "LatestDeliveryError") or self.waiting()

    def _new_keys(self, client: Any, bucket: str) -> Iterator[str]:
        """Keys of log files of the read's time and later that were not looked at yet."""
        start = self.scene.first.time - _SKEW
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
                return _trail_problem(self.scene, "LatestCloudWatchLogsDeliveryError") or self.waiting()
            event, stream = found
            self.take(event)
        return self.seen(f"stream {stream}", f"events, the last in stream {stream}")


def event_in_log_group(aws: Aws, watch: Watch, read: Read) -> tuple[dict[str, Any], str] | None:
    """The read's event and its log stream; None while it is not there."""
    client, token = aws.client("logs"), None
    for _ in range(_PAGES):
        page = client.filter_log_events(
            logGroupName=watch.log_group_name,
            startTime=int((read.time - _SKEW).timestamp() * 1000),
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


class Metric(Probe):
    """The metric filter's count.

    A metric does not tell one read from another: these are seen where minutes count more than before them.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
    """

    name = METRIC
    usually = "a minute after the log group has the event"
    vital = True

    def look(self) -> Look:
        more = {
            minute: count - self.scene.counted_before.get(minute, 0.0)
            for minute, count in sorted(counts(self.scene, self.scene.first.at).items())
        }
        minutes = [minute for minute, count in more.items() if count >= 1]
        total = sum(more[minute] for minute in minutes)
        wanted = len(self.scene.reads)
        if total < wanted:
            return Look("waiting", f"{total:g} of {wanted}" if wanted > 1 else "")
        first, last = (f"{minute:%H:%M}" for minute in (minutes[0], minutes[-1]))
        when = f"minute of {first}" if first == last else f"minutes of {first} to {last}"
        return Look("ok", f"{total:g} in the {when} UTC")


def counts(scene: Scene, at: float) -> dict[datetime, float]:
    """What the metric counted in each minute from just before `at` until now."""
    start = datetime.fromtimestamp(at, UTC).replace(second=0, microsecond=0) - timedelta(minutes=1)
    found = scene.aws.client("cloudwatch").get_metric_statistics(
        Namespace=scene.watch.metric_namespace,
        MetricName=scene.watch.metric_name,
        StartTime=start,
        EndTime=max(datetime.fromtimestamp(scene.now(), UTC), start) + timedelta(minutes=2),
        Period=60,
        Statistics=COUNTED,
    )
    counted: dict[datetime, float] = defaultdict(float)
    for point in found["Datapoints"]:
        counted[point["Timestamp"].astimezone(UTC)] += matches(point)
    return dict(counted)


COUNTED = ["SampleCount", "Sum"]


def matches(point: Mapping[str, Any]) -> float:
    """How many matches a datapoint with the statistics `COUNTED` stands for.

    Of the unit that the module's filters give every value is a match. Of filters without one, as older
    releases made them, some are zeros of a default value.
    """
    return float(point["SampleCount"] if point.get("Unit") == "Count" else point["Sum"])


class Alarm(Probe):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html."""

    name = ALARM
    usually = "within two minutes of the metric"
    vital = True

    def look(self) -> Look:
        alarm = describe_alarm(self.scene)
        if alarm is None:
            return Look(
                "failed", f"there is no alarm {self.watch.alarm_name} in {self.watch.region} any more"
            )
        if alarm["StateValue"] != "ALARM":
            return Look("waiting", f"is {alarm['StateValue']}")
        return Look("ok", alarm.get("StateReason", ""))


def describe_alarm(scene: Scene) -> dict[str, Any] | None:
    """The alarm, noted in the report; None where there is none."""
    alarm = ready.describe_alarm(scene.aws, scene.watch.alarm_name)
    if alarm is not None:
        scene.report.alarm.update(state=alarm["StateValue"], reason=alarm.get("StateReason"))
    return alarm


class Notification(Probe):
    """The alarm's action, whom the topic tells, and on the local cloud the e-mail itself.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html
    """

    name = NOTIFICATION
    usually = "seconds after the alarm"
    vital = True
    after = ALARM

    def look(self) -> Look:
        note = self.scene.report.notification
        note["topic_arn"] = self.watch.topic_arn
        action = self._action()
        if action is not None:
            note["action"] = action
            if action.startswith("Failed"):
                return Look("failed", action)
        email = self._email()
        if email is not None:
            note["email"] = email
            self._receivers()
            return Look("ok", f'"{email.get("subject")}" to {email.get("to")}')
        if action is None:
            return Look("waiting") if note["action"] is None else Look("waiting", note["action"])
        receivers = self._receivers()
        if note["warning"]:
            return Look("ok", f"published to {self.watch.topic_arn}; {note['warning']}")
        if self.scene.mails_before is not None and any(each.startswith("email") for each in receivers):
            return Look("waiting", "published; the e-mail is not in the inbox yet")
        told = f", which tells {', '.join(receivers)}" if receivers else ""
        return Look("ok", f"published to {self.watch.topic_arn}{told}")

    def _action(self) -> str | None:
        """What the alarm's history says of its newest action for ALARM since the read."""
        found = self.scene.aws.client("cloudwatch").describe_alarm_history(
            AlarmName=self.watch.alarm_name,
            HistoryItemType="Action",
            StartDate=self.scene.first.time - timedelta(seconds=5),
            EndDate=datetime.fromtimestamp(self.scene.now(), UTC) + _SKEW,
            ScanBy="TimestampDescending",
        )
        for item in found.get("AlarmHistoryItems", ()):
            if _IS_NOT_ALARM.search(item.get("HistoryData") or ""):
                continue
            summary = str(item.get("HistorySummary", ""))
            if self.watch.topic_arn is None or self.watch.topic_arn in summary:
                return summary
        return None

    def _email(self) -> dict[str, Any] | None:
        """The alarm's e-mail in the local cloud's inbox, where there is one."""
        before = self.scene.mails_before
        if before is None:
            return None
        for mail in inbox.messages(self.scene.aws.endpoint_url) or ():
            is_new = mail.get("kind") == "notification" and mail.get("id") not in before
            if is_new and f'"{self.watch.alarm_name}"' in str(mail.get("subject")):
                return mail
        return None

    def _receivers(self) -> list[str]:
        """Who is told, as "protocol endpoint"; notes a warning where it is nobody."""
        note = self.scene.report.notification
        if self.watch.topic_arn is None:
            return []
        own = {queue.arn for queue in self.scene.post.queues} if self.scene.post else set()
        pages = self.scene.aws.client("sns").get_paginator("list_subscriptions_by_topic")
        try:
            found = [
                each
                for page in pages.paginate(TopicArn=self.watch.topic_arn)
                for each in page.get("Subscriptions", ())
                if each["Endpoint"] not in own
            ]
        except Exception as error:
            if not is_denied(error):
                raise
            return []
        note["subscriptions"] = [
            {
                "protocol": each["Protocol"],
                "endpoint": shown(each["Protocol"], each["Endpoint"]),
                "confirmed": each["SubscriptionArn"] != "PendingConfirmation",
            }
            for each in found
        ]
        confirmed = [each for each in note["subscriptions"] if each["confirmed"]]
        if not found:
            note["warning"] = "nobody will receive it, as nobody is subscribed to the topic"
        elif not confirmed:
            waiting = ", ".join(each["endpoint"] for each in note["subscriptions"])
            note["warning"] = (
                f"nobody will receive it, as {waiting} has not followed the link in the confirmation mail"
            )
        return [f"{each['protocol']} {each['endpoint']}" for each in confirmed]


# HistoryData holds the published message as JSON inside JSON.
_IS_NOT_ALARM = re.compile(r'NewStateValue[\\":\s]+(?:OK|INSUFFICIENT_DATA)')


class Delivery(Probe):
    """The alarm's message, as a subscriber of each topic gets it."""

    name = DELIVERY
    usually = "seconds after the alarm"
    vital = True
    after = ALARM

    def look(self) -> Look:
        assert self.scene.post is not None
        reached = {
            each.topic_arn for each in self.scene.post.collect(_poll(self.scene)) if self._is_it(each.text)
        }
        missing = [arn for arn in self.watch.topic_arns if arn not in reached]
        if missing:
            return Look("waiting", f"not from {', '.join(missing)}" if reached else "")
        return Look("ok", f"through {', '.join(self.watch.topic_arns)}")

    def _is_it(self, text: str) -> bool:
        found = parsed(text)
        return found.get("AlarmName") == self.watch.alarm_name and found.get("NewStateValue") == "ALARM"


class Realtime(Probe):
    """The realtime rule's message of exactly these reads: in the queues, else in the local cloud's inbox."""

    name = REALTIME
    usually = "seconds; best effort"
    vital = True

    def look(self) -> Look:
        texts = self._texts()
        for read in list(self.open):
            marks = [read.marker, read.request_id, self.scene.report.event_ids.get(read.marker)]
            if all(any(mark and mark in text for mark in marks for text in each) for each in texts):
                self.open.remove(read)
        if not self.open:
            where = "the queue" if self.scene.post else "the inbox"
            return self.seen(f'"{headline(texts[0][-1])}" in {where}', f"messages in {where}")
        return _trail_problem(self.scene) or self.waiting()

    def _texts(self) -> list[list[str]]:
        """Realtime messages so far: for each topic's queue, or of the one inbox."""
        if self.scene.post:
            messages = self.scene.post.collect(_poll(self.scene))
            found = [
                [m.text for m in messages if m.topic_arn == arn] for arn in self.watch.realtime_topic_arns
            ]
        else:
            mails = inbox.messages(self.scene.aws.endpoint_url) or ()
            found = [[_said(mail) for mail in mails]]
        return [[text for text in texts if channel_of(text) == "realtime"] for texts in found]


def _said(mail: Mapping[str, Any]) -> str:
    """A post in a chat channel has its title apart."""
    body = str(mail.get("body"))
    return f"{mail.get('subject')}\n{body}" if mail.get("kind") == "chat" else body


def _poll(scene: Scene) -> int:
    """Seconds that a look into queues may wait. Long on AWS, where each call costs and nothing is soon."""
    return 1 if scene.aws.is_local else 5


HOPS: tuple[type[Probe], ...] = (Recorded, LogFile, LogEvent, Metric, Alarm, Notification)


def probes_of(path: Path, *, prove_delivery: bool) -> tuple[type[Probe], ...]:
    """The hops after the read on a path, in the order they come."""
    alarm = (*HOPS, Delivery) if prove_delivery else HOPS
    return {"alarm": alarm, "realtime": (Recorded, Realtime), "both": (*alarm, Realtime)}[path]


def _trail_problem(scene: Scene, latest_error: str = "") -> Look | None:
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
