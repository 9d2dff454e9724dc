"""LocalStack's store of metrics, read as CloudWatch reads: one metric, at one moment, by all its dimensions.

"CloudWatch treats each unique combination of dimensions as a separate metric. If a specific combination of
dimensions was not published, you can't retrieve statistics for it."
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
LocalStack asks once for each statistic and unit, so a value that comes between two of these questions is in
one statistic of a datapoint and not in another. It finds dimensions by LIKE, so more of them than asked for,
longer values and other capitals are found, too.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from localstack.services.cloudwatch.cloudwatch_database_helper import CloudwatchDatabase

from secretwatch.alarm.statistics import Sample, count_of, parse_statistic
from secretwatch.alarm.window import query_start

NO_UNIT = "None"
"""What CloudWatch takes for the unit of values that were put without one.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Unit
"""

Periods = dict[tuple[int, str], list[Sample]]
"""The samples of each period by its start (seconds since 1970) and unit, oldest first."""

_OF_A_METRIC = (
    "account_id = ? AND region = ? AND namespace = ? AND metric_name = ? AND dimensions IS ? "
    "AND timestamp >= ? AND timestamp < ?"
)


class MetricDatabase(CloudwatchDatabase):
    """Put as LocalStack puts, but for how dimensions are written; read in one question."""

    def periods(
        self,
        account_id: str,
        region: str,
        metric: Mapping[str, Any],
        *,
        start: datetime,
        end: datetime,
        period: int,
        unit: str | None = None,
    ) -> Periods:
        """What exactly this metric (Namespace, MetricName, Dimensions) got from ``start`` up to ``end``.

        Periods are ``period`` seconds from the rounded ``start`` on, and only those with samples. Without
        ``unit`` those of each.
        """
        first, last = (self._convert_timestamp_to_unix(each) for each in (start, end))
        first = query_start(int(first), period, int(time.time()))
        dimensions = self._get_ordered_dimensions_with_separator(list(metric.get("Dimensions") or []))
        name = (metric["Namespace"], metric["MetricName"])
        values = (first, period, account_id, region, *name, dimensions, first, last)
        columns = f"coalesce(unit, '{NO_UNIT}'), (timestamp - ?) / ?"
        with (
            self.DATABASE_LOCK,
            closing(sqlite3.connect(self.METRICS_DB_READ_ONLY, uri=True)) as connection,
        ):
            single = connection.execute(
                f"SELECT {columns}, count(*), value FROM {self.TABLE_SINGLE_METRICS} WHERE {_OF_A_METRIC} "
                "GROUP BY 1, 2, 4",
                values,
            ).fetchall()
            sets = connection.execute(
                f"SELECT {columns}, sample_count, sum, min, max FROM {self.TABLE_AGGREGATED_METRICS} "
                f"WHERE {_OF_A_METRIC}",
                values,
            ).fetchall()
        found: Periods = defaultdict(list)
        for of_unit, index, count, value in single:
            at = first + index * period
            found[at, of_unit].append(Sample(_time(at), value, count, unit=of_unit))
        for of_unit, index, count, total, least, most in sets:
            at = first + index * period
            found[at, of_unit].append(
                Sample.statistic_set(
                    _time(at), count=count, sum=total, minimum=least, maximum=most, unit=of_unit
                )
            )
        return {
            (at, of_unit): samples
            for (at, of_unit), samples in sorted(found.items())
            if unit in (None, of_unit) and count_of(samples)
        }

    def get_metric_data_stat(
        self,
        account_id: str,
        region: str,
        query: Mapping[str, Any],
        start_time: datetime,
        end_time: datetime,
        scan_by: str | None,
    ) -> dict[str, list[Any]]:
        """For GetMetricData: newest first unless asked otherwise; without a unit all units together.

        Raises InvalidStatistic.
        """
        asked = query["MetricStat"]
        statistic = parse_statistic(asked["Stat"])
        periods = self.periods(
            account_id,
            region,
            asked["Metric"],
            start=start_time,
            end=end_time,
            period=asked["Period"],
            unit=asked.get("Unit"),
        )
        of_all_units: dict[int, list[Sample]] = defaultdict(list)
        for (at, _), samples in periods.items():
            of_all_units[at] += samples
        values = [(at, statistic(samples)) for at, samples in of_all_units.items()]
        told = [(at, value) for at, value in values if value is not None]
        if scan_by != "TimestampAscending":
            told.reverse()
        return {"timestamps": [at for at, _ in told], "values": [value for _, value in told]}

    def list_metrics(
        self,
        account_id: str,
        region: str,
        namespace: str | None,
        metric_name: str | None,
        dimensions: Sequence[Mapping[str, str]],
    ) -> dict[str, list[dict[str, Any]]]:
        """Metrics that have all of these dimensions, and maybe more; a filter without a value takes any.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html
        """
        found = super().list_metrics(account_id, region, namespace, metric_name, [])["metrics"]
        return {"metrics": [each for each in found if _has(each["dimensions"], dimensions)]}

    def _get_ordered_dimensions_with_separator(
        self, dims: Iterable[Mapping[str, str]] | None, for_search: bool = False
    ) -> str | None:
        """How dimensions stand in the tables. Names and values may have any separator in them."""
        pairs = sorted((each["Name"], each["Value"]) for each in dims or ())
        return json.dumps(pairs) if pairs else None

    def _restore_dimensions_from_string(self, dimensions: str | None) -> list[dict[str, str]]:
        return [{"Name": name, "Value": value} for name, value in json.loads(dimensions or "[]")]


def _has(dimensions: Iterable[Mapping[str, str]], wanted: Iterable[Mapping[str, str]]) -> bool:
    values = {each["Name"]: each["Value"] for each in dimensions}
    return all(
        each["Name"] in values and each.get("Value") in (None, values[each["Name"]]) for each in wanted
    )


def _time(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)
