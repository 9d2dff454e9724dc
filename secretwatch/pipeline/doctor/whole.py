"""What Terraform's state lacks of an instance: after an apply that failed midway, or a `state rm`. Pure.

A state does not say what is missing from it. But each resource in it names those that it depends on; and of
these some are there in every instance (`ALWAYS`): of what has a count, none may be meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

ALWAYS: Mapping[str, tuple[str, ...]] = {
    "chat": ("aws_iam_policy.guardrail", "aws_iam_role.this", "aws_iam_role_policy.this"),
    "decoy": ("aws_secretsmanager_secret.this",),
    "details": (
        *("aws_cloudwatch_event_rule.this", "aws_cloudwatch_event_target.this"),
        *("aws_iam_role.read", "aws_iam_role.start"),
        *("aws_iam_role_policy.read", "aws_iam_role_policy.start", "aws_sfn_state_machine.this"),
    ),
    "heartbeat": (
        *("aws_cloudwatch_event_rule.this", "aws_cloudwatch_event_target.this"),
        *("aws_cloudwatch_log_metric_filter.this", "aws_cloudwatch_metric_alarm.this"),
        *("aws_iam_role.read", "aws_iam_role.start", "aws_iam_role_policy.read"),
        *("aws_iam_role_policy.start", "aws_secretsmanager_secret.this", "aws_sfn_state_machine.this"),
    ),
    "realtime": ("aws_sqs_queue.undelivered",),
    "secret": ("aws_secretsmanager_secret.this",),
    "trail": (
        *("aws_cloudtrail.this", "aws_cloudwatch_log_group.this", "aws_iam_role.this"),
        "aws_iam_role_policy.this",
    ),
    "watch": ("aws_cloudwatch_metric_alarm.this",),
}
"""By the module's room, the resources without a count that the doctor compares."""

_KEY = re.compile(r"\[(?:\"(?:[^\"\\]|\\.)*\"|\d+)\]")


def absent(state: Mapping[str, Any], prefix: str) -> list[str]:
    """The addresses of what is missing; prefix: of the module that is the instance, "" for the root."""
    managed = [each for each in state.get("resources") or () if each.get("mode") == "managed"]
    own = [each for each in managed if _is_below(str(each.get("module") or ""), prefix)]
    bare = _KEY.sub("", prefix)
    wanted = {
        str(name)
        for each in own
        for instance in each.get("instances") or ()
        for name in instance.get("dependencies") or ()
    }
    modules = {_KEY.sub("", str(each.get("module") or "")): str(each.get("module") or "") for each in own}
    there = {_KEY.sub("", _address(str(each.get("module") or ""), each)) for each in own}
    found = []
    for address in sorted(wanted - there):
        module, type, name = (["", *address.rsplit(".", 2)])[-3:]
        room = module.rsplit(".", 1)[-1]
        # A module of which nothing is there may have a count of its own.
        if module in modules and _is_below(module, bare) and f"{type}.{name}" in ALWAYS.get(room, ()):
            found.append(f"{modules[module]}.{type}.{name}")
    return found


def room_of(address: str) -> str:
    """The module that a resource stands in, without its key."""
    return _KEY.sub("", address).rsplit(".", 3)[-3] if address.count(".") > 2 else ""


def type_of(address: str) -> str:
    return _KEY.sub("", address).rsplit(".", 2)[-2]


def _address(module: str, resource: Mapping[str, Any]) -> str:
    return ".".join(filter(None, (module, f"{resource.get('type')}.{resource.get('name')}")))


def _is_below(address: str, prefix: str) -> bool:
    return not prefix or address == prefix or address.startswith((f"{prefix}.", f"{prefix}["))
