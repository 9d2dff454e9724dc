"""`secretwatch backtest`: what a watch would have done on recorded history, before it is deployed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from rich.console import Console

from secretwatch.cli import backtest_athena, exits
from secretwatch.cli.console import plain, teller, visible, visible_json, visible_line
from secretwatch.cli.installed import needs

if TYPE_CHECKING:
    from secretwatch.backtest.result import Result
    from secretwatch.backtest.subject import Subject
    from secretwatch.pipeline.backtest.scan import Setting, Tally
    from secretwatch.pipeline.backtest.sources import Item
    from secretwatch.pipeline.backtest.store import Store

_PARALLEL_FROM = 48 << 20
"""Bytes from which further processes are worth their start."""


@click.command(
    epilog=exits.table(
        done="the history was read, and no limit is broken",
        failed="--check: more alarms than --max-alarms; --strict: a file is damaged",
        usage="wrong usage, or nothing to test or to read",
        unknown="it cannot be told: AWS could not be asked; --check: part was not tested, or nothing read",
    )
)
@click.argument("plans", metavar="[PLAN|DIR]...", nargs=-1)
@click.option(
    "--logs",
    "where",
    metavar="WHERE",
    multiple=True,
    help="A file, a folder or s3://BUCKET/PREFIX; repeatable.",
)
@click.option(
    "--pattern", "patterns", metavar="PATTERN", multiple=True, help="Test a filter pattern by hand."
)
@click.option(
    "--alarm",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    help="The alarm on --pattern: threshold, period, evaluation_periods, datapoints_to_alarm, statistic, …",
)
@click.option(
    "--watch", "keys", metavar="KEY", multiple=True, help="Only this watch of the plans; repeatable."
)
@click.option("--no-self-watch", is_flag=True, help="Leave out the watch on the watch itself: quicker.")
@click.option(
    "--max-alarms", "limit_text", metavar="N/UNIT", help="Too many alarms, as 3/week, of each watch."
)
@click.option("--check", is_flag=True, help="Exit 1 where --max-alarms is broken, and say by whom: for CI.")
@click.option("--strict", is_flag=True, help="Decode every file, and exit 1 where one is damaged.")
@click.option("--bill", "with_bill", is_flag=True, help="What the events cost in the log group, by service.")
@click.option("--zone", metavar="ZONE", default="UTC", show_default=True, help="Whose days are counted.")
@click.option(
    "--seed", type=click.IntRange(0, 2**63), default=0, show_default=True, help="Of delays that are drawn."
)
@click.option(
    "--counted-at",
    type=click.Choice(["delivery", "call"]),
    default="delivery",
    show_default=True,
    help="The time of CloudTrail's log events (docs/verify.md, log-event-time).",
)
@click.option("--workers", type=click.IntRange(1, 64), help="Processes. [default: as many as processors]")
@click.option(
    "--resume", "resume_file", metavar="FILE", help="Keep what was read there until the end is reached."
)
@click.option("--yes", is_flag=True, help="Fetch from a bucket without asking: listing and fetching overlap.")
@backtest_athena.options
@click.option("--json", "json_file", metavar="FILE|-", help="Write the result as JSON.")
@click.option("--html", "html_file", metavar="FILE", help="Write the result as one HTML page with pictures.")
def backtest(
    plans: tuple[str, ...],
    where: tuple[str, ...],
    patterns: tuple[str, ...],
    settings: tuple[str, ...],
    keys: tuple[str, ...],
    no_self_watch: bool,
    limit_text: str | None,
    check: bool,
    strict: bool,
    with_bill: bool,
    zone: str,
    seed: int,
    counted_at: str,
    workers: int | None,
    resume_file: str | None,
    yes: bool,
    json_file: str | None,
    html_file: str | None,
    **asked: Any,
) -> None:
    """Say what a watch would have done on recorded CloudTrail history: is it noisy, does it ring?

    PLAN is a saved plan or `terraform show -json` of one, DIR a root module, applied or not; several are
    tested side by side. History is read from files, folders or a bucket, in whatever AWS or a common tool
    wraps it, in any order, each event once; or a table of Athena's is asked for it (--engine athena). Nothing
    is changed.
    """
    from dataclasses import replace
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from secretwatch.backtest.limit import InvalidLimit, Limit

    _check_targets(json_file, html_file, [*plans, *where, *([resume_file] if resume_file else [])])
    if resume_file == "":
        raise click.UsageError("--resume keeps what was read in a file: name one.")
    if check and limit_text is None:
        raise click.UsageError("--check needs a limit: give --max-alarms, as 3/week.")
    if settings and not patterns:
        raise click.UsageError("--alarm is the alarm on a --pattern: give one, or change the plan.")
    engine = backtest_athena.engine_of(asked, where, strict=strict, bill=with_bill, resume=resume_file)
    if not where and engine is None:
        raise click.UsageError("Where is history? Give --logs with a file, a folder or s3://BUCKET/PREFIX.")
    if not plans and not patterns:
        raise click.UsageError("What is to be tested? Give a PLAN or DIR, or a --pattern.")
    try:
        limit = Limit.parse(limit_text) if limit_text is not None else None
        ZoneInfo(zone)
    except InvalidLimit as error:
        raise click.UsageError(str(error)) from None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise click.UsageError(f"{zone[:40]!r} is no zone: write one as Europe/Berlin.") from None
    needs("isal", "msgspec", "ahocorasick_rs", extra="backtest")
    from secretwatch.backtest.replay import Counted
    from secretwatch.cli.backtest_view import show
    from secretwatch.cli.untold import untold
    from secretwatch.pipeline.backtest.run import backtest as result_of
    from secretwatch.pipeline.backtest.scan import Setting

    if html_file:
        needs("matplotlib", extra="backtest")
    console = plain(stderr=json_file == "-", soft_wrap=True)
    subjects = _subjects(plans, patterns, settings, keys, no_self_watch, console)
    if engine is not None and engine.print_sql:
        engine.show(subjects, where)
        return
    setting = Setting(subjects, seed, skip=not strict, every=with_bill)
    with _kept(_store(resume_file, setting, where), resume_file) as store:
        if engine is not None:
            tally = engine.read(subjects, store, seed, yes, console)
        else:
            tally = _read(where, store, setting, workers, yes, console)
        with console.status("replaying alarms") as status:
            result = result_of(
                subjects,
                store,
                tally,
                zone=zone,
                limit=limit,
                with_bill=with_bill,
                counted=Counted(counted_at),
                tell=teller(console, status),
            )
    why = untold(
        subjects,
        files=result.files,
        damaged=result.damaged,
        # Of a table nothing but matches is read.
        events=tally.events + tally.skipped if engine is None else result.files,
    )
    result = replace(result, untold=why)
    _write(result, json_file, html_file)
    if resume_file:
        _forget(Path(resume_file))
    show(console, result)
    if (check and result.too_many) or (strict and result.damaged):
        sys.exit(exits.FAILED)
    if check and why:
        sys.exit(exits.UNKNOWN)


def _check_targets(json_file: str | None, html_file: str | None, inputs: Sequence[str]) -> None:
    if html_file in ("", "-"):
        raise click.UsageError("--html writes into a file: name one.")
    if "" in inputs:
        raise click.UsageError("A name of what is tested or read is empty.")
    for option, name in (("--json", json_file), ("--html", html_file)):
        if name is None or name == "-":
            continue
        path = Path(name)
        if not name or "\0" in name or path.is_dir() or not path.absolute().parent.is_dir():
            raise click.UsageError(f"{option} {name!r} names no file in a folder that exists.")
        others = [each for each in (json_file, html_file) if each and each is not name] + [*inputs]
        if any(path.absolute() == Path(each).absolute() for each in others):
            raise click.UsageError(f"{option} would write over {name!r}, which is named twice: name another.")


def _end(sentence: str, code: int) -> NoReturn:
    click.echo(visible(sentence), err=True)
    sys.exit(code)


################################################################################
# What is tested
################################################################################


def _subjects(
    plans: Sequence[str],
    patterns: Sequence[str],
    settings: Sequence[str],
    keys: Sequence[str],
    no_self_watch: bool,
    console: Console,
) -> tuple[Subject, ...]:
    from dataclasses import replace

    from secretwatch.cli.untold import about
    from secretwatch.pipeline.backtest.by_hand import NotAnAlarm, subject_of
    from secretwatch.pipeline.backtest.planned import NothingToTest
    from secretwatch.pipeline.backtest.shown import subject_in

    found, missing = [], set(keys)
    try:
        with console.status("looking at what is tested") as status:
            tell = teller(console, status)
            for name in plans:
                if "\0" in name or not Path(name).exists():
                    _end(f"{name} is neither a plan nor a folder.", exits.USAGE)
                subject = subject_in(Path(name), tell)
                watches = tuple(
                    each
                    for each in subject.watches
                    if (not keys or each.label in keys or each.label.rpartition("/")[2] in keys)
                    and not (no_self_watch and each.kind == "self-watch")
                )
                missing -= {key for each in watches for key in (each.label, each.label.rpartition("/")[2])}
                if not watches:
                    known = ", ".join(each.label for each in subject.watches)
                    _end(f"{name} has none of the watches that were asked for, but {known}.", exits.USAGE)
                unknown, elsewhere = subject.unknown, subject.elsewhere
                if watches != subject.watches:
                    unknown, elsewhere = about(unknown, keys), about(elsewhere, keys)
                found.append(replace(subject, watches=watches, unknown=unknown, elsewhere=elsewhere))
        if missing:
            listed = ", ".join(sorted(missing))
            known = ", ".join(dict.fromkeys(each.label for subject in found for each in subject.watches))
            _end(f"No plan has a watch {listed}. Tested would be {known or 'none'}.", exits.USAGE)
        if patterns:
            found.append(subject_of(patterns, settings))
    except (NothingToTest, NotAnAlarm) as error:
        _end(str(error), exits.USAGE)
    return tuple(found)


################################################################################
# Reading
################################################################################


def _store(resume_file: str | None, setting: Setting, where: Sequence[str]) -> Store:
    from secretwatch.pipeline.backtest.store import OtherRun, Store

    tested = repr((setting, sorted(where)))
    try:
        return Store(Path(resume_file) if resume_file else None, sha256(tested.encode()).hexdigest())
    except OtherRun as error:
        _end(str(error), exits.USAGE)


@contextmanager
def _kept(store: Store, resume_file: str | None) -> Iterator[Store]:
    """Open until the end, whatever that is. A full disk is a sentence."""
    import sqlite3

    try:
        yield store
    except sqlite3.OperationalError as error:
        room = (
            f"beside {resume_file}" if resume_file else "for temporary files (SQLITE_TMPDIR names a folder)"
        )
        _end(f"What was read cannot be kept: {error}. Make room {room}.", exits.UNKNOWN)
    finally:
        store.close()


def _forget(file: Path) -> None:
    for end in ("", "-wal", "-shm"):
        Path(f"{file}{end}").unlink(missing_ok=True)


def _read(
    where: Sequence[str], store: Store, setting: Setting, workers: int | None, yes: bool, console: Console
) -> Tally:
    from secretwatch.cli.backtest_view import Bar
    from secretwatch.pipeline.backtest.bucket import is_url
    from secretwatch.pipeline.backtest.scan import scan
    from secretwatch.pipeline.backtest.sources import items

    files = tuple(each for each in where if not is_url(each))
    buckets = [_bucket(each) for each in where if is_url(each)]
    try:
        known = sum(each.size for each in items(files)) if files else 0
    except OSError as error:
        _end(f"{error.filename} cannot be read: {error.strerror or error}.", exits.USAGE)
    total: int | None = known + sum(_price(each, console) for each in buckets) if not yes else None
    if not buckets:
        total = known
    elif not yes:
        _ask()

    def every() -> Iterator[Item]:
        yield from items(files)
        for bucket in buckets:
            yield from bucket.items()

    several = workers or (os.cpu_count() or 1)
    if workers is None and not buckets and known < _PARALLEL_FROM:
        several = 1
    with Bar(console, total) as bar:
        try:
            return scan(every(), store, setting, several, bar.tell)
        except OSError as error:
            if error.filename is None:
                raise
            _end(f"{error.filename} cannot be read: {error.strerror or error}.", exits.USAGE)


def _bucket(url: str) -> Any:
    import boto3

    from secretwatch.pipeline.aws import Aws
    from secretwatch.pipeline.backtest.bucket import Bucket, NotABucket

    session = boto3.Session()
    try:
        return Bucket(Aws(session, session.region_name or "us-east-1"), url)
    except NotABucket as error:
        _end(str(error), exits.USAGE)


def _price(bucket: Any, console: Console) -> int:
    with console.status(f"listing {visible_line(bucket.url)}") as status:
        tell = teller(console, status)
        cost = bucket.cost(lambda found: tell(f"listing {bucket.url}: {found.objects:,} log files so far"))
    click.echo(visible_line(cost.sentence(bucket.url)), err=True)
    size: int = cost.bytes
    return size


def _ask() -> None:
    if not sys.stdin or not sys.stdin.isatty():
        _end("Nothing was fetched: give --yes to go on without being asked.", exits.USAGE)
    if not click.confirm("Fetch them?", err=True):
        _end("Nothing was fetched.", exits.USAGE)


def _write(result: Result, json_file: str | None, html_file: str | None) -> None:
    from secretwatch.pipeline.whole_files import write_whole

    if json_file is not None:
        text = visible_json(json.dumps(result.as_dict(), indent=2, ensure_ascii=False)) + "\n"
        if json_file == "-":
            click.echo(text, nl=False)
        else:
            write_whole(Path(json_file), text)
    if html_file is not None:
        from secretwatch.pipeline.backtest.page import page

        write_whole(Path(html_file), page(result))
