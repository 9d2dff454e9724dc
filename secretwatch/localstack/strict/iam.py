"""IAM: names, trust and inline policies, their sizes, permissions boundaries.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html, API_PutRolePolicy.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localstack.aws.api import RequestContext
from moto.iam.models import iam_backends

from secretwatch.localstack.strict import Check, refuse
from secretwatch.localstack.strict.known import exists_in
from secretwatch.policy.grammar import Kind, fault

_TRUST_CHARACTERS = 2048
_INLINE_CHARACTERS = 10240

# Seen in public reports.
_TRUST_WORDS: dict[Kind, str] = {
    "syntax": "This policy contains invalid Json",
    "no-principal": "Missing required field Principal",
    "principal": "Invalid principal in policy: {}",
    "no-action": "Missing required field Action",
    "action": "AssumeRole policy may only specify STS AssumeRole actions.",
    "a-resource": "Has prohibited field Resource",
}
_INLINE_WORDS: dict[Kind, str] = {
    "syntax": "Syntax errors in policy.",
    "a-principal": "Policy document should not specify a principal.",
    "no-action": "Policy statement must contain actions.",
    "action": "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    "no-resource": "Policy statement must contain resources.",
    "resource": 'Resource {} must be in ARN format or "*".',
}


def create_role(context: RequestContext, request: Mapping[str, Any]) -> None:
    backend = iam_backends[context.account_id][context.partition]
    name = request.get("RoleName") or ""
    # Names are unique whatever their case.
    if any(role.name.lower() == name.lower() for role in list(backend.roles.values())):
        raise refuse("EntityAlreadyExists", f"Role with name {name} already exists.", 409)
    _check_trust(context, request.get("AssumeRolePolicyDocument") or "")
    boundary = request.get("PermissionsBoundary")
    if boundary and boundary not in backend.managed_policies:
        raise refuse("NoSuchEntity", f"Scope ARN: {boundary} does not exist or is not attachable.", 404)


def update_trust(context: RequestContext, request: Mapping[str, Any]) -> None:
    role_exists(context, request)
    _check_trust(context, request.get("PolicyDocument") or "")


def _check_trust(context: RequestContext, document: str) -> None:
    if found := fault(document, "trust", exists=exists_in(context)):
        words = _TRUST_WORDS.get(found.kind, "This policy contains invalid Json")
        raise refuse("MalformedPolicyDocument", words.format(found.detail))
    if _size(document) > _TRUST_CHARACTERS:
        raise refuse("LimitExceeded", f"Cannot exceed quota for ACLSizePerRole: {_TRUST_CHARACTERS}", 409)


def put_role_policy(context: RequestContext, request: Mapping[str, Any]) -> None:
    role_exists(context, request)
    document = request.get("PolicyDocument") or ""
    if found := fault(document, "identity"):
        words = _INLINE_WORDS.get(found.kind, "Syntax errors in policy.")
        raise refuse("MalformedPolicyDocument", words.format(found.detail))
    name = request["RoleName"]
    role = iam_backends[context.account_id][context.partition].get_role(name)
    others = [each for key, each in role.policies.items() if key != request.get("PolicyName")]
    if sum(map(_size, [document, *others])) > _INLINE_CHARACTERS:
        raise refuse(
            "LimitExceeded",
            f"Maximum policy size of {_INLINE_CHARACTERS} bytes exceeded for role {name}",
            409,
        )


def _size(document: str) -> int:
    """IAM does not count white space."""
    return len(re.sub(r"\s", "", document))


def role_exists(context: RequestContext, request: Mapping[str, Any]) -> None:
    """With AWS's words; moto has others, or no error."""
    name = request.get("RoleName") or ""
    roles = iam_backends[context.account_id][context.partition].roles.values()
    if not any(role.name == name for role in list(roles)):
        raise refuse("NoSuchEntity", f"The role with name {name} cannot be found.", 404)


CHECKS: dict[str, Check] = {
    "CreateRole": create_role,
    "PutRolePolicy": put_role_policy,
    "UpdateAssumeRolePolicy": update_trust,
} | dict.fromkeys(
    (
        "AttachRolePolicy",
        "DeleteRole",
        "DeleteRolePolicy",
        "GetRole",
        "GetRolePolicy",
        "ListAttachedRolePolicies",
        "ListInstanceProfilesForRole",
        "ListRolePolicies",
        "ListRoleTags",
        "TagRole",
        "UpdateRole",
    ),
    role_exists,
)
