"""`secretwatch smoke`: read a watched secret and show, hop by hop, how the alarm gets to know of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from secretwatch.cli import exits
from secretwatch.cli.console import plain
from secretwatch.cli.deployed import NoWatch, applied
from secretwatch.cli.options import SECONDS

if TYPE_CHECKING:
    from secretwatch.pipeline.smoke import Smoke
    from secretwatch.pipeline.smoke_report import HopResult, SmokeReport

_STYLES = {"ok": "green", "failed": "bold red", "skipped": "dim", "waiting": "yellow"}
_TELL_EVERY = 30.0
# Width of the longest hop's name, and a space.
_NAME = 26


@click.command(
    epilog=exits.table(
        done="every hop was seen, with a warning where no address has confirmed",
        failed="a hop failed, or a temporary queue could not be removed",
        usage="wrong usage, nothing applied, no such path or no credentials",
        unknown="time was up",
    )
)
@click.argument(
    "directory",
    metavar="DIR",
    required=False,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option(
    "--via", type=click.Choice(["boto3", "cli"]), default="boto3", help="The client that reads the secret."
)
@click.option(
    "--watch", "key", metavar="KEY", help="Which watch of the output `watches`. [default: the output `watch`]"
)
@click.option(
    "--secret", metavar="NAME|ARN", help="Which secret, when the watch has several, a prefix or all."
)
@click.option(
    "--count",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="How many reads, one right after another; each is followed.",
)
@click.option(
    "--path",
    type=click.Choice(["alarm", "realtime", "both"]),
    default="alarm",
    show_default=True,
    help="Which way to follow: to the alarm's notification, to the realtime rule's message, or both. On AWS, "
    "realtime needs --prove-delivery; on the local cloud its inbox serves too.",
)
@click.option(
    "--prove-delivery",
    is_flag=True,
    help="Subscribe a temporary queue to each of the watch's topics and wait for the messages themselves. "
    "Queue and subscription are removed afterwards, also on failure and Ctrl-C.",
)
@click.option(
    "--timeout",
    type=SECONDS,
    metavar="SECONDS",
    help="How long to wait for the last hop. [default: 900; 60 on a cloud on this machine]",
)
@click.option(
    "--report",
    "report_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a JSON report to this file, however the test ends.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report; progress goes to stderr.")
@click.option(
    "--history",
    "draw",
    is_flag=True,
    help="Read nothing: draw the runs so far as an SVG picture, and list them.",
)
@click.option(
    "--history-file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="JSON lines of all runs. [default: smoke.jsonl in the user's state folder]",
)
@click.option("--no-history", is_flag=True, help="Keep no history of this run.")
@click.option(
    "--picture",
    metavar="FILE.svg",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where --history draws. [default: beside the history file]",
)
def smoke(
    directory: Path | None,
    key: str | None,
    report_file: Path | None,
    as_json: bool,
    draw: bool,
    history_file: Path | None,
    no_history: bool,
    picture: Path | None,
    **options: Any,
) -> None:
    """Read a watched secret and follow that read to the message about it.

    DIR is an applied root module with an output `watch`. The environment says which cloud: AWS_PROFILE and
    the like for AWS, AWS_ENDPOINT_URL for the local cloud. The secret's value is never shown.
    """
    from secretwatch.pipeline import history
    from secretwatch.pipeline.smoke import Smoke
    from secretwatch.pipeline.smoke_report import SmokeReport

    history_file = history_file or history.default_file(os.environ, Path.home())
    if draw:
        if directory:
            raise click.UsageError("--history draws the runs of all watches: leave DIR out.")
        _draw(history_file, picture or history_file.with_suffix(".svg"), as_json)
        return
    if directory is None:
        raise click.UsageError("Missing argument 'DIR'.")
    if picture:
        raise click.UsageError("--picture is for --history.")
    if report_file and not report_file.absolute().parent.is_dir():
        raise click.UsageError(f"{report_file.parent} is not a folder: --report writes into one that exists.")
    console = plain(stderr=as_json, soft_wrap=True)
    display = Display(console)
    report = SmokeReport(via=options["via"], path=options["path"])
    test: Smoke | None = None
    try:
        watch, session = applied(directory, key, console)
        test = Smoke(watch, session, observer=display, **options)
        report = test.report
        test.run()
    except NoWatch as error:
        report.ending, report.reason = "refused", str(error)
    except KeyboardInterrupt:
        report.ending, report.reason = "interrupted", "It was interrupted."
    finally:
        display.close()
        if report_file:
            try:
                report.write(report_file)
            except OSError as error:
                click.echo(f"The report cannot be written: {error}.", err=True)
    _tell_end(console, report)
    if test and not no_history:
        _remember(test, history_file)
    if as_json:
        click.echo(json.dumps(report.as_dict(), indent=2, ensure_ascii=False))
    raise SystemExit(report.exit_code)


def _remember(test: Smoke, file: Path) -> None:
    """A run that cannot be remembered is no failure of the watch."""
    from secretwatch.pipeline import history

    entry = history.line(test.report, test.watch, local=test.is_local)
    if entry is None:
        return
    try:
        history.append(file, entry)
    except OSError as error:
        click.echo(f"The history cannot be written: {error}.", err=True)


def _draw(file: Path, picture: Path, as_json: bool) -> None:
    from secretwatch.picture import history as drawing
    from secretwatch.pipeline import history

    try:
        runs = history.load(file)
        if not runs:
            raise click.UsageError(f"{file} holds no run.")
        picture.write_text(drawing.draw(runs), encoding="utf-8")
    except FileNotFoundError as error:
        missing = Path(error.filename)
        raise click.UsageError(
            f"There is no {missing}: no run of the smoke test was kept there."
            if missing == file
            else f"{picture.parent} is not a folder: --picture writes into one that exists."
        ) from error
    except OSError as error:
        raise click.UsageError(f"{error}.") from error
    if as_json:
        click.echo(json.dumps({"picture": str(picture), "runs": runs}, indent=2, ensure_ascii=False))
        return
    console = plain(soft_wrap=True)
    for run in runs[-drawing.NEWEST :]:
        line = Text(f"{run['time']}  {run['watch']:<16} ")
        line.append(f"{run['result']:<5}", style="green" if run["result"] == "pass" else "bold red")
        seconds = [value for value in run["hops"].values() if value is not None]
        line.append(f"{max(seconds, default=0):8.1f} s  ")
        line.append(run.get("reason") or "", style="dim")
        console.print(line)
    console.print(Text(f"The picture: {picture}"))


class Display:
    """One line a hop; in a terminal a moving line for each awaited one, elsewhere one every half minute."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._told = 0.0

    def note(self, text: str) -> None:
        self._console.print(Text(text, style="yellow"))

    def hop(self, hop: HopResult) -> None:
        self.close()
        _tell_hop(self._console, hop)

    def waiting(self, hops: list[HopResult], seconds: float) -> None:
        if not hops:
            self.close()
        elif self._console.is_terminal:
            if self._live is None:
                self._live = Live(console=self._console, transient=True, refresh_per_second=8)
                self._live.start()
            self._live.update(Group(*(_progress(hop, seconds) for hop in hops)))
        elif seconds - self._told >= _TELL_EVERY:
            self._told = seconds
            self._console.print(_awaited(hops, seconds))

    def close(self) -> None:
        """Take the moving lines away."""
        if self._live:
            self._live.stop()
            self._live = None


def _progress(hop: HopResult, seconds: float) -> Text:
    """A hop that is awaited, as its line will stand when it was seen."""
    line = Text("  ", no_wrap=True, overflow="ellipsis")
    line.append(f"{'waiting':<8}{seconds:8.1f} s  {hop.name:<{_NAME}}", style="yellow")
    usually = f"usually {hop.usually}" if hop.usually else ""
    line.append("; ".join(each for each in (hop.detail.rstrip("."), usually) if each), style="dim")
    return line


def _tell_hop(console: Console, hop: HopResult) -> None:
    line = Text("  ")
    line.append(f"{hop.status:<8}", style=_STYLES[hop.status])
    line.append(f"{hop.seconds:8.1f} s  " if hop.seconds is not None else " " * 12)
    line.append(f"{hop.name:<{_NAME}}")
    line.append(hop.detail, style="dim")
    console.print(line)


def _awaited(hops: list[HopResult], seconds: float) -> Text:
    each = [
        hop.name
        + (f" (usually {hop.usually})" if hop.usually else "")
        + (f" [{hop.detail.rstrip('.')}]" if hop.detail else "")
        for hop in hops
    ]
    return Text(f"  waiting for {seconds:.0f} s now: {'; '.join(each)}", style="yellow")


def _tell_end(console: Console, report: SmokeReport) -> None:
    from secretwatch.pipeline.probes.probe import ALARM, REALTIME

    if report.ending in ("timeout", "interrupted"):
        for hop in report.hops:
            if hop.status == "waiting":
                _tell_hop(console, hop)
    if report.notification["warning"]:
        console.print(Text(f"Warning: {report.notification['warning']}.", style="yellow"))
    for command in report.left_behind:
        console.print(Text(f"Left behind; this removes it: {command}", style="bold red"))
    if report.result == "pass":
        reads = "the read" if len(report.reads) == 1 else f"{len(report.reads)} reads"
        ends = [hop for hop in report.hops if hop.name in (ALARM, REALTIME)]
        message = "a realtime message" if len(report.reads) == 1 else "realtime messages"
        told = {ALARM: "raised the alarm", REALTIME: f"came as {message}"}
        story = " and ".join(f"{told[hop.name]} in {hop.seconds:.1f} s" for hop in ends)
        console.print(Text(f"pass: {reads} {story}", style="bold green"))
    else:
        words = Text("fail: ", style="bold red")
        words.append(report.reason or "", style="not bold default")
        # Why nothing could be done at all belongs to stderr; the story of a run does not.
        refused = report.ending == "refused"
        (plain(stderr=True, soft_wrap=True) if refused else console).print(words)
