"""The last reads as a picture: when each was made, delivered and counted, when the alarm rang and told.

One SVG element, to stand in a page: its colours are the page's CSS variables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape

from secretwatch.pipeline.doctor.record import Record

_WIDTH, _LEFT, _RIGHT, _LANE, _TOP = 960, 128, 24, 40, 14
_LANES = ("read", "in the log group", "counted", "in ALARM", "told")
_READS = 40


@dataclass(frozen=True)
class _Scale:
    begin: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        share = (at - self.begin) / (self.end - self.begin)
        return _LEFT + min(max(share, 0.0), 1.0) * (_WIDTH - _LEFT - _RIGHT)

    def ticks(self) -> list[datetime]:
        """Round times, at most eight of them."""
        span = (self.end - self.begin).total_seconds()
        steps = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400, 604800)
        step = next((each for each in steps if span / each <= 8), 604800 * 4)
        first = (int(self.begin.timestamp()) // step + 1) * step
        return [datetime.fromtimestamp(at, UTC) for at in range(first, int(self.end.timestamp()) + 1, step)]


def timeline(record: Record) -> str:
    """The picture as SVG; "" where no read was seen."""
    reads = record.reads[-_READS:]
    if not reads:
        return ""
    begin, end = reads[0].time, record.now
    pad = max((end - begin) * 0.04, timedelta(seconds=2))
    scale = _Scale(begin - pad, end + pad / 4)
    height = _TOP + _LANE * len(_LANES) + 26
    parts = [*_frame(scale, height), *_counts(record, scale), *_alarms(record, scale)]
    for read in reads:
        followed = record.read is not None and read.event_id == record.read.event_id
        kind = "dot followed" if followed else "dot"
        what = f"{read.secret or 'no secret by name'} by {read.reader}"
        x, y = scale.x(read.time), _middle(0)
        if read.delivered:
            late = (read.delivered - read.time).total_seconds()
            delivered = scale.x(read.delivered)
            parts.append(f'<line class="way" x1="{x:.1f}" y1="{y}" x2="{delivered:.1f}" y2="{_middle(1)}"/>')
            parts.append(
                _dot(
                    scale.x(read.delivered), _middle(1), kind, f"{_time(read.delivered)}: {late:.0f} s later"
                )
            )
        parts.append(_dot(x, y, kind, f"{_time(read.time)}: {what}"))
    parts += _told(record, scale)
    label = f"{len(reads)} reads between {_time(reads[0].time)} and {_time(record.now)} UTC"
    return (
        f'<svg class="timeline" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def _middle(lane: int) -> int:
    return _TOP + _LANE * lane + _LANE // 2


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%d %b %H:%M:%S}"


def _dot(x: float, y: float, kind: str, title: str) -> str:
    radius = 7 if "followed" in kind else 5
    return (
        f'<circle class="{kind}" cx="{x:.1f}" cy="{y}" r="{radius}"><title>{escape(title)}</title></circle>'
    )


def _frame(scale: _Scale, height: int) -> Iterator[str]:
    bottom = _TOP + _LANE * len(_LANES)
    for at in scale.ticks():
        text = f"{at:%H:%M:%S}" if scale.end - scale.begin < timedelta(minutes=10) else f"{at:%H:%M}"
        if scale.end - scale.begin > timedelta(days=2):
            text = f"{at:%d %b}"
        x = scale.x(at)
        yield f'<line class="grid" x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{bottom}"/>'
        yield f'<text class="tick" x="{x:.1f}" y="{height - 6}" text-anchor="middle">{text}</text>'
    for number, name in enumerate(_LANES):
        y = _middle(number)
        yield f'<text class="lane" x="0" y="{y + 4}">{name}</text>'
        yield f'<line class="rail" x1="{_LEFT}" y1="{y}" x2="{_WIDTH - _RIGHT}" y2="{y}"/>'


def _counts(record: Record, scale: _Scale) -> Iterator[str]:
    """A bar for each minute with a count above 0."""
    for sample in record.samples:
        start, end = sample.time, sample.time + timedelta(minutes=1)
        if sample.total <= 0 or end < scale.begin or start > scale.end:
            continue
        x, y = scale.x(start), _middle(2)
        width = max(scale.x(end) - x, 3)
        title = f"{sample.total:g} counted in the minute of {start:%H:%M} UTC"
        yield (
            f'<rect class="count" x="{x:.1f}" y="{y - 7}" width="{width:.1f}" height="14" rx="2">'
            f"<title>{escape(title)}</title></rect>"
        )
        if width > 16:
            middle = f'x="{x + width / 2:.1f}" y="{y + 4}" text-anchor="middle"'
            yield f'<text class="number" {middle}>{sample.total:g}</text>'


def _alarms(record: Record, scale: _Scale) -> Iterator[str]:
    """A bar for each time in ALARM, by the alarm's history."""
    asked = record.history_of_alarm
    if asked is None or not asked.ok:
        return
    updates = sorted(
        (each["Timestamp"].astimezone(UTC), each["HistorySummary"])
        for each in asked.answer
        if each["HistoryItemType"] == "StateUpdate"
    )
    since: datetime | None = scale.begin if updates and "from ALARM" in updates[0][1] else None
    spans: list[tuple[datetime, datetime]] = []
    for at, summary in updates:
        if summary.endswith("to ALARM"):
            since = at
        elif since:
            spans.append((since, at))
            since = None
    if since:
        spans.append((since, record.now))
    for start, end in spans:
        if end < scale.begin:
            continue
        x, y = scale.x(start), _middle(3)
        width = max(scale.x(end) - x, 3)
        title = f"in ALARM from {_time(start)} to {_time(end)}"
        yield (
            f'<rect class="ringing" x="{x:.1f}" y="{y - 7}" width="{width:.1f}" height="14" rx="2">'
            f"<title>{escape(title)}</title></rect>"
        )


def _told(record: Record, scale: _Scale) -> Iterator[str]:
    asked = record.history_of_alarm
    for each in (asked and asked.answer) or ():
        at = each["Timestamp"].astimezone(UTC)
        if each["HistoryItemType"] != "Action" or at < scale.begin:
            continue
        kind = "dot refused" if each["HistorySummary"].startswith("Failed") else "dot sent"
        yield _dot(scale.x(at), _middle(4), kind, f"{_time(at)}: {each['HistorySummary']}")
