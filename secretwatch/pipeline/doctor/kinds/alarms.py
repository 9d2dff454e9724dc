"""Metric alarms: as DescribeAlarms answers them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from secretwatch.pipeline.doctor.account import Account, Thing
from secretwatch.pipeline.doctor.calls import Call, Effect, Step
from secretwatch.pipeline.doctor.kinds.kind import (
    META,
    Enough,
    Harmless,
    Kind,
    Looking,
    Of,
    Resource,
    each,
    members,
    number,
    text,
)

_A_PAGE = 100
_PUT = (
    *("AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions"),
    *("InsufficientDataActions", "MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Dimensions"),
    *("Period", "Unit", "EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator"),
    *("TreatMissingData", "EvaluateLowSampleCountPercentile", "Metrics", "ThresholdMetricId"),
)
ON_ONE_METRIC = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit")


def look(looking: Looking, ids: list[str]) -> None:
    pages = [ids[start : start + _A_PAGE] for start in range(0, len(ids), _A_PAGE)]
    for page in pages:
        looking.ask.ahead(**_question(looking, page))
    for page in pages:
        asked = looking.ask(**_question(looking, page))
        found = {alarm["AlarmName"]: flat(alarm) for alarm in asked.answer or ()}
        for id in page:
            looking.note("alarm", id, asked, found.get(id))


def flat(alarm: Mapping[str, Any]) -> Thing:
    """An alarm on one metric by itself, in whichever of both ways it was put."""
    several = list(alarm.get("Metrics") or ())
    stat = several[0].get("MetricStat") if len(several) == 1 else None
    if stat is None or several[0].get("AccountId"):
        return dict(alarm)
    made = {name: value for name, value in alarm.items() if name != "Metrics"} | dict(stat["Metric"])
    simple = stat["Stat"] in ("Average", "Maximum", "Minimum", "SampleCount", "Sum")
    made |= {"Period": stat["Period"], "Statistic" if simple else "ExtendedStatistic": stat["Stat"]}
    return made | ({"Unit": stat["Unit"]} if stat.get("Unit") else {})


def _question(looking: Looking, names: list[str]) -> dict[str, Any]:
    return {
        "service": "cloudwatch",
        "operation": "DescribeAlarms",
        "resource": looking.account.arn("cloudwatch", f"alarm:{names[0] if len(names) == 1 else '*'}"),
        "items": "MetricAlarms",
        "AlarmNames": names,
        "AlarmTypes": ["MetricAlarm"],
    }


def put(alarm: Mapping[str, Any], **changes: Any) -> Call:
    """The alarm, with changes (None takes a member away), as PutMetricAlarm takes it."""
    wanted = {**alarm, **changes}
    params = {
        name: wanted[name]
        for name in _PUT
        if wanted.get(name) not in (None, "", [], {}) and not (name == "Unit" and wanted[name] == "None")
    }
    if params.get("Metrics"):
        for name in ON_ONE_METRIC:
            params.pop(name, None)
    if params.get("ActionsEnabled") is True:
        del params["ActionsEnabled"]  # it is what a new one has
    return Call("cloudwatch", "PutMetricAlarm", params)


def enable_actions(name: str) -> Call:
    return Call("cloudwatch", "EnableAlarmActions", {"AlarmNames": [name]})


def restore(account: Account, id: str, wanted: Thing, live: Thing | None) -> list[Step]:
    if live is not None and different(wanted, live) == {"ActionsEnabled"}:
        return [enable_actions(id)]
    # Its own text stays, where somebody wrote another, and whom others have it tell as well.
    kept = {"AlarmDescription": live.get("AlarmDescription")} if live else {}
    for name in _ACTIONS:
        if live and _tells_all(name)(account, wanted, live):
            kept[name] = live.get(name)
        elif live:
            asked = list(wanted.get(name) or ())
            kept[name] = [*asked, *_others(account, asked, live.get(name) or ())]
    return [put({**wanted, **kept})]


def _others(account: Account, asked: list[str], live: Iterable[str]) -> list[str]:
    """Topics of this account that are there, and that somebody has the alarm tell as well."""
    return [
        each
        for each in live
        if each not in asked and account.get("topic", each) and each.split(":")[4] == account.account_id
    ]


_ACTIONS = ("AlarmActions", "InsufficientDataActions", "OKActions")


def _tells_all(name: str) -> Enough:
    return lambda account, wanted, live: {*(wanted.get(name) or ())} <= {*(live.get(name) or ())}


def _same_limit(account: Account, wanted: Thing, live: Thing) -> bool:
    """Whether both compare alike, as they look at counts: above 0 is at least 1."""
    return bool(_limit(wanted) == _limit(live))


def _limit(alarm: Mapping[str, Any]) -> Any:
    compared, limit = str(alarm.get("ComparisonOperator")), alarm.get("Threshold")
    looked_at = {
        each["MetricStat"].get("Stat") for each in alarm.get("Metrics") or () if "MetricStat" in each
    }
    looked_at |= {alarm.get("Statistic")} if not looked_at else set()
    if limit is None or not looked_at <= {"Maximum", "Minimum", "SampleCount", "Sum"}:
        return compared, limit
    at = float(limit)
    match compared:
        case "GreaterThanThreshold" | "LessThanOrEqualToThreshold":
            return compared[:4], math.floor(at) + 1
        case "GreaterThanOrEqualToThreshold" | "LessThanThreshold":
            return compared[:4], math.ceil(at)
    return compared, at


ENOUGH: dict[str, Enough] = {name: _tells_all(name) for name in _ACTIONS} | {
    "ComparisonOperator": _same_limit,
    "Threshold": _same_limit,
    # Data of every unit are among those of no unit.
    "Unit": lambda account, wanted, live: not _unit(live.get("Unit")),
}


def different(wanted: Thing, live: Thing) -> set[str]:
    return {name for name, same in DECISIVE.items() if same(wanted.get(name)) != same(live.get(name))}


def _metrics(value: Any) -> Any:
    """The metrics of metric math; what they are called in a graph decides nothing."""
    found = {}
    for query in value or ():
        stat = query.get("MetricStat") or {}
        metric = stat.get("Metric") or {}
        found[query["Id"]] = (
            "".join((query.get("Expression") or "").split()) or None,
            query.get("ReturnData", True),
            query.get("AccountId") or None,
            (
                metric.get("Namespace"),
                metric.get("MetricName"),
                members(metric.get("Dimensions")),
                stat.get("Period") or query.get("Period"),
                stat.get("Stat"),
                _unit(stat.get("Unit")),
            ),
        )
    return found


def _unit(value: Any) -> Any:
    return None if value in (None, "", "None") else value


DECISIVE = {
    "ActionsEnabled": lambda value: value is not False,
    "AlarmActions": members,
    "ComparisonOperator": text,
    "DatapointsToAlarm": number,
    "Dimensions": members,
    "EvaluateLowSampleCountPercentile": lambda value: value or "evaluate",
    "EvaluationPeriods": number,
    "ExtendedStatistic": text,
    "InsufficientDataActions": members,
    "MetricName": text,
    "Metrics": _metrics,
    "Namespace": text,
    "OKActions": members,
    "Period": number,
    "Statistic": text,
    "Threshold": number,
    "ThresholdMetricId": text,
    "TreatMissingData": lambda value: value or "missing",
    "Unit": _unit,
}


def _dimensions(value: Any) -> list[dict[str, str]]:
    return [{"Name": name, "Value": each} for name, each in sorted((value or {}).items())]


def _queries(value: Any) -> list[dict[str, Any]]:
    found = []
    for query in value or ():
        made: dict[str, Any] = {"Id": query["id"], "ReturnData": bool(query.get("return_data"))}
        for name, member in (("expression", "Expression"), ("label", "Label"), ("account_id", "AccountId")):
            if query.get(name):
                made[member] = query[name]
        for metric in query.get("metric") or ():
            stat = {
                "Metric": {
                    "Namespace": metric.get("namespace"),
                    "MetricName": metric["metric_name"],
                    "Dimensions": _dimensions(metric.get("dimensions")),
                },
                "Period": metric["period"],
                "Stat": metric["stat"],
            }
            if metric.get("unit"):
                stat["Unit"] = metric["unit"]
            made["MetricStat"] = stat
        found.append(made)
    return found


def _unless_zero(value: Any) -> Any:
    return value or None


RESOURCE = Resource(
    "alarm",
    lambda values: str(values["alarm_name"]),
    {
        **META,
        "actions_enabled": Of("ActionsEnabled"),
        "alarm_actions": Of("AlarmActions", lambda value: list(value or ())),
        "alarm_description": Harmless("a text for people: no less arrives without it", "AlarmDescription"),
        "alarm_name": Of("AlarmName"),
        "comparison_operator": Of("ComparisonOperator"),
        "datapoints_to_alarm": Of("DatapointsToAlarm", _unless_zero),
        "dimensions": Of("Dimensions", _dimensions),
        "evaluate_low_sample_count_percentiles": Of("EvaluateLowSampleCountPercentile"),
        "evaluation_periods": Of("EvaluationPeriods", _unless_zero),
        "extended_statistic": Of("ExtendedStatistic"),
        "insufficient_data_actions": Of("InsufficientDataActions", lambda value: list(value or ())),
        "metric_name": Of("MetricName"),
        "metric_query": Of("Metrics", _queries),
        "namespace": Of("Namespace"),
        "ok_actions": Of("OKActions", lambda value: list(value or ())),
        "period": Of("Period", _unless_zero),
        "statistic": Of("Statistic"),
        "threshold": Of("Threshold"),
        "threshold_metric_id": Of("ThresholdMetricId"),
        "treat_missing_data": Of("TreatMissingData"),
        "unit": Of("Unit"),
    },
)

KIND = Kind(
    "alarm",
    "alarm",
    look,
    DECISIVE,
    restore,
    enough=ENOUGH,
    resources={"aws_cloudwatch_metric_alarm": RESOURCE},
)


def _put(account: Account, params: Mapping[str, Any]) -> None:
    name = params["AlarmName"]
    before = account.get("alarm", name) or {}
    own = ("AlarmArn", "StateValue", "StateUpdatedTimestamp")
    kept: dict[str, Any] = {key: before[key] for key in own if key in before}
    fresh = {"AlarmArn": account.arn("cloudwatch", f"alarm:{name}"), "StateValue": "INSUFFICIENT_DATA"}
    account.put("alarm", name, {"ActionsEnabled": True, **fresh, **kept, **params})


def _switch(on: bool) -> Effect:
    def effect(account: Account, params: Mapping[str, Any]) -> None:
        for name in params["AlarmNames"]:
            account.change("alarm", name, ActionsEnabled=on)

    return effect


EFFECTS: dict[tuple[str, str], Effect] = {
    ("cloudwatch", "PutMetricAlarm"): _put,
    ("cloudwatch", "EnableAlarmActions"): _switch(True),
}
__all__ = ["DECISIVE", "EFFECTS", "KIND", "each", "enable_actions", "put"]
