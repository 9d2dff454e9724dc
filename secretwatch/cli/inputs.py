"""The files that a person names, as bytes: files, whole folders, standard input. What they hold is read by
`secretwatch.cloudtrail.reader`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from secretwatch.cloudtrail.plain_text import CHUNK
from secretwatch.pipeline.backtest.sources import is_left_out

STDIN = "-"


def files(names: Iterable[str]) -> Iterator[str]:
    """The names, each folder replaced by the files below it, sorted; without digests and hidden files.

    Raises OSError, with the name in it, where there is no such file or nothing in the folder.
    """
    for name in names:
        path = Path(name)
        if name == STDIN or not path.is_dir():
            if name != STDIN:
                path.stat()
            yield name
            continue
        below = sorted(
            each
            for each in path.rglob("*")
            if each.is_file() and not is_left_out(each.relative_to(path).parts)
        )
        if not below:
            raise FileNotFoundError(0, "the folder holds no files", name)
        yield from map(str, below)


def chunks(name: str) -> Iterator[bytes]:
    """A file's bytes, or those of standard input. Raises OSError."""
    if name == STDIN:
        if sys.stdin is None:
            raise OSError(0, "standard input is closed", name)
        # What a pipe has so far: whoever types wants to see an answer to each line.
        while chunk := sys.stdin.buffer.read1(CHUNK):  # type: ignore[union-attr]
            yield chunk
        return
    with Path(name).open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
