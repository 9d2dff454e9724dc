"""Patterns of terms, on messages of an application's log."""

import pytest

from secretwatch.filterpattern import FilterPattern, Kind

TIMEOUT = "2026-01-17 WARN payment timed out: no answer from bank_7 (attempt 3)"
PAID = "2026-01-17 INFO payment accepted"


@pytest.mark.parametrize(
    ("pattern", "message", "matches"),
    [
        ("timed", TIMEOUT, True),
        ("time", TIMEOUT, True),  # a part of a word is enough
        ("Timed", TIMEOUT, False),  # case counts
        ("bank_7", TIMEOUT, True),
        ("payment WARN", TIMEOUT, True),  # in any order
        ("payment WARN", PAID, False),
        ('"timed out:"', TIMEOUT, True),
        ('"out timed"', TIMEOUT, False),
        ("payment -WARN", PAID, True),
        ("payment -WARN", TIMEOUT, False),
        ('payment -"timed out"', TIMEOUT, False),
        ('payment - "timed out"', PAID, True),  # as AWS's page wrote it for years
        ("-WARN", PAID, True),
        ("-WARN", TIMEOUT, False),
        ("?WARN ?accepted", PAID, True),
        ("?WARN ?accepted", TIMEOUT, True),
        ("?ERROR ?FATAL", TIMEOUT, False),
        ('?ERROR ?"no answer"', TIMEOUT, True),
        ("?ERROR ?FATAL payment", TIMEOUT, True),  # ? is ignored beside another term
        ("?WARN ?timed accepted", TIMEOUT, False),
        ("?ERROR -accepted", TIMEOUT, True),
        ("?WARN -timed", TIMEOUT, False),
        ("", TIMEOUT, True),
        ("   ", TIMEOUT, True),
        ('""', PAID, True),
        ('" "', "nospace", True),
        ('"  " payment', TIMEOUT, True),
        ('"a \\"quoted\\" word"', 'see a "quoted" word here', True),
        ('"back\\\\slash"', "back\\slash", True),
        ('"back\\slash"', "back\\slash", True),  # a backslash before anything else is itself
        ('"é"', "café", True),
        ("\tpayment\n WARN ", TIMEOUT, True),
    ],
)
def test_terms(pattern, message, matches):
    assert FilterPattern.parse(pattern).matches(message) is matches


def test_a_parsed_event_is_its_compact_text():
    pattern = FilterPattern.parse('"\\"name\\":\\"Zoë\\""')
    assert pattern.matches_event({"id": 1, "name": "Zoë"})
    assert not pattern.matches_event({"id": 1, "name": "Zoe"})


@pytest.mark.parametrize("strange", [object(), {1: object()}, {(1, 2): 3}])
def test_what_never_was_json_matches_nothing(strange):
    assert not FilterPattern.parse("").matches_event(strange)


def test_what_terms_say_of_themselves():
    pattern = FilterPattern.parse("payment -WARN")
    assert (pattern.kind, pattern.supports_dimensions, pattern.regexes) == (Kind.TERMS, False, 0)
    assert pattern.extract(PAID) == {}
    assert [(e.condition, e.holds, e.saw) for e in pattern.explain(TIMEOUT)] == [
        ("payment", True, None),
        ("-WARN", False, None),
    ]
