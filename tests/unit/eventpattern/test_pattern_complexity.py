"""How complex wildcards are: rules that AWS took or refused, the criterion's examples, a naive count."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from deep import deep
from hypothesis import example, given
from hypothesis import strategies as st

from secretwatch.eventpattern import MOST_COMPLEX, EventPattern
from secretwatch.eventpattern.complexity import prefixes_at_once
from secretwatch.eventpattern.wildcard import STAR, tokens_of


def complexity(*conditions: Any) -> int:
    return EventPattern.parse({"field": list(conditions)}).complexity


def wildcards(*texts: str) -> list[Any]:
    return [{"wildcard": text} for text in texts]


@pytest.mark.parametrize(
    ("texts", "count"),
    [
        (["*.bif", "*.tiff", "*.tif", "*.svs"], 8),
        (["*/datasync/*.bif", "*/datasync/*.tif"], 8),
        (["*:stack/Api/*", "*:stack/Web/*", "*:stack/Db/*"], 9),
    ],
)
def test_rules_that_were_taken(texts: list[str], count: int) -> None:
    assert complexity(*wildcards(*texts)) == count <= MOST_COMPLEX


@pytest.mark.parametrize(
    "texts",
    [
        ["*:*:*:*:*:event-bus/*"],
        ["*:stack/Api/*", "*:stack/Web/*", "*:stack/Db/*", "*:stack/Logs/*"],
        ["*/datasync/*.bif", "*/datasync/*.tif", "*/datasync/*.tiff", "*/datasync/*.svs"],
    ],
)
def test_rules_that_were_refused(texts: list[str]) -> None:
    assert complexity(*wildcards(*texts)) > MOST_COMPLEX


# Each with a text that reaches the count, and the beginnings that it matches.
@pytest.mark.parametrize(
    ("texts", "count"),
    [
        (["abc"], 1),
        (["*ab"], 2),  # ab: * and *ab
        (["*aa"], 3),  # aa: *, *a, *aa
        (["aa*"], 2),  # aa: aa, aa*
        (["*aba*"], 4),  # aba: *, *a, *aba, *aba*
        (["a*bcb"], 3),  # abcb: a*, a*b, a*bcb
        (["*ab*b*b*"], 7),
        (["*abc", "*abcde"], 4),  # abc: * and *abc of both
        (["ab*cd", "ab*wx", "ab*yz"], 6),  # ab: ab and ab* of each
        (["a*aaa", "aa*aa"], 7),
        (["F*eatureFeature", "Fe*atureFeature", "Fea*tureFeature"], 10),
    ],
)
def test_beginnings_that_one_text_matches(texts: list[str], count: int) -> None:
    assert complexity(*wildcards(*texts)) == count


def test_of_one_anything_but_a_common_start_counts_once() -> None:
    names = [f"arn:aws:iam::111122223333:role/{name}" for name in "abcdefghijklmnop"]
    starts = [f"{name}*" for name in names]
    assert complexity({"anything-but": {"wildcard": starts}}) == 2
    assert complexity(*wildcards(*starts)) > MOST_COMPLEX
    # r: r and r*.
    assert complexity({"anything-but": {"wildcard": ["r*a", "r*b"]}}) == 2
    assert complexity(*wildcards("r*a", "r*b")) == 4


def test_other_operators_and_other_fields_add_nothing() -> None:
    star = {"wildcard": "*a*"}
    alone = complexity(star)
    others = ["a", {"prefix": "a"}, {"suffix": "a"}, {"anything-but": {"prefix": "a"}}, {"exists": False}]
    assert complexity(star, *others) == alone
    assert EventPattern.parse({f"field{i}": [star] for i in range(20)}).complexity == alone
    assert complexity(*others) == 0


def test_the_same_wildcard_twice_counts_once() -> None:
    assert complexity(*wildcards("*a*", "*a*")) == complexity(*wildcards("*a*"))


def test_branches_of_or_share_a_field_that_all_look_at_first() -> None:
    branches = [{"a": [each], "b": ["x"]} for each in wildcards("*1*", "*2*", "*3*", "*4*")]
    assert EventPattern.parse({"$or": branches}).complexity > MOST_COMPLEX
    apart = [{"a": [str(n)], "b": [each]} for n, each in enumerate(wildcards("*1*", "*2*", "*3*", "*4*"))]
    assert EventPattern.parse({"$or": apart}).complexity == complexity(*wildcards("*1*"))


def test_long_wildcards_are_counted_in_time() -> None:
    complexity(*wildcards("*" + "ab" * 1000 + "*", "*" + "ba" * 900 + "*"))
    complexity(*wildcards(*(f"*{a}{b}c" for a in "abcdefgh" for b in "abcdefgh")))
    complexity({"wildcard": "a*" * 2000})


def texts_of(longest: int) -> st.SearchStrategy[str]:
    return st.text("ab*", max_size=longest).filter(lambda text: "**" not in text)


TWO = st.lists(texts_of(5), min_size=1, max_size=2, unique=True)
THREE = st.lists(texts_of(3), min_size=3, max_size=3, unique=True)


@deep(100)
@example(["aaab*", "*aaaa"])
@given(TWO | THREE)
def test_a_naive_count_agrees(texts: list[str]) -> None:
    """Every beginning of every wildcard is tried with every text as long as all wildcards together."""
    beginnings = [
        tokens[:end] for text in texts for tokens in [tokens_of(text)] for end in range(1, len(tokens) + 1)
    ]
    expressions = [
        re.compile("".join(".*" if token == STAR else re.escape(chr(token)) for token in beginning))
        for beginning in beginnings
    ]
    most = max(
        sum(expression.fullmatch('"' + "".join(text) + end) is not None for expression in expressions)
        for length in range(sum(map(len, texts)) + 1)
        for text in itertools.product("ab", repeat=length)
        for end in ("", '"')
    )
    counted = prefixes_at_once([[tokens_of(text)] for text in texts])
    assert counted == most or min(counted, most) > MOST_COMPLEX
