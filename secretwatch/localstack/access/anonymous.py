"""What nobody in particular may change in a bucket: what its policy, or its ACL, lets everybody do.

LocalStack lets everybody do everything. Who reads without keys still may, as LocalStack has it.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
"""

from __future__ import annotations

from typing import Any

from localstack.aws.api import RequestContext

from secretwatch.localstack.access.principals import context_of
from secretwatch.localstack.access.resources import resource_of
from secretwatch.localstack.access.services.stored import parsed
from secretwatch.policy import MalformedPolicy, Principal, Request, authorize
from secretwatch.policy.actions import Where, needs

_EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"
_BY_ACL = ("PutObject", "DeleteObject", "PostObject")
"""Operations that WRITE on a bucket is enough for."""
_FORM_SIGNATURES = ({"x-amz-credential", "x-amz-signature"}, {"awsaccesskeyid", "signature"})


def refused(context: RequestContext, caller: Any) -> bool:
    """Whether a call of S3's without a signature changes what it may not."""
    assert context.operation is not None
    operation = context.operation.name
    if context.operation.http.get("method") in ("GET", "HEAD"):
        return False
    # https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-UsingHTTPPOST.html: its fields are signed.
    if operation == "PostObject":
        fields = {name.lower() for name in context.request.form}
        if any(names <= fields for names in _FORM_SIGNATURES):
            return False
    parameters: Any = context.service_request or {}
    return not (_acl_allows(operation, parameters) or _policy_allows(context, caller, operation, parameters))


def _policy_allows(context: RequestContext, caller: Any, operation: str, parameters: Any) -> bool:
    if _blocked(parameters, "RestrictPublicBuckets"):
        return False
    about = context_of(context, caller, caller)
    del about["aws:userid"]
    where = Where(context.partition, context.region, context.account_id)
    asked = False
    for need in needs("s3", operation, parameters, where):
        resource = resource_of(need.resource, parameters, context.account_id, context.region)
        request = Request(
            Principal("anonymous"),
            need.action,
            resource.arn,
            {**about, **resource.keys, **need.context},
            resource.account,
        )
        try:
            policy = parsed(resource.policy) if resource.policy else None
        except MalformedPolicy:
            return False
        if not authorize(request, identity_policies=(), resource_policy=policy).allowed:
            return False
        asked = True
    return asked


def _acl_allows(operation: str, parameters: Any) -> bool:
    bucket = _bucket(parameters)
    if operation not in _BY_ACL or bucket is None or _blocked(parameters, "IgnorePublicAcls"):
        return False
    return any(
        grant["Grantee"].get("URI") == _EVERYBODY and grant["Permission"] in ("WRITE", "FULL_CONTROL")
        for grant in (bucket.acl or {}).get("Grants", ())
    )


def _blocked(parameters: Any, setting: str) -> bool:
    bucket = _bucket(parameters)
    return bucket is not None and bool((bucket.public_access_block or {}).get(setting))


def _bucket(parameters: Any) -> Any:
    from localstack.services.s3.models import s3_stores

    name = parameters.get("Bucket")
    for regions in list(s3_stores.values()):
        for store in list(regions.values()):
            if found := store.buckets.get(name):
                return found
    return None
