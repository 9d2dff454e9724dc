"""Waiting until the alarm can change to ALARM: its actions run on a change only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from secretwatch.pipeline.aws import Aws, one_line
from secretwatch.pipeline.pace import Clock
from secretwatch.pipeline.watch import Watch

_FASTEST, _SLOWDOWN, _SLOWEST = 0.2, 1.4, 5.0


class NoAlarm(Exception):
    """There is no alarm to be seen; the message is one sentence."""


class StaysInAlarm(Exception):
    """The alarm did not leave ALARM; the message is one sentence."""


def describe_alarm(aws: Aws, name: str) -> dict[str, Any] | None:
    """The alarm as DescribeAlarms answers it; None where there is none."""
    found = aws.client("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm"])
    alarms: list[dict[str, Any]] = found.get("MetricAlarms", [])
    return alarms[0] if alarms else None


def _window(alarm: dict[str, Any]) -> float:
    """Seconds that the alarm looks at."""
    stats = [each["MetricStat"] for each in alarm.get("Metrics", ()) if each.get("MetricStat")]
    period = stats[0]["Period"] if stats else alarm.get("Period", 60)
    return float(period * alarm.get("EvaluationPeriods", 1))


def await_ready(
    aws: Aws, watch: Watch, clock: Clock, note: Callable[[str], None], asked: float | None, timeout: float
) -> dict[str, Any]:
    """Wait while the alarm is in ALARM; the alarm.

    asked: seconds at most; None: `timeout`, or the alarm's own window and three minutes if that is longer.
    Raises NoAlarm, StaysInAlarm.
    """
    begin, pause, told = clock.monotonic(), _FASTEST, False
    while True:
        try:
            alarm = describe_alarm(aws, watch.alarm_name)
        except (ClientError, BotoCoreError) as error:
            raise NoAlarm(f"The alarm cannot be looked at: {one_line(error)}") from error
        if alarm is None:
            raise NoAlarm(f"There is no alarm {watch.alarm_name} in {watch.region}.")
        if alarm["StateValue"] != "ALARM":
            return alarm
        window = _window(alarm)
        limit = asked or max(timeout, window + 180)
        if not told:
            note(
                f"The alarm {watch.alarm_name} is in ALARM already, and its actions run only when "
                f"its state changes: waiting until it is OK again, which takes {window:g} s "
                f"after the last read (Terraform reads too, on apply and plan); {limit:g} s at most."
            )
            told = True
        if clock.monotonic() - begin >= limit:
            raise StaysInAlarm(
                f"The alarm {watch.alarm_name} stayed in ALARM for {limit:g} s, so that no read "
                "could change its state; nothing was read. Somebody else may be reading the secret."
            )
        clock.sleep(pause)
        pause = min(pause * _SLOWDOWN, _SLOWEST)
