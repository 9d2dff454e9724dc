"""What a metric alarm tells EventBridge when its state changes.

Pure: the alarm comes in as DescribeAlarms answers it, in its new state, and the state before beside it.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

DETAIL_TYPE = "CloudWatch Alarm State Change"
SOURCE = "aws.cloudwatch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The state that an alarm leaves: since when (aware), why, and the data of that as JSON, if there is."""

    value: str
    reason: str
    reason_data: str | None
    since: datetime


def event(alarm: Mapping[str, Any], before: Before, *, account_id: str, event_id: str) -> dict[str, Any]:
    """EventBridge's whole event, as a rule sees it."""
    arn: str = alarm["AlarmArn"]
    at: datetime = alarm["StateUpdatedTimestamp"]
    now = _state(alarm["StateValue"], alarm["StateReason"], alarm.get("StateReasonData"), at)
    return {
        "version": "0",
        "id": event_id,
        "detail-type": DETAIL_TYPE,
        "source": SOURCE,
        "account": account_id,
        "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "region": arn.split(":")[3],
        "resources": [arn],
        "detail": {
            "alarmName": alarm["AlarmName"],
            "state": now,
            "previousState": _state(before.value, before.reason, before.reason_data, before.since),
            "configuration": _configuration(alarm),
        },
    }


def _state(value: str, reason: str, reason_data: str | None, at: datetime) -> dict[str, Any]:
    return {
        "value": value,
        "reason": reason,
        **({"reasonData": reason_data} if reason_data else {}),
        "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000",
    }


def _configuration(alarm: Mapping[str, Any]) -> dict[str, Any]:
    description = alarm.get("AlarmDescription")
    queries = alarm.get("Metrics") or [_query_of(alarm)]
    return {
        **({"description": description} if description else {}),
        "metrics": [_metric(each) for each in queries],
    }


def _query_of(alarm: Mapping[str, Any]) -> dict[str, Any]:
    """An alarm on one metric as a list of one. AWS gives it an id of its own, the same for an alarm."""
    return {
        "Id": alarm["AlarmArn"].rpartition(":")[2],
        "MetricStat": {
            "Metric": {name: alarm.get(name) for name in ("Namespace", "MetricName", "Dimensions")},
            "Period": alarm.get("Period") or 0,
            "Stat": alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "",
            "Unit": alarm.get("Unit"),
        },
    }


def _metric(query: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"id": query["Id"]}
    for name in ("Expression", "Label"):
        if query.get(name) is not None:
            told[name.lower()] = query[name]
    if stat := query.get("MetricStat"):
        metric = stat["Metric"]
        told["metricStat"] = {
            "metric": {
                "namespace": metric.get("Namespace") or "",
                "name": metric.get("MetricName") or "",
                "dimensions": {each["Name"]: each["Value"] for each in metric.get("Dimensions") or ()},
            },
            "period": int(stat["Period"]),
            "stat": stat["Stat"],
            **({"unit": stat["Unit"]} if stat.get("Unit") else {}),
        }
    return told | {"returnData": bool(query.get("ReturnData", True))}
