"""An alarm on recorded reads: evaluated every minute on what had arrived by then. Pure; `alarm` decides.

Reads are given as cells: the minute of the call and the minute of its arrival, each in minutes since 1970,
and how often a value came. At minute M an evaluation sees what arrived before M. Minutes in which nothing can
change are left out.

What a metric filter counts stands at the log event's own time. CloudTrail's log events are taken to have the
time of their delivery (docs/verify.md, log-event-time); `Counted.CALL` is the other reading, in which a read
that comes late is counted in a window that no alarm looks at any more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from secretwatch.alarm import AlarmConfig, Sample, State, datapoints, evaluate, next_state

Cell = tuple[int, int]
"""Minute of the call, minute of the arrival."""

Cells = Mapping[Cell, Mapping[float, int]]
"""Of each cell, how often each value came."""

Counts = tuple[Cell, Mapping[float, int], int]
"""A cell, how often each value came, and of how many reads they are."""

_REMEMBERED = 2_000


class Counted(StrEnum):
    """At which time a read stands in its metric."""

    DELIVERY = "delivery"
    CALL = "call"


class Fate(StrEnum):
    """What became of the reads of a cell."""

    RANG = "rang"
    IN_ALARM = "already in ALARM"
    BELOW = "below threshold"
    LATE = "late"

    @property
    def is_heard(self) -> bool:
        return self in (Fate.RANG, Fate.IN_ALARM)


Settled = Callable[[Cell, Fate, int], None]
"""Is told what became of each cell, and of how many reads, once that is decided."""


@dataclass(frozen=True)
class Ring:
    """A change to ALARM. minute: of the evaluation. cells: those in the periods that decided, and of how many
    reads. reason: "" where it was not asked for."""

    minute: int
    cells: tuple[Cell, ...]
    reads: int
    reason: str
    until: int | None = None
    """Minute of the evaluation that ended it; None where it did not end."""


@dataclass
class Replay:
    """What an alarm did. fates: of each cell."""

    rings: list[Ring] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    """Minutes of changes to OK, from ALARM."""
    fates: dict[Cell, Fate] = field(default_factory=dict)


def can_replay(config: AlarmConfig) -> bool:
    """Whether cells tell enough: a log metric has a value a minute, and shorter periods are none of its."""
    return config.period % 60 == 0


def replay(
    config: AlarmConfig,
    cells: Cells,
    counted: Counted,
    unit: str | None = None,
    decided: dict[object, State] | None = None,
    *,
    reasons: bool = True,
) -> Replay:
    """What the alarm did, from before the first cell until it rests after the last.

    unit: of the values. decided: what was decided before, of the same alarm and unit: kept between replays.
    """
    fates: dict[Cell, Fate] = {}

    def settled(cell: Cell, fate: Fate, reads: int) -> None:
        fates[cell] = fate

    counts = ((cell, values, sum(values.values())) for cell, values in sorted(cells.items(), key=_arrival))
    found = follow(config, counts, counted, unit, decided, settled=settled, reasons=reasons)
    found.fates = fates
    return found


def follow(
    config: AlarmConfig,
    counts: Iterable[Counts],
    counted: Counted,
    unit: str | None = None,
    decided: dict[object, State] | None = None,
    *,
    settled: Settled = lambda cell, fate, reads: None,
    reasons: bool = True,
) -> Replay:
    """The same of cells that come in the order of their arrival: only those are kept that an evaluation sees.

    `fates` stay empty: `settled` is told them.
    """
    run = _Run(config, counted, unit, {} if decided is None else decided, settled, reasons)
    return run.run(counts)


def _arrival(each: tuple[Cell, Mapping[float, int]]) -> tuple[int, int]:
    (minute, arrival), _ = each
    return (max(arrival, minute), minute)


def at_once(cells: Cells) -> dict[Cell, dict[float, int]]:
    """The same reads without any delay."""
    found: dict[Cell, dict[float, int]] = defaultdict(lambda: defaultdict(int))
    for (minute, _), values in cells.items():
        for value, count in values.items():
            found[minute, minute][value] += count
    return {cell: dict(values) for cell, values in found.items()}


def missed(ideal: Replay, real: Replay) -> list[Ring]:
    """Rings of the reads `at_once` (counted at the call) of which none rang really, nor came in ALARM."""
    return unheard(ideal, {minute for (minute, _), fate in real.fates.items() if fate.is_heard})


def unheard(ideal: Replay, heard: Set[int]) -> list[Ring]:
    """The same. heard: minutes of calls of which one rang or came in ALARM."""
    return [ring for ring in ideal.rings if not any(minute in heard for minute, _ in ring.cells)]


@dataclass(slots=True)
class _Entry:
    cell: Cell
    minute: int
    """Where it stands in the metric."""
    samples: list[Sample]
    values: tuple[tuple[float, int], ...]
    reads: int
    fate: Fate | None = None


class _Run:
    def __init__(
        self,
        config: AlarmConfig,
        counted: Counted,
        unit: str | None,
        decided: dict[object, State],
        settled: Settled,
        reasons: bool,
    ) -> None:
        self._config, self._counted, self._unit = config, counted, unit
        self._settled, self._reasons = settled, reasons
        self._span = config.evaluation_range * config.period // 60
        self._deciding = config.evaluation_periods * config.period // 60
        self._state = State.INSUFFICIENT_DATA
        self._found = Replay()
        self._open: Ring | None = None
        # What an evaluation decides hangs on the ages of what it sees, and on nothing of the clock.
        self._decided = decided

    def run(self, counts: Iterable[Counts]) -> Replay:
        self._sweep(self._in_time(counts))
        self._close(None)
        return self._found

    def _in_time(self, counts: Iterable[Counts]) -> Iterator[_Entry]:
        """Without those that are late: these are settled."""
        for cell, values, reads in counts:
            entry = _entry(cell, values, reads, self._counted, self._unit)
            if cell[1] >= entry.minute + self._span:
                self._settled(cell, Fate.LATE, reads)
            else:
                yield entry

    def _sweep(self, waiting: Iterator[_Entry]) -> None:
        """Every minute in which something is in the range that an evaluation looks at."""
        seen: list[_Entry] = []
        following = next(waiting, None)
        minute = 0
        if following:
            self._settle(_visible(following) - self._span - 1)
        while following or seen:
            if not seen and following:
                minute = _visible(following)
            new = []
            while following and _visible(following) <= minute:
                new.append(following)
                following = next(waiting, None)
            seen = self._still_seen(seen, minute) + new
            before = self._state
            self._evaluate(minute, seen)
            if before == self._state == State.ALARM:
                for entry in new:
                    entry.fate = Fate.IN_ALARM
            if not seen:
                self._settle(minute + 1)
            minute += 1

    def _still_seen(self, seen: list[_Entry], minute: int) -> list[_Entry]:
        left = []
        for entry in seen:
            if entry.minute >= minute - self._span:
                left.append(entry)
            else:
                self._settled(entry.cell, entry.fate or Fate.BELOW, entry.reads)
        return left

    def _settle(self, minute: int) -> None:
        """Evaluations of nothing, until they change nothing more."""
        for later in range(self._span + 2):
            before = self._state
            self._evaluate(minute + later, [])
            if self._state == before:
                return

    def _evaluate(self, minute: int, seen: Sequence[_Entry]) -> None:
        key = (self._state, tuple((minute - each.minute, each.values) for each in seen))
        if self._decided.get(key) == self._state:
            return
        at = _time(minute)
        samples = [sample for entry in seen for sample in entry.samples]
        points = datapoints(self._config, samples, at)
        new = next_state(self._config, points, self._state)
        if len(self._decided) < _REMEMBERED:
            self._decided[key] = new
        if new == self._state:
            return
        if new == State.ALARM:
            # Where the newest periods are empty, older ones decide (see `alarm.evaluation`).
            deciding = [each for each in seen if each.minute >= minute - self._deciding] or seen
            for entry in deciding:
                entry.fate = entry.fate or Fate.RANG
            reason = evaluate(self._config, points, self._state, at=at).reason if self._reasons else ""
            reads = sum(each.reads for each in deciding)
            self._open = Ring(minute, tuple(each.cell for each in deciding), reads, reason)
        elif self._state == State.ALARM:
            self._close(minute)
            if new == State.OK:
                self._found.ends.append(minute)
        self._state = new

    def _close(self, minute: int | None) -> None:
        if self._open:
            self._found.rings.append(replace(self._open, until=minute))
            self._open = None


def _entry(cell: Cell, values: Mapping[float, int], reads: int, counted: Counted, unit: str | None) -> _Entry:
    minute = cell[1] if counted is Counted.DELIVERY else cell[0]
    time, counts = _time(minute), tuple(sorted(values.items()))
    samples = [Sample(time, value, float(count), unit=unit) for value, count in counts]
    return _Entry(cell, minute, samples, counts, reads)


def _visible(entry: _Entry) -> int:
    return max(entry.cell[1], entry.minute) + 1


def _time(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)
