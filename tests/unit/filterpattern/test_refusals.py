"""What is refused, where, and what the sentence says. Each would be an InvalidParameterException."""

import pytest

from secretwatch.filterpattern import FilterPattern, InvalidFilterPattern


@pytest.mark.parametrize(
    ("pattern", "position", "reason"),
    [
        # terms
        ("ERROR foo-bar", 9, "Invalid character(s) in term"),
        ("RequestId:", 9, "Invalid character(s) in term"),
        ("caf\u00e9", 3, "Invalid character(s) in term"),
        ("a*", 1, "Invalid character(s) in term"),
        ("\u201cquoted\u201d", 0, "Invalid character(s) in term"),
        ('foo"bar"', 3, "space"),
        ('"foo"bar', 5, "space"),
        ("ERROR -", 6, "follows the -"),
        ("?", 0, "follows the ?"),
        ('a "never closed', 2, "never closed"),
        ('"ends in a quote \\"', 0, "never closed"),
        ("%a% b", 4, "stands alone"),
        ("b %a%", 2, "stands alone"),
        ("-%a%", 1, "stands alone"),
        ("%a", 0, "never closed"),
        # JSON
        ("{}", 1, "A condition stands"),
        ("{ ", 2, "property selector"),
        ("{ $.a = 1", 0, "brace is never closed"),
        ("{ $.a = 1 } x", 12, "take away what follows"),
        ("{ $.a = 1 $.b = 2 }", 10, "&& or ||"),
        ("{ $.a = 1 & $.b = 2 }", 10, "&&"),
        ("{ $.a = 1 && }", 13, "property selector"),
        ("{ ($.a = 1 }", 2, "never closed"),
        ("{ $.a = 1) }", 9, "closes nothing"),
        ("{ () }", 3, "property selector"),
        ("{ a = 1 }", 2, "property selector"),
        ("{ $a = 1 }", 3, "property's name"),
        ("{ $ = 1 }", 3, "property's name"),
        ("{ $.a }", 6, "A condition follows"),
        ("{ $.a == 1 }", 7, "Invalid character(s)"),
        ("{ $.a EXISTS }", 6, "An operator stands here"),
        ("{ $.a IS NOT NULL }", 9, "no IS NOT"),
        ("{ $.a IS true }", 9, "NULL, TRUE or FALSE"),
        ("{ $.a is null }", 6, "in capitals"),
        ("{ $.a ISNULL }", 6, "An operator stands here"),
        ("{ $.a NOT EXISTSX }", 6, "An operator stands here"),
        ("{ $.a IN (1) }", 6, "An operator stands here"),
        ("{ $.a =  }", 9, "value is missing"),
        ("{ $.a = us-east-1 }", 10, "Invalid character(s)"),
        ("{ $.a = a:b }", 9, "Invalid character(s)"),
        ("{ $.a = 1% }", 9, "Invalid character(s)"),
        ("{ $.a = @b }", 8, "Invalid character(s)"),
        ('{ $.a = "b }', 8, "never closed"),
        ('{ $.a > "5" }', 8, "compares with a number"),
        ("{ $.a <= b }", 9, "compares with a number"),
        ("{ $.a < 5* }", 8, "compares with a number"),
        ("{ $.a >= %5% }", 9, "compares with a number"),
        ("{ $.a = %1% || $.a = %2% || $.a = %3% }", 34, "at most 2 regular expressions"),
        ("{ $.a[*].b[*] = 1 }", 2, "at most 1 wildcard"),
        ("{ $.*.* = 1 }", 2, "at most 1 wildcard"),
        ("{ $.* = 1 || $.* = 2 || $.* = 3 || $.* = 4 }", 35, "at most 3 wildcards"),
        ("{ $[0] = 1 }", 3, "An array follows a property"),
        ("{ $.a[ = 1 }", 6, "index"),
        ("{ $.a[-1] = 1 }", 6, "index"),
        ("{ $.a[1 = 1 }", 7, "bracket is never closed"),
        ("{ $.a[9999999999] = 1 }", 6, "index"),
        ("{ $.['a] = 1 }", 5, "name is never closed"),
        ("{ $.[''] = 1 }", 6, "name stands between"),
        ("{ $.[a] = 1 }", 5, "single quotes"),
        ("{ $.@timestamp = 1 }", 4, "['name']"),
        ("{ $..a = 1 }", 4, "['name']"),
        # space-delimited
        ("[a", 0, "bracket is never closed"),
        ("[a b]", 3, "An operator stands here"),
        ("[a] b", 4, "take away what follows"),
        ("[a, ..., b, ...]", 12, "at most one"),
        ("[a = 1 b]", 7, "commas"),
        ("[a =]", 4, "value is missing"),
        ("[a = 1 && b = 2]", 10, "one field"),
        ("[= 1]", 1, "field's name"),
        ("[a ! b]", 3, "An operator stands here"),
        ('[a > "1"]', 5, "compares with a number"),
        ("[a = %1%, b = %2%, c = %3%]", 23, "at most 2 regular expressions"),
        ("[a = (1)]", 5, "value is missing"),
        # length
        ("x" * 1025, 1024, "at most 1,024 characters"),
    ],
)
def test_refused(pattern, position, reason):
    with pytest.raises(InvalidFilterPattern) as refused:
        FilterPattern.parse(pattern)
    error = refused.value
    assert (error.pattern, error.position) == (pattern, position)
    assert reason in error.reason
    assert isinstance(error, ValueError)


def test_the_longest_patterns_are_taken():
    assert FilterPattern.parse("x" * 1024).matches("y" + "x" * 1024)
    assert FilterPattern.parse('"' + "é" * 1022 + '"').matches("é" * 1022)
    assert FilterPattern.parse("{ $.* = 1 || $.*.a = 2 || $.b[*] = 3 }")


def shown(pattern):
    with pytest.raises(InvalidFilterPattern) as refused:
        FilterPattern.parse(pattern)
    return str(refused.value).split("\n")


def test_the_caret_stands_under_the_place():
    reason, line, caret = shown("{ $.a = us-east-1 }")
    assert reason.startswith("Invalid character(s)")
    assert line[caret.index("^")] == "-"


def test_the_caret_keeps_its_column_past_wide_and_control_characters():
    _, line, caret = shown('"日本\t\x1b" foo-bar')
    assert line == '  "日本 \N{REPLACEMENT CHARACTER}" foo-bar'
    assert caret.index("^") == line.index("-") + 2  # two characters take two columns each


def test_a_long_pattern_is_shown_around_the_place():
    _, line, caret = shown("{ " + " || ".join(["$.a = 1"] * 40) + " || $.b > x || " + "$.c = 1 ||" * 20 + "}")
    assert line.startswith("  …")
    assert line.endswith("…")
    assert line[caret.index("^")] == "x"
    assert len(line) < 130


def test_lone_surrogates_can_be_shown():
    "\n".join(shown("\ud800")).encode("utf-8")
