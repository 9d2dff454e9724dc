"""Minutes that `local tick` lets pass, for what waits for a time: scheduled rules, and states that wait.

The time here is the machine's, and a minute more for each tick. It only says when something is due: what is
written down (events, executions, metrics) keeps the machine's time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_LOOK = 0.25  # seconds between two looks whether a wait was called off
PATIENCE = 10.0
"""Seconds for which a tick waits for what it has started: a call that takes longer is not waited for."""


class Ticks:
    """Safe to use from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._minutes = 0
        self._begin: list[Callable[[], None]] = []
        self._end: list[Callable[[], None]] = []

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + 60 * self._minutes

    def after_each(
        self, *, begin: Callable[[], None] | None = None, end: Callable[[], None] | None = None
    ) -> None:
        """After each minute of a tick call all that begin something, then all that await its end."""
        if begin:
            self._begin.append(begin)
        if end:
            self._end.append(end)

    def pass_minute(self) -> int:
        """Let a minute pass; by how many seconds this time is ahead, when all that was due has begun."""
        with self._changed:
            self._minutes += 1
            self._changed.notify_all()
        for call in (*self._begin, *self._end):
            call()
        return 60 * self._minutes

    def wait_until(self, at: float, is_off: Callable[[], bool] = lambda: False) -> None:
        """Return at this time, or soon after `is_off` says that nobody waits any more."""
        with self._changed:
            while (left := at - self.now()) > 0 and not is_off():
                self._changed.wait(min(left, _LOOK))


TICKS = Ticks()
