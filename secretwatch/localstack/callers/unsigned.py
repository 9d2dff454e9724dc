"""Requests without a signature that counts: which they are, and which of them CloudTrail does not record.

https://docs.aws.amazon.com/sns/latest/dg/sns-logging-using-cloudtrail.html
"""

from __future__ import annotations

from localstack.aws.api import RequestContext
from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header

INJECTED = "injectedaccesskey"
"""The access key that LocalStack puts into a request that has none: links in SNS's mails, S3's plain ones."""

_REFUSED = "secretwatch_refused_keys"
_UNRECORDED = ("ConfirmSubscription", "Unsubscribe")


def is_unsigned(context: RequestContext) -> bool:
    """Whether the request came without a signature."""
    return bool(extract_access_key_id_from_auth_header(context.request.headers) == INJECTED)


def keys_refused(context: RequestContext) -> None:
    """Marks a request whose keys open nothing: nobody knows whose account it would be recorded in."""
    setattr(context, _REFUSED, True)


def leaves_no_event(context: RequestContext) -> bool:
    """Unsigned calls to confirm and to unsubscribe are in no event of CloudTrail's; nor is who is nobody."""
    # Not by getattr, which is slow where there is nothing: this is for every call.
    if _REFUSED in context.__dict__:
        return True
    return (
        context.operation is not None
        and context.operation.name in _UNRECORDED
        and context.service is not None
        and context.service.service_name == "sns"
        and is_unsigned(context)
    )
