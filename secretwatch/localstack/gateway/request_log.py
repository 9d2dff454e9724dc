"""LocalStack's line about each request, written a moment later, and many in one write.

One by one they are written under a lock, where all requests meet, and some of them wait longer there than the
whole answer takes. Everything else that is logged is written at once.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from logging.handlers import BufferingHandler

from localstack.logging.format import AddFormattedAttributes, DefaultFormatter

_LATER = 0.05  # seconds
_MOST = 1000  # lines


class RequestLog(BufferingHandler):
    """Keeps lines for a moment; ``flush`` writes them, as does the end of the process."""

    def __init__(self) -> None:
        super().__init__(_MOST)
        self.setFormatter(DefaultFormatter())
        self.addFilter(AddFormattedAttributes())

    def take_over(self, logger: logging.Logger) -> None:
        """From now on the lines of ``logger`` come here, but where it was told to say more than a line."""
        if logger.isEnabledFor(logging.DEBUG):
            return
        logger.propagate = False
        logger.addHandler(self)
        threading.Thread(target=self._run, name="request-log", daemon=True).start()

    def flush(self) -> None:
        self.acquire()
        try:
            kept, self.buffer = self.buffer, []
        finally:
            self.release()
        if kept:
            sys.stderr.write("".join(f"{self.format(record)}\n" for record in kept))
            sys.stderr.flush()

    def _run(self) -> None:
        while True:
            # By the clock: to be woken for each line would cost what is saved here.
            time.sleep(_LATER)
            self.flush()


REQUEST_LOG = RequestLog()
