"""Keys: a trail's own, and its bucket's by default."""

from __future__ import annotations

from typing import Any

from localstack.services.kms.models import kms_stores

from secretwatch.localstack.access.services.buckets import (
    bucket_of,
    encryption_rule,
    has_bucket_key,
    trail_context,
)
from secretwatch.localstack.access.services.stored import first_refusal
from secretwatch.localstack.cloudtrail.trails import Trail
from secretwatch.policy import Principal, Request, services
from secretwatch.policy.services import CLOUDTRAIL


class KeyNotFound(Exception):
    """No such key, alias or region."""


def key_of(identifier: str, region: str, account_id: str) -> Any:
    """LocalStack's key by its id, ARN, alias or alias' ARN; raises KeyNotFound."""
    name = identifier
    if identifier.startswith("arn:"):
        parts = identifier.split(":", 5)
        if len(parts) != 6 or parts[2] != "kms":
            raise KeyNotFound(identifier)
        region, account_id, name = parts[3], parts[4], parts[5].removeprefix("key/")
    store = kms_stores[account_id][region]
    if name.startswith("alias/"):
        alias = store.aliases.get(name)
        name = alias.metadata["TargetKeyId"] if alias else ""
    if name not in store.keys:
        raise KeyNotFound(identifier)
    return store.keys[name]


def trail_key_refusal(trail: Trail) -> str | None:
    """Why CloudTrail may not encrypt the trail's files with its key, or its bucket's where it has none.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
    That page asks for kms:DescribeKey too; it is said that AWS does without. Where the bucket has a Bucket
    Key, kms:Decrypt is needed as well.
    """
    if not trail.kms_key_id:
        return _default_key_refusal(trail)
    try:
        key = key_of(trail.kms_key_id, trail.home_region, trail.account_id)
    except KeyNotFound:
        return f"the key {trail.kms_key_id} does not exist"
    context = trail_context(trail)
    encrypting = context | {
        "kms:EncryptionContext:aws:cloudtrail:arn": trail.arn,
        "kms:EncryptionContextKeys": ["aws:cloudtrail:arn", "aws:s3:arn"],
    }
    arn = key.metadata["Arn"]
    bucket = bucket_of(trail.s3_bucket_name, trail.home_region, trail.account_id)
    requests = [
        Request(Principal.of(CLOUDTRAIL), "kms:GenerateDataKey", arn, encrypting),
        Request(Principal.of(CLOUDTRAIL), "kms:DescribeKey", arn, context),
    ]
    if bucket and has_bucket_key(bucket):
        requests.append(Request(Principal.of(CLOUDTRAIL), "kms:Decrypt", arn, encrypting))
    return first_refusal(key.policy, requests)


def default_key_of(trail: Trail) -> str | None:
    """The key that the trail's bucket encrypts with by default, as it was set; None for S3's own."""
    bucket = bucket_of(trail.s3_bucket_name, trail.home_region, trail.account_id)
    default = (encryption_rule(bucket).get("ApplyServerSideEncryptionByDefault") or {}) if bucket else {}
    key: str | None = default.get("KMSMasterKeyID")
    return key if str(default.get("SSEAlgorithm", "")).startswith("aws:kms") else None


def _default_key_refusal(trail: Trail) -> str | None:
    """AWS does not say it of a bucket without a Bucket Key: its key is taken to be asked for as well."""
    identifier = default_key_of(trail)
    if not identifier or identifier.endswith("alias/aws/s3"):
        return None
    bucket: Any = bucket_of(trail.s3_bucket_name, trail.home_region, trail.account_id)
    try:
        key = key_of(identifier, bucket.bucket_region, bucket.bucket_account_id)
    except KeyNotFound:
        return f"the bucket's default key {identifier} does not exist"
    arn = key.metadata["Arn"]
    if not key.metadata["Enabled"]:
        return f"the bucket's default key {arn} is {key.metadata['KeyState']}"
    bucket_arn = f"arn:{trail.partition}:s3:::{trail.s3_bucket_name}"
    asked = services.using_bucket_key(trail.arn, bucket_arn, arn, has_bucket_key=has_bucket_key(bucket))
    return first_refusal(key.policy, asked)
