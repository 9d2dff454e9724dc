"""Which messages a filter policy lets through: tables, and a naive matcher beside it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from deep import deep
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.filterpolicy import FilterPolicy


def text(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def number(value: str) -> dict[str, str]:
    return {"DataType": "Number", "StringValue": value}


def array(*values: Any) -> dict[str, str]:
    return {"DataType": "String.Array", "StringValue": json.dumps(values)}


ON_ATTRIBUTES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({"a": ["x", "y"]}, {"a": text("y")}, True),
    ({"a": ["x"]}, {"a": text("X")}, False),
    ({"a": ["x"]}, {}, False),
    ({"a": ["x"], "b": ["y"]}, {"a": text("x")}, False),
    ({"a": ["x"], "b": ["y"]}, {"a": text("x"), "b": text("y")}, True),
    ({"a": [{"prefix": "x-"}]}, {"a": text("x-1")}, True),
    ({"a": [{"suffix": "-1"}]}, {"a": text("x-1")}, True),
    ({"a": [{"equals-ignore-case": "Ab"}]}, {"a": text("aB")}, True),
    ({"a": [{"anything-but": ["x", "y"]}]}, {"a": text("z")}, True),
    ({"a": [{"anything-but": "x"}]}, {"a": text("x")}, False),
    ({"a": [{"anything-but": {"prefix": "x"}}]}, {"a": text("xy")}, False),
    ({"a": [{"anything-but": ["x"]}]}, {}, False),
    ({"a": [{"anything-but": ["x"]}]}, {"a": array("x", "y")}, True),
    ({"a": [{"exists": True}]}, {"a": text("x")}, True),
    ({"a": [{"exists": False}]}, {}, True),
    ({"a": [{"exists": False}]}, {"a": {"DataType": "Binary", "BinaryValue": b"x"}}, False),
    ({"a": ["x"]}, {"a": {"DataType": "Binary", "BinaryValue": b"x"}}, False),
    ({"a": [{"numeric": [">=", 1, "<", 2]}]}, {"a": number("1")}, True),
    ({"a": [{"numeric": [">=", 1, "<", 2]}]}, {"a": number("2.0")}, False),
    ({"a": [{"numeric": ["=", 1.123456]}]}, {"a": number("1.123459")}, True),  # five digits count
    ({"a": [{"numeric": ["=", 1]}]}, {"a": text("1")}, False),
    ({"a": [{"numeric": ["=", 1]}]}, {"a": number("one")}, False),
    ({"a": [{"numeric": ["=", 1]}]}, {"a": array(1, "x")}, True),
    ({"a": [1]}, {"a": number("1.0")}, True),
    ({"a": ["1"]}, {"a": number("1")}, False),
    ({"a": [True, None]}, {"a": array(None)}, True),
    ({"a": [True]}, {"a": array(1)}, False),
    ({"a": ["x"]}, {"a": {"DataType": "String.Array", "StringValue": "[x"}}, False),
    ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": text("10.0.0.255")}, True),
    ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": text("10.0.1.0")}, False),
    ({"a": [{"cidr": "2001:db8::/32"}]}, {"a": text("2001:db8::1")}, True),
    ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": text("nowhere")}, False),
    ({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"b": text("y")}, True),
    ({"$or": [{"a": ["x"]}, {"b": ["y"]}], "c": ["z"]}, {"b": text("y")}, False),
    ({}, {}, True),
]


@pytest.mark.parametrize(("policy", "attributes", "wanted"), ON_ATTRIBUTES)
def test_policies_on_attributes(policy: dict[str, Any], attributes: dict[str, Any], wanted: bool) -> None:
    assert FilterPolicy.parse(json.dumps(policy)).matches(attributes, '{"a":"x"}') is wanted


ON_BODIES: list[tuple[dict[str, Any], Any, bool]] = [
    ({"a": ["x"]}, {"a": "x"}, True),
    ({"a": {"b": {"c": ["x"]}}}, {"a": {"b": {"c": "x"}}}, True),
    ({"a": {"b": ["x"]}}, {"a": {"b": ["y", "x"]}}, True),
    ({"a": {"b": ["x"]}}, {"a": [{"b": "y"}, {"b": "x"}]}, True),
    ({"a": {"b": ["x"], "c": [1]}}, {"a": [{"b": "x"}, {"c": 1}]}, True),
    ({"a.b": ["x"]}, {"a": {"b": "x"}}, True),
    ({"a": [1]}, {"a": "1"}, False),
    ({"a": [1]}, {"a": 1.0}, True),
    ({"a": [None]}, {"a": None}, True),
    ({"a": [None]}, {}, False),
    ({"a": [True]}, {"a": True}, True),
    ({"a": [{"numeric": ["<", 0]}]}, {"a": -0.5}, True),
    ({"a": [{"exists": False}]}, {"b": 1}, True),
    ({"a": {"b": [{"exists": False}]}}, {"a": [{"b": 1}, {"c": 1}]}, False),
    ({"a": {"$or": [{"b": ["x"]}, {"c": ["y"]}]}}, {"a": {"c": "y"}}, True),
    ({"$or": [{"a": ["x"]}]}, {"$or": "x"}, False),  # one is no choice, and no condition either
    ({"a": ["x"]}, ["x"], False),
    ({"a": ["x"]}, "x", False),
]


@pytest.mark.parametrize(
    ("policy", "body", "wanted"),
    [case for case in ON_BODIES if "$or" not in case[0] or len(case[0]["$or"]) > 1],
)
def test_policies_on_bodies(policy: dict[str, Any], body: Any, wanted: bool) -> None:
    parsed = FilterPolicy.parse(json.dumps(policy), "MessageBody")
    assert parsed.matches({"a": text("x")}, json.dumps(body)) is wanted


def test_a_body_that_is_no_json_is_never_wanted() -> None:
    policy = FilterPolicy.parse('{"a": [{"exists": false}]}', "MessageBody")
    assert policy.matches({}, "{}")
    assert not policy.matches({}, "{")
    assert not policy.matches({}, "[" * 100_000)


# A naive matcher that knows nothing of places: it walks policy and body together.

VALUES = st.sampled_from(["x", "xy", "", 1, 2.5, -3, True, False, None])
CONDITIONS = VALUES | st.one_of(
    st.builds(lambda value: {"prefix": value}, st.sampled_from(["x", ""])),
    st.builds(lambda value: {"suffix": value}, st.sampled_from(["y", ""])),
    st.builds(lambda values: {"anything-but": values}, st.lists(VALUES, min_size=1, max_size=2)),
    st.builds(lambda value: {"exists": value}, st.booleans()),
    st.builds(lambda value: {"numeric": [">", value]}, st.sampled_from([-3, 1, 2])),
)
KEYS = st.sampled_from(["a", "b"])
LEAVES = st.lists(CONDITIONS, min_size=1, max_size=2)
POLICIES = st.dictionaries(
    KEYS, LEAVES | st.dictionaries(KEYS, st.lists(CONDITIONS, min_size=1, max_size=1), min_size=1), min_size=1
)
BODIES = st.dictionaries(KEYS, VALUES | st.dictionaries(KEYS, VALUES))
ABSENT = object()


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def same(one: object, other: object) -> bool:
    return (is_number(one) and is_number(other) and one == other) or (
        type(one) is type(other) and one == other
    )


def naive(policy: Any, body: Any) -> bool:
    if isinstance(policy, dict):
        inside = body if isinstance(body, dict) else {}
        return all(naive(each, inside.get(key, ABSENT)) for key, each in policy.items())
    there = body is not ABSENT and not isinstance(body, dict)
    for condition in policy:
        if not isinstance(condition, dict):
            holds = there and same(condition, body)
        elif "exists" in condition:
            holds = condition["exists"] is there
        elif "anything-but" in condition:
            holds = there and not any(same(each, body) for each in condition["anything-but"])
        elif "numeric" in condition:
            holds = there and is_number(body) and body > condition["numeric"][1]
        else:
            ((kind, part),) = condition.items()
            holds = there and isinstance(body, str)
            holds = holds and (body.startswith(part) if kind == "prefix" else body.endswith(part))
        if holds:
            return True
    return False


@deep(300)
@given(POLICIES, BODIES)
def test_policies_on_bodies_agree_with_a_naive_matcher(policy: Any, body: Any) -> None:
    assert FilterPolicy.parse(json.dumps(policy), "MessageBody").matches({}, json.dumps(body)) is naive(
        policy, body
    )


@given(st.lists(st.dictionaries(KEYS, LEAVES, min_size=1), min_size=2, max_size=3), BODIES)
def test_or_is_the_same_as_several_policies(choices: list[Any], body: Any) -> None:
    message = json.dumps(body)
    both = FilterPolicy.parse(json.dumps({"$or": choices}), "MessageBody").matches({}, message)
    each = [FilterPolicy.parse(json.dumps(choice), "MessageBody").matches({}, message) for choice in choices]
    assert both is any(each)
