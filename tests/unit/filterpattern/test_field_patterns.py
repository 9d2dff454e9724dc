"""Patterns for space-delimited messages, on a proxy's log."""

import pytest

from secretwatch.filterpattern import FilterPattern, Kind

LINE = '10.0.0.9 eu-west [17/Jan/2026 17:02:11] "POST /login HTTP/2" 401 88.5 -'


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[ip, region, time, request, status, size, user]", True),
        ("[a,b,c,d,e,f,g]", True),
        ("[a, b, c, d, e, f, g, h]", False),  # fewer words than fields
        ("[a, b]", True),  # the last field is the rest
        ("[]", True),
        ("[ ]", True),
        ("[...]", True),
        ("[..., size, user]", True),
        ("[ip, ...]", True),
        ("[ip, ..., user]", True),
        ("[a, b, c, d, e, f, g, ...]", True),  # ... may stand for nothing
        ("[a, b, c, d, e, f, g, h, ...]", False),
        ("[..., status = 401, size, user]", True),
        ("[..., status = 401, user]", False),
        ("[..., status = 401, , ]", True),  # blank fields
        ("[ip, region = eu-*, ...]", None),  # - needs quotes
        ('[ip, region = "eu-*", ...]', True),
        ('[ip, region = "us-*", ...]', False),
        ('[ip, region != "us-*", ...]', True),
        ("[..., request = *login*, status, size, user]", True),
        ('[..., request = "POST /login HTTP/2", status, size, user]', True),
        ("[..., status > 400, size, user]", True),
        ("[..., status >= 402, size, user]", False),
        ("[..., status = 4*, size < 1e2, user]", True),
        ("[..., size = 88.50, user]", True),  # a number beside a number compares as one
        ('[..., size = "88.50", user]', False),
        ("[..., user = 5]", False),
        ("[..., user != 5]", True),  # - is no number, so it is another one than 5
        ("[..., user > 5]", False),
        ('[..., user = "-"]', True),
        ("[..., status = 401 || status = 403, size, user]", True),
        ("[..., status = 400 || status = 403, size, user]", False),
        ("[..., status > 400 && status < 410, size, user]", True),
        ("[..., status != 401 && status != 403, size, user]", False),
        ("[..., status = 9 || status > 400 && status < 410, size, user]", True),
        ("[..., (status = 401 || status = 1) && status = 2, size, user]", False),
        (r"[ip = %^10\.0\.0\.\d+$%, ...]", True),
        (r"[ip != %^10\.%, ...]", False),
        ("[ip = *]", True),
        ("[ip = 10*9]", False),  # the only field is the whole line
    ],
)
def test_line(pattern, expected):
    if expected is None:
        with pytest.raises(ValueError, match="quotation marks"):
            FilterPattern.parse(pattern)
    else:
        assert FilterPattern.parse(pattern).matches(LINE) is expected


@pytest.mark.parametrize(
    ("pattern", "message", "extracted"),
    [
        ("[a, ..., z]", LINE, {"$a": "10.0.0.9", "$2": "eu-west", "$3": "17/Jan/2026 17:02:11"}),
        ("[a, , c, ...]", "1 2 3 4", {"$a": "1", "$2": "2", "$c": "3", "$4": "4"}),
        ("[level, text]", "WARN disk is  full \n", {"$level": "WARN", "$text": "disk is  full"}),
        ("[level, text]", 'WARN "disk is" full', {"$text": '"disk is" full'}),
        ("[level, text]", 'WARN "disk is full"', {"$text": "disk is full"}),
        ("[]", "tab\tand\nline", {"$1": "tab", "$2": "and", "$3": "line"}),
        ("[]", 'a "" [] b', {"$1": "a", "$2": "", "$3": "", "$4": "b"}),
        ("[]", 'open "quote and [bracket', {"$2": '"quote', "$3": "and", "$4": "[bracket"}),
        ("[]", 'mid"dle x[0] y', {"$1": 'mid"dle', "$2": "x[0]", "$3": "y"}),
        ("[]", "[INFO]: up", {"$1": "INFO", "$2": ":", "$3": "up"}),
        ("[]", "", {}),
    ],
)
def test_extract(pattern, message, extracted):
    found = FilterPattern.parse(pattern).extract(message)
    assert extracted.items() <= found.items()
    if not extracted:
        assert found == {}


def test_nothing_is_extracted_where_nothing_matches():
    assert FilterPattern.parse("[a = x, ...]").extract(LINE) == {}


def test_explain_shows_the_fields_that_conditions_saw():
    pattern = FilterPattern.parse("[ip = 10*, ..., status = 403 || status > 400, size, user]")
    assert [(e.condition, e.holds, e.saw) for e in pattern.explain(LINE)] == [
        ("ip = 10*", True, ("10.0.0.9",)),
        ("status = 403", False, ("401",)),
        ("status > 400", True, ("401",)),
    ]
    assert [(e.holds, e.saw) for e in pattern.explain("too few")] == [(False, ())] * 3


def test_what_a_field_pattern_says_of_itself():
    pattern = FilterPattern.parse("[a = %x%, ...]")
    assert (pattern.kind, pattern.supports_dimensions, pattern.regexes) == (Kind.FIELDS, True, 1)
    assert not pattern.matches_event({"a": "y"})


@pytest.mark.parametrize("opening", ["[", "x ["])
def test_signs_that_never_close_cost_one_look_each(opening):
    words = FilterPattern.parse("[]").extract(" ".join([opening] * 50_000))
    assert len(words) == 50_000 * len(opening.split())


def test_the_last_of_an_odd_number_of_quotes_stands_alone():
    assert FilterPattern.parse("[]").extract('"a b" c "d') == {"$1": "a b", "$2": "c", "$3": '"d'}
