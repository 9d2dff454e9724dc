"""What a part is, and the shapes of which several parts have one: a topic, a rule, a role, a secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Part:
    """One part, with the calls of one service.

    sid: of its statement. of: the features (`instance.ALL`) any of which brings it; "" for every instance.
    given: with `{name}` and the like (see `document`). reads: of a plan, and of an apply; changes: of an
    apply alone; tags: of an apply where there are tags. only: a condition that the calls can be held to.
    """

    sid: str
    service: str
    given: Mapping[str, Any]
    of: str = ""
    reads: str = ""
    changes: str = ""
    tags: str = ""
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


ARN = "arn:{partition}:%s:{region}:{account}:%s"
ANY_KEY = {"KeyId": "*", "TargetKeyId": "*"}


def _topic(name: str) -> dict[str, str]:
    arn = ARN % ("sns", name)
    return {"Name": name, "TopicArn": arn, "ResourceArn": arn, "SubscriptionArn": f"{arn}:*"}


def topics(name: str, of: str) -> Part:
    return Part(
        "Topics",
        "sns",
        _topic(name),
        of,
        reads="GetTopicAttributes ListTagsForResource",
        changes="CreateTopic DeleteTopic SetTopicAttributes",
        tags="TagResource UntagResource",
    )


def subscriptions(name: str, of: str) -> Part:
    return Part(
        "Subscriptions",
        "sns",
        _topic(name),
        of,
        reads="GetSubscriptionAttributes",
        changes="Subscribe Unsubscribe",
    )


def filters(name: str) -> Part:
    """Who is subscribed already gets another policy of filters or deliveries."""
    return Part(
        "Subscriptions", "sns", _topic(name), "endpoints filters", changes="SetSubscriptionAttributes"
    )


def rule(name: str, role: str = "") -> dict[str, Any]:
    """role: what its targets are handed."""
    given: dict[str, Any] = {"Name": name, "Rule": name, "ResourceARN": ARN % ("events", f"rule/{name}")}
    handed = {"Targets": [{"RoleArn": "arn:{partition}:iam::{account}:role/%s" % role}]}  # noqa: UP031
    return given | handed if role else given


def rules(name: str, of: str, role: str = "") -> Part:
    return Part(
        "Rules",
        "events",
        rule(name, role),
        of,
        reads="DescribeRule ListTagsForResource ListTargetsByRule",
        changes="DeleteRule PutRule PutTargets RemoveTargets",
        tags="TagResource UntagResource",
    )


def machine(name: str, of: str, role: str) -> Part:
    arn = ARN % ("states", f"stateMachine:{name}")
    handed = "arn:{partition}:iam::{account}:role/%s" % role  # noqa: UP031
    return Part(
        "StateMachine",
        "stepfunctions",
        {"name": name, "stateMachineArn": arn, "resourceArn": arn, "roleArn": handed},
        of,
        # The provider looks for versions, and has AWS look at the definition.
        reads="DescribeStateMachine ListStateMachineVersions ListTagsForResource"
        " ValidateStateMachineDefinition",
        changes="CreateStateMachine DeleteStateMachine UpdateStateMachine",
        tags="TagResource UntagResource",
    )


def role(name: str, of: str) -> Part:
    return Part(
        "Roles",
        "iam",
        {"RoleName": name},
        of,
        reads="GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies",
        changes="CreateRole DeleteRole DeleteRolePolicy ListInstanceProfilesForRole PutRolePolicy"
        " UpdateAssumeRolePolicy UpdateRoleDescription",
        tags="TagRole UntagRole",
    )


def secret(name: str, of: str) -> Part:
    return Part(
        "Secret",
        "secretsmanager",
        named_secret(name),
        of,
        reads="DescribeSecret GetResourcePolicy",
        changes="CreateSecret DeleteSecret UpdateSecret",
        tags="TagResource UntagResource",
    )


def named_secret(name: str) -> dict[str, str]:
    return {"Name": name, "SecretId": f"{name}-??????"}


def connection(name: str) -> Part:
    return Part(
        "Connection",
        "events",
        {"Name": name},
        "ping",
        reads="DescribeConnection",
        changes="CreateConnection DeleteConnection UpdateConnection",
    )


def alias(name: str, of: str) -> Part:
    return Part(
        "Aliases",
        "kms",
        {**ANY_KEY, "AliasName": f"alias/{name}"},
        of,
        reads="ListAliases",
        changes="CreateAlias DeleteAlias UpdateAlias",
    )
