"""Events that a pattern is about: some that match it, and some that only just do not.

    for event in examples(pattern): ...             # matching ones, each condition is needed by one of them
    for event in variations(event, [pattern]): ...  # the event with one value changed
    for event in trials([pattern, other]): ...      # all of both

What a pattern says is known by trying it; two patterns mean the same where no example and no variation of
one or the other tells them apart. Events have only the fields that a pattern asks for: what else a real one
has is the caller's. Of patterns of terms the example is a text. Pure.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise, permutations
from typing import Any

from secretwatch.filterpattern.json_event import Condition
from secretwatch.filterpattern.operands import Number, Text
from secretwatch.filterpattern.pattern import FilterPattern, JsonPattern, TermsPattern
from secretwatch.filterpattern.regex import Regex
from secretwatch.filterpattern.scanner import Step
from secretwatch.filterpattern.selector import AnyIndex, AnyName, PathStep

Event = dict[str, Any]
_ABSENT = object()
_OTHER = "something-else"
_MOST_TRIED = 4000


def examples(pattern: FilterPattern, base: Event | None = None) -> list[Event]:
    """Matching events; [] for other kinds. base: what the events have besides.

    For each condition one in which it holds, and where that can be one that matches by it alone: what would
    be enough in its place does not hold.
    """
    if not isinstance(pattern, JsonPattern):
        return []
    found: list[Event] = []
    tree = _tree(pattern.expression)
    for number in range(len(pattern.conditions)):
        wanted = [pattern.conditions[each] for each in _chosen(tree, number)]
        instead = [pattern.conditions[each] for each in _alternatives(tree, number)]
        for failing in ([], instead) if instead else ([],):
            event = _event(wanted, base or {}, failing)
            if pattern.matches_event(event) and event not in found:
                found.append(event)
    return found


def trials(patterns: Sequence[FilterPattern], bases: Sequence[Event] = ()) -> Iterator[Event]:
    """Events to tell patterns apart: the bases, examples of each pattern, and these with one value changed.

    The examples are made of the first base, and of nothing besides. Of changed ones there are 4000 at most.
    """
    starts = [*bases]
    for base in (*bases[:1], {}):
        starts += [event for pattern in patterns for event in examples(pattern, base)]
    yield from starts
    yield from islice((changed for event in starts for changed in variations(event, patterns)), _MOST_TRIED)


def texts(pattern: FilterPattern) -> list[str]:
    """Matching messages of a pattern of terms; [] for other kinds."""
    if not isinstance(pattern, TermsPattern):
        return []
    message = pattern.example
    return [message] if pattern.matches(message) else []


def variations(event: Event, patterns: Iterable[FilterPattern]) -> Iterator[Event]:
    """The event with each value that a condition of these asks for set to others, one at a time.

    And with each list of which any element may hold (`[*]`) begun by another element.
    """
    for pattern in patterns:
        if not isinstance(pattern, JsonPattern):
            continue
        for condition in pattern.conditions:
            for value in (*_values(condition), _OTHER, _ABSENT):
                changed = copy.deepcopy(event)
                if _set(changed, condition.selector.path, value):
                    yield changed
            changed = copy.deepcopy(event)
            if _put_second(changed, condition.selector.path):
                yield changed


# The expression


Tree = int | tuple[str, "Tree", "Tree"]


def _tree(expression: Sequence[Step]) -> Tree:
    stack: list[Tree] = []
    for step in expression:
        if isinstance(step, int):
            stack.append(step)
        else:
            right, left = stack.pop(), stack.pop()
            stack.append((step, left, right))
    return stack.pop()


def _chosen(tree: Tree, needed: int) -> list[int]:
    """Conditions that are enough together, the needed one among them."""
    if isinstance(tree, int):
        return [tree]
    kind, left, right = tree
    if kind == "and":
        return _chosen(left, needed) + _chosen(right, needed)
    return _chosen(right if _has(right, needed) else left, needed)


def _alternatives(tree: Tree, needed: int) -> list[int]:
    """Conditions that may be enough without the needed one."""
    if isinstance(tree, int):
        return []
    kind, left, right = tree
    inside, other = (left, right) if _has(left, needed) else (right, left)
    return _alternatives(inside, needed) + (_leaves(other) if kind == "or" else [])


def _leaves(tree: Tree) -> list[int]:
    return [tree] if isinstance(tree, int) else _leaves(tree[1]) + _leaves(tree[2])


def _has(tree: Tree, number: int) -> bool:
    return tree == number if isinstance(tree, int) else _has(tree[1], number) or _has(tree[2], number)


# Values


def _event(wanted: Sequence[Condition], base: Event, failing: Sequence[Condition] = ()) -> Event:
    """The base with values with which the wanted conditions hold, and these others fail where that can be."""
    by_selector: dict[str, tuple[list[Condition], list[Condition]]] = {}
    for number, several in enumerate((wanted, failing)):
        for condition in several:
            by_selector.setdefault(condition.selector.text, ([], []))[number].append(condition)
    chosen = [
        (value, (holding or others)[0].selector.path)
        for holding, others in by_selector.values()
        for value in _fitting(holding, others)
    ]
    event = copy.deepcopy(base)
    # What has to be absent is taken away first, or it would take others' parents along.
    for value, path in sorted(chosen, key=lambda each: each[0] is not _ABSENT):
        _set(event, path, value)
    return event


def _fitting(holding: list[Condition], failing: list[Condition]) -> list[Any]:
    """A value with which those hold and these fail, else one with which those hold; [] where none is."""
    candidates = [value for each in (*holding, *failing) for value in _values(each)] + _joined(holding)
    candidates += [_OTHER, _ABSENT] if failing else []
    fitting = [value for value in candidates if all(_holds(each, value) for each in holding)]
    best = [value for value in fitting if not any(_holds(each, value) for each in failing)]
    return best[:1] or (fitting[:1] if holding else [])


def _holds(condition: Condition, value: Any) -> bool:
    if value is _ABSENT or condition.test is None:
        return value is _ABSENT and condition.test is None
    return condition.test(value)


def _values(condition: Condition) -> list[Any]:
    """Values with which it holds, as far as they come to mind."""
    if condition.test is None:
        return [_ABSENT]
    if condition.constant:
        return [{"NULL": None, "TRUE": True, "FALSE": False}[condition.constant]]
    operand = condition.operand
    if isinstance(operand, Regex):
        near = operand.example
        return [near, f"{near}-{_OTHER}"] if condition.operator == "=" else [_OTHER]
    if isinstance(operand, Number):
        return [operand.value, operand.value + 1, operand.value - 1]
    assert isinstance(operand, Text)
    plain, filled = operand.text.replace("*", ""), operand.text.replace("*", "x")
    return [filled, plain, f"{plain}-{_OTHER}", _OTHER]


def _joined(conditions: Sequence[Condition]) -> list[Any]:
    """Texts in which two texts with `*` stand one after the other, what they have in common once."""
    texts = [each.operand.text for each in conditions if isinstance(each.operand, Text)]
    plain = [text.replace("*", "") for text in texts if "*" in text]
    found = []
    for first, second in permutations(plain, 2):
        shared = max(n for n in range(min(len(first), len(second)) + 1) if first.endswith(second[:n]))
        joined = first + second[shared:]
        found += [joined, f"x{joined}", f"{joined}x", f"x{joined}x"]
    return found


def _put_second(event: Any, path: Sequence[PathStep]) -> bool:
    """Begin the list under the first `[*]` of the path with another element; whether there is one."""
    here = event
    for step in path:
        if step is AnyIndex:
            if isinstance(here, list) and here:
                here.insert(0, _OTHER)
                return True
            return False
        here = _inner(here, _key(step))
    return False


def _set(event: Any, path: Sequence[PathStep], value: Any) -> bool:
    """Set or take away (_ABSENT) what stands at the path; whether that can be."""
    here = event
    for step, following in pairwise(path):
        key = _key(step)
        inner = _inner(here, key)
        is_list = isinstance(following, int) or following is AnyIndex
        if not isinstance(inner, list if is_list else dict):
            if value is _ABSENT:
                return True  # it is not there
            inner = [] if is_list else {}
            if not _put(here, key, inner):
                return False
        here = inner
    key = _key(path[-1])
    if value is not _ABSENT:
        return _put(here, key, value)
    if isinstance(here, dict):
        here.pop(key, None)
    elif isinstance(here, list) and isinstance(key, int) and len(here) > key:
        del here[key:]
    return True


def _key(step: PathStep) -> str | int:
    if step is AnyIndex:
        return 0
    if step is AnyName:
        return "any"
    assert isinstance(step, str | int)
    return step


def _inner(here: Any, key: str | int) -> Any:
    if isinstance(here, dict):
        return here.get(key)
    if isinstance(here, list) and isinstance(key, int) and len(here) > key:
        return here[key]
    return None


def _put(here: Any, key: str | int, value: Any) -> bool:
    if isinstance(here, dict):
        here[key] = value
        return True
    if isinstance(here, list) and isinstance(key, int) and key < 100:
        while len(here) <= key:
            here.append({})
        here[key] = value
        return True
    return False
