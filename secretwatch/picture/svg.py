"""SVG text from a few shapes. Coordinates are pixels; colours and sizes of text are classes of STYLE."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape

STYLE = (
    'text{font:12px ui-sans-serif,system-ui,-apple-system,"Segoe UI",Helvetica,Arial,"DejaVu Sans",'
    "sans-serif;fill:#334155}.title{font-size:18px;font-weight:600;fill:#0f172a}.head{font-size:13px;font-weight:600}"
    ".dim{fill:#64748b}.small{font-size:11px;fill:#64748b}.right{text-anchor:end}.middle{text-anchor:middle}"
    ".yes{fill:#047857;font-size:15px;font-weight:700}.no{fill:#94a3b8}.bad{fill:#b91c1c;font-weight:700}"
)


def document(width: float, height: float, title: str, description: str, shapes: Iterable[str]) -> str:
    """A whole picture; title and description are for those who cannot see it."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}" role="img" aria-labelledby="title desc">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="desc">{escape(description)}</desc>',
            f"<style>{STYLE}</style>",
            rect(0, 0, width, height, "#ffffff"),
            *shapes,
            "</svg>\n",
        ]
    )


def text(x: float, y: float, words: str, kind: str = "") -> str:
    """kind: classes of STYLE."""
    classes = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{classes}>{escape(words)}</text>'


def rect(x: float, y: float, width: float, height: float, fill: str, tip: str = "", radius: float = 0) -> str:
    shape = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}"'
    if radius:
        shape += f' rx="{radius:g}"'
    return f"<rect {shape}{_with(tip, 'rect')}"


def circle(x: float, y: float, radius: float, fill: str, tip: str = "") -> str:
    shape = f'cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{fill}" fill-opacity=".85" stroke="#ffffff"'
    return f"<circle {shape}{_with(tip, 'circle')}"


def line(x1: float, y1: float, x2: float, y2: float, stroke: str, width: float = 1) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" '
        f'stroke-width="{width:g}"/>'
    )


def ticks(end: float, about: int = 6) -> list[float]:
    """Round numbers from 0 to at least `end`, about so many."""
    if end <= 0:
        return [0.0, 1.0]
    raw = end / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    return [step * number for number in range(math.ceil(end / step - 1e-9) + 1)]


def seconds(value: float | None) -> str:
    """A time as a person says it."""
    if value is None:
        return "–"
    return f"{value:.1f} s" if value < 100 else f"{value:,.0f} s"


def _with(tip: str, tag: str) -> str:
    return f"><title>{escape(tip)}</title></{tag}>" if tip else "/>"
