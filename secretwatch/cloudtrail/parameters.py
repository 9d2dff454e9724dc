"""``requestParameters`` and ``responseElements``: what CloudTrail keeps of a call, and what it hides.

Walks a call's parameters along its service model. The model's shapes come in as objects with
botocore's attributes (``type_name``, ``members``, ``member``, ``value``, ``metadata``), so that this
room needs no botocore.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"

# Left out altogether, where the model's "sensitive" mark alone would show a placeholder.
_DROPPED = {
    "secretsmanager.amazonaws.com": {"SecretString", "SecretBinary"},
    "kms.amazonaws.com": {"Plaintext", "CiphertextBlob", "CiphertextForRecipient", "Message", "Signature"},
    "sts.amazonaws.com": {"SecretAccessKey"},
    "iam.amazonaws.com": {"SecretAccessKey"},
    "cloudformation.amazonaws.com": {"ParameterValue", "TemplateBody"},
    # What data events carry: of items and entries only where they go.
    "dynamodb.amazonaws.com": {
        "AttributeUpdates",
        "Expected",
        "ExpressionAttributeValues",
        "Item",
        "Items",
        "Parameters",
        "RequestItems",
        "Responses",
        "Statement",
        "Statements",
        "TransactItems",
        "TransactStatements",
    },
    "events.amazonaws.com": {"Detail"},
    "logs.amazonaws.com": {"logEvents"},
}
# Secrets that the published models do not mark.
_HIDDEN = {
    "ssm.amazonaws.com": {"Value"},
    "iam.amazonaws.com": {"Password", "OldPassword", "NewPassword"},
    "lambda.amazonaws.com": {"Environment", "ZipFile"},
    "sns.amazonaws.com": {"Message", "MessageAttributes", "Subject"},
    "sqs.amazonaws.com": {"MessageAttributes", "MessageBody"},
    "states.amazonaws.com": {"input"},
}
# And in any service, what is named like one.
_SECRET_NAME = re.compile(r"(password|authtoken|privatekey|secretkey|userdata|clientsecret)$", re.IGNORECASE)
_RENAMED = {"s3.amazonaws.com": {"Bucket": "bucketName"}}


def request_parameters(event_source: str, shape: Any, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """The request as CloudTrail shows it, or None when nothing was sent."""
    return _structure(event_source, shape, parameters) or None


def response_elements(event_source: str, shape: Any, response: Mapping[str, Any]) -> dict[str, Any] | None:
    """The response of a write as CloudTrail shows it, or None when it is empty."""
    return _structure(event_source, shape, response) or None


def _structure(source: str, shape: Any, value: Mapping[str, Any]) -> dict[str, Any]:
    members = getattr(shape, "members", None) or {}
    dropped = _DROPPED.get(source, ())
    hidden = _HIDDEN.get(source, ())
    renamed = _RENAMED.get(source, {})
    shown: dict[str, Any] = {}
    for name, item in value.items():
        member = members.get(name)
        if item is None or member is None or name in dropped:
            continue
        key = renamed.get(name) or _lower_first(name)
        if name in hidden or _is_sensitive(member) or (isinstance(item, str) and _SECRET_NAME.search(name)):
            shown[key] = HIDDEN
            continue
        kept = _value(source, member, item)
        if kept is not None:
            shown[key] = kept
    return shown


def _value(source: str, shape: Any, value: Any) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return _structure(source, shape, value) if isinstance(value, Mapping) else None
    if kind == "list":
        if not isinstance(value, list | tuple | set):
            return None
        if _is_sensitive(shape.member):
            return [HIDDEN for _ in value]
        return [item for item in (_value(source, shape.member, each) for each in value) if item is not None]
    if kind == "map":
        if not isinstance(value, Mapping):
            return None
        if _is_sensitive(shape.value):
            return {str(key): HIDDEN for key in value}
        return {str(key): _value(source, shape.value, each) for key, each in value.items()}
    if kind == "blob":
        return None
    if kind == "timestamp" and isinstance(value, datetime):
        return f"{value:%b} {value.day}, {value:%Y}, {value.hour % 12 or 12}:{value:%M:%S %p}"
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return value
    return str(value)


def _is_sensitive(shape: Any) -> bool:
    return bool(shape.metadata.get("sensitive"))


def _lower_first(name: str) -> str:
    return name.lower() if name.isupper() else name[:1].lower() + name[1:]
