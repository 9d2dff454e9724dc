"""How many alarms are too many: `3/week`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_HOUR, _DAY = 3600, 86400
UNITS = {"hour": _HOUR, "day": _DAY, "week": 7 * _DAY, "month": 30 * _DAY}
_FORM = re.compile(r"\s*([0-9]{1,9})\s*/\s*(hour|day|week|month)\s*")


class InvalidLimit(ValueError):
    """A text that is no limit; the message is one sentence."""


@dataclass(frozen=True)
class Limit:
    """At most so many alarms within so many seconds, wherever these begin."""

    most: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> Limit:
        """`3/week`; a month has 30 days. Raises InvalidLimit."""
        found = _FORM.fullmatch(text)
        if not found:
            raise InvalidLimit(
                f"{text[:40]!r} is no limit: write a number, / and hour, day, week or month, as 3/week."
            )
        return cls(int(found[1]), found[2])

    def __str__(self) -> str:
        return f"{self.most}/{self.unit}"

    def broken(self, times: Sequence[float]) -> tuple[int, int] | None:
        """Of rising times, in seconds: indices of the first and last in the fullest period with too many."""
        worst: tuple[int, int] | None = None
        begin = 0
        for end, time in enumerate(times):
            while time - times[begin] >= UNITS[self.unit]:
                begin += 1
            if end - begin >= self.most and (worst is None or end - begin > worst[1] - worst[0]):
                worst = (begin, end)
        return worst
