import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.policy import wildcards


def by_regular_expression(pattern: str, text: str) -> bool:
    """A second way to say the same, by an engine that does backtrack."""
    parts = {"*": ".*", "?": "."}
    return re.fullmatch("".join(parts.get(c, re.escape(c)) for c in pattern), text, re.DOTALL) is not None


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=10))
def test_agrees_with_a_regular_expression(pattern: str, text: str) -> None:
    assert wildcards.matches(pattern, text) is by_regular_expression(pattern, text)


@given(st.text("ab*?:/"), st.text("ab", min_size=1), st.text("ab"))
def test_a_pattern_matches_what_it_was_made_from(middle: str, start: str, end: str) -> None:
    assert wildcards.matches(f"{start}*{end}", start + middle + end)


def test_a_pattern_of_many_stars_does_not_backtrack() -> None:
    # A matcher that tries every split needs longer than the suite's limit for this one.
    assert not wildcards.matches("*a?" * 200 + "*b", "a" * 20_000)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("${aws:username}/*", "ann/x", True),
        ("${aws:username}/*", "bob/x", False),
        ("${AWS:UserName}/*", "ann/x", True),
        ("${aws:PrincipalTag/team, 'none'}", "none", True),
        ("${aws:username, 'none'}", "ann", True),
        ("${*}", "*", True),
        ("${*}", "anything", False),
        ("${?}${$}", "?$", True),
        # A variable's value is text, whatever characters it has.
        ("${star}", "*", True),
        ("${star}", "anything", False),
    ],
)
def test_variables(pattern: str, text: str, expected: bool) -> None:
    keys = {"aws:username": ("ann",), "star": ("*",), "two": ("a", "b")}
    assert wildcards.matches(pattern, text, keys) is expected


@pytest.mark.parametrize("pattern", ["${missing}", "${two}", "${two, 'none'}", "${}", "x${missing}*"])
def test_a_variable_without_a_single_value_is_unresolved(pattern: str) -> None:
    with pytest.raises(wildcards.Unresolved):
        wildcards.matches(pattern, "a", {"two": ("a", "b")})


def test_without_variables_a_dollar_is_a_dollar() -> None:
    assert wildcards.matches("${a}", "${a}", None)
