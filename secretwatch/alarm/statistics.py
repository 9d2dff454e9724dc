"""CloudWatch's statistics: from the samples of one period to one value.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html

AWS estimates percentiles and their relatives from a histogram; here they are exact: the smallest value with
at least that share of the samples at or below it. Of a statistic set (count, sum, minimum, maximum) only
the five basic ones can be had, and the others where it hides nothing: one sample, or minimum equal to
maximum.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime


class InvalidStatistic(ValueError):
    """A statistic that CloudWatch does not have."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One PutMetricData entry at an aware time: a value `count` times, or a statistic set.

    For a statistic set `value` is the sum, and minimum and maximum are given.
    """

    time: datetime
    value: float
    count: float = 1.0
    minimum: float | None = None
    maximum: float | None = None
    unit: str | None = None

    @classmethod
    def statistic_set(
        cls,
        time: datetime,
        *,
        count: float,
        sum: float,
        minimum: float,
        maximum: float,
        unit: str | None = None,
    ) -> Sample:
        """PutMetricData's StatisticValues. Where it hides nothing it becomes a value, count times."""
        if minimum == maximum:
            return cls(time, minimum, count, unit=unit)
        return cls(time, sum, count, minimum, maximum, unit)

    @property
    def is_set(self) -> bool:
        return self.minimum is not None

    @property
    def total(self) -> float:
        return self.value if self.is_set else self.value * self.count

    @property
    def least(self) -> float:
        return self.value if self.minimum is None else self.minimum

    @property
    def most(self) -> float:
        return self.value if self.maximum is None else self.maximum


Statistic = Callable[[Sequence[Sample]], float | None]
"""From the samples of a period, at least one, to their value; None where they do not tell it."""


def count_of(samples: Sequence[Sample]) -> float:
    return math.fsum(sample.count for sample in samples)


def _sum(samples: Sequence[Sample]) -> float:
    return math.fsum(sample.total for sample in samples)


def _average(samples: Sequence[Sample]) -> float | None:
    count = count_of(samples)
    return _sum(samples) / count if count else None


BASIC: dict[str, Statistic] = {
    "SampleCount": count_of,
    "Sum": _sum,
    "Average": _average,
    "Minimum": lambda samples: min(sample.least for sample in samples),
    "Maximum": lambda samples: max(sample.most for sample in samples),
}

_NUMBER = r"[0-9]+(?:\.[0-9]{1,10})?"
_SHORT = re.compile(rf"(p|tm|wm|tc|ts)({_NUMBER})")
_BOUND = rf"-?{_NUMBER}%?|"
_RANGE = re.compile(rf"(TM|WM|TC|TS|PR)\(({_BOUND}):({_BOUND})\)")


def percentile_of(name: str) -> float | None:
    """NN of pNN, 0 to 100; None for every other statistic."""
    short = _SHORT.fullmatch(name)
    return float(short[2]) if short and short[1] == "p" else None


def parse_statistic(name: str) -> Statistic:
    """The statistic of this name, basic or extended; InvalidStatistic where CloudWatch has none."""
    if name in BASIC:
        return BASIC[name]
    if isinstance(name, str):
        if name.upper() == "IQM":
            return _trimmed("TM", _Bound(25.0, True), _Bound(75.0, True))
        short = _SHORT.fullmatch(name)
        if short and float(short[2]) <= 100:
            share = float(short[2])
            if short[1] == "p":
                return lambda samples: _percentile(_spread(samples), share)
            return _trimmed(short[1].upper(), None, _Bound(share, True))
        ranged = _RANGE.fullmatch(name)
        if ranged and (ranged[2] or ranged[3]):
            low, high = _Bound.parse(ranged[2]), _Bound.parse(ranged[3])
            alike = low is None or high is None or (low.percent is high.percent and low.value < high.value)
            if alike and not (ranged[1] == "PR" and "%" in name):
                return _trimmed(ranged[1], low, high)
    raise InvalidStatistic(
        "A statistic is one of SampleCount, Sum, Average, Minimum, Maximum, pNN, tmNN, wmNN, tcNN, tsNN, "
        f"IQM, TM(a:b), WM(a:b), TC(a:b), TS(a:b) or PR(a:b), not {name!r}."
    )


@dataclass(frozen=True, slots=True)
class _Bound:
    value: float
    percent: bool

    @classmethod
    def parse(cls, text: str) -> _Bound | None:
        bound = cls(float(text.rstrip("%")), text.endswith("%")) if text else None
        if bound and bound.percent and not 0 <= bound.value <= 100:
            raise InvalidStatistic(f"A percentage is between 0 and 100, not {text}.")
        return bound


Spread = list[tuple[float, float]]
"""Values in rising order, each with how often it came."""


def _spread(samples: Sequence[Sample]) -> Spread | None:
    if any(sample.is_set for sample in samples):
        return None
    return sorted((sample.value, sample.count) for sample in samples if sample.count > 0)


def _percentile(spread: Spread | None, share: float) -> float | None:
    if not spread:
        return None
    wanted = math.fsum(count for _, count in spread) * share / 100
    seen = 0.0
    for value, count in spread:
        seen += count
        if seen >= wanted:
            return value
    return spread[-1][0]


def _trimmed(kind: str, low: _Bound | None, high: _Bound | None) -> Statistic:
    """TM, WM, TC, TS and PR between two bounds, the lower one excluded and the upper one included."""

    def statistic(samples: Sequence[Sample]) -> float | None:
        spread = _spread(samples)
        if not spread:
            return None
        whole = math.fsum(count for _, count in spread)
        inside: Spread = []
        seen = 0.0
        for value, count in spread:
            first, last = seen, seen + count  # where these samples stand among all, in rising order
            seen = last
            if low is not None:
                first = (
                    max(first, whole * low.value / 100)
                    if low.percent
                    else first
                    if value > low.value
                    else last
                )
            if high is not None:
                last = (
                    min(last, whole * high.value / 100)
                    if high.percent
                    else last
                    if value <= high.value
                    else first
                )
            if last > first:
                inside.append((value, last - first))
        count = math.fsum(count for _, count in inside)
        total = math.fsum(value * count for value, count in inside)
        match kind:
            case "TC":
                return count
            case "TS":
                return total
            case "PR":
                return 100 * count / whole
        if not inside:
            return None
        if kind == "TM":
            return total / count
        # Winsorized: what lies outside counts as the nearest value inside.
        below = math.fsum(count for value, count in spread if value < inside[0][0])
        above = whole - below - count
        return (total + below * inside[0][0] + above * inside[-1][0]) / whole

    return statistic
