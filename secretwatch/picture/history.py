"""Runs of the smoke test, drawn: a strip for each hop, a bar for each run, all on one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from secretwatch.picture.svg import document, line, rect, seconds, text, ticks

NEWEST = 60
"""Runs that are drawn of each watch."""

_WIDTH, _MARGIN, _LEFT, _RIGHT = 980.0, 24.0, 220.0, 700.0
_STRIP, _BAR_HEIGHT = 48.0, 32.0
_COLUMNS = {"last": 780.0, "median": 860.0, "slowest": 950.0}
_BAR, _BAR_FAILED = "#2563eb", "#93a3b8"


def draw(runs: Sequence[Mapping[str, Any]]) -> str:
    """SVG of runs as the history file has them, oldest first: a panel for each watch."""
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for run in runs:
        groups.setdefault(_watch(run), []).append(run)
    shapes = [text(_MARGIN, 38, "From a read to each hop, in seconds", "title")]
    top = 62.0
    for watch, members in groups.items():
        panel, top = _panel(watch, members[-NEWEST:], top)
        shapes += panel
    description = f"Seconds from a read of the secret to each hop, in {len(runs)} runs of the smoke test."
    return document(_WIDTH, top, "Runs of the smoke test", description, shapes)


def _watch(run: Mapping[str, Any]) -> tuple[str, ...]:
    where = "local cloud" if run.get("local") else f"account {run['account_id']}"
    return (str(run["watch"]), where, str(run["region"]))


def _panel(watch: tuple[str, ...], runs: Sequence[Mapping[str, Any]], top: float) -> tuple[list[str], float]:
    """The shapes, and where the next panel begins."""
    # In the order of the longest path.
    longest_first = sorted(runs, key=lambda run: len(run["hops"]), reverse=True)
    names = list(dict.fromkeys(name for run in longest_first for name in run["hops"]))
    slowest = max((value for run in runs for value in run["hops"].values() if value is not None), default=1)
    scale = ticks(slowest, 3)[-1]
    passed = sum(run["result"] == "pass" for run in runs)
    counted = f"{len(runs)} run{'s' if len(runs) != 1 else ''}, {passed} passed"
    counted += " (grey: of a run that failed)" if passed < len(runs) else ""
    shapes = [
        text(_MARGIN, top + 14, ", ".join(watch), "head"),
        text(_MARGIN, top + 32, f"{counted}; each strip goes from 0 to {scale:g} s", "dim"),
        *(text(x, top + 32, name, "small right") for name, x in _COLUMNS.items()),
    ]
    top += 42
    for name in names:
        shapes += _strip(name, runs, scale, top)
        top += _STRIP
    shapes.append(text(_LEFT, top + 16, _when(runs[0]), "small"))
    if len(runs) > 1:
        # Below the last bar, where that leaves room for the first date.
        x = max(_LEFT + len(runs) * _step(runs), _LEFT + 270)
        shapes.append(text(x, top + 16, _when(runs[-1]), "small right"))
    return shapes, top + 44


def _strip(name: str, runs: Sequence[Mapping[str, Any]], scale: float, top: float) -> list[str]:
    base = top + _BAR_HEIGHT + 6
    shapes = [text(_MARGIN, base - 2, name), line(_LEFT, base, _RIGHT, base, "#cbd5e1")]
    step = _step(runs)
    width = max(step * 0.7, 2.0)
    for number, run in enumerate(runs):
        x = _LEFT + number * step + (step - width) / 2
        if name not in run["hops"]:
            continue
        value = run["hops"][name]
        tip = f"{_when(run)}: {seconds(value)}"
        if value is None:
            shapes.append(text(x + width / 2, base - 3, "×", "bad middle"))
        else:
            # A bar of no height would look like a run that is not there.
            height = max(value / scale * _BAR_HEIGHT, 1.0)
            fill = _BAR if run["result"] == "pass" else _BAR_FAILED
            shapes.append(rect(x, base - height, width, height, fill, tip))
    values = [run["hops"][name] for run in runs if run["hops"].get(name) is not None]
    if values:
        figures = {"last": values[-1], "median": median(values), "slowest": max(values)}
        shapes += [text(x, base - 2, seconds(figures[each]), "right") for each, x in _COLUMNS.items()]
    return shapes


def _step(runs: Sequence[Mapping[str, Any]]) -> float:
    return min((_RIGHT - _LEFT) / len(runs), 40.0)


def _when(run: Mapping[str, Any]) -> str:
    return str(run["time"])[:16].replace("T", " ") + " UTC"
