"""A file is written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a file, whole or not at all, for its owner alone: it says who reads secrets. Raises OSError.

    What is no regular file, as /dev/stdout, is written to as it is: a file must not take its place.
    """
    if path.exists() and not path.is_file():
        with open(path, "w", encoding="utf-8") as device:
            device.write(text)
        return
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
