"""What a metric alarm says when its state changes: the SNS message, its subject, and the e-mail.

Pure: the alarm comes in as DescribeAlarms answers it, the region's long name from the caller.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from secretwatch import partition

_SUBJECT_LENGTH = 100


def subject(alarm: Mapping[str, Any], region_name: str) -> str:
    """``ALARM: "name" in US East (N. Virginia)``, cut where SNS cuts a subject."""
    text = f'{alarm["StateValue"]}: "{alarm["AlarmName"]}" in {region_name}'
    return text if len(text) <= _SUBJECT_LENGTH else text[: _SUBJECT_LENGTH - 3] + "..."


def sns_message(alarm: Mapping[str, Any], old_state: str, account_id: str, region_name: str) -> str:
    """The JSON that CloudWatch publishes. ``alarm`` is in its new state; ``old_state`` is the one before."""
    message = {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription"),
        "AWSAccountId": account_id,
        "AlarmConfigurationUpdatedTimestamp": _milliseconds(alarm["AlarmConfigurationUpdatedTimestamp"]),
        "NewStateValue": alarm["StateValue"],
        "NewStateReason": alarm["StateReason"],
        "StateChangeTime": _milliseconds(alarm["StateUpdatedTimestamp"]),
        "Region": region_name,
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": old_state,
        "OKActions": list(alarm.get("OKActions") or []),
        "AlarmActions": list(alarm.get("AlarmActions") or []),
        "InsufficientDataActions": list(alarm.get("InsufficientDataActions") or []),
        "Trigger": _trigger(alarm),
    }
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)


def _trigger(alarm: Mapping[str, Any]) -> dict[str, Any]:
    if alarm.get("Metrics"):
        return _trigger_of_math(alarm)
    trigger: dict[str, Any] = {
        "MetricName": alarm.get("MetricName", ""),
        "Namespace": alarm.get("Namespace", ""),
    }
    if alarm.get("ExtendedStatistic"):
        trigger |= {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": alarm["ExtendedStatistic"]}
    elif alarm.get("Statistic"):
        name = "SAMPLE_COUNT" if alarm["Statistic"] == "SampleCount" else alarm["Statistic"].upper()
        trigger |= {"StatisticType": "Statistic", "Statistic": name}
    trigger |= {
        "Unit": alarm.get("Unit"),
        "Dimensions": [
            {"value": dimension["Value"], "name": dimension["Name"]}
            for dimension in alarm.get("Dimensions") or []
        ],
        "Period": int(alarm.get("Period") or 0),
        "EvaluationPeriods": int(alarm.get("EvaluationPeriods") or 0),
    }
    return trigger | _decided_by(alarm)


def _trigger_of_math(alarm: Mapping[str, Any]) -> dict[str, Any]:
    """Of an alarm on metric math: the metrics instead of a metric, as in recorded messages."""
    stats = [each["MetricStat"] for each in alarm["Metrics"] if each.get("MetricStat")]
    trigger: dict[str, Any] = {
        "Period": int(stats[0]["Period"]) if stats else 0,
        "EvaluationPeriods": int(alarm.get("EvaluationPeriods") or 0),
    }
    return trigger | _decided_by(alarm) | {"Metrics": [_metric(each) for each in alarm["Metrics"]]}


def _metric(query: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        name: query[name] for name in ("Expression", "Id", "Label") if query.get(name) is not None
    }
    if stat := query.get("MetricStat"):
        metric = stat["Metric"]
        dimensions = [
            {"value": each["Value"], "name": each["Name"]} for each in metric.get("Dimensions") or []
        ]
        told["MetricStat"] = {
            "Metric": {
                "Dimensions": dimensions,
                "MetricName": metric["MetricName"],
                "Namespace": metric["Namespace"],
            },
            "Period": int(stat["Period"]),
            "Stat": stat["Stat"],
            **({"Unit": stat["Unit"]} if stat.get("Unit") else {}),
        }
    return told | {"ReturnData": bool(query.get("ReturnData", True))}


def _decided_by(alarm: Mapping[str, Any]) -> dict[str, Any]:
    needed = alarm.get("DatapointsToAlarm")
    return {
        **({"DatapointsToAlarm": int(needed)} if needed else {}),
        "ComparisonOperator": alarm.get("ComparisonOperator", ""),
        "Threshold": float(alarm.get("Threshold") or 0.0),
        "TreatMissingData": alarm.get("TreatMissingData", ""),
        "EvaluateLowSampleCountPercentile": alarm.get("EvaluateLowSampleCountPercentile", ""),
    }


def email_body(message: Mapping[str, Any]) -> str:
    """The text SNS mails for an alarm's message (parsed), as an address of protocol ``email`` gets it."""
    trigger = message["Trigger"]
    region = message["AlarmArn"].split(":")[3]
    at = datetime.strptime(message["StateChangeTime"], "%Y-%m-%dT%H:%M:%S.%f%z")
    when = f"{at:%A %d %B, %Y %H:%M:%S} UTC"
    needed = trigger.get("DatapointsToAlarm") or trigger["EvaluationPeriods"]
    console = (
        f"https://{region}.{partition.of_region(region).console_domain}/cloudwatch/deeplink.js?"
        + urlencode({"region": region})
        + f"#alarmsV2:alarm/{quote(message['AlarmName'], safe='')}"
    )

    def actions(name: str) -> str:
        return "".join(f"[{action}] " for action in message[name]).rstrip()

    return f"""\
You are receiving this email because your Amazon CloudWatch Alarm "{message["AlarmName"]}" in the \
{message["Region"]} region has entered the {message["NewStateValue"]} state, because \
"{message["NewStateReason"]}" at "{when}".

View this alarm in the AWS Management Console:
{console}

Alarm Details:
- Name:                       {message["AlarmName"]}
- Description:                {message["AlarmDescription"] or ""}
- State Change:               {message["OldStateValue"]} -> {message["NewStateValue"]}
- Reason for State Change:    {message["NewStateReason"]}
- Timestamp:                  {when}
- AWS Account:                {message["AWSAccountId"]}
- Alarm Arn:                  {message["AlarmArn"]}

Threshold:
- The alarm is in the ALARM state when the metric is {trigger["ComparisonOperator"]} \
{trigger["Threshold"]} for at least {needed} of the last {trigger["EvaluationPeriods"]} period(s) of \
{trigger["Period"]} seconds.

{_monitored(trigger)}
- TreatMissingData:                    {trigger["TreatMissingData"] or "missing"}


State Change Actions:
- OK: {actions("OKActions")}
- ALARM: {actions("AlarmActions")}
- INSUFFICIENT_DATA: {actions("InsufficientDataActions")}
"""


def _monitored(trigger: Mapping[str, Any]) -> str:
    """The metric that is watched. How AWS's mail words several is not known: here each as AWS words one."""
    if "Metrics" not in trigger:
        statistic = trigger.get("ExtendedStatistic") or _as_statistic(trigger.get("Statistic", ""))
        return "Monitored Metric:\n" + _watched(trigger, trigger["Period"], statistic, trigger["Unit"])
    told = ["Monitored Metrics:"]
    for each in trigger["Metrics"]:
        told.append(f"- MetricId:                            {each['Id']}")
        if stat := each.get("MetricStat"):
            told.append(_watched(stat["Metric"], stat["Period"], stat["Stat"], stat.get("Unit")))
        else:
            told.append(f"- MetricExpression:                    {each['Expression']}")
            told.append(f"- MetricLabel:                         {each.get('Label', '')}")
    return "\n".join(told)


def _watched(metric: Mapping[str, Any], period: int, statistic: str, unit: str | None) -> str:
    dimensions = " ".join(f"[{each['name']} = {each['value']}]" for each in metric["Dimensions"])
    return f"""\
- MetricNamespace:                     {metric["Namespace"]}
- MetricName:                          {metric["MetricName"]}
- Dimensions:                          {dimensions}
- Period:                              {period} seconds
- Statistic:                           {statistic}
- Unit:                                {unit or "not specified"}"""


def _as_statistic(name: str) -> str:
    return "SampleCount" if name == "SAMPLE_COUNT" else name.capitalize()


def _milliseconds(at: datetime) -> str:
    """``2026-01-17T17:07:38.123+0000``."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"
