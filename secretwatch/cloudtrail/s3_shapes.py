"""S3's requests and answers in events."""

from __future__ import annotations

from typing import Any

from secretwatch.cloudtrail.writer import Writer


class S3Writer(Writer):
    """S3 writes its wire's names; a bucket is a ``bucketName``."""

    def key(self, name: str, member: Any) -> str:
        return "bucketName" if name == "Bucket" else super().key(name, member)
