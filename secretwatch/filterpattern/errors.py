"""The one error of this room: a pattern that AWS would refuse, with the place where it goes wrong."""

from __future__ import annotations

import unicodedata

_WINDOW = 60  # characters shown on each side of the place


class InvalidFilterPattern(ValueError):
    """A filter pattern that CloudWatch Logs answers with InvalidParameterException.

    `pattern` is the whole text, `position` the index in it (0 to its length) and `reason` one sentence.
    `str()` gives the reason, the line around the place, and a caret under it.
    """

    def __init__(self, pattern: str, position: int, reason: str) -> None:
        super().__init__(pattern, position, reason)
        self.pattern = pattern
        self.position = position
        self.reason = reason

    def __str__(self) -> str:
        start = max(0, self.position - _WINDOW)
        end = min(len(self.pattern), self.position + _WINDOW)
        before = ("…" if start else "") + _shown(self.pattern[start : self.position])
        after = _shown(self.pattern[self.position : end]) + ("…" if end < len(self.pattern) else "")
        return f"{self.reason}\n  {before}{after}\n  {' ' * _columns(before)}^"


def _shown(text: str) -> str:
    """The text on one line: what a terminal cannot show in one place becomes one visible character."""
    return "".join(
        " " if c.isspace() else c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def _columns(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    combining = sum(unicodedata.combining(c) > 0 for c in text)
    return len(text) + wide - combining
