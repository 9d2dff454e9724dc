"""When an event reached bucket and log group: as a log file's name says it, else by a model. Pure.

The model is the measured distribution of 3,872 log files (the file's time less the event's): one in twenty
within 26 s, half within 191 s, nineteen in twenty within 455 s, the slowest 608 s; in between it is a line.
Which event is how late is drawn from its id and the seed: the same in any order of reading, on any machine.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from datetime import UTC, datetime
from hashlib import blake2b

QUANTILES = ((0.0, 5.0), (0.05, 26.0), (0.5, 191.0), (0.95, 455.0), (1.0, 608.0))
"""Share of log files, and seconds within which they came. The first is a guess."""

_NAME = re.compile(r"[0-9]{12}_CloudTrail_[a-z0-9-]+_([0-9]{8}T[0-9]{4}Z)_[A-Za-z0-9]{16}\.json(?:\.gz)?")
_FORMAT = "%Y%m%dT%H%MZ"


class Delay:
    """Delays that are drawn. seed: another one gives other delays of the same distribution."""

    def __init__(self, seed: int = 0) -> None:
        self._key = seed.to_bytes(16, "little", signed=True)

    def arrival(self, event_id: str, time: int) -> int:
        """When an event of this time arrived, in seconds since 1970."""
        digest = blake2b(event_id.encode("utf-8", "surrogatepass"), digest_size=8, key=self._key).digest()
        return time + round(seconds(int.from_bytes(digest, "little") / 2**64))


def seconds(share: float) -> float:
    """Within how many seconds this share, 0 to 1, had come."""
    place = max(1, bisect_left(QUANTILES, (share,)))
    (low, after), (high, before) = QUANTILES[place - 1 : place + 1]
    return after + (before - after) * (share - low) / (high - low)


def log_file_name(path: str) -> str | None:
    """The name of CloudTrail's own in a path, which no two log files share; None of any other file."""
    name = re.split(r"[/\\]", path)[-1]
    return name if _NAME.fullmatch(name) else None


def arrival_of_name(path: str) -> int | None:
    """The time in a log file's name, a whole minute, in seconds since 1970; None of any other file."""
    found = _NAME.fullmatch(re.split(r"[/\\]", path)[-1])
    if not found:
        return None
    try:
        at = datetime.strptime(found[1], _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
    # With another year no calendar could reckon.
    return int(at.timestamp()) if 2000 <= at.year <= 9000 else None
