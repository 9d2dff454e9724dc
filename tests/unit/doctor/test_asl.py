"""Whether two definitions of state machines do the same."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.pipeline.doctor import asl

READ = {
    "Type": "Task",
    "Resource": "arn:aws:states:::aws-sdk:secretsmanager:getSecretValue",
    "Parameters": {"SecretId": "beat"},
    "Catch": [{"ErrorEquals": ["SecretsManager.ResourceNotFoundException"], "Next": "Wait"}],
    "Retry": [{"ErrorEquals": ["Throttled"], "IntervalSeconds": 2, "MaxAttempts": 5, "BackoffRate": 2}],
    "Next": "Wait",
}
MACHINE: dict[str, Any] = {
    "Comment": "Reads.",
    "StartAt": "Read",
    "TimeoutSeconds": 1800,
    "States": {
        "Read": READ,
        "Wait": {"Type": "Wait", "Seconds": 60, "Next": "Counted"},
        "Counted": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.found", "NumericGreaterThan": 0, "Next": "Each"}],
            "Default": "Wait",
        },
        "Each": {
            "Type": "Map",
            "ItemProcessor": {
                "StartAt": "Tell",
                "States": {"Tell": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": True}},
            },
            "Next": "Done",
        },
        "Done": {"Type": "Succeed"},
    },
}


def changed(change: Callable[[dict[str, Any]], Any]) -> str:
    machine = copy.deepcopy(MACHINE)
    change(machine)
    return json.dumps(machine)


def same(live: str) -> bool:
    """As the doctor compares."""
    wanted = json.dumps(MACHINE)
    return bool(asl.does(wanted) == asl.does(live)) or asl.does_as_much(wanted, live)


def read(machine: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = machine["States"]["Read"]
    return found


AS_GOOD: dict[str, Callable[[dict[str, Any]], Any]] = {
    "another comment": lambda m: m.update(Comment="Beats."),
    "a comment inside": lambda m: read(m).update(Comment="Reads."),
    "more time": lambda m: m.update(TimeoutSeconds=7200),
    "all the time": lambda m: m.pop("TimeoutSeconds"),
    "a timeout of a call": lambda m: read(m).update(TimeoutSeconds=120),
    "more attempts": lambda m: read(m)["Retry"][0].update(MaxAttempts=6),
    "attempts after other errors": lambda m: read(m)["Retry"].append({"ErrorEquals": ["States.ALL"]}),
    "attempts of another call": lambda m: m["States"]["Each"]["ItemProcessor"]["States"]["Tell"].update(
        Retry=[{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 2}]
    ),
    "a state that is never come to": lambda m: m["States"].update(Other={"Type": "Fail"}),
    "the language that it has anyway": lambda m: m.update(QueryLanguage="JSONPath"),
}
LESS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "less time": lambda m: m.update(TimeoutSeconds=600),
    "no time for a call": lambda m: read(m).update(TimeoutSeconds=1),
    "no attempts": lambda m: read(m).pop("Retry"),
    "fewer attempts": lambda m: read(m)["Retry"][0].update(MaxAttempts=1),
    "attempts first that are none": lambda m: read(m)["Retry"].insert(
        0, {"ErrorEquals": ["Throttled"], "MaxAttempts": 0}
    ),
    "attempts for hours": lambda m: read(m)["Retry"].append(
        {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 3600}
    ),
    "another secret": lambda m: read(m)["Parameters"].update(SecretId="other"),
    "another call": lambda m: read(m).update(Resource="arn:aws:states:::aws-sdk:secretsmanager:listSecrets"),
    "no call": lambda m: m.update(StartAt="Wait"),
    "another way after an error": lambda m: read(m)["Catch"][0].update(Next="Done"),
    "another condition": lambda m: m["States"]["Counted"]["Choices"][0].update(NumericGreaterThan=-1),
    "another call inside": lambda m: m["States"]["Each"]["ItemProcessor"]["States"]["Tell"].update(
        Resource="arn:aws:states:::sqs:sendMessage"
    ),
    "nothing": lambda m: m.update(States={"Done": {"Type": "Succeed"}}, StartAt="Done"),
}


@pytest.mark.parametrize("what", AS_GOOD)
def test_what_does_the_same_is_the_same(what: str) -> None:
    assert same(changed(AS_GOOD[what]))


@pytest.mark.parametrize("what", LESS)
def test_what_does_something_else_is_not(what: str) -> None:
    assert not same(changed(LESS[what]))


@given(
    st.permutations(list(MACHINE["States"])),
    st.lists(st.text(min_size=1), min_size=5, max_size=5, unique=True),
)
def test_what_its_states_are_called_and_their_order_decide_nothing(
    order: list[str], names: list[str]
) -> None:
    name = dict(zip(MACHINE["States"], names, strict=True))

    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: name[each] if key in ("Next", "Default", "StartAt") and each in name else renamed(each)
                for key, each in value.items()
            }
        return [renamed(each) for each in value] if isinstance(value, list) else value

    machine = renamed(MACHINE)
    machine["States"] = {name[each]: renamed(MACHINE["States"][each]) for each in order}
    assert asl.does(json.dumps(machine)) == asl.does(json.dumps(MACHINE))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", None])
def test_what_is_no_definition_is_not_the_same(text: Any) -> None:
    assert not same(text)
