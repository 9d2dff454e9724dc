"""A hit: one event that at least one filter or rule matches, with what is asked of it and nothing else.

No request is kept but for ids of secrets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from secretwatch.incident.act import act_of

_SEVERAL = ", "


@dataclass(frozen=True, slots=True)
class Hit:
    """time: of the call; arrival: when it reached the log group; both in seconds since 1970.

    sinks: numbers of what matched (`subject.sinks`), rising. values: what each counts for, in the same
    order; None where a rule matched, or where a filter publishes nothing. secret: as the call names it; of
    several, each; "" of a call that names none. invoked: the AWS service that made the call for its reader.
    """

    event_id: str
    time: int
    arrival: int
    sinks: tuple[int, ...]
    values: tuple[float | None, ...]
    name: str = ""
    source: str = ""
    region: str = ""
    account: str = ""
    reader: str = ""
    address: str = ""
    agent: str = ""
    secret: str = ""
    error: str = ""
    invoked: str = ""


class Unusable(Exception):
    """An event that matches, and has no id, name or time that can be read: it cannot be counted."""

    def __init__(self) -> None:
        super().__init__("it matches, but has no eventID, eventName or eventTime that can be read")


def hit_of(
    event: Mapping[str, Any], sinks: Sequence[int], values: Sequence[float | None], arrival: int
) -> Hit:
    """The hit of an event that matched. Raises Unusable; AWS writes no such event."""
    act = act_of(event, lambda _: True)
    if act is None:
        raise Unusable
    time = int(act.time.timestamp())
    return Hit(
        event_id=_plain(act.event_id),
        time=time,
        arrival=max(arrival, time),
        sinks=tuple(sinks),
        values=tuple(values),
        name=_plain(act.name),
        source=_plain(act.source),
        region=_plain(act.region),
        account=_plain(act.recipient or act.account),
        reader=_plain(act.reader),
        address=_plain(act.address),
        agent=_plain(act.agent),
        secret=_plain(_SEVERAL.join(act.asked)),
        error=_plain(act.error),
        invoked=_plain(act.invoked_by),
    )


def _plain(text: str) -> str:
    """A text that can be stored: JSON may hold halves of a character."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
