"""Where a user's state lies: https://specifications.freedesktop.org/basedir-spec/latest/."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def folder(environ: Mapping[str, str], home: Path) -> Path:
    """Of secretwatch. It may not exist yet, and is relative where the environment's own is."""
    return Path(environ.get("XDG_STATE_HOME") or home / ".local/state") / "secretwatch"
