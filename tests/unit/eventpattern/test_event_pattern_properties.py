"""Patterns beside a reading of the rules that knows nothing of branches, paths or places."""

from __future__ import annotations

import itertools
import json
import operator
import re
from collections.abc import Iterator
from typing import Any

from deep import deep
from hypothesis import example, given
from hypothesis import strategies as st

from secretwatch.eventpattern import EventPattern, InvalidEventPattern

NAMES = st.sampled_from(["a", "b", "c"])
TEXTS = st.text("abAB1.", max_size=4)
NUMBERS = st.integers(-2, 2) | st.sampled_from([0.5, 1.0, -2.0])
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS | st.sampled_from(["10.0.0.1", "10.0.1.1"])
EVENTS = st.dictionaries(
    NAMES,
    st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner.filter(lambda each: not isinstance(each, list)), max_size=3)
            | st.dictionaries(NAMES, inner, max_size=3)
        ),
        max_leaves=8,
    ),
    max_size=3,
)
WILDCARDS = st.text("abAB1.*", max_size=5).filter(lambda text: "**" not in text)
WORDS = st.text("abAB", min_size=1, max_size=2)
CONDITIONS = st.one_of(
    SCALARS,
    st.builds(lambda text: {"prefix": text}, TEXTS),
    st.builds(lambda text: {"suffix": text}, TEXTS),
    st.builds(lambda text: {"wildcard": text}, WILDCARDS),
    st.builds(lambda text: {"equals-ignore-case": text}, TEXTS),
    st.builds(lambda text: {"prefix": {"equals-ignore-case": text}}, TEXTS),
    st.builds(lambda text: {"suffix": {"equals-ignore-case": text}}, TEXTS),
    st.builds(lambda flag: {"exists": flag}, st.booleans()),
    st.builds(
        lambda wanted: {"anything-but": wanted}, TEXTS | NUMBERS | st.lists(TEXTS, min_size=1, max_size=2)
    ),
    st.builds(
        lambda operator, words: {"anything-but": {operator: words}},
        st.sampled_from(["prefix", "suffix", "equals-ignore-case", "wildcard"]),
        WORDS | st.lists(WORDS, min_size=1, max_size=2),
    ),
    st.builds(
        lambda operator, number: {"numeric": [operator, number]},
        st.sampled_from(["=", "<", "<=", ">", ">="]),
        NUMBERS,
    ),
    st.just({"numeric": [">", -1, "<=", 1]}),
    st.just({"cidr": "10.0.0.0/24"}),
)
FIELDS = st.lists(CONDITIONS, min_size=1, max_size=3)
OBJECTS = st.recursive(
    st.dictionaries(NAMES, FIELDS, min_size=1, max_size=2),
    lambda inner: (
        st.dictionaries(NAMES, inner, min_size=1, max_size=2)
        | st.builds(
            lambda fields, alternatives: {**fields, "$or": alternatives},
            st.dictionaries(NAMES, FIELDS, max_size=1),
            st.lists(inner, min_size=2, max_size=2),
        )
    ),
    max_leaves=4,
)


def overlaps(pattern: Any, names: frozenset[str] = frozenset()) -> bool:
    """Whether `$or` and what stands beside it name the same field, of which the last would win."""
    own = {name for name in pattern if name != "$or"}
    alternatives = pattern.get("$or", ())
    return (
        bool(own & names)
        or any(overlaps(each, names | own) for each in alternatives)
        or any(overlaps(inner) for inner in pattern.values() if isinstance(inner, dict))
    )


def choices(event: Any) -> Iterator[Any]:
    """The event with one member for each array in it, in every way; an empty array is nothing."""
    if isinstance(event, dict):
        kept = [[(name, each) for each in choices(inner)] for name, inner in event.items()]
        yield from (dict(each) for each in itertools.product(*(each for each in kept if each)))
    elif isinstance(event, list):
        for member in event:
            yield from choices(member)
    else:
        yield event


def is_there(event: Any, path: tuple[str, ...]) -> bool:
    """Whether there is any value, in whichever member of arrays."""
    if isinstance(event, list):
        return any(is_there(each, path) for each in event)
    if isinstance(event, dict):
        return bool(path) and path[0] in event and is_there(event[path[0]], path[1:])
    return not path


def naive(pattern: Any, event: Any, whole: Any, path: tuple[str, ...] = ()) -> bool:
    for name, inner in pattern.items():
        if name == "$or":
            if not any(naive(each, event, whole, path) for each in inner):
                return False
            continue
        value = event.get(name, MISSING) if isinstance(event, dict) else MISSING
        if isinstance(inner, dict):
            if not naive(inner, value, whole, (*path, name)):
                return False
        elif not any(fits(each, value, whole, (*path, name)) for each in inner):
            return False
    return True


MISSING = object()
COMPARE = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def fits(condition: Any, value: Any, whole: Any, path: tuple[str, ...]) -> bool:
    if condition == {"exists": False}:
        return not is_there(whole, path)
    if value is MISSING or isinstance(value, dict):
        return False
    if not isinstance(condition, dict):
        return json.dumps(condition) == json.dumps(value) or (
            number(condition) and number(value) and float(condition) == float(value)
        )
    ((kind, wanted),) = condition.items()
    text = value if isinstance(value, str) else None
    if kind == "exists":
        return True
    if kind == "anything-but":
        if isinstance(wanted, dict):
            ((inner, words),) = wanted.items()
            return not any(
                fits({inner: each}, value, whole, path)
                for each in (words if isinstance(words, list) else [words])
            )
        return not any(
            fits(each, value, whole, path) for each in (wanted if isinstance(wanted, list) else [wanted])
        )
    if kind == "numeric":
        return number(value) and all(
            COMPARE[sign](value, limit) for sign, limit in zip(wanted[::2], wanted[1::2], strict=True)
        )
    if kind == "cidr":
        return text is not None and text.startswith("10.0.0.") and text.count(".") == 3 and text[7:].isdigit()
    if text is None:
        return False
    if isinstance(wanted, dict):
        wanted, text = wanted["equals-ignore-case"].lower(), text.lower()
    if kind == "equals-ignore-case":
        return text.lower() == wanted.lower()
    expression = (
        ".*".join(re.escape(part) for part in wanted.split("*")) if kind == "wildcard" else re.escape(wanted)
    )
    return bool(
        re.fullmatch({"prefix": f"{expression}.*", "suffix": f".*{expression}"}.get(kind, expression), text)
    )


def number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@deep(200)
@given(OBJECTS.filter(lambda pattern: not overlaps(pattern)), EVENTS)
@example({"a": {"b": [{"exists": False}]}}, {"a": [{"b": 1}, {"c": 1}]})
def test_a_naive_matcher_agrees(pattern: Any, event: Any) -> None:
    expected = any(naive(pattern, each, event) for each in choices(event))
    assert EventPattern.parse(json.dumps(pattern)).matches(event) is expected


ELEMENTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["a", "$or", "prefix", "anything-but", "numeric", "wildcard", "cidr", "exists", ">"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@deep(200)
@given(ELEMENTS.map(json.dumps) | st.text(max_size=20), EVENTS)
def test_nothing_but_invalid_event_pattern_is_ever_raised(text: str, event: Any) -> None:
    try:
        pattern = EventPattern.parse(text)
    except InvalidEventPattern:
        return
    assert pattern.matches(event) in (True, False)
    assert pattern.complexity >= 0
