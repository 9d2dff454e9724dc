"""What an API's model says about its members: lengths, characters, numbers, values of an enumeration.

boto3 checks few of these limits and LocalStack none, AWS all. What a model cannot say stands in the
providers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

# AWS takes a colon in a metric's namespace, which its own model excludes.
_OTHER_PATTERNS = {"MetricNamespace": "[^*$]*"}


def violations(shape: Any, value: Any, path: str = "") -> Iterator[str]:
    """One sentence for each member of ``value`` that breaks the botocore shape, worded as AWS does."""
    if shape.type_name == "structure":
        yield from _in_structure(shape, value, path)
        return
    for constraint in _broken(shape, value):
        yield f"Value '{value}' at '{path}' failed to satisfy constraint: Member must {constraint}"
    if shape.type_name == "list":
        for number, member in enumerate(value, 1):
            yield from violations(shape.member, member, f"{path}.{number}.member")
    elif shape.type_name == "map":
        for key, member in value.items():
            yield from violations(shape.key, key, path)
            yield from violations(shape.value, member, f"{path}.{key}.member")


def validation_message(found: list[str]) -> str:
    errors = "error" if len(found) == 1 else "errors"
    return f"{len(found)} validation {errors} detected: {'; '.join(found)}"


def _in_structure(shape: Any, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        here = f"{path}.{name}" if path else name
        if value.get(name) is not None:
            yield from violations(member, value[name], here)
        elif name in shape.required_members:
            yield f"Value null at '{here}' failed to satisfy constraint: Member must not be null"


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
    pattern = _OTHER_PATTERNS.get(shape.name) or limits.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        yield f"satisfy regular expression pattern: {pattern}"
    if limits.get("enum") and value not in limits["enum"]:
        yield f"satisfy enum value set: [{', '.join(limits['enum'])}]"
