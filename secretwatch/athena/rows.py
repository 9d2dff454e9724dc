"""A row of a query's answer, back as the event that it came from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from secretwatch.athena.fields import Field, Form

_FLAGS = {"true": True, "false": False}


def event(fields: Sequence[Field], row: Sequence[str | None]) -> dict[str, Any]:
    """The event, as far as the table holds it.

    row: the values in the order of the fields, as a query of `queries` selects them, and what else it
    selects after these. A field whose column is
    NULL is left out, or null where CloudTrail writes null. Raises ValueError for what is no such row.
    """
    found: dict[str, Any] = {}
    for field, value in zip(fields, row[: len(fields)], strict=True):
        if value is None:
            if field.is_null:
                found[field.name] = None
            continue
        read = _read(field, value)
        if read is not None:
            found[field.name] = read
    return found


def _read(field: Field, value: str) -> Any:
    if field.form is Form.FLAG:
        return _FLAGS.get(value, value)
    if field.form is Form.JSON:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):  # then it was a text
            return value
    return value if field.form is Form.TEXT else _in(field, json.loads(value))


def _in(field: Field, value: Any) -> Any:
    """A struct's fields by their names in events; nothing for a NULL."""
    if value is None or field.form in (Form.TEXT, Form.FLAG, Form.JSON):
        return value
    if field.form is Form.LIST:
        if not isinstance(value, list):
            raise ValueError(f"{field.column} is no array.")
        return [_struct(field, each) for each in value]
    if not isinstance(value, dict):
        raise ValueError(f"{field.column} is no struct.")
    if field.form is Form.MAP:
        return {name: each for name, each in value.items() if each is not None}
    return _struct(field, value)


def _struct(field: Field, value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"{field.column} is no struct.")
    by_name = {name.lower(): each for name, each in value.items()}
    read = {part.name: _in(part, by_name.get(part.column)) for part in field.parts}
    return {name: each for name, each in read.items() if each is not None}
