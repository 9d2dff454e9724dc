"""What is wrong with a state machine's definition, as far as its text says. Pure.

LocalStack's parser refuses what is no Amazon States Language; here is what it takes and AWS refuses: states
that are not there or that nobody reaches, services and parameters that AWS has under another name.
The kinds of problems are AWS's (observed); their sentences are near to AWS's, which are not documented.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

Members = Callable[[str, str], frozenset[str] | None]
"""Service and operation as in a resource, to the names of the operation's parameters; None: no such one."""

NO_RESOURCE = (
    "The resource provided {} is not recognized. The value is not a valid resource ARN, or the resource is"
    " not available in this region."
)

_SDK = ":states:::aws-sdk:"
_ENDS = frozenset(["Succeed", "Fail"])


class Problem(NamedTuple):
    """kind: AWS's; where: `/States/Read/Next`."""

    kind: str
    message: str
    where: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.message} at {self.where}"


def problems(text: str, members: Members) -> list[Problem]:
    """All that is found; empty where nothing is."""
    try:
        definition = json.loads(text)
    except ValueError as error:
        return [Problem("INVALID_JSON_DESCRIPTION", str(error), "/")]
    if not isinstance(definition, Mapping):
        return [Problem("SCHEMA_VALIDATION_FAILED", "The definition has to be an object", "/")]
    return list(_of_scope(definition, "", members))


def asks_for_jsonata(text: str) -> bool:
    """Whether some of it is written in JSONata; False where it is no JSON."""
    try:
        return _asks(json.loads(text))
    except ValueError:
        return False


def _asks(value: Any) -> bool:
    if isinstance(value, Mapping):
        return value.get("QueryLanguage") == "JSONata" or any(_asks(each) for each in value.values())
    return isinstance(value, list) and any(_asks(each) for each in value)


def _of_scope(scope: Mapping[str, Any], where: str, members: Members) -> Iterator[Problem]:
    states = scope.get("States")
    if not isinstance(states, Mapping):
        return  # the parser says so
    reached = set()
    for target, at in _transitions(scope, states, where):
        reached.add(target)
        if target not in states:
            yield Problem(
                "MISSING_TRANSITION_TARGET", f"Missing '{at.rpartition('/')[2]}' target: {target}", at
            )
    for name, state in states.items():
        at = f"{where}/States/{name}"
        if name not in reached:
            yield Problem("MISSING_TRANSITION_TARGET", f'State "{name}" is not reachable.', at)
        if isinstance(state, Mapping):
            yield from _of_state(state, at, members)


def _transitions(
    scope: Mapping[str, Any], states: Mapping[str, Any], where: str
) -> Iterator[tuple[str, str]]:
    """Names of states that somebody goes to, and where that stands."""
    if isinstance(scope.get("StartAt"), str):
        yield scope["StartAt"], f"{where}/StartAt"
    for name, state in states.items():
        if not isinstance(state, Mapping):
            continue
        at = f"{where}/States/{name}"
        found = [(state, key, at) for key in ("Next", "Default")]
        for part in ("Catch", "Choices"):
            for number, each in enumerate(state.get(part) or ()):
                found.append((each, "Next", f"{at}/{part}[{number}]"))
        for holder, key, place in found:
            if isinstance(holder, Mapping) and isinstance(holder.get(key), str):
                yield holder[key], f"{place}/{key}"


def _of_state(state: Mapping[str, Any], at: str, members: Members) -> Iterator[Problem]:
    kind = state.get("Type")
    if kind not in _ENDS and kind != "Choice" and "Next" not in state and not state.get("End"):
        yield Problem("SCHEMA_VALIDATION_FAILED", "One of Next or End is required", at)
    resource = state.get("Resource")
    if kind == "Task" and isinstance(resource, str) and _SDK in resource:
        yield from _of_call(state, resource, at, members)
    for number, branch in enumerate(state.get("Branches") or ()):
        if isinstance(branch, Mapping):
            yield from _of_scope(branch, f"{at}/Branches[{number}]", members)
    for part in ("Iterator", "ItemProcessor"):
        if isinstance(state.get(part), Mapping):
            yield from _of_scope(state[part], f"{at}/{part}", members)


def _of_call(state: Mapping[str, Any], resource: str, at: str, members: Members) -> Iterator[Problem]:
    service, _, operation = resource.partition(_SDK)[2].partition(":")
    known = members(service, operation.partition(".")[0])
    if known is None:
        yield Problem("SCHEMA_VALIDATION_FAILED", NO_RESOURCE.format(resource), f"{at}/Resource")
        return
    for name in state.get("Parameters") or ():
        if name.removesuffix(".$") not in known:
            message = f'The field "{name.removesuffix(".$")}" is not supported by Step Functions'
            yield Problem("SCHEMA_VALIDATION_FAILED", message, f"{at}/Parameters")
