"""``resources``: what a call is about.

Services decide for each call whether its event names resources, and of what type; most name none. Data events
always do: selectors go by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from secretwatch.cloudtrail.classify import event_category

Resource = dict[str, str]


class Call(NamedTuple):
    """A finished call: names as in events, parameters and response with the API's names."""

    event_source: str
    event_name: str
    parameters: Mapping[str, Any]
    response: Mapping[str, Any]
    failed: bool
    account_id: str
    region: str
    partition: str
    key_arn: Callable[[str], str | None]
    """The ARN of the KMS key that an id, an alias or an ARN stands for, or None when there is none."""

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"


def resources(call: Call) -> list[Resource]:
    """The event's ``resources``; empty when it has none."""
    find = _FINDERS.get(call.event_source)
    return [] if find is None else find(call)


def names_resources(event_source: str) -> bool:
    """Whether events of the service can have ``resources`` at all."""
    return event_source in _FINDERS


def _of_s3(call: Call) -> list[Resource]:
    """The bucket, also for management events (observed), but for one that is only made (observed: none)."""
    name = call.parameters.get("Bucket")
    if not name or call.event_name == "CreateBucket":
        return []
    arn = f"arn:{call.partition}:s3:::{name}"
    bucket = {"accountId": call.account_id, "type": "AWS::S3::Bucket", "ARN": arn}
    category, kind = event_category(call.event_source, call.event_name)
    if category != "Data" or kind is None:
        return [bucket]
    if "Key" in call.parameters:
        return [{"type": kind, "ARN": f"{arn}/{call.parameters['Key']}"}, bucket]
    return [{"type": kind, "ARNPrefix": f"{arn}/"}, bucket]


def _of_kms(call: Call) -> list[Resource]:
    """The key, by its ARN; of calls on aliases the alias, too. AWS KMS Developer Guide, "Log entries"."""
    named = [
        call.parameters.get(each) for each in ("SourceKeyId", "KeyId", "DestinationKeyId", "TargetKeyId")
    ]
    answered = [
        call.response.get("SourceKeyId"),
        call.response.get("KeyId"),
        (call.response.get("KeyMetadata") or {}).get("Arn"),
    ]
    arns: list[str] = []
    for identifier in [*named, *answered]:
        arn = call.key_arn(identifier) if identifier else None
        if arn and arn not in arns:
            arns.append(arn)
    if call.event_name in ("CreateAlias", "UpdateAlias", "DeleteAlias") and "AliasName" in call.parameters:
        alias = call.parameters["AliasName"]
        behind = call.key_arn(alias)
        if behind and not arns:
            arns.append(behind)
        arns.append(call.arn("kms", alias))
    return [
        {"accountId": arn.split(":")[4] or call.account_id, "type": "AWS::KMS::Key", "ARN": arn}
        for arn in arns
    ]


# Observed for GetParameter, GetParameters and PutParameter. AWS does not say for the rest.
_ON_PARAMETERS = {
    "DeleteParameter",
    "DeleteParameters",
    "GetParameter",
    "GetParameterHistory",
    "GetParameters",
    "GetParametersByPath",
    "PutParameter",
}


def _of_ssm(call: Call) -> list[Resource]:
    """Each parameter that is named, without a type (observed)."""
    if call.event_name not in _ON_PARAMETERS:
        return []
    named = [call.parameters.get("Name"), call.parameters.get("Path"), *(call.parameters.get("Names") or [])]
    arns = [
        name if name.startswith("arn:") else call.arn("ssm", f"parameter/{name.lstrip('/')}")
        for name in named
        if name
    ]
    return [{"ARN": arn, "accountId": arn.split(":")[4] or call.account_id} for arn in arns]


def _of_sts(call: Call) -> list[Resource]:
    """The role that was taken; none when it was refused (observed)."""
    role = call.parameters.get("RoleArn")
    if not role or call.failed:
        return []
    parts = role.split(":")
    return [{"accountId": parts[4] if len(parts) > 4 else "", "type": "AWS::IAM::Role", "ARN": role}]


def _of_data_event(call: Call) -> list[Resource]:
    category, kind = event_category(call.event_source, call.event_name)
    if category != "Data" or kind is None:
        return []
    arn = _ARNS[call.event_source](call)
    return [{"accountId": call.account_id, "type": kind, "ARN": arn}] if arn else []


def _topic(call: Call) -> str | None:
    return call.parameters.get("TopicArn") or call.parameters.get("TargetArn")


def _function(call: Call) -> str | None:
    name = call.parameters.get("FunctionName")
    return name if not name or name.startswith("arn:") else call.arn("lambda", f"function:{name}")


def _table(call: Call) -> str | None:
    name = call.parameters.get("TableName")
    return name if not name or name.startswith("arn:") else call.arn("dynamodb", f"table/{name}")


def _queue(call: Call) -> str | None:
    url = call.parameters.get("QueueUrl")
    return call.arn("sqs", url.rpartition("/")[2]) if url else None


_ARNS: dict[str, Callable[[Call], str | None]] = {
    "dynamodb.amazonaws.com": _table,
    "lambda.amazonaws.com": _function,
    "sns.amazonaws.com": _topic,
    "sqs.amazonaws.com": _queue,
}
_FINDERS: dict[str, Callable[[Call], list[Resource]]] = {
    "kms.amazonaws.com": _of_kms,
    "s3.amazonaws.com": _of_s3,
    "ssm.amazonaws.com": _of_ssm,
    "sts.amazonaws.com": _of_sts,
    **dict.fromkeys(_ARNS, _of_data_event),
}
