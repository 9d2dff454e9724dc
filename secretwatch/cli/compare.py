"""`secretwatch compare`: alarm, CloudTrail's notifications or realtime rule, measured side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from secretwatch.cli import exits
from secretwatch.cli.console import plain
from secretwatch.cli.deployed import NoWatch, applied
from secretwatch.cli.options import MINUTES, SECONDS

if TYPE_CHECKING:
    from secretwatch.pipeline.comparison import ChannelResult, Comparison

_TELL_EVERY = 30.0
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(
    epilog=exits.table(
        done="every channel that is deployed reported the reads",
        failed="a call failed, or a temporary queue could not be made or removed",
        usage="wrong usage, nothing applied, no channel deployed or no credentials",
        unknown="time was up before a channel had reported all reads",
    )
)
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--watch", "key", metavar="KEY", help="Which watch of the output `watches`. [default: the output `watch`]"
)
@click.option(
    "--secret", metavar="NAME|ARN", help="Which secret, when the watch has several, a prefix or all."
)
@click.option(
    "--reads",
    type=click.IntRange(1, 1000),
    default=3,
    show_default=True,
    help="How often to read the secret.",
)
@click.option(
    "--noise",
    type=click.IntRange(0, 10000),
    default=12,
    show_default=True,
    help="How many other calls to make: DescribeSecret, ListSecrets, GetCallerIdentity.",
)
@click.option(
    "--minutes",
    type=MINUTES,
    metavar="MINUTES",
    help="The time over which the calls are spread. [default: 5; 0.1 on a cloud on this machine]",
)
@click.option(
    "--timeout",
    type=SECONDS,
    metavar="SECONDS",
    help="How long to wait after the last call. [default: 900; 60 on a cloud on this machine]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result; progress goes to stderr.")
@click.option("--markdown", metavar="FILE", type=_FILE, help="Write the table to this file, as Markdown.")
@click.option("--picture", metavar="FILE.svg", type=_FILE, help="Draw the result into this file, as SVG.")
def compare(
    directory: Path,
    key: str | None,
    as_json: bool,
    markdown: Path | None,
    picture: Path | None,
    **options: Any,
) -> None:
    """Read a watched secret and show what each channel tells of it: how soon, how often, how much.

    The channels are the alarm, CloudTrail's own SNS notifications and the realtime rule; one that is not
    deployed is left out. DIR is an applied root module with an output `watch`; the environment says which
    cloud. One temporary queue for each topic receives its messages. The queues are removed afterwards, also
    on failure and Ctrl-C. Subscribers of the topics get the messages, too. The secret's value is never shown.
    """
    from secretwatch.pipeline.compare import Compare
    from secretwatch.pipeline.comparison import Comparison

    for file in (markdown, picture):
        if file and not file.absolute().parent.is_dir():
            raise click.UsageError(f"{file.parent} is not a folder: give a file in one that exists.")
    console = plain(stderr=as_json, soft_wrap=True)
    display = Display(console)
    found = Comparison()
    try:
        watch, session = applied(directory, key, console)
        test = Compare(watch, session, observer=display, **options)
        found = test.result
        test.run()
    except NoWatch as error:
        found.ending, found.reason = "refused", str(error)
    except KeyboardInterrupt:
        found.ending, found.reason = "interrupted", "It was interrupted."
    finally:
        display.close()
    _tell(console, found)
    if found.made("read"):
        _write(found, markdown, picture)
    if as_json:
        click.echo(json.dumps(found.as_dict(), indent=2, ensure_ascii=False))
    raise SystemExit(found.exit_code)


def _write(found: Comparison, markdown: Path | None, picture: Path | None) -> None:
    from secretwatch.picture.comparison import draw

    try:
        if markdown:
            markdown.write_text(found.markdown(), encoding="utf-8")
        if picture:
            picture.write_text(draw(found), encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"The result cannot be written: {error}.") from error


class Display:
    """One line a channel that is complete; in a terminal moving lines of the rest, elsewhere now and then."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._told = 0.0

    def note(self, text: str) -> None:
        self.close()
        self._console.print(Text(text, style="yellow"))

    def channel(self, channel: ChannelResult) -> None:
        self.close()
        line = Text("  ")
        line.append(f"{'ok':<8}", style="green")
        line.append(f"{channel.arrivals[-1]:8.1f} s  {channel.title:<28}")
        line.append(f"{channel.messages} message{'' if channel.messages == 1 else 's'}", style="dim")
        self._console.print(line)

    def progress(self, state: Mapping[str, str], seconds: float) -> None:
        if self._console.is_terminal:
            if self._live is None:
                self._live = Live(console=self._console, transient=True, refresh_per_second=8)
                self._live.start()
            lines = [
                Text(f"  {'':<8}{seconds:8.1f} s  {name:<28}{far}", style="yellow", no_wrap=True)
                for name, far in state.items()
            ]
            self._live.update(Group(*lines))
        elif seconds - self._told >= _TELL_EVERY:
            self._told = seconds
            story = "; ".join(f"{name}: {far}" for name, far in state.items())
            self._console.print(Text(f"  after {seconds:.0f} s: {story}", style="yellow"))

    def close(self) -> None:
        """Take the moving lines away."""
        if self._live:
            self._live.stop()
            self._live = None


def _tell(console: Console, found: Comparison) -> None:
    if found.made("read"):
        # A column for each channel: that fits a terminal.
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        head, *lines = zip(*found.rows(), strict=True)
        for name in head:
            table.add_column(name)
        for line in lines:
            table.add_row(*line)
        console.print(Text(f"\n{found.sentence()}"))
        console.print(table)
        console.print(Text(found.observed.sentence(), style="dim"))
    for each in found.channels:
        if not each.deployed:
            console.print(Text(f"{each.title}: not deployed, as {each.why.rstrip('.')}.", style="dim"))
    for command in found.left_behind:
        console.print(Text(f"Left behind; this removes it: {command}", style="bold red"))
    if found.result == "fail":
        words = Text("fail: ", style="bold red")
        words.append(found.reason or "", style="not bold default")
        refused = found.ending == "refused"
        (plain(stderr=True, soft_wrap=True) if refused else console).print(words)
