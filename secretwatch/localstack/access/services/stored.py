"""Policies as LocalStack keeps them: a role's, a resource's, and the first request that one refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from moto.iam.models import iam_backends

from secretwatch.policy import MalformedPolicy, Policy, Request, authorize

# The boundary whose policy is gone.
_NOTHING = Policy.parse({"Statement": {"Effect": "Allow", "Action": "none:None", "Resource": "*"}})


def attached_policies(holder: Any) -> list[Policy]:
    """The policies of a user, a group or a role of moto's, inline and managed. Raises MalformedPolicy."""
    managed = (default_version(policy) for policy in holder.managed_policies.values())
    return [parsed(document_of(each)) for each in (*holder.policies.values(), *managed)]


def default_version(policy: Any) -> str:
    """The document of a managed policy of moto's that is in force."""
    found = next(each for each in policy.versions if each.version_id == policy.default_version_id)
    return str(found.document)


def boundary_of(role: Any) -> Policy | None:
    """The permissions boundary of a role of moto's; one whose policy is gone lets nothing through."""
    arn = getattr(role, "permissions_boundary_arn", None)
    if not arn:
        return None
    parts = role.arn.split(":")
    policy = iam_backends[parts[4]][parts[1]].managed_policies.get(arn)
    return parsed(default_version(policy)) if policy else _NOTHING


def account_of(arn: str) -> str:
    return arn.split(":")[4]


def first_refusal(policy: str | None, requests: list[Request]) -> str | None:
    """The reason of the first of the requests that the resource's policy does not allow."""
    try:
        for request in requests:
            decision = authorize(request, resource_policy=parsed(policy) if policy else None)
            if not decision.allowed:
                return decision.reason
    except MalformedPolicy as error:
        return f"the policy of {requests[0].resource} cannot be read: {error}"
    return None


def document_of(stored: str | Mapping[str, Any]) -> str:
    """IAM documents are stored as text, some of them percent-encoded."""
    if not isinstance(stored, str):
        return json.dumps(stored)
    return stored if stored.lstrip().startswith("{") else unquote(stored)


@lru_cache(maxsize=4096)
def parsed(text: str) -> Policy:
    """A policy from its text, which is read once. Raises MalformedPolicy."""
    return Policy.parse(text)
