"""What an alarm is set to: PutMetricAlarm's parameters, refused where AWS refuses them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from secretwatch.alarm.statistics import BASIC, InvalidStatistic, parse_statistic

HIGH_RESOLUTION_PERIODS = (10, 20, 30)
COMPARISONS = {
    "GreaterThanThreshold": "greater than",
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
"""Comparison operators, and how a reason says them."""

_HOUR, _DAY, _WEEK = 3600, 86_400, 604_800


def longest_span(period: int) -> int:
    """Seconds that an alarm looks back at the most: a week with periods of an hour or more, else a day."""
    return _WEEK if period >= _HOUR else _DAY


class State(StrEnum):
    """The state of an alarm."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class TreatMissingData(StrEnum):
    """What a period without data counts as, where one has to be counted."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


class InvalidAlarmConfig(ValueError):
    """A parameter that CloudWatch refuses; `parameter` is its name here."""

    def __init__(self, parameter: str, reason: str) -> None:
        super().__init__(reason)
        self.parameter = parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmConfig:
    """A static threshold on one metric. InvalidAlarmConfig where PutMetricAlarm would refuse it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """

    statistic: str
    """Sum, Average, Minimum, Maximum, SampleCount, or an extended one such as p99 or TM(10%:90%)."""
    period: int
    """Seconds: 10, 20, 30 or a multiple of 60."""
    evaluation_periods: int
    """N: how many datapoints decide."""
    comparison_operator: str
    threshold: float
    datapoints_to_alarm: int | None = None
    """M: how many of them must breach; N where not given (then AWS words its reasons differently)."""
    treat_missing_data: str = TreatMissingData.MISSING
    unit: str | None = None
    """Only samples of this unit count; None for all."""
    evaluate_low_sample_count_percentile: str = "evaluate"
    """For percentiles: `ignore` keeps the state while there are too few samples."""
    fill: float | None = None
    """Of an alarm on the expression FILL(metric, n): n, the value of a period without samples."""
    look_back: int = 2
    """How many periods beyond N an evaluation retrieves. AWS does not say; 0: only the newest N count."""

    def __post_init__(self) -> None:
        try:
            parse_statistic(self.statistic)
        except InvalidStatistic as error:
            raise InvalidAlarmConfig("statistic", str(error)) from None
        _check_whole("period", self.period, "seconds")
        _check_whole("evaluation_periods", self.evaluation_periods, "periods")
        if self.period not in HIGH_RESOLUTION_PERIODS and self.period % 60:
            raise InvalidAlarmConfig(
                "period", f"A period has 10, 20, 30 or a multiple of 60 seconds, not {self.period}."
            )
        longest = longest_span(self.period)
        if self.period * self.evaluation_periods > longest:
            raise InvalidAlarmConfig(
                "evaluation_periods",
                f"{self.evaluation_periods} periods of {self.period} seconds are more than the {longest:,} "
                "seconds that an alarm looks back (a day; a week with periods of an hour or more).",
            )
        if self.datapoints_to_alarm is not None:
            _check_whole("datapoints_to_alarm", self.datapoints_to_alarm, "datapoints")
            if self.datapoints_to_alarm > self.evaluation_periods:
                raise InvalidAlarmConfig(
                    "datapoints_to_alarm",
                    f"Of {self.evaluation_periods} evaluation periods {self.datapoints_to_alarm} can never "
                    f"breach: datapoints to alarm are at most {self.evaluation_periods}.",
                )
        if self.comparison_operator not in COMPARISONS:
            raise InvalidAlarmConfig(
                "comparison_operator",
                f"A static threshold is compared by {', '.join(COMPARISONS)}, "
                f"not by {self.comparison_operator!r}.",
            )
        if not _is_number(self.threshold) or not math.isfinite(self.threshold):
            raise InvalidAlarmConfig("threshold", f"A threshold is a finite number, not {self.threshold!r}.")
        if self.treat_missing_data not in tuple(TreatMissingData):
            raise InvalidAlarmConfig(
                "treat_missing_data",
                f"Missing data is treated as {', '.join(TreatMissingData)}, "
                f"not as {self.treat_missing_data!r}.",
            )
        if self.evaluate_low_sample_count_percentile not in ("evaluate", "ignore"):
            raise InvalidAlarmConfig(
                "evaluate_low_sample_count_percentile",
                "Percentiles of few samples are evaluate or ignore, "
                f"not {self.evaluate_low_sample_count_percentile!r}.",
            )

    @property
    def needed(self) -> int:
        """M, given or not."""
        return self.datapoints_to_alarm or self.evaluation_periods

    @property
    def evaluation_range(self) -> int:
        """How many periods an evaluation retrieves: more than N, so that late or missing data is bridged.

        AWS's page shows 5 for N = 3 and says that the number depends; here it is N + 2 unless told otherwise.
        """
        return self.evaluation_periods + self.look_back

    def breaches(self, value: float) -> bool:
        """Whether a datapoint's value is on the alarm's side of the threshold."""
        match self.comparison_operator:
            case "GreaterThanThreshold":
                return value > self.threshold
            case "GreaterThanOrEqualToThreshold":
                return value >= self.threshold
            case "LessThanThreshold":
                return value < self.threshold
            case _:
                return value <= self.threshold


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _check_whole(parameter: str, value: object, of: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        name = parameter.replace("_", " ")
        raise InvalidAlarmConfig(parameter, f"The {name} is a whole number of {of} from 1, not {value!r}.")


def config_of(described: Mapping[str, Any]) -> AlarmConfig:
    """The rules' view of an alarm as DescribeAlarms answers it, on a metric or on FILL(metric, n).

    Raises InvalidAlarmConfig, also for other metric math; KeyError.
    """
    if described.get("Metrics"):
        described = _as_on_a_metric(described)
    unit = described.get("Unit")
    return AlarmConfig(
        statistic=described.get("Statistic") or described["ExtendedStatistic"],
        period=int(described["Period"]),
        evaluation_periods=int(described["EvaluationPeriods"]),
        datapoints_to_alarm=described.get("DatapointsToAlarm"),
        comparison_operator=described["ComparisonOperator"],
        threshold=float(described["Threshold"]),
        treat_missing_data=described.get("TreatMissingData") or "missing",
        unit=None if unit in (None, "None") else unit,
        evaluate_low_sample_count_percentile=described.get("EvaluateLowSampleCountPercentile") or "evaluate",
        fill=described.get("Fill"),
    )


def metric_of(described: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Namespace, MetricName and Dimensions of the only metric that an alarm looks at; None of several."""
    if described.get("MetricName"):
        return described
    stats = _stats(described)
    metric: Mapping[str, Any] | None = stats[0]["MetricStat"]["Metric"] if len(stats) == 1 else None
    return metric


def unit_of(described: Mapping[str, Any]) -> str | None:
    """The unit that an alarm looks at; None for all, and of several metrics."""
    stats = _stats(described)
    unit = stats[0]["MetricStat"].get("Unit") if len(stats) == 1 else described.get("Unit")
    return None if unit in (None, "None") else str(unit)


_FILL = re.compile(r"\s*FILL\(\s*([a-z][A-Za-z0-9_]*)\s*,\s*(-?[0-9]+(?:\.[0-9]+)?)\s*\)\s*")


def _stats(described: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each for each in described.get("Metrics") or () if each.get("MetricStat")]


def _as_on_a_metric(described: Mapping[str, Any]) -> dict[str, Any]:
    """An alarm on FILL(metric, n), or on a list that holds only a metric, as if it were on the metric."""
    stats = _stats(described)
    expressions = [each["Expression"] for each in described["Metrics"] if each.get("Expression")]
    found = _FILL.fullmatch(expressions[0]) if len(expressions) == 1 else None
    if len(stats) != 1 or (expressions and (not found or found[1] != stats[0]["Id"])):
        raise InvalidAlarmConfig(
            "metrics", f"metric math other than FILL of one metric: {', '.join(expressions)}"
        )
    stat = stats[0]["MetricStat"]
    basic = stat["Stat"] in BASIC
    return {
        **described,
        "Statistic": stat["Stat"] if basic else None,
        "ExtendedStatistic": None if basic else stat["Stat"],
        "Period": stat["Period"],
        "Unit": stat.get("Unit"),
        "Fill": float(found[2]) if found else None,
    }
