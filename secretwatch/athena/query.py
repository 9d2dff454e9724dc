"""The queries: all events of a time that some pattern may match, as columns that can be read back.

A query is one tree and is written by sqlglot, so that no name and no text can leave its quotation marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from sqlglot import exp

from secretwatch.athena.condition import Condition, Sql, always, join
from secretwatch.athena.errors import Unusable
from secretwatch.athena.fields import Field, Form
from secretwatch.athena.table import Table
from secretwatch.athena.where import where
from secretwatch.eventpattern import EventPattern
from secretwatch.filterpattern import FilterPattern

LONGEST = 262_144
"""Bytes of a query: https://docs.aws.amazon.com/athena/latest/ug/service-limits.html"""

Pattern: TypeAlias = FilterPattern | EventPattern

_JOINED = len(" OR ()")

FILE = "path"
"""The last column of an answer: the log file that holds the event, whose name says when it was delivered."""

_PATH = exp.column("$path", quoted=True)
"""https://docs.aws.amazon.com/athena/latest/ug/querying-finding-files.html"""

_SENTINEL = "__SQLGLOT__LBK__"  # what sqlglot puts for a line break while it lays text out


def queries(
    table: Table, patterns: Iterable[Pattern], begin: datetime, end: datetime
) -> tuple[exp.Select, ...]:
    """One query, or several where one would be too long; each scans the same files.

    begin, end: of the events' times, the end not included. Raises Unanswerable, and Unusable.
    """
    table.check(begin, end)
    found = [where(pattern, table.fields) for pattern in patterns]
    if any(each.always for each in found):
        found = [join("or", found)]
    found = [each for each in found if not each.never]
    room = LONGEST - _size(_query(table, [always()], begin, end)) - _JOINED
    chunks: list[list[Condition]] = []
    left = -1
    for condition in found:
        size = _size(condition.tree) + _JOINED
        if size > room:
            raise Unusable("A pattern makes a query that is longer than Athena takes.")
        if size > left:
            chunks.append([])
            left = room
        left -= size
        chunks[-1].append(condition)
    return tuple(_query(table, chunk, begin, end) for chunk in chunks)


def _size(tree: Sql) -> int:
    """Bytes."""
    return len(text(tree).encode())


def header(table: Table) -> tuple[str, ...]:
    """The columns of an answer."""
    return (*(each.column for each in table.fields), FILE)


def is_exact(table: Table, patterns: Iterable[Pattern]) -> bool:
    """Whether the queries find those events alone that match."""
    return all(where(pattern, table.fields).exact for pattern in patterns)


def text(tree: Sql, *, pretty: bool = False) -> str:
    """A query or a table's definition, as Athena takes it."""
    plain = tree.sql("athena")
    # A text in it that is sqlglot's own mark would become a line break.
    return tree.sql("athena", pretty=True) if pretty and _SENTINEL not in plain else plain


def _query(table: Table, conditions: Sequence[Condition], begin: datetime, end: datetime) -> exp.Select:
    matching = join("or", conditions)
    parts = [*table.days(begin, end), *_times(begin, end)]
    if not matching.always:
        parts.append(matching.tree)
    return (
        exp.select(*map(_selected, table.fields), exp.alias_(_PATH, FILE, quoted=True))
        .from_(exp.table_(table.name, db=table.database, quoted=True))
        .where(exp.and_(*parts))
    )


def _selected(field: Field) -> Sql:
    column: Sql = exp.column(field.column, quoted=True)
    if field.form not in (Form.TEXT, Form.FLAG, Form.JSON):
        column = exp.JSONFormat(this=exp.cast(column, "json"))
    return exp.alias_(column, field.column, quoted=True)


def _times(begin: datetime, end: datetime) -> list[Sql]:
    column = exp.column("eventtime", quoted=True)
    return [
        exp.GTE(this=column, expression=exp.Literal.string(_time(begin))),
        exp.LT(this=column.copy(), expression=exp.Literal.string(_time(end))),
    ]


def _time(at: datetime) -> str:
    """As events have it, whose times are of whole seconds: the next one."""
    at = at.astimezone(UTC)
    if at.microsecond:
        at = at.replace(microsecond=0) + timedelta(seconds=1)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
