"""A metric filter as it was put: its pattern, and what it makes of a message that matches.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from secretwatch.filterpattern import FilterPattern, Selector, metric_value

Dimensions = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Sample:
    """What one message counts for. ``value`` is None where it counts for nothing."""

    matched: bool
    value: float | None = None
    dimensions: Dimensions = ()


_NO_MATCH = Sample(matched=False)


@dataclass(frozen=True)
class Transformation:
    """One metric filter, ready to be asked message by message."""

    pattern: FilterPattern
    metric_name: str
    metric_namespace: str
    value: float | Selector
    dimensions: tuple[tuple[str, Selector], ...]
    default_value: float | None
    unit: str | None

    @classmethod
    def of(cls, metric_filter: Mapping[str, Any]) -> Transformation:
        """From a filter as DescribeMetricFilters answers it; raises InvalidFilterPattern."""
        transformation = metric_filter["metricTransformations"][0]
        default = transformation.get("defaultValue")
        unit = transformation.get("unit")
        return _transformation(
            metric_filter["filterPattern"],
            transformation["metricName"],
            transformation["metricNamespace"],
            transformation["metricValue"],
            tuple(sorted((transformation.get("dimensions") or {}).items())),
            None if default is None else float(default),
            None if unit in (None, "None") else unit,
        )

    def sample(self, message: str) -> Sample:
        if not self.pattern.matches(message):
            return _NO_MATCH
        value = self._value(message)
        if value is None:
            return Sample(matched=True)
        read = [(name, self.pattern.value_of(selector, message)) for name, selector in self.dimensions]
        if any(text is None for _, text in read):
            # A metric filter whose dimension finds nothing publishes nothing.
            return Sample(matched=True)
        return Sample(True, value, tuple((name, text) for name, text in read if text is not None))

    def _value(self, message: str) -> float | None:
        if isinstance(self.value, float):
            return self.value
        return metric_value(self.pattern.value_of(self.value, message))


@lru_cache(maxsize=512)
def _transformation(
    pattern: str,
    metric_name: str,
    metric_namespace: str,
    value: str,
    dimensions: Sequence[tuple[str, str]],
    default_value: float | None,
    unit: str | None,
) -> Transformation:
    number = metric_value(value)
    return Transformation(
        pattern=FilterPattern.parse(pattern),
        metric_name=metric_name,
        metric_namespace=metric_namespace,
        value=Selector.parse(value) if number is None else number,
        dimensions=tuple((name, Selector.parse(text)) for name, text in dimensions),
        default_value=default_value,
        unit=unit,
    )
