"""How the module deploys its alarms: the parameters that decide, as DescribeAlarms answers them.

A small table for tests that prove what such alarms do; tests/plan/test_resources.py holds it against plans.
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
