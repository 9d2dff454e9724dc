"""From samples to the datapoints that an evaluation sees.

A period of a minute or more slides: its windows end at the evaluation's time cut to the minute, not at
multiples of the period. (Observed: a query at 17:07:38 with a period of 300 s saw the datapoint 17:02.)
Periods of 10, 20 and 30 s end at multiples of themselves. Times are aware datetimes; a datapoint's time is
where its window starts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from secretwatch.alarm.config import AlarmConfig
from secretwatch.alarm.statistics import Sample, count_of, parse_statistic

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Datapoint:
    """One period: `value` is None where no sample told it."""

    time: datetime
    value: float | None = None
    sample_count: float | None = None


def window_end(at: datetime, period: int) -> datetime:
    """Where the newest window ends for an evaluation at this time."""
    step = min(period, 60)
    seconds = (at - _EPOCH) // timedelta(seconds=1)
    return _EPOCH + timedelta(seconds=seconds - seconds % step)


def query_start(start: int, period: int, now: int) -> int:
    """Where CloudWatch begins a query for its StartTime; all in Unix seconds.

    Down to the minute, of older ones to five minutes and to the hour; for short periods to their own length.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
    """
    age = now - start
    interval = 60 if age < 15 * _DAY else 300 if age < 63 * _DAY else 3600
    if period < 60 and interval == 60:
        interval = period
    return start - start % interval


def datapoints(config: AlarmConfig, samples: Iterable[Sample], at: datetime) -> list[Datapoint]:
    """The datapoints that an evaluation at this time retrieves: the whole evaluation range, oldest first.

    Samples may come in any order, and those outside the range or of another unit do not count. A period
    without any is `config.fill`.
    """
    period = timedelta(seconds=config.period)
    start = window_end(at, config.period) - period * config.evaluation_range
    windows: list[list[Sample]] = [[] for _ in range(config.evaluation_range)]
    for sample in samples:
        index = (sample.time - start) // period
        if 0 <= index < len(windows) and config.unit in (None, sample.unit):
            windows[index].append(sample)
    statistic = parse_statistic(config.statistic)
    found = []
    for index, window in enumerate(windows):
        value = statistic(window) if window else config.fill
        # A value that was filled in is of no samples, and an expression's has no count.
        count = None if value is None or config.fill is not None else count_of(window)
        found.append(Datapoint(start + period * index, value, count))
    return found
