"""Events made from an event pattern: they match it, and variations tell others apart."""

from __future__ import annotations

from typing import Any

import pytest

from secretwatch.eventpattern import EventPattern
from secretwatch.eventpattern.examples import examples, trials, variations

PATTERNS: list[dict[str, Any]] = [
    {"source": ["aws.secretsmanager"], "detail": {"eventName": ["GetSecretValue", "BatchGetSecretValue"]}},
    {
        "detail": {
            "requestParameters": {"$or": [{"name": [{"prefix": "a-"}]}, {"rule": ["b", {"suffix": "-c"}]}]}
        }
    },
    {"detail": {"eventName": [{"anything-but": ["StartLogging"]}], "errorCode": [{"exists": False}]}},
    {
        "detail": {
            "id": [{"wildcard": "*:secret:app-??????"}, {"equals-ignore-case": "APP"}],
            "n": [{"numeric": [">", 3]}],
        }
    },
    {"detail": {"ip": [{"cidr": "10.0.0.0/8"}], "agent": [{"anything-but": {"prefix": "aws"}}]}},
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_examples_match(pattern: dict[str, Any]) -> None:
    parsed = EventPattern.parse(pattern)
    found = examples(parsed)
    assert found
    assert all(parsed.matches(each) for each in found)


def test_each_alternative_has_its_example() -> None:
    names = {each["detail"]["eventName"] for each in examples(EventPattern.parse(PATTERNS[0]))}
    assert names == {"GetSecretValue", "BatchGetSecretValue"}
    assert len(examples(EventPattern.parse(PATTERNS[1]))) == 3


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize(
    "more",
    [{"account": ["999999999999"]}, {"region": [{"anything-but": "eu-west-1"}]}, {"x": [{"exists": True}]}],
)
def test_a_narrowed_pattern_is_told_apart(pattern: dict[str, Any], more: dict[str, Any]) -> None:
    wide, narrow = EventPattern.parse(pattern), EventPattern.parse({**pattern, **more})
    tried = [changed for event in examples(wide) for changed in (event, *variations(event, [wide, narrow]))]
    assert any(wide.matches(each) != narrow.matches(each) for each in tried)
    same = EventPattern.parse(dict(reversed(pattern.items())))
    assert all(wide.matches(each) == same.matches(each) for each in tried)


ROLE = "arn:aws:iam::111122223333:role/app"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([ROLE], [ROLE, f"{ROLE}-2"]),
        ([ROLE], {"prefix": ROLE}),
        ([ROLE], {"suffix": "/app"}),
        ([ROLE], {"wildcard": "*/app*"}),
        ({"equals-ignore-case": ROLE}, [ROLE]),
        ({"prefix": "Delete"}, ["Delete"]),
    ],
)
def test_what_is_left_out_is_told_apart(one: Any, other: Any) -> None:
    """Also where it is one of several ways in."""
    patterns = [
        EventPattern.parse(
            {"detail": {"$or": [{"who": [{"exists": False}]}, {"who": [{"anything-but": each}]}]}}
        )
        for each in (one, other)
    ]
    assert any(patterns[0].matches(each) != patterns[1].matches(each) for each in trials(patterns))
