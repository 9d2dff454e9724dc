"""`secretwatch backtest`: what a watch would have done on recorded history, before it is deployed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from secretwatch.cli import backtest_athena, backtest_inputs, exits
from secretwatch.cli.console import plain, teller, visible_json
from secretwatch.cli.installed import needs

if TYPE_CHECKING:
    from secretwatch.backtest.result import Result


@click.command(
    epilog=exits.table(
        done="the history was read, and no limit is broken",
        failed="--check: more alarms than --max-alarms; --strict: a file is damaged",
        usage="wrong usage, or nothing to test or to read",
        unknown="no answer: AWS could not be asked; --check: a part was not tested, or nothing was read",
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
@click.option("--no-self-watch", is_flag=True, help="Leave out the self-watch: quicker.")
@click.option(
    "--max-alarms",
    "limit_text",
    metavar="N/UNIT",
    help="More alarms of a watch than this are too many, as in 3/week.",
)
@click.option(
    "--check",
    is_flag=True,
    help="For CI: exit 1 if an alarm rings more often than --max-alarms, and name the readers.",
)
@click.option("--strict", is_flag=True, help="Decode every file, and exit 1 if one is damaged.")
@click.option(
    "--bill", "with_bill", is_flag=True, help="Show the cost of the events in the log group, by service."
)
@click.option(
    "--zone", metavar="ZONE", default="UTC", show_default=True, help="Time zone in which days are counted."
)
@click.option(
    "--seed", type=click.IntRange(0, 2**63), default=0, show_default=True, help="Seed for drawing delays."
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
    "--resume", "resume_file", metavar="FILE", help="Keep the state of an unfinished run in this file."
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

    PLAN is a saved plan or `terraform show -json` of one. DIR is a root module, applied or not. Several of
    them are tested side by side. History comes from files, folders or a bucket, in any form that AWS or a
    common tool gives it, in any order, and each event counts once. With --engine athena it comes from a table
    of Athena. Nothing is changed.
    """
    from dataclasses import replace
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from secretwatch.backtest.limit import InvalidLimit, Limit

    backtest_inputs.check_targets(
        json_file, html_file, [*plans, *where, *([resume_file] if resume_file else [])]
    )
    if resume_file == "":
        raise click.UsageError("--resume keeps the state of a run in a file: name one.")
    if check and limit_text is None:
        raise click.UsageError("--check needs a limit: give --max-alarms, as 3/week.")
    if settings and not patterns:
        raise click.UsageError("--alarm is the alarm on a --pattern: give one, or change the plan.")
    engine = backtest_athena.engine_of(asked, where, strict=strict, bill=with_bill, resume=resume_file)
    if not where and engine is None:
        raise click.UsageError("Where is history? Give --logs with a file, a folder or s3://BUCKET/PREFIX.")
    if not plans and not patterns:
        raise click.UsageError("Which watch does it test? Give a PLAN or DIR, or a --pattern.")
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
    subjects = backtest_inputs.subjects(plans, patterns, settings, keys, no_self_watch, console)
    if engine is not None and engine.print_sql:
        engine.show(subjects, where)
        return
    setting = Setting(subjects, seed, skip=not strict, every=with_bill)
    with backtest_inputs.kept(backtest_inputs.store(resume_file, setting, where), resume_file) as store:
        if engine is not None:
            tally = engine.read(subjects, store, seed, yes, console)
        else:
            tally = backtest_inputs.read(where, store, setting, workers, yes, console)
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
        backtest_inputs.forget(Path(resume_file))
    show(console, result)
    if (check and result.too_many) or (strict and result.damaged):
        sys.exit(exits.FAILED)
    if check and why:
        sys.exit(exits.UNKNOWN)


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
