"""When alarms are evaluated: as soon as there is something new, over the window AWS would look at.

AWS evaluates an alarm once a minute, over a window that ends at the full minute. To make waiting
short, an alarm here is evaluated within a tick of new data, over the window that AWS will look at
when the current minute is over. An alarm without new data is evaluated when its window moves on.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from secretwatch.alarm import Sample, evaluate, window_end
from secretwatch.localstack import math_alarms

LOG = logging.getLogger(__name__)

_EVALUATED = ("MetricName", "Namespace", "Period", "Threshold")


class Alarms(Protocol):
    """What the clock needs of CloudWatch."""

    def metric_alarms(self) -> list[Any]: ...

    def samples(self, alarm: Any, start: datetime, end: datetime) -> list[Sample]: ...

    def evaluated(self, alarm: Any, state: str, reason: str, reason_data: Any) -> None: ...

    def unmute(self, at: datetime) -> None: ...


class AlarmClock:
    """Takes the place of LocalStack's alarm scheduler."""

    def __init__(self, alarms: Alarms, tick: float) -> None:
        self._alarms = alarms
        self._tick = tick
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._evaluated_window: dict[str, datetime] = {}
        self._new_data: set[tuple[str, str, str, str]] = set()
        self._thread = threading.Thread(target=self._run, name="alarm-clock", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def data_came(self, account_id: str, region: str, namespace: str, metric_names: Iterable[str]) -> None:
        with self._lock:
            self._new_data.update((account_id, region, namespace, name) for name in metric_names)

    # LocalStack's names

    def schedule_metric_alarm(self, alarm_arn: str) -> None:
        """An alarm is new or was changed: look at it at the next tick."""
        with self._lock:
            self._evaluated_window.pop(alarm_arn, None)

    def delete_scheduler_for_alarm(self, alarm_arn: str) -> None:
        with self._lock:
            self._evaluated_window.pop(alarm_arn, None)

    def restart_existing_alarms(self) -> None:
        with self._lock:
            self._evaluated_window.clear()

    def shutdown_scheduler(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.wait(self._tick):
            try:
                self._look()
            except Exception:
                LOG.exception("alarms were not evaluated")

    def _look(self) -> None:
        now = datetime.now(UTC)
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
            end = coming_window_end(now, math_alarms.period_of(described))
            with self._lock:
                if self._evaluated_window.get(arn) == end and not math_alarms.metrics_of(alarm) & new_data:
                    continue
                self._evaluated_window[arn] = end
            try:
                self._evaluate(alarm, now, end)
            except Exception:
                LOG.exception("alarm %s was not evaluated; it is at the next tick", described["AlarmName"])
                with self._lock:
                    self._evaluated_window.pop(arn, None)

    def _evaluate(self, alarm: Any, now: datetime, end: datetime) -> None:
        described = alarm.alarm
        config = math_alarms.configuration_of(described)
        seen = math_alarms.datapoints_of(alarm, config, self._alarms.samples, end)
        outcome = evaluate(config, seen, described["StateValue"], at=now)
        if not outcome.kept:
            reason_data = json.loads(outcome.reason_data)
            if described.get("Metrics"):
                del reason_data["statistic"]
            self._alarms.evaluated(alarm, outcome.state.value, outcome.reason, reason_data)


def coming_window_end(now: datetime, period: int) -> datetime:
    """Where the window ends that AWS evaluates next: at the coming full minute, or high-resolution step."""
    return window_end(now, period) + timedelta(seconds=min(period, 60))
