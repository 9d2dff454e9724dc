import pytest

from secretwatch.policy import Principal, Request, evaluate

TRAIL = "arn:aws:cloudtrail:us-east-1:111111111111:trail/watch"


def effect(operator: str, key: str, wanted: object, context: dict, effect_of_statement: str = "Allow") -> str:
    statement = {
        "Effect": effect_of_statement,
        "Principal": "*",
        "Action": "*",
        "Resource": "*",
        "Condition": {operator: {key: wanted}},
    }
    request = Request(Principal.of("cloudtrail.amazonaws.com"), "s3:PutObject", "arn:aws:s3:::b/k", context)
    return evaluate({"Version": "2012-10-17", "Statement": statement}, request).effect


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "holds"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", ["b", "a"], "a", True),
        ("StringEquals", "A", "a", False),
        ("StringEquals", "a*", "a*", True),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", "${aws:PrincipalServiceName}", "cloudtrail.amazonaws.com", True),
        ("StringNotEquals", ["b", "a"], "a", False),
        ("StringNotEquals", ["b", "c"], "a", True),
        ("StringEqualsIgnoreCase", "A", "a", True),
        ("StringNotEqualsIgnoreCase", "A", "a", False),
        ("StringLike", "a?c*", "abc", True),
        ("StringLike", "a?c", "ac", False),
        ("StringNotLike", ["x*", "a*"], "abc", False),
        ("ArnLike", "arn:aws:cloudtrail:*:111111111111:trail/*", TRAIL, True),
        ("ArnEquals", "arn:aws:cloudtrail:*:111111111111:trail/*", TRAIL, True),
        ("ArnLike", "arn:aws:cloudtrail:us-east-?:111111111111:trail/watch", TRAIL, True),
        ("ArnLike", "arn:aws:*:trail/watch", TRAIL, False),  # a star stays in its part of the ARN
        (
            "ArnLike",
            "arn:aws:cloudwatch:us-east-1:1:alarm:*",
            "arn:aws:cloudwatch:us-east-1:1:alarm:a:b",
            True,
        ),
        ("ArnLike", "*", TRAIL, True),
        ("ArnLike", TRAIL, "watch", False),
        ("ArnNotEquals", TRAIL, TRAIL, False),
        ("ArnNotLike", "arn:aws:s3:::*", TRAIL, True),
        ("Bool", "true", True, True),
        ("Bool", True, "true", True),
        ("Bool", "True", "true", True),
        ("Bool", "false", "true", False),
        ("NumericLessThan", "10", 9, True),
        ("NumericLessThan", 9, "10", False),
        ("NumericGreaterThanEquals", "10", "10.0", True),
        ("NumericNotEquals", "10", "10.0", False),
        ("NumericEquals", "10", "ten", False),
        ("DateLessThan", "2026-01-02T00:00:00Z", "2026-01-01T23:59:59Z", True),
        ("DateGreaterThan", "1767225600", "2026-01-01T00:00:01Z", True),
        ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", True),
        ("IpAddress", "10.0.0.0/8", "10.1.2.3", True),
        ("IpAddress", ["192.0.2.1", "2001:db8::/32"], "2001:db8::1", True),
        ("NotIpAddress", "10.0.0.0/8", "10.1.2.3", False),
        ("IpAddress", "10.0.0.0/8", "cloudtrail.amazonaws.com", False),
        ("Null", "true", "here", False),
        ("Null", "false", "here", True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a"], ["a", "b"], False),
        ("ForAnyValue:StringEquals", ["b"], ["a", "b"], True),
        ("ForAnyValue:StringEquals", ["c"], ["a", "b"], False),
        ("ForAnyValue:StringNotEquals", ["a"], ["a", "b"], True),
        ("ForAllValues:StringNotEquals", ["a"], ["a", "b"], False),
        ("ForAllValues:StringLike", ["a*", "b*"], ["a1", "b2"], True),
    ],
)
def test_operators(operator: str, wanted: object, value: object, holds: bool) -> None:
    assert effect(operator, "aws:Key", wanted, {"aws:Key": value}) == ("Allow" if holds else "ImplicitDeny")


@pytest.mark.parametrize(
    ("operator", "holds"),
    [
        ("StringEquals", False),
        ("StringLike", False),
        ("ArnLike", False),
        ("Bool", False),
        ("NumericLessThan", False),
        ("DateLessThan", False),
        ("IpAddress", False),
        ("StringNotEquals", True),
        ("StringNotLike", True),
        ("StringNotEqualsIgnoreCase", True),
        ("ArnNotLike", True),
        ("ArnNotEquals", True),
        ("NumericNotEquals", True),
        ("DateNotEquals", True),
        ("NotIpAddress", True),
        ("StringEqualsIfExists", True),
        ("BoolIfExists", True),
        ("ForAllValues:StringEquals", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
        ("ForAnyValue:StringEqualsIfExists", False),
    ],
)
@pytest.mark.parametrize("context", [{}, {"aws:Key": []}])
def test_a_key_the_request_lacks(operator: str, holds: bool, context: dict) -> None:
    assert effect(operator, "aws:Key", "true", context) == ("Allow" if holds else "ImplicitDeny")


def test_null_asks_for_a_missing_key() -> None:
    assert effect("Null", "aws:Key", "true", {}) == "Allow"
    assert effect("Null", "aws:Key", "false", {}) == "ImplicitDeny"


def test_if_exists_still_compares_what_exists() -> None:
    assert effect("StringEqualsIfExists", "aws:Key", "a", {"aws:Key": "b"}) == "ImplicitDeny"


def test_keys_are_named_without_case() -> None:
    assert effect("StringEquals", "AWS:sourceaccount", "1", {"aws:SourceAccount": "1"}) == "Allow"


def test_a_variable_without_a_value_equals_nothing() -> None:
    assert effect("StringEquals", "aws:Key", "${aws:username}", {"aws:Key": ""}) == "ImplicitDeny"
    assert effect("StringNotEquals", "aws:Key", "${aws:username}", {"aws:Key": "x"}, "Deny") == "Deny"


@pytest.mark.parametrize(
    ("operator", "wanted", "value"),
    [
        ("StringSounds", "a", "a"),
        ("stringEquals", "a", "a"),
        ("ForSomeValues:StringEquals", "a", "a"),
        ("ForAnyValue:Null", "true", "a"),
        ("NullIfExists", "true", "a"),
        ("BinaryEquals", "YQ==", "a"),
        ("StringEquals", {"a": "b"}, "a"),
        ("StringEquals", [], "a"),
        ("StringEquals", None, "a"),
        ("StringEquals", "a", ["a", "b"]),
        ("NumericEquals", "ten", "10"),
        ("NumericEquals", ["10", "NaN"], "10"),
        ("DateLessThan", "tomorrow", "2026-01-01T00:00:00Z"),
        ("IpAddress", "10.0.0.0/99", "10.0.0.1"),
        ("Bool", "yes", "true"),
        ("Null", "maybe", "a"),
    ],
)
def test_what_is_not_understood_never_allows_and_always_denies(
    operator: str, wanted: object, value: object
) -> None:
    assert effect(operator, "aws:Key", wanted, {"aws:Key": value}) == "ImplicitDeny"
    assert effect(operator, "aws:Key", wanted, {"aws:Key": value}, "Deny") == "Deny"


def test_a_condition_that_does_not_hold_decides_beside_one_not_understood() -> None:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "*",
        "Resource": "*",
        "Condition": {"Unheard": {"aws:Key": "a"}, "StringEquals": {"aws:Key": "b"}},
    }
    request = Request(Principal("anonymous"), "s3:GetObject", "arn:aws:s3:::b/k", {"aws:Key": "a"})
    assert evaluate({"Statement": statement}, request).effect == "ImplicitDeny"
