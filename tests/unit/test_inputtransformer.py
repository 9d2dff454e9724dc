"""What targets get of an event, and which inputs PutTargets refuses (in words that were observed)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secretwatch.inputtransformer import InvalidInput, Undeliverable, check_input, input_of

RULE = "arn:aws:events:us-east-1:111122223333:rule/reads"
EVENT = {
    "id": "1",
    "detail-type": "read",
    "detail": {
        "name": "db",
        "agent": 'say "hi"',
        "lines": "a\nb",
        "count": 3,
        "flag": True,
        "nothing": None,
        "empty": [],
        "ids": ["x", "y"],
        "who": {"arn": "arn:1"},
        "many": [{"k": "v"}, {"k": "w"}],
    },
}
PATHS = {name: f"$.detail.{name}" for name in (*EVENT["detail"], "missing")} | {  # type: ignore[misc]
    "first": "$.detail.ids[0]",
    "keys": "$.detail.many[*].k",
    "whole": "$",
}


def made(template: str) -> str:
    target = {"Id": "t", "InputTransformer": {"InputPathsMap": PATHS, "InputTemplate": template}}
    check_input(target)
    return input_of(target, EVENT, rule_arn=RULE, ingestion_time="2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('{"a": <name>}', '{"a": "db"}'),
        ('{"a": "<name>"}', '{"a": "db"}'),
        ('{"a": "is <name>, <name>"}', '{"a": "is db, db"}'),
        ('{"a": <count>, "b": <flag>}', '{"a": 3, "b": true}'),
        ('{"a": <ids>, "b": <who>}', '{"a": ["x","y"], "b": {"arn":"arn:1"}}'),
        ('{"a": "<ids> <who> <count> <flag>"}', '{"a": "[x,y] {arn:arn:1} 3 true"}'),
        ('{"a": <missing>, "b": "<missing>", "c": <nothing>}', '{"a": "", "b": "", "c": ""}'),
        ('{"a": <empty>}', '{"a": []}'),
        ('{"a": <first>, "b": <keys>}', '{"a": "x", "b": ["v","w"]}'),
        ('{"a": "a \\" <name>"}', '{"a": "a \\" db"}'),
        ('{"r": "<aws.events.rule-arn>", "n": <aws.events.rule-name>}', f'{{"r": "{RULE}", "n": "reads"}}'),
        ('{"at": <aws.events.event.ingestion-time>}', '{"at": "2026-01-01T00:00:00Z"}'),
        ('{"e": <aws.events.event>}', '{"e": {"id":"1","detailType":"read"}}'),
        ('"read of <name>"', '"read of db"'),
        ('"read of <name>"\n"by <who>"', '"read of db"\n"by {arn:arn:1}"'),
        ('"one\\ntwo <name>"', '"one\ntwo db"'),
        ("<who>", '{"arn":"arn:1"}'),
        ("<name>", '"db"'),
    ],
)
def test_a_template(template: str, text: str) -> None:
    assert made(template) == text


def test_the_whole_event() -> None:
    whole = json.loads(made('{"e": <aws.events.event.json>, "w": <whole>}'))
    assert whole == {"e": EVENT, "w": EVENT}


@pytest.mark.parametrize(
    "template",
    ['{"a": "<agent>"}', '{"a": <agent>}', '{"a": "<lines>"}', '"by <agent>"', '"by <name>"\n"in <lines>"'],
)
def test_what_is_inserted_is_not_escaped(template: str) -> None:
    with pytest.raises(Undeliverable, match="no valid JSON"):
        made(template)


def test_a_quotation_mark_in_an_object_that_is_inserted_is_its_own() -> None:
    event = {"detail": {"agent": 'say "hi"'}}
    transformer = {"InputPathsMap": {"detail": "$.detail"}, "InputTemplate": '{"d": <detail>}'}
    text = input_of({"InputTransformer": transformer}, event, rule_arn=RULE, ingestion_time="")
    assert json.loads(text) == {"d": event["detail"]}


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ({}, json.dumps(EVENT, separators=(",", ":"))),
        ({"Input": ' {"a":  1} '}, ' {"a":  1} '),
        ({"Input": '"<name>"'}, '"<name>"'),
        ({"InputPath": "$.detail.who"}, '{"arn":"arn:1"}'),
        ({"InputPath": "$.detail.name"}, '"db"'),
        ({"InputPath": "$.detail.count"}, "3"),
    ],
)
def test_constants_and_paths(target: dict[str, Any], text: str) -> None:
    check_input({"Id": "t", **target})
    assert input_of(target, EVENT, rule_arn=RULE, ingestion_time="") == text


def test_a_path_that_leads_nowhere_makes_nothing() -> None:
    with pytest.raises(Undeliverable):
        input_of({"InputPath": "$.detail.missing"}, EVENT, rule_arn=RULE, ingestion_time="")


ONE_OF = "Only one of Input, InputPath, or InputTransformer must be provided for target t."


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"Input": "1", "InputPath": "$"}, ONE_OF),
        ({"InputPath": "$", "InputTransformer": {"InputTemplate": '"a"'}}, ONE_OF),
        ({"Input": "word"}, "JSON syntax error in input for target t."),
        ({"InputPath": "detail"}, "InputPath for target t is invalid."),
        ({"InputPath": "$.detail['a']"}, "InputPath for target t is invalid."),
        (
            {"InputTransformer": {"InputPathsMap": {"a": "detail"}, "InputTemplate": '"<a>"'}},
            "InputPath for target t is invalid.",
        ),
        (
            {"InputTransformer": {"InputTemplate": '"<a>"'}},
            "InputTemplate for target t contains invalid placeholder a.",
        ),
        (
            {"InputTransformer": {"InputTemplate": '"e <aws.events.event.json>"'}},
            "InputTemplate for target t contains placeholder aws.events.event.json "
            "valid only for JSON template.",
        ),
        (
            {"InputTransformer": {"InputTemplate": '{"a": "b}'}},
            "Invalid InputTemplate for target t : it is not valid JSON.",
        ),
        (
            {"InputTransformer": {"InputTemplate": "just words"}},
            "Invalid InputTemplate for target t : it is not valid JSON.",
        ),
    ],
)
def test_what_put_targets_refuses(target: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_input({"Id": "t", **target})
    assert str(refused.value) == message
