"""A number without quotation marks beside values of every kind: what each operator says.

Observed on AWS: `!=` with a number matches a text. The rest follows from it (a text is no number, hence
unequal to all of them and in no order with any), or is said by AWS's page; see docs/filter-patterns.md.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from secretwatch.filterpattern import FilterPattern

UNEQUAL = {"!="}
TEXTS: list[Any] = ["ssh", "", "22", "22.0", "2.2e1", "23", "true", "null", " 22"]
NO_VALUES: list[Any] = [True, False, None, {}, [], {"port": 22}, [22]]
NUMBERS: dict[Any, set[str]] = {
    22: {"=", "<=", ">="},
    23: {"!=", ">", ">="},
    21.5: {"!=", "<", "<="},
    -22: {"!=", "<", "<="},
    1e300: {"!=", ">", ">="},
}
WRITTEN_NUMBERS = ["22", "+22", "22.0", "2.2e1", "220E-1"]
CASES = [
    *((text, UNEQUAL) for text in TEXTS),
    *((value, set[str]()) for value in NO_VALUES),
    *NUMBERS.items(),
]


@pytest.mark.parametrize(("value", "holding"), CASES, ids=[json.dumps(value) for value, _ in CASES])
@pytest.mark.parametrize("written", WRITTEN_NUMBERS)
def test_each_operator_with_a_number(value: Any, holding: set[str], written: str) -> None:
    message = json.dumps({"port": value})
    found = {
        operator
        for operator in ("=", "!=", "<", "<=", ">", ">=")
        if FilterPattern.parse(f"{{ $.port {operator} {written} }}").matches(message)
    }
    assert found == holding


@pytest.mark.parametrize("operator", ["=", "!=", "<", "<=", ">", ">="])
def test_a_missing_field_satisfies_no_operator(operator: str) -> None:
    assert not FilterPattern.parse(f"{{ $.port {operator} 22 }}").matches('{"host": 22}')


def test_words_for_booleans_and_null_are_texts() -> None:
    for word, value in (("true", True), ("false", False), ("null", None)):
        message = json.dumps({"a": value, "b": word})
        assert not FilterPattern.parse(f"{{ $.a = {word} || $.a != {word} }}").matches(message)
        assert FilterPattern.parse(f"{{ $.b = {word} }}").matches(message)
