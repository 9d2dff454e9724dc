"""Digest files: what makes the log files of a trail tamper-evident.

A digest names the log files that were delivered in a time, with their hashes, and is signed together
with the signature of the digest before it. Here: a digest's key, content, and the text that is signed.
Not here: keys and RSA; a signer is passed in.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from secretwatch.cloudtrail.logfile import logs_folder

SIGNATURE_ALGORITHM = "SHA256withRSA"
HASH_ALGORITHM = "SHA-256"


@dataclass(frozen=True)
class LoggedFile:
    """A log file that was delivered, as its digest names it; event times as in events (ISO 8601)."""

    bucket: str
    key: str
    hash_value: str
    """SHA-256 of the content before compression, in hex."""
    oldest_event_time: str
    newest_event_time: str

    @classmethod
    def of(cls, *, bucket: str, key: str, content: bytes, event_times: Sequence[str]) -> LoggedFile:
        """``content`` is the file before compression, ``event_times`` those of the events in it."""
        hash_value = hashlib.sha256(content).hexdigest()
        return cls(bucket, key, hash_value, min(event_times), max(event_times))


@dataclass(frozen=True)
class Digest:
    """A signed digest file."""

    bucket: str
    key: str
    end: datetime
    content: bytes
    """JSON; it is stored compressed."""
    signature: str
    """In hex."""

    @property
    def hash_value(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def metadata(self) -> dict[str, str]:
        """The S3 object's own metadata (``x-amz-meta-…``)."""
        return {"signature": self.signature, "signature-algorithm": SIGNATURE_ALGORITHM}


def digest_key(
    *,
    prefix: str | None,
    account_id: str,
    region: str,
    trail_name: str,
    home_region: str,
    end: datetime,
    organization_id: str | None = None,
) -> str:
    """The key of the digest that ends at ``end`` (UTC) of the log files of ``region``.

    ``[prefix/]AWSLogs/[o-id/]ACCOUNT/CloudTrail-Digest/REGION/YYYY/MM/DD/``
    ``ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOMEREGION_YYYYMMDDTHHMMSSZ.json.gz``
    """
    return (
        f"{logs_folder(prefix, account_id, organization_id)}CloudTrail-Digest/{region}/{end:%Y/%m/%d}/"
        f"{account_id}_CloudTrail-Digest_{region}_{trail_name}_{home_region}_{end:%Y%m%dT%H%M%SZ}.json.gz"
    )


def make_digest(
    *,
    account_id: str,
    bucket: str,
    key: str,
    start: datetime,
    end: datetime,
    log_files: Sequence[LoggedFile],
    previous: Digest | None,
    public_key_fingerprint: str,
    sign: Callable[[bytes], bytes],
) -> Digest:
    """The digest of the files delivered from ``start`` to ``end`` (UTC; kept to the second).

    Without log files it is an empty one, which says that none was delivered. ``previous`` is the digest
    before it in the chain, None for the first. ``sign`` makes the SHA256withRSA signature (PKCS #1 v1.5)
    of what it is given.
    """
    content = json.dumps(
        {
            "awsAccountId": account_id,
            "digestStartTime": _time(start),
            "digestEndTime": _time(end),
            "digestS3Bucket": bucket,
            "digestS3Object": key,
            "digestPublicKeyFingerprint": public_key_fingerprint,
            "digestSignatureAlgorithm": SIGNATURE_ALGORITHM,
            "newestEventTime": max((file.newest_event_time for file in log_files), default=None),
            "oldestEventTime": min((file.oldest_event_time for file in log_files), default=None),
            "previousDigestS3Bucket": previous.bucket if previous else None,
            "previousDigestS3Object": previous.key if previous else None,
            "previousDigestHashValue": previous.hash_value if previous else None,
            "previousDigestHashAlgorithm": HASH_ALGORITHM if previous else None,
            "previousDigestSignature": previous.signature if previous else None,
            "logFiles": [
                {
                    "s3Bucket": file.bucket,
                    "s3Object": file.key,
                    "hashValue": file.hash_value,
                    "hashAlgorithm": HASH_ALGORITHM,
                    "newestEventTime": file.newest_event_time,
                    "oldestEventTime": file.oldest_event_time,
                }
                for file in log_files
            ],
        },
        separators=(",", ":"),
    ).encode()
    text = string_to_sign(
        end=end,
        bucket=bucket,
        key=key,
        content=content,
        previous_signature=previous.signature if previous else None,
    )
    return Digest(bucket, key, end, content, sign(text).hex())


def string_to_sign(
    *, end: datetime, bucket: str, key: str, content: bytes, previous_signature: str | None
) -> bytes:
    """The four lines that a digest's signature covers."""
    lines = (_time(end), f"{bucket}/{key}", hashlib.sha256(content).hexdigest(), previous_signature or "null")
    return "\n".join(lines).encode()


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
