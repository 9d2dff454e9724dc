"""Patterns for JSON messages, on one CloudTrail event and on small objects."""

import json

import pytest

from secretwatch.filterpattern import FilterPattern, Kind

EVENT = {
    "eventName": "GetSecretValue",
    "eventSource": "secretsmanager.amazonaws.com",
    "readOnly": True,
    "managementEvent": False,
    "errorCode": "AccessDeniedException",
    "responseElements": None,
    "requestParameters": {"secretId": "prod/database", "empty": "", "account.id": "111122223333"},
    "resources": [{"type": "secret", "n": 1}, {"type": "key", "n": 2.5}, {"type": ["nested"]}],
    "tags": ["blue", "green", 7],
    "matrix": [[1, 2], [3, 4]],
    "latency": 404,
    "ratio": 12.0,
    "cost": -0.5,
    "digits": "12",
}


def holds(condition, event=None):
    pattern = FilterPattern.parse("{ " + condition + " }")
    event = EVENT if event is None else event
    by_event = pattern.matches_event(event)
    assert pattern.matches(json.dumps(event)) is by_event
    return by_event


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        # texts
        ("$.eventName = GetSecretValue", True),
        ('$.eventName="GetSecretValue"', True),
        ("$.eventName = getsecretvalue", False),
        ("$.eventName != GetSecretValue", False),
        ("$.eventName != PutSecretValue", True),
        ("$.eventSource = secretsmanager.amazonaws.com", True),
        ('$.requestParameters.secretId = "prod/database"', True),
        ('$.requestParameters.empty = ""', True),
        # wildcards
        ('$.requestParameters.secretId = "prod/*"', True),
        ('$.requestParameters.secretId = "*base"', True),
        ('$.requestParameters.secretId = "*/data*"', True),
        ('$.requestParameters.secretId = "prod*base"', True),
        ('$.requestParameters.secretId = "*x*"', False),
        ('$.requestParameters.secretId != "dev/*"', True),
        ('$.requestParameters.secretId != "prod/*"', False),
        ("$.requestParameters.empty = *", True),
        ("$.errorCode = AccessDenied*", True),
        ('$.errorCode = "*Denied"', False),
        ("$.missing = *", False),
        # numbers
        ("$.latency = 404", True),
        ("$.latency = 404.0", True),
        ("$.latency = 4.04e2", True),
        ("$.latency = +404", True),
        ("$.latency != 404", False),
        ("$.latency != 500", True),
        ("$.latency > 403", True),
        ("$.latency >= 404", True),
        ("$.latency < 404", False),
        ("$.latency <= 404", True),
        ("$.latency < 1e999", True),
        ("$.cost < -.25", True),
        ("$.cost > -1", True),
        ("$.ratio = 12", True),
        # a quoted number is text, and so is what it is held against
        ('$.ratio = "12"', False),
        ('$.ratio != "12"', True),
        ('$.ratio = "12.0"', True),
        ('$.latency = "404"', True),
        ("$.latency = 4*", True),
        ('$.digits = "12"', True),
        ("$.digits = 12", False),
        ("$.digits > 1", False),
        ("$.eventName != 5", True),
        # neither text nor number
        ("$.readOnly = true", False),
        ('$.readOnly = "true"', False),
        ("$.readOnly != false", False),
        ("$.readOnly = *", False),
        ("$.responseElements = *", False),
        ('$.responseElements != "x"', False),
        ("$.requestParameters = *", False),
        ('$.requestParameters != "x"', False),
        ("$.tags = blue", False),
        ("$.tags != blue", False),
        ("$.latency IS TRUE", False),
        # IS and NOT EXISTS
        ("$.readOnly IS TRUE", True),
        ("$.readOnly IS FALSE", False),
        ("$.managementEvent IS FALSE", True),
        ("$.responseElements IS NULL", True),
        ("$.missing IS NULL", False),
        ("$.readOnly IS NULL", False),
        ("$.missing NOT EXISTS", True),
        ("$.responseElements NOT EXISTS", False),
        ("$.requestParameters NOT EXISTS", False),
        ("$.requestParameters.missing NOT EXISTS", True),
        ("$.eventName.deeper NOT EXISTS", True),
        ("$.tags[2] NOT EXISTS", False),
        ("$.tags[3] NOT EXISTS", True),
        ("$.tags.blue NOT EXISTS", True),
        ("$.matrix[1][1] NOT EXISTS", False),
        ("$.matrix[2][0] NOT EXISTS", True),
        # a missing field
        ("$.missing != GetSecretValue", False),
        ("$.missing != 1", False),
        ("$.requestParameters.missing.more = x", False),
        # places
        ("$.tags[0] = blue", True),
        ("$.tags[2] = 7", True),
        ("$.tags[9] = blue", False),
        ("$.tags[9] != blue", False),
        ("$.eventName[0] = G", False),
        ("$.matrix[1][0] = 3", True),
        ("$.resources[1].type = key", True),
        ("$.requestParameters.['account.id'] = \"111122223333\"", True),
        ("$.['requestParameters'].secretId = prod*", True),
        ("$['eventName'] = GetSecretValue", True),
        # wildcard selectors: one value is enough
        ("$.tags[*] = green", True),
        ("$.tags[*] = red", False),
        ("$.tags[*] != green", True),
        ("$.tags[*] > 6", True),
        ("$.resources[*].type = key", True),
        ("$.resources[*].missing NOT EXISTS", True),
        ("$.resources[*].n NOT EXISTS", False),
        ("$.requestParameters.* = 1111*", True),
        ("$.* = %^Get%", True),
        ("$.eventName.* = G", False),
        ("$.matrix[*][0] = 3", True),
        # regular expressions
        ("$.eventName = %Secret%", True),
        ("$.eventName = %^Secret%", False),
        ("$.eventName != %^Secret%", True),
        ("$.latency = %^4[0-9]{2}$%", True),
        ("$.missing != %x%", False),
        # joining
        ("$.eventName = GetSecretValue && $.latency = 404", True),
        ("$.eventName = GetSecretValue && $.latency = 405", False),
        ("$.eventName = x || $.latency = 404", True),
        ("$.latency = 404 || $.a = 1 && $.b = 2", True),
        ("($.latency = 404 || $.a = 1) && $.b = 2", False),
        ("$.b = 2 && ($.latency = 404 || $.a = 1)", False),
        ("$.a = 1 && $.b = 2 || $.latency = 404", True),
        ("(((($.latency = 404))))", True),
        ("($.latency=404)&&($.eventName=GetSecretValue)||($.a=1)", True),
    ],
)
def test_condition(condition, expected):
    assert holds(condition) is expected


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        # What stands between two * is taken at its first place and kept.
        ("*ab", "abab", False),
        ("*ab", "cab", True),
        ("*ab*", "abab", True),
        ("a*b", "ab", True),
        ("a*b", "axxb", True),
        ("a*b", "abxb", False),
        ("a*a", "a", False),
        ("*a*a*", "a", False),
        ("*a*b*", "xbxaxb", True),
        ("**", "", True),
        ("*", "", True),
        ("ab*", "ab", True),
        ("ab*", "a", False),
        ("", "", True),
        ("", "x", False),
    ],
)
def test_stars(pattern, value, matches):
    assert holds(f'$.v = "{pattern}"', {"v": value}) is matches
    assert holds(f'$.v != "{pattern}"', {"v": value}) is not matches


@pytest.mark.parametrize(
    "message",
    [
        "",
        "plain words",
        "[1]",
        '"text"',
        "null",
        "NaN",
        '{"a": NaN}',
        '{"a": 1} trailing',
        '{"a": 1',
        "[" * 100_000,
        '{"a":' * 100_000,
        "\ufeff{}",
    ],
)
def test_a_message_that_is_no_json_object_matches_nothing(message):
    pattern = FilterPattern.parse("{ $.missing NOT EXISTS || $.a = 1 }")
    assert not pattern.matches(message)
    assert pattern.extract(message) == {}


def test_a_number_too_long_for_an_integer_does_not_hide_the_event():
    message = '{"long": ' + "9" * 5000 + ', "short": 12}'
    assert FilterPattern.parse("{ $.long > 1 && $.short = 12 }").matches(message)
    assert FilterPattern.parse('{ $.long = * && $.short = "12" }').matches(message)
    assert FilterPattern.parse('{ $.long != "5" }').matches_event({"long": 10**5000})


def test_neighbouring_integers_beyond_a_double_are_told_apart():
    assert holds("$.n = 9007199254740993", {"n": 9007199254740993})
    assert not holds("$.n = 9007199254740993", {"n": 9007199254740992})


def test_extract_has_a_text_for_each_selector_that_finds_one():
    pattern = FilterPattern.parse(
        "{ $.eventName = Get* && $.latency > 1 && $.readOnly IS TRUE && $.ratio = * && $.x NOT EXISTS }"
    )
    assert pattern.extract(json.dumps(EVENT)) == {
        "$.eventName": "GetSecretValue",
        "$.latency": "404",
        "$.readOnly": "true",
        "$.ratio": "12.0",
    }
    assert pattern.extract(json.dumps({**EVENT, "latency": 0})) == {}


def test_explain_shows_what_each_condition_saw():
    pattern = FilterPattern.parse("{ ($.eventName = Put*) || $.tags[*] = green && $.missing != x }")
    explained = [(e.condition, e.holds, e.saw) for e in pattern.explain(json.dumps(EVENT))]
    assert explained == [
        ("$.eventName = Put*", False, ("GetSecretValue",)),
        ("$.tags[*] = green", True, ("blue", "green", 7)),
        ("$.missing != x", False, ()),
    ]


def test_deep_parentheses_are_read_and_compiled():
    deep = "(" * 480 + "$.a=1" + ")" * 480
    assert FilterPattern.parse("{" + deep + "}").matches('{"a": 1}')
    nested = "$.a>0"
    while len(nested) < 1000:
        nested = f"$.b>0&&({nested}||$.c>0)"
    pattern = FilterPattern.parse("{" + nested + "}")
    assert pattern.matches('{"a": 1, "b": 2}')
    assert not pattern.matches('{"a": 1}')


def test_what_a_json_pattern_says_of_itself():
    pattern = FilterPattern.parse("{ $.a = %b% || $.c = %d% }")
    assert (pattern.kind, pattern.supports_dimensions, pattern.regexes) == (Kind.JSON, True, 2)
    assert repr(pattern) == "FilterPattern.parse('{ $.a = %b% || $.c = %d% }')"
