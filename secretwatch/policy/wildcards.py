"""Wildcards and variables: the text patterns of policies.

Here: `*` (any run of characters) and `?` (one character), and `${key}`, `${key, 'default'}`, `${*}`, `${?}`,
`${$}`. Matching never backtracks: its time is linear in the text for a given pattern.
Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

# Variables' values are plain text: a `*` inside one is no wildcard. So a pattern is a sequence of parts
# between its stars, each a sequence of characters in which None stands for `?`.
Part = tuple[str | None, ...]
Pattern = tuple[Part, ...]

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_DEFAULT = re.compile(r"\s*([^,\s]+)\s*,\s*'([^']*)'\s*")


class Unresolved(Exception):
    """A variable that the request has no value for; the pattern matches nothing."""


def matches(pattern: str, text: str, variables: Mapping[str, Sequence[str]] | None = None) -> bool:
    """Whether the pattern matches the whole text, case counting.

    variables: condition keys in lower case; None where `${` is plain text. Raises Unresolved.
    """
    if variables is None or "${" not in pattern:
        return _matches(_plain(pattern), text)
    return _matches(_split(_resolve(pattern, variables)), text)


def resolve(value: str, variables: Mapping[str, Sequence[str]] | None) -> str:
    """The text that a value without wildcards stands for. Raises Unresolved."""
    if variables is None or "${" not in value:
        return value
    return "".join(text for text, _ in _resolve(value, variables))


def _resolve(pattern: str, variables: Mapping[str, Sequence[str]]) -> list[tuple[str, bool]]:
    """The pattern in pieces: (text, whether `*` and `?` in it are wildcards)."""
    pieces: list[tuple[str, bool]] = []
    end = 0
    for found in _VARIABLE.finditer(pattern):
        pieces.append((pattern[end : found.start()], True))
        pieces.append((_variable(found[1], variables), False))
        end = found.end()
    pieces.append((pattern[end:], True))
    return pieces


def _variable(inside: str, variables: Mapping[str, Sequence[str]]) -> str:
    if inside in ("*", "?", "$"):
        return inside
    with_default = _DEFAULT.fullmatch(inside)
    key, default = (with_default[1], with_default[2]) if with_default else (inside.strip(), None)
    values = variables.get(key.lower(), ())
    if len(values) == 1:
        return values[0]
    if default is not None and not values:
        return default
    raise Unresolved(f"the request has no single value for ${{{inside}}}")


@lru_cache(maxsize=4096)
def _plain(pattern: str) -> Pattern:
    return _split([(pattern, True)])


def _split(pieces: Sequence[tuple[str, bool]]) -> Pattern:
    parts: list[list[str | None]] = [[]]
    for text, wild in pieces:
        for character in text:
            if wild and character == "*":
                parts.append([])
            else:
                parts[-1].append(None if wild and character == "?" else character)
    return tuple(tuple(part) for part in parts)


def _matches(pattern: Pattern, text: str) -> bool:
    first, last = pattern[0], pattern[-1]
    if len(pattern) == 1:
        return len(text) == len(first) and _fits(first, text, 0)
    if len(text) < len(first) + len(last) or not _fits(first, text, 0):
        return False
    end = len(text) - len(last)
    if not _fits(last, text, end):
        return False
    # Each part takes the first place it fits: taking a later one could never help those after it.
    start = len(first)
    for part in pattern[1:-1]:
        place = _find(part, text, start, end)
        if place < 0:
            return False
        start = place + len(part)
    return True


def _fits(part: Part, text: str, start: int) -> bool:
    return all(wanted is None or wanted == text[start + i] for i, wanted in enumerate(part))


def _find(part: Part, text: str, start: int, end: int) -> int:
    if None not in part:
        return text.find("".join(character for character in part if character), start, end)
    for place in range(start, end - len(part) + 1):
        if _fits(part, text, place):
            return place
    return -1
