"""The comparison: some reads among other calls, and what each channel delivered of them.

    alarm     the watch's alarm, one message when its state changes
    trail     CloudTrail's own SNS notifications, one for each log file
    realtime  the EventBridge rule, one message for each read

A temporary queue on each topic shows what a subscriber gets (`post.py`). All calls are made on a schedule
while the queues are read; then what is missing is awaited.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from secretwatch.pipeline.aws import Aws, NoAccess, is_absent, is_passing, one_line
from secretwatch.pipeline.comparison import CHANNELS, ChannelResult, Comparison
from secretwatch.pipeline.messages import ReadFacts, channel_of, parsed
from secretwatch.pipeline.pace import Clock, Threads
from secretwatch.pipeline.post import Message, NoQueue, Post, Queue
from secretwatch.pipeline.probes.trail import event_in_log_group, records
from secretwatch.pipeline.rate import observed
from secretwatch.pipeline.reading import NoAwsCli, Read, ReadFailed, read_secret
from secretwatch.pipeline.ready import NoAlarm, StaysInAlarm, await_ready
from secretwatch.pipeline.smoke_report import Ending
from secretwatch.pipeline.watch import UnknownSecret, Watch

TIMEOUT, LOCAL_TIMEOUT = 900.0, 60.0
MINUTES, LOCAL_MINUTES = 5.0, 0.1
_TURN = 0.2
# Looking for the reads' events is not what is measured.
_LOOK_EVERY, _LOOK_EVERY_LOCAL = 10.0, 1.0


class NothingToCompare(Exception):
    """No channel is deployed; the message is one sentence."""


class Observer(Protocol):
    """Told of everything as it happens, by the thread that runs the comparison."""

    def note(self, text: str) -> None:
        """Something to know before the first read."""

    def channel(self, channel: ChannelResult) -> None:
        """A channel has delivered what there is about all reads."""

    def progress(self, state: Mapping[str, str], seconds: float) -> None:
        """How far it is: a line for each part; told again and again."""


class _Silent:
    def note(self, text: str) -> None: ...
    def channel(self, channel: ChannelResult) -> None: ...
    def progress(self, state: Mapping[str, str], seconds: float) -> None: ...


class Compare:
    """One comparison. `result` is whole at any time, so that an interrupted one still has one.

    session: a boto3.Session. reads, noise: how many calls, spread evenly over `minutes` (None: 5, or 0.1 on a
    cloud on this machine); timeout: seconds to wait after the last call (None: 900, or 60).
    """

    def __init__(
        self,
        watch: Watch,
        session: Any,
        *,
        secret: str | None = None,
        reads: int = 3,
        noise: int = 12,
        minutes: float | None = None,
        timeout: float | None = None,
        environ: Mapping[str, str] | None = None,
        observer: Observer | None = None,
        clock: Clock = time,
        executor: Executor | None = None,
    ) -> None:
        self._watch, self._wanted = watch, secret
        self._aws = Aws(session, watch.region, environ)
        self._plan = (reads, noise, minutes)
        self._asked_timeout = timeout
        self._observer = observer or _Silent()
        self._clock = clock
        self._executor = executor or Threads()
        self.result = Comparison(watch=watch.name, account_id=watch.account_id, region=watch.region)
        self._post: Post | None = None
        self._tallies: dict[str, _Tally] = {}
        self._reads: list[Read] = []
        self._events: dict[str, dict[str, Any] | None] = {}
        self._pending: dict[str, Future[list[Message]]] = {}
        self._files_are_readable = True
        self._begin: float | None = None

    def run(self) -> Comparison:
        """Run it; raises nothing but what is a mistake in this program, and KeyboardInterrupt."""
        began = self._clock.monotonic()
        try:
            try:
                self._run()
            finally:
                self._clean_up()
                self.result.seconds = self._clock.monotonic() - began
                for each in self._channels():
                    self._sum_up(each)
        except (UnknownSecret, NoAccess, NoAwsCli, NothingToCompare) as error:
            self._end("refused", str(error))
        except (NoQueue, ReadFailed) as error:
            self._end("failed", str(error))
        except StaysInAlarm as error:
            self._end("timeout", str(error))
        except KeyboardInterrupt:
            self._end("interrupted", "It was interrupted.")
            raise
        return self.result

    def _run(self) -> None:
        secret = self._watch.secret(self._wanted)
        self.result.secret = secret
        self._aws.check_account(self._watch.account_id)
        local = self.result.local = self._aws.is_local
        timeout = self._asked_timeout or (LOCAL_TIMEOUT if local else TIMEOUT)
        self._choose_channels(timeout)
        self.result.observed = observed(self._aws, self._watch, self._clock.time())
        alerts = (*self._watch.topic_arns, *self._watch.realtime_topic_arns)
        topics = [*alerts, *filter(None, [self._watch.notifications_topic_arn])]
        self._post = Post(self._aws, self._watch, topics, self._clock)
        self._post.open()
        self._make_calls(secret, local)
        self._await_rest(timeout, local)

    def _choose_channels(self, timeout: float) -> None:
        """Raises NothingToCompare, StaysInAlarm."""
        alarm, trail, realtime = (ChannelResult(name) for name in CHANNELS)
        self.result.channels = [alarm, trail, realtime]
        if not self._watch.topic_arns:
            alarm.why = realtime.why = "the outputs name no topic that the alarm publishes to"
        if self._watch.realtime is None:
            realtime.why = "the outputs name no realtime rule"
        if self._watch.notifications_topic_arn is None:
            trail.why = "the trail notifies no topic of its log files"
        if not alarm.why:
            try:
                await_ready(
                    self._aws, self._watch, self._clock, self._observer.note, self._asked_timeout, timeout
                )
            except NoAlarm as error:
                alarm.why = str(error)
        for each in self.result.channels:
            each.deployed = not each.why
            if each.deployed:
                self._tallies[each.channel] = _Tally()
        if not self._tallies:
            raise NothingToCompare(
                "None of the three channels is deployed: there is nothing to compare. "
                + " ".join(f"{each.title}: {each.why.rstrip('.')}." for each in self.result.channels)
            )

    def _make_calls(self, secret: str, local: bool) -> None:
        reads, noise, minutes = self._plan
        if minutes is None:
            minutes = LOCAL_MINUTES if local else MINUTES
        noises = self._noises(secret)
        self._begin = self._clock.monotonic()
        for due, kind in schedule(reads, noise, minutes * 60):
            while self._elapsed() < due:
                self._turn(min(_TURN, due - self._elapsed()))
            now = self._elapsed()
            if kind == "read":
                read = read_secret(self._aws, secret, "boto3", self._clock.time(), self._watch.region)
                self._reads.append(read)
                self._events[read.marker] = None
            else:
                next(noises)
            self.result.calls.append({"kind": kind, "seconds": now})
            self.result.time = self._reads[0].time.isoformat(timespec="seconds")

    def _noises(self, secret: str) -> Iterator[None]:
        """Other calls, one at each step, that read no secret. A denied one is as good."""
        secrets, sts = self._aws.client("secretsmanager"), self._aws.client("sts")
        while True:
            for call in (
                lambda: secrets.describe_secret(SecretId=secret),
                lambda: secrets.list_secrets(MaxResults=1),
                sts.get_caller_identity,
            ):
                try:
                    call()
                except ClientError:
                    pass
                except BotoCoreError as error:
                    self._observer.note(f"A call beside the reads failed: {one_line(error)}")
                yield

    def _await_rest(self, timeout: float, local: bool) -> None:
        last, look_at = self._clock.monotonic(), 0.0
        while True:
            if self._clock.monotonic() >= look_at:
                self._look_for_events()
                look_at = self._clock.monotonic() + (_LOOK_EVERY_LOCAL if local else _LOOK_EVERY)
            missing = [each.title for each in self._channels() if not each.complete]
            if not self._open_events() and not missing:
                self._end("pass", None)
                return
            if self._clock.monotonic() - last >= timeout:
                if self._open_events():
                    missing.append("the events in the log group")
                self._end("timeout", f"After {timeout:g} s this was not complete: {', '.join(missing)}.")
                return
            self._turn(_TURN)

    def _turn(self, pause: float) -> None:
        """Take what the queues have, tell how far it is, wait a moment."""
        assert self._post is not None
        for queue in self._post.queues:
            for message in self._received(queue):
                self._take(message)
        for each in self._channels():
            if not each.complete and self._is_complete(each.channel):
                each.complete = True
                self._sum_up(each)
                self._observer.channel(each)
        if "realtime" in self._tallies:
            # A rule's message may name the event only, which the log group shows later.
            about = self._tallies["realtime"].about
            about |= {text: self._reads_in("realtime", text) for text, reads in about.items() if not reads}
        self._observer.progress(self._state(), self._elapsed())
        self._clock.sleep(pause)

    def _received(self, queue: Queue) -> list[Message]:
        """What the last look into the queue brought; the next one is begun. Raises NoQueue."""
        pending = self._pending.pop(queue.name, None)
        if pending is not None and not pending.done():
            self._pending[queue.name] = pending
            return []
        self._pending[queue.name] = self._executor.submit(queue.receive, 1 if self.result.local else 10)
        try:
            return pending.result() if pending else []
        except (ClientError, BotoCoreError) as error:
            if is_passing(error) and not is_absent(error):
                return []
            raise NoQueue(f"The queue on {queue.topic_arn} cannot be read: {one_line(error)}") from error

    def _take(self, message: Message) -> None:
        channel = channel_of(message.text)
        tally = self._tallies.get(channel)
        if tally is None or (channel == "alarm" and not self._is_own_alarm(message.text)):
            return
        # The same text through several topics, or delivered twice, is one message.
        if message.text in tally.arrived:
            return
        tally.arrived[message.text] = message.at - (self._begin or message.at)
        tally.about[message.text] = self._reads_in(channel, message.text)

    def _is_own_alarm(self, text: str) -> bool:
        return bool(parsed(text).get("AlarmName") == self._watch.alarm_name)

    def _reads_in(self, channel: str, text: str) -> set[str]:
        """Markers of the reads that the message is about, whether or not it names them."""
        if channel == "alarm":
            rings = parsed(text).get("NewStateValue") == "ALARM"
            return {read.marker for read in self._reads} if rings else set()
        if channel == "realtime":
            return {
                read.marker
                for read in self._reads
                if any(mark and mark in text for mark in (read.marker, read.request_id, self._event_id(read)))
            }
        events = list(self._events_of_files(parsed(text)))
        if not self._files_are_readable:
            return {read.marker for read in self._reads}
        return {read.marker for read in self._reads if any(read.made(event) for event in events)}

    def _event_id(self, read: Read) -> str | None:
        return (self._events[read.marker] or {}).get("eventID")

    def _events_of_files(self, notification: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Events of the log files that a notification tells of, as far as they are of the watch's region."""
        for key in notification.get("s3ObjectKey", ()):
            if f"/CloudTrail/{self._watch.region}/" not in key or not self._files_are_readable:
                continue
            try:
                body = (
                    self._aws.client("s3").get_object(Bucket=notification["s3Bucket"], Key=key)["Body"].read()
                )
            except (ClientError, BotoCoreError) as error:
                self._files_are_readable = False
                self._observer.note(
                    "The log files in CloudTrail's notifications cannot be read, so each notification "
                    f"counts as one about the reads: {one_line(error)}"
                )
                return
            yield from records(body)

    def _is_complete(self, channel: str) -> bool:
        wanted = self._plan[0]
        tally = self._tallies[channel]
        return tally.first is not None if channel == "alarm" else len(tally.reads) == wanted

    def _look_for_events(self) -> None:
        """The events of the reads, which say what there is to name."""
        for read in self._open_events():
            try:
                found = event_in_log_group(self._aws, self._watch, read)
            except (ClientError, BotoCoreError) as error:
                if is_passing(error) and not is_absent(error):
                    return
                self._observer.note(f"The events of the reads cannot be read: {one_line(error)}")
                self._events |= {each.marker: {} for each in self._open_events()}
                return
            if found is None:
                return
            self._events[read.marker] = found[0]

    def _open_events(self) -> list[Read]:
        return [read for read in self._reads if self._events[read.marker] is None]

    def _state(self) -> dict[str, str]:
        reads, noise, _ = self._plan
        made = f"{self.result.made('read')} of {reads} reads, {self.result.made('noise')} of {noise} others"
        state = {"calls": made}
        for each in self._channels():
            if not each.complete:
                tally = self._tallies[each.channel]
                seen = f"; {len(tally.reads)} of {reads} reads" if each.channel != "alarm" else ""
                state[each.title] = f"{len(tally.arrived)} messages{seen}"
        return state

    def _channels(self) -> list[ChannelResult]:
        """Those that are deployed."""
        return [each for each in self.result.channels if each.channel in self._tallies]

    def _sum_up(self, result: ChannelResult) -> None:
        tally = self._tallies[result.channel]
        result.messages = len(tally.arrived)
        result.bytes = sum(len(text.encode()) for text in tally.arrived)
        result.arrivals = sorted(tally.arrived.values())
        result.first_seconds = tally.first
        facts = [
            ReadFacts.of_event(self._events[read.marker] or {}, read.secret, self._watch.watched)
            for read in self._reads
        ]
        result.names = dict.fromkeys(result.names, 0)
        for text in tally.arrived:
            for name in frozenset[str]().union(*(each.named_in(text) for each in facts)):
                result.names[name] += 1
        count = self.result.observed.a_month(result.channel)
        if count is not None and result.messages:
            result.month = {"messages": count, "bytes": count * result.bytes / result.messages}

    def _elapsed(self) -> float:
        return self._clock.monotonic() - (self._begin or 0.0)

    def _clean_up(self) -> None:
        if self._post is None:
            return
        self._post.remove()
        self.result.left_behind = self._post.left
        if self.result.left_behind and self.result.ending == "pass":
            self._end("failed", "Temporary queues could not be removed.")

    def _end(self, ending: Ending, reason: str | None) -> None:
        self.result.ending, self.result.reason = ending, reason
        if self.result.time is None:
            now = datetime.fromtimestamp(self._clock.time(), UTC)
            self.result.time = now.isoformat(timespec="seconds")


@dataclass
class _Tally:
    """What a channel delivered: each text's seconds, and markers of the reads that it is about."""

    arrived: dict[str, float] = field(default_factory=dict)
    about: dict[str, set[str]] = field(default_factory=dict)

    @property
    def reads(self) -> set[str]:
        return set[str]().union(*self.about.values())

    @property
    def first(self) -> float | None:
        """Seconds to the first message about a read."""
        return min((at for text, at in self.arrived.items() if self.about[text]), default=None)


def schedule(reads: int, noise: int, seconds: float) -> list[tuple[float, str]]:
    """When each call is due, in order: the first read at once, the last at the end, the others in between."""
    gap = seconds / (reads - 1) if reads > 1 else 0.0
    calls = [(number * gap, "read") for number in range(reads)]
    calls += [(seconds * (number + 0.5) / noise, "noise") for number in range(noise)]
    return sorted(calls, key=lambda call: call[0])
