"""A comparison, drawn: when each channel's messages came after the reads, and what they name."""

from __future__ import annotations

from collections.abc import Iterable

from secretwatch.picture.svg import circle, document, line, seconds, text, ticks
from secretwatch.pipeline.comparison import ChannelResult, Comparison, size
from secretwatch.pipeline.messages import NAMED

_WIDTH, _MARGIN, _LEFT, _RIGHT = 1160.0, 24.0, 220.0, 575.0
_LANE, _TOP = 62.0, 112.0
_FIRST, _MESSAGES, _BYTES, _MONTH = 670.0, 740.0, 815.0, 1136.0
_NAMES = dict(zip(NAMED, (852.0, 902.0, 954.0, 1004.0), strict=True))
_COLOURS = {"alarm": "#b91c1c", "trail": "#b45309", "realtime": "#047857"}
_READ, _NOISE = "#1d4ed8", "#cbd5e1"


def draw(found: Comparison) -> str:
    """SVG of a comparison."""
    times = [call["seconds"] for call in found.calls]
    times += [at for each in found.channels for at in each.arrivals]
    marks = ticks(max(times, default=0.0))
    bottom = _TOP + _LANE * (1 + len(found.channels))
    shapes = [
        text(_MARGIN, 38, "What each channel tells of a read, and when", "title"),
        text(_MARGIN, 60, found.sentence(), "dim"),
        *_heads(),
    ]
    for mark in marks:
        x = _x(mark, marks)
        shapes.append(line(x, _TOP, x, bottom, "#e2e8f0"))
        shapes.append(text(x, bottom + 16, f"{mark:g}", "small middle"))
    shapes.append(text((_LEFT + _RIGHT) / 2, bottom + 34, "seconds since the first read", "small middle"))
    shapes += _calls(found, marks)
    for number, each in enumerate(found.channels):
        shapes += _lane(each, marks, _TOP + _LANE * (number + 1))
    shapes.append(text(_MARGIN, bottom + 62, found.observed.sentence(), "dim"))
    description = " ".join(" ".join(cell for cell in row if cell) + "." for row in found.rows()[1:])
    return document(_WIDTH, bottom + 82, "What each channel tells of a read", description, shapes)


def _heads() -> Iterable[str]:
    y = _TOP - 14
    for x, words in (
        (_FIRST, "first message"),
        (_MESSAGES, "messages"),
        (_BYTES, "bytes"),
        (_MONTH, "a month"),
    ):
        yield text(x, y, words, "small right")
    yield text((_NAMES["secret"] + _NAMES["time"]) / 2, y - 16, "does a message name the …", "small middle")
    for name, x in _NAMES.items():
        yield text(x, y, name, "small middle")


def _calls(found: Comparison, marks: list[float]) -> Iterable[str]:
    middle = _TOP + _LANE / 2
    yield text(_MARGIN, middle - 2, "Calls", "head")
    yield text(_MARGIN, middle + 14, f"{found.made('read')} reads, {found.made('noise')} others", "small")
    for kind, colour, half, width in (("noise", _NOISE, 7, 2.0), ("read", _READ, 14, 3.0)):
        for call in found.calls:
            if call["kind"] == kind:
                x = _x(call["seconds"], marks)
                yield line(x, middle - half, x, middle + half, colour, width)


def _lane(channel: ChannelResult, marks: list[float], top: float) -> Iterable[str]:
    middle = top + _LANE / 2
    yield line(_MARGIN, top, _WIDTH - _MARGIN, top, "#e2e8f0")
    if not channel.deployed:
        yield text(_MARGIN, middle + 4, channel.title, "head no")
        yield text(_LEFT + 8, middle + 4, f"not deployed: {channel.why}", "dim")
        return
    yield text(_MARGIN, middle + 4, channel.title, "head")
    for at in channel.arrivals:
        yield circle(_x(at, marks), middle, 6, _COLOURS[channel.channel], f"a message after {seconds(at)}")
    yield text(_FIRST, middle + 4, seconds(channel.first_seconds), "right head")
    yield text(_MESSAGES, middle + 4, str(channel.messages), "right")
    yield text(_BYTES, middle + 4, size(channel.bytes), "right")
    for name, x in _NAMES.items():
        says = channel.says(name)
        mark, kind = {"yes": ("✓", "yes"), "no": ("no", "no")}.get(says, (says, "small"))
        yield text(x, middle + 5, mark, f"{kind} middle")
    if channel.month:
        yield text(_MONTH, middle - 3, f"{channel.month['messages']:,.0f} messages", "right")
        yield text(_MONTH, middle + 13, size(channel.month["bytes"]), "small right")
    else:
        yield text(_MONTH, middle + 4, "not known", "small right")


def _x(value: float, marks: list[float]) -> float:
    return _LEFT + (_RIGHT - _LEFT) * max(value, 0.0) / marks[-1]
