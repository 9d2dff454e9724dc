"""What an API's model says about its members: lengths, characters, numbers, values of an enumeration.

boto3 checks few of these limits and LocalStack none, AWS all. What a model cannot say stands in the
providers.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from secretwatch.tags import SEPARATORS

# AWS takes a colon in a metric's namespace, which its own model excludes.
_OTHER_PATTERNS = {"MetricNamespace": "[^*$]*"}


def violations(shape: Any, value: Any, path: str = "") -> Iterator[str]:
    """One sentence for each member of ``value`` that breaks the botocore shape, worded as AWS does."""
    if shape.type_name == "structure":
        yield from _in_structure(shape, value, path)
        return
    for constraint in _broken(shape, value):
        # What a model marks as sensitive is shown by nobody.
        shown = "Value" if shape.metadata.get("sensitive") else f"Value '{value}'"
        yield f"{shown} at '{path}' failed to satisfy constraint: Member must {constraint}"
    if shape.type_name == "list":
        for number, member in enumerate(value, 1):
            yield from violations(shape.member, member, f"{path}.{number}.member")
    elif shape.type_name == "map":
        for key, member in value.items():
            yield from violations(shape.key, key, path)
            yield from violations(shape.value, member, f"{path}.{key}.member")


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    """A model's pattern, which is Java's: Python knows no classes of Unicode. In the models \\p{L} and \\p{N}
    stand beside an underscore, as which \\w takes all three."""
    for theirs, ours in (("\\p{L}", "\\w"), ("\\p{N}", "\\w"), ("\\p{Z}", SEPARATORS)):
        pattern = pattern.replace(theirs, ours)
    try:
        return re.compile(pattern)
    except re.error:
        return re.compile("(?s:.*)")  # one that Python has no words for


def validation_message(found: list[str]) -> str:
    errors = "error" if len(found) == 1 else "errors"
    return f"{len(found)} validation {errors} detected: {'; '.join(found)}"


def _in_structure(shape: Any, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, lower, member, required, is_fine in _members(shape):
        given = value.get(name)
        if (given is None and not required) or (type(given) is str and is_fine and is_fine(given)):
            continue
        here = f"{path}.{lower}" if path else lower
        if given is not None:
            yield from violations(member, given, here)
        else:
            yield f"Value null at '{here}' failed to satisfy constraint: Member must not be null"


# A model's shapes live as long as the process.
@lru_cache(maxsize=4096)
def _members(shape: Any) -> list[tuple[str, str, Any, bool, Callable[[str], bool] | None]]:
    """(name, how AWS writes it in its messages, shape, whether it is required, a quick look at a text)."""
    return [
        (name, name[:1].lower() + name[1:], member, name in shape.required_members, _quick_look(member))
        for name, member in shape.members.items()
    ]


def _quick_look(shape: Any) -> Callable[[str], bool] | None:
    """Whether `_broken` has nothing to say of a text: for every call, and most texts are within limits."""
    if shape.type_name != "string" or shape.metadata.get("enum"):
        return None
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", sys.maxsize)
    written = _pattern(shape)
    if written is None:
        return lambda text: least <= len(text) <= most
    pattern = _compiled(written)
    return lambda text: least <= len(text) <= most and pattern.fullmatch(text) is not None


def _pattern(shape: Any) -> str | None:
    found: str | None = _OTHER_PATTERNS.get(shape.name) or shape.metadata.get("pattern")
    return found or None


def _broken(shape: Any, value: Any) -> Iterator[str]:
    limits = shape.metadata
    if isinstance(value, str | list | dict):
        size, measure = len(value), "length"
    elif shape.type_name in ("integer", "long", "double", "float"):
        size, measure = value, "value"
    else:
        return
    if "min" in limits and size < limits["min"]:
        yield f"have {measure} greater than or equal to {limits['min']}"
    if "max" in limits and size > limits["max"]:
        yield f"have {measure} less than or equal to {limits['max']}"
    pattern = _pattern(shape)
    if pattern and isinstance(value, str) and not _compiled(pattern).fullmatch(value):
        yield f"satisfy regular expression pattern: {pattern}"
    if limits.get("enum") and value not in limits["enum"]:
        yield f"satisfy enum value set: [{', '.join(limits['enum'])}]"
