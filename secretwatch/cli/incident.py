"""`secretwatch incident`: it rang; who read what, what else the same credentials did, and what stops it."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from secretwatch.cli import exits
from secretwatch.cli.console import plain, teller, visible_json, visible_line
from secretwatch.cli.deployed import place
from secretwatch.cli.inputs import STDIN, chunks, files
from secretwatch.cli.options import PAST

if TYPE_CHECKING:
    from secretwatch.incident.report import Report
    from secretwatch.pipeline.watch import Watch

_STYLES = {
    "rang": "bold red",
    "read": "yellow",
    "refused": "magenta",
    "gave": "blue",
    "changed": "cyan",
    "looked": "dim",
}
_MOST_HOURS = 90 * 24
_ROWS = 60
"""Rows of the timeline on a screen; files have all."""
_TOLD_EVERY = 5000


@click.command(
    epilog=exits.table(
        done="the report is made, whatever it says",
        failed="no such event, or no alarm that rang",
        usage="wrong usage, or nothing applied there",
        unknown="no answer: no credentials, or permissions are missing (they are named)",
    )
)
@click.argument("names", metavar="[DIR|PATH]...", nargs=-1)
@click.option("--files", "of_files", is_flag=True, help="PATHs are recorded CloudTrail files; ask no AWS.")
@click.option(
    "--watch", "key", metavar="KEY", help="Which watch, where the root module has several. [default: all]"
)
@click.option(
    "--alarm-time",
    type=PAST,
    metavar="TIME",
    help="When the alarm rang: 30m, 1h, or a time. [default: when it last did]",
)
@click.option("--event-id", metavar="ID", help="Begin with this CloudTrail event, as a message names it.")
@click.option(
    "--hours",
    type=click.FloatRange(min=0, max=_MOST_HOURS, min_open=True),
    default=24.0,
    show_default=True,
    help="How many hours before and after the reads to look at.",
)
@click.option("--policy", "show_policy", is_flag=True, help="Print the IAM policy that this needs, and end.")
@click.option("--html", "html_file", metavar="FILE", help="Write the report as one HTML page with a picture.")
@click.option("--json", "json_file", metavar="FILE|-", help="Write the report with every event as JSON.")
@click.option("--markdown", "markdown_file", metavar="FILE|-", help="Write the report for a ticket.")
def incident(
    names: tuple[str, ...],
    of_files: bool,
    key: str | None,
    alarm_time: datetime | None,
    event_id: str | None,
    hours: float,
    show_policy: bool,
    html_file: str | None,
    json_file: str | None,
    markdown_file: str | None,
) -> None:
    """Say what happened when the alarm rang: who read which secrets, and what the same credentials did.

    DIR is an applied root module with an output `watch` or `watches`. From the reads that rang, the report
    follows access keys, sessions and assumed roles in both directions, by event history and the log group.
    With --files it uses recorded events instead, in any form that AWS or a common tool gives them; - is
    standard input. It prints the commands that would stop these credentials. NONE OF THEM IS RUN, and nothing
    is changed. With - a report goes to standard output, and all else to stderr.
    """
    from secretwatch.pipeline.incident.gather import EVENT_ID, NothingRang

    targets = {"--html": html_file, "--json": json_file, "--markdown": markdown_file}
    _check_targets(targets)
    if hours != hours:
        raise click.UsageError("--hours is a number of hours.")
    if alarm_time and event_id:
        raise click.UsageError(
            "--alarm-time begins with an alarm, --event-id with an event: give one of them."
        )
    if event_id is not None and not EVENT_ID.fullmatch(event_id):
        raise click.UsageError(f"--event-id {event_id[:60]!r} does not have the form of CloudTrail's ids.")
    if of_files and (key or alarm_time or show_policy):
        raise click.UsageError(
            "--watch, --alarm-time and --policy are about AWS: with --files give --event-id."
        )
    console = plain(stderr="-" in targets.values(), soft_wrap=True)
    if show_policy:
        _print_policy(names, key)
        return
    if not names:
        raise click.UsageError("Which reads does it look into? Give DIR, or --files PATH and --event-id ID.")
    try:
        if of_files:
            report = _from_files(names, event_id, hours, console)
        else:
            report = _from_aws(_directory(names), key, alarm_time, event_id, hours, console)
    except NothingRang as error:
        _end(str(error), exits.UNKNOWN if error.unknown else exits.FAILED)
    _write(report, targets)
    _show(console, report)


def _check_targets(targets: dict[str, str | None]) -> None:
    if sum(each == "-" for each in targets.values()) > 1:
        raise click.UsageError("Only one report can go to standard output: write the other into a file.")
    if targets["--html"] in ("", "-"):
        raise click.UsageError("--html writes into a file: name one.")
    for option, name in targets.items():
        if name is None or name == "-":
            continue
        path = Path(name)
        if not name or "\0" in name or path.is_dir() or not path.absolute().parent.is_dir():
            raise click.UsageError(f"{option} {name!r} names no file in a folder that exists.")


def _directory(names: Sequence[str]) -> Path:
    if len(names) > 1:
        raise click.UsageError("An incident is about one root module: give one DIR, or --files with PATHs.")
    path = Path(names[0])
    if "\0" in names[0] or not path.is_dir():
        raise click.UsageError(f"{names[0]!r} is no folder: give an applied root module, or --files PATH.")
    return path


def _watches(directory: Path, key: str | None) -> list[Watch]:
    from secretwatch.pipeline.applied import NothingApplied, watch_in, watches_in
    from secretwatch.terraform import TerraformNotUsable

    try:
        return [watch_in(directory, key)] if key is not None else watches_in(directory)
    except (NothingApplied, TerraformNotUsable) as error:
        _end(str(error), exits.USAGE)


def _print_policy(names: Sequence[str], key: str | None) -> None:
    from secretwatch.pipeline.incident.permissions import policy

    watches = _watches(_directory(names), key) if names else []
    click.echo(json.dumps(policy(watches), indent=2))


def _from_aws(
    directory: Path,
    key: str | None,
    alarm_time: datetime | None,
    event_id: str | None,
    hours: float,
    console: Console,
) -> Report:
    import boto3

    from secretwatch.pipeline.aws import NO_CREDENTIALS, Aws, NoAccess, one_line
    from secretwatch.pipeline.doctor.asking import Asking
    from secretwatch.pipeline.incident.gather import Gathering
    from secretwatch.pipeline.incident.sources import APP_ID

    with console.status("looking for the watch") as status:
        watches = _watches(directory, key)
        first = watches[0]
        clients: dict[str, Aws] = {}
        try:
            session = boto3.Session(region_name=first.region)

            def of(region: str) -> Aws:
                if region not in clients:
                    clients[region] = Aws(session, region)
                return clients[region]

            of(first.region).check_account(first.account_id)
            where = of(first.region)
        except NO_CREDENTIALS as error:
            _end(f"There are no AWS credentials to use: {one_line(error)}", exits.UNKNOWN)
        except NoAccess as error:
            missing = isinstance(error.__cause__, NO_CREDENTIALS)
            _end(str(error), exits.UNKNOWN if missing else exits.USAGE)
        for each in watches:
            console.print(place(each.label, each.account_id, each.region, where.endpoint_url))
        ask = Asking(of, first.region, APP_ID)
        try:
            made = Gathering(
                watches,
                ask,
                now=datetime.now(UTC),
                local=where.is_local,
                hours=hours,
                tell=teller(console, status),
            ).run(alarm_time, event_id)
            return made.at(where.given_endpoint)
        finally:
            ask.close()


def _from_files(names: Sequence[str], event_id: str | None, hours: float, console: Console) -> Report:
    from secretwatch.cloudtrail.reader import read
    from secretwatch.pipeline.incident.files import Recorded, investigate, suggestions

    recorded = Recorded()
    with console.status("reading the files") as status:
        tell = teller(console, status)
        try:
            for name in list(files(names)):
                told = 0
                for piece in read(chunks(name)):
                    recorded.add([piece])
                    if len(recorded.acts) - told >= _TOLD_EVERY:
                        told = len(recorded.acts)
                        shown = "standard input" if name == STDIN else name
                        tell(f"reading {shown}: {told} events so far")
        except OSError as error:
            _end(f"{error.filename} cannot be read: {error.strerror or error}.", exits.USAGE)
        if not recorded.acts:
            _end("The files hold no CloudTrail events.", exits.USAGE)
        if event_id is None:
            _end(f"Which event? Name it with --event-id. {suggestions(recorded)}", exits.USAGE)
        return investigate(recorded, event_id, now=datetime.now(UTC), hours=hours)


def _write(report: Report, targets: dict[str, str | None]) -> None:
    """All that were asked for. One that cannot be written is an OSError, which the guard says."""
    from secretwatch.pipeline.incident.markdown import markdown
    from secretwatch.pipeline.incident.page import page
    from secretwatch.pipeline.whole_files import write_whole

    def as_json() -> str:
        return visible_json(json.dumps(report.as_dict(), indent=2, ensure_ascii=False)) + "\n"

    made: dict[str, Any] = {
        "--html": lambda: page(report),
        "--json": as_json,
        "--markdown": lambda: markdown(report),
    }
    for option, name in targets.items():
        if name == "-":
            click.echo(made[option](), nl=False)
        elif name is not None:
            write_whole(Path(name), made[option]())


def _end(sentence: str, code: int) -> NoReturn:
    click.echo(visible_line(sentence), err=True)
    sys.exit(code)


# On the screen


def _show(console: Console, report: Report) -> None:
    from secretwatch.pipeline.incident import words

    def heading(text: str) -> None:
        console.print(Text(f"\n{text}", style="bold"))

    def lines(texts: Sequence[str], style: str = "") -> None:
        for each in texts:
            console.print(Text(f"  {visible_line(each)}", style=style))

    console.print(Text(visible_line(report.headline), style="bold red"))
    console.print(Text(visible_line(words.about(report)), style="dim"))
    lines([f"First seen {words.first(report)}"])
    lines([f"{each.reader}: {each.sentence}" for each in report.usual])
    heading("Credentials")
    for each in report.chain.credentials:
        style = "bold" if each.relation == "reader" else ""
        console.print(Text(f"  {each.number}  {visible_line(words.credential(each))}", style=style))
    heading("Secrets")
    lines(list(map(words.secret, report.secrets)) or ["no read of a secret was seen"])
    heading("From where")
    lines(list(map(words.place, report.places)))
    heading("What these credentials did (UTC)")
    _timeline(console, report)
    heading("Commands that stop it (none of them was run)")
    for step in report.steps:
        console.print(Text(f"  # {visible_line(step.title)}", style="green"))
        if step.note:
            console.print(Text(f"  # {visible_line(step.note)}", style="dim"))
        if step.command:
            # By itself, so that it can be copied whole.
            console.print(Text(f"  {visible_line(step.command)}"))
    heading("Not known")
    lines(report.unknown, "dim")


def _timeline(console: Console, report: Report) -> None:
    from secretwatch.pipeline.incident import words

    entries = report.entries
    if len(entries) > _ROWS:
        # What matters more stays, in its order.
        weighty = [each for each in entries if each.mark != "looked"][:_ROWS]
        entries = tuple(weighty) or entries[:_ROWS]
    table = Table.grid(padding=(0, 2, 0, 0))
    for width in (15, 3, 8):
        table.add_column(width=width)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for each in entries:
        table.add_row(
            Text(words.at(each.begin)),
            Text(str(each.credential)),
            Text(each.mark, style=_STYLES[each.mark]),
            Text(visible_line(words.entry(each))),
            Text(visible_line(each.address), style="dim"),
        )
    # In a file or a pipe a row stays on its line.
    wide = console if console.is_terminal else plain(file=console.file, width=400)
    wide.print(table, soft_wrap=False)
    if len(report.entries) > len(entries):
        more = len(report.entries) - len(entries)
        console.print(
            Text(f"  {more} more rows: --html, --json and --markdown have all of them", style="dim")
        )
