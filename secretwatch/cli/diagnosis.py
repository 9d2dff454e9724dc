"""A diagnosis of the doctor's for people in a terminal: the walk as a tree, and what mends it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from secretwatch.cli.console import plain, visible, visible_line

if TYPE_CHECKING:
    from secretwatch.pipeline.doctor.findings import Finding, Hop
    from secretwatch.pipeline.doctor.walk import Diagnosis

_STYLES = {
    "healthy": "green",
    "warning": "yellow",
    "not reached": "dim",
    "cannot tell": "magenta",
    "broken": "bold red",
}
_RESULTS = {"healthy": "bold green", "broken": "bold red", "cannot tell": "bold magenta"}
_ENDLESS = 10_000


Shown = dict[tuple[str, ...], str]
"""Steps that were shown, and of which watch."""


def show(console: Console, diagnosis: Diagnosis, shown: Shown | None = None) -> None:
    """The walk as a tree: hop, verdict, sentence; below it the mends of what is wrong.

    shown: mends that stand above already are not written once more.
    """
    record, subject = diagnosis.record, diagnosis.view.subject
    title = Text(visible_line(subject.name or "the account"), style="bold")
    title.append(f"  account {record.account_id or '?'}, {subject.region}", style="not bold dim")
    tree = Tree(title, guide_style="dim")
    for number, hop in enumerate(diagnosis.hops, 1):
        branch = tree.add(_line(f"{number} {hop.name}", hop.verdict, hop.sentence))
        for each in _others(hop):
            branch.add(_line("also", each.verdict, each.sentence))
    # In a file or a pipe a sentence stays on its line.
    wide = console if console.is_terminal else plain(file=console.file, width=_ENDLESS)
    wide.print(tree, soft_wrap=False)
    if record.other_alarms:
        listed = ", ".join(record.other_alarms)
        console.print(
            Text(f"Also on this log group, to be chosen with --alarm: {visible_line(listed)}", style="dim")
        )
    for note in diagnosis.notes:
        console.print(Text(visible_line(note), style="yellow"))
    _mends(console, diagnosis, {} if shown is None else shown)
    console.print(_ending(diagnosis))


def show_all(console: Console, found: Sequence[Diagnosis]) -> None:
    """A line each; then the whole walk of those that are not healthy."""
    width = max(len(each.view.subject.name) for each in found) + 2
    for each in found:
        line = Text(visible_line(each.view.subject.name).ljust(width))
        line.append(each.result, style=_RESULTS[each.result])
        if each.broken:
            name, first = each.broken[0]
            line.append(f"  {name}: {visible_line(first.sentence)}")
        elif warnings := _warnings(each):
            more = f" (and {len(warnings) - 1} more)" if len(warnings) > 1 else ""
            line.append(f"  warning: {visible_line(warnings[0].sentence)}{more}", style="yellow")
        console.print(line)
    shown: Shown = {}
    for each in found:
        if each.result != "healthy":
            console.print()
            show(console, each, shown)


def _warnings(diagnosis: Diagnosis) -> list[Finding]:
    return [each for hop in diagnosis.hops for each in hop.findings if each.verdict == "warning"]


def _line(name: str, verdict: str, sentence: str) -> Table:
    line = Table.grid(padding=(0, 2, 0, 0))
    line.add_column(width=13)
    line.add_column(width=11)
    line.add_column(overflow="fold")
    quiet = verdict in ("healthy", "not reached")
    words = Text(visible_line(sentence), style="dim" if quiet else "")
    line.add_row(name, Text(verdict, style=_STYLES[verdict]), words)
    return line


def _others(hop: Hop) -> list[Finding]:
    return [each for each in hop.findings if each is not hop.worst]


def _mends(console: Console, diagnosis: Diagnosis, shown: Shown) -> None:
    """Commands stand by themselves, so that they can be copied whole."""
    name = diagnosis.view.subject.name
    for hop in diagnosis.hops:
        for each in hop.findings:
            if not each.steps or each.verdict not in ("broken", "cannot tell", "warning"):
                continue
            console.print(Text(f"\n{hop.name} ({each.cause}):", style=_STYLES[each.verdict]))
            key = tuple(step.key for step in each.steps)
            if key in shown:
                of = "" if shown[key] == name else f", of {visible_line(shown[key])}"
                console.print(Text(f"  the same as above{of}"))
                continue
            shown[key] = name
            for line in visible(each.mend).split("\n"):
                console.print(Text(f"  {line}"))
    if len(diagnosis.broken) > 1 and len(diagnosis.plan) > 1:
        console.print(Text("\nAll of it, in this order (--mend asks, and does it):", style="bold"))
        for step in diagnosis.plan:
            for line in visible(step.command()).split("\n"):
                console.print(Text(f"  {line}"))
    if diagnosis.missing:
        console.print(Text("\nMissing permissions (--policy prints all that are needed):", style="magenta"))
        for permission in diagnosis.missing:
            console.print(Text(f"  {visible(permission)}"))


def _ending(diagnosis: Diagnosis) -> Text:
    words = Text(f"\n{diagnosis.result}: ", style=_RESULTS[diagnosis.result])
    broken = [name for name, _ in diagnosis.broken]
    read = diagnosis.record.read
    about = diagnosis.view.subject.is_about_secrets
    if broken:
        words.append(f"the first broken hop is {broken[0]}", style="not bold default")
    elif diagnosis.result == "cannot tell":
        words.append("see above what is missing", style="not bold default")
    elif read:
        what = f"read of {read.secret or 'a secret'}" if about else str(read.event.get("eventName"))
        words.append(
            f"the {visible(what)} at {read.time:%H:%M:%S} UTC was followed", style="not bold default"
        )
    else:
        seen = "no read was seen" if about else "nothing that would ring it was seen"
        words.append(f"as far as it is configured; {seen}", style="not bold default")
    return words
