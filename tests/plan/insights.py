"""The conditions of Logs Insights that the dashboard writes, decided on an event: no more of the language.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Filter.html
Fields are an event's leaves by their paths, elements of lists by their number; @message is the whole event.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:(?P<regex>/(?:[^/\\]|\\.)*/)|(?P<text>"[^"]*")|(?P<list>\[[^\]]*\])|(?P<mark>[()]|!=|=)"""
    r"""|(?P<word>[@\w.]+))"""
)
Fields = dict[str, str]
Condition = Callable[[Fields], bool]


def fields(event: dict[str, Any]) -> Fields:
    return dict(_leaves(event, "")) | {
        "@message": json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    }


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list):
        for name, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(each, f"{path}.{name}" if path else str(name))
    elif value is not None:
        yield path, str(value)


def condition(query: str) -> Condition:
    """Whether an event passes all of a query's filters."""
    lines = [line.strip().removeprefix("| filter ") for line in query.splitlines() if "| filter " in line]
    assert lines
    found = [_Parser(line).whole() for line in lines]
    return lambda event: all(each(event) for each in found)


class _Parser:
    def __init__(self, text: str) -> None:
        self._left: list[tuple[str, str]] = []
        at = 0
        while at < len(text.rstrip()):
            match = _TOKEN.match(text, at)
            assert match, text[at:]
            assert match.lastgroup
            self._left.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()

    def whole(self) -> Condition:
        found = self._either()
        assert not self._left, self._left
        return found

    def _either(self) -> Condition:
        parts = [self._both()]
        while self._next_is("or"):
            parts.append(self._both())
        return lambda event: any(part(event) for part in parts)

    def _both(self) -> Condition:
        parts = [self._one()]
        while self._next_is("and"):
            parts.append(self._one())
        return lambda event: all(part(event) for part in parts)

    def _one(self) -> Condition:
        if self._next_is("not"):
            denied = self._one()
            return lambda event: not denied(event)
        if self._next_is("("):
            found = self._either()
            assert self._next_is(")")
            return found
        _, name = self._left.pop(0)
        if name == "ispresent":
            assert self._next_is("(")
            _, field = self._left.pop(0)
            assert self._next_is(")")
            return lambda event: field in event
        negated = self._next_is("not")
        _, operator = self._left.pop(0)
        kind, value = self._left.pop(0)
        holds = _OPERATORS[operator, kind](value)
        # Of a field that is not there nothing is said here: conditions ask with ispresent first.
        return lambda event: (name in event and holds(event[name])) is not negated

    def _next_is(self, text: str) -> bool:
        if self._left and self._left[0][1] == text:
            self._left.pop(0)
            return True
        return False


def _like(text: str) -> Callable[[str], bool]:
    pattern = re.compile(text[1:-1].replace("\\/", "/"))
    return lambda value: bool(pattern.search(value))


_OPERATORS: dict[tuple[str, str], Callable[[str], Callable[[str], bool]]] = {
    ("=", "text"): lambda text: lambda value: value == text[1:-1],
    ("!=", "text"): lambda text: lambda value: value != text[1:-1],
    ("in", "list"): lambda text: lambda value: value in json.loads(text),
    ("like", "regex"): _like,
}
