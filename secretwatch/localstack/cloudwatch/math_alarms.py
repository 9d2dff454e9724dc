"""Alarms on metric math: those that are evaluated here, and their datapoints.

Evaluated are alarms whose metrics all have one period, with expressions that `secretwatch.alarm.metricmath`
knows. All others are kept and stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from secretwatch.alarm import AlarmConfig, Sample, config_of, datapoints
from secretwatch.alarm.metricmath import InvalidExpression, evaluate_expression
from secretwatch.alarm.window import Datapoint

Samples = Callable[[Any, datetime, datetime], list[Sample]]
Metric = tuple[str, str, str, str]
"""Account, region, namespace, name."""


def is_evaluated(described: Mapping[str, Any]) -> bool:
    """Whether this alarm on metric math is one that is evaluated here."""
    stats = _stats(described)
    if described.get("Threshold") is None or len({stat["Period"] for stat in stats.values()}) != 1:
        return False
    try:
        _values(described, {name: [1.0] for name in stats})
    except InvalidExpression:
        return False
    return True


def metrics_of(alarm: Any) -> set[Metric]:
    """The metrics that LocalStack's alarm looks at."""
    described = alarm.alarm
    if not described.get("Metrics"):
        return {(alarm.account_id, alarm.region, described["Namespace"], described["MetricName"])}
    return {
        (alarm.account_id, alarm.region, stat["Metric"]["Namespace"], stat["Metric"]["MetricName"])
        for stat in _stats(described).values()
    }


def period_of(described: Mapping[str, Any]) -> int:
    """In seconds."""
    if described.get("Metrics"):
        return int(next(iter(_stats(described).values()))["Period"])
    return int(described["Period"])


def configuration_of(described: Mapping[str, Any]) -> AlarmConfig:
    """The rules' view of any alarm that is evaluated; one on metric math has no statistic of its own: Sum."""
    if described.get("Metrics"):
        own = {"Statistic": "Sum", "Period": period_of(described), "Unit": None, "Metrics": None}
        return config_of({**described, **own})
    return config_of(described)


def datapoints_of(alarm: Any, config: AlarmConfig, samples: Samples, end: datetime) -> list[Datapoint]:
    """What an evaluation over the range that ends at ``end`` sees, oldest first."""
    start = end - timedelta(seconds=config.period * config.evaluation_range)
    described = alarm.alarm
    if not described.get("Metrics"):
        return datapoints(config, samples(alarm, start, end), end)
    seen: dict[str, list[Datapoint]] = {}
    for name, stat in _stats(described).items():
        of_metric = SimpleNamespace(account_id=alarm.account_id, region=alarm.region, alarm=stat["Metric"])
        unit = stat.get("Unit")
        own = replace(config, statistic=stat["Stat"], unit=None if unit in (None, "None") else unit)
        seen[name] = datapoints(own, samples(of_metric, start, end), end)
    values = _values(described, {name: [point.value for point in points] for name, points in seen.items()})
    times = next(iter(seen.values()))
    return [Datapoint(point.time, value, None) for point, value in zip(times, values, strict=True)]


def _stats(described: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {
        each["Id"]: each["MetricStat"] for each in described.get("Metrics") or [] if each.get("MetricStat")
    }


def _values(described: Mapping[str, Any], series: dict[str, list[float | None]]) -> list[float | None]:
    """The values of the one that returns data. InvalidExpression where it cannot be evaluated."""
    known: dict[str, list[float | None]] = dict(series)
    waiting = [each for each in described["Metrics"] if each.get("Expression")]
    failed = InvalidExpression("no expression")
    while waiting:
        left = []
        for each in waiting:
            try:
                # METRICS() stands for the metrics, not for other expressions.
                over = series if "METRICS()" in each["Expression"] else known
                known[each["Id"]] = evaluate_expression(each["Expression"], over)
            except InvalidExpression as error:
                failed = error
                left.append(each)
        if len(left) == len(waiting):
            raise failed
        waiting = left
    (returned,) = (each["Id"] for each in described["Metrics"] if each.get("ReturnData", True))
    return known[returned]
