"""Waiting until the alarm can change to ALARM: its actions run on a change only, and while no rule mutes it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-mute-rules.html
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from secretwatch.pipeline.aws import Aws, one_line
from secretwatch.pipeline.pace import Clock
from secretwatch.pipeline.watch import Watch

_FASTEST, _SLOWDOWN, _SLOWEST = 0.2, 1.4, 5.0


class NoAlarm(Exception):
    """There is no alarm to be seen; the message is one sentence."""


class Muted(NoAlarm):
    """There is one, which would tell nobody; the message is one sentence."""


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


def _muting(aws: Aws, alarm_name: str) -> str | None:
    """A rule that mutes the alarm now; None as well where boto3 or the caller's policy does not tell."""
    cloudwatch = aws.client("cloudwatch")
    if not hasattr(cloudwatch, "list_alarm_mute_rules"):
        return None
    try:
        found = cloudwatch.list_alarm_mute_rules(AlarmName=alarm_name, Statuses=["ACTIVE"])
    except (ClientError, BotoCoreError):
        return None
    rules = found.get("AlarmMuteRuleSummaries") or [{}]
    return str(rules[0].get("AlarmMuteRuleArn", "")).rsplit(":", 1)[-1] or None


def await_ready(
    aws: Aws, watch: Watch, clock: Clock, note: Callable[[str], None], asked: float | None, timeout: float
) -> dict[str, Any]:
    """Wait while the alarm is in ALARM; the alarm.

    asked: seconds at most; None: `timeout`, or the alarm's own window and three minutes if that is longer.
    Raises NoAlarm, Muted, StaysInAlarm.
    """
    begin, pause, told = clock.monotonic(), _FASTEST, False
    while True:
        try:
            alarm = describe_alarm(aws, watch.alarm_name)
        except (ClientError, BotoCoreError) as error:
            raise NoAlarm(f"The alarm cannot be looked at: {one_line(error)}") from error
        if alarm is None:
            raise NoAlarm(f"There is no alarm {watch.alarm_name} in {watch.region}.")
        if not told and (rule := _muting(aws, watch.alarm_name)):
            raise Muted(
                f"The mute rule {rule} mutes {watch.alarm_name} now: the alarm would change its state "
                "and send no message. Nothing was read. `secretwatch doctor` says how to end the "
                "mute."
            )
        if alarm["StateValue"] != "ALARM":
            return alarm
        window = _window(alarm)
        limit = asked or max(timeout, window + 180)
        if not told:
            sooner = (
                f" From another shell, `secretwatch local tick --minutes {math.ceil(window / 60) + 2}` lets "
                "them pass at once."
                if aws.is_local
                else ""
            )
            note(
                f"The alarm {watch.alarm_name} is in ALARM already, and its actions run only when "
                f"its state changes: waiting until it is OK again, which takes {window:g} s "
                f"after the last read (Terraform reads too, on apply and plan); {limit:g} s at most.{sooner}"
            )
            told = True
        if clock.monotonic() - begin >= limit:
            raise StaysInAlarm(
                f"The alarm {watch.alarm_name} stayed in ALARM for {limit:g} s, so no read could "
                "change its state; nothing was read. Somebody else may be reading the secret."
            )
        clock.sleep(pause)
        pause = min(pause * _SLOWDOWN, _SLOWEST)
