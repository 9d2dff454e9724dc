"""A metric filter as it was put: its pattern, and what it makes of a message that matches.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from secretwatch.filterpattern.errors import InvalidFilterPattern
from secretwatch.filterpattern.pattern import FilterPattern, Kind, metric_value
from secretwatch.filterpattern.selector import Selector

Dimensions = tuple[tuple[str, str], ...]

MOST_DIMENSIONS = 3


class InvalidTransformation(ValueError):
    """A metric transformation that PutMetricFilter refuses (InvalidParameterException)."""


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
        """From a filter as DescribeMetricFilters answers it.

        Raises InvalidFilterPattern or InvalidTransformation where PutMetricFilter would not take it.
        """
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

    @property
    def reads_json(self) -> bool:
        """Whether ``sample`` wants the message also as JSON."""
        return self.pattern.kind is Kind.JSON

    def sample(self, message: str, event: object = None) -> Sample:
        """``event`` is the message as JSON, parsed once for all filters; only asked for if ``reads_json``."""
        matched = self.pattern.matches_event(event) if self.reads_json else self.pattern.matches(message)
        if not matched:
            return _NO_MATCH
        if self.constant:
            return self.constant
        value = self._value(message)
        if value is None:
            return Sample(matched=True)
        read = [(name, self.pattern.value_of(selector, message)) for name, selector in self.dimensions]
        if any(text is None for _, text in read):
            # A metric filter whose dimension finds nothing publishes nothing.
            return Sample(matched=True)
        return Sample(True, value, tuple((name, text) for name, text in read if text is not None))

    @cached_property
    def constant(self) -> Sample | None:
        """What any message that matches counts for, where that is the same for all."""
        return Sample(True, self.value) if isinstance(self.value, float) and not self.dimensions else None

    def _value(self, message: str) -> float | None:
        if isinstance(self.value, float):
            return self.value
        return metric_value(self.pattern.value_of(self.value, message))


@lru_cache(maxsize=512)
def _transformation(
    pattern_text: str,
    metric_name: str,
    metric_namespace: str,
    value: str,
    dimensions: Sequence[tuple[str, str]],
    default_value: float | None,
    unit: str | None,
) -> Transformation:
    pattern = FilterPattern.parse(pattern_text)
    if dimensions:
        if not pattern.supports_dimensions:
            raise InvalidTransformation("The specified filter pattern does not support dimensions")
        if default_value is not None:
            raise InvalidTransformation(
                "Invalid metric transformation: "
                "dimensions and default value are mutually exclusive properties"
            )
        if len(dimensions) > MOST_DIMENSIONS:
            raise InvalidTransformation(
                f"Invalid metric transformation: at most {MOST_DIMENSIONS} dimensions are allowed, "
                f"not {len(dimensions)}"
            )
    return Transformation(
        pattern=pattern,
        metric_name=metric_name,
        metric_namespace=metric_namespace,
        value=_value_of(pattern, value),
        dimensions=tuple((name, _dimension_of(pattern, text)) for name, text in dimensions),
        default_value=default_value,
        unit=unit,
    )


def _value_of(pattern: FilterPattern, text: str) -> float | Selector:
    number = metric_value(text)
    if number is not None:
        return number
    selector = _selector(pattern, text)
    if selector is None:
        raise InvalidTransformation(
            f"Invalid metric transformation: metric value {text} must be a valid number"
        )
    return selector


def _dimension_of(pattern: FilterPattern, text: str) -> Selector:
    selector = _selector(pattern, text)
    if selector is None:
        raise InvalidTransformation("Invalid metric transformation: dimension value must be valid selector")
    return selector


def _selector(pattern: FilterPattern, text: str) -> Selector | None:
    """The selector, if it is one that can read a message of this pattern's kind."""
    try:
        selector = Selector.parse(text)
    except InvalidFilterPattern:
        return None
    kind = Kind.JSON if selector.field is None else Kind.FIELDS
    return selector if kind is pattern.kind else None
