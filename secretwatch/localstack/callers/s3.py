"""Who called S3: also by a presigned URL, or by none at all.

LocalStack puts an Authorization header into a request that has none.
"""

from __future__ import annotations

from typing import Any

from secretwatch.cloudtrail import anonymous_identity
from secretwatch.localstack.callers.identity import caller_of, caller_of_request

_INJECTED = "Credential=injectedaccesskey/"


def authorization_of(request: Any) -> str | None:
    """The Authorization header that the caller sent, or None."""
    header: str | None = request.headers.get("Authorization")
    return None if header is None or _INJECTED in header else header


def query_signature(request: Any) -> str | None:
    """The Authorization header that a presigned URL stands for, or None where its query is not signed."""
    arguments = request.args
    if credential := arguments.get("X-Amz-Credential"):
        return f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"
    if key := arguments.get("AWSAccessKeyId"):
        return f"AWS {key}:0"
    return None


def s3_identity(context: Any) -> dict[str, Any]:
    """CloudTrail's ``userIdentity`` of a call of S3."""
    request = context.request
    if authorization_of(request):
        return caller_of_request(context).user_identity
    signed = query_signature(request)
    if signed is None:
        return anonymous_identity()
    return caller_of({"Authorization": signed}, context.account_id, context.partition).user_identity
