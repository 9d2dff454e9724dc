"""The one error of this room."""

from __future__ import annotations


class InvalidEventPattern(ValueError):
    """A pattern that EventBridge answers with InvalidEventPatternException; `reason` in AWS's words.

    AWS adds the place in its own parser's words, which is left out here.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"Event pattern is not valid. Reason: {reason}")
        self.reason = reason
