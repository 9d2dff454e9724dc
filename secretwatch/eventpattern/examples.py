"""Events that a pattern is about: some that match it, and some that only just do not.

As `filterpattern.examples`: what two patterns mean is known by trying both on the examples and variations of
one and the other. Events have only the fields that a pattern asks for. Pure.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from secretwatch.eventpattern.condition import Condition
from secretwatch.eventpattern.pattern import EventPattern

Event = dict[str, Any]
_ABSENT = object()
OTHER = "something-else"
_MOST = 400
_MOST_TRIED = 6000


def examples(pattern: EventPattern, base: Event | None = None) -> list[Event]:
    """Matching events: of each branch one with its first values, and one for each other value of a field.

    base: what the events have besides. At most 400 of them.
    """
    found: list[Event] = []
    for branch in pattern.branches:
        first = {path: conditions[0] for path, conditions in branch.items()}
        chosen = [first] + [
            {**first, path: other} for path, conditions in branch.items() for other in conditions[1:]
        ]
        for wanted in chosen:
            event = copy.deepcopy(base or {})
            # What has to be absent is taken away first.
            for path, condition in sorted(wanted.items(), key=lambda each: not each[1].is_absence):
                set_at(event, path, _fitting(condition))
            if pattern.matches(event) and event not in found:
                found.append(event)
            if len(found) == _MOST:
                return found
    return found


def variations(event: Event, patterns: Iterable[EventPattern]) -> Iterator[Event]:
    """The event with each field that these ask for set to other values, one at a time."""
    for pattern in patterns:
        asked: dict[str, dict[str, Condition]] = {}
        for branch in pattern.branches:
            for path, conditions in branch.items():
                asked.setdefault(path, {}).update({each.identity: each for each in conditions})
        for path, known in asked.items():
            near = [value for each in known.values() for value in _near(each.source)]
            for value in (
                *(_fitting(each) for each in known.values()),
                *dict.fromkeys(near),
                OTHER,
                _ABSENT,
            ):
                changed = copy.deepcopy(event)
                set_at(changed, path, value)
                yield changed


def trials(patterns: Sequence[EventPattern], bases: Sequence[Event] = ()) -> Iterator[Event]:
    """Events to tell patterns apart: the bases, examples of each pattern, and these with one value changed.

    The examples are made of nothing besides, and of the first base. Of changed ones there are 6000 at most.
    """
    starts = [*bases]
    for base in ({}, *bases[:1]):
        starts += [event for pattern in patterns for event in examples(pattern, base)]
    yield from starts
    yield from islice((changed for event in starts for changed in variations(event, patterns)), _MOST_TRIED)


def _fitting(condition: Condition) -> Any:
    """A value with which the condition holds, as far as one comes to mind."""
    if condition.is_absence:
        return _ABSENT
    return next((value for value in _candidates(condition.source) if condition.holds(value)), OTHER)


def _near(source: Any) -> list[str]:
    """The texts that a condition names, some that begin or end with them, and in other letters."""
    if isinstance(source, str):
        return [source, f"{source}x", f"x{source}", source.swapcase()]
    inner = source.values() if isinstance(source, dict) else source if isinstance(source, list) else ()
    return [text for each in inner for text in _near(each)]


def _candidates(source: Any) -> list[Any]:
    if not isinstance(source, dict):
        return [source]
    operator, operand = next(iter(source.items()))
    if isinstance(operand, dict):  # as {"prefix": {"equals-ignore-case": "x"}}, {"anything-but": {...}}
        return [*_candidates(operand), OTHER]
    match operator:
        case "wildcard" if isinstance(operand, str):
            return [operand.replace("*", ""), operand.replace("*", "x")]
        case "cidr" if isinstance(operand, str):
            return [operand.partition("/")[0]]
        case "numeric" if isinstance(operand, list):
            numbers = [each for each in operand if isinstance(each, int | float)]
            return [near for each in numbers for near in (each, each + 1, each - 1)]
        case "anything-but" | "exists":
            return [OTHER, 0]
    return [operand]


def set_at(event: Event, path: str, value: Any) -> None:
    """Set or take away what stands at a dotted path."""
    *parents, last = path.split(".")
    here: Any = event
    for name in parents:
        inner = here.get(name)
        if not isinstance(inner, dict):
            if value is _ABSENT:
                return
            inner = here[name] = {}
        here = inner
    if value is _ABSENT:
        here.pop(last, None)
    else:
        here[last] = value
