"""How the module deploys its alarms: the parameters that decide, as DescribeAlarms answers them.

For tests that prove what such alarms do; tests/plan/test_alarms.py holds all of it against a plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_THRESHOLD = {"ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "notBreaching"}

# One read within `period` seconds, 300 by default; the alarm on tampering is the same.
SINGLE: dict[str, Any] = {
    **_THRESHOLD,
    "Statistic": "Maximum",
    "Unit": "Count",
    "Period": 60,
    "EvaluationPeriods": 5,
    "DatapointsToAlarm": 1,
    "Threshold": 1.0,
}


def single(period: int, **changes: Any) -> dict[str, Any]:
    """One read within period seconds."""
    return {**SINGLE, "EvaluationPeriods": period // 60, **changes}


def several(metric: Mapping[str, str], *, stat: str, period: int, **settings: Any) -> dict[str, Any]:
    """As many reads within period seconds, or in several periods, as settings say."""
    return {
        **_THRESHOLD,
        "Metrics": [
            {
                "Id": "counted",
                "Expression": "FILL(reads, 0)",
                "Label": f"Reads within {period} seconds",
                "ReturnData": True,
            },
            {
                "Id": "reads",
                "MetricStat": {"Metric": dict(metric), "Period": period, "Stat": stat, "Unit": "Count"},
                "ReturnData": False,
            },
        ],
        **settings,
    }


METRIC = {"Namespace": "secretwatch/one", "MetricName": "one-secret-reads"}


def of_several(threshold: float, period: int, **settings: Any) -> dict[str, Any]:
    return several(
        METRIC,
        stat="SampleCount",
        period=period,
        **{"EvaluationPeriods": 1, "Threshold": float(threshold)} | settings,
    )


# What an operator writes, and what is deployed for it.
Form = tuple[Mapping[str, Any], Mapping[str, Any]]

ONE_READ: dict[str, Form] = {
    **{f"{period} s": ({"period": period}, single(period)) for period in (60, 120, 180, 300, 600, 3600)},
    "300 s, missing": ({"treat_missing_data": "missing"}, single(300, TreatMissingData="missing")),
    "any of 3": (
        {"datapoints_to_alarm": 1, "evaluation_periods": 3},
        several(METRIC, stat="Maximum", period=300, EvaluationPeriods=3, DatapointsToAlarm=1, Threshold=1.0),
    ),
}
SEVERAL: dict[str, Form] = {
    f"{threshold} in {period} s": ({"period": period, "threshold": threshold}, of_several(threshold, period))
    for threshold, period in ((2, 300), (3, 120), (5, 300), (10, 3600))
}


def _stuck(datapoints: int, periods: int, **settings: Any) -> dict[str, Any]:
    return {**SINGLE, "EvaluationPeriods": periods, "DatapointsToAlarm": datapoints, **settings}


# For the same, the alarm that tells of one that does not end.
STUCK: dict[str, Mapping[str, Any]] = {
    "60 s": _stuck(20, 60),
    "300 s": _stuck(8, 12, Period=300),
    "3600 s": _stuck(2, 2, Period=3600),
    "5 in 300 s": _stuck(8, 12, Period=300, Statistic="SampleCount", Threshold=5.0),
}


# By how often it beats: as many periods of five minutes as a late one needs.
HEARTBEATS: dict[str, Mapping[str, Any]] = {
    every: {
        "ComparisonOperator": "LessThanThreshold",
        "TreatMissingData": "breaching",
        "Statistic": "SampleCount",
        "Unit": "Count",
        "Period": 300,
        "EvaluationPeriods": periods,
        "DatapointsToAlarm": periods,
        "Threshold": 1.0,
    }
    for every, periods in (("15 minutes", 6), ("1 hour", 15), ("12 hours", 147))
}


def of_plan(values: Mapping[str, Any]) -> dict[str, Any]:
    """What decides of an aws_cloudwatch_metric_alarm of a plan."""
    queries = []
    for query in sorted(values.get("metric_query") or (), key=lambda each: each["id"]):
        found = {"Id": query["id"], "ReturnData": bool(query.get("return_data"))}
        if query.get("expression"):
            found |= {"Expression": query["expression"], "Label": query["label"]}
        for metric in query.get("metric") or ():
            assert not metric.get("dimensions")
            found["MetricStat"] = {
                "Metric": {"Namespace": metric["namespace"], "MetricName": metric["metric_name"]},
                "Period": metric["period"],
                "Stat": metric["stat"],
                "Unit": metric["unit"],
            }
        queries.append(found)
    given = {
        "ComparisonOperator": values["comparison_operator"],
        "TreatMissingData": values["treat_missing_data"],
        "Statistic": values.get("statistic"),
        "Unit": values.get("unit"),
        "Period": values.get("period"),
        "EvaluationPeriods": values["evaluation_periods"],
        "DatapointsToAlarm": values.get("datapoints_to_alarm"),
        "Threshold": float(values["threshold"]),
        "MetricName": values.get("metric_name"),
        "Namespace": values.get("namespace"),
        "Metrics": queries,
    }
    assert not values.get("dimensions")
    return {name: value for name, value in given.items() if value}
