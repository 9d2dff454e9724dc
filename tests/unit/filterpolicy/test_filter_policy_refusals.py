"""Filter policies that SNS refuses, with its sentences."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.filterpolicy import FilterPolicy, InvalidFilterPolicy

REFUSED: list[tuple[Any, str]] = [
    ({"a": []}, "FilterPolicy: Empty arrays are not allowed"),
    ({"a": "x"}, 'FilterPolicy: "a" must be an object or an array'),
    ({"a": [["x"]]}, "FilterPolicy: Match value must be String, number, true, false, or null"),
    ({"a": [{"prefix": "x", "suffix": "y"}]}, "FilterPolicy: Only one key allowed in match expression"),
    ({"a": [{"wildcard": "*"}]}, "FilterPolicy: Unrecognized match type wildcard"),
    ({"a": [{"prefix": 1}]}, "FilterPolicy: prefix match pattern must be a string"),
    ({"a": [{"suffix": ["x"]}]}, "FilterPolicy: suffix match pattern must be a string"),
    (
        {"a": [{"equals-ignore-case": None}]},
        "FilterPolicy: equals-ignore-case match pattern must be a string",
    ),
    ({"a": [{"exists": "true"}]}, "FilterPolicy: exists match pattern must be either true or false."),
    ({"a": [{"anything-but": {"suffix": "x"}}]}, "FilterPolicy: Unsupported anything-but pattern: suffix"),
    ({"a": [{"anything-but": [["x"]]}]}, "FilterPolicy: Match value must be String, number, true, false, or"),
    ({"a": [{"numeric": []}]}, "FilterPolicy: Invalid member in numeric match: ]"),
    ({"a": [{"numeric": [1]}]}, "FilterPolicy: Invalid member in numeric match: 1"),
    ({"a": [{"numeric": ["<>", 1]}]}, "FilterPolicy: Unrecognized numeric range operator: <>"),
    ({"a": [{"numeric": ["=", "1"]}]}, "FilterPolicy: Value of equals must be numeric"),
    ({"a": [{"numeric": [">"]}]}, "FilterPolicy: Value of > must be numeric"),
    ({"a": [{"numeric": ["=", 1, "<", 2]}]}, "FilterPolicy: Too many elements in numeric expression"),
    ({"a": [{"numeric": [">", 1, 2]}]}, "FilterPolicy: Bad value in numeric range: 2"),
    ({"a": [{"numeric": [">", 1, ">", 2]}]}, "FilterPolicy: Bad numeric range operator: >"),
    ({"a": [{"numeric": [">", 2, "<", 1]}]}, "FilterPolicy: Bottom must be less than top"),
    ({"a": [{"numeric": [">", 1, "<", 2, 3]}]}, "FilterPolicy: Too many terms in numeric range expression"),
    ({"a": [{"cidr": 10}]}, "FilterPolicy: prefix match pattern must be a string"),
    ({"a": [{"cidr": "10.0.0.0"}]}, "FilterPolicy: Malformed CIDR, one '/' required"),
    ({"a": [{"cidr": "10.0.0.0/x"}]}, "FilterPolicy: Malformed CIDR, mask bits must be an integer"),
    ({"a": [{"cidr": "10.0.0/8"}]}, "FilterPolicy: Nonstandard IP address: 10.0.0"),
    ({key: ["x"] for key in "abcdef"}, "FilterPolicy: Filter policy can not have more than 5 keys"),
    ({"a": ["x"] * 151}, "FilterPolicy: Filter policy is too complex"),
    ({key: list(range(13)) for key in "ab"}, "FilterPolicy: Filter policy is too complex"),
    (
        {"a": {"b": ["x"]}},
        "Filter policy scope MessageAttributes does not support nested filter policy",
    ),
]


@pytest.mark.parametrize(("policy", "words"), REFUSED)
def test_refused(policy: Any, words: str) -> None:
    with pytest.raises(InvalidFilterPolicy) as refused:
        FilterPolicy.parse(json.dumps(policy))
    assert str(refused.value).startswith(words)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "1"])
def test_what_is_no_object(text: str) -> None:
    with pytest.raises(InvalidFilterPolicy, match="FilterPolicy: failed to parse JSON"):
        FilterPolicy.parse(text)


@pytest.mark.parametrize(
    ("policy", "taken"),
    [
        # AWS's example: 3 values at level 3 and 3 at level 2 ...
        ({"a": {"b": {"c": ["x"] * 4}}, "d": {"e": ["y"] * 3}}, True),  # 4 x 3 x 3 x 2 = 72
        ({"a": {"b": {"c": ["x"] * 5}}, "d": {"e": ["y"] * 5}}, True),  # 150
        ({"a": {"b": {"c": ["x"] * 5}}, "d": {"e": ["y"] * 6}}, False),  # 180
        ({"$or": [{"a": ["x"] * 75}, {"b": ["y"] * 75}]}, True),
        ({"$or": [{"a": ["x"] * 75}, {"b": ["y"] * 76}]}, False),
    ],
)
def test_combinations(policy: Any, taken: bool) -> None:
    if taken:
        FilterPolicy.parse(json.dumps(policy), "MessageBody")
        return
    with pytest.raises(InvalidFilterPolicy, match="too complex"):
        FilterPolicy.parse(json.dumps(policy), "MessageBody")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "x", ">", "=", "10.0.0.0/8"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["a", "$or", "prefix", "numeric", "anything-but", "exists", "cidr"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@given(JSON, st.sampled_from(["MessageAttributes", "MessageBody"]), JSON)
def test_nothing_else_is_raised(policy: Any, scope: str, body: Any) -> None:
    with contextlib.suppress(InvalidFilterPolicy):
        FilterPolicy.parse(json.dumps(policy), scope).matches({}, json.dumps(body))
