from __future__ import annotations

import json

import pytest

from secretwatch.filterpattern import FilterPattern

READ = json.dumps({"eventName": "GetSecretValue", "requestParameters": {"secretId": "db"}})


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.eventName = "GetSecretValue" }', []),
        (
            '{ $.eventName = "ReadSecret" && $.requestParameters.secretId = "db" }',
            ['$.eventName = "ReadSecret"'],
        ),
        # Each of these would be enough, the first condition is not in the way.
        (
            '{ $.eventName = "GetSecretValue" && ($.a = "1" || $.b = "2") }',
            ['$.a = "1"', '$.b = "2"'],
        ),
        # The one that holds in an && is no obstacle.
        (
            '{ $.requestParameters.secretId = "db" && $.requestParameters.secretId = "other" }',
            ['$.requestParameters.secretId = "other"'],
        ),
        # No single one is enough: all that fail.
        ('{ $.eventName = "A" && $.b = "B" }', ['$.eventName = "A"', '$.b = "B"']),
        ("GetSecretValue ERROR", ["ERROR"]),
    ],
)
def test_the_conditions_in_the_way(pattern: str, expected: list[str]) -> None:
    found = FilterPattern.parse(pattern).obstacles(READ)
    assert [each.condition for each in found] == expected
