"""Which messages a subscription's filter policy lets through; shared by the hops that ask for one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from secretwatch.filterpolicy import FilterPolicy, InvalidFilterPolicy
from secretwatch.pipeline.doctor.account import Thing

# As the heartbeat publishes (modules/heartbeat/definition.tf): people's subscriptions leave it out.
_HEARTBEAT = {"secretwatch": {"DataType": "String", "StringValue": "heartbeat"}}


def lets_heartbeats(subscription: Thing) -> bool:
    """Whether it gets what the heartbeat says each time."""
    policy, scope = subscription.get("FilterPolicy"), subscription.get("FilterPolicyScope")
    return not policy or wants(policy, scope, "A heartbeat.", _HEARTBEAT)


def wants(
    policy: str, scope: str | None, message: str, attributes: Mapping[str, Mapping[str, Any]] | None = None
) -> bool:
    """Whether a subscription's filter policy lets this message through.

    https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
    """
    try:
        if not json.loads(policy):
            return True
        return FilterPolicy.parse(policy, scope or "MessageAttributes").matches(attributes, message)
    except (InvalidFilterPolicy, ValueError):
        return True  # SNS would not have taken it: it is not understood here
