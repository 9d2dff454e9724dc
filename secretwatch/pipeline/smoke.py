"""The smoke test: read a secret, and follow that read until somebody was told of it.

Several reads are made one right after another and followed together: a hop is seen when all of them are.

All hops are looked at in parallel, each at its own pace: quickly at first, then ever more slowly. A run ends
when every hop is seen, when a hop fails that the following ones need, or when the time is up.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from secretwatch.pipeline import inbox
from secretwatch.pipeline.aws import (
    Aws,
    NoAccess,
    is_about_credentials,
    is_absent,
    is_denied,
    is_passing,
    one_line,
)
from secretwatch.pipeline.doctor.reads import kinds_of
from secretwatch.pipeline.pace import Clock, Threads
from secretwatch.pipeline.post import NoQueue, Post
from secretwatch.pipeline.probes.alarm import counts
from secretwatch.pipeline.probes.paths import probes_of
from secretwatch.pipeline.probes.probe import ALARM, DELIVERY, READ, REALTIME, Look, Path, Probe, Scene
from secretwatch.pipeline.reading import NoAwsCli, ReadFailed, Via, read_secret
from secretwatch.pipeline.ready import NoAlarm, StaysInAlarm, await_ready
from secretwatch.pipeline.smoke_report import HopResult, SmokeReport
from secretwatch.pipeline.watch import UnknownSecret, Watch

TIMEOUT = 900.0
LOCAL_TIMEOUT = 60.0
_FASTEST = 0.2
# LookupEvents is limited to two calls a second for an account; the rest has room.
_SLOWEST, _SLOWEST_LOCAL = 8.0, 1.0
_SLOWDOWN = 1.4


class NotThere(Exception):
    """The watch or the cloud lacks what the run needs; the message is one sentence."""


class Observer(Protocol):
    """Told of everything as it happens, by the thread that runs the test."""

    def note(self, text: str) -> None:
        """Something to know before the read."""

    def hop(self, hop: HopResult) -> None:
        """A hop was seen, failed or is skipped."""

    def waiting(self, hops: list[HopResult], seconds: float) -> None:
        """What is awaited, and for how long since the read; told again and again."""


class Silent:
    """An observer whom nothing interests."""

    def note(self, text: str) -> None: ...
    def hop(self, hop: HopResult) -> None: ...
    def waiting(self, hops: list[HopResult], seconds: float) -> None: ...


class Smoke:
    """One smoke test. `report` is whole at any time, so that an interrupted run still has one."""

    def __init__(
        self,
        watch: Watch,
        session: Any,
        *,
        secret: str | None = None,
        via: Via = "boto3",
        count: int = 1,
        path: Path = "alarm",
        prove_delivery: bool = False,
        timeout: float | None = None,
        environ: Mapping[str, str] | None = None,
        agent: str | None = None,
        observer: Observer | None = None,
        clock: Clock = time,
        executor: Executor | None = None,
    ) -> None:
        self._watch = watch
        self._aws = Aws(session, watch.region, environ, agent)
        self._wanted, self._via, self._count = secret, via, count
        self._path, self._prove_delivery = path, prove_delivery
        self._hops = probes_of(path, prove_delivery=prove_delivery)
        self._asked_timeout = timeout
        self._observer = observer or Silent()
        self._clock = clock
        self._executor = executor or Threads()
        self.report = SmokeReport(via=via, path=path)
        self.report.hops = [
            HopResult(READ),
            *(HopResult(hop.name, usually=hop.usually) for hop in self._hops),
        ]
        self.report.alarm["name"] = watch.alarm_name
        self.report.notification["topic_arn"] = watch.topic_arn
        self._scene = Scene(watch, self._aws, self.report, clock.time)
        self._begin = 0.0

    @property
    def watch(self) -> Watch:
        return self._watch

    @property
    def is_local(self) -> bool:
        """Whether it runs on a cloud on this machine."""
        return self._aws.is_local

    def run(self) -> SmokeReport:
        """Run it; raises nothing but what is a mistake in this program, and KeyboardInterrupt."""
        try:
            try:
                self._run()
            finally:
                self._clean_up()
        except (UnknownSecret, NoAccess, NoAwsCli, NotThere) as error:
            self._end("refused", str(error))
        except KeyboardInterrupt:
            self._end("interrupted", "It was interrupted.")
            raise
        return self.report

    def _run(self) -> None:
        if self.prepare() and self._open_post() and self.read():
            self.follow()

    def prepare(self) -> bool:
        """Everything before the read; whether it can be made. Raises UnknownSecret, NoAccess, NotThere."""
        self.report.secret = secret = self._watch.secret(self._wanted)
        self._aws.check_account(self._watch.account_id)
        if self._aws.is_local:
            for hop in self.report.hops:
                hop.usually = ""
        self._check_path()
        self._check_kind(secret)
        if self._path != "realtime" and not self._ready(self._timeout):
            return False
        self._remember()
        if self._path != "alarm" and not (self._prove_delivery or self._scene.mails_before is not None):
            raise NotThere(
                "Here only a queue shows that the realtime message arrived: add --prove-delivery. It "
                "subscribes a temporary queue to the watch's topics and removes it afterwards."
            )
        return True

    @property
    def _timeout(self) -> float:
        return self._asked_timeout or (LOCAL_TIMEOUT if self._aws.is_local else TIMEOUT)

    def _check_path(self) -> None:
        """Raises NotThere."""
        if self._path != "alarm" and self._watch.realtime is None:
            raise NotThere(
                "The watch has no realtime path, or its outputs do not name it: switch it on in the "
                "module, or leave --path at alarm."
            )
        if self._prove_delivery and not self._watch.topic_arns:
            raise NotThere("The outputs name no topic that a queue could be subscribed to.")

    def _check_kind(self, secret: str) -> None:
        """Raises NotThere where the watch is on other calls than reads, as its own patterns say."""
        watch = self._watch
        kinds = kinds_of(watch.filter_patterns, secret, watch.account_id, watch.region)
        if kinds and ("GetSecretValue", False) not in kinds:
            raise NotThere(
                f"The watch {watch.watch or watch.name} does not count reads that succeed, so reading a "
                "secret cannot ring it: choose one that does with --watch KEY."
            )

    def _ready(self, timeout: float) -> bool:
        try:
            alarm = await_ready(
                self._aws, self._watch, self._clock, self._observer.note, self._asked_timeout, timeout
            )
        except NoAlarm as error:
            return self._fail(ALARM, str(error))
        except StaysInAlarm as error:
            self._set(ALARM, Look("waiting", "was in ALARM before the read, and still is"))
            self._end("timeout", str(error))
            return False
        self.report.alarm.update(state=alarm["StateValue"], reason=alarm.get("StateReason"))
        return True

    def _open_post(self) -> bool:
        if not self._prove_delivery:
            return True
        alarm = self._watch.topic_arns if self._path != "realtime" else ()
        realtime = self._watch.realtime_topic_arns if self._path != "alarm" else ()
        self._scene.post = Post(self._aws, self._watch, (*alarm, *realtime), self._clock)
        try:
            self._scene.post.open()
        except NoQueue as error:
            return self._fail(DELIVERY if self._path != "realtime" else REALTIME, str(error))
        return True

    def _clean_up(self) -> None:
        if self._scene.post is None:
            return
        self._scene.post.remove()
        self.report.left_behind = self._scene.post.left
        if self.report.left_behind and self.report.ending == "pass":
            self._end("failed", "The queues or subscriptions that prove the delivery could not be removed.")

    def _remember(self) -> None:
        """What was there before the read, so that it is not taken for what the read does."""
        if self._aws.is_local:
            mails = inbox.messages(self._aws.endpoint_url)
            if mails is not None:
                self._scene.mails_before = {str(mail.get("id")) for mail in mails}
        try:
            self._scene.counted_before = counts(self._scene, self._clock.time())
        except (ClientError, BotoCoreError):
            # The hop itself will say what is wrong.
            self._scene.counted_before = {}

    def read(self) -> bool:
        """Make the reads, after `prepare`; whether they could be made. Raises NoAwsCli."""
        secret = self.report.secret
        assert secret is not None
        self._begin, now = self._clock.monotonic(), self._clock.time()
        for _ in range(self._count):
            try:
                read = read_secret(self._aws, secret, self._via, now, self._watch.region)
            except ReadFailed as error:
                return self._fail(READ, str(error))
            self._scene.reads.append(read)
            self.report.reads.append(read)
            now = self._clock.time()
        known = f"request {read.request_id}" if read.request_id else f"user agent with {read.marker}"
        times = f" {self._count} times" if self._count > 1 else ""
        through = "the AWS CLI" if self._via == "cli" else "boto3"
        self._set(READ, Look("ok", f"{secret}{times} through {through}, {known}"))
        return True

    def follow(self) -> None:
        """Follow the reads that were made until the report has an end."""
        timeout, slowest = self._timeout, _SLOWEST_LOCAL if self._aws.is_local else _SLOWEST
        turns = [_Turn(kind(self._scene), self._begin) for kind in self._hops]
        while turns:
            elapsed = self._clock.monotonic() - self._begin
            if elapsed >= timeout:
                awaited = ", ".join(turn.hop.name for turn in turns)
                self._end("timeout", f"After {timeout:g} s this had not come: {awaited}.")
                return
            now = self._clock.monotonic()
            for turn in turns:
                if turn.future is None and turn.due <= now and self._may_come(turn.hop):
                    turn.future = self._executor.submit(_look, turn.hop)
            for turn in [turn for turn in turns if turn.future and turn.future.done()]:
                assert turn.future is not None
                seen, turn.future = turn.future.result(), None
                self._set(turn.hop.name, seen)
                if seen.status == "waiting":
                    turn.pause = min(turn.pause * _SLOWDOWN, slowest)
                    turn.due = self._clock.monotonic() + (0 if seen.again else turn.pause)
                else:
                    turns.remove(turn)
                    if seen.status == "failed" and turn.hop.vital:
                        self._skip_the_rest()
                        self._end("failed", _sentence(turn.hop.name, seen.detail))
                        return
            self._observer.waiting([self.report.hop(turn.hop.name) for turn in turns], elapsed)
            self._pause(turns, self._begin + timeout)
        failed = [hop for hop in self.report.hops if hop.status == "failed"]
        if failed:
            self._end("failed", _sentence(failed[0].name, failed[0].detail))
        else:
            self._end("pass", None)

    def _may_come(self, hop: Probe) -> bool:
        return hop.after is None or self.report.hop(hop.after).status == "ok"

    def _pause(self, turns: list[_Turn], end: float) -> None:
        """Until a look is answered, the next one is due, or the time is up."""
        pending = [turn.future for turn in turns if turn.future]
        if any(future.done() for future in pending):
            return
        due = [turn.due for turn in turns if turn.future is None and self._may_come(turn.hop)]
        # A hop that follows another is due when that one's look is answered.
        seconds = max(0.0, min([*due, end]) - self._clock.monotonic())
        if pending:
            wait(pending, timeout=min(seconds, 0.25), return_when=FIRST_COMPLETED)
        elif turns:
            self._clock.sleep(min(seconds, 0.25))

    def _set(self, name: str, seen: Look) -> None:
        hop = self.report.hop(name)
        hop.status, hop.detail = seen.status, seen.detail
        if seen.status != "waiting":
            if seen.status != "skipped":
                hop.seconds = self._clock.monotonic() - self._begin
            self._observer.hop(hop)

    def _fail(self, name: str, why: str) -> bool:
        """A failure before there is anything to follow. Always False."""
        hop = self.report.hop(name)
        hop.status, hop.detail = "failed", why
        self._observer.hop(hop)
        self._skip_the_rest()
        self._end("failed", why)
        return False

    def _skip_the_rest(self) -> None:
        for hop in self.report.hops:
            if hop.status == "waiting":
                hop.status, hop.detail = "skipped", "not reached"

    def _end(self, ending: Any, reason: str | None) -> None:
        self.report.ending, self.report.reason = ending, reason
        if ending in ("refused", "timeout", "interrupted") and not self._scene.reads:
            self._skip_the_rest_but_alarm()

    def _skip_the_rest_but_alarm(self) -> None:
        for hop in self.report.hops:
            if hop.status == "waiting" and not (hop.name == ALARM and hop.detail):
                hop.status, hop.detail = "skipped", "nothing was read"


def run(watch: Watch, session: Any, **options: Any) -> SmokeReport:
    """Read the watched secret and follow that read; takes as long as it takes, `timeout` at most.

    session: a boto3.Session. Options, all by name:
    secret: which of the watch's secrets, where it has several; via: "boto3" or "cli" (the AWS CLI);
    count: how many reads; path: "alarm", "realtime" or "both"; prove_delivery: subscribe a temporary queue to
    each of the watch's topics, and wait for the messages themselves;
    timeout: seconds for the hops after the read, and for an alarm in ALARM already to be OK again before it
    (None: 900, or 60 on a cloud on this machine; for that alarm its own window and three minutes, if longer);
    environ: variables beside this process's that name the cloud (AWS_ENDPOINT_URL; credentials for the CLI);
    agent: a text for the user agent of every call;
    observer: an Observer. Returns the SmokeReport; KeyboardInterrupt goes through (Smoke keeps its report).
    """
    return Smoke(watch, session, **options).run()


@dataclass
class _Turn:
    hop: Probe
    due: float
    pause: float = _FASTEST
    future: Future[Look] | None = None


def _look(hop: Probe) -> Look:
    """A look, with what its errors mean. A hop that may not be looked at is no failure of the pipeline."""
    try:
        return hop.look()
    except (ClientError, BotoCoreError) as error:
        why = one_line(error)
        if is_passing(error) and not is_absent(error):
            return Look("waiting", why)
        if is_about_credentials(error) or hop.name == ALARM:
            return Look("failed", why)
        if is_denied(error):
            return Look("skipped", f"you are not allowed to look at it: {why}")
        if is_absent(error):
            return Look("skipped", f"it cannot be looked at here: {why}")
        return Look("failed", why)


def _sentence(name: str, detail: str) -> str:
    return f'The hop "{name}" failed: {detail.rstrip(".")}.'
