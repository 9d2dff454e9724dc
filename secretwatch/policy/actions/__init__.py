"""Which permissions an API call needs: its service, operation and parameters to actions on resources.

One table, a module for some services each, whose source is the Service Authorization Reference
(https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html). And one rule for the
rest: the action has the operation's name, and an Allow of it on whatever resource is enough. That is no rule
of AWS's; it is chosen so that a call that nobody has looked up is refused to those who have no permission for
it at all, and never to those who have.
Not here: which of these the caller has, and what the message of a refusal says (`denials`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from secretwatch.policy.actions import ec2, identity, messaging, secrets, storage, watching
from secretwatch.policy.actions.table import (
    ANY,
    Ask,
    Parameters,
    Service,
    Where,
    arns,
    parameters_of,
    values,
)

__all__ = ["ANY", "SERVICES", "Need", "Where", "needs", "permissions", "prefix_of", "request_tags"]

SERVICES: Mapping[str, Service] = {
    "chatbot": messaging.CHATBOT,
    "cloudcontrol": watching.CLOUDCONTROL,
    "cloudtrail": watching.CLOUDTRAIL,
    "cloudwatch": watching.CLOUDWATCH,
    "config": messaging.CONFIG,
    "dynamodb": storage.DYNAMODB,
    "dynamodbstreams": storage.DYNAMODBSTREAMS,
    "ec2": ec2.EC2,
    "events": messaging.EVENTS,
    "firehose": messaging.FIREHOSE,
    "iam": identity.IAM,
    "kms": secrets.KMS,
    "lambda": messaging.LAMBDA,
    "logs": watching.LOGS,
    "organizations": identity.ORGANIZATIONS,
    "resourcegroupstaggingapi": watching.TAGGING,
    "s3": storage.S3,
    "s3control": storage.S3CONTROL,
    "scheduler": messaging.SCHEDULER,
    "secretsmanager": secrets.SECRETSMANAGER,
    "sns": messaging.SNS,
    "sqs": messaging.SQS,
    "ssm": secrets.SSM,
    "stepfunctions": messaging.STATES,
    "sts": identity.STS,
}
"""By botocore's names of services."""

# IAM's prefixes where they are not botocore's name of the service.
_PREFIXES = {
    "opensearch": "es",
    "sesv2": "ses",
    "elbv2": "elasticloadbalancing",
    "elb": "elasticloadbalancing",
}


class Need(NamedTuple):
    """One action on one resource that a call needs.

    resource: an ARN, `*`, or ANY (""); shown: what the message of a refusal names, where that is another.
    context: the condition keys that follow from the parameters.
    """

    action: str
    resource: str
    shown: str = ""
    context: Mapping[str, Any] = MappingProxyType({})


def prefix_of(service: str) -> str:
    """The prefix of a service's actions."""
    known = SERVICES.get(service)
    return known.prefix if known else _PREFIXES.get(service, service)


def needs(
    service: str, operation: str, parameters: Parameters, where: Where, *, keys: bool = True
) -> Sequence[Need]:
    """What a call needs, all of it. Empty for calls that need no permission.

    service: botocore's name; parameters: as botocore's model names them; keys: False where nobody asks for
    condition keys.
    """
    if not keys and (names := _deciding(service, operation)) is not None:
        given = [parameters.get(name) for name in names]
        # Only texts: a number and a truth that are equal are written differently.
        if all(value is None or type(value) is str for value in given):
            return _known_needs(service, operation, where, *given)
    return _needs(service, operation, parameters, where, keys=keys)


@lru_cache(maxsize=4096)
def _known_needs(service: str, operation: str, where: Where, *given: str | None) -> tuple[Need, ...]:
    """What a call needs by the parameters that decide it: most calls are about what others were about."""
    parameters = dict(zip(_deciding(service, operation) or (), given, strict=True))
    return tuple(_needs(service, operation, parameters, where, keys=False))


@lru_cache(maxsize=4096)
def _deciding(service: str, operation: str) -> tuple[str, ...] | None:
    """The parameters that decide what a call needs; None where a function looks at all of them."""
    if service == "cloudcontrol":
        return None
    known = SERVICES.get(service)
    names = ["VersionId", "SecretId", "Name"]
    for ask in _rows(service, operation):
        resources = [ask.on] if ask.on is not None else []
        if ask.on is None and known:
            names += [parameter for parameter, _ in known.named]
            resources = [known.otherwise, *(resource for _, resource in known.named)]
        for resource in resources:
            if callable(resource):
                return None
            names += parameters_of(resource)
        if ask.when:
            names.append(ask.when)
    return tuple(dict.fromkeys(name.partition(".")[0].removesuffix("[]") for name in names))


def _needs(service: str, operation: str, parameters: Parameters, where: Where, *, keys: bool) -> list[Need]:
    found: list[Need] = []
    context = _context(service, parameters) if keys else {}
    for ask in _asks(service, operation, parameters):
        if ask.when and not any(values(parameters, ask.when)):
            continue
        plain, of_version = _names(service, ask.action)
        action = of_version if of_version and parameters.get("VersionId") else plain
        own = {**context, **ask.keys} if ask.keys else context
        resource = ask.on if ask.on is not None else _named(SERVICES.get(service), parameters)
        for arn in arns(resource, parameters, where):
            found.append(Need(action, arn, _shown(service, parameters), own))
    return found


def permissions(service: str, operation: str) -> tuple[str, ...]:
    """The actions that an operation can need, with those that only some parameters ask for."""
    asks = _rows(service, operation)
    names = (name for ask in asks for name in _names(service, ask.action) if name)
    return tuple(dict.fromkeys(names))


@lru_cache(maxsize=4096)
def _rows(service: str, operation: str) -> tuple[Ask, ...]:
    known = SERVICES.get(service)
    if known and operation in known.operations:
        return known.operations[operation]
    if service == "ec2" and ec2.lists(operation):
        return (Ask(operation, "*"),)
    return (Ask(operation),)


def _asks(service: str, operation: str, parameters: Parameters) -> tuple[Ask, ...]:
    rows = _rows(service, operation)
    if service == "cloudcontrol" and operation == "GetResource":
        return rows + watching.handler_asks(str(parameters.get("TypeName")))
    return rows


def _named(service: Service | None, parameters: Parameters) -> Any:
    if service is None:
        return ANY
    for parameter, resource in service.named:
        if parameters.get(parameter):
            return resource
    return service.otherwise


@lru_cache(maxsize=4096)
def _names(service: str, action: str) -> tuple[str, str]:
    """An Ask's action with its prefix, and the one for calls that name a version; "" where that is none."""
    plain, _, of_version = action.partition("|")
    prefix = prefix_of(service)
    return _with_prefix(prefix, plain), of_version and _with_prefix(prefix, of_version)


def _with_prefix(prefix: str, action: str) -> str:
    return action if ":" in action else f"{prefix}:{action}"


def _shown(service: str, parameters: Parameters) -> str:
    # Secrets Manager names the secret as the caller did (observed).
    if service == "secretsmanager":
        return str(parameters.get("SecretId") or parameters.get("Name") or "")
    return ""


def _context(service: str, parameters: Parameters) -> dict[str, Any]:
    found: dict[str, Any] = {}
    known = SERVICES.get(service)
    for key, path in known.keys.items() if known else ():
        if given := values(parameters, path):
            found[key] = (
                given[0] if len(given) == 1 and not path.endswith("[]") else [_text(v) for v in given]
            )
    if service == "kms" and (encryption := parameters.get("EncryptionContext")):
        found["kms:EncryptionContextKeys"] = list(encryption)
        found |= {f"kms:EncryptionContext:{name}": value for name, value in encryption.items()}
    tags = request_tags(parameters)
    if tags:
        found["aws:TagKeys"] = list(tags)
        found |= {f"aws:RequestTag/{key}": value for key, value in tags.items() if value is not None}
    return found


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_TAGS = ("Tags", "tags", "TagsList", "TagSpecifications[].Tags", "Tagging.TagSet")
_TAG_KEYS = ("TagKeys[]", "tagKeys[]")


def request_tags(parameters: Parameters) -> dict[str, str | None]:
    """Tags that a call gives, in whatever form its service has them; None for the value of a mere key."""
    found: dict[str, str | None] = {}
    for path in _TAGS:
        for given in values(parameters, path):
            if isinstance(given, Mapping):
                found |= {str(key): str(value) for key, value in given.items()}
            for each in given if isinstance(given, list | tuple) else ():
                if isinstance(each, Mapping):
                    key = each.get("Key") or each.get("key") or each.get("TagKey")
                    value = each.get("Value", each.get("value", each.get("TagValue")))
                    found[str(key)] = "" if value is None else str(value)
    for path in _TAG_KEYS:
        found |= {str(key): None for key in values(parameters, path)}
    return found
