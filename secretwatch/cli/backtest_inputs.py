"""What `backtest` and `suggest` try, and on which history: plans and patterns, files and buckets."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from rich.console import Console

from secretwatch.cli import exits
from secretwatch.cli.console import teller, visible, visible_line

if TYPE_CHECKING:
    from secretwatch.backtest.subject import Subject
    from secretwatch.pipeline.backtest.scan import Setting, Tally
    from secretwatch.pipeline.backtest.sources import Item
    from secretwatch.pipeline.backtest.store import Store

_PARALLEL_FROM = 48 << 20
"""Bytes from which further processes are worth their start."""


def check_targets(json_file: str | None, html_file: str | None, inputs: Sequence[str]) -> None:
    if html_file in ("", "-"):
        raise click.UsageError("--html writes into a file: name one.")
    if "" in inputs:
        raise click.UsageError("The name of a PLAN, of a DIR or of --logs is empty.")
    for option, name in (("--json", json_file), ("--html", html_file)):
        if name is None or name == "-":
            continue
        path = Path(name)
        if not name or "\0" in name or path.is_dir() or not path.absolute().parent.is_dir():
            raise click.UsageError(f"{option} {name!r} names no file in a folder that exists.")
        others = [each for each in (json_file, html_file) if each and each is not name] + [*inputs]
        if any(path.absolute() == Path(each).absolute() for each in others):
            raise click.UsageError(
                f"{option} would overwrite {name!r}, which is also named elsewhere: name another file."
            )


def end(sentence: str, code: int) -> NoReturn:
    click.echo(visible(sentence), err=True)
    sys.exit(code)


################################################################################
# What is tested
################################################################################


def subjects(
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
        with console.status("looking at the plans") as status:
            tell = teller(console, status)
            for name in plans:
                if "\0" in name or not Path(name).exists():
                    end(f"{name} is neither a plan nor a folder.", exits.USAGE)
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
                    end(f"{name} has none of the watches that were asked for, but {known}.", exits.USAGE)
                unknown, elsewhere = subject.unknown, subject.elsewhere
                if watches != subject.watches:
                    unknown, elsewhere = about(unknown, keys), about(elsewhere, keys)
                found.append(replace(subject, watches=watches, unknown=unknown, elsewhere=elsewhere))
        if missing:
            listed = ", ".join(sorted(missing))
            known = ", ".join(dict.fromkeys(each.label for subject in found for each in subject.watches))
            end(f"No plan has a watch {listed}. Tested would be {known or 'none'}.", exits.USAGE)
        if patterns:
            found.append(subject_of(patterns, settings))
    except (NothingToTest, NotAnAlarm) as error:
        end(str(error), exits.USAGE)
    return tuple(found)


################################################################################
# Reading
################################################################################


def store(resume_file: str | None, setting: Setting, where: Sequence[str]) -> Store:
    from secretwatch.pipeline.backtest.store import OtherRun, Store

    tested = repr((setting, sorted(where)))
    try:
        return Store(Path(resume_file) if resume_file else None, sha256(tested.encode()).hexdigest())
    except OtherRun as error:
        end(str(error), exits.USAGE)


@contextmanager
def kept(store: Store, resume_file: str | None) -> Iterator[Store]:
    """Open until the end, whatever that is. A full disk is a sentence."""

    try:
        yield store
    except sqlite3.OperationalError as error:
        room = (
            f"beside {resume_file}" if resume_file else "for temporary files (SQLITE_TMPDIR names a folder)"
        )
        end(f"The matches cannot be kept: {error}. Make room {room}.", exits.UNKNOWN)
    finally:
        store.close()


def forget(file: Path) -> None:
    for end in ("", "-wal", "-shm"):
        Path(f"{file}{end}").unlink(missing_ok=True)


def read(
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
        end(f"{error.filename} cannot be read: {error.strerror or error}.", exits.USAGE)
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
            end(f"{error.filename} cannot be read: {error.strerror or error}.", exits.USAGE)


def _bucket(url: str) -> Any:
    import boto3

    from secretwatch.pipeline.aws import Aws
    from secretwatch.pipeline.backtest.bucket import Bucket, NotABucket

    session = boto3.Session()
    try:
        return Bucket(Aws(session, session.region_name or "us-east-1"), url)
    except NotABucket as error:
        end(str(error), exits.USAGE)


def _price(bucket: Any, console: Console) -> int:
    with console.status(f"listing {visible_line(bucket.url)}") as status:
        tell = teller(console, status)
        cost = bucket.cost(lambda found: tell(f"listing {bucket.url}: {found.objects:,} log files so far"))
    click.echo(visible_line(cost.sentence(bucket.url)), err=True)
    size: int = cost.bytes
    return size


def _ask() -> None:
    if not sys.stdin or not sys.stdin.isatty():
        end("Nothing was fetched: give --yes to go on without being asked.", exits.USAGE)
    if not click.confirm("Fetch them?", err=True):
        end("Nothing was fetched.", exits.USAGE)
