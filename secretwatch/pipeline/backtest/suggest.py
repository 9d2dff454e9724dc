"""From a filled store to suggestions: the reads of each watch, and what its alarms would do with fewer.

Which principals are left out is decided in `secretwatch.backtest.suggest`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from secretwatch.backtest.limit import Limit
from secretwatch.backtest.replay import Counted, can_replay
from secretwatch.backtest.rings import Rings
from secretwatch.backtest.subject import Filter, Subject, Watch, sinks
from secretwatch.backtest.suggest import Read, Suggestion, suggest
from secretwatch.pipeline.backtest.store import Store

_DENIED = "AccessDenied"
"""What the module's patterns look for in errorCode: such reads count whoever is left out."""


@dataclass(frozen=True)
class ForWatch:
    """subject, watch: labels. suggestion: None where its alarms are not evaluated here."""

    subject: str
    watch: str
    suggestion: Suggestion | None


def suggestions(
    subjects: tuple[Subject, ...],
    store: Store,
    limit: Limit,
    begin: int,
    end: int,
    *,
    counted: Counted = Counted.DELIVERY,
    tell: Callable[[str], None] = lambda line: None,
) -> Iterator[ForWatch]:
    """One for each watch on secrets; the watch on the watch itself has exceptions of its own."""
    numbered = sinks(subjects)
    for number, subject in enumerate(subjects):
        for place, watch in enumerate(subject.watches):
            if watch.kind != "watch":
                continue
            feeding = [
                each
                for each, sink in enumerate(numbered)
                if (sink.subject, sink.watch) == (number, place)
                and isinstance(sink.what, Filter)
                and any(alarm.is_fed_by(sink.what) for alarm in watch.alarms)
            ]
            tell(f"trying exceptions for {watch.label}")
            alarms = _alarms(watch, counted)
            found = None
            if alarms and feeding:
                reads = list(_reads(store, feeding))
                found = suggest(reads, lambda left, alarms=alarms: _rung(alarms, left), limit, begin, end)  # type: ignore[misc]
            yield ForWatch(subject.label, watch.label, found)


def _alarms(watch: Watch, counted: Counted) -> list[Rings]:
    """Those that count reads, one each; none where one cannot be evaluated."""
    feeding = {tuple(each for each in watch.filters if alarm.is_fed_by(each)) for alarm in watch.alarms}
    if len(feeding) != 1 or any(
        each.value != "1" or each.default_value is not None for each in feeding.pop()
    ):
        return []
    found = []
    for alarm in watch.alarms:
        config = alarm.config
        if config is None or not can_replay(config):
            return []
        found.append(Rings(config, counted, config.unit))
    return found


def _rung(alarms: Sequence[Rings], reads: Sequence[Read]) -> list[int]:
    cells = [(cell, 1.0) for read in reads for cell in read.key]  # type: ignore[attr-defined]
    return sorted(minute * 60 for alarm in alarms for minute in alarm(cells))


def _reads(store: Store, feeding: Sequence[int]) -> Iterator[Read]:
    for row in store.hits(feeding):
        yield _read(row)


def _read(row: dict[str, Any]) -> Read:
    who = tuple(each for each in (row["reader"], row["invoked"]) if each)
    return Read(
        time=row["time"],
        who=tuple(dict.fromkeys(who)),
        address=row["address"],
        agent=row["agent"],
        secret=row["secret"],
        denied=_DENIED in row["error"],
        # Once for each filter that counts it.
        key=((row["time"] // 60, row["arrival"] // 60),) * row["counted"],
    )
