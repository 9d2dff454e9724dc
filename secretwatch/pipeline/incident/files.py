"""An incident in recorded files: what `cloudtrail.reader` reads, and an event to begin with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from secretwatch.cloudtrail.reader import Broken, Message
from secretwatch.incident.act import Act, act_in
from secretwatch.incident.report import Report, Subject, report
from secretwatch.incident.timeline import is_secret_read
from secretwatch.pipeline.doctor.reads import is_read
from secretwatch.pipeline.incident.gather import NothingRang

_NAMED = 3


@dataclass
class Recorded:
    """What files hold. others: messages that are no events; broken: pieces that cannot be read."""

    acts: list[Act] = field(default_factory=list)
    others: int = 0
    broken: int = 0

    def add(self, pieces: Iterable[Message | Broken]) -> None:
        for piece in pieces:
            # No watch is known here: each read of a secret counts.
            act = None if isinstance(piece, Broken) else act_in(piece.text, lambda each: is_read(each, ()))
            if act:
                self.acts.append(act)
            elif isinstance(piece, Broken):
                self.broken += 1
            else:
                self.others += 1

    @property
    def reads(self) -> list[Act]:
        """Reads of any secret, oldest first."""
        found = {each.event_id: each for each in self.acts if is_secret_read(each)}
        return sorted(found.values(), key=lambda each: each.time)


def investigate(recorded: Recorded, event_id: str, *, now: datetime, hours: float) -> Report:
    """The incident of one event. hours: before and after it. Raises NothingRang."""
    start = next((each for each in recorded.acts if each.event_id == event_id), None)
    if start is None:
        raise NothingRang(
            f"The files hold {len(recorded.acts)} events, and none with the id {event_id}."
            + (f" {recorded.broken} pieces cannot be read." if recorded.broken else ""),
            unknown=bool(recorded.broken),
        )
    unknown = ["Only the files were read: calls that they leave out, and later calls, are missing."]
    if not start.is_read:
        unknown.append(f"The event {event_id} is no read of a secret.")
    if recorded.broken:
        unknown.append(f"{recorded.broken} pieces of the files cannot be read: their events are missing.")
    around = timedelta(hours=hours)
    return report(
        recorded.acts,
        [event_id],
        subject=Subject(account=start.recipient or start.account or None, region=start.region or None),
        made=now,
        begin=start.time - around,
        end=start.time + around,
        earlier=recorded.reads,
        since=min(each.time for each in recorded.acts),
        unknown=unknown,
    )


def suggestions(recorded: Recorded) -> str:
    """Which reads there are to begin with, for who named none."""
    found = recorded.reads
    if not found:
        return "The files hold no read of a secret."
    named = ", ".join(each.event_id for each in found[:_NAMED])
    return f"The files hold {len(found)} reads of secrets, such as {named}."
