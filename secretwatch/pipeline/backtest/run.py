"""From a filled store to the result: alarms replayed, messages counted, readers told.

What each number means stands in `secretwatch.backtest.result`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from secretwatch.alarm import AlarmConfig, State
from secretwatch.backtest.bill import bill
from secretwatch.backtest.limit import Limit
from secretwatch.backtest.replay import Cell, Counted, Counts, Fate, Replay, Ring, can_replay, follow, unheard
from secretwatch.backtest.result import (
    AlarmResult,
    Days,
    Event,
    Missed,
    Rang,
    Result,
    SubjectResult,
    TooMany,
    Traffic,
    WatchResult,
)
from secretwatch.backtest.silence import is_of_silence, silences
from secretwatch.backtest.subject import Alarm, Filter, Rule, Sink, Subject, Watch, sinks
from secretwatch.incident.act import moment
from secretwatch.pipeline.backtest.scan import Tally
from secretwatch.pipeline.backtest.store import BUCKET, Store

TOP = ("reader", "address", "agent", "secret", "name", "account")
_SHOWN = 10
_EVENTS, _FEW = 20, 3
_UNDATED = (
    "This history does not say for each file when it arrived: alarms that ring when no "
    "event arrives are not tested."
)
_MANY_RINGS = 500
"""Events that are told of a ring, and of those behind so many."""


def backtest(
    subjects: tuple[Subject, ...],
    store: Store,
    tally: Tally,
    *,
    zone: str = "UTC",
    limit: Limit | None = None,
    with_bill: bool = False,
    counted: Counted = Counted.DELIVERY,
    tell: Callable[[str], None] = lambda line: None,
) -> Result:
    """The result. zone: of the days, a name of the IANA database. Raises ZoneInfoNotFoundError."""
    run = _Run(subjects, store, tally, ZoneInfo(zone), counted, tell)
    begin, end = run.begin, run.end
    tested = tuple(run.subject(number) for number in range(len(subjects)))
    hits = store.count()
    return Result(
        begin=begin,
        end=end,
        zone=zone,
        subjects=tested,
        hits=hits,
        duplicates=tally.offered - hits,
        files=tally.files,
        damaged=tally.damaged,
        broken=tuple(tally.broken),
        drawn=tally.unnamed > 0,
        read={
            "bytes": tally.size,
            "bytes_decompressed": tally.plain,
            "events_decoded": tally.events,
            "files_not_decoded": tally.skipped,
            "files_twice": tally.twice,
            "messages_that_are_no_events": tally.others,
            "pieces_broken": tally.pieces,
        },
        limit=str(limit) if limit else "",
        too_many=tuple(_too_many(tested, limit)) if limit else (),
        bill=bill(tally.sources, (end or 0) - (begin or 0)) if with_bill else None,
    )


def _too_many(subjects: Iterable[SubjectResult], limit: Limit) -> Iterable[TooMany]:
    for subject in subjects:
        for watch in subject.watches:
            rings = watch.rings
            found = limit.broken([each.at for each in rings]) if watch.kind == "watch" else None
            if found:
                over = rings[found[0] : found[1] + 1]
                readers = Counter(
                    name
                    for ring in over
                    for name in {each.reader or "(nobody named)" for each in ring.events}
                )
                yield TooMany(
                    subject.label,
                    watch.label,
                    over[0].at,
                    over[-1].at,
                    len(over),
                    readers.most_common(_SHOWN),
                )


@dataclass
class _Followed:
    """A replay. fates: how many reads had which. heard: minutes of calls that rang or came in ALARM."""

    replay: Replay = field(default_factory=Replay)
    fates: Counter[str] = field(default_factory=Counter)
    heard: set[int] = field(default_factory=set)

    def settle(self, cell: Cell, fate: Fate, reads: int) -> None:
        if reads:
            self.fates[fate.value] += reads
        if fate.is_heard:
            self.heard.add(cell[0])


class _Run:
    def __init__(
        self,
        subjects: tuple[Subject, ...],
        store: Store,
        tally: Tally,
        zone: tzinfo,
        counted: Counted,
        tell: Callable[[str], None],
    ) -> None:
        self._tell = tell
        self._subjects = subjects
        self._store = store
        self._tally = tally
        self._zone = zone
        self._counted = counted
        self._sinks = sinks(subjects)
        self._told = 0
        times = list(store.span() or ())
        times += [bucket * BUCKET for bucket in _ends(tally.arrivals)]
        times += [int(at.timestamp()) for text in (tally.first, tally.last) if text and (at := moment(text))]
        self.begin = min(times, default=None)
        self.end = max(times, default=None)
        self._length = max(((self.end or 0) - (self.begin or 0)) / 86400, 1.0)

    def subject(self, number: int) -> SubjectResult:
        subject = self._subjects[number]
        watches = tuple(
            self._watch(subject, number, place, watch) for place, watch in enumerate(subject.watches)
        )
        return SubjectResult(subject.label, watches, subject.unknown, subject.elsewhere)

    def _watch(self, subject: Subject, number: int, place: int, watch: Watch) -> WatchResult:
        mine = {
            each: sink
            for each, sink in enumerate(self._sinks)
            if (sink.subject, sink.watch) == (number, place)
        }
        alarms = tuple(self._alarm(alarm, watch, mine) for alarm in watch.alarms)
        channels, topics = self._messages(subject, watch, mine, alarms)
        by_time = self._store.times(mine)
        tops = {name: self._store.top(mine, name, _SHOWN) for name in TOP}
        return WatchResult(
            label=watch.label,
            kind=watch.kind,
            reads=sum(by_time.values()),
            alarms=alarms,
            channels=channels,
            topics=topics,
            top={name: found for name, (found, _) in tops.items()},
            distinct={name: several for name, (_, several) in tops.items()},
            reads_by_day=self._days(by_time),
            new_readers=self._days(self._store.first_seen(mine)),
        )

    def _alarm(self, alarm: Alarm, watch: Watch, mine: dict[int, Sink]) -> AlarmResult:
        self._tell(f"replaying {alarm.name}")
        feeding = [
            number
            for number, sink in mine.items()
            if isinstance(sink.what, Filter) and alarm.is_fed_by(sink.what)
        ]
        config = alarm.config
        if config is None or not can_replay(config):
            return AlarmResult(alarm.name, why="An alarm of this kind is not evaluated here.")
        defaults = [each.default_value for each in watch.filters if alarm.is_fed_by(each)]
        default = min((each for each in defaults if each is not None), default=None)
        decided: dict[object, State] = {}

        def counts(*, at_once: bool) -> Iterable[Counts]:
            found = self._store.counts(feeding, at_once=at_once)
            return found if default is None else self._with_defaults(found, default, at_once=at_once)

        if is_of_silence(config):
            return self._silence(alarm, config, counts(at_once=False))

        def follow_(counted: Counted, *, at_once: bool = False, told: bool = False) -> _Followed:
            followed = _Followed()
            followed.replay = follow(
                config,
                counts(at_once=at_once),
                counted,
                config.unit,
                decided,
                settled=followed.settle,
                reasons=told,
            )
            return followed

        real = follow_(self._counted, told=True)
        ideal = follow_(Counted.CALL, at_once=True).replay
        at_call = real if self._counted is Counted.CALL else follow_(Counted.CALL)
        return AlarmResult(
            name=alarm.name,
            rings=tuple(self._rang(ring, feeding) for ring in real.replay.rings),
            fates=dict(real.fates),
            missed=tuple(self._missed(ring, feeding) for ring in unheard(ideal, real.heard)),
            at_call={
                "rings": len(at_call.replay.rings),
                "missed": len(unheard(ideal, at_call.heard)),
            },
        )

    def _silence(self, alarm: Alarm, config: AlarmConfig, counts: Iterable[Counts]) -> AlarmResult:
        arrivals = self._store.arrivals()
        cells = {cell: values for cell, values, _ in counts}
        why = "" if cells else "This history has no event that it counts: it is not tested."
        if alarm.log_group is not None:
            cells = {(minute, minute): {1.0: 1} for minute in arrivals}
            why = "" if arrivals and not self._tally.unnamed else _UNDATED
        if why:
            return AlarmResult(alarm.name, why=why, of_silence=True)
        end = max(*arrivals[-1:], (self.end or 0) // 60)
        found = silences(config, cells, end, self._counted, config.unit)
        return AlarmResult(alarm.name, rings=tuple(self._rang(ring, ()) for ring in found), of_silence=True)

    def _with_defaults(self, counts: Iterable[Counts], default: float, *, at_once: bool) -> Iterable[Counts]:
        """With the default value in each minute in which events came, and none of them counted."""
        found = list(counts)
        counted = {arrival for (_, arrival), _, _ in found}
        empty = {cell for cell in self._tally.minutes if cell[1] not in counted}
        empty = {(minute, minute) for minute, _ in empty} if at_once else empty
        taken = {cell for cell, _, _ in found}
        found += [(cell, {default: 1}, 0) for cell in empty - taken]
        return sorted(found, key=lambda each: each[0][::-1])

    def _rang(self, ring: Ring, feeding: Sequence[int]) -> Rang:
        return Rang(
            at=ring.minute * 60,
            until=None if ring.until is None else ring.until * 60,
            reason=ring.reason,
            reads=ring.reads,
            events=self._events(feeding, ring) if ring.reads else (),
        )

    def _missed(self, ring: Ring, feeding: Sequence[int]) -> Missed:
        events = self._events(feeding, ring, whenever=True) if ring.reads else ()
        return Missed(ring.minute * 60, ring.reads, events)

    def _events(self, feeding: Sequence[int], ring: Ring, *, whenever: bool = False) -> tuple[Event, ...]:
        """whenever: by the minutes of the calls alone."""
        names = Event.__dataclass_fields__
        found = []
        for row in self._store.hits(feeding, ring.cells, whenever=whenever):
            found.append(Event(**{name: row[name] for name in names}))
            if len(found) == (_EVENTS if self._told < _MANY_RINGS else _FEW):
                break
        self._told += 1
        return tuple(found)

    def _messages(
        self, subject: Subject, watch: Watch, mine: dict[int, Sink], alarms: tuple[AlarmResult, ...]
    ) -> tuple[dict[str, Traffic], dict[str, Traffic]]:
        channels: dict[str, Counter[int]] = {}
        topics: dict[str, Counter[int]] = {}

        def add(channel: str, to: Iterable[str], times: dict[int, int]) -> None:
            for topic in to:
                channels.setdefault(channel, Counter()).update(times)
                topics.setdefault(topic, Counter()).update(times)

        for alarm, result in zip(watch.alarms, alarms, strict=True):
            rang = Counter(ring.at // BUCKET for ring in result.rings)
            add("alarm", alarm.topics, rang)
            ended = Counter(ring.until // BUCKET for ring in result.rings if ring.until is not None)
            add("alarm", alarm.ok_topics, ended)
            if alarm.details:
                add("details", alarm.topics, rang)
        for number, sink in mine.items():
            if isinstance(sink.what, Rule):
                add(sink.what.channel, sink.what.topics or ("(not known)",), self._store.messages(number))
        if watch.kind == "watch" and subject.trail_topics:
            add("trail", subject.trail_topics, dict(self._tally.arrivals))
        return (
            {name: self._traffic(times) for name, times in sorted(channels.items())},
            {name: self._traffic(times) for name, times in sorted(topics.items())},
        )

    def _traffic(self, times: dict[int, int]) -> Traffic:
        days = self._days(times)
        total = sum(days.values())
        busiest = max(days.items(), key=lambda each: (each[1], each[0]), default=None)
        return Traffic(total, total / self._length, busiest, days)

    def _days(self, times: dict[int, int]) -> Days:
        days: Counter[str] = Counter()
        for bucket, count in times.items():
            days[f"{datetime.fromtimestamp(bucket * BUCKET, self._zone):%Y-%m-%d}"] += count
        return dict(sorted(days.items()))


def _ends(times: Counter[int]) -> list[int]:
    return [min(times), max(times)] if times else []
