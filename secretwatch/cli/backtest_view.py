"""A backtest on a screen: the bar while it reads, and tables of what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from secretwatch.cli.console import plain, visible_line

if TYPE_CHECKING:
    from secretwatch.backtest.result import AlarmResult, Rang, Result, SubjectResult, WatchResult
    from secretwatch.pipeline.backtest.scan import Tally

_ROWS = 8
_READERS = 5
_WIDE = 200


class Bar:
    """Files, bytes and events as they are read, in a terminal. total: bytes, where known."""

    def __init__(self, console: Console, total: int | None) -> None:
        self._progress = Progress(
            TextColumn("reading"),
            BarColumn(),
            TextColumn("{task.fields[said]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("reading", total=total, said="")

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def tell(self, tally: Tally) -> None:
        # Not before: it has a thread, beside which no process is forked.
        self._progress.start()
        said = f"{tally.files:,} files, {size(tally.size)}, {tally.events:,} events decoded"
        self._progress.update(self._task, completed=tally.size, said=said)


def size(count: float) -> str:
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:,.0f} {unit}" if unit == "bytes" else f"{count:,.1f} {unit}"
        count /= 1000
    return ""


def at(time: int) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M:%S}"


def show(console: Console, result: Result) -> None:
    """All of it."""
    wide = console if console.is_terminal else plain(file=console.file, width=_WIDE)
    _head(console, result)
    for subject in result.subjects:
        console.print(Text(f"\n{visible_line(subject.label)}", style="bold"))
        wide.print(_overview(subject), soft_wrap=False)
        for watch in subject.watches:
            if watch.reads or watch.rings:
                _watch(console, wide, watch)
        for sentence in subject.not_tested:
            console.print(Text(f"  not tested: {visible_line(sentence)}", style="dim"))
    if result.bill:
        _bill(console, wide, result)
    _limit(console, result)


def _head(console: Console, result: Result) -> None:
    read = result.read
    if result.begin is None or result.end is None:
        span = "nothing that matched, and no log file that says when it arrived"
    else:
        span = f"{at(result.begin)} to {at(result.end)} UTC, {result.days:,.1f} days"
    console.print(Text(f"History: {span}"))
    files = f"{result.files:,} files, {size(read['bytes'])} ({size(read['bytes_decompressed'])} decompressed)"
    left = (
        f"; {read['files_not_decoded']:,} without the words that a match needs"
        if read["files_not_decoded"]
        else ""
    )
    twice = f"; {read['files_twice']:,} came twice" if read["files_twice"] else ""
    console.print(
        Text(f"Read:    {files}, {read['events_decoded']:,} events decoded{left}{twice}", style="dim")
    )
    doubles = f", {result.duplicates:,} more were duplicates" if result.duplicates else ""
    console.print(Text(f"Matched: {result.hits:,} events{doubles}"))
    if result.drawn:
        console.print(
            Text(
                "Some files do not say when they arrived: their delays are drawn at random from "
                "measured delays (--seed).",
                style="dim",
            )
        )
    for name, why in result.broken:
        console.print(Text(f"Damaged: {visible_line(name)}, {visible_line(why)}", style="yellow"))
    if result.damaged:
        console.print(
            Text(
                f"{result.damaged} of {result.files} files are damaged: only their readable parts count.",
                "yellow",
            )
        )


def _overview(subject: SubjectResult) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("  watch", overflow="fold")
    for name in ("reads", "rang", "in ALARM", "below", "late", "missed", "messages a day", "busiest day"):
        table.add_column(name, justify="right")
    for watch in subject.watches:
        alarms = watch.alarms or (None,)
        for number, alarm in enumerate(alarms):
            label = watch.label if number == 0 else ""
            name = (
                f"  {visible_line(label)}"
                if len(alarms) == 1
                else f"  {visible_line(alarm.name if alarm else label)}"
            )
            table.add_row(Text(name), *_cells(watch, alarm, number == 0))
    return table


def _cells(watch: WatchResult, alarm: AlarmResult | None, first: bool) -> Iterable[Text]:
    fates = alarm.fates if alarm else {}
    yield Text(f"{watch.reads:,}" if first else "")
    rang = len(alarm.rings) if alarm and not alarm.why else None
    yield Text("–" if rang is None else f"{rang:,}", style="bold red" if rang else "")
    for name in ("already in ALARM", "below threshold", "late"):
        yield Text(f"{fates.get(name, 0):,}" if alarm and not alarm.of_silence else "")
    gone = len(alarm.missed) if alarm else 0
    yield Text(f"{gone:,}" if alarm and not alarm.of_silence else "", style="red" if gone else "")
    if not first:
        yield Text("")
        yield Text("")
        return
    channels = {name: each for name, each in watch.channels.items() if each.total}
    yield Text(", ".join(f"{each.per_day:,.1f} {name}" for name, each in channels.items()) or "none")
    busiest = max(
        (each.busiest for each in channels.values() if each.busiest), key=lambda b: b[1], default=None
    )
    yield Text(f"{busiest[1]:,} on {busiest[0]}" if busiest else "")


def _watch(console: Console, wide: Console, watch: WatchResult) -> None:
    console.print(Text(f"\n  {visible_line(watch.label)}", style="bold"))
    for name in ("reader", "address", "agent", "secret") if watch.reads else ():
        found = watch.top[name][:_READERS]
        shown = ", ".join(f"{visible_line(value) or '(none)'} {count:,}" for value, count in found)
        more = watch.distinct[name] - len(found)
        console.print(Text(f"    {name:8}{shown}{f', and {more:,} more' if more > 0 else ''}"))
    new = ", ".join(f"{count} on {day}" for day, count in list(watch.new_readers.items())[:_ROWS])
    if watch.reads:
        console.print(Text(f"    new     readers: {new}"))
    rings = [(alarm, ring) for alarm in watch.alarms for ring in alarm.rings]
    rings.sort(key=lambda each: each[1].at)
    for alarm, ring in rings[:_ROWS]:
        console.print(
            Text(f"    {at(ring.at)}  {visible_line(alarm.name)}: {_why(alarm, ring)}", style="red")
        )
    if len(rings) > _ROWS:
        console.print(
            Text(f"    {len(rings) - _ROWS:,} more: --json and --html have all of them", style="dim")
        )
    for alarm in watch.alarms:
        for gone in alarm.missed[:_ROWS]:
            console.print(
                Text(
                    f"    {at(gone.at)}  {visible_line(alarm.name)} would have rung, but its reads came late",
                    style="yellow",
                )
            )


def _why(alarm: AlarmResult, ring: Rang) -> str:
    if alarm.of_silence:
        return "nothing came" + (f" until {at(ring.until)}" if ring.until is not None else "")
    who = ", ".join(dict.fromkeys(visible_line(each.reader) for each in ring.events)) or "(nobody named)"
    return f"{ring.reads:,} reads, {who}"


def _bill(console: Console, wide: Console, result: Result) -> None:
    from secretwatch.backtest.bill import BLINDS

    bill = result.bill
    assert bill
    console.print(
        Text(f"\nInto the log group: {bill.gb:,.2f} GB a month, ${bill.dollars:,.2f}", style="bold")
    )
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("  events of")
    for name in ("events", "GB a month", "$ a month"):
        table.add_column(name, justify="right")
    for line in bill.lines[:_ROWS]:
        table.add_row(
            Text(f"  {visible_line(line.source)}"),
            f"{line.events:,}",
            f"{line.gb:,.3f}",
            f"{line.dollars:,.2f}",
        )
    wide.print(table, soft_wrap=False)
    for line in bill.savings:
        console.print(
            Text(
                f"  trail.exclude_management_event_sources with {line.source} would save "
                f"${line.dollars:,.2f} a month. {BLINDS[line.source]}"
            )
        )


def _limit(console: Console, result: Result) -> None:
    if not result.limit:
        return
    for each in result.too_many:
        console.print(
            Text(
                f"\nToo many: {visible_line(each.watch)} of {visible_line(each.subject)} would have rung "
                f"{each.rings} times from {at(each.begin)} to {at(each.end)} UTC; the limit is "
                f"{result.limit}.",
                style="bold red",
            )
        )
        for reader, count in each.readers:
            console.print(Text(f"  {count:>5}  {visible_line(reader)}"))
    if not result.too_many and result.untold:
        why = visible_line(result.untold)
        console.print(Text(f"\nIt is not known whether the limit holds: {why}", style="yellow"))
    elif not result.too_many:
        console.print(Text(f"\nNo watch would have rung more than {result.limit}.", style="green"))
