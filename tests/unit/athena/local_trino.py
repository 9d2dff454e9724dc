"""Athena on this machine: a query for it, transpiled, on DuckDB, over a table that events were read into.

The table is made from the definition that is meant for Athena, and filled as its SerDe is documented to: a
column has the value of the key of its name, whatever its case; text as it is, the rest as JSON; null and what
is not there are NULL. The functions whose meaning differs are Trino's, written anew after its documentation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from secretwatch.athena import Files, defined, definition, text

ACCOUNT = "111111111111"
FILES = Files("logs", (ACCOUNT,), ("us-east-1",), date(2026, 1, 1))
TABLE = defined("default", "cloudtrail_logs", FILES)
FEW = replace(
    TABLE,
    fields=tuple(
        each
        for each in TABLE.fields
        if each.name in ("eventTime", "eventID", "eventName", "requestParameters")
    ),
)
"""Some of its columns, for queries that are written in a moment."""
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
TIME = "2026-01-15T12:00:00Z"
PATH = (
    f"s3://logs/AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/01/15/"
    f"{ACCOUNT}_CloudTrail_us-east-1_20260115T1205Z_AbCdEfGhIjKlMnOp.json.gz"
)


class Numeral(str):
    """A number as its text has it."""


def json_extract_scalar(document: str | None, path: str) -> str | None:
    """Trino's: the first property of a name; an index is a name as well; numbers as they are written."""
    if document is None:
        return None
    try:
        here = json.loads(
            document,
            parse_int=Numeral,
            parse_float=Numeral,
            object_pairs_hook=lambda pairs: ("{", *pairs),
        )
    except ValueError:
        return None
    for name, quoted, index in re.findall(r'\.([^.\["]+)|\["([^"]*)"\]|\[(\d+)\]', path):
        step = name or quoted or index
        if isinstance(here, tuple):
            here = next((value for key, value in here[1:] if key == step), None)
        elif isinstance(here, list) and step.isdecimal() and int(step) < len(here):
            here = here[int(step)]
        else:
            return None
    if isinstance(here, bool):
        return str(here).lower()
    return str(here) if isinstance(here, str) else None


class Trino:
    """A connection with one table."""

    def __init__(self) -> None:
        self.duckdb = duckdb.connect()
        self.duckdb.execute('CREATE SCHEMA "default"')
        create = sqlglot.parse_one(text(definition("default", "cloudtrail_logs", FILES)), read="athena")
        partitions = create.find(exp.PartitionedByProperty)
        assert partitions
        columns = [*create.this.expressions, *partitions.this.expressions]
        self.columns = {each.name: each.kind for each in columns}
        self.rows: list[dict[str, Any]] = []

    def fill(self, events: Iterable[dict[str, Any]]) -> None:
        """These events and no others, as if they were delivered on the day of `TIME`."""
        self.rows = []
        for event in events:
            row = {name: deserialized(kind, by_name(event).get(name)) for name, kind in self.columns.items()}
            self.rows.append(
                row | {"account": ACCOUNT, "region": "us-east-1", "day": "2026/01/15", "$path": PATH}
            )

    def run(self, query: str) -> list[tuple[str | None, ...]]:
        """The rows, each value as text or NULL. The query is read from its text, as Athena would."""
        extracted: dict[tuple[str, str], str] = {}

        def as_column(node: exp.Expr) -> exp.Expr:
            """DuckDB writes numbers anew, and knows other paths: what is extracted is put beside."""
            if not isinstance(node, exp.JSONExtractScalar):
                return node
            path = node.expression.sql("trino").strip("'")
            name = extracted.setdefault((node.this.name, path), f"extracted{len(extracted)}")
            return exp.column(name)

        tree = sqlglot.parse_one(query, read="athena").transform(as_column)
        held = self.rows
        if values := tree.find(exp.Values):
            # A query that brings its rows along.
            columns = values.args["alias"].columns
            held = [
                {
                    column.name: None if isinstance(value, exp.Null) else value.name
                    for column, value in zip(columns, row.expressions, strict=True)
                }
                for row in values.expressions
            ]
            values.replace(exp.table_("", db=""))
        for table in tree.find_all(exp.Table):
            table.replace(exp.table_("cloudtrail_logs", db="default", quoted=True))
        named = {each.name for each in tree.find_all(exp.Column)}
        kinds = {name: structure(kind) for name, kind in self.columns.items() if name in named}
        kinds |= dict.fromkeys([*extracted.values(), "$path"], "VARCHAR")
        kinds |= dict.fromkeys(named - set(kinds), "VARCHAR")
        rows = [
            {name: row[name] for name in kinds if name in row}
            | {name: json_extract_scalar(row[column], path) for (column, path), name in extracted.items()}
            for row in held
        ]
        self.duckdb.execute(
            'CREATE OR REPLACE TABLE "default"."cloudtrail_logs" AS '
            "SELECT unnest(from_json(?, ?), max_depth := 2)",
            [json.dumps(rows), json.dumps([kinds])],
        )
        return self.duckdb.execute(tree.sql("duckdb")).fetchall()

    def names(self, query: str) -> list[str]:
        """The columns of an answer."""
        return [each.alias_or_name for each in sqlglot.parse_one(query, read="athena").selects]


def structure(kind: exp.DataType) -> Any:
    if kind.is_type(exp.DataType.Type.STRUCT):
        return {part.name: structure(part.kind) for part in kind.expressions}
    if kind.is_type(exp.DataType.Type.ARRAY):
        return [structure(kind.expressions[0])]
    return kind.sql("duckdb")


def by_name(value: Any) -> dict[str, Any]:
    return {name.lower(): each for name, each in value.items()}


def deserialized(kind: exp.DataType, value: Any) -> Any:
    """What the SerDe makes of a value."""
    if value is None:
        return None
    if kind.is_type(exp.DataType.Type.STRUCT):
        has = by_name(value)
        return {part.name: deserialized(part.kind, has.get(part.name)) for part in kind.expressions}
    if kind.is_type(exp.DataType.Type.ARRAY):
        return [deserialized(kind.expressions[0], each) for each in value]
    if kind.is_type(exp.DataType.Type.MAP):
        return {name: str(each) for name, each in value.items()}
    return value if isinstance(value, str) else written(value)


def written(value: Any) -> str:
    """JSON, with numerals as they are."""
    if isinstance(value, Numeral):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{written(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)
