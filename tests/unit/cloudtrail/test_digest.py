"""A digest's key, its content, and what its signature covers."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from secretwatch.cloudtrail import Digest, LoggedFile, digest_key, make_digest

START = datetime(2015, 8, 17, 14, 1, 31, tzinfo=UTC)
END = datetime(2015, 8, 17, 15, 1, 31, tzinfo=UTC)
FILES = [
    LoggedFile("bucket", "a", "aa", "2015-08-17T14:42:27Z", "2015-08-17T14:50:00Z"),
    LoggedFile("bucket", "b", "bb", "2015-08-17T14:44:00Z", "2015-08-17T14:52:27Z"),
]


def digest(**changes: Any) -> Digest:
    arguments: dict[str, Any] = {
        "account_id": "111122223333",
        "bucket": "bucket",
        "key": "key",
        "start": START,
        "end": END,
        "log_files": FILES,
        "previous": None,
        "public_key_fingerprint": "31e8b5433410dfb61a9dc45cc65b22ff",
        "sign": lambda text: b"\x0a" + text,
    }
    return make_digest(**arguments | changes)


def signed_text(made: Digest) -> list[str]:
    """What the signer was given: the fake one only puts a byte before it."""
    return bytes.fromhex(made.signature)[1:].decode().split("\n")


def test_a_key_names_region_trail_and_end() -> None:
    key = digest_key(
        prefix="kept/",
        account_id="111122223333",
        region="us-east-2",
        trail_name="your-trail-name",
        home_region="us-east-1",
        end=END,
    )
    assert key == (
        "kept/AWSLogs/111122223333/CloudTrail-Digest/us-east-2/2015/08/17/"
        "111122223333_CloudTrail-Digest_us-east-2_your-trail-name_us-east-1_20150817T150131Z.json.gz"
    )


def test_a_digest_names_its_log_files_and_the_span_of_their_events() -> None:
    assert json.loads(digest().content) == {
        "awsAccountId": "111122223333",
        "digestStartTime": "2015-08-17T14:01:31Z",
        "digestEndTime": "2015-08-17T15:01:31Z",
        "digestS3Bucket": "bucket",
        "digestS3Object": "key",
        "digestPublicKeyFingerprint": "31e8b5433410dfb61a9dc45cc65b22ff",
        "digestSignatureAlgorithm": "SHA256withRSA",
        "newestEventTime": "2015-08-17T14:52:27Z",
        "oldestEventTime": "2015-08-17T14:42:27Z",
        "previousDigestS3Bucket": None,
        "previousDigestS3Object": None,
        "previousDigestHashValue": None,
        "previousDigestHashAlgorithm": None,
        "previousDigestSignature": None,
        "logFiles": [
            {
                "s3Bucket": "bucket",
                "s3Object": "a",
                "hashValue": "aa",
                "hashAlgorithm": "SHA-256",
                "newestEventTime": "2015-08-17T14:50:00Z",
                "oldestEventTime": "2015-08-17T14:42:27Z",
            },
            {
                "s3Bucket": "bucket",
                "s3Object": "b",
                "hashValue": "bb",
                "hashAlgorithm": "SHA-256",
                "newestEventTime": "2015-08-17T14:52:27Z",
                "oldestEventTime": "2015-08-17T14:44:00Z",
            },
        ],
    }


def test_an_empty_digest_has_no_times() -> None:
    content = json.loads(digest(log_files=[]).content)
    assert content["logFiles"] == []
    assert content["newestEventTime"] is None
    assert content["oldestEventTime"] is None


def test_the_first_signature_covers_null() -> None:
    first = digest()
    hash_value = hashlib.sha256(first.content).hexdigest()
    assert signed_text(first) == ["2015-08-17T15:01:31Z", "bucket/key", hash_value, "null"]


def test_a_digest_is_chained_to_the_one_before() -> None:
    first = digest()
    second = digest(previous=first, key="next", start=END)
    content = json.loads(second.content)
    assert content["previousDigestS3Bucket"] == "bucket"
    assert content["previousDigestS3Object"] == "key"
    assert content["previousDigestHashValue"] == hashlib.sha256(first.content).hexdigest()
    assert content["previousDigestHashAlgorithm"] == "SHA-256"
    assert content["previousDigestSignature"] == first.signature
    assert signed_text(second)[3] == first.signature


def test_the_signature_lies_in_the_objects_metadata() -> None:
    made = digest()
    assert made.metadata == {"signature": made.signature, "signature-algorithm": "SHA256withRSA"}


def test_a_log_file_is_hashed_and_knows_its_oldest_and_newest_event() -> None:
    times = ["2015-08-17T14:44:00Z", "2015-08-17T14:42:27Z", "2015-08-17T14:52:27Z"]
    file = LoggedFile.of(bucket="b", key="k", content=b"{}", event_times=times)
    assert file == LoggedFile("b", "k", hashlib.sha256(b"{}").hexdigest(), times[1], times[2])
