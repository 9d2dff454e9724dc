"""What arrived of the reads, compared with what was answered; and whether digests say so."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_public_key
from load_account import Account, Load, signed


def reads(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [record for record in records if record["eventName"] == "GetSecretValue"]


def evidence_holds(objects: dict[str, bytes], public_key: bytes) -> bool:
    """Whether a digest names each log file with its hash, and the signatures that digests name verify.

    For a bucket of which only the objects' contents are left: the last signature lies in metadata.
    """
    key: Any = load_der_public_key(public_key)
    digests = {name: content for name, content in objects.items() if "/CloudTrail-Digest/" in name}
    for content in digests.values():
        digest = json.loads(content)
        if previous := digest["previousDigestS3Object"]:
            before = json.loads(digests[previous])
            lines = (
                before["digestEndTime"],
                f"{before['digestS3Bucket']}/{before['digestS3Object']}",
                hashlib.sha256(digests[previous]).hexdigest(),
                before["previousDigestSignature"] or "null",
            )
            signature = bytes.fromhex(digest["previousDigestSignature"])
            key.verify(signature, "\n".join(lines).encode(), padding.PKCS1v15(), hashes.SHA256())
    named = signed(objects)
    files = {name: content for name, content in objects.items() if "/CloudTrail/" in name}
    return named == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def compare(
    load: Load, objects: dict[str, bytes], messages: list[str], counted: float, digests_valid: bool
) -> dict[str, Any]:
    """The same reads everywhere, each once, and every one that was answered?"""
    files = [json.loads(content)["Records"] for key, content in objects.items() if "/CloudTrail/" in key]
    in_s3 = reads([record for records in files for record in records])
    in_logs = reads([json.loads(message) for message in messages])
    unique = {record["eventID"] for record in in_s3}
    found = {
        "answered": len(load.answered),
        "in_s3": len(in_s3),
        "unique_in_s3": len(unique),
        "in_log_group": len(in_logs),
        "counted": counted,
        "answered_but_not_in_s3": len(set(load.answered) - {record["requestID"] for record in in_s3}),
        "digests_valid": digests_valid,
    }
    same = len(in_s3) == len(unique) == len(in_logs) == counted
    found["nothing_lost"] = (
        same
        and unique == {record["eventID"] for record in in_logs}
        and not found["answered_but_not_in_s3"]
        and digests_valid
    )
    return found


def compare_running(account: Account, load: Load) -> dict[str, Any]:
    account.settle(len(load.answered))
    account.await_digests()
    messages = [event["message"] for event in account.log_events()]
    return compare(load, account.objects(), messages, account.counted(), account.validated())
