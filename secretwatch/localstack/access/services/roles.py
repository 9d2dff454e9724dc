"""Roles: who may assume one, and what it may do then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.iam.models import iam_backends

from secretwatch.localstack.access.services.stored import (
    account_of,
    attached_policies,
    boundary_of,
    document_of,
    first_refusal,
    parsed,
)
from secretwatch.policy import MalformedPolicy, Principal, Request, authorize, services


def trust_refusal(role_arn: str) -> str | None:
    """Why CloudTrail may not assume the role. AWS documents no condition key that CloudTrail sends here."""
    role = role_of(role_arn)
    if role is None:
        return f"the role {role_arn} does not exist"
    return first_refusal(document_of(role.assume_role_policy_document), services.assuming(role_arn))


def role_of(arn: str) -> Any | None:
    """moto's role by its ARN."""
    parts = arn.split(":", 5)
    if len(parts) != 6:
        return None
    roles = iam_backends[parts[4]][parts[1]].roles.values()
    return next((role for role in roles if role.arn == arn), None)


def service_trust_refusal(role_arn: str, service: str, source_arn: str) -> str | None:
    """Why a service may not assume the role on behalf of a rule or state machine (source_arn).

    A trust policy may also name the service's principal of the region (``states.eu-west-1.amazonaws.com``).
    https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
    """
    role = role_of(role_arn)
    if role is None:
        return f"the role {role_arn} does not exist"
    region = source_arn.split(":")[3]
    context = {"aws:SourceArn": source_arn, "aws:SourceAccount": account_of(source_arn)}
    trust = document_of(role.assume_role_policy_document)
    of_region = service.replace(".", f".{region}.", 1)
    refused = [
        first_refusal(trust, [Request(Principal.of(each), "sts:AssumeRole", role.arn, context)])
        for each in (service, of_region)
    ]
    return refused[0] if all(refused) else None


def action_refusal(role_arn: str, action: str, resource: str, about: Mapping[str, Any]) -> str | None:
    """Why a role may not do this by its own policies and its boundary; for actions that are no API's call.

    about: the condition keys.
    """
    role = role_of(role_arn)
    if role is None:
        return f"the role {role_arn} does not exist"
    request = Request(Principal.of(role_arn, issuer=role_arn), action, resource, about)
    try:
        decision = authorize(
            request, identity_policies=attached_policies(role), permissions_boundary=boundary_of(role)
        )
    except MalformedPolicy as error:
        return f"a policy of {role_arn} cannot be read: {error}"
    return None if decision.allowed else decision.reason


def target_refusal(
    role_arn: str, rule_arn: str, action: str, target_arn: str, policy: str | None
) -> str | None:
    """Why a rule's target role may not act on the target, by its trust, its own and the target's policy.

    policy: the target's; in the role's own account the role's policies are enough.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-cross-account.html
    """
    if refused := service_trust_refusal(role_arn, services.EVENTS, rule_arn):
        return refused
    role: Any = role_of(role_arn)
    _, partition, _, _, account_id, name = role.arn.split(":", 5)
    session = f"arn:{partition}:sts::{account_id}:assumed-role/{name.rsplit('/', 1)[-1]}/EventBridge"
    # Not at the start: few have rules with such targets.
    from secretwatch.localstack.organizations.provider import organization_of

    caller: dict[str, Any] = {}
    if organization_id := organization_of(account_id):
        caller["aws:PrincipalOrgID"] = organization_id
    request = Request(Principal.of(session, issuer=role.arn), action, target_arn, caller)
    try:
        decision = authorize(
            request,
            identity_policies=attached_policies(role),
            resource_policy=parsed(policy) if policy else None,
        )
    except MalformedPolicy as error:
        return f"a policy of {role_arn} or {target_arn} cannot be read: {error}"
    return None if decision.allowed else decision.reason
