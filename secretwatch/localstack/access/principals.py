"""What the stores of LocalStack know of a caller: its policies, and the condition keys that it stands for."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from secretwatch.localstack.access.resources import identity_tags
from secretwatch.localstack.access.services.stored import (
    attached_policies,
    default_version,
    document_of,
    parsed,
)
from secretwatch.localstack.callers.identity import Caller
from secretwatch.policy import Policy

_GLOBAL = {"iam": "us-east-1", "organizations": "us-east-1", "route53": "us-east-1"}
# What a boundary or a session policy that is gone allows.
_NOTHING = Policy("2012-10-17", ())


@dataclass(frozen=True)
class Permissions:
    """identity: the policies attached; boundary: the most that they can allow; session: of the session."""

    identity: Sequence[Policy] = ()
    boundary: Policy | None = None
    session: Sequence[Policy] = ()


def permissions_of(context: Any, caller: Caller, holder: Caller) -> Permissions:
    """The policies that a caller is held to; none for the root user.

    holder: whose policies they are: the caller, or the user who asked for a federated user's session.
    Raises MalformedPolicy.
    """
    identity: list[Policy] = []
    boundary, session = None, []
    found = _identity(holder, context.partition)
    if found is not None:
        backend, entity = found
        groups = backend.get_groups_for_user(holder.name) if holder.kind == "user" else []
        identity = [policy for each in (entity, *groups) for policy in attached_policies(each)]
        arn = getattr(entity, "permissions_boundary_arn", None)
        if holder.kind == "user":
            arn = getattr(entity, "permissions_boundary", None)
        if arn:
            boundary = _managed(backend, arn) or _NOTHING
    if caller.kind == "assumed-role":
        session = _session_policies(context, holder)
    elif caller is not holder:
        # Without a policy, nothing: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
        given = getattr(caller, "session_policy", None)
        session = [parsed(given) if given else _NOTHING]
    return Permissions(identity, boundary, session)


def context_of(context: Any, caller: Caller, holder: Caller) -> dict[str, Any]:
    """The global condition keys of a request.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    `aws:SecureTransport` is true, as it is for every SDK's call to AWS.
    """
    now = time.time()
    service = context.service.service_name
    keys: dict[str, Any] = {
        "aws:SourceIp": context.request.remote_addr or "127.0.0.1",
        "aws:SecureTransport": True,
        "aws:RequestedRegion": _GLOBAL.get(service, context.region),
        "aws:CurrentTime": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
        "aws:EpochTime": int(now),
        "aws:UserAgent": context.request.headers.get("User-Agent", ""),
        "aws:ViaAWSService": False,
        "aws:userid": caller.user_identity.get("principalId", caller.account_id),
    }
    if service == "ec2":
        keys["ec2:Region"] = context.region
    if caller.kind in ("assumed-role", "federated-user"):
        session = caller.user_identity.get("sessionContext", {}).get("attributes", {})
        keys["aws:MultiFactorAuthPresent"] = session.get("mfaAuthenticated", "false")
        if created := session.get("creationDate"):
            keys["aws:TokenIssueTime"] = created
    if found := _identity(holder, context.partition):
        tags = identity_tags(*found) | _session_tags(context, holder)
        keys |= {f"aws:PrincipalTag/{key}": value for key, value in tags.items()}
    if organization := _organization_id(caller.account_id):
        keys["aws:PrincipalOrgID"] = organization
    return keys


def _identity(holder: Caller, partition: str) -> tuple[Any, Any] | None:
    backend = iam_backends[holder.account_id][partition]
    if holder.kind == "user":
        return backend, backend.get_user(holder.name)
    if holder.kind == "assumed-role" and holder.role_arn:
        roles = list(backend.roles.values())
        role = next((role for role in roles if role.arn == holder.role_arn), None)
        return (backend, role) if role else None
    return None


def _managed(backend: Any, arn: str) -> Policy | None:
    policy = backend.managed_policies.get(arn)
    return parsed(document_of(default_version(policy))) if policy else None


def _session_policies(context: Any, holder: Caller) -> list[Policy]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session"""
    key = _access_key(context)
    session = _session(holder.account_id, key)
    backend = iam_backends[holder.account_id][context.partition]
    documents = [parsed(document_of(session.policy))] if session and session.policy else []
    return documents + [_managed(backend, arn) or _NOTHING for arn in POLICY_ARNS.get(key, ())]


def _session(account_id: str, access_key_id: str) -> Any:
    for backend in list(sts_backends[account_id].values()):
        if session := backend.get_assumed_role_from_access_key(access_key_id):
            return session
    return None


def _session_tags(context: Any, holder: Caller) -> dict[str, str]:
    from localstack.services.sts.models import sts_stores

    config = sts_stores[holder.account_id]["us-east-1"].sessions.get(_access_key(context))
    return {each["Key"]: each["Value"] for each in config["tags"].values()} if config else {}


def _access_key(context: Any) -> str:
    return extract_access_key_id_from_auth_header(context.request.headers) or ""


def _organization_id(account_id: str) -> str | None:
    from secretwatch.localstack.organizations.provider import organization_of

    return organization_of(account_id)


def same_organization(account_id: str, other: str) -> bool:
    """Whether two accounts are of one organization."""
    organization = _organization_id(account_id)
    return organization is not None and organization == _organization_id(other)


POLICY_ARNS: dict[str, list[str]] = {}
"""Access key ids of sessions to the managed policies that AssumeRole was given, which LocalStack forgets."""


def remember_policy_arns(_chain: Any, context: Any, _response: Any) -> None:
    """A response handler."""
    if context.operation is None or context.operation.name != "AssumeRole" or context.service_exception:
        return
    given: Sequence[Mapping[str, str]] = (context.service_request or {}).get("PolicyArns") or ()
    if given and isinstance(context.service_response, Mapping):
        key = context.service_response["Credentials"]["AccessKeyId"]
        POLICY_ARNS[key] = [each["arn"] for each in given]
