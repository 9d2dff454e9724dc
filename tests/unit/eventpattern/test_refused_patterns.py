"""What PutRule and TestEventPattern refuse, in AWS's words (observed unless a comment says otherwise)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secretwatch.eventpattern import EventPattern, InvalidEventPattern


def reason(pattern: Any) -> str:
    with pytest.raises(InvalidEventPattern) as caught:
        EventPattern.parse(pattern if isinstance(pattern, str) else json.dumps(pattern))
    assert str(caught.value) == f"Event pattern is not valid. Reason: {caught.value.reason}"
    return caught.value.reason


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ([], "Filter is not an object"),
        ({"int": 42}, '"int" must be an object or an array'),
        ({"string": "my-value"}, '"string" must be an object or an array'),
        ({"resources": []}, "Empty arrays are not allowed"),
        ({}, "Empty objects are not allowed"),  # event-ruler's compiler
        ({"a": {}}, "Empty objects are not allowed"),  # event-ruler's compiler
        ({"$or": "x"}, '"$or" must be an object or an array'),
        ({"$or": [{"a": ["x"]}]}, "Unrecognized match type a"),  # of one branch it is a field's name
        ({"$or": [{"prefix": "x"}, {"a": ["x"]}]}, "Unrecognized match type a"),
        ({"$or": [{"a": ["x"]}, {}]}, "Empty objects are not allowed"),
    ],
    ids=json.dumps,
)
def test_a_pattern(pattern: Any, sentence: str) -> None:
    assert reason(pattern) == sentence


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        (["x"], "Match value must be String, number, true, false, or null"),
        ({}, "Match expression name not found"),
        ({"EXISTS": True}, "Unrecognized match type EXISTS"),
        ({"NUMERIC": ["=", 5]}, "Unrecognized match type NUMERIC"),
        ({"prefix": "a", "suffix": "b"}, "Only one key allowed in match expression"),
        ({"exists": "true"}, "exists match pattern must be either true or false."),
        ({"prefix": 123}, "prefix match pattern must be a string"),
        ({"prefix": ["a"]}, "prefix match pattern must be a string"),
        ({"prefix": {"wildcard": "a"}}, "Unsupported prefix pattern: wildcard"),
        ({"suffix": 123}, "suffix match pattern must be a string"),
        ({"equals-ignore-case": ["a"]}, "equals-ignore-case match pattern must be a string"),
        ({"equals-ignore-case": {"prefix": "a"}}, "equals-ignore-case match pattern must be a string"),
        ({"exactly": 5}, "exact match pattern must be a string"),
        ({"numeric": 5}, "Value of numeric must be an array."),
        ({"numeric": []}, "Invalid member in numeric match: ]"),
        ({"numeric": [5]}, "Invalid member in numeric match: 5"),
        ({"numeric": ["!", 5]}, "Unrecognized numeric range operator: !"),
        ({"numeric": ["="]}, "Value of equals must be numeric"),
        ({"numeric": ["<", "5"]}, "Value of < must be numeric"),
        ({"numeric": [">", 0, ">", 0]}, "Bad numeric range operator: >"),
        ({"numeric": [">", 0, "<"]}, "Value of < must be numeric"),
        ({"numeric": [">", 0, 5]}, "Bad value in numeric range: 5"),
        ({"numeric": ["=", 0, "<", 5]}, "Too many elements in numeric expression"),
        ({"numeric": [">", 0, "<", 5, "<"]}, "Too many terms in numeric range expression"),
        ({"numeric": [">", 5, "<", 5]}, "Bottom must be less than top"),
        ({"numeric": [">", 6e9]}, "Value must be between -5.0E9 and 5.0E9, inclusive"),
        ({"cidr": ["a"]}, "prefix match pattern must be a string"),
        ({"cidr": "10.0.0.0"}, "Malformed CIDR, one '/' required"),
        ({"cidr": "10.0.0.0/xx"}, "Malformed CIDR, mask bits must be an integer"),
        ({"cidr": "xx.11.xx/8"}, "Nonstandard IP address: xx.11.xx"),
        ({"cidr": "xxxx:db8:1234:1a00::/56"}, "Nonstandard IP address: xxxx:db8:1234:1a00::"),
        ({"wildcard": 123}, "wildcard match pattern must be a string"),
        ({"wildcard": ["a*"]}, "wildcard match pattern must be a string"),
        ({"wildcard": "arn:**"}, "Consecutive wildcard characters at pos 5"),
        ({"wildcard": "a\\b"}, "Invalid escape character at pos 2"),
        ({"wildcard": "a\\"}, "Invalid escape character at pos 2"),
        ({"anything-but": None}, "Value of anything-but must be an array or single string/number value."),
        ({"anything-but": True}, "Value of anything-but must be an array or single string/number value."),
        ({"anything-but": [None]}, "Inside anything but list, start|null|boolean is not supported."),
        (
            {"anything-but": [{"wildcard": "a*"}]},
            "Inside anything but list, start|null|boolean is not supported.",
        ),
        (
            {"anything-but": ["a", 1]},
            "Inside anything but list, either all values are number or string, mixed type is not supported",
        ),
        (
            {"anything-but": []},
            "Inside anything but list, either all values are number or string, mixed type is not supported",
        ),
        ({"anything-but": {"exists": True}}, "Unsupported anything-but pattern: exists"),
        ({"anything-but": {"prefix": ""}}, "Null prefix/suffix not allowed"),
        ({"anything-but": {"suffix": ["a", ""]}}, "Null prefix/suffix not allowed"),
        ({"anything-but": {"prefix": 123}}, "prefix/suffix match pattern must be a string"),
        ({"anything-but": {"suffix": [123, ".txt"]}}, "prefix/suffix match pattern must be a string"),
        (
            {"anything-but": {"prefix": {"equals-ignore-case": "file"}}},
            "Value of anything-but must be an array or single string/number value.",
        ),
        (
            {"anything-but": {"equals-ignore-case": 123}},
            "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
        ),
        ({"anything-but": {"wildcard": 123}}, "wildcard match pattern must be a string"),
        ({"anything-but": {"wildcard": ["a", 1]}}, "wildcard match pattern must be a string"),
        ({"anything-but": {"wildcard": "a**"}}, "Consecutive wildcard characters at pos 2"),
    ],
    ids=json.dumps,
)
def test_a_condition(condition: Any, sentence: str) -> None:
    assert reason({"detail": {"field": [condition]}}) == sentence


@pytest.mark.parametrize("text", ["", "{", "{'bad': 'quotation'}", '{"a": [NaN]}', "[" * 100_000])
def test_what_is_no_json(text: str) -> None:
    assert reason(text).startswith("Filter is n")


def test_no_more_than_a_thousand_branches() -> None:
    three = {"$or": [{"a": [1]}, {"b": [1]}, {"c": [1]}]}
    for _ in range(7):
        three = {"$or": [{"x": three}, {"y": three}, {"z": three}]}
    assert reason(three) == "$or makes more than 1000 combinations"
