"""When two values of a member are the same. Pure."""

from __future__ import annotations

import json
from typing import Any


def text(value: Any) -> Any:
    """Nothing and an empty text are the same."""
    return value or None


def number(value: Any) -> Any:
    return None if value is None else float(value)


def members(value: Any) -> Any:
    """A list whose order does not matter."""
    return sorted(json.dumps(each, sort_keys=True, default=str) for each in value or ())


def document(value: Any) -> Any:
    """A policy or another JSON document, whatever its spaces, the order of its members and of its lists."""
    if not value:
        return None
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value
    return _sorted(parsed)


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(each) for name, each in value.items()}
    if isinstance(value, list):
        found = [_sorted(each) for each in value]
        if len(found) == 1 and not isinstance(found[0], dict):
            return found[0]  # one value stands for itself in a policy
        return sorted(found, key=lambda each: json.dumps(each, sort_keys=True))
    return value
