"""Selectors for a metric's value and its dimensions."""

import json

import pytest

from secretwatch.filterpattern import FilterPattern, InvalidFilterPattern, Selector, metric_value

EVENT = {
    "latency": 50,
    "text": "7.5",
    "deep": {"list": [1, {"x": "y"}]},
    "flag": True,
    "none": None,
    "a.b": 3,
}
JSON = FilterPattern.parse("{ $.latency = * }")
FIELDS = FilterPattern.parse("[host, , size, ...]")


@pytest.mark.parametrize(
    ("selector", "values"),
    [
        ("$.latency", [50]),
        (" $.latency ", [50]),
        ("$.deep.list[0]", [1]),
        ("$.deep.list[1].x", ["y"]),
        ("$.deep.list[2]", []),
        ("$.deep.list[*]", [1, {"x": "y"}]),
        ("$.deep.*", [[1, {"x": "y"}]]),
        ("$.['a.b']", [3]),
        ("$.none", [None]),
        ("$.missing", []),
        ("$.latency.deeper", []),
    ],
)
def test_values(selector, values):
    assert Selector.parse(selector).values(EVENT) == values


@pytest.mark.parametrize(
    ("selector", "value"),
    [
        ("$.latency", "50"),
        ("$.text", "7.5"),
        ("$.flag", "true"),
        ("$.none", None),
        ("$.deep", None),
        ("$.deep.list[*]", "1"),
        ("$.missing", None),
        ("$host", None),
    ],
)
def test_value_in_json(selector, value):
    assert JSON.value_of(Selector.parse(selector), json.dumps(EVENT)) == value


@pytest.mark.parametrize(
    ("selector", "value"),
    [("$host", "web1"), ("$2", "-"), ("$size", "88"), ("$4", "x y"), ("$5", None), ("$.host", None)],
)
def test_value_in_fields(selector, value):
    assert FIELDS.value_of(Selector.parse(selector), 'web1 - 88 "x y"') == value


def test_terms_have_no_values():
    assert FilterPattern.parse("x").value_of(Selector.parse("$.a"), '{"a": "x"}') is None


@pytest.mark.parametrize(
    "text", ["", "latency", "$", "$.", "$.a b", "$.a=1", "$a.b", "$[0]", "$.a[*][*]", "$ a"]
)
def test_refused_selectors(text):
    with pytest.raises(InvalidFilterPattern):
        Selector.parse(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("50", 50.0),
        (" -7.5e1 ", -75.0),
        ("", None),
        ("abc", None),
        ("true", None),
        ("nan", None),
        ("1_000", None),
        ("0x1F", None),
        ("9" * 400, None),
        (None, None),
    ],
)
def test_metric_value(text, value):
    assert metric_value(text) == value
