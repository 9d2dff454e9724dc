"""The drill: everything that could refuse it comes first, then the messages, then the read.

Nothing is made and nothing is changed: no call of it rings the self-watch, and an end at any moment leaves
nothing behind but the messages that were sent.
"""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from secretwatch.pipeline import inbox
from secretwatch.pipeline.aws import Aws, NoAccess, one_line
from secretwatch.pipeline.drill import notice
from secretwatch.pipeline.drill.caller import Answer, Caller, answer_to_a_read, caller_of
from secretwatch.pipeline.drill.letterbox import Awaited, Letterboxes, NotLookedAt
from secretwatch.pipeline.drill.receivers import subscriptions_of
from secretwatch.pipeline.drill.record import (
    REALTIME,
    Drilled,
    Receiver,
    Record,
    Topic,
    sign_of,
)
from secretwatch.pipeline.drill.verdict import is_open, judge, missing
from secretwatch.pipeline.pace import Clock, Threads
from secretwatch.pipeline.probes.notification import Notification
from secretwatch.pipeline.probes.probe import ALARM as ALARM_HOP
from secretwatch.pipeline.probes.probe import REALTIME as REALTIME_HOP
from secretwatch.pipeline.probes.probe import Scene
from secretwatch.pipeline.smoke import NotThere, Silent, Smoke
from secretwatch.pipeline.smoke_report import HopResult, SmokeReport
from secretwatch.pipeline.watch import UnknownSecret, Watch

# For what comes after the alarm has published: seconds on SNS's own way.
_GRACE, _LOCAL_GRACE = 60.0, 10.0
_FASTEST, _SLOWEST, _SLOWDOWN = 0.3, 8.0, 1.4


class Observer(Protocol):
    """Told of everything as it happens, by the thread that runs the drill."""

    def note(self, text: str) -> None:
        """Something to know: before the read, or what was sent."""

    def hop(self, watch: str, hop: HopResult) -> None:
        """A hop of a watch was seen, failed or is skipped."""

    def waiting(self, hops: list[HopResult], seconds: float) -> None:
        """What is awaited, and for how long since the first message; told again and again."""


class _Notes(Silent):
    """Of a smoke test: what it says before its read. Its hops are told by the drill."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note

    def note(self, text: str) -> None:
        self._note(text)


class Drill:
    """One drill of one or several watches of an instance. `record` is whole at any time.

    session: a boto3.Session. secrets: which to read, for watches that do not name one. timeout: as the smoke
    test's.
    """

    def __init__(
        self,
        watches: Sequence[Watch],
        session: Any,
        *,
        observer: Observer,
        secrets: Sequence[str] = (),
        timeout: float | None = None,
        clock: Clock = time,
        executor: Executor | None = None,
    ) -> None:
        self._watches, self._session, self._secrets = list(watches), session, list(secrets)
        self._timeout = timeout
        self._observer, self._clock = observer, clock
        self._executor = executor or Threads()
        first = self._watches[0]
        self.record = Record(
            drill_id=notice.new_id(clock.time()),
            started=clock.time(),
            account_id=first.account_id,
            region=first.region,
            version=importlib.metadata.version("secretwatch"),
        )
        self.record.user_agent = f"{notice.AGENT}{self.record.drill_id}"
        self._aws_by_region: dict[str, Aws] = {}
        self._aws = self._aws_in(first.region)
        self._smokes: list[tuple[Watch, Drilled, Smoke]] = []
        self._begin = 0.0
        # Seconds after the first message.
        self._read_at: dict[str, float] = {}
        self._told: set[tuple[str, str]] = set()
        self._boxes: Letterboxes | None = None

    def run(self) -> Record:
        """Raises nothing but what is a mistake in this program, and KeyboardInterrupt."""
        record = self.record
        try:
            if self._prepare():
                self._publish()
                self._read()
                self._follow()
                judge(self.record)
                self._tell()
                record.ending = "done"
        except (UnknownSecret, NoAccess, NotThere) as error:
            record.ending, record.reason = "refused", str(error)
        except (ClientError, BotoCoreError) as error:
            record.ending, record.reason = "refused", one_line(error)
        except KeyboardInterrupt:
            record.ending, record.reason = "interrupted", "It was interrupted."
            raise
        finally:
            if record.ending != "done":
                judge(self.record)
            record.ended = self._clock.time()
        return record

    # Before anything is sent

    def _prepare(self) -> bool:
        """Raises UnknownSecret, NoAccess, NotThere and botocore's errors."""
        for account_id in dict.fromkeys(watch.account_id for watch in self._watches):
            self._aws.check_account(account_id)
        caller = caller_of(self._aws)
        self.record.caller = caller.arn
        for watch in self._watches:
            self._add(watch, caller)
        if not self._smokes:
            raise NotThere(
                "None of these watches counts reads that succeed, so reading a secret cannot ring them."
            )
        self._list_topics()
        for _, drilled, smoke in self._smokes:
            if not smoke.prepare():
                self.record.ending = "timeout" if drilled.report.ending == "timeout" else "failed"
                self.record.reason = f"{drilled.watch}: {drilled.report.reason} Nothing was sent."
                return False
        mails = inbox.messages(self._aws.endpoint_url) if self._aws.is_local else None
        before = None if mails is None else {str(each.get("id")) for each in mails}
        self._boxes = Letterboxes(self._aws_in, self.record.drill_id, self._aws.endpoint_url, before)
        for _, receiver in self.record.receivers:
            receiver.looks = receiver.state == "accepted" and self._boxes.can_look(receiver)
        return True

    def _add(self, watch: Watch, caller: Caller) -> None:
        # What stands for many names is no secret, and any of them rings alike.
        sample = (self._wanted(watch) or next(iter(watch.watched), "")).removesuffix("*") or "x"
        answer: Answer = answer_to_a_read(
            watch.filter_patterns, sample, watch.account_id, watch.region, caller
        )
        if answer == "other calls":
            report = SmokeReport()
            why = "It does not count reads that succeed: its topics got only the DRILL message."
            self.record.watches.append(
                Drilled(watch.label, None, watch.alarm_name, report, drilled=False, detail=why)
            )
            return
        if answer == "excepted":
            raise NotThere(
                f"The watch {watch.label} leaves out reads by {caller.arn} (`except`), so this read "
                "would not ring. Run the drill with somebody else's credentials. Nothing was sent."
            )
        smoke = Smoke(
            watch,
            self._session,
            secret=self._wanted(watch),
            timeout=self._timeout,
            agent=self.record.user_agent,
            observer=_Notes(self._observer.note),
            clock=self._clock,
            executor=self._executor,
        )
        drilled = Drilled(watch.label, watch.secret(self._wanted(watch)), watch.alarm_name, smoke.report)
        if watch.realtime:
            usually = "" if self._aws.is_local else "seconds; best effort"
            drilled.realtime = HopResult(REALTIME_HOP, usually=usually)
        self.record.watches.append(drilled)
        self._smokes.append((watch, drilled, smoke))

    def _wanted(self, watch: Watch) -> str | None:
        """The first of the given secrets that it watches."""
        for secret in self._secrets:
            try:
                return watch.secret(secret)
            except UnknownSecret:
                if len(self._watches) == 1:
                    raise
        return None

    def _list_topics(self) -> None:
        topics: dict[str, Topic] = {}

        def topic(arn: str, purpose: str) -> Topic:
            found = topics.setdefault(arn, Topic(arn))
            if purpose not in found.purposes:
                found.purposes.append(purpose)
            return found

        drilled = {each.watch for each in self.record.watches if each.drilled}
        for watch in self._watches:
            for arn in watch.topic_arns:
                found = topic(arn, f"alarm of {watch.label}")
                if watch.label in drilled:
                    found.alarms[watch.label] = None
            for arn in watch.realtime_topic_arns:
                found = topic(arn, f"realtime message of {watch.label}")
                if watch.label in drilled:
                    found.realtime.append(watch.label)
            for arn in watch.self_watch_topic_arns:
                topic(arn, "self-watch")
        self.record.topics = list(topics.values())
        for each in self.record.topics:
            try:
                each.receivers = subscriptions_of(self._aws, each, self._text(each))
            except (ClientError, BotoCoreError) as error:
                each.unknown = one_line(error)

    def _text(self, topic: Topic) -> str:
        alarms = [
            (each.watch, str(each.secret), each.alarm_name)
            for each in self.record.watches
            if each.watch in topic.alarms
        ]
        return notice.text(
            drill_id=self.record.drill_id,
            caller=str(self.record.caller),
            at=self.record.started or 0.0,
            account_id=str(self.record.account_id),
            region=str(self.record.region),
            topic_arn=topic.arn,
            alarms=alarms,
            realtime=bool(topic.realtime),
        )

    # Messages and reads

    def _publish(self) -> None:
        self._begin = self._clock.monotonic()
        subject = notice.subject(self.record.drill_id, [each.watch for each in self.record.watches])
        for topic in self.record.topics:
            try:
                answer = self._aws.client("sns").publish(
                    TopicArn=topic.arn, Subject=subject, Message=self._text(topic)
                )
                topic.message_id = str(answer["MessageId"])
            except (ClientError, BotoCoreError) as error:
                topic.error = one_line(error)
        sent = [topic.name for topic in self.record.topics if topic.message_id]
        told = ", ".join(sent) or "no topic"
        self._observer.note(f"DRILL {self.record.drill_id}: a message went to {told}.")

    def _read(self) -> None:
        for _, drilled, smoke in self._smokes:
            self._read_at[drilled.watch] = self._clock.monotonic() - self._begin
            smoke.read()
            self._tell()

    # What comes of them

    def _follow(self) -> None:
        running: list[Future[None]] = [
            self._executor.submit(smoke.follow) for _, drilled, smoke in self._smokes if drilled.report.reads
        ]
        grace = _LOCAL_GRACE if self._aws.is_local else _GRACE
        slowest = 1.0 if self._aws.is_local else _SLOWEST
        end: float | None = None
        due, pause = 0.0, _FASTEST
        while True:
            now = self._clock.monotonic()
            done = all(each.done() for each in running)
            if now >= due or done:
                self._look()
                due, pause = self._clock.monotonic() + pause, min(pause * _SLOWDOWN, slowest)
            self._tell()
            if done:
                for each in running:
                    each.result()
                end = end or self._clock.monotonic() + grace
                if not is_open(self.record) or self._clock.monotonic() >= end:
                    break
                pause = _FASTEST
            self._observer.waiting(self._awaited(), self._clock.monotonic() - self._begin)
            self._clock.sleep(0.25)
        self._observer.waiting([], 0.0)

    def _look(self) -> None:
        for topic in self.record.topics:
            self._look_at_alarms(topic)
            for receiver in topic.receivers:
                if receiver.looks and missing(topic, receiver):
                    self._look_at(topic, receiver)
        for _, drilled, _ in self._smokes:
            self._look_at_realtime(drilled)

    def _look_at_alarms(self, topic: Topic) -> None:
        """What each alarm's history says of this topic: the smoke test looks at the watch's first alone."""
        for watch, drilled, _ in self._smokes:
            reads = drilled.report.reads
            if drilled.watch not in topic.alarms or topic.alarms[drilled.watch] or not reads:
                continue
            if drilled.report.hop(ALARM_HOP).status != "ok":
                continue
            scene = Scene(
                replace(watch, topic_arn=topic.arn), self._aws, SmokeReport(), self._clock.time, reads=reads
            )
            probe = Notification(scene)
            try:
                probe.look()
            except (ClientError, BotoCoreError):
                # It is asked again; the smoke test's own hop says what is wrong.
                continue
            topic.alarms[drilled.watch] = scene.report.notification["action"]

    def _look_at(self, topic: Topic, receiver: Receiver) -> None:
        assert self._boxes is not None
        try:
            awaited = [Awaited(watch, each) for watch, each, _ in self._smokes]
            found = self._boxes.signs(topic, receiver, awaited)
        except NotLookedAt as why:
            receiver.looks, receiver.detail = False, str(why)
            return
        now = self._clock.monotonic() - self._begin
        for sign in receiver.expected:
            if sign in found:
                receiver.seen.setdefault(sign, now)

    def _look_at_realtime(self, drilled: Drilled) -> None:
        hop, sign = drilled.realtime, sign_of(REALTIME, drilled.watch)
        if hop is None or hop.status != "waiting":
            return
        having = [each for _, each in self.record.receivers if sign in each.seen]
        if having:
            hop.status = "ok"
            hop.seconds = min(each.seen[sign] for each in having) - self._read_at[drilled.watch]
            hop.detail = f"by {', '.join(each.name for each in having)}"

    # Telling

    def _hops(self) -> Iterator[tuple[str, HopResult]]:
        for each in self.record.watches:
            for hop in each.hops:
                yield each.watch, hop

    def _tell(self) -> None:
        for watch, hop in self._hops():
            if hop.status != "waiting" and (watch, hop.name) not in self._told:
                self._told.add((watch, hop.name))
                self._observer.hop(watch, hop)

    def _awaited(self) -> list[HopResult]:
        several = len(self._smokes) > 1
        found = []
        for watch, hop in self._hops():
            if hop.status == "waiting":
                found.append(replace(hop, detail=f"{watch} {hop.detail}".rstrip()) if several else hop)
        if not found:
            late = [each.name for topic, each in self.record.receivers if each.looks and missing(topic, each)]
            found = [HopResult("messages received", detail=f"not yet by {', '.join(late)}")] if late else []
        return found

    def _aws_in(self, region: str) -> Aws:
        if region not in self._aws_by_region:
            self._aws_by_region[region] = Aws(self._session, region, agent=self.record.user_agent)
        return self._aws_by_region[region]
