"""The policy: calls of an instance's parts to statements.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
Each action stands in one statement, with all resources that it is needed on, so that no statement is there in
vain. Actions are written out, but for some that only read settings of what they are allowed on (`_SHORT`):
they would be a tenth of the whole, and what AWS adds to them later can only be settings as well.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from secretwatch import partition
from secretwatch.policy import wildcards
from secretwatch.policy.actions import Need, Where, needs
from secretwatch.policy.operators.instance import Instance
from secretwatch.policy.operators.parts import PARTS
from secretwatch.policy.operators.shapes import Part

MANAGED = 6144
"""Characters of a managed policy, white space not counted.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

INLINE = 10_240
"""Characters of all policies that stand in one role, by the same page."""

# Patterns of actions that only read settings, of what their statement names.
_SHORT = (
    *("cloudtrail:Get*Selectors", "events:ListT*", "iam:List*", "kms:GetKey*"),
    *("s3:GetBucket*", "s3:Get*Configuration"),
)

# Tags in all forms that calls have them in, so that what tags on creation need is asked for as well.
_TAGGED: Mapping[str, Any] = {"Tags": [{"Key": "*"}], "TagsList": [{"Key": "*"}], "tags": {"*": "*"}}

# Keys, each with the values that it may have.
Condition = tuple[tuple[str, tuple[str, ...]], ...]


def policy(instance: Instance, *others: Instance, changes: bool) -> dict[str, Any]:
    """The policy document of whoever plans this instance or, with `changes`, of whoever applies it.

    others: what it is now, where a plan calls parts of it otherwise: those have to go.
    """
    sids: dict[tuple[str, Condition], str] = {}
    resources: dict[tuple[str, Condition], set[str]] = defaultdict(set)
    versions = (instance, *others)
    for version, part, need in ((each, *asked) for each in versions for asked in _needs(each, changes)):
        only = {key: (str(value),) for key, value in need.context.items()}
        only |= {
            key: tuple(dict.fromkeys(_filled(each, version) for each in values))
            for key, values in part.only.items()
        }
        key = need.action, tuple(sorted(only.items()))
        sids.setdefault(key, part.sid)
        resources[key].add(_resource(need.resource))
    grouped: dict[tuple[tuple[str, ...], Condition], list[str]] = defaultdict(list)
    names: dict[tuple[tuple[str, ...], Condition], str] = {}
    for (action, condition), found in resources.items():
        group = _fewest(found), condition
        names.setdefault(group, sids[action, condition])
        grouped[group].append(action)
    taken: set[str] = set()
    statements = [
        _statement(_sid(names[group], group[0], actions, taken), actions, *group)
        for group, actions in grouped.items()
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def size(document: Mapping[str, Any]) -> int:
    """Characters of a policy document as IAM counts them: without white space."""
    return len("".join(json.dumps(document).split()))


def parts(document: Mapping[str, Any], most: int = MANAGED) -> tuple[dict[str, Any], ...]:
    """The same permissions in documents of at most so many characters each.

    A statement stands in one of them whole. One that is longer by itself is a document of its own, too long.
    """
    found: list[dict[str, Any]] = []
    for statement in document["Statement"]:
        for each in found:
            longer = {**each, "Statement": [*each["Statement"], statement]}
            if size(longer) <= most:
                each["Statement"].append(statement)
                break
        else:
            found.append({**document, "Statement": [statement]})
    return tuple(found)


def _needs(instance: Instance, changes: bool) -> Iterator[tuple[Part, Need]]:
    where = Where(instance.partition, instance.region, instance.account)
    for part in PARTS:
        if part.of and not instance.has & set(part.of.split()):
            continue
        tagged = changes and "tags" in instance.has
        calls = part.reads.split() + part.changes.split() * changes + part.tags.split() * tagged
        for given in _given(part, instance):
            for call in calls:
                parameters = {**given, **_TAGGED} if tagged else given
                # The condition keys that belong to the permission, not those of these parameters.
                for need in needs(part.service, call, parameters, where, keys=False):
                    yield part, need


def _given(part: Part, instance: Instance) -> Iterator[dict[str, Any]]:
    """The parameters, once for each existing topic where they are about one."""
    topics: Iterable[str] = ("",)
    if part.sid == "ExistingTopics":
        topics = instance.existing_topics or (
            f"arn:{instance.partition}:sns:{instance.region}:{instance.account}:*",
        )
    for topic in topics:
        yield {name: _filled(value, instance, topic) for name, value in part.given.items()}


def _filled(value: Any, instance: Instance, topic: str = "") -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(each, instance, topic) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, instance, topic) for each in value]
    if not isinstance(value, str):
        return value
    return value.format(
        account=instance.account,
        existing_topic=topic,
        existing_trail=instance.existing_trail,
        log_group=instance.log_group or f"/aws/cloudtrail/{instance.name}",
        name=instance.name,
        partition=instance.partition,
        region=instance.region,
        secret=instance.secret,
        secret_key=instance.secret_key,
        suffix=partition.of_region(instance.region).dns_suffix,
    )


def _resource(arn: str) -> str:
    """An ARN as a policy names it, where a call's is more than that or less."""
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    if arn.endswith(":log-group::log-stream:"):
        return arn.removesuffix(":log-stream:") + "*"
    if arn.endswith(":log-stream:"):
        return arn.removesuffix("log-stream:") + "*"
    # Which key an alias stands for is known to KMS alone.
    start, alias, _ = arn.partition(":key/alias/")
    return f"{start}:key/*" if alias else arn


def _fewest(resources: set[str]) -> tuple[str, ...]:
    """Without those that another one covers."""
    return tuple(
        sorted(
            each
            for each in resources
            if not any(other != each and wildcards.matches(other, each) for other in resources)
        )
    )


def _sid(name: str, resources: tuple[str, ...], actions: list[str], taken: set[str]) -> str:
    """The part's, or where it has that already, one that names the first action as well."""
    if resources == ("*",):
        name = "WithoutResource"
    if name in taken:
        name += actions[0].partition(":")[2]
    taken.add(name)
    return name


def _statement(
    sid: str, actions: list[str], resources: tuple[str, ...], condition: Condition
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": _shortened(actions),
        "Resource": resources[0] if len(resources) == 1 else list(resources),
    }
    if condition:
        like = any("*" in value for _, values in condition for value in values)
        found["Condition"] = {
            "StringLike" if like else "StringEquals": {
                key: values[0] if len(values) == 1 else list(values) for key, values in condition
            }
        }
    return found


def _shortened(actions: Iterable[str]) -> list[str]:
    found = set(actions)
    for pattern in _SHORT:
        covered = {each for each in found if wildcards.matches(pattern, each)}
        if len(covered) > 1:
            found = (found - covered) | {pattern}
    return sorted(found)
