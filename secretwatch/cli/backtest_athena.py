"""`secretwatch backtest --engine athena`: its options, what is asked before it is spent, and --print-sql."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click
from rich.console import Console

from secretwatch.cli import exits
from secretwatch.cli.console import teller, visible_line
from secretwatch.cli.options import PAST

if TYPE_CHECKING:
    from secretwatch.athena import Table
    from secretwatch.backtest.subject import Subject
    from secretwatch.pipeline.backtest.scan import Tally
    from secretwatch.pipeline.backtest.store import Store

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--engine",
        type=click.Choice(["files", "athena"]),
        default="files",
        show_default=True,
        help="Read files, or ask a table of Athena's (docs/athena.md).",
    ),
    click.option("--from", "begin", type=PAST, metavar="TIME", help="Athena: events from then on, as 30d."),
    click.option("--to", "end", type=PAST, metavar="TIME", help="Athena: events before then. [default: now]"),
    click.option(
        "--table",
        "table_name",
        metavar="DATABASE.TABLE",
        help="Athena: the table. [default: default.cloudtrail_logs]",
    ),
    click.option("--workgroup", metavar="NAME", help="Athena: the workgroup. [default: primary]"),
    click.option("--output", metavar="S3", help="Athena: where results go. [default: the workgroup's own]"),
    click.option("--region", metavar="REGION", help="Athena: its region. [default: the environment's]"),
    click.option(
        "--max-bytes", type=click.IntRange(min=1), metavar="N", help="Athena: scan no more than this."
    ),
    click.option(
        "--print-sql",
        is_flag=True,
        help="Athena: print the table's definition (with --logs s3://BUCKET/PREFIX, --account and "
        "--trail-region) and the queries; ask nothing.",
    ),
    click.option(
        "--account",
        "accounts",
        multiple=True,
        metavar="ID",
        help="--print-sql: account of the log files; repeatable.",
    ),
    click.option(
        "--trail-region",
        "regions",
        multiple=True,
        metavar="REGION",
        help="--print-sql: region of the log files; repeatable.",
    ),
    click.option("--organization", metavar="ID", help="--print-sql: the organisation whose trail it is."),
)


def options(command: F) -> F:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True)
class Engine:
    """What was asked for on the command line."""

    begin: datetime
    end: datetime
    database: str
    table: str
    workgroup: str
    output: str | None
    region: str | None
    most_bytes: int | None
    print_sql: bool
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    organization: str | None

    def show(self, subjects: tuple[Subject, ...], where: Sequence[str]) -> None:
        """The statements alone on standard output."""
        from secretwatch.athena import Table, Unanswerable, Unusable, defined, definition, text
        from secretwatch.pipeline.backtest.athena import trees_of

        try:
            if files := self._files(where):
                table = defined(self.database, self.table, files)
                first = text(definition(self.database, self.table, files), pretty=True) + ";"
            else:
                table = Table(self.database, self.table)
                first = "-- The definition: give --logs s3://BUCKET/PREFIX, --account and --trail-region."
            trees = trees_of(subjects, table, self.begin, self.end)
        except (Unanswerable, Unusable) as error:
            _end(str(error), exits.USAGE)
        click.echo("\n\n".join([first, *(text(tree, pretty=True) + ";" for tree in trees)]))

    def _files(self, where: Sequence[str]) -> Any:
        from secretwatch.athena import Files

        if not (where or self.accounts or self.regions or self.organization):
            return None
        if len(where) != 1 or not where[0].startswith("s3://") or not (self.accounts and self.regions):
            raise click.UsageError(
                "A table is defined on one --logs s3://BUCKET/PREFIX, with --account and --trail-region."
            )
        bucket, _, prefix = where[0].removeprefix("s3://").partition("/")
        return Files(
            bucket, self.accounts, self.regions, self.begin.date(), prefix.strip("/"), self.organization
        )

    def read(
        self, subjects: tuple[Subject, ...], store: Store, seed: int, yes: bool, console: Console
    ) -> Tally:
        """Ask, once it is agreed to; whatever ends this stops the query."""
        from secretwatch.athena import Unanswerable, Unusable
        from secretwatch.cli.interrupt import ended_as_with_ctrl_c
        from secretwatch.pipeline.athena.ask import Athena, Place
        from secretwatch.pipeline.athena.calls import Refused
        from secretwatch.pipeline.athena.history import cost
        from secretwatch.pipeline.backtest.athena import Reading, question_of
        from secretwatch.pipeline.pace import Threads

        place = Place(self.database, self.table, self.workgroup, self.output)
        try:
            with ended_as_with_ctrl_c():
                with console.status("looking at the table") as status:
                    tell = teller(console, status)
                    athena = Athena(self._client_of(), place, clock=time, threads=Threads(), tell=tell)
                    table: Table = athena.table()
                    question = question_of(subjects, table, self.begin, self.end)
                    reading = Reading(athena, question, tell)
                    estimate = reading.check(self.most_bytes)
                click.echo(visible_line(cost(estimate)), err=True)
                if not yes:
                    _ask()
                with console.status("asking Athena") as status:
                    athena.tell = teller(console, status)
                    return reading.fill(store, subjects, self.most_bytes, seed=seed)
        except (Unanswerable, Unusable) as error:
            _end(str(error), exits.USAGE)
        except Refused as error:
            _end(str(error), exits.UNKNOWN if error.unknown else exits.USAGE)

    def _client_of(self) -> Callable[[str], Any]:
        import boto3

        from secretwatch.pipeline.aws import Aws

        session = boto3.Session()
        region = self.region or session.region_name
        if not region:
            _end("Which region is Athena in? Give --region.", exits.USAGE)
        return Aws(session, region).client


def engine_of(
    asked: Mapping[str, Any], where: Sequence[str], *, strict: bool, bill: bool, resume: str | None
) -> Engine | None:
    """None where files are read. Raises click.UsageError for options that do not go together."""
    given = {name: value for name, value in asked.items() if value and name != "engine"}
    if asked["engine"] == "files":
        if given:
            names = ", ".join("--" + _OPTION.get(name, name).replace("_", "-") for name in sorted(given))
            raise click.UsageError(f"With --engine athena only: {names}.")
        return None
    if strict or bill or resume:
        raise click.UsageError(
            "--strict, --bill and --resume are about files: Athena only gives back matches."
        )
    if where and not asked["print_sql"]:
        raise click.UsageError("Athena reads the files of its table: leave --logs out, or --engine.")
    if asked["begin"] is None:
        raise click.UsageError(
            "From when on? Give --from, as 30d or 2026-01-31: each day that is scanned costs."
        )
    database, dot, table = (asked["table_name"] or "default.cloudtrail_logs").partition(".")
    if not dot or not database or not table:
        raise click.UsageError("--table is DATABASE.TABLE, as default.cloudtrail_logs.")
    end = asked["end"] or datetime.now(UTC)
    if end <= asked["begin"]:
        raise click.UsageError("--to is not after --from.")
    _needs_sqlglot()
    return Engine(
        begin=asked["begin"],
        end=end,
        database=database,
        table=table,
        workgroup=asked["workgroup"] or "primary",
        output=asked["output"],
        region=asked["region"],
        most_bytes=asked["max_bytes"],
        print_sql=asked["print_sql"],
        accounts=asked["accounts"],
        regions=asked["regions"],
        organization=asked["organization"],
    )


_OPTION = {
    "accounts": "account",
    "begin": "from",
    "end": "to",
    "regions": "trail_region",
    "table_name": "table",
}


def _needs_sqlglot() -> None:
    import importlib.util

    if importlib.util.find_spec("sqlglot") is None:
        _end("sqlglot is not installed: pip install 'secretwatch[athena]'.", exits.NOT_INSTALLED)


def _ask() -> None:
    if not sys.stdin or not sys.stdin.isatty():
        _end("Nothing was asked: give --yes to go on without being asked.", exits.USAGE)
    if not click.confirm("Ask Athena?", err=True):
        _end("Nothing was asked.", exits.USAGE)


def _end(sentence: str, code: int) -> NoReturn:
    click.echo(visible_line(sentence), err=True)
    sys.exit(code)
