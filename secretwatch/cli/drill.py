"""`secretwatch drill`: an announced read that every way out tells of, and a dated record of it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from secretwatch.cli import exits
from secretwatch.cli.console import plain
from secretwatch.cli.deployed import NoWatch, all_applied, applied
from secretwatch.cli.options import SECONDS
from secretwatch.cli.smoke import Display

if TYPE_CHECKING:
    from secretwatch.pipeline.drill.record import Record
    from secretwatch.pipeline.smoke_report import HopResult

_STYLES = {
    "seen": "green",
    "accepted": "cyan",
    "pending": "yellow",
    "filtered": "yellow",
    "missing": "bold red",
    "unsent": "bold red",
}
_FORMATS = (".json", ".html")


@click.command(
    epilog=exits.table(
        done="every receiver that should get the messages got them",
        failed="nobody subscribed or confirmed, a message did not come, or no alarm rang",
        usage="nothing was sent: wrong usage, nothing applied, no credentials, or a caller in `except`",
        unknown="nothing was sent: the alarm stayed in ALARM",
    )
)
@click.argument(
    "directory",
    metavar="[DIR]",
    default=".",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option(
    "--watch", "key", metavar="KEY", help="Which watch of the output `watches`. [default: all of them]"
)
@click.option(
    "--secret",
    "secrets",
    metavar="NAME|ARN",
    multiple=True,
    help="Which secret to read, for a watch that has several, a prefix or all; may be given "
    "once for each watch.",
)
@click.option(
    "--ask",
    is_flag=True,
    help='Ask here, for each receiver that could not be looked at, "did it come?"; the answers are recorded.',
)
@click.option(
    "--timeout",
    type=SECONDS,
    metavar="SECONDS",
    help="How long to wait for the alarm. [default: 900; 60 on a cloud on this machine]",
)
@click.option(
    "--report",
    "report_files",
    metavar="FILE.json|FILE.html",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the record to this file, however the drill ends; may be given once for each format.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the record; progress goes to stderr.")
def drill(
    directory: Path,
    key: str | None,
    secrets: tuple[str, ...],
    ask: bool,
    timeout: float | None,
    report_files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Send a message marked DRILL to every receiver, read a secret, and record who got the messages.

    DIR is an applied root module with an output `watch` or `watches`; by default it is this folder. The
    message goes to each topic of the watches and of the self-watch. Then the secret is read once for each
    watch, with the drill's id in the user agent, and the alarm is awaited. PEOPLE GET THESE MESSAGES. The
    secret's value is never shown, and nothing is made or changed.
    """
    from secretwatch.pipeline.drill.record import Record
    from secretwatch.pipeline.drill.run import Drill

    for file in report_files:
        if file.suffix not in _FORMATS:
            raise click.UsageError(f"{file.name}: a report is a FILE.json or a FILE.html.")
        if not file.absolute().parent.is_dir():
            raise click.UsageError(f"{file.parent} is not a folder: --report writes into one that exists.")
    console = plain(stderr=as_json, soft_wrap=True)
    record = Record()
    telling: _Telling | None = None
    try:
        if key is None:
            watches, session = all_applied(directory, console)
        else:
            watch, session = applied(directory, key, console)
            watches = [watch]
        telling = _Telling(console, several=len(watches) > 1)
        made = Drill(watches, session, observer=telling, secrets=secrets, timeout=timeout)
        record = made.record
        made.run()
        telling.close()
        if ask and record.ending == "done":
            _ask(record)
    except NoWatch as error:
        record.ending, record.reason = "refused", str(error)
    except KeyboardInterrupt:
        record.ending, record.reason = "interrupted", "It was interrupted."
    finally:
        if telling:
            telling.close()
        for file in report_files:
            _write(record, file)
    _tell_end(console, record)
    if as_json:
        click.echo(json.dumps(record.as_dict(), indent=2, ensure_ascii=False))
    raise SystemExit(record.exit_code)


class _Telling:
    """What the smoke test shows, with the watch's name where there are several."""

    def __init__(self, console: Console, *, several: bool) -> None:
        self._display, self._several = Display(console), several

    def note(self, text: str) -> None:
        self._display.close()
        self._display.note(text)

    def hop(self, watch: str, hop: HopResult) -> None:
        self._display.hop(replace(hop, detail=f"{watch}: {hop.detail}") if self._several else hop)

    def waiting(self, hops: list[HopResult], seconds: float) -> None:
        self._display.waiting(hops, seconds)

    def close(self) -> None:
        self._display.close()


def _ask(record: Record) -> None:
    """One question for each receiver of whom nobody knows. An end of the input is Ctrl-C."""
    for topic, receiver in record.receivers:
        if receiver.state in ("accepted", "missing"):
            question = f"Did drill {record.drill_id} come to {receiver.name} (topic {topic.name})?"
            try:
                receiver.answered(click.confirm(_printable(question), err=True))
            except click.Abort as error:
                raise KeyboardInterrupt from error


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else "\ufffd" for each in text)


def _write(record: Record, file: Path) -> None:
    from secretwatch.pipeline.drill.page import page
    from secretwatch.pipeline.whole_files import write_whole

    as_json = json.dumps(record.as_dict(), indent=2, ensure_ascii=False) + "\n"
    try:
        write_whole(file, page(record) if file.suffix == ".html" else as_json)
    except OSError as error:
        click.echo(f"The record cannot be written: {error}.", err=True)


def _tell_end(console: Console, record: Record) -> None:
    from secretwatch.pipeline.drill.record import MEANING

    if record.ending in ("done", "interrupted") and record.topics:
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for name in ("topic", "receiver", "state", "what that means"):
            table.add_column(name, overflow="fold")
        for topic in record.topics:
            for each in topic.receivers:
                state = Text(each.state, style=_STYLES[each.state])
                words: Any = Text(_printable(each.detail or MEANING[each.state]), style="dim")
                table.add_row(Text(topic.name), Text(_printable(each.name)), state, words)
            if not topic.receivers:
                table.add_row(Text(topic.name), "", Text("nobody", style="bold red"), "")
        # In a file or a pipe a line stays whole.
        wide = console if console.is_terminal else plain(file=console.file, width=200)
        wide.print(table, soft_wrap=False)
    # The table has the other warnings.
    for watch in record.watches:
        if not watch.drilled:
            console.print(Text(f"Warning: {watch.watch}: {watch.detail}", style="yellow"))
    if record.ending == "interrupted":
        console.print(Text(" ".join(record.sent) or "Nothing was sent.", style="yellow"))
    if record.result == "pass":
        states = Counter(each.state for _, each in record.receivers)
        counted = ", ".join(f"{count} {state}" for state, count in states.items())
        told = f"pass: every way out carried drill {record.drill_id}: {counted}"
        console.print(Text(told, style="bold green"))
        return
    early = record.ending in ("refused", "failed", "timeout")
    for reason in record.reasons or [record.reason or ""]:
        words = Text("fail: ", style="bold red")
        words.append(_printable(reason), style="not bold default")
        # Why nothing could be done at all belongs to stderr; the story of a drill does not.
        (plain(stderr=True, soft_wrap=True) if early else console).print(words)
