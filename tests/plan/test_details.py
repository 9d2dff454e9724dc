"""Details as planned: names that fit, roles that may no more than they have to, AWS's limits kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .conftest import Plan
from .details import ALARM_KEY, GIVEN, GROUP, KEY, NAME, TOPIC, definition_of, states_of, templates


@pytest.fixture(scope="module", params=["300", "chat"])
def made(details_plan: Plan, request: pytest.FixtureRequest) -> dict[str, Any]:
    return details_plan.of(f'details["{request.param}"]')


def test_names_have_at_most_64_characters(made: dict[str, Any]) -> None:
    names = {values["name"] for address, values in made.items() if "aws_iam_role." in address}
    assert len(names) == 2
    assert all(len(name) <= 64 for name in names)
    assert len(made["aws_cloudwatch_event_rule.this"]["name"]) <= 64
    assert len(made["aws_sfn_state_machine.this"]["name"]) <= 80


def test_the_machine_may_read_one_group_and_publish_to_its_topics(made: dict[str, Any]) -> None:
    statements = json.loads(made["aws_iam_role_policy.read"]["policy"])["Statement"]
    assert [(each["Action"], each["Resource"]) for each in statements] == [
        ("logs:FilterLogEvents", f"{GROUP}:*"),
        (
            "cloudwatch:DescribeAlarmHistory",
            f"arn:aws:cloudwatch:us-gov-west-1:000000000000:alarm:{NAME}-{KEY}",
        ),
        ("sns:Publish", [TOPIC, GIVEN]),
        (["kms:Decrypt", "kms:GenerateDataKey*"], ALARM_KEY),
        (["kms:Decrypt", "kms:GenerateDataKey*"], "arn:aws:kms:us-gov-west-1:*:key/*"),
    ]
    assert statements[-1]["Condition"]["StringEquals"] == {
        "kms:EncryptionContext:aws:sns:topicArn": [GIVEN],
        "kms:ViaService": "sns.us-gov-west-1.amazonaws.com",
    }
    (start,) = json.loads(made["aws_iam_role_policy.start"]["policy"])["Statement"]
    machine = made["aws_sfn_state_machine.this"]["name"]
    assert (start["Action"], start["Resource"]) == (
        "states:StartExecution",
        f"arn:aws:states:us-gov-west-1:000000000000:stateMachine:{machine}",
    )


def test_only_the_rule_starts_it_and_not_for_a_day(made: dict[str, Any]) -> None:
    """EventBridge's own retries take 24 hours, and only then a start that failed is counted."""
    trusts = {
        name: json.loads(made[f"aws_iam_role.{name}"]["assume_role_policy"])["Statement"][0]
        for name in ("read", "start")
    }
    rule = made["aws_cloudwatch_event_rule.this"]["name"]
    assert trusts["start"]["Condition"] == {
        "ArnEquals": {"aws:SourceArn": f"arn:aws:events:us-gov-west-1:000000000000:rule/{rule}"},
        "StringEquals": {"aws:SourceAccount": "000000000000"},
    }
    assert trusts["read"]["Condition"] == {"StringEquals": {"aws:SourceAccount": "000000000000"}}
    (retry,) = made["aws_cloudwatch_event_target.this"]["retry_policy"]
    assert retry["maximum_event_age_in_seconds"] == 3600


def test_names_of_states_stand_once_and_patterns_are_the_filters(made: dict[str, Any]) -> None:
    definition = definition_of(made)
    names = [name for name, _ in states_of(definition)]
    assert len(names) == len(set(names))
    (patterns,) = [state for name, state in states_of(definition) if name == "Patterns"]
    assert patterns["Parameters"]["patterns"] == ["{ $.a = 1 }", "{ $.b = 2 }"]


def test_without_a_channel_nothing_is_posted(details_plan: Plan) -> None:
    found = {name for name, _ in states_of(definition_of(details_plan.of('details["3600"]')))}
    more = {name for name, _ in states_of(definition_of(details_plan.of('details["chat"]')))}
    assert more - found == {
        *("Whose", "Post", "WhoseWithout", "PostWithout"),
        *("WhichThread", "WithoutTheRest"),
    }
    assert found <= more


def posts_of(value: Any) -> Iterator[Any]:
    """What posts are made of, and parts of posts."""
    if isinstance(value, dict):
        for name, each in value.items():
            if name in ("post", "post.$"):
                yield {name: each}
            else:
                yield from posts_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from posts_of(each)


def test_no_post_has_a_word_of_a_callers(details_plan: Plan) -> None:
    """A channel obeys markdown, and an intrinsic function escapes none."""
    posts = list(posts_of(definition_of(details_plan.of('details["chat"]'))))
    paths = {path for post in posts for text in templates(post) for path in re.findall(r"\$[\w.\[\]]*", text)}
    records = {f"$.{end}[{number}]" for end in ("first", "last") for number in range(3)}
    assert paths <= records | {
        *("$.count", "$.time", "$.stage.head", "$.stage.subject", "$.stage.thread"),
        *("$.total.calls", "$.total.others", "$.more.text", "$.detail.state.timestamp"),
        "$.detail.previousState.timestamp",
        *(f"$.groups[{number}].post" for number in range(10)),
        *("$.tell.post", "$.post"),
    }
    whole = [post["post"] for post in posts if isinstance(post.get("post"), dict)]
    assert {post["metadata"]["threadId.$"] for post in whole} == {
        "$.stage.thread",
        f"States.Format('{NAME}-{KEY} {{}}', $.detail.state.timestamp)",
        f"States.Format('{NAME}-{KEY} {{}}', $.detail.previousState.timestamp)",
    }


def test_no_field_has_two_forms_nor_more_than_ten_functions(made: dict[str, Any]) -> None:
    for name, state in states_of(definition_of(made)):
        for part in ("Parameters", "ItemSelector", "ResultSelector"):
            given = state.get(part) or {}
            assert not [each for each in given if f"{each}.$" in given], name
            for text in templates(given):
                assert len(re.findall(r"States\.\w+\(", text)) <= 10, (name, text)


def test_templates_have_a_value_for_each_place_and_nothing_to_escape(made: dict[str, Any]) -> None:
    for name, state in states_of(definition_of(made)):
        for text in templates(state):
            for template in re.findall(r"States\.Format\('((?:[^'])*)'", text):
                rest = template.replace("{}", "")
                assert not set(rest) & set("{}\\"), (name, template)


def test_each_catch_names_what_states_all_does_not_catch(made: dict[str, Any]) -> None:
    tell = definition_of(made)["States"]["Tell"]
    assert ["States.DataLimitExceeded"] in [each["ErrorEquals"] for each in tell["Catch"]]
    assert tell["Catch"][-1]["ErrorEquals"] == ["States.ALL"]


def test_subjects_are_ascii_and_short(made: dict[str, Any]) -> None:
    subjects = re.findall(r'"subject":\s*"((?:[^"\\]|\\.)*)"', json.dumps(definition_of(made)))
    assert len(subjects) >= 4
    for subject in subjects:
        told = json.loads(f'"{subject}"')
        assert told.isascii()
        assert len(told) <= 100, told


def test_dates_come_to_what_they_are(made: dict[str, Any]) -> None:
    """The tables, added as the states add them."""
    states = dict(states_of(definition_of(made)))
    tables = {
        name.removesuffix(".$"): json.loads(re.findall(r"'(.*)'", text)[0])
        for name, text in states["Start"]["Parameters"]["tables"].items()
    }
    at = datetime(2025, 1, 1, tzinfo=UTC)
    while at.year < 2100:
        tens = tables["months"][at.year - 2025][at.month - 1] + tables["days"][at.day - 1]
        tens += tables["hours"][at.hour] + tables["minutes"][at.minute] + tables["tens"][at.second]
        assert 10 * tens + tables["ones"][at.second] == int(at.timestamp())
        at += timedelta(days=13, hours=5, minutes=7, seconds=11)
