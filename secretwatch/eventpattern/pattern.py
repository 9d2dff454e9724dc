"""Patterns: JSON text to branches of fields and conditions, and whether an event matches one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from secretwatch.eventpattern.complexity import complexity_of
from secretwatch.eventpattern.condition import OPERATORS, Condition, condition_of
from secretwatch.eventpattern.errors import InvalidEventPattern

MOST_CHARACTERS = 2048
"""The quota of a pattern's size. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"""

_MOST_BRANCHES = 1000
_DEEPEST = 100
_OR = "$or"

Branch = dict[str, tuple[Condition, ...]]
# Where in which arrays a value stands: (path of the array, index).
Place = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class EventPattern:
    """A pattern that EventBridge takes but for its complexity and size.

    branches: an event matches if it matches one of them. Each has fields by their dotted paths, in the order
    of which AWS's matcher looks at them, with the conditions of which one has to hold.
    """

    branches: tuple[Branch, ...]

    @classmethod
    def parse(cls, source: str | Mapping[str, Any]) -> EventPattern:
        """A pattern from its JSON text or from what that text parses to. Raises InvalidEventPattern."""
        document = _load(source) if isinstance(source, str) else source
        if not isinstance(document, Mapping):
            raise InvalidEventPattern("Filter is not an object")
        branches = _object([{}], "", document, depth=0, in_or=False)
        return cls(tuple(dict(sorted(branch.items())) for branch in branches))

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Whether the event (what its JSON text parses to) matches."""
        fields: dict[str, list[tuple[Any, Place]]] = {}
        for path, value, place in _leaves(event, "", ()):
            fields.setdefault(path, []).append((value, place))
        return any(_branch_matches(branch, fields) for branch in self.branches)

    @property
    def complexity(self) -> int:
        """How many beginnings of wildcards one text can match at once: see `complexity`."""
        return complexity_of(self.branches)


def _load(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise InvalidEventPattern("Filter is nested too deeply") from None
    except ValueError as error:
        raise InvalidEventPattern(f"Filter is not valid JSON: {error}") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"Non-standard token '{name}'")


# Reading


def _object(
    branches: list[Branch], path: str, element: Mapping[str, Any], *, depth: int, in_or: bool
) -> list[Branch]:
    """Each of the branches with the fields of this object, for each branch of each `$or` in it."""
    if not element:
        raise InvalidEventPattern("Empty objects are not allowed")
    if depth > _DEEPEST:
        raise InvalidEventPattern("Filter is nested too deeply")
    for name, inner in element.items():
        if name == _OR and _is_alternatives(inner):
            branches = [
                made
                for each in inner
                for made in _object(
                    [dict(branch) for branch in branches], path, each, depth=depth + 1, in_or=True
                )
            ]
            if len(branches) > _MOST_BRANCHES:
                raise InvalidEventPattern(f"$or makes more than {_MOST_BRANCHES} combinations")
            continue
        here = f"{path}.{name}" if path else name
        if isinstance(inner, Mapping):
            branches = _object(branches, here, inner, depth=depth + 1, in_or=in_or)
        elif isinstance(inner, list):
            conditions = _conditions(inner)
            for branch in branches:
                branch[here] = conditions
        else:
            raise InvalidEventPattern(f'"{name}" must be an object or an array')
    return branches


def _is_alternatives(inner: Any) -> bool:
    """Otherwise `$or` is a field's name like any other, for the sake of patterns older than `$or`."""
    return (
        isinstance(inner, list)
        and len(inner) > 1
        and all(isinstance(each, Mapping) and not OPERATORS & each.keys() for each in inner)
    )


def _conditions(elements: Sequence[Any]) -> tuple[Condition, ...]:
    if not elements:
        raise InvalidEventPattern("Empty arrays are not allowed")
    return tuple(condition_of(each) for each in elements)


# Matching


def _leaves(element: Any, path: str, place: Place) -> Iterator[tuple[str, Any, Place]]:
    """Every value of an event that is no object or array: what is empty has none."""
    if isinstance(element, Mapping):
        for name, inner in element.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name, place)
    elif isinstance(element, list):
        # An array in an array has the same path, and is another one.
        array = f"{path}[{len(place)}]"
        for index, inner in enumerate(element):
            yield from _leaves(inner, path, (*place, (array, index)))
    else:
        yield path, element, place


def _branch_matches(branch: Branch, fields: Mapping[str, list[tuple[Any, Place]]]) -> bool:
    places: list[set[Place]] = []
    for path, conditions in branch.items():
        found = fields.get(path)
        if found is None:
            if not any(condition.is_absence for condition in conditions):
                return False
            continue
        fitting = {place for value, place in found if any(condition.holds(value) for condition in conditions)}
        if not fitting:
            return False
        # What stands in no array agrees with everything.
        if () not in fitting:
            places.append(fitting)
    return _agree(places, {})


def _agree(places: Sequence[set[Place]], chosen: Mapping[str, int]) -> bool:
    """Whether each field has a place such that no two stand in different members of one array."""
    if not places:
        return True
    return any(
        _agree(places[1:], {**chosen, **dict(place)})
        for place in places[0]
        if all(chosen.get(array, index) == index for array, index in place)
    )
