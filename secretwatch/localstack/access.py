"""May this caller read this secret? LocalStack's community edition lets everybody do everything.

IAM users and role sessions are held to their own policies and to the secret's, so that a denied read
can be tried out; the root user, as which LocalStack's usual test credentials count, is held to the
secret's policy only.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access.html
"""

from __future__ import annotations

from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.services.secretsmanager.provider import SecretsmanagerProvider
from moto.iam.models import iam_backends

from secretwatch.localstack.identity import Caller, caller_of_request
from secretwatch.localstack.permissions import attached_policies, boundary_of
from secretwatch.policy import MalformedPolicy, Policy, Principal, Request, authorize, denied_message


class SecretAccess:
    """A request handler that refuses GetSecretValue as Secrets Manager does."""

    def __call__(self, _chain: Any, context: RequestContext, _response: Any) -> None:
        if context.service is None or context.operation is None or context.is_internal_call:
            return
        if context.service.service_name != "secretsmanager" or context.operation.name != "GetSecretValue":
            return
        secret_id = (context.service_request or {}).get("SecretId")
        caller = caller_of_request(context)
        arn, policy = _secret(context, secret_id or "")
        action = "secretsmanager:GetSecretValue"
        request = Request(principal=_principal(caller), action=action, resource=arn)
        try:
            decision = authorize(
                request,
                identity_policies=_identity_policies(caller, context.partition),
                resource_policy=policy,
                permissions_boundary=_boundary(caller, context.partition),
            )
        except MalformedPolicy as error:
            raise _refusal(f"A policy cannot be read: {error}") from error
        if not decision.allowed:
            raise _refusal(denied_message(caller.arn, action, arn, decision))


def _refusal(message: str) -> CommonServiceException:
    return CommonServiceException(
        code="AccessDeniedException", message=message, status_code=400, sender_fault=True
    )


def _principal(caller: Caller) -> Principal:
    return Principal.of(caller.arn, issuer=caller.role_arn)


def _secret(context: RequestContext, secret_id: str) -> tuple[str, str | None]:
    """The secret's ARN and policy; a secret that does not exist is named by what the caller sent."""
    backend = SecretsmanagerProvider.get_moto_backend_for_resource(secret_id, context)
    if not backend.secrets.get(secret_id):
        where = f"arn:{context.partition}:secretsmanager:{context.region}:{context.account_id}"
        return (secret_id if secret_id.startswith("arn:") else f"{where}:secret:{secret_id}"), None
    secret = backend.secrets[secret_id]
    return secret.arn, secret.policy


def _boundary(caller: Caller, partition: str) -> Policy | None:
    """The permissions boundary of the role behind a session. Those of users are not kept by moto."""
    if caller.kind != "assumed-role" or not caller.role_arn:
        return None
    return boundary_of(iam_backends[caller.account_id][partition].get_role_by_arn(caller.role_arn))


def _identity_policies(caller: Caller, partition: str) -> list[Policy]:
    """The policies attached to a user, to its groups, or to the role behind a session."""
    backend = iam_backends[caller.account_id][partition]
    if caller.kind == "user":
        user = backend.get_user(caller.name)
        groups = backend.get_groups_for_user(caller.name)
        holders = [user, *groups]
    elif caller.kind == "assumed-role" and caller.role_arn:
        holders = [backend.get_role_by_arn(caller.role_arn)]
    else:
        return []
    return [policy for holder in holders for policy in attached_policies(holder)]
