"""What events cost in the log group, by the service they are of, and what leaving some out would save. Pure.

Prices are us-east-1's list prices. https://aws.amazon.com/cloudwatch/pricing/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PER_GB = 0.50
"""Dollars for a GB into a log group of the standard class."""

_GB = 1e9
_MONTH = 30 * 86400

BLINDS = {
    "kms.amazonaws.com": (
        "No call of KMS is recorded. So the self-watch no longer reports that a key of the "
        "watch is disabled or deleted. Decrypting a secret, which is the second trace of a "
        "read, is not recorded, either."
    ),
    "rdsdata.amazonaws.com": (
        "No call of the RDS Data API is recorded. So the trail does not show what somebody "
        "did in a database with a secret that he read. No watch here looks at these calls."
    ),
}
"""Sources whose management events a trail can leave out, and what nobody sees then."""


@dataclass(frozen=True)
class Line:
    """Of one source. events and bytes: in the history; gb and dollars: a month."""

    source: str
    events: int
    bytes: int
    gb: float
    dollars: float


@dataclass(frozen=True)
class Bill:
    """lines: the dearest first. seconds: that the history spans."""

    lines: tuple[Line, ...]
    seconds: float

    @property
    def gb(self) -> float:
        return sum(each.gb for each in self.lines)

    @property
    def dollars(self) -> float:
        return sum(each.dollars for each in self.lines)

    @property
    def savings(self) -> tuple[Line, ...]:
        """Those that a trail can leave out."""
        return tuple(each for each in self.lines if each.source in BLINDS)


def bill(sources: Mapping[tuple[str, str], int], seconds: float) -> Bill:
    """sources: by source and "events" or "bytes". seconds: that the history spans, an hour at least."""
    seconds = max(seconds, 3600.0)
    lines = []
    for source in {name for name, _ in sources}:
        size = sources.get((source, "bytes"), 0)
        gb = size / _GB * _MONTH / seconds
        lines.append(Line(source, sources.get((source, "events"), 0), size, gb, gb * PER_GB))
    return Bill(tuple(sorted(lines, key=lambda each: (-each.bytes, each.source))), seconds)
