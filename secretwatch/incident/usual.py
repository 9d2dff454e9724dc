"""Whether a reader is usual: by earlier reads of the same role, user or service."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from secretwatch.incident.act import Act
from secretwatch.incident.chain import unique

Verdict = Literal["usual", "new address", "never before", "unknown"]
_NAMED = 3
_ENOUGH = timedelta(days=1)
"""Of history, for "never" to mean something."""


@dataclass(frozen=True)
class Usual:
    """since: from when on earlier reads were looked for; None: nowhere. count: earlier reads; days: on how
    many days. addresses: those of earlier reads, the most frequent first. new: addresses of this incident
    that no earlier read came from."""

    reader: str
    verdict: Verdict
    since: datetime | None
    count: int = 0
    days: int = 0
    first: datetime | None = None
    last: datetime | None = None
    addresses: tuple[str, ...] = ()
    new: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        if self.since is None:
            return "It is not known whether this reader is usual: no earlier reads could be looked at."
        if self.verdict == "unknown":
            return (
                "It is not known whether this reader is usual: the events that were looked at begin "
                f"at {self.since:%d %b %Y %H:%M} UTC, less than a day before."
            )
        since = f"since {self.since:%d %b %Y %H:%M} UTC"
        if not self.count or self.first is None or self.last is None:
            return f"Never before: no earlier read by this reader {since}."
        times = "once" if self.count == 1 else f"{self.count} times on {self.days} days"
        if self.days == 1 and self.count > 1:
            times = f"{self.count} times on one day"
        more = f" and {len(self.addresses) - _NAMED} more" if len(self.addresses) > _NAMED else ""
        where = ", ".join(self.addresses[:_NAMED]) + more
        told = (
            f"It read {times} before ({since}), first at {self.first:%d %b %H:%M}, last at "
            f"{self.last:%d %b %H:%M} UTC, from {where}."
        )
        if self.new:
            return f"New address: {', '.join(self.new[:_NAMED])}. {told}"
        return f"Usual, as far as that goes: from an address that it used before. {told}"


def usual(
    reads: Sequence[Act], earlier: Iterable[Act], since: datetime | None, own: Collection[str] = ()
) -> list[Usual]:
    """One answer for each reader of this incident, in the order of their first reads.

    reads: this incident's, oldest first. earlier: whatever reads are known, these among them. own: ids of
    what the same credentials did in the time that is looked at, which makes nobody usual: who reads twenty
    secrets in a row is no old friend at the twentieth. Of a reader that cannot be told from others nothing
    is said.
    """
    known = unique(earlier)
    by_reader: dict[str, list[Act]] = {}
    for each in reads:
        if each.reader:
            by_reader.setdefault(each.reader, []).append(each)
    mine = {*own, *(each.event_id for each in reads)}
    return [_of(reader, found, known, mine, since) for reader, found in by_reader.items()]


def _of(
    reader: str, reads: Sequence[Act], known: Sequence[Act], mine: Collection[str], since: datetime | None
) -> Usual:
    if since is None:
        return Usual(reader, "unknown", None)
    begin = reads[0].time
    before = [
        each for each in known if each.reader == reader and each.time < begin and each.event_id not in mine
    ]
    if not before:
        return Usual(reader, "never before" if begin - since >= _ENOUGH else "unknown", since)
    counted: dict[str, int] = {}
    for each in before:
        counted[each.address] = counted.get(each.address, 0) + 1
    new = tuple(dict.fromkeys(each.address for each in reads if each.address not in counted))
    return Usual(
        reader,
        "new address" if new else "usual",
        since,
        len(before),
        len({each.time.date() for each in before}),
        before[0].time,
        before[-1].time,
        tuple(sorted(counted, key=lambda each: -counted[each])),
        new,
    )
