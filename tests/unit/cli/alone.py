"""Without the outside: nothing waits, and no process of a local cloud is started."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from secretwatch.local import process
from secretwatch.local.errors import DidNotStart


@contextlib.contextmanager
def no_waiting() -> Iterator[None]:
    """Whoever sleeps finds that the time has passed."""
    before: tuple[Callable[..., Any], ...] = (time.sleep, time.monotonic, time.time)
    ahead = 0.0

    def sleep(seconds: float) -> None:
        nonlocal ahead
        ahead += max(seconds, 0.001)

    time.sleep = sleep
    time.monotonic = lambda: before[1]() + ahead
    time.time = lambda: before[2]() + ahead
    try:
        yield
    finally:
        time.sleep, time.monotonic, time.time = before  # type: ignore[assignment]


@contextlib.contextmanager
def no_processes() -> Iterator[None]:
    """No local cloud is started here: it does not start, or it is not there."""
    before = process._launch

    def launch(*_: object) -> None:
        raise DidNotStart("LocalStack ended while it was started.")

    process._launch = launch  # type: ignore[assignment]
    try:
        yield
    finally:
        process._launch = before
