"""`secretwatch smoke`: read a watched secret and show, hop by hop, how the alarm gets to know of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.text import Text

from secretwatch.cli.options import SECONDS

if TYPE_CHECKING:
    from rich.status import Status

    from secretwatch.pipeline.report import HopResult, Report
    from secretwatch.pipeline.smoke import Smoke

_STYLES = {"ok": "green", "failed": "bold red", "skipped": "dim", "waiting": "yellow"}
_TELL_EVERY = 30.0


@click.command(
    epilog="Exit codes: 0 the alarm was raised and its topic told, with a warning where no address has "
    "confirmed; 1 a hop failed; 2 wrong usage, nothing applied or no credentials; 3 time was up; "
    "130 interrupted."
)
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--via", type=click.Choice(["boto3", "cli"]), default="boto3", help="What reads the secret.")
@click.option("--secret", metavar="NAME|ARN", help="Which secret, when the watch has several.")
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
    help="Write a JSON report to this file, however it ends.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report; what happens goes to stderr.")
def smoke(
    directory: Path,
    via: Any,
    secret: str | None,
    timeout: float | None,
    report_file: Path | None,
    as_json: bool,
) -> None:
    """Read a watched secret and follow that read until the alarm has told somebody.

    DIR is an applied root module with an output `watch`. The environment says which cloud: AWS_PROFILE and
    the like for AWS, AWS_ENDPOINT_URL for the local cloud. The secret's value is never shown.
    """
    from secretwatch.pipeline.report import Report

    if report_file and not report_file.absolute().parent.is_dir():
        raise click.UsageError(f"{report_file.parent} is not a folder: --report writes into one that exists.")
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    display = Display(console)
    report = Report(via=via)
    try:
        test = _prepare(directory, via, secret, timeout, console, display)
        if isinstance(test, str):
            report.ending, report.reason = "refused", test
        else:
            report = test.report
            test.run()
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
    if as_json:
        click.echo(json.dumps(report.as_dict(), indent=2, ensure_ascii=False))
    raise SystemExit(report.exit_code)


def _prepare(
    directory: Path, via: Any, secret: str | None, timeout: float | None, console: Console, display: Display
) -> Smoke | str:
    """The test, or in one sentence why there is none."""
    import boto3

    from secretwatch.pipeline.applied import NothingApplied, watch_in
    from secretwatch.pipeline.aws import NO_CREDENTIALS, one_line
    from secretwatch.pipeline.smoke import Smoke
    from secretwatch.terraform import TerraformNotUsable

    try:
        watch = watch_in(directory)
        session = boto3.Session(region_name=watch.region)
    except (NothingApplied, TerraformNotUsable) as error:
        return str(error)
    except NO_CREDENTIALS as error:
        return f"There are no AWS credentials to use: {one_line(error)}"
    line = f"{watch.name}: account {watch.account_id}, {watch.region}"
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    console.print(Text(f"{line}, {endpoint}" if endpoint else line))
    return Smoke(watch, session, secret=secret, via=via, timeout=timeout, observer=display)


class Display:
    """One line a hop; in a terminal a moving line of what is awaited, elsewhere a line every half minute."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None
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
            if self._status is None:
                self._status = self._console.status("")
                self._status.start()
            self._status.update(_awaited(hops, seconds))
        elif seconds - self._told >= _TELL_EVERY:
            self._told = seconds
            self._console.print(_awaited(hops, seconds))

    def close(self) -> None:
        """Take the moving line away."""
        if self._status:
            self._status.stop()
            self._status = None


def _tell_hop(console: Console, hop: HopResult) -> None:
    line = Text("  ")
    line.append(f"{hop.status:<8}", style=_STYLES[hop.status])
    line.append(f"{hop.seconds:8.1f} s  " if hop.seconds is not None else " " * 12)
    line.append(f"{hop.name:<23}")
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


def _tell_end(console: Console, report: Report) -> None:
    if report.ending in ("timeout", "interrupted"):
        for hop in report.hops:
            if hop.status == "waiting":
                _tell_hop(console, hop)
    if report.notification["warning"]:
        console.print(Text(f"Warning: {report.notification['warning']}.", style="yellow"))
    if report.result == "pass":
        alarm = report.hop("alarm ALARM")
        console.print(Text(f"pass: the read raised the alarm in {alarm.seconds:.1f} s", style="bold green"))
    else:
        words = Text("fail: ", style="bold red")
        words.append(report.reason or "", style="not bold default")
        # Why nothing could be done at all belongs to stderr; the story of a run does not.
        refused = report.ending == "refused"
        (Console(stderr=True, soft_wrap=True, highlight=False) if refused else console).print(words)
