"""How one direction of a service's calls is written into an event: the rule for most services.

A writer walks values along the service model. Shapes come in as objects with botocore's attributes
(``name``, ``type_name``, ``members``, ``member``, ``value``, ``metadata``, ``serialization``), so that this
room needs no botocore. What it finds out about a shape is kept: the same shapes come with every call.

A service that writes differently has a subclass, entered in ``parameters``: it overrides ``key``,
``list_of``, ``map_of`` or ``time_of`` for how things look, ``__call__`` for what one operation does of its
own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from secretwatch.cloudtrail.redaction import (
    HIDDEN,
    Treatment,
    hides_entry,
    is_sensitive,
    treatment,
    without_password,
)


class _Member(NamedTuple):
    key: str
    shape: Any
    treatment: Treatment


class Writer:
    """Writes requests, or answers, of one service: ``writer(operation, shape, values, request_id)``."""

    hidden: Any = HIDDEN
    """What stands in a secret's place."""

    def __init__(self, event_source: str) -> None:
        self.event_source = event_source
        # A shape's object → what is known of its members. Models live as long as the process.
        self._known: dict[Any, dict[str, _Member]] = {}

    def __call__(
        self, _operation: str, shape: Any, values: Mapping[str, Any], _request_id: str
    ) -> dict[str, Any] | None:
        """The values as the event shows them, or None when nothing is left.

        ``shape`` is the operation's input or output, or None when it has none.
        """
        return None if shape is None else self.structure(shape, values) or None

    def key(self, name: str, _member: Any) -> str:
        """A member's key in the event; ``name`` is the model's."""
        # Only the first letter: ``aRN``, ``sSHPublicKey``, ``dBSnapshotIdentifier`` (observed).
        return name[:1].lower() + name[1:]

    def treatment(self, name: str, member: Any, structure: str = "") -> Treatment:
        """Whether a member is shown, hidden or left out; ``structure`` is the shape that has it."""
        return treatment(self.event_source, name, member, structure)

    def list_of(self, _shape: Any, written: list[Any]) -> Any:
        """A list, whose items are written already."""
        return written

    def map_of(self, _shape: Any, written: dict[str, Any]) -> Any:
        """A map, whose values are written already."""
        return written

    def time_of(self, moment: datetime) -> Any:
        """A point in time, in UTC (observed: AssumeRole, DeleteSecret, SendCommand)."""
        return f"{moment:%b} {moment.day}, {moment:%Y}, {clock_time(moment)}"

    def structure(self, shape: Any, values: Mapping[str, Any]) -> dict[str, Any]:
        """A structure's members, in the order of the values; unknown ones are left out."""
        members = self._known.get(shape)
        if members is None:
            members = self._known[shape] = self._look_at(shape)
        written: dict[str, Any] = {}
        for name, value in values.items():
            member = members.get(name)
            if value is None or member is None or member.treatment is Treatment.DROP:
                continue
            if member.treatment is Treatment.HIDE:
                written[member.key] = self.hidden
            elif (kept := self.value(member.shape, value)) is not None:
                written[member.key] = kept
        return written

    def value(self, shape: Any, value: Any) -> Any:
        """A value of any shape, or None when it does not stand in events."""
        kind = shape.type_name
        if kind == "structure":
            return self.structure(shape, value) if isinstance(value, Mapping) else None
        if kind == "list":
            if not isinstance(value, list | tuple | set):
                return None
            if is_sensitive(shape.member):
                return self.list_of(shape, [self.hidden for _ in value])
            written = (self.value(shape.member, each) for each in value)
            return self.list_of(shape, [each for each in written if each is not None])
        if kind == "map":
            if not isinstance(value, Mapping):
                return None
            if is_sensitive(shape.value):
                return self.map_of(shape, {str(key): self.hidden for key in value})
            texts = shape.value.type_name == "string"
            return self.map_of(
                shape,
                {
                    str(key): self.hidden
                    if texts and hides_entry(self.event_source, str(key))
                    else self.value(shape.value, each)
                    for key, each in value.items()
                },
            )
        if kind == "blob":
            return None
        if kind == "timestamp" and (moment := _moment(value)):
            return self.time_of(moment)
        if isinstance(value, str):
            return without_password(value)
        if isinstance(value, bool | int | float):
            return value
        return str(value)

    def _look_at(self, shape: Any) -> dict[str, _Member]:
        members = getattr(shape, "members", None) or {}
        return {
            name: _Member(self.key(name, member), member, self.treatment(name, member, shape.name))
            for name, member in members.items()
        }


def clock_time(moment: datetime) -> str:
    """``9:05:04 AM``."""
    return f"{moment.hour % 12 or 12}:{moment:%M:%S %p}"


def _moment(value: Any) -> datetime | None:
    """Services inside hand over times as objects or as seconds since 1970."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC)
    return None
