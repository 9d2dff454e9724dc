"""When alarms are evaluated, and what time it is for them.

AWS evaluates an alarm once a minute, over a window that ends at the full minute (an alarm with a period of
less, once in each period). With a tick of "minute" that is done here. Otherwise, to make waiting short, an
alarm is evaluated within a tick of new data, over the window that AWS will look at when the current minute
is over. An alarm without new data is evaluated when its window moves on.

A state set by hand stays until the next full minute, in either mode. (AWS promises that the alarm returns
to its actual state, often within seconds: whenever its next evaluation comes.) A new alarm is in
INSUFFICIENT_DATA until its first evaluation, which with a tick of "minute" is at the next full minute.

The alarms' time is the machine's, and a minute more for each `tick`: what was measured until then is a
minute older for them, what is measured later is not. Nothing else has its time moved: metrics, events and
the times at which a state changed keep the machine's.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol

from secretwatch.alarm import Sample, evaluate, window_end
from secretwatch.localstack.cloudwatch import math_alarms
from secretwatch.localstack.settings import AlarmTick

LOG = logging.getLogger(__name__)

MINUTE = timedelta(minutes=1)

_EVALUATED = ("MetricName", "Namespace", "Period", "Threshold")
_FULL_MINUTE_TICK = 0.2  # seconds between two looks at the clock, where only full minutes count

Position = tuple[int, ...]
"""How far the store of metrics was filled at some time."""


class Alarms(Protocol):
    """What the clock needs of CloudWatch."""

    def metric_alarms(self) -> list[Any]: ...

    def is_there(self, alarm: Any) -> bool: ...

    def position(self) -> Position: ...

    def samples(
        self, alarm: Any, start: datetime, end: datetime, ticks: Sequence[Position]
    ) -> list[Sample]: ...

    def evaluated(self, alarm: Any, state: str, reason: str, reason_data: Any) -> None: ...

    def unmute(self, at: datetime) -> None: ...


class AlarmClock:
    """Takes the place of LocalStack's alarm scheduler."""

    running: AlarmClock | None = None
    """The one whose alarms are evaluated; None before CloudWatch was used."""

    def __init__(self, alarms: Alarms, tick: AlarmTick) -> None:
        self._alarms = alarms
        self._at_full_minutes = tick == "minute"
        self._seconds = _FULL_MINUTE_TICK if tick == "minute" else tick
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._ticks: list[Position] = []
        self._evaluated_window: dict[str, datetime] = {}
        # Alarms whose state was set by hand, with the full minute in which that was.
        self._by_hand: dict[str, datetime] = {}
        self._new_data: set[tuple[str, str, str, str]] = set()
        self._thread = threading.Thread(target=self._run, name="alarm-clock", daemon=True)

    def start(self) -> None:
        AlarmClock.running = self
        self._thread.start()

    def now(self) -> datetime:
        return datetime.now(UTC) + MINUTE * len(self._ticks)

    def data_came(self, account_id: str, region: str, namespace: str, metric_names: Iterable[str]) -> None:
        with self._lock:
            self._new_data.update((account_id, region, namespace, name) for name in metric_names)

    def set_by_hand(self, alarm_arn: str, period: int) -> None:
        """Somebody set the state of an alarm, which stays until the next full minute."""
        with self._lock:
            self._by_hand[alarm_arn] = window_end(self.now(), period)

    def tick(self) -> int:
        """Let a full minute pass: all alarms are evaluated when it is over. By how many seconds the alarms'
        time is now ahead."""
        self.look()  # a new alarm's first minute begins before this one
        with self._looking:
            position = self._alarms.position()
            with self._lock:
                self._ticks.append(position)
                ahead = len(self._ticks)
        self.look()
        return ahead * int(MINUTE.total_seconds())

    # LocalStack's names

    def schedule_metric_alarm(self, alarm_arn: str) -> None:
        """An alarm is new or was changed: look at it at the next tick."""
        with self._lock:
            if not self._at_full_minutes:
                self._evaluated_window.pop(alarm_arn, None)

    def delete_scheduler_for_alarm(self, alarm_arn: str) -> None:
        with self._lock:
            self._evaluated_window.pop(alarm_arn, None)
            self._by_hand.pop(alarm_arn, None)

    def restart_existing_alarms(self) -> None:
        with self._lock:
            self._evaluated_window.clear()

    def shutdown_scheduler(self) -> None:
        self._stop.set()
        if AlarmClock.running is self:
            AlarmClock.running = None
        if self._thread.is_alive():
            self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            try:
                self.look()
            except Exception:
                LOG.exception("alarms were not evaluated")

    def look(self, now: datetime | None = None) -> None:
        """Evaluate every alarm for which it is time; `now` (aware) is for tests."""
        with self._looking:
            self._look(now or self.now())

    def _look(self, now: datetime) -> None:
        self._alarms.unmute(now)
        with self._lock:
            new_data, self._new_data = self._new_data, set()
        for alarm in self._alarms.metric_alarms():
            described = alarm.alarm
            if any(described.get(name) is None for name in _EVALUATED) and not math_alarms.is_evaluated(
                described
            ):
                continue  # anomaly detection and most of metric math are not emulated
            arn = described["AlarmArn"]
            period = math_alarms.period_of(described)
            passed = window_end(now, period)
            with self._lock:
                before = self._evaluated_window.get(arn)
                if self._by_hand.get(arn) == passed:
                    continue
                self._by_hand.pop(arn, None)
                if self._at_full_minutes:
                    end = passed
                    # One that is seen for the first time waits for its first full minute.
                    is_due = self._evaluated_window.setdefault(arn, passed) != passed
                else:
                    end = coming_window_end(now, period)
                    is_due = before != end or bool(math_alarms.metrics_of(alarm) & new_data)
                if not is_due:
                    continue
                self._evaluated_window[arn] = end
            try:
                self._evaluate(alarm, now, end)
            except Exception:
                LOG.exception("alarm %s was not evaluated; it is at the next tick", described["AlarmName"])
                with self._lock:
                    self._evaluated_window[arn] = datetime.min.replace(tzinfo=UTC)

    def _evaluate(self, alarm: Any, now: datetime, end: datetime) -> None:
        described = alarm.alarm
        config = math_alarms.configuration_of(described)
        samples = partial(self._alarms.samples, ticks=self._ticks)
        seen = math_alarms.datapoints_of(alarm, config, samples, end)
        outcome = evaluate(config, seen, described["StateValue"], at=now)
        # Data that came after it was deleted, or made anew, is not for it.
        if not outcome.kept and self._alarms.is_there(alarm):
            reason_data = json.loads(outcome.reason_data)
            if described.get("Metrics"):
                del reason_data["statistic"]
            self._alarms.evaluated(alarm, outcome.state.value, outcome.reason, reason_data)


def coming_window_end(now: datetime, period: int) -> datetime:
    """Where the window ends that AWS evaluates next: at the coming full minute, or high-resolution step."""
    return window_end(now, period) + timedelta(seconds=min(period, 60))
