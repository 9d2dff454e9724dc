"""What PutMetricAlarm refuses, with CloudWatch's wording where it is known.

The rules themselves are AlarmConfig's; here are the parameters that it does not know of, and the sentences.
Of alarms on metric math the list of metrics is checked, not the expression; alarms on anomaly detection are
stored and never evaluated.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext

from secretwatch.alarm import InvalidAlarmConfig, config_of
from secretwatch.alarm.config import longest_span
from secretwatch.alarm.statistics import BASIC
from secretwatch.localstack.gateway.constraints import validation_message, violations

_COMPARISONS = (
    "GreaterThanOrEqualToThreshold, GreaterThanThreshold, GreaterThanUpperThreshold, "
    "LessThanLowerOrGreaterThanUpperThreshold, LessThanLowerThreshold, LessThanOrEqualToThreshold, "
    "LessThanThreshold"
)
_REQUIRED = ("Namespace", "Period", "Threshold", "EvaluationPeriods", "ComparisonOperator")
_NOT_WITH_METRICS = (
    *("MetricName", "Namespace", "Dimensions", "Period", "Statistic", "ExtendedStatistic", "Unit"),
)
_METRIC_ID = re.compile(r"[a-z][A-Za-z0-9_]{0,254}")
_SAID = ("Maximum", "SampleCount", "Sum", "Minimum", "Average")
_ACTIONS = {
    "OKActions": "oKActions",
    "AlarmActions": "alarmActions",
    "InsufficientDataActions": "insufficientDataActions",
}
_MOST_ACTIONS = 5


class ValidationException(CommonServiceException):
    """Its name is what CloudWatch's own protocols answer, its code what the query protocol had (observed)."""


def refusal(message: str) -> CommonServiceException:
    """An error as CloudWatch answers it."""
    return ValidationException("ValidationError", message, 400, True)


def refuse_malformed(context: RequestContext, request: Mapping[str, Any], *but: str) -> None:
    """A ValidationError for what the API's model excludes, but for these members.

    CloudWatch writes the places in a request with small letters first.
    """
    assert context.operation is not None
    judged = {name: value for name, value in request.items() if name not in but}
    left_out = tuple(f"value null at '{name.lower()}'" for name in but)
    found = [
        each
        for each in violations(context.operation.input_shape, judged)
        if not each.lower().startswith(left_out)
    ]
    if found:
        raise refusal(validation_message([_AT.sub(_with_small_letters, each) for each in found]))


_AT = re.compile(r"(?<= at ')[^']*(?=' failed)")


def _with_small_letters(place: re.Match[str]) -> str:
    return ".".join(each[:1].lower() + each[1:] for each in place.group().split("."))


def check_actions(request: Mapping[str, Any], region: str) -> None:
    """Raises a ValidationError for actions that CloudWatch would not take."""
    for name, member in _ACTIONS.items():
        _check_actions(member, request.get(name) or [], region)


def check(request: Mapping[str, Any], region: str) -> None:
    """Raises a ValidationError for an alarm that CloudWatch would not take."""
    check_actions(request, region)
    if request.get("Threshold") is not None and request.get("ThresholdMetricId"):
        raise refusal("Threshold and ThresholdMetricId cannot both be set")
    if request.get("Metrics"):
        _check_metrics(request)
        return
    if request.get("ThresholdMetricId"):
        raise refusal("Metrics must be set if ThresholdMetricId is set.")
    if not request.get("MetricName"):
        raise refusal("MetricName must not be null")
    for name in _REQUIRED:
        if request.get(name) is None:
            raise refusal(f"The parameter {name} is required for an alarm on a metric.")
    statistic, extended = request.get("Statistic"), request.get("ExtendedStatistic")
    if bool(statistic) == bool(extended):
        raise refusal("Exactly one of the parameters Statistic and ExtendedStatistic is required.")
    if statistic and statistic not in BASIC:
        raise refusal(_not_in("statistic", statistic, ", ".join(_SAID)))
    try:
        config_of(request)
    except InvalidAlarmConfig as error:
        raise refusal(_said(error, request)) from error


def _check_metrics(request: Mapping[str, Any]) -> None:
    """The list of metrics of an alarm on metric math, with the sentences that were observed."""
    for name in _NOT_WITH_METRICS:
        if request.get(name):
            raise refusal(f"{name} should not be set if list of Metrics is set.")
    metrics = request["Metrics"]
    ids = [each.get("Id") or "" for each in metrics]
    for each in metrics:
        stat = each.get("MetricStat")
        whole = stat and stat.get("Metric", {}).get("MetricName") and stat.get("Period") and stat.get("Stat")
        if bool(stat) == bool(each.get("Expression")) or (stat and not whole):
            raise refusal("Invalid metrics list")
    if len(set(ids)) < len(ids) or not all(_METRIC_ID.fullmatch(each) for each in ids):
        raise refusal("Invalid metrics list")
    returning = [each for each in metrics if each.get("ReturnData", True)]
    band = request.get("ThresholdMetricId")
    if len(returning) - sum(each.get("Id") == band for each in returning) != 1:
        raise refusal("Exactly one element of the metrics list should return data.")
    if band and band not in ids:
        raise refusal("Invalid metrics list")


def _check_actions(member: str, actions: list[str], region: str) -> None:
    if len(actions) > _MOST_ACTIONS:
        raise refusal(
            f"1 validation error detected: Value '{actions}' at '{member}' failed to satisfy constraint: "
            f"Member must have length less than or equal to {_MOST_ACTIONS}"
        )
    for action in actions:
        parts = action.split(":")
        if len(parts) < 6 or parts[0] != "arn":
            raise refusal(f"Invalid arn syntax: {action}")
        if parts[2] == "sns" and parts[3] != region:
            raise refusal(f"Invalid region {parts[3]} specified. Only {region} is supported.")


def _said(error: InvalidAlarmConfig, request: Mapping[str, Any]) -> str:
    """CloudWatch's sentence for the parameter; the rules' own where CloudWatch's is not known."""
    match error.parameter:
        case "comparison_operator":
            return _not_in("comparisonOperator", request["ComparisonOperator"], _COMPARISONS)
        case "period" if request["Period"] > 0:
            return "Period must be 10, 20, 30 or a multiple of 60"
        case "evaluation_periods" if request["EvaluationPeriods"] > 0:
            seconds = longest_span(request["Period"])
            span = "a day" if seconds == longest_span(1) else "a week"
            return (
                f"Metrics cannot be checked across more than {span} "
                f"(EvaluationPeriods * Period must be <= {seconds})."
            )
        case "treat_missing_data":
            return (
                f"The value {request['TreatMissingData']} is not supported for TreatMissingData parameter. "
                "Supported values are [breaching, notBreaching, ignore, missing]."
            )
        case "evaluate_low_sample_count_percentile":
            option = request["EvaluateLowSampleCountPercentile"]
            return (
                f"Option {option} is not supported. Supported options for parameter "
                "EvaluateLowSampleCountPercentile are evaluate and ignore."
            )
        case "statistic":
            extended = request["ExtendedStatistic"]
            return f"The value {extended} for parameter ExtendedStatistic is not supported."
        case _:
            return str(error)


def _not_in(member: str, value: str, values: str) -> str:
    return (
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must satisfy enum value set: [{values}]"
    )
