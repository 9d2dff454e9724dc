"""Hop 6: the alarm: would what has to ring ring it, can it ring again, and whom does it tell.

Whether it would is not judged by rules of thumb: the alarm is evaluated, minute by minute, on a read between
quiet minutes and between busy ones. What is wrong is the setting that, put right, makes it ring.
"""

from __future__ import annotations

from dataclasses import replace

from secretwatch.alarm import AlarmConfig, InvalidAlarmConfig, config_of
from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.alarm_actions import examine_actions, mutes
from secretwatch.pipeline.doctor.hops.alarm_minutes import may_ring_again
from secretwatch.pipeline.doctor.hops.alarm_settings import alarm_ref, examine_settings, feeding, gives_zeros
from secretwatch.pipeline.doctor.hops.differing import differing
from secretwatch.pipeline.doctor.kinds import alarms
from secretwatch.pipeline.doctor.view import View

NAME = "alarm"


def examine(view: View) -> Hop:
    hop = Hop(NAME)
    alarm = view.alarm
    if alarm is None:
        _no_alarm(hop, view)
        return hop
    config = examine_settings(hop, view, alarm)
    examine_actions(hop, view, alarm)
    mutes(hop, view, alarm)
    hop.note += rings_again(view, config)
    if view.intent:
        differing(hop, view, [Ref("alarm", view.alarm_name or "")], stops=True)
    return hop


def rings_again(view: View, config: AlarmConfig | None) -> str:
    """What is to be known of an alarm that one read may ring more than once; "" of others."""
    if config is None or not gives_zeros(view) or not may_ring_again(replace(config, unit=None)):
        return ""
    return (
        " With the zeros of a default value one read may ring more than once: they push it out of what "
        "the alarm looks at, and let it come back."
    )


def _no_alarm(hop: Hop, view: View) -> None:
    subject, name = view.subject, view.alarm_name
    if name and (unknown := view.account.unknown.get(Ref("alarm", name))):
        hop.cannot_tell("permission", f"The alarm cannot be looked at: {unknown.missing}.")
        return
    if unknown := view.account.unknown.get(Ref("alarms", "")):
        hop.cannot_tell("permission", f"The alarm cannot be looked at: {unknown.missing}.")
        return
    metric = view.metric
    if view.intent and name:
        differing(hop, view, [alarm_ref(view)], stops=True)
        if hop.findings:
            return
    if metric is None:
        hop.not_reached("There is no metric that an alarm could watch.")
        return
    units = {each.get("unit") for each in feeding(view)}
    wanted = {
        "AlarmName": name or "secret-read",
        "Namespace": metric[0],
        "MetricName": metric[1],
        "Statistic": "Maximum",
        # Where there is no filter yet, the one that is proposed gives it.
        "Unit": "Count" if not units or units == {"Count"} else None,
        "Period": 60,
        "EvaluationPeriods": 5,
        "DatapointsToAlarm": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": list(subject.topic_arns) or ["TOPIC_ARN"],
    }
    hop.broken(
        "alarm-deleted",
        f"There is no alarm {wanted['AlarmName']} on the metric.",
        alarms.put(wanted),
        ref=alarm_ref(view),
    )


def config_or_none(alarm: Thing) -> AlarmConfig | None:
    """What it decides by; None for what is not covered."""
    try:
        return config_of(alarm)
    except (InvalidAlarmConfig, KeyError, ValueError):
        return None
