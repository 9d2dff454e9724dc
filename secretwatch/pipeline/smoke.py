"""The smoke test: read a secret once, and follow that read until the alarm has told somebody.

All hops are looked at in parallel, each at its own pace: quickly at first, then ever more slowly. A run ends
when every hop is seen, when a hop fails that the following ones need, or when the time is up.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from secretwatch.pipeline import hops, inbox
from secretwatch.pipeline.aws import (
    Aws,
    NoAccess,
    is_about_credentials,
    is_absent,
    is_denied,
    is_passing,
    one_line,
)
from secretwatch.pipeline.hops import ALARM, HOPS, READ, Hop, Scene, Seen
from secretwatch.pipeline.pace import Clock, Threads
from secretwatch.pipeline.reads import NoAwsCli, ReadFailed, Via, read_secret
from secretwatch.pipeline.report import HopResult, Report
from secretwatch.pipeline.watch import UnknownSecret, Watch

TIMEOUT = 900.0
LOCAL_TIMEOUT = 60.0
_FASTEST = 0.2
# LookupEvents is limited to two calls a second for an account; the rest has room.
_SLOWEST, _SLOWEST_LOCAL = 8.0, 1.0
_SLOWDOWN = 1.4


class Observer(Protocol):
    """Told of everything as it happens, by the thread that runs the test."""

    def note(self, text: str) -> None:
        """Something to know before the read."""

    def hop(self, hop: HopResult) -> None:
        """A hop was seen, failed or is skipped."""

    def waiting(self, hops: list[HopResult], seconds: float) -> None:
        """What is awaited, and for how long since the read; told again and again."""


class _Silent:
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
        timeout: float | None = None,
        environ: Mapping[str, str] | None = None,
        observer: Observer | None = None,
        clock: Clock = time,
        executor: Executor | None = None,
    ) -> None:
        self._watch = watch
        self._aws = Aws(session, watch.region, environ)
        self._wanted, self._via = secret, via
        self._asked_timeout = timeout
        self._observer = observer or _Silent()
        self._clock = clock
        self._executor = executor or Threads()
        self.report = Report(via=via)
        self.report.hops = [HopResult(READ), *(HopResult(hop.name, usually=hop.usually) for hop in HOPS)]
        self.report.alarm["name"] = watch.alarm_name
        self.report.notification["topic_arn"] = watch.topic_arn
        self._scene = Scene(watch, self._aws, self.report, clock.time)
        self._begin = 0.0

    def run(self) -> Report:
        """Run it; raises nothing but what is a mistake in this program, and KeyboardInterrupt."""
        try:
            self._run()
        except (UnknownSecret, NoAccess, NoAwsCli) as error:
            self._end("refused", str(error))
        except KeyboardInterrupt:
            self._end("interrupted", "It was interrupted.")
            raise
        return self.report

    def _run(self) -> None:
        secret = self._watch.secret(self._wanted)
        self.report.secret = secret
        self._aws.check_account(self._watch.account_id)
        local = self._aws.is_local
        timeout = self._asked_timeout or (LOCAL_TIMEOUT if local else TIMEOUT)
        if local:
            for hop in self.report.hops:
                hop.usually = ""
        if not self._ready(timeout):
            return
        self._remember()
        if not self._read(secret):
            return
        self._follow(timeout, _SLOWEST_LOCAL if local else _SLOWEST)

    def _ready(self, timeout: float) -> bool:
        """Wait until the alarm can change to ALARM: its actions run on a change only."""
        begin, pause, told = self._clock.monotonic(), _FASTEST, False
        while True:
            try:
                alarm = hops.describe_alarm(self._scene)
            except (ClientError, BotoCoreError) as error:
                return self._fail(ALARM, f"The alarm cannot be looked at: {one_line(error)}")
            if alarm is None:
                return self._fail(
                    ALARM, f"There is no alarm {self._watch.alarm_name} in {self._watch.region}."
                )
            if alarm["StateValue"] != "ALARM":
                return True
            window = float(alarm.get("Period", 60) * alarm.get("EvaluationPeriods", 1))
            limit = self._asked_timeout or max(timeout, window + 180)
            if not told:
                self._observer.note(
                    f"The alarm {self._watch.alarm_name} is in ALARM already, and its actions run only when "
                    f"its state changes: waiting until it is OK again, which takes {window:g} s "
                    f"after the last read (Terraform reads too, on apply and plan); {limit:g} s at most."
                )
                told = True
            if self._clock.monotonic() - begin >= limit:
                self._set(ALARM, Seen("waiting", "was in ALARM before the read, and still is"))
                self._end(
                    "timeout",
                    f"The alarm {self._watch.alarm_name} stayed in ALARM for {limit:g} s, so that no read "
                    "could change its state; nothing was read. Somebody else may be reading the secret.",
                )
                return False
            self._clock.sleep(pause)
            pause = min(pause * _SLOWDOWN, 5.0)

    def _remember(self) -> None:
        """What was there before the read, so that it is not taken for what the read does."""
        if self._aws.is_local:
            mails = inbox.messages(self._aws.endpoint_url)
            if mails is not None:
                self._scene.mails_before = {str(mail.get("id")) for mail in mails}
        try:
            self._scene.counted_before = hops.counts(self._scene, self._clock.time())
        except (ClientError, BotoCoreError):
            # The hop itself will say what is wrong.
            self._scene.counted_before = {}

    def _read(self, secret: str) -> bool:
        self._begin, now = self._clock.monotonic(), self._clock.time()
        try:
            read = read_secret(self._aws, secret, self._via, now, self._watch.region)
        except ReadFailed as error:
            return self._fail(READ, str(error))
        self._scene.read = read
        self.report.request_id = read.request_id
        self.report.time = datetime.fromtimestamp(read.at, UTC).isoformat(timespec="seconds")
        known = f"request {read.request_id}" if read.request_id else f"user agent with {read.marker}"
        self._set(
            READ, Seen("ok", f"{secret} through {'the AWS CLI' if self._via == 'cli' else 'boto3'}, {known}")
        )
        return True

    def _follow(self, timeout: float, slowest: float) -> None:
        turns = [_Turn(kind(self._scene), self._begin) for kind in HOPS]
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

    def _may_come(self, hop: Hop) -> bool:
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

    def _set(self, name: str, seen: Seen) -> None:
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
        if ending in ("refused", "timeout", "interrupted") and self._scene.read is None:
            self._skip_the_rest_but_alarm()

    def _skip_the_rest_but_alarm(self) -> None:
        for hop in self.report.hops:
            if hop.status == "waiting" and not (hop.name == ALARM and hop.detail):
                hop.status, hop.detail = "skipped", "nothing was read"


def run(watch: Watch, session: Any, **options: Any) -> Report:
    """Read the watched secret once and follow that read; takes as long as it takes, `timeout` at most.

    session: a boto3.Session. Options, all by name:
    secret: which of the watch's secrets, where it has several; via: "boto3" or "cli" (the AWS CLI);
    timeout: seconds for the hops after the read, and for an alarm in ALARM already to be OK again before it
    (None: 900, or 60 on a cloud on this machine; for that alarm its own window and three minutes, if longer);
    environ: variables beside this process's that name the cloud (AWS_ENDPOINT_URL; credentials for the CLI);
    observer: an Observer. Returns the Report; KeyboardInterrupt goes through (Smoke keeps its report).
    """
    return Smoke(watch, session, **options).run()


@dataclass
class _Turn:
    hop: Hop
    due: float
    pause: float = _FASTEST
    future: Future[Seen] | None = None


def _look(hop: Hop) -> Seen:
    """A look, with what its errors mean. A hop that may not be looked at is no failure of the pipeline."""
    try:
        return hop.look()
    except (ClientError, BotoCoreError) as error:
        why = one_line(error)
        if is_passing(error) and not is_absent(error):
            return Seen("waiting", why)
        if is_about_credentials(error) or hop.name == ALARM:
            return Seen("failed", why)
        if is_denied(error):
            return Seen("skipped", f"it may not be looked at: {why}")
        if is_absent(error):
            return Seen("skipped", f"it cannot be looked at here: {why}")
        return Seen("failed", why)


def _sentence(name: str, detail: str) -> str:
    return f'The hop "{name}" failed: {detail.rstrip(".")}.'
