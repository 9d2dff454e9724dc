"""The way from a read to people as a picture: where it stops, and what else is not well.

One SVG element, to stand in a page: its colours are the page's CSS variables.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from secretwatch.pipeline.doctor.findings import Hop

_WIDTH, _BOX, _HIGH, _GAP, _ROW = 900, 118, 44, 18, 64
_SLOW = ("trail", "event", "filter", "metric", "alarm", "topic")
_BESIDE = ("realtime", "details", "self-watch", "heartbeat")
_SAID = {"event": "log group", "topic": "people", "realtime": "fast path"}
_MARKS = {"healthy": "✓", "warning": "!", "not reached": "·", "cannot tell": "?", "broken": "✕"}


def picture(hops: list[Hop]) -> str:
    """The picture; a broken hop has its number, as in the list below it."""
    numbers = {hop.name: number for number, hop in enumerate(hops, 1)}
    known = {hop.name: hop for hop in hops}
    slow = [known[name] for name in _SLOW if name in known]
    beside = [known[name] for name in _BESIDE if name in known]
    parts = [*_row(slow, numbers, 0, "a read"), *_row(beside, numbers, 1, None)]
    height = _ROW + _HIGH + 8
    stops = next((hop.name for hop in slow if hop.verdict == "broken" and hop.stops), None)
    label = f"The read stops at {_SAID.get(stops, stops)}" if stops else "The read reaches people"
    return (
        f'<svg class="path" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def _row(hops: list[Hop], numbers: dict[str, int], row: int, begin: str | None) -> Iterator[str]:
    y = 4 + row * _ROW
    x = 2
    if begin:
        yield f'<text class="begin" x="{x}" y="{y + _HIGH // 2 + 4}">{begin}</text>'
        x += 62
    passes = True
    for hop in hops:
        if begin:
            way = "way" if passes else "way cut"
            middle = y + _HIGH // 2
            yield f'<line class="{way}" x1="{x - _GAP}" y1="{middle}" x2="{x}" y2="{middle}"/>'
        tone = hop.verdict.replace(" ", "-")
        name = _SAID.get(hop.name, hop.name)
        yield (
            f'<g class="stop {tone}"><rect x="{x}" y="{y}" width="{_BOX}" height="{_HIGH}" rx="7"/>'
            f'<text x="{x + 10}" y="{y + 19}">{numbers[hop.name]} {escape(name)}</text>'
            f'<text class="said" x="{x + 10}" y="{y + 35}">{_MARKS[hop.verdict]} {hop.verdict}</text>'
            f"<title>{escape(hop.sentence)}</title></g>"
        )
        passes = passes and not (hop.verdict == "broken" and hop.stops)
        x += _BOX + _GAP
