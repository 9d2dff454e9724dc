"""An instance of the module, as far as permissions are concerned: what it is called and what it has.

Either all that the module can have, or what stands in Terraform's JSON of a plan or a state:
https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from secretwatch import partition

_NAMESPACE = "secretwatch/"

# Feature: the resources that it consists of, as child module and type. "data." as in addresses.
_MADE_OF: Mapping[str, tuple[str, ...]] = {
    "bucket": ("trail.aws_s3_bucket",),
    "details": ("details.aws_sfn_state_machine",),
    "endpoints": ("alerts.aws_sqs_queue",),
    "dashboard": ("dashboard.aws_cloudwatch_dashboard",),
    "chat": ("chat.aws_iam_role",),
    "existing-topics": ("existing_topic.data.aws_cloudcontrolapi_resource",),
    "existing-trail": ("existing_trail.data.aws_cloudcontrolapi_resource",),
    "expiration": ("trail.aws_s3_bucket_lifecycle_configuration",),
    "heartbeat": ("heartbeat.aws_sfn_state_machine",),
    "look-up": ("data.aws_secretsmanager_secrets",),
    "notifications": ("trail.aws_sns_topic",),
    "ping": ("heartbeat.aws_cloudwatch_event_connection",),
    "realtime": ("realtime.aws_cloudwatch_event_rule", "realtime.aws_sqs_queue"),
    "secret": ("secret.aws_secretsmanager_secret",),
    "secret-key": ("secret.aws_kms_key",),
    "secret-value": ("secret.aws_secretsmanager_secret_version",),
    "self-watch": ("fast_self_watch.aws_cloudwatch_event_rule",),
    "self-watch-subscriptions": ("fast_topic.aws_sns_topic_subscription",),
    "self-watch-topic": ("fast_topic.aws_sns_topic",),
    "subscriptions": ("alerts.aws_sns_topic_subscription",),
    "topic-key": ("alerts.aws_kms_key",),
    "topics": ("alerts.aws_sns_topic",),
    "trail": ("trail.aws_cloudtrail",),
    "trail-key": ("trail.aws_kms_key",),
    "witness": ("fast_self_watch.aws_iam_role",),
}

FEATURES: Mapping[str, str] = {
    "trail": "a trail of its own",
    "bucket": "a bucket of its own",
    "expiration": "`trail.bucket_expiration_in_days` over 0",
    "emptying": "`trail.bucket_force_destroy`",
    "organization": "`trail.organization`",
    "notifications": "`trail.notifications`, with a topic of its own",
    "trail-key": "a key of its own for the trail",
    "topics": "topics of its own",
    "subscriptions": "`email_addresses`, or `topics.*.endpoints`",
    "endpoints": "`topics.*.endpoints`",
    "topic-key": "a key of its own for the topics",
    "chat": "`topics.*.chat`",
    "realtime": "a watch with `realtime`",
    "details": "`details`, or a watch with them",
    "self-watch": "`self_watch.tampering`, unless `fast` is false",
    "self-watch-topic": "`self_watch.tampering`, unless `fast` is false or `topics` are given",
    "self-watch-subscriptions": "`self_watch.email_addresses`, or by default `email_addresses`",
    "witness": "`self_watch.witness`",
    "heartbeat": "`heartbeat`",
    "ping": "`heartbeat.ping`",
    "filters": "`heartbeat.ping`, with `email_addresses`",
    "secret": "`secret`",
    "secret-value": "`secret`, with a `value_version` over 0",
    "secret-key": "`secret`, with a key of its own",
    "given-secret-key": "`secret`, with a given `kms_key`",
    "dashboard": "`dashboard`",
    "look-up": "`look_up_secrets`",
    "existing-trail": "`trail.existing`, unless `verify` is false",
    "existing-topics": "`topics.*.existing`, unless `verify` is false",
    "tags": "`tags`, or tags of the provider's (`default_tags`)",
}
"""What an instance may have, in words of the module's inputs."""

ALL = frozenset(FEATURES)

_OF_SECRET = frozenset({"given-secret-key", "secret", "secret-key", "secret-value"})


@dataclass(frozen=True)
class Instance:
    """One instance. `*` stands for any account, region, trail or key; partition: of its ARNs.

    has: its features, a subset of ALL. secret: the name of the secret that it creates; None for none, and
    then no policy speaks of one. log_group: where that is not the instance's own. existing_topics: ARNs, ()
    for any.
    """

    name: str
    account: str = "*"
    region: str = "*"
    partition: str = "aws"
    has: frozenset[str] = ALL
    secret: str | None = None
    secret_key: str = "*"
    log_group: str | None = None
    existing_trail: str = "*"
    existing_topics: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.secret is None:
            object.__setattr__(self, "has", self.has - _OF_SECRET)
        if self.partition != "aws":
            # Refused in a plan.
            object.__setattr__(self, "has", self.has - {"chat"})


def instances(document: Mapping[str, Any]) -> dict[str, tuple[Instance, ...]]:
    """The instances in `terraform show -json`, by name: of a saved plan, or of a state.

    Of a plan: what there will be, and what there is already where that is another. What is not the module's
    is left out. Raises KeyError, TypeError or AttributeError for what is not Terraform's.
    """
    prior = document.get("prior_state") or {}
    made: dict[str, list[list[_Found]]] = {}
    # What there will be comes first: by its name the instance is called.
    for values in (document.get("planned_values"), document.get("values"), prior.get("values")):
        if values and "root_module" in values:
            for address, found in _modules(values["root_module"]):
                made.setdefault(address, []).append(found)
    by_name: dict[str, tuple[Instance, ...]] = {}
    for each in made.values():
        named = [(name, found) for found in each if (name := _name(found))]
        if named:
            # A plan has data sources in one of both.
            read = [one for found in each for one in found if "data" in one.kind.split(".")]
            versions = [_instance(name, [*found, *read]) for name, found in named]
            by_name[named[0][0]] = tuple(dict.fromkeys(versions))
    return by_name


@dataclass(frozen=True)
class _Found:
    """A resource of an instance. kind: as in _MADE_OF."""

    kind: str
    values: Mapping[str, Any]


def _modules(module: Mapping[str, Any]) -> Iterator[tuple[str, list[_Found]]]:
    """Each module with its own resources and those of its direct children."""
    address = str(module.get("address", ""))
    found = list(_resources(module, ""))
    for child in module.get("child_modules", ()):
        # `module.a.module.trail[0]`, of which the last step counts; a key in quotes may hold anything.
        step = str(child["address"]).removeprefix(f"{address}." if address else "")
        if called := re.match(r"module\.([\w-]+)", step):
            found += _resources(child, f"{called[1]}.")
        yield from _modules(child)
    yield address, found


def _resources(module: Mapping[str, Any], start: str) -> Iterator[_Found]:
    for resource in module.get("resources", ()):
        mode = "data." if resource.get("mode") == "data" else ""
        yield _Found(f"{start}{mode}{resource['type']}", resource.get("values") or {})


def _name(found: list[_Found]) -> str | None:
    """The instance's name, which its metrics' namespace says; None for a module that is none."""
    for each in found:
        if each.kind == "watch.aws_cloudwatch_log_metric_filter":
            for transformation in each.values.get("metric_transformation") or ():
                namespace = str(transformation.get("namespace") or "")
                if namespace.startswith(_NAMESPACE):
                    return namespace.removeprefix(_NAMESPACE)
    return None


def _instance(name: str, found: list[_Found]) -> Instance:
    kinds = {each.kind for each in found}
    has = {feature for feature, made_of in _MADE_OF.items() if kinds & set(made_of)}
    if any(_values(found, "trail.aws_s3_bucket", "force_destroy")):
        has.add("emptying")
    if any(_values(found, "trail.aws_cloudtrail", "is_organization_trail")):
        has.add("organization")
    if any(_values(found, "alerts.aws_sns_topic_subscription", "filter_policy")):
        has.add("filters")
    if any(each.values.get("tags_all") for each in found):
        has.add("tags")
    if "secret" in has and "secret-key" not in has:
        has.add("given-secret-key")
    region = _one(found, "data.aws_region", "id")
    instance = Instance(
        name,
        account=_one(found, "data.aws_caller_identity", "account_id"),
        region=region,
        partition=_one(found, "data.aws_partition", "partition", default=partition.of_region(region).name),
        has=frozenset(has),
        secret=_one(found, "secret.aws_secretsmanager_secret", "name") if "secret" in has else None,
        secret_key=_one(found, "secret.aws_secretsmanager_secret", "kms_key_id"),
        existing_trail=_one(found, "existing_trail.data.aws_cloudcontrolapi_resource", "identifier"),
        existing_topics=_topics(found),
    )
    if "trail" in has:
        return instance
    return replace(
        instance, log_group=_one(found, "watch.aws_cloudwatch_log_metric_filter", "log_group_name")
    )


def _topics(found: list[_Found]) -> tuple[str, ...]:
    """Their ARNs; () where one of them is known only in the apply."""
    kind = "existing_topic.data.aws_cloudcontrolapi_resource"
    arns = {each.values.get("identifier") for each in found if each.kind == kind}
    return () if None in arns else tuple(sorted(str(arn) for arn in arns))


def _one(found: list[_Found], kind: str, name: str, default: str = "*") -> str:
    """A value that is known of a resource of this kind."""
    return next((str(value) for value in _values(found, kind, name) if value), default)


def _values(found: list[_Found], kind: str, name: str) -> Iterator[Any]:
    return (each.values.get(name) for each in found if each.kind == kind)
