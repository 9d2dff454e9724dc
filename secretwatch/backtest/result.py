"""What came of a backtest: shapes alone, and the same as plain values for JSON. Times are seconds since 1970.

Days are dates in the zone that was asked for.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from secretwatch.backtest.bill import Bill

Days = dict[str, int]


@dataclass(frozen=True)
class Event:
    """One of the reads that made an alarm ring."""

    event_id: str
    time: int
    arrival: int
    name: str
    reader: str
    secret: str
    address: str
    agent: str
    error: str


@dataclass(frozen=True)
class Rang:
    """An alarm that rang. until: when it had ended; None: it had not. events: the first of `reads`."""

    at: int
    until: int | None
    reason: str
    reads: int
    events: tuple[Event, ...]

    @property
    def seconds(self) -> int | None:
        """From the first of its reads to the alarm."""
        return self.at - min(each.time for each in self.events) if self.events else None


@dataclass(frozen=True)
class Missed:
    """A ring that there would have been at once, and was not, as its reads came late."""

    at: int
    reads: int
    events: tuple[Event, ...]


@dataclass(frozen=True)
class AlarmResult:
    """fates: how many reads rang, came in ALARM, stayed below the threshold or were late.

    at_call: rings and missed ones if log events had the time of the call (`replay.Counted.CALL`).
    why: a sentence where the alarm was not replayed. of_silence: it rings when nothing comes (`silence`),
    and has neither fates nor missed rings.
    """

    name: str
    rings: tuple[Rang, ...] = ()
    fates: dict[str, int] = field(default_factory=dict)
    missed: tuple[Missed, ...] = ()
    at_call: dict[str, int] = field(default_factory=dict)
    why: str = ""
    of_silence: bool = False


@dataclass(frozen=True)
class Traffic:
    """Messages of one channel or topic. busiest: the day with most, and how many."""

    total: int
    per_day: float
    busiest: tuple[str, int] | None
    days: Days


@dataclass(frozen=True)
class WatchResult:
    """reads: events that matched a filter or rule, each once. top: by column, value and count.

    distinct: how many values there are by column. new_readers: who came for the first time, by day.
    """

    label: str
    kind: str
    reads: int
    alarms: tuple[AlarmResult, ...]
    channels: dict[str, Traffic]
    topics: dict[str, Traffic]
    top: dict[str, list[tuple[str, int]]]
    distinct: dict[str, int]
    reads_by_day: Days
    new_readers: Days

    @property
    def rings(self) -> list[Rang]:
        return sorted((ring for alarm in self.alarms for ring in alarm.rings), key=lambda each: each.at)


@dataclass(frozen=True)
class TooMany:
    """A watch over the limit: so many rings from begin to end; readers: with how many rings each."""

    subject: str
    watch: str
    begin: int
    end: int
    rings: int
    readers: list[tuple[str, int]]


@dataclass(frozen=True)
class SubjectResult:
    label: str
    watches: tuple[WatchResult, ...]
    unknown: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()

    @property
    def not_tested(self) -> tuple[str, ...]:
        """A sentence for each thing that was not tested."""
        silent = (
            f"{alarm.name}: {alarm.why}"
            for watch in self.watches
            for alarm in watch.alarms
            if alarm.of_silence and alarm.why
        )
        return (*self.unknown, *silent, *self.elsewhere)


@dataclass(frozen=True)
class Result:
    """begin, end: what the history spans; read: what was read (`scan.Tally`), which decides no answer.

    untold: why the limit cannot be said to hold, a sentence; "" where nothing is in the way.
    """

    begin: int | None
    end: int | None
    zone: str
    subjects: tuple[SubjectResult, ...]
    hits: int
    duplicates: int
    files: int
    damaged: int
    broken: tuple[tuple[str, str], ...]
    drawn: bool
    """Whether some delays were drawn from the measured distribution."""
    read: dict[str, int]
    limit: str = ""
    too_many: tuple[TooMany, ...] = ()
    untold: str = ""
    bill: Bill | None = None

    @property
    def days(self) -> float:
        """A whole one at least."""
        return max((self.end - self.begin) / 86400, 1.0) if self.begin and self.end else 1.0

    def as_dict(self) -> dict[str, Any]:
        made = asdict(self)
        made["begin"], made["end"] = _iso(self.begin), _iso(self.end)
        for subject in made["subjects"]:
            for watch in subject["watches"]:
                for alarm in watch["alarms"]:
                    for ring in (*alarm["rings"], *alarm["missed"]):
                        ring["at"] = _iso(ring["at"])
                        if "until" in ring:
                            ring["until"] = _iso(ring["until"])
                        for event in ring["events"]:
                            event["time"], event["arrival"] = _iso(event["time"]), _iso(event["arrival"])
        for each in made["too_many"]:
            each["begin"], each["end"] = _iso(each["begin"]), _iso(each["end"])
        if self.bill:
            made["bill"] |= {"gb": self.bill.gb, "dollars": self.bill.dollars}
        return made


def _iso(time: int | None) -> str | None:
    return None if time is None else f"{datetime.fromtimestamp(time, UTC):%Y-%m-%dT%H:%M:%SZ}"
