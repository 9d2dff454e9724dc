"""The parts of a bucket: the calls that get and put each, and what of it is compared.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class _Part:
    """A part of a bucket: the calls that get and put it, and where its value stands in both."""

    get: str
    put: str
    answer: str
    """The member of the answer."""
    param: str
    """The parameter of the put that has the value."""
    value: Callable[[Mapping[str, Any]], Any]
    """From the answer, what is compared."""


def public(answer: Mapping[str, Any]) -> Any:
    found = answer.get("PublicAccessBlockConfiguration") or {}
    names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    return {name: bool(found.get(name)) for name in names}


def _ownership(answer: Mapping[str, Any]) -> Any:
    rules = (answer.get("OwnershipControls") or {}).get("Rules") or [{}]
    return rules[0].get("ObjectOwnership")


def _encryption(answer: Mapping[str, Any]) -> Any:
    rules = (answer.get("ServerSideEncryptionConfiguration") or {}).get("Rules") or [{}]
    found = rules[0].get("ApplyServerSideEncryptionByDefault") or {}
    if found.get("SSEAlgorithm") in (None, "AES256"):
        return None  # what each bucket has
    return {name: found[name] for name in ("SSEAlgorithm", "KMSMasterKeyID") if found.get(name)}


PARTS = {
    "Policy": _Part(
        "GetBucketPolicy", "PutBucketPolicy", "Policy", "Policy", lambda answer: answer["Policy"]
    ),
    "Versioning": _Part(
        "GetBucketVersioning",
        "PutBucketVersioning",
        "Status",
        "VersioningConfiguration",
        lambda answer: answer.get("Status"),
    ),
    "PublicAccessBlock": _Part(
        "GetPublicAccessBlock", "PutPublicAccessBlock", "", "PublicAccessBlockConfiguration", public
    ),
    "Ownership": _Part(
        "GetBucketOwnershipControls", "PutBucketOwnershipControls", "", "OwnershipControls", _ownership
    ),
    "Encryption": _Part(
        "GetBucketEncryption", "PutBucketEncryption", "", "ServerSideEncryptionConfiguration", _encryption
    ),
    "Lifecycle": _Part(
        "GetBucketLifecycleConfiguration",
        "PutBucketLifecycleConfiguration",
        "",
        "LifecycleConfiguration",
        lambda answer: answer.get("Rules") or [],
    ),
}
