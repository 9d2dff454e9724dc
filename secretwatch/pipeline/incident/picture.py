"""The incident as a picture: a lane for each credential, what it did over time, who handed out which.

One SVG element, to stand in a page: its colours are the page's CSS variables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape

from secretwatch.incident.chain import Credential
from secretwatch.incident.report import Report
from secretwatch.incident.timeline import Entry
from secretwatch.pipeline.incident import words

_WIDTH, _LEFT, _RIGHT, _LANE, _TOP = 960, 250, 24, 44, 34
_MOST_LANES = 12
_MOST_DOTS = 600
_LABEL = 30
_FOREMOST = ("looked", "changed", "gave", "refused", "read", "rang")
"""What is drawn last lies on top."""


@dataclass(frozen=True)
class _Scale:
    begin: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        share = (at - self.begin) / (self.end - self.begin)
        return _LEFT + min(max(share, 0.0), 1.0) * (_WIDTH - _LEFT - _RIGHT)

    def ticks(self) -> list[datetime]:
        """Round times, at most six of them."""
        span = (self.end - self.begin).total_seconds()
        steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400, 604800)
        step = next((each for each in steps if span / each <= 6), 604800 * 4)
        first = (int(self.begin.timestamp()) // step + 1) * step
        return [datetime.fromtimestamp(at, UTC) for at in range(first, int(self.end.timestamp()) + 1, step)]

    def said(self, at: datetime) -> str:
        span = self.end - self.begin
        if span > timedelta(days=2):
            return f"{at:%d %b}"
        return f"{at:%H:%M:%S}" if span < timedelta(minutes=10) else f"{at:%H:%M}"


def picture(report: Report) -> str:
    """The picture as SVG."""
    lanes = {each.number: lane for lane, each in enumerate(report.chain.credentials[:_MOST_LANES])}
    times = [act.time for act in report.chain.acts]
    if report.alarm_time:
        times.append(report.alarm_time)
    pad = max((max(times) - min(times)) * 0.04, timedelta(seconds=2))
    scale = _Scale(min(times) - pad, max(times) + pad)
    bottom = _TOP + _LANE * len(lanes)
    parts = [*_frame(report, scale, bottom), *_given(report, scale, lanes)]
    drawn = sorted(report.entries, key=lambda each: _FOREMOST.index(each.mark))[-_MOST_DOTS:]
    for each in drawn:
        if each.credential in lanes:
            parts += _done(each, scale, _middle(lanes[each.credential]))
    label = (
        f"{len(report.chain.credentials)} credentials and {len(report.chain.acts)} events between "
        f"{words.at(times[0])} and {words.at(max(times))} UTC"
    )
    return (
        f'<svg class="timeline" viewBox="0 0 {_WIDTH} {bottom + 26}" role="img" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def _middle(lane: int) -> int:
    return _TOP + _LANE * lane + _LANE // 2


def _frame(report: Report, scale: _Scale, bottom: int) -> Iterator[str]:
    for at in scale.ticks():
        x = scale.x(at)
        yield f'<line class="grid" x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{bottom}"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{scale.said(at)}</text>'
    for lane, each in enumerate(report.chain.credentials[:_MOST_LANES]):
        y = _middle(lane)
        yield f'<line class="rail" x1="{_LEFT}" y1="{y}" x2="{_WIDTH - _RIGHT}" y2="{y}"/>'
        kind = "lane reads" if each.relation == "reader" else "lane"
        name = escape(words.short(f"{each.number}  {each.label}", _LABEL))
        yield f'<text class="{kind}" x="0" y="{y - 2}">{name}</text>'
        yield f'<text x="0" y="{y + 13}">{escape(words.short(_keys(each), _LABEL))}</text>'
    if report.alarm_time:
        x = scale.x(report.alarm_time)
        anchor = "end" if x > _WIDTH - 160 else "start"
        aside = -6 if anchor == "end" else 6
        yield f'<line class="alarm" x1="{x:.1f}" y1="14" x2="{x:.1f}" y2="{bottom}"/>'
        yield (
            f'<text class="rang" x="{x + aside:.1f}" y="22" text-anchor="{anchor}">alarm '
            f"{report.alarm_time:%H:%M:%S}</text>"
        )


def _keys(each: Credential) -> str:
    more = f" +{len(each.keys) - 1}" if len(each.keys) > 1 else ""
    return f"{each.keys[0]}{more}" if each.keys else "no access key"


def _given(report: Report, scale: _Scale, lanes: dict[int, int]) -> Iterator[str]:
    for each in report.chain.credentials:
        if each.given_by is None or each.parent not in lanes or each.number not in lanes:
            continue
        x = scale.x(each.given_by.time)
        begin, end = _middle(lanes[each.parent]), _middle(lanes[each.number])
        yield f'<path class="gives" d="M{x:.1f} {begin} L{x:.1f} {end}"/>'


def _done(entry: Entry, scale: _Scale, y: int) -> Iterator[str]:
    x, end = scale.x(entry.begin), scale.x(entry.end)
    title = f"{words.at(entry.begin)}: {words.entry(entry)} from {entry.address or 'no address'}"
    if end - x > 1:
        yield f'<line class="span {entry.mark}" x1="{x:.1f}" y1="{y}" x2="{end:.1f}" y2="{y}"/>'
    radius = 8 if entry.mark == "rang" else 5
    yield (
        f'<circle class="dot {entry.mark}" cx="{x:.1f}" cy="{y}" r="{radius}">'
        f"<title>{escape(title)}</title></circle>"
    )
