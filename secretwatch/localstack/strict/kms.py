"""KMS: key policies, aliases, ids.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html, API_PutKeyPolicy.html,
API_CreateAlias.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.services.kms.models import kms_stores

from secretwatch.localstack.access.services.keys import KeyNotFound, key_of
from secretwatch.localstack.callers.identity import caller_of_request
from secretwatch.localstack.strict import Check, refuse
from secretwatch.localstack.strict.known import exists_in
from secretwatch.policy import MalformedPolicy, Principal, Request, authorize
from secretwatch.policy.grammar import fault

_POLICY_BYTES = 32 * 1024
# https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
_ALIASES_OF_A_KEY = 50
_ALIAS = re.compile(r"alias/[a-zA-Z0-9/_-]+")
_ARN = re.compile(r"arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:(key/[A-Za-z0-9-]+|alias/[a-zA-Z0-9/_-]+)")
_EVERYTHING = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


def create_key(context: RequestContext, request: Mapping[str, Any]) -> None:
    if store := request.get("CustomKeyStoreId"):
        raise refuse("CustomKeyStoreNotFoundException", f"The custom key store {store} is not found.")
    if request.get("Policy") is not None:
        _check_policy(context, request)


def put_key_policy(context: RequestContext, request: Mapping[str, Any]) -> None:
    key_id(context, request)
    _check_policy(context, request)


def _check_policy(context: RequestContext, request: Mapping[str, Any]) -> None:
    """The words of the second and third were seen in public reports; AWS does not say those of the others."""
    policy = request.get("Policy") or ""
    if len(policy.encode()) > _POLICY_BYTES:
        raise refuse("LimitExceededException", f"A key policy has at most {_POLICY_BYTES} bytes.")
    found = fault(policy, "key", exists=exists_in(context))
    if found and found.kind == "principal":
        raise _malformed("Policy contains a statement with one or more invalid principals.")
    if found:
        raise _malformed(f"The key policy is not valid: {found.kind} {found.detail}".rstrip())
    if not request.get("BypassPolicyLockoutSafetyCheck") and not _may_still_change(context, policy):
        raise _malformed("The new key policy will not allow you to update the key policy in the future.")


def _malformed(message: str) -> CommonServiceException:
    return refuse("MalformedPolicyDocumentException", message)


def _may_still_change(context: RequestContext, policy: str) -> bool:
    """Whether the caller could put another policy, if its own policies allow everything."""
    caller = caller_of_request(context)
    key = f"arn:{context.partition}:kms:{context.region}:{context.account_id}:key/new"
    principal = Principal.of(caller.arn, issuer=caller.role_arn)
    try:
        return authorize(
            Request(principal, "kms:PutKeyPolicy", key, {"kms:CallerAccount": context.account_id}),
            identity_policies=[_EVERYTHING],
            resource_policy=policy,
        ).allowed
    except MalformedPolicy:
        return False


def create_alias(context: RequestContext, request: Mapping[str, Any]) -> None:
    """Moto's tests recorded these answers."""
    name, target = request.get("AliasName") or "", request.get("TargetKeyId") or ""
    if name.startswith("alias/aws/"):
        raise refuse("NotAuthorizedException", "")
    if name.startswith("alias/") and not _ALIAS.fullmatch(name):
        raise refuse("InvalidAliasNameException", f"{name} contains invalid characters for an alias")
    if target.startswith("alias/") or ":alias/" in target:
        raise refuse("ValidationException", "Aliases must refer to keys. Not aliases")
    aliases = kms_stores[context.account_id][context.region].aliases.values()
    key = target.rpartition("/")[2]
    if sum(alias.metadata["TargetKeyId"] == key for alias in list(aliases)) >= _ALIASES_OF_A_KEY:
        # AWS does not say in which words.
        raise refuse("LimitExceededException", f"A key has at most {_ALIASES_OF_A_KEY} aliases.")


def delete_alias(context: RequestContext, request: Mapping[str, Any]) -> None:
    if (request.get("AliasName") or "").startswith("alias/aws/"):
        raise refuse("NotAuthorizedException", "")


def any_id(context: RequestContext, request: Mapping[str, Any]) -> None:
    """An ARN has to be one of KMS."""
    identifier = request.get("KeyId") or ""
    if identifier.startswith("arn:") and not _ARN.fullmatch(identifier):
        raise refuse("InvalidArnException", f"Invalid arn {identifier}")


def key_id(context: RequestContext, request: Mapping[str, Any]) -> None:
    """An id or an ARN of a key; an alias is none, as was seen in public reports."""
    any_id(context, request)
    identifier = request.get("KeyId") or ""
    if identifier.startswith("alias/") or ":alias/" in identifier:
        raise refuse("NotFoundException", f"Invalid keyId {identifier}")


def enable_key_rotation(context: RequestContext, request: Mapping[str, Any]) -> None:
    """AWS does not say which words UnsupportedOperationException has."""
    key_id(context, request)
    try:
        key = key_of(request.get("KeyId") or "", context.region, context.account_id).metadata
    except KeyNotFound:
        return
    if key.get("KeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT" or key.get("Origin") != "AWS_KMS":
        raise refuse(
            "UnsupportedOperationException",
            f"Only symmetric encryption keys with material from KMS are rotated, not {key['Arn']}.",
        )


def list_aliases(context: RequestContext, request: Mapping[str, Any]) -> None:
    """LocalStack's marker is the alias with which the next page begins."""
    if request.get("KeyId"):
        key_id(context, request)
        try:
            key_of(request["KeyId"], context.region, context.account_id)
        except KeyNotFound:
            raise refuse("NotFoundException", f"Key '{request['KeyId']}' does not exist") from None
    _marker(request, (request.get("Marker") or "").startswith("alias/"))


def list_resource_tags(context: RequestContext, request: Mapping[str, Any]) -> None:
    """LocalStack's marker is the tag with which the next page begins."""
    key_id(context, request)
    try:
        tags = key_of(request.get("KeyId") or "", context.region, context.account_id).tags
    except KeyNotFound:
        return
    _marker(request, request.get("Marker") in tags)


def _marker(request: Mapping[str, Any], was_given: bool) -> None:
    """AWS does not say which words InvalidMarkerException has."""
    if request.get("Marker") is not None and not was_given:
        raise refuse("InvalidMarkerException", "The marker is not one that a list gave.")


CHECKS: dict[str, Check] = {
    "CreateAlias": create_alias,
    "CreateKey": create_key,
    "DeleteAlias": delete_alias,
    "DescribeKey": any_id,
    "DisableKey": key_id,
    "EnableKey": key_id,
    "EnableKeyRotation": enable_key_rotation,
    "GetKeyPolicy": key_id,
    "GetKeyRotationStatus": key_id,
    "ListAliases": list_aliases,
    "ListResourceTags": list_resource_tags,
    "PutKeyPolicy": put_key_policy,
    "ScheduleKeyDeletion": key_id,
    "TagResource": key_id,
    "UntagResource": key_id,
}
