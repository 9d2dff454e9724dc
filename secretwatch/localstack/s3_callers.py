"""Who called S3: also by a presigned URL, or by none at all.

LocalStack puts an Authorization header into a request that has none.
"""

from __future__ import annotations

from typing import Any

from secretwatch.cloudtrail import anonymous_identity
from secretwatch.localstack.identity import caller_of, caller_of_request

_INJECTED = "Credential=injectedaccesskey/"


def authorization_of(request: Any) -> str | None:
    """The Authorization header that the caller sent, or None."""
    header: str | None = request.headers.get("Authorization")
    return None if header is None or _INJECTED in header else header


def s3_identity(context: Any) -> dict[str, Any]:
    """CloudTrail's ``userIdentity`` of a call of S3."""
    request = context.request
    if authorization_of(request):
        return caller_of_request(context).user_identity
    arguments = request.args
    if credential := arguments.get("X-Amz-Credential"):
        signed = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"
    elif key := arguments.get("AWSAccessKeyId"):
        signed = f"AWS {key}:0"
    else:
        return anonymous_identity()
    return caller_of({"Authorization": signed}, context.account_id, context.partition).user_identity
