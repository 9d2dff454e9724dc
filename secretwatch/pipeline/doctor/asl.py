"""Definitions of state machines: whether two do the same. Pure.

What a state machine does is which calls it makes, in which order, with which parameters, and where it goes
after each answer. What its states are called, comments, more patience and more attempts change nothing of it.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

_SAYS_NOTHING = ("Comment", "Version")
_PATIENCE = ("TimeoutSeconds", "HeartbeatSeconds")
_ENOUGH, _ENOUGH_OF_A_TASK = 3600, 60
"""Seconds in which each of the module's state machines, and each call of theirs, has long ended."""
_LONGEST_PAUSE = 300
"""Seconds that attempts may take together before what comes after them is late."""
_DEFAULTS = {"MaxAttempts": 3, "IntervalSeconds": 1, "BackoffRate": 2.0}


def does(definition: Any) -> Any:
    """What of a definition decides, to compare: two with the same do the same."""
    parsed = _parsed(definition)
    return definition if parsed is None else json.dumps(_of_machine(parsed), sort_keys=True)


def does_as_much(wanted: Any, live: Any) -> bool:
    """Whether a definition does what was wanted: with as much patience at least, and as many attempts."""
    first, second = _parsed(wanted), _parsed(live)
    if first is None or second is None:
        return False
    return _as_much(_of_machine(first), _of_machine(second), _ENOUGH)


def _parsed(definition: Any) -> dict[str, Any] | None:
    try:
        found = json.loads(definition or "{}")
    except (TypeError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _of_machine(machine: Mapping[str, Any]) -> dict[str, Any]:
    """With its states by the numbers in which they are come to; one that is never come to is left out."""
    states: Mapping[str, Any] = machine.get("States") or {}
    order: list[str] = []
    coming = [str(machine.get("StartAt"))]
    while coming:
        name = coming.pop(0)
        if name in order or name not in states:
            continue
        order.append(name)
        coming += [str(each[key]) for each, key in _leads(states[name])]
    numbers = {name: f"#{number}" for number, name in enumerate(order)}
    kept = {name: each for name, each in machine.items() if name not in (*_SAYS_NOTHING, "States", "StartAt")}
    if kept.get("QueryLanguage") == "JSONPath":
        del kept["QueryLanguage"]  # what it is without a word
    return {**kept, "States": {numbers[name]: _of_state(states[name], numbers) for name in order}}


def _leads(state: Any) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Where a state says what comes next, in its order."""
    if isinstance(state, Mapping):
        for key in ("Next", "Default"):
            if key in state:
                yield state, key
        for several in ("Choices", "Catch"):
            yield from ((each, "Next") for each in state.get(several) or () if "Next" in each)


def _of_state(state: Mapping[str, Any], numbers: Mapping[str, str]) -> dict[str, Any]:
    found = {name: each for name, each in state.items() if name not in _SAYS_NOTHING}
    for key in ("Next", "Default"):
        if key in found:
            found[key] = numbers.get(str(found[key]), found[key])
    for several in ("Choices", "Catch"):
        if several in found:
            found[several] = [
                {name: numbers.get(str(each), each) if name == "Next" else each for name, each in one.items()}
                for one in found[several]
            ]
    for inner in ("ItemProcessor", "Iterator"):
        if isinstance(found.get(inner), Mapping):
            found[inner] = _of_machine(found[inner])
    if isinstance(found.get("Branches"), list):
        found["Branches"] = [_of_machine(each) for each in found["Branches"]]
    return found


def _as_much(wanted: Any, live: Any, enough: int) -> bool:
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        if "Type" in wanted and "Type" in live:
            enough = _ENOUGH_OF_A_TASK if live["Type"] == "Task" else _ENOUGH
        names = {*wanted, *live} - {*_PATIENCE, "Retry"}
        patient = all(_waits(wanted.get(name), live.get(name), enough) for name in _PATIENCE)
        return (
            patient
            and _tries(wanted.get("Retry"), live.get("Retry"))
            and all(name in wanted and name in live for name in names)
            and all(_as_much(wanted[name], live[name], enough) for name in names)
        )
    if isinstance(wanted, list) and isinstance(live, list):
        pairs = zip(wanted, live, strict=False)
        return len(wanted) == len(live) and all(_as_much(one, other, enough) for one, other in pairs)
    return bool(wanted == live)


def _waits(wanted: Any, live: Any, enough: int) -> bool:
    """Whether it waits as long as was wanted, or long enough; without a word it waits for a year."""
    if live is None or live == wanted:
        return True
    least = enough if wanted is None else min(wanted, enough) if isinstance(wanted, int) else None
    return isinstance(live, int) and least is not None and live >= least


def _tries(wanted: Any, live: Any) -> bool:
    """Whether each error is tried again as often as was wanted, and what is more takes no long time."""
    before, now = (_attempts(each) for each in (wanted, live))
    if before is None or now is None:
        return bool(wanted == live)
    fewer = any(now.get(error, (0, 0.0))[0] < times for error, (times, _) in before.items())
    late = any(
        pause > _LONGEST_PAUSE and pause > before.get(error, (0, 0.0))[1] for error, (_, pause) in now.items()
    )
    return not fewer and not late


def _attempts(retries: Any) -> dict[str, tuple[int, float]] | None:
    """By error, how often it is tried again, and how many seconds that takes; the first that fits counts."""
    found: dict[str, tuple[int, float]] = {}
    try:
        for each in retries or ():
            times, pause, rate = (float(each.get(name, usual)) for name, usual in _DEFAULTS.items())
            most = float(each.get("MaxDelaySeconds", pause * max(rate, 1) ** 99))
            whole = sum(min(pause * rate**number, most) for number in range(min(int(times), 99)))
            for error in each["ErrorEquals"]:
                found.setdefault(str(error), (int(times), whole))
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return None
    return found
