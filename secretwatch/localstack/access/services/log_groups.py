"""Log groups: their key, and the role by which a trail writes to one."""

from __future__ import annotations

from typing import Any

from moto.logs.models import logs_backends

from secretwatch.cloudtrail import log_stream_name
from secretwatch.localstack.access.services.roles import role_of
from secretwatch.localstack.access.services.stored import attached_policies, boundary_of, first_refusal
from secretwatch.localstack.cloudtrail.trails import Trail
from secretwatch.policy import MalformedPolicy, authorize, services


def log_group_key_refusal(key: Any, group_arn: str) -> str | None:
    """Why CloudWatch Logs may not use LocalStack's key for the log group (its ARN without `:*`)."""
    return first_refusal(key.policy, services.encrypting_log_events(group_arn, key.metadata["Arn"]))


def log_group_of(arn: str) -> Any | None:
    """LocalStack's log group by ``arn:...:log-group:NAME:*``."""
    parts = arn.split(":")
    return logs_backends[parts[4]][parts[3]].groups.get(parts[6]) if len(parts) == 8 else None


def logs_refusal(trail: Trail, account_id: str | None = None) -> str | None:
    """Why the trail's role may not write to the trail's stream for the account's events.

    account_id: the trail's own, if none is named; an organization's trail has others too.
    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
    """
    role_arn, group_arn = trail.cloud_watch_logs_role_arn, trail.cloud_watch_logs_log_group_arn
    if not role_arn or not group_arn:
        return None
    role = role_of(role_arn)
    if role is None:
        return f"the role {role_arn} does not exist"
    stream = log_stream_name(account_id or trail.account_id, trail.home_region, trail.organization_id)
    for request in services.writing_log_events(role.arn, group_arn, stream):
        try:
            decision = authorize(
                request, identity_policies=attached_policies(role), permissions_boundary=boundary_of(role)
            )
        except MalformedPolicy as error:
            return f"a policy of {role_arn} cannot be read: {error}"
        if not decision.allowed:
            return decision.reason
    return None
