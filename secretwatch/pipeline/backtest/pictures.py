"""Pictures of a backtest, drawn by matplotlib: SVG that stands in a page as an image, and so runs nothing.

What others chose (names of readers, topics) is drawn as text and never read as a formula.
"""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import matplotlib
from matplotlib import dates, ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from secretwatch.backtest.result import Days, Result, WatchResult

# No font is looked for: the reader's own is taken. The same result gives the same picture.
_SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "secretwatch",
    "font.family": "sans-serif",
    "font.size": 9,
}
_READS, _RANG, _MISSED = "#94a3b8", "#b91c1c", "#d97706"
_CHANNELS = {
    "alarm": "#b91c1c",
    "details": "#f87171",
    "realtime": "#047857",
    "self-watch": "#7c3aed",
    "trail": "#b45309",
}
_MOST_WATCHES = 12
_MOST_MARKS = 500


def timeline(watches: Sequence[WatchResult], result: Result) -> str:
    """Reads a day of each watch, and when its alarms rang or were missed, on one scale of time."""
    shown = watches[:_MOST_WATCHES]
    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(10, 0.75 + 1.0 * len(shown)), layout="constrained")
        rows = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
        for axes, watch in zip(rows, shown, strict=True):
            _bars(axes, watch.reads_by_day, _READS)
            top = max(watch.reads_by_day.values(), default=1)
            _marks(axes, [ring.at for ring in watch.rings], top, _RANG, "v")
            _marks(axes, [gone.at for alarm in watch.alarms for gone in alarm.missed], top, _MISSED, "x")
            axes.set_title(_label(watch.label), loc="left", fontsize=9, parse_math=False)
            axes.set_ylim(0, top * 1.35)
            _plain(axes)
        _time(rows[-1], result)
        return _image(figure, f"Reads a day and alarms of {len(shown)} watches")


def messages(watches: Sequence[WatchResult], result: Result) -> str:
    """Messages a day by channel, of all watches together."""
    found: dict[str, dict[str, int]] = {}
    for watch in watches:
        for channel, traffic in watch.channels.items():
            for day, count in traffic.days.items():
                found.setdefault(channel, {})
                found[channel][day] = found[channel].get(day, 0) + count
    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(10, 2.4), layout="constrained")
        axes = figure.subplots()
        below: dict[str, int] = {}
        for channel in sorted(found):
            _bars(axes, found[channel], _CHANNELS.get(channel, _READS), below, channel)
            for day, count in found[channel].items():
                below[day] = below.get(day, 0) + count
        if found:
            axes.legend(loc="upper left", ncols=5, frameon=False, fontsize=8)
            axes.set_ylim(0, max(below.values(), default=1) * 1.3)
        _plain(axes)
        _time(axes, result)
        return _image(figure, "Messages a day by channel")


def new_readers(watches: Sequence[WatchResult], result: Result) -> str:
    """How many readers were known by each day: a line that stays flat is a list that can be excepted."""
    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(10, 2.2), layout="constrained")
        axes = figure.subplots()
        for watch in watches[:_MOST_WATCHES]:
            if not watch.new_readers:
                continue
            days: list[Any] = []
            known, total = [], 0
            for day, count in watch.new_readers.items():
                total += count
                days.append(_day(day))
                known.append(total)
            if result.end:
                days.append(datetime.fromtimestamp(result.end, UTC))
                known.append(total)
            axes.step(days, known, where="post", label=_label(watch.label), linewidth=1.6)
        axes.set_ylim(bottom=0)
        if axes.get_lines():
            legend = axes.legend(loc="upper left", frameon=False, fontsize=8)
            for text in legend.get_texts():
                text.set_parse_math(False)
        _plain(axes)
        _time(axes, result)
        return _image(figure, "Readers known by day")


def bill(result: Result) -> str:
    """GB a month into the log group, of the ten services with most."""
    assert result.bill
    lines = result.bill.lines[:10][::-1]
    with matplotlib.rc_context(_SETTINGS):
        figure = Figure(figsize=(10, 0.6 + 0.28 * len(lines)), layout="constrained")
        axes = figure.subplots()
        bars = axes.barh(range(len(lines)), [each.gb for each in lines], color="#2563eb", height=0.65)
        axes.set_yticks(range(len(lines)), [_label(each.source) for each in lines], parse_math=False)
        axes.bar_label(bars, [f" {each.gb:,.2f} GB, ${each.dollars:,.2f}" for each in lines], fontsize=8)
        axes.set_xlim(0, max((each.gb for each in lines), default=1) * 1.25 or 1)
        _plain(axes)
        return _image(figure, "GB a month by service")


def _bars(axes: Axes, days: Days, colour: str, below: Days | None = None, label: str | None = None) -> None:
    if not days:
        return
    bottom = [(below or {}).get(day, 0) for day in days]
    axes.bar(
        [_day(day) for day in days],  # type: ignore[arg-type]
        list(days.values()),
        width=timedelta(hours=20),  # type: ignore[arg-type]
        align="edge",
        bottom=bottom,
        color=colour,
        label=label,
    )


def _marks(axes: Axes, times: Sequence[int], top: int, colour: str, sign: str) -> None:
    step = max(1, len(times) // _MOST_MARKS)
    at = [datetime.fromtimestamp(time, UTC) for time in times[::step]]
    axes.plot(at, [top * 1.18] * len(at), sign, color=colour, markersize=5)  # type: ignore[arg-type]


def _time(axes: Axes, result: Result) -> None:
    axes.yaxis.set_major_locator(ticker.MaxNLocator(4, integer=True))
    if result.begin is None or result.end is None:
        return
    begin, end = (datetime.fromtimestamp(each, UTC) for each in (result.begin, result.end))
    axes.set_xlim(begin - timedelta(days=1), end + timedelta(days=1))  # type: ignore[arg-type]
    locator: Any = dates.AutoDateLocator(maxticks=10)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


def _plain(axes: Axes) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=8)


def _day(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)


def _label(text: str) -> str:
    shown = "".join(each if each.isprintable() else "\ufffd" for each in text)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"


def _image(figure: Figure, alt: str) -> str:
    """The picture as an `img` of HTML."""
    file = io.BytesIO()
    nothing: dict[str, Any] = {"Date": None, "Creator": None}
    figure.savefig(file, format="svg", metadata=nothing)
    data = b64encode(file.getvalue()).decode()
    return f'<img alt="{alt}" src="data:image/svg+xml;base64,{data}">'
