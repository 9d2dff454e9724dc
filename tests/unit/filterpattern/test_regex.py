"""Regular expressions of filter patterns, in themselves and against Python's own engine."""

import re

import pytest
from deep import deep
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.filterpattern import FilterPattern, InvalidFilterPattern


def search(expression, text):
    return FilterPattern.parse(f"%{expression}%").matches(text)


@pytest.mark.parametrize(
    ("expression", "text", "found"),
    [
        ("abc", "xxabcxx", True),
        ("abc", "ab c", False),
        ("^abc$", "abc", True),
        ("^abc$", "abc\n", True),
        ("^abc$", "abc\n\n", False),
        ("^abc", "xabc", False),
        ("abc$", "abcx", False),
        ("a^b", "a^b", False),
        (r"a\^b", "a^b", True),
        ("^", "", True),
        ("^$", "", True),
        ("^$", "x", False),
        (r"$\s", "x\n", True),
        ("a.c", "a\nc", True),
        ("^.$", "é", True),
        ("^.$", "\U0001f600", True),
        ("colou?r", "color", True),
        ("ab{2}c", "abbc", True),
        ("ab{2}c", "abc", False),
        ("ab{2,}c", "abbbbc", True),
        ("^ab{1,2}c", "abbbc", False),
        ("^a{0}b", "b", True),
        ("^a{0,2}$", "aaa", False),
        ("^a{0,2}a+b", "ab", True),
        ("^a{0,2}[ab]*c", "abc", True),
        ("[^0-9]", "123", False),
        ("[^0-9]", "12a", True),
        (r"^[\w-]+$", "a-b_9", True),
        (r"^[^\s]+$", "a b", False),
        (r"^[\D1]+$", "a1", True),
        (r"^[\D1]+$", "a2", False),
        (r"^[^\D1]+$", "234", True),
        ("[a-]", "-", True),
        ("[.*+?$|{}]", "x|", True),
        (r"[\]\[\\^]", "]", True),
        (r"^\d+\s\S+\W\D$", "12 ab!x", True),
        (r"\x41\x25", "A%", True),
        ("cat|dog|bird", "a dog", True),
        ("^cat|^dog", "a dog", False),
        ("gray|gr[e]y", "grey", True),
        (r"\.\*\+\?\{\}\|\$", ".*+?{}|$", True),
        (":_#=@/;,- a", ":_#=@/;,- a", True),
        (r"\-\/", "-/", True),
        ("a{1000}", "a" * 999, False),
        ("a{1000}", "a" * 1000, True),
        ("a{0,1000}b", "a" * 2000 + "b", True),
    ],
)
def test_search(expression, text, found):
    assert search(expression, text) is found
    assert search(expression, text) is found  # and again from memory


@pytest.mark.parametrize(
    ("expression", "position", "reason"),
    [
        ("", 1, "Nothing stands here"),
        ("a|", 3, "Nothing stands here"),
        ("a||b", 3, "Nothing stands here"),
        ("a(b", 2, r"\x28"),
        (r"a\)", 2, r"\x29"),
        ("a!", 2, r"\x21"),
        ("[a(]", 3, r"\x28"),
        ("é", 1, "more than one byte"),
        ("[é]", 2, "more than one byte"),
        ("a\tb", 2, r"\x09"),
        ("*a", 1, "nothing does"),
        ("a|+", 3, "nothing does"),
        ("a**", 3, "quantifier"),
        ("a+?", 3, "quantifier"),
        ("^*", 2, "cannot repeat"),
        ("a{", 2, "count"),
        ("a{,3}", 2, "count"),
        ("a{x}", 2, "count"),
        ("a{2,1}", 2, "backwards"),
        ("a{1001}", 2, "1,000"),
        ("a{99999999999}", 2, "count"),
        ("." + "[ab]{1000}" * 4, 1, "places"),
        ("]", 1, r"\]"),
        ("a}", 2, r"\}"),
        ("[abc", 1, "never closed"),
        ("[]", 1, "no character"),
        ("[^]", 1, "no character"),
        ("[z-a]", 2, "backwards"),
        (r"[\d-z]", 2, "range"),
        ("[a[b]]", 3, r"\["),
        (r"\q", 1, r"there are \d"),
        (r"\x4", 1, "hexadecimal"),
        (r"\xzz", 1, "hexadecimal"),
        ("a\\", 2, r"\\"),
    ],
)
def test_refused(expression, position, reason):
    with pytest.raises(InvalidFilterPattern) as refused:
        FilterPattern.parse(f"%{expression}%")
    assert refused.value.position == position
    assert reason in refused.value.reason


# What both engines understand alike: characters, classes and anchors, each with one quantifier.
_ATOMS = st.sampled_from(
    ["a", "b", "ab", ".", r"\d", r"\w", r"\s", "[ab]", "[^a]", "[a-c1]", r"\.", " ", r"\W"]
)
_ITEMS = st.builds(
    str.__add__, _ATOMS, st.sampled_from(["", "", "", "*", "+", "?", "{2}", "{1,3}", "{2,}", "{0}"])
)
_CHAINS = st.builds(
    lambda start, items, end: start + "".join(items) + end,
    st.sampled_from(["", "", "^"]),
    st.lists(_ITEMS, min_size=1, max_size=6),
    st.sampled_from(["", "", "$"]),
)
EXPRESSIONS = st.lists(_CHAINS, min_size=1, max_size=3).map("|".join)


@deep(400)
@given(EXPRESSIONS, st.text(alphabet="abc1. \n", max_size=24))
def test_agrees_with_pythons_engine(expression, text):
    expected = re.search(expression, text, re.ASCII | re.DOTALL) is not None
    assert search(expression, text) is expected


@given(EXPRESSIONS, st.lists(st.text(alphabet="abc1. \n", max_size=12), max_size=8))
def test_remembering_messages_changes_no_answer(expression, texts):
    pattern = FilterPattern.parse(f"%{expression}%")
    assert [pattern.matches(text) for text in texts] == [search(expression, text) for text in texts]


def test_forgetting_changes_no_answer():
    pattern = FilterPattern.parse("%^[a-z]*.{4}[^a]{2}$%")
    texts = [f"{chr(code)}xyz{chr(code + 1)}b" for code in range(0x100, 0x3000)]
    assert all(pattern.matches(text) for text in texts)
    assert not any(pattern.matches(text + "a") for text in texts)


@pytest.mark.parametrize(
    "expression", ["[a-z]*" * 30 + "!".replace("!", "1"), "a?" * 100 + "a{100}b", "[ab]*a[ab]{200}c"]
)
def test_expressions_that_would_take_a_backtracking_engine_forever(expression):
    assert not search(expression, "ab" * 20_000)
