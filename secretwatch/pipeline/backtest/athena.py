"""History for a backtest from Athena: the queries of all filters and rules, and a store that they fill.

Every event that comes back is decided by the same `Matcher` that reads files.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlglot import exp

from secretwatch.athena import Pattern, Table, Unanswerable, check_selector, queries
from secretwatch.backtest.delay import Delay, arrival_of_name
from secretwatch.backtest.hit import Unusable
from secretwatch.backtest.matcher import Matcher
from secretwatch.backtest.subject import Filter, Subject, sinks
from secretwatch.cloudtrail import eventbridge
from secretwatch.eventpattern import EventPattern
from secretwatch.filterpattern import FilterPattern, Selector
from secretwatch.incident.act import moment
from secretwatch.pipeline.athena import history
from secretwatch.pipeline.athena.ask import Athena, Estimate
from secretwatch.pipeline.backtest.scan import Tally
from secretwatch.pipeline.backtest.store import BUCKET, Store

_TOGETHER = 500


def question_of(
    subjects: tuple[Subject, ...], table: Table, begin: datetime, end: datetime
) -> history.Question:
    """What is asked for these. Raises Unanswerable and Unusable."""
    return history.Question.of(table, _patterns(subjects, table), begin, end)


def trees_of(
    subjects: tuple[Subject, ...], table: Table, begin: datetime, end: datetime
) -> tuple[exp.Select, ...]:
    """The same as queries to be shown."""
    return queries(table, _patterns(subjects, table), begin, end)


def _patterns(subjects: tuple[Subject, ...], table: Table) -> list[Pattern]:
    patterns: dict[str, Pattern] = {}
    for sink in sinks(subjects):
        what = sink.what
        if not isinstance(what, Filter):
            if eventbridge.is_enabled(what.state):
                patterns.setdefault(f"rule {what.pattern}", EventPattern.parse(what.pattern))
            continue
        if what.default_value is not None:
            raise Unanswerable(
                f"The filter {what.name} has a default value, which counts events that do not match: Athena "
                "would have to give back all of them. Read the files, with --logs."
            )
        patterns.setdefault(what.pattern, FilterPattern.parse(what.pattern))
        if what.value.startswith("$"):
            check_selector(Selector.parse(what.value), table.fields)
    return list(patterns.values())


class Reading:
    """One question, from its estimate to a filled store. tell: of events so far."""

    def __init__(
        self, athena: Athena, question: history.Question, tell: Callable[[str], None] = lambda line: None
    ) -> None:
        self._athena, self._question, self._tell = athena, question, tell
        self._tally = Tally(first=_text(question.begin), last=_text(question.end))

    def check(self, most_bytes: int | None) -> Estimate:
        """Raises Refused and Unusable, before anything is spent."""
        estimate = history.check(self._athena, self._question, most_bytes, self._seen)
        self._tally.files, self._tally.size = estimate.files, estimate.bytes
        return estimate

    def _seen(self, key: str) -> None:
        """A log file: the trail's own topic tells of each."""
        arrival = arrival_of_name(key)
        if arrival is not None:
            self._tally.arrivals[arrival // BUCKET] += 1

    def fill(
        self, store: Store, subjects: tuple[Subject, ...], most_bytes: int | None, *, seed: int = 0
    ) -> Tally:
        """Ask, and store what matches. Raises Refused."""
        matcher, delay, tally = Matcher(subjects), Delay(seed), self._tally
        found = history.found(self._athena, self._question, most_bytes, lambda event: True)
        for each in found:
            tally.events += 1
            arrival = None if each.file is None else arrival_of_name(each.file)
            if arrival is None:
                tally.unnamed += 1
                at = moment(str(each.event.get("eventTime") or ""))
                id = str(each.event.get("eventID") or "")
                arrival = delay.arrival(id, int(at.timestamp())) if at else 0
            try:
                hit = matcher.hit(each.event, arrival)
            except Unusable as error:
                tally.add_broken(each.file or "a row", str(error))
                continue
            if hit is not None:
                store.add([hit])
            if tally.events % _TOGETHER == 0:
                self._tell(f"{tally.events:,} events from Athena so far")
        tally.offered = store.offered
        store.commit()
        return tally


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
