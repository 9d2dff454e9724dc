"""Texts, wildcards and expressions in SQL beside the pattern's own decision, on every text of a few signs."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import duckdb
import pytest
from local_trino import BEGIN, END, FEW, TIME, Numeral, Trino, written
from sqlglot import exp

from secretwatch.athena import event, queries, text, where
from secretwatch.athena.text import matcher
from secretwatch.filterpattern import FilterPattern
from secretwatch.filterpattern.pattern import JsonPattern


def texts(signs: str, longest: int) -> list[Any]:
    return ["".join(chosen) for length in range(longest + 1) for chosen in product(signs, repeat=length)]


def quoted(wanted: str) -> str:
    return '"' + wanted.replace("\\", "\\\\").replace('"', '\\"') + '"'


def disagreements(patterns: Iterable[str], found: list[str | None]) -> tuple[list[str], int]:
    """Pattern, SQL and text of those that differ; and how many conditions were exact."""
    here = duckdb.connect()
    # And what is not there at all.
    found = [*found, None]
    here.execute("CREATE TABLE t AS SELECT unnest(?::VARCHAR[]) AS v", [found])
    wrong, exact = [], 0
    for pattern in patterns:
        parsed = FilterPattern.parse(f"{{ $.v {pattern} }}")
        assert isinstance(parsed, JsonPattern)
        asked = parsed.conditions[0]
        assert asked.operand is not None
        condition = matcher(asked.operand).condition(exp.column("v"), negated=asked.operator == "!=")
        query = exp.select("v").from_("t").where(condition.tree)
        rows = {row[0] for row in here.execute(query.sql("duckdb")).fetchall()}
        wanted = {each for each in found if parsed.matches_event({} if each is None else {"v": each})}
        if not wanted <= rows or (condition.exact and wanted != rows):
            wrong.append(f"{pattern}: {query.sql('athena')}: {list(wanted ^ rows)[:3]}")
        exact += condition.exact
    return wrong, exact


def test_every_wildcard_of_two_signs() -> None:
    wanted = texts("ab*", 5)
    # These are too long to be among them: two pieces between the *, and one after.
    pieces = texts("ab", 2)
    long = [f"{a}*{b}*{c}*{d}" for a, b, c, d in product(["", "a"], pieces[1:], pieces[1:], pieces[1:3])]
    patterns = [f'{operator} "{each}"' for operator in ("=", "!=") for each in [*wanted, *long]]
    wrong, exact = disagreements(patterns, texts("ab", 6))
    assert not wrong
    # For the long ones LIKE alone says too much.
    assert exact == 2 * len(wanted)


def test_signs_that_mean_something_to_sql() -> None:
    signs = "%_#'\\*\"a"
    patterns = [f"{operator} {quoted(each)}" for operator in ("=", "!=") for each in texts(signs, 2)]
    wrong, _ = disagreements(patterns, texts(signs.replace("*", "b"), 3))
    assert not wrong


EXPRESSIONS = [
    *(
        "x",
        "^x$",
        "^x",
        "y$",
        "^$",
        "^",
        "$",
        r"^\d+$",
        r"^\D+$",
        r"\w",
        r"\W",
        r"\s$",
        r"\S",
        ".x",
        "x|^y",
        "^x|y$",
    ),
    *(
        "x{2}",
        "x{1,2}y",
        "x{2,}",
        "x?y",
        "x*$",
        "^.$",
        "^x+$",
        "[^x]$",
        "[a-x.]+$",
        r"[\d.]{2,}",
        r"\x78",
        r"\xe9",
    ),
    *(
        "[^-x]",
        "[x-]y",
        r"x\x0a$",
        "x$y",
        r"^\S*$",
        r"[\D]",
        "^[x-z]",
        r"[\w-]",
        r"[^\s]",
        r"[\]\\^]",
        r"[\x00-\x7f]",
    ),
    *(r"x\n"[:1], r"\.", r"\*", "-", "x-y", "#", r"[\xe9-\xff]", "^^x", "x$$", "[x-y-]", "[+--]"),
]


def test_expressions_mean_the_same() -> None:
    patterns = [f"{operator} %{each}%" for operator in ("=", "!=") for each in EXPRESSIONS]
    wrong, exact = disagreements(patterns, texts("xy\n1 -é٣.", 3))
    assert not wrong
    assert exact >= len(patterns) * 0.8


VALUES = [
    *("", "x", "12", "12.0", "-0", "0", "1e3", "true", "null", "inf", "Infinity"),
    *map(
        Numeral,
        (
            "12",
            "12.0",
            "1.2e1",
            "-0",
            "0",
            "0.0",
            "1e3",
            "1000",
            "-7",
            "1e400",
            "-1e400",
            "12345678901234567890",
            "0.1",
        ),
    ),
    *(True, False, None, [], {}, ["x"], {"a": "x"}, [Numeral("12")], {"0": "x"}, {"b": None}),
]
OPERANDS = [
    *(
        '"x"',
        '""',
        '"12"',
        '"12.0"',
        '"0"',
        '"-0"',
        '"1000.0"',
        '"1e3"',
        '"true"',
        '"null"',
        '"inf"',
        '"*"',
        '"1*"',
    ),
    *(
        '"*0"',
        '"x*"',
        '"*e*"',
        '"in*"',
        "12",
        "12.0",
        "0",
        "1e3",
        "-7",
        "1e400",
        "-1e400",
        "1e308",
        "0.1",
        "9" * 400,
    ),
    *("12345678901234567890", "12345678901234567000", "%1%", "%^x%", "%^1000.0$%", "%true%"),
]
PLACES = ("a", "b", "a.a", "a.b", "a[0]", "a[*]", "*", "['x y']")


@pytest.mark.parametrize(
    "place", [pytest.param(each, marks=[] if each in ("a", "a[*]") else pytest.mark.later) for each in PLACES]
)
def test_what_stands_in_json(place: str) -> None:
    trino = Trino()
    events = [
        {"eventTime": TIME, "requestParameters": {"a": value}, "eventID": str(number)}
        for number, value in enumerate(VALUES)
    ]
    events += [{"eventTime": TIME, "requestParameters": value, "eventID": str(value)} for value in ({}, None)]
    trino.fill(events)
    selector = "$.requestParameters" + (place if place.startswith("[") else f".{place}")
    asked = [
        f"{operator} {operand}"
        for operand in OPERANDS
        for operator in (("=", "!=") if operand[0] in '"%' else ("=", "!=", "<", ">", "<=", ">="))
    ]
    for each in [*asked, "NOT EXISTS", "IS NULL", "IS TRUE", "IS FALSE"]:
        pattern = FilterPattern.parse(f"{{ {selector} {each} }}")
        wanted = {each["eventID"] for each in events if pattern.matches(written(each))}
        found = [event(FEW.fields, row) for query in asked_of(pattern) for row in trino.run(query)]
        ids = {each["eventID"] for each in found}
        assert wanted <= ids, (pattern, "lost", wanted - ids)
        assert {each["eventID"] for each in found if pattern.matches_event(each)} == wanted, pattern
        assert ids == wanted or not where(pattern).exact, (pattern, ids - wanted)


def asked_of(pattern: FilterPattern) -> list[str]:
    return [text(query) for query in queries(FEW, [pattern], BEGIN, END)]
