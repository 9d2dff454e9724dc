"""What AWS drops silently, made visible: here one may look behind the curtain."""

from __future__ import annotations

import logging
import threading
from collections import deque
from datetime import UTC, datetime

LOG = logging.getLogger(__name__)


class Drops:
    """The newest things that were not delivered, and why, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[dict[str, str]] = deque(maxlen=1000)

    def add(self, *, service: str, target: str, reason: str) -> None:
        LOG.warning("dropped by %s, for %s: %s", service, target, reason)
        with self._lock:
            self._entries.append(
                {
                    "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
                    "service": service,
                    "target": target,
                    "reason": reason,
                }
            )

    def entries(self) -> list[dict[str, str]]:
        with self._lock:
            return list(self._entries)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


DROPS = Drops()
