"""Held delivery: what was called has its effect at once, and is told of later, as on AWS.

On AWS an event arrives minutes after its call. Here it arrives within a second, unless its channel is held:
then it waits until it is released. A channel is one way on which CloudTrail's events arrive:

    trail    log files, the log group and the trail's notifications
    events   EventBridge
    history  LookupEvents

What is decided when: at the call, what the event says; at its arrival, all else. Which trails log, what they
select, where they deliver and whether that lets them in, which metric filters, alarms and rules there are:
so who deletes a metric filter is not counted by it.

Here: the queue of a channel, and all channels by their names. No clock, no I/O; what arrival means is given.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

CHANNELS = ("trail", "events", "history")

HELD_LIMIT = 100_000
"""Calls that a channel keeps while it is held; more are dropped, and counted."""

T = TypeVar("T")


class HeldQueue(Generic[T]):
    """One channel: what it takes arrives at once, or while it is held waits, in the order of the calls."""

    def __init__(self, arrive: Callable[[T], None], lock: threading.RLock | None = None) -> None:
        self._arrive = arrive
        self._lock = lock or threading.RLock()
        self._waiting: deque[T] = deque()
        self.since: datetime | None = None
        """Since when it is held; None where it is not."""
        self.dropped = 0
        """How many were more than are kept, since the hold."""
        self.repeats = False
        """Whether what arrived is about to arrive again."""

    @property
    def is_settled(self) -> bool:
        """Whether nothing of what was taken so far is still to arrive."""
        return not (self._waiting or self.repeats)

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, item: T) -> None:
        with self._lock:
            if self.since is None:
                self._arrive(item)
            elif len(self._waiting) < HELD_LIMIT:
                self._waiting.append(item)
            else:
                self.dropped += 1

    def hold(self, at: datetime) -> bool:
        """From now on hold; whether that is new."""
        with self._lock:
            if self.since is not None:
                return False
            self.since, self.dropped = at, 0
            return True

    def release(self, *, first: int | None = None, reordered: bool = False, repeats: bool = False) -> list[T]:
        """Let all that waits arrive and hold no more; or only the oldest ``first``, and go on holding.

        ``reordered``: the newest of them first. ``repeats``: `again` follows. What arrived, in this order.
        """
        with self._lock:
            count = len(self._waiting) if first is None else min(first, len(self._waiting))
            going = [self._waiting.popleft() for _ in range(count)]
            if reordered:
                going.reverse()
            for item in going:
                self._arrive(item)
            if first is None:
                self.since = None
            self.repeats = repeats
            return going

    def again(self, items: Iterable[T]) -> None:
        """Let what arrived arrive a second time, and then no more."""
        with self._lock:
            for item in items:
                self._arrive(item)
            self.repeats = False

    def drop(self) -> int:
        """Forget what waits; how much that was."""
        with self._lock:
            count = len(self._waiting)
            self._waiting.clear()
            return count


class Holds:
    """The channels. ``settle()`` is called after each arrival: it returns when all has been handed on."""

    def __init__(self, queues: Mapping[str, HeldQueue[Any]], settle: Callable[[], None]) -> None:
        assert tuple(queues) == CHANNELS
        self._queues = queues
        self._settle = settle
        self._releasing = threading.Lock()

    def hold(self, channels: Iterable[str], at: datetime) -> list[str]:
        """Hold these from now on; those that were not held before. What was called before still arrives."""
        return [name for name in self._known(channels) if self._queues[name].hold(at)]

    def release(
        self,
        channels: Iterable[str],
        *,
        first: int | None = None,
        reordered: bool = False,
        twice: bool = False,
    ) -> dict[str, int]:
        """Release these channels; how many calls each let go.

        ``first``: only the oldest so many calls of each; they stay held. ``reordered``: the newest of them
        first. ``twice``: everything is delivered once, and then once more. LookupEvents sorts by time and
        knows an event once, so the history minds neither of these two.
        """
        names = self._known(channels)
        if first is not None and first < 0:
            raise ValueError(f"The first {first} calls cannot be released: name 0 or more.")
        with self._releasing:
            gone = {
                name: self._queues[name].release(
                    first=first,
                    reordered=reordered and name != "history",
                    repeats=twice and name != "history",
                )
                for name in names
            }
            self._settle()
            if twice:
                for name, items in gone.items():
                    if name != "history":
                        self._queues[name].again(items)
                self._settle()
            return {name: len(items) for name, items in gone.items()}

    def status(self) -> list[dict[str, Any]]:
        """Of each channel that is held: channel, since (ISO 8601, UTC), calls, dropped."""
        return [
            {
                "channel": name,
                "since": f"{queue.since:%Y-%m-%dT%H:%M:%SZ}",
                "calls": len(queue),
                "dropped": queue.dropped,
            }
            for name, queue in self._queues.items()
            if queue.since is not None
        ]

    def drop(self) -> dict[str, int]:
        """Forget all that is held; how many calls of which channel."""
        dropped = {name: queue.drop() for name, queue in self._queues.items()}
        return {name: count for name, count in dropped.items() if count}

    def _known(self, channels: Iterable[str]) -> list[str]:
        wanted = list(channels)
        for name in wanted:
            if name not in CHANNELS:
                raise ValueError(f"{name!r} is no channel: name some of {', '.join(CHANNELS)}.")
        return [name for name in CHANNELS if name in wanted]
