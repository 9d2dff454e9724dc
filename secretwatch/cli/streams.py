"""Standard output and error that take everything: what nobody reads any more, and what no code page has.

Here: streams whose writing raises nothing. Not here: what is said where something was lost (`guard.py`).
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys


class _Raw(io.FileIO):
    """A file descriptor for writing that remembers its first error, and after that takes all and writes none.

    So a command that writes into a pipe whose reader has gone comes to its end, and to its own exit code.
    """

    lost: OSError | None = None

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]
        while self.lost is None:
            try:
                written = super().write(view)
            except OSError as error:
                self.lost = error
                break
            if written is not None:
                return written
            # Somebody made the terminal one that does not block.
            select.select([], [self], [])
        return len(view)


_raws: dict[str, _Raw] = {}


def make_safe() -> None:
    """Replace sys.stdout and sys.stderr of this process; an end of it that was closed leads nowhere.

    A file that is opened later must not get the number of a closed stream: what is printed would go there.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # It gets the lowest number that is free, which is this one.
            os.open(os.devnull, os.O_RDWR)
    for name, number in (("stdout", 1), ("stderr", 2)):
        before = getattr(sys, name)
        raw = _raws[name] = _Raw(number, "w", closefd=False)
        stream = io.TextIOWrapper(
            io.BufferedWriter(raw),
            encoding=before.encoding if before else "utf-8",
            errors="backslashreplace",
            line_buffering=raw.isatty() or name == "stderr",
        )
        setattr(sys, name, stream)


def nobody_reads() -> bool:
    """Whether what is printed goes nowhere any more, so that there is no use in more of it."""
    raw = _raws.get("stdout")
    return raw is not None and raw.lost is not None


def lost() -> OSError | None:
    """Why output was lost that somebody still waits for; None where none was, or its reader has gone."""
    for name in _raws:
        getattr(sys, name).flush()
    raw = _raws.get("stdout")
    if raw is None or raw.lost is None or raw.lost.errno == errno.EPIPE:
        return None
    return raw.lost
