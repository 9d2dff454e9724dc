"""What of a plan is not tested, and why: a gate that passed over it would promise what nobody tried."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from secretwatch.alarm.rule import AlarmRule, InvalidAlarmRule
from secretwatch.backtest.replay import can_replay
from secretwatch.backtest.subject import Alarm, Metric

_METRIC = ("metric_name", "metric_query", "namespace")


def untested(alarm: Alarm, values: Mapping[str, Any], fed: Collection[Metric]) -> str | None:
    """Why an alarm that may be on what filters count is not replayed; None of one that is, or is on something
    else. values: of its resource, without what is not known yet. fed: the metrics of the filters."""
    described = alarm.described
    metrics = [
        each["MetricStat"]["Metric"] for each in described.get("Metrics") or () if "MetricStat" in each
    ]
    metrics = metrics or [described]
    if not all(each.get("Namespace") and each.get("MetricName") for each in metrics):
        is_late = any(name not in values for name in _METRIC)
        return "looks at a metric that is known only after an apply" if is_late else None
    if not any((each["Namespace"], each["MetricName"]) in fed for each in metrics):
        return None
    if len(metrics) == 1 and alarm.metric is None:
        return None  # by dimensions, which no filter counts here
    if described.get("Metrics") and alarm.config is None:
        return "looks at metric math or at a band, which are not evaluated here"
    if alarm.config is None:
        return "has settings that are known only after an apply, or that AWS would refuse"
    return None if can_replay(alarm.config) else "has a period that no metric of a filter has"


def is_made_of(rule: object, names: Collection[str]) -> bool:
    """Whether a composite alarm may look at one of these alarms. rule: None where it is not known yet."""
    try:
        return any(each.rpartition(":")[2] in names for each in AlarmRule.parse(str(rule)).alarms)
    except InvalidAlarmRule:
        return True
