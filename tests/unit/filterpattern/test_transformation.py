"""What a metric filter makes of one message."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secretwatch.filterpattern import InvalidFilterPattern
from secretwatch.filterpattern.transformation import InvalidTransformation, Sample, Transformation


def transformation(pattern: str, **more: Any) -> Transformation:
    described = {"metricName": "m", "metricNamespace": "n", "metricValue": "1", **more}
    return Transformation.of({"filterPattern": pattern, "metricTransformations": [described]})


def sample(made: Transformation, message: str) -> Sample:
    return made.sample(message, json.loads(message) if made.reads_json else None)


@pytest.mark.parametrize(
    ("pattern", "message", "expected"),
    [
        ("ERROR", "an ERROR", Sample(True, 2.5)),
        ("ERROR", "fine", Sample(False)),
        ("{ $.a = 1 }", '{"a": 1}', Sample(True, 2.5)),
        ("{ $.a = 1 }", '{"a": 2}', Sample(False)),
        ("[a, b]", "x y", Sample(True, 2.5)),
        ("[a, b]", "x", Sample(False)),
    ],
)
def test_a_fixed_value(pattern: str, message: str, expected: Sample) -> None:
    assert sample(transformation(pattern, metricValue="2.5"), message) == expected


@pytest.mark.parametrize(
    ("message", "value"),
    [
        ('{"n": 12}', 12.0),
        ('{"n": -1.5e3}', -1500.0),
        ('{"n": "7"}', 7.0),
        ('{"n": "seven"}', None),
        ('{"n": [7]}', None),
        ('{"m": 7}', None),
    ],
)
def test_a_value_from_a_json_message(message: str, value: float | None) -> None:
    made = transformation('{ $.n = "*" || $.n NOT EXISTS || $.n != "" || $.m = 7 }', metricValue="$.n")
    assert made.sample(message, json.loads(message)).value == value


def test_a_value_from_a_field() -> None:
    made = transformation("[host, size, ]", metricValue="$size", dimensions={"Host": "$host", "Unit": "$3"})
    assert sample(made, "web 12 MB") == Sample(True, 12.0, (("Host", "web"), ("Unit", "MB")))


def test_a_message_without_a_dimension_counts_for_nothing() -> None:
    made = transformation("{ $.a = 1 }", dimensions={"Who": "$.who"})
    assert sample(made, '{"a": 1, "who": "ann"}') == Sample(True, 1.0, (("Who", "ann"),))
    assert sample(made, '{"a": 1}') == Sample(True)


@pytest.mark.parametrize("value", ["", "one", "1,5", "$", "$.a[", "$name", "NaN"])
def test_values_that_are_refused_in_a_json_filter(value: str) -> None:
    with pytest.raises(InvalidTransformation, match="must be a valid number"):
        transformation("{ $.a = 1 }", metricValue=value)


def test_a_pattern_that_is_refused() -> None:
    with pytest.raises(InvalidFilterPattern):
        transformation("{ $.a }")


def test_the_default_value_may_be_0() -> None:
    assert transformation("a", defaultValue=0).default_value == 0.0
    assert transformation("a").default_value is None
