"""History from a table: what is asked, what it costs, and the events that patterns match."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from secretwatch.athena import Pattern, Table, event, header, is_exact, queries, text
from secretwatch.filterpattern import FilterPattern
from secretwatch.pipeline.athena.ask import Athena, Estimate, size
from secretwatch.pipeline.athena.calls import Refused


@dataclass(frozen=True)
class Question:
    """Which events of a time match any of these patterns. queries: as Athena takes them."""

    table: Table
    patterns: tuple[Pattern, ...]
    begin: datetime
    end: datetime
    queries: tuple[str, ...]
    exact: bool

    @classmethod
    def of(cls, table: Table, patterns: Sequence[Pattern], begin: datetime, end: datetime) -> Question:
        """Raises Unanswerable and Unusable."""
        trees = queries(table, patterns, begin, end)
        return cls(table, tuple(patterns), begin, end, tuple(map(text, trees)), is_exact(table, patterns))

    def matches(self, event: dict[str, Any]) -> bool:
        """Whether a filter pattern does."""
        return any(
            pattern.matches_event(event) for pattern in self.patterns if isinstance(pattern, FilterPattern)
        )


@dataclass(frozen=True)
class Found:
    """An event that a pattern matches, and the log file that it lies in (an s3:// address)."""

    event: dict[str, Any]
    file: str | None


def check(
    athena: Athena,
    question: Question,
    most_bytes: int | None,
    seen: Callable[[str], None] = lambda key: None,
) -> Estimate:
    """What the question will scan; each key of a log file is `seen`.

    Raises Refused and Unusable, before anything is spent.
    """
    estimate = athena.estimate(question.table, question.begin, question.end, len(question.queries), seen)
    if most_bytes is not None and estimate.scanned > most_bytes:
        raise Refused(
            f"This would scan {size(estimate.scanned)}, more than --max-bytes allows ({size(most_bytes)}): "
            "ask about a shorter time, or allow more."
        )
    athena.check_workgroup(estimate)
    return estimate


def cost(estimate: Estimate) -> str:
    """What is asked before it is spent, in a sentence."""
    scans = f", by {estimate.queries} queries" if estimate.queries > 1 else ""
    return (
        f"Athena will scan {size(estimate.scanned)} in {estimate.files:,} log files{scans}: about "
        f"${estimate.dollars:,.2f}."
    )


def found(
    athena: Athena,
    question: Question,
    most_bytes: int | None = None,
    matches: Callable[[dict[str, Any]], bool] | None = None,
) -> Iterator[Found]:
    """The events, in no order, each once for each time that it was delivered. Raises Refused.

    matches: what decides on an event that the queries find; any of the question's filter patterns, where
    nothing is given.

    Where there are several queries, an event that two of them find is given once.
    """
    columns = header(question.table)
    known: set[str] = set()
    for number, query in enumerate(question.queries):
        left = None if most_bytes is None else max(0, most_bytes - athena.scanned)
        new: set[str] = set()
        for row in athena.rows(query, columns, left):
            try:
                each = event(question.table.fields, row)
            except ValueError as error:
                raise Refused(
                    f"Athena's answer holds a row that is not an event: {error}", unknown=True
                ) from error
            # The query may find more than the patterns match.
            if not (matches or question.matches)(each):
                continue
            id = str(each.get("eventID", ""))
            if number and id in known:
                continue
            new.add(id)
            yield Found(each, row[-1])
        known |= new
