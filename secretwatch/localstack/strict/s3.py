"""S3: names of buckets, bucket policies, Block Public Access.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localstack.aws.api import RequestContext

from secretwatch.localstack.access.services.buckets import bucket_of
from secretwatch.localstack.callers.identity import caller_of_request
from secretwatch.localstack.strict import Check, refuse
from secretwatch.localstack.strict.known import exists_in
from secretwatch.policy.grammar import Kind, fault, is_public

_POLICY_BYTES = 20 * 1024
_RESERVED_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")

# Seen in public reports.
_WORDS: dict[Kind, str] = {
    "syntax": "Policies must be valid JSON and the first byte must be '{'",
    "no-principal": "Missing required field Principal",
    "principal": "Invalid principal in policy",
    "no-action": "Missing required field Action",
    "action": "Policy has invalid action",
    "no-resource": "Missing required field Resource",
    "resource": "Policy has invalid resource",
}


def create_bucket(context: RequestContext, request: Mapping[str, Any]) -> None:
    name = request.get("Bucket") or ""
    if name.startswith(_RESERVED_STARTS) or name.endswith(_RESERVED_ENDS):
        raise refuse("InvalidBucketName", "The specified bucket is not valid.")
    bucket = bucket_of(name, context.region, context.account_id)
    if bucket is not None and bucket.bucket_account_id != context.account_id:
        raise refuse(
            "BucketAlreadyExists",
            "The requested bucket name is not available. The bucket namespace is shared by all users of the "
            "system. Please select a different name and try again.",
            409,
        )


def put_bucket_policy(context: RequestContext, request: Mapping[str, Any]) -> None:
    name, policy = request.get("Bucket") or "", request.get("Policy") or ""
    bucket = bucket_of(name, context.region, context.account_id)
    if bucket is None:
        return  # LocalStack says so
    if len(policy.encode()) > _POLICY_BYTES:
        raise refuse("PolicyTooLarge", "Policy exceeds the maximum allowed document size.")
    arn = f"arn:{context.partition}:s3:::{name}"
    if found := fault(policy, "bucket", exists=exists_in(context), of=arn):
        raise refuse("MalformedPolicy", _WORDS.get(found.kind, "Policies must be valid JSON"))
    block = bucket.public_access_block or {}
    if block.get("BlockPublicPolicy") and is_public(policy):
        raise refuse(
            "AccessDenied",
            f"User: {caller_of_request(context).arn} is not authorized to perform: s3:PutBucketPolicy on "
            f'resource: "{arn}" because public policies are prevented by the BlockPublicPolicy setting in S3 '
            "Block Public Access.",
            403,
        )


def put_bucket_lifecycle_configuration(context: RequestContext, request: Mapping[str, Any]) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""
    rules = (request.get("LifecycleConfiguration") or {}).get("Rules") or []
    if any(rule.get("Status") not in ("Enabled", "Disabled") for rule in rules):
        raise refuse(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        )


CHECKS: dict[str, Check] = {
    "CreateBucket": create_bucket,
    "PutBucketLifecycleConfiguration": put_bucket_lifecycle_configuration,
    "PutBucketPolicy": put_bucket_policy,
}
