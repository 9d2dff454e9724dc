"""Buckets: where a trail's log files go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localstack.services.s3.models import s3_stores

from secretwatch.cloudtrail import logs_folder
from secretwatch.localstack.access.services.stored import first_refusal
from secretwatch.localstack.cloudtrail.trails import Trail
from secretwatch.policy import Principal, Request
from secretwatch.policy.services import CLOUDTRAIL


def bucket_of(name: str, region: str, account_id: str) -> Any | None:
    """LocalStack's bucket of that name, whoever owns it."""
    owner = s3_stores[account_id][region].global_bucket_map.get(name)
    return s3_stores[owner][region].buckets.get(name) if owner else None


def bucket_refusal(trail: Trail, key: str | None = None) -> str | None:
    """Why CloudTrail may not read the bucket's ACL, or put its files there.

    key: the object to be put; without it, it is asked for the places where all files of the trail will go.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    """
    bucket = bucket_of(trail.s3_bucket_name, trail.home_region, trail.account_id)
    if bucket is None:
        return f"the bucket {trail.s3_bucket_name} does not exist"
    arn = f"arn:{trail.partition}:s3:::{trail.s3_bucket_name}"
    context = trail_context(trail) | {"aws:SecureTransport": True}
    asked = [] if key else [("s3:GetBucketAcl", arn, context)]
    context = context | {"s3:x-amz-acl": "bucket-owner-full-control"} | _encryption(trail)
    asked += [("s3:PutObject", f"{arn}/{name}", context) for name in ([key] if key else _places(trail))]
    return first_refusal(
        bucket.policy,
        [Request(Principal.of(CLOUDTRAIL), *each, bucket.bucket_account_id) for each in asked],
    )


def _places(trail: Trail) -> list[str]:
    """An organization's trail needs its own account's folder too, by AWS's page: it may become an account's.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    """
    kinds = ["CloudTrail"] + ["CloudTrail-Digest"] * trail.log_file_validation_enabled
    folders = [logs_folder(trail.s3_key_prefix, trail.account_id)]
    if trail.organization_id:
        folders.append(logs_folder(trail.s3_key_prefix, trail.account_id, trail.organization_id))
    return [f"{folder}{kind}/{trail.home_region}/" for folder in folders for kind in kinds]


def _encryption(trail: Trail) -> dict[str, str]:
    if not trail.kms_key_id:
        return {"s3:x-amz-server-side-encryption": "AES256"}
    return {
        "s3:x-amz-server-side-encryption": "aws:kms",
        "s3:x-amz-server-side-encryption-aws-kms-key-id": trail.kms_key_id,
    }


def encryption_rule(bucket: Any) -> Mapping[str, Any]:
    return bucket.encryption_rule or {}


def has_bucket_key(bucket: Any) -> bool:
    return bool(encryption_rule(bucket).get("BucketKeyEnabled"))


def trail_context(trail: Trail) -> dict[str, Any]:
    return {"aws:SourceArn": trail.arn, "aws:SourceAccount": trail.account_id}
