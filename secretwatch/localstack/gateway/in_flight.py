"""The requests that are being answered, so that an orderly stop can wait for them.

LocalStack refuses new requests as soon as it is told to stop, but not those that have just come in; what
these do would be recorded after the last delivery.
"""

from __future__ import annotations

import threading
from typing import Any

from localstack.aws.api import RequestContext


class InFlight:
    """``enter`` is a request handler, ``leave`` a finalizer; between them a request is in flight.

    Calls between LocalStack's services are part of the request that they serve, and not counted.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        # Without a lock, where all threads would meet: to add and to discard is one step each.
        self._contexts: set[int] = set()
        self._closed = False

    def enter(self, chain: Any, context: RequestContext, response: Any) -> None:
        if context.is_internal_call:
            return
        # Added before it is looked whether the door is shut: `drain` shuts it before it looks who is there,
        # so one of the two sees the other.
        self._contexts.add(id(context))
        if self._closed:
            self.leave(chain, context, response)
            response.status_code = 503
            chain.terminate()

    def leave(self, _chain: Any, context: RequestContext, _response: Any) -> None:
        self._contexts.discard(id(context))
        if self._closed:
            with self._changed:
                self._changed.notify_all()

    def drain(self, timeout: float) -> int:
        """Let nobody in any more and wait until everybody has left; how many have not in time (seconds)."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: not self._contexts, timeout)
            return len(self._contexts)
