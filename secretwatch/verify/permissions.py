"""Which permissions the caller lacks, known before anything is made.

IAM is asked to simulate (iam:SimulatePrincipalPolicy). Who may not ask is checked by the listing calls, which
change nothing; whether the others are allowed is then not known.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from secretwatch.pipeline.aws import is_denied
from secretwatch.verify import stage
from secretwatch.verify.cloud import Cloud
from secretwatch.verify.kinds import ACTIONS, PREFIX, names_of
from secretwatch.verify.model import Experiment

_AT_ONCE = 50
_LISTING = {
    "trail": "cloudtrail:ListTrails",
    "rule": "events:ListRules",
    "bus": "events:ListEventBuses",
    "mute rule": "cloudwatch:ListAlarmMuteRules",
    "chat channel": "chatbot:DescribeSlackChannelConfigurations",
    "state machine": "states:ListStateMachines",
    "alarm": "cloudwatch:DescribeAlarms",
    "topic": "sns:ListTopics",
    "queue": "sqs:ListQueues",
    "log group": "logs:DescribeLogGroups",
    "secret": "secretsmanager:ListSecrets",
    "role": "iam:ListRoles",
    "bucket": "s3:ListAllMyBuckets",
    "database": "glue:GetDatabases",
}
_CONTEXT = {"iam:PassedToService": "cloudtrail.amazonaws.com"}


@dataclass(frozen=True)
class Answer:
    """missing: actions that are denied. unknown: those of which it is not known."""

    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def needed(experiments: Iterable[Experiment]) -> tuple[str, ...]:
    """The IAM actions that these experiments take, with those of the trail that some of them share."""
    actions: set[str] = set()
    for experiment in experiments:
        actions |= experiment.actions
        if experiment.on_trail:
            actions |= set(stage.CALLS).union(*(ACTIONS[kind] for kind in stage.MAKES))
    return tuple(sorted(actions))


def check(cloud: Cloud, actions: Iterable[str]) -> Answer:
    """What the caller lacks of these. Raises botocore's errors, but not for a denied call."""
    wanted = list(actions)
    if cloud.caller.endswith(":root"):
        return Answer()
    try:
        principal = _principal(cloud)
        if principal is None:
            return _dry(cloud, wanted)
        denied = _denied(cloud, principal, wanted, [])
        if denied:
            # A policy may allow them for names that begin as those of experiments do.
            denied = _denied(cloud, principal, denied, _resources(cloud))
        return Answer(missing=tuple(denied))
    except ClientError as error:
        if not is_denied(error) and "NoSuchEntity" not in str(error):
            raise
        return _dry(cloud, wanted)


def _principal(cloud: Cloud) -> str | None:
    """The ARN of the user or role behind the caller; None where neither is."""
    kind, _, rest = cloud.caller.rpartition(":")[2].partition("/")
    if kind == "user":
        return cloud.caller
    if kind != "assumed-role":
        return None
    name = rest.partition("/")[0]
    try:
        return str(cloud.client("iam").get_role(RoleName=name)["Role"]["Arn"])
    except ClientError as error:
        if not is_denied(error):
            raise
        # Right for a role without a path.
        return cloud.arn("iam", f"role/{name}")


def _denied(cloud: Cloud, principal: str, actions: list[str], resources: list[str]) -> list[str]:
    """Those of the actions that are allowed for none of the resources."""
    allowed: set[str] = set()
    entries = [
        {"ContextKeyName": name, "ContextKeyType": "string", "ContextKeyValues": [value]}
        for name, value in (_CONTEXT | {"aws:RequestedRegion": cloud.region}).items()
    ]
    left = iter(actions)
    while batch := list(islice(left, _AT_ONCE)):
        given: dict[str, Any] = {"ResourceArns": resources} if resources else {}
        pages = (
            cloud.client("iam")
            .get_paginator("simulate_principal_policy")
            .paginate(PolicySourceArn=principal, ActionNames=batch, ContextEntries=entries, **given)
        )
        for page in pages:
            for result in page["EvaluationResults"]:
                decisions = [result["EvalDecision"]]
                decisions += [
                    each["EvalResourceDecision"] for each in result.get("ResourceSpecificResults", ())
                ]
                if "allowed" in decisions:
                    allowed.add(result["EvalActionName"])
    return [action for action in actions if action not in allowed]


def _resources(cloud: Cloud) -> list[str]:
    name = f"{PREFIX}00000000-0"
    return [
        cloud.arn("cloudtrail", f"trail/{name}"),
        cloud.arn("cloudwatch", f"alarm:{name}"),
        cloud.arn("events", f"event-bus/{name}"),
        cloud.arn("events", f"rule/{name}"),
        cloud.arn("events", f"rule/{name}/{name}"),
        cloud.arn("athena", "workgroup/primary"),
        cloud.arn("glue", "catalog"),
        cloud.arn("glue", f"database/{name.replace('-', '_')}"),
        cloud.arn("glue", f"table/{name.replace('-', '_')}/name"),
        cloud.arn("iam", f"role/{name}"),
        cloud.arn("logs", f"log-group:{name}"),
        cloud.arn("logs", f"log-group:{name}:*"),
        cloud.arn("logs", f"log-group:{name}:log-stream:verify"),
        cloud.arn("s3", name),
        cloud.arn("s3", f"{name}/key"),
        cloud.arn("secretsmanager", f"secret:{name}-AbCdEf"),
        cloud.arn("sns", name),
        cloud.arn("sqs", name),
        cloud.arn("states", f"execution:{name}:{name}"),
        cloud.arn("states", f"stateMachine:{name}"),
        f"arn:{cloud.partition}:chatbot::{cloud.account}:chat-configuration/slack-channel/{name}",
    ]


def _dry(cloud: Cloud, actions: list[str]) -> Answer:
    """By calls that change nothing."""
    missing, unknown = [], set(actions)
    for kind, action in _LISTING.items():
        if action not in unknown:
            continue
        try:
            next(iter(names_of(cloud, kind)), None)
        except ClientError as error:
            if not is_denied(error):
                raise
            missing.append(action)
        unknown.discard(action)
    return Answer(tuple(missing), tuple(sorted(unknown)))
