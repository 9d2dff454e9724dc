"""What LocalStack takes from Python 3.12, for Python 3.11."""

from __future__ import annotations

import hashlib
import sys
import uuid


def backport() -> None:
    """Let ``uuid.uuid5`` take bytes: LocalStack's KMS names key material with it."""
    if sys.version_info >= (3, 12):
        return

    def uuid5(namespace: uuid.UUID, name: str | bytes) -> uuid.UUID:
        content = name.encode() if isinstance(name, str) else name
        digest = hashlib.sha1(namespace.bytes + content, usedforsecurity=False).digest()
        return uuid.UUID(bytes=digest[:16], version=5)

    uuid.uuid5 = uuid5
