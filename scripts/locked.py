"""What a locked list of requirements names."""

from __future__ import annotations

import re

_LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)


def locked(text: str) -> set[tuple[str, str]]:
    """Names, as indexes write them, and versions."""
    return {(normal(name), version) for name, version in _LOCKED.findall(text)}


def normal(name: str) -> str:
    """https://packaging.python.org/en/latest/specifications/name-normalization/"""
    return re.sub(r"[-_.]+", "-", name).lower()
