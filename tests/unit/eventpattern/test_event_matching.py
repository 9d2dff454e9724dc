"""Which events a pattern matches, row by row. Each row was seen to hold, or is in event-ruler's README."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secretwatch.eventpattern import EventPattern

READ = {
    "eventName": "GetSecretValue",
    "errorCode": "AccessDenied",
    "readOnly": True,
    "count": 1,
    "requestParameters": {"secretId": "payments/database"},
    "responseElements": None,
    "userIdentity": {
        "arn": "arn:aws:sts::111122223333:assumed-role/deploy/ci",
        "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::111122223333:role/deploy"}},
    },
    "resources": [
        {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::bucket/a"},
        {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::bucket", "accountId": "1"},
    ],
    "ids": ["a", "b"],
    "none": [],
}


def matches(detail_pattern: dict[str, Any], detail: dict[str, Any] = READ) -> bool:
    pattern = EventPattern.parse(json.dumps({"source": ["aws.secretsmanager"], "detail": detail_pattern}))
    return pattern.matches({"source": "aws.secretsmanager", "detail": detail})


def secret(*conditions: Any) -> dict[str, Any]:
    return {"requestParameters": {"secretId": list(conditions)}}


def issuer(*conditions: Any) -> dict[str, Any]:
    return {"userIdentity": {"sessionContext": {"sessionIssuer": {"arn": list(conditions)}}}}


@pytest.mark.parametrize(
    "pattern",
    [
        secret("payments/database"),
        secret("other", "payments/database"),
        secret({"prefix": "payments/"}),
        secret({"suffix": "/database"}),
        secret({"wildcard": "pay*/data*"}),
        secret({"wildcard": "*payments/database*"}),  # a star may stand for nothing
        secret({"wildcard": "*"}),
        secret({"equals-ignore-case": "Payments/Database"}),
        secret({"anything-but": ["a", "b"]}),
        secret({"anything-but": "a"}),
        secret({"anything-but": {"prefix": "orders/"}}),
        secret({"anything-but": {"suffix": "-replica"}}),
        secret({"anything-but": {"wildcard": "*/replica*"}}),
        secret({"anything-but": {"wildcard": ["a*", "b*"]}}),
        secret({"exists": True}),
        {"requestParameters": {"filters": [{"exists": False}]}},
        {"responseElements": {"secret": [{"exists": False}]}},
        {"responseElements": {"secret": {"id": [{"exists": False}]}}},
        {"nothing": {"secret": [{"exists": False}]}},
        {"requestParameters": [{"exists": False}]},  # exists is asked of leaves only
        {"none": [{"exists": False}]},
        {"responseElements": [None]},
        issuer({"exists": False}, {"anything-but": ["arn:aws:iam::111122223333:role/other"]}),
        {"userIdentity": {"invokedBy": [{"exists": False}, {"anything-but": ["x"]}]}},
        {"$or": [secret("other"), {"eventName": ["GetSecretValue"]}]},
        {"$or": [secret("other"), secret({"prefix": "payments"})], "readOnly": [True]},
        {
            "requestParameters": {
                "$or": [{"secretId": ["payments/database"]}, {"filters": [{"exists": True}]}]
            }
        },
        {"$or": [{"eventName": ["A"], "readOnly": [True]}, {"eventName": ["GetSecretValue"], "count": [1]}]},
        {"ids": ["b"]},
        {"ids": [{"anything-but": ["a"]}]},  # any element matches
        {"resources": {"ARN": ["arn:aws:s3:::bucket"]}},
        {"resources": {"type": ["AWS::S3::Bucket"], "ARN": ["arn:aws:s3:::bucket"]}},
    ],
    ids=json.dumps,
)
def test_matches(pattern: dict[str, Any]) -> None:
    assert matches(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        secret("payments"),
        secret("Payments/database"),
        secret({"prefix": "database"}),
        secret({"suffix": "payments"}),
        secret({"wildcard": "payments*replica"}),
        secret({"anything-but": ["payments/database"]}),
        secret({"anything-but": {"prefix": "payments/"}}),
        secret({"anything-but": {"wildcard": "*database*"}}),
        secret({"anything-but": {"wildcard": ["a*", "payments*"]}}),
        secret({"exists": False}),
        {"responseElements": {"secret": [{"anything-but": "a"}]}},  # what is missing is not anything
        {"requestParameters": [{"exists": True}]},
        issuer({"exists": False}, {"anything-but": ["arn:aws:iam::111122223333:role/deploy"]}),
        {"$or": [secret("other"), {"eventName": ["PutSecretValue"]}]},
        {"$or": [secret("other"), secret({"prefix": "payments"})], "readOnly": [False]},
        {"$or": [{"eventName": ["GetSecretValue"], "readOnly": [False]}, {"eventName": ["A"]}]},
        {"readOnly": ["true"]},
        {"readOnly": [1]},
        {"count": [True]},
        {"count": [{"prefix": {"equals-ignore-case": "a"}}]},
        {"ids": ["c"]},
        {"none": [None]},
        # Of two objects in one array.
        {"resources": {"type": ["AWS::S3::Object"], "ARN": ["arn:aws:s3:::bucket"]}},
        {"resources": {"accountId": [{"exists": False}]}},
    ],
    ids=json.dumps,
)
def test_does_not_match(pattern: dict[str, Any]) -> None:
    assert not matches(pattern)


def test_a_star_and_a_backslash_by_themselves() -> None:
    assert matches({"a": [{"wildcard": "x\\*y\\\\*"}]}, {"a": "x*y\\z"})
    assert not matches({"a": [{"wildcard": "x\\*y"}]}, {"a": "x1y"})


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        (300, 300.0),  # observed; the page says otherwise
        (300.0, 300),
        ({"numeric": ["=", 300]}, 3.0e2),
        ({"numeric": [">", 0, "<=", 5]}, 5),
        ({"numeric": [">=", -1.5]}, -1.5),
        ({"exactly": "a"}, "a"),
        ({"prefix": ""}, ""),
        ({"prefix": {"equals-ignore-case": "AB"}}, "abc"),
        ({"suffix": {"equals-ignore-case": "BC"}}, "abc"),
        ({"cidr": "10.0.0.0/24"}, "10.0.0.255"),
        ({"cidr": "10.0.0.7/24"}, "10.0.0.1"),
        ({"cidr": "2001:db8::/32"}, "2001:db8::1"),
        ("2001:db8::1", "2001:db8:0::1"),
        ({"anything-but": 0}, 789),
        ({"anything-but": [1, 2]}, True),  # in Python true is 1
        ({"anything-but": [1, 2]}, "1"),
        ({"anything-but": ["a"]}, None),
        ({"anything-but": {"prefix": "a"}}, 5),
        ({"anything-but": {"equals-ignore-case": ["A", "B"]}}, "c"),
        ({"anything-but": {"wildcard": ""}}, "dir"),
        ({"wildcard": "*a"}, "\ud800a"),
        ({"wildcard": "a*b*b"}, "abbb"),
        ({"wildcard": ""}, ""),
        ("", ""),
        ({"exists": True}, None),
        (None, None),
    ],
)
def test_a_value_that_fits(condition: Any, value: Any) -> None:
    assert matches({"field": [condition]}, {"field": value})
    assert matches({"field": [{"exists": False}, condition]}, {"field": value})


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ({"numeric": [">", 0, "<=", 5]}, 0),
        ({"numeric": ["=", 5]}, "5"),
        ({"numeric": ["=", 1]}, True),
        ({"numeric": [">", 0]}, 6e9),  # beyond what EventBridge compares
        ({"numeric": [">", 0]}, None),
        ({"cidr": "10.0.0.0/24"}, "10.0.1.0"),
        ({"cidr": "10.0.0.0/24"}, "no address"),
        ({"cidr": "10.0.0.0/24"}, "::1"),
        ({"anything-but": 789}, 789.0),
        ({"anything-but": {"equals-ignore-case": ["A", "B"]}}, "b"),
        ({"anything-but": {"suffix": [".a", ".b"]}}, "x.b"),
        ({"wildcard": "ab*ba"}, "aba"),
        ({"wildcard": "5*"}, 55),
        ({"exactly": "a"}, "b"),
        (None, ""),
        ("null", None),
    ],
)
def test_a_value_that_does_not_fit(condition: Any, value: Any) -> None:
    assert not matches({"field": [condition]}, {"field": value})


def test_a_name_with_a_dot_is_the_same_as_nesting() -> None:
    assert matches({"a.b": ["x"]}, {"a": {"b": "x"}})
    assert matches({"a": {"b": ["x"]}}, {"a.b": "x"})


def test_an_array_in_an_array() -> None:
    assert matches({"a": ["y"]}, {"a": [["x"], ["z", "y"]]})
    event = {"a": [{"b": [{"c": 1, "d": 1}, {"c": 2, "d": 2}]}, {"b": [{"c": 3, "d": 4}]}]}
    assert matches({"a": {"b": {"c": [2], "d": [2]}}}, event)
    assert not matches({"a": {"b": {"c": [1], "d": [2]}}}, event)
    assert not matches({"a": {"b": {"c": [3], "d": [2]}}}, event)


def test_or_of_one_is_a_field() -> None:
    assert matches({"$or": ["x"]}, {"$or": "x"})


def test_of_two_equal_names_the_last_decides() -> None:
    pattern = EventPattern.parse('{"a": [{"anything-but": "x"}], "a": [{"anything-but": "y"}]}')
    assert pattern.matches({"a": "x"})
    assert not pattern.matches({"a": "y"})
