"""Where history is: files and folders here, a bucket's prefix in `bucket`. One at a time, in any order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from secretwatch.backtest.delay import arrival_of_name, log_file_name

# A trail keeps its digests beside its log files: they sign them, and hold no events.
_DIGESTS = "CloudTrail-Digest"
_AT_MOST = 15 * 60


@dataclass(frozen=True, slots=True)
class Item:
    """One file. key: what makes it the same file elsewhere; data: its bytes, where they are here already.

    identity: the same by whatever path a file here is reached.
    """

    name: str
    size: int
    arrival: int | None
    data: bytes | None = None
    identity: str = ""

    @property
    def key(self) -> str:
        return log_file_name(self.name) or self.identity or self.name


def is_left_out(parts: tuple[str, ...]) -> bool:
    """Digests and hidden files below a folder, by the steps of their path."""
    return _DIGESTS in parts or any(part.startswith(".") for part in parts)


def items(names: tuple[str, ...]) -> Iterator[Item]:
    """The files, and those below folders. Raises OSError, with the name in it, of what is not there."""
    for name in names:
        path = Path(name)
        if not path.is_dir():
            yield _item(name, path.stat())
            continue
        found = False
        for file in _below(path):
            found = True
            yield file
        if not found:
            raise FileNotFoundError(0, "the folder holds no files", name)


def _below(path: Path) -> Iterator[Item]:
    """Regular files, also behind links. What waits for a writer, or leads nowhere, is stepped over."""
    seen: set[tuple[int, int]] = set()
    for folder, folders, files in os.walk(path, onerror=_raise, followlinks=True):
        here = os.stat(folder)
        if (here.st_dev, here.st_ino) in seen:
            folders.clear()
            continue
        seen.add((here.st_dev, here.st_ino))
        folders[:] = sorted(each for each in folders if not is_left_out((each,)))
        for each in sorted(files):
            name = os.path.join(folder, each)
            if not is_left_out((each,)) and os.path.isfile(name):
                yield _item(name, os.stat(name))


def _item(name: str, found: os.stat_result) -> Item:
    identity = f"{found.st_dev}:{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"
    return Item(name, found.st_size, arrival_of_name(name), identity=identity)


def _raise(error: OSError) -> None:
    raise error


def arrival(key: str, last_modified: int) -> int | None:
    """When an object arrived: as its own time says, unless its name says that it was copied later."""
    named = arrival_of_name(key)
    if named is None:
        return None
    return last_modified if 0 <= last_modified - named <= _AT_MOST else named
