"""Secrets that a service's error repeats: hidden in ``errorMessage`` as in the request.

AWS does not say what it does with them; its own messages repeat no secrets.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from secretwatch.cloudtrail.redaction import (
    HIDDEN,
    Treatment,
    hides_entry,
    is_sensitive,
    passwords_of,
    treatment,
)

_SHORTEST = 4
"""Characters: a shorter value would be found everywhere."""
_LONGEST = 65_536


def without_echoes(event_source: str, shape: Any, parameters: Mapping[str, Any], message: str) -> str:
    """The message, without what the request's event does not show.

    ``shape`` is the operation's input in the service's model or None, ``parameters`` the request.
    """
    if shape is None:
        return message
    found = set(_secrets(event_source, shape, parameters))
    # The longest first: one may be a part of another.
    for text in sorted(found, key=len, reverse=True):
        if len(text) >= _SHORTEST:
            message = message.replace(text, HIDDEN)
    return message


def _secrets(event_source: str, shape: Any, value: Any) -> Iterator[str]:
    """What stands in members that are hidden or left out, in all forms in which an error may have it."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, Mapping):
        for name, each in value.items():
            member = shape.members.get(name)
            if member is None:
                continue
            if treatment(event_source, name, member, shape.name) is Treatment.SHOW:
                yield from _secrets(event_source, member, each)
            else:
                yield from _texts(each)
    elif kind == "list" and isinstance(value, list | tuple):
        for each in value:
            yield from (
                _texts(each) if is_sensitive(shape.member) else _secrets(event_source, shape.member, each)
            )
    elif kind == "map" and isinstance(value, Mapping):
        for key, each in value.items():
            if is_sensitive(shape.value) or hides_entry(event_source, str(key)):
                yield from _texts(each)
            else:
                yield from _secrets(event_source, shape.value, each)
    elif isinstance(value, str):
        yield from passwords_of(value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, bytes | bytearray) and len(value) <= _LONGEST:
        yield base64.b64encode(value).decode()
        yield repr(bytes(value))[2:-1]
        yield value.decode(errors="replace")
    elif isinstance(value, str) and len(value) <= _LONGEST:
        yield value
        yield repr(value)[1:-1]
