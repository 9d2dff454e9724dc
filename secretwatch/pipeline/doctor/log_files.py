"""What is known of a trail's log files: from the bucket, and from digests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Files:
    """Log files of the time of the read. listed: keys that are there; deleted: delete markers, as S3 has
    them; named: keys in digests; has_it: the key of the one with the read; whole: whether all were looked at.
    """

    bucket: str
    listed: list[str] = field(default_factory=list)
    deleted: list[Mapping[str, Any]] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    has_it: str | None = None
    whole: bool = False
