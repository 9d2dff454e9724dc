"""What is asked of metrics: GetMetricStatistics, GetMetricData, and the alarms of a metric.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.services.cloudwatch.provider_v2 import CloudwatchProvider

from secretwatch.alarm.statistics import BASIC, InvalidStatistic, parse_statistic
from secretwatch.localstack.cloudwatch.metric_database import MetricDatabase
from secretwatch.localstack.ticks import TICKS

_SAID = ("Minimum", "Maximum", "Average", "SampleCount", "Sum")


def _without_ticks(start: datetime, end: datetime) -> datetime:
    """The end, without the minutes that only `local tick` has let pass: no datapoint can be there to count.

    A state machine that waited asks up to its own time, which ticks take hours ahead of the metrics'.
    """
    real = datetime.now(UTC)
    ahead = timedelta(seconds=TICKS.now() - real.timestamp())
    return end if end <= real else max(end - ahead, min(end, start + timedelta(minutes=1)))


class MetricStatisticsOperations(CloudwatchProvider):
    """Before LocalStack's provider: reads its metrics from a `MetricDatabase`."""

    cloudwatch_database: MetricDatabase

    def __init__(self) -> None:
        super().__init__()
        self.cloudwatch_database = MetricDatabase()

    def on_after_state_reset(self) -> None:
        super().on_after_state_reset()
        self.cloudwatch_database = MetricDatabase()

    def get_metric_statistics(
        self,
        context: RequestContext,
        namespace: str,
        metric_name: str,
        start_time: datetime,
        end_time: datetime,
        period: int,
        dimensions: Sequence[Mapping[str, str]] | None = None,
        statistics: Sequence[str] | None = None,
        extended_statistics: Sequence[str] | None = None,
        unit: str | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Every datapoint has every basic statistic that was asked for, all of the same samples.

        AWS does not say what a datapoint is of which no statistic can be told (a percentile of statistic
        sets): here there is none.
        Raises InvalidParameterValue and InvalidParameterCombination.
        """
        _check_statistics(statistics or (), extended_statistics or ())
        # Asked of no statistic, LocalStack only checks the times and how many datapoints they come to.
        times = (start_time, _without_ticks(start_time, end_time), period)
        super().get_metric_statistics(context, namespace, metric_name, *times, statistics=[], unit="None")
        periods = self.cloudwatch_database.periods(
            context.account_id,
            context.region,
            {"Namespace": namespace, "MetricName": metric_name, "Dimensions": dimensions},
            start=start_time,
            end=end_time,
            period=period,
            unit=unit,
        )
        datapoints = []
        for (at, of_unit), samples in periods.items():
            told: dict[str, Any] = {each: parse_statistic(each)(samples) for each in statistics or ()}
            extended = {each: parse_statistic(each)(samples) for each in extended_statistics or ()}
            if known := {each: value for each, value in extended.items() if value is not None}:
                told["ExtendedStatistics"] = known
            if told:
                datapoints.append({"Timestamp": datetime.fromtimestamp(at, UTC), "Unit": of_unit, **told})
        return {"Datapoints": datapoints, "Label": metric_name}

    def get_metric_data(
        self,
        context: RequestContext,
        metric_data_queries: Sequence[Mapping[str, Any]],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Raises ValidationError for a statistic that CloudWatch does not have."""
        for number, query in enumerate(metric_data_queries, 1):
            asked = query.get("MetricStat")
            if asked and not _is_statistic(asked["Stat"]):
                place = f"MetricDataQueries.member.{number}.MetricStat.Stat"
                _refuse(
                    "ValidationError",
                    f"The value {asked['Stat']} for parameter {place} is not a valid statistic.",
                )
        return super().get_metric_data(context, metric_data_queries, *args, **kwargs)

    def describe_alarms_for_metric(
        self,
        context: RequestContext,
        metric_name: str,
        namespace: str,
        dimensions: Sequence[Mapping[str, str]] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Of exactly this metric: its dimensions have to be given, in any order.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmsForMetric.html
        """
        answer = super().describe_alarms_for_metric(context, metric_name, namespace, **kwargs)
        wanted = _pairs(dimensions)
        alarms = [each for each in answer["MetricAlarms"] if _pairs(each.get("Dimensions")) == wanted]
        return {"MetricAlarms": alarms}


def _check_statistics(basic: Sequence[str], extended: Sequence[str]) -> None:
    """Of Statistics the words are observed; those of neither and both are PutMetricData's for such a pair."""
    if not basic and not extended:
        _refuse(
            "InvalidParameterCombination",
            "At least one of the parameters Statistics and ExtendedStatistics must be specified.",
        )
    if basic and extended:
        _refuse(
            "InvalidParameterCombination",
            "The parameters Statistics and ExtendedStatistics are mutually exclusive and you have specified "
            "both.",
        )
    for number, name in enumerate(basic, 1):
        if name not in BASIC:
            _refuse(
                "InvalidParameterValue",
                f"The parameter Statistics.member.{number} must be a value in the set "
                f"[ {', '.join(_SAID)} ].",
            )
    for number, name in enumerate(extended, 1):
        if not _is_statistic(name):
            _refuse(
                "InvalidParameterValue",
                f"The value {name} for parameter ExtendedStatistics.member.{number} is invalid.",
            )


def _is_statistic(name: str) -> bool:
    try:
        parse_statistic(name)
    except InvalidStatistic:
        return False
    return True


def _pairs(dimensions: Sequence[Mapping[str, str]] | None) -> set[tuple[str, str]]:
    return {(each["Name"], each["Value"]) for each in dimensions or ()}


def _refuse(code: str, message: str) -> NoReturn:
    raise CommonServiceException(code, message, 400, True)
