"""Each call that the module makes, by a user who may do nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import botocore.session

from .account import NO_KEY, Account
from .case import Case

_FILE = Path(__file__).resolve().parents[3] / "scripts/calls.json"
_CALLS = json.loads(_FILE.read_text(encoding="utf-8"))["deploy"]

# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html; SNS has a code of its own.
_CODES = {
    "cloudcontrol": "AccessDeniedException",
    "cloudtrail": "AccessDeniedException",
    "cloudwatch": "AccessDenied",
    "events": "AccessDeniedException",
    "iam": "AccessDenied",
    "kms": "AccessDeniedException",
    "logs": "AccessDeniedException",
    "organizations": "AccessDeniedException",
    "s3": "AccessDenied",
    "secretsmanager": "AccessDeniedException",
    "sns": "AuthorizationError",
    "sqs": "AccessDenied",
}
NEEDS_NOTHING = {("sts", "GetCallerIdentity")}
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html: also where it is denied."""

NAMES_EACH = {("s3", "DeleteObjects")}
"""Answers 200, and for each object whether it may be deleted."""


def _parameters(account: Account, shape: Any) -> dict[str, Any]:
    """What a request has to have, of nothing that there is."""
    return {name: _value(account, name, shape.members[name]) for name in shape.required_members}


def _value(account: Account, name: str, shape: Any) -> Any:
    given: Mapping[str, str] = {
        "Bucket": f"refusals-{account.id}",
        "KeyId": NO_KEY,
        "QueueUrl": f"http://localhost:4566/{account.id}/x",
        "ResourceARN": f"arn:aws:events:us-east-1:{account.id}:rule/x",
        "ResourceArn": f"arn:aws:sns:us-east-1:{account.id}:x",
        "ResourceId": f"arn:aws:cloudtrail:us-east-1:{account.id}:trail/x",
        "SubscriptionArn": f"arn:aws:sns:us-east-1:{account.id}:x:{NO_KEY}",
        "TargetKeyId": NO_KEY,
        "TopicArn": f"arn:aws:sns:us-east-1:{account.id}:x",
        "TypeName": "AWS::SNS::Topic",
        "resourceArn": f"arn:aws:logs:us-east-1:{account.id}:log-group:x",
    }
    match shape.type_name:
        case "structure":
            return _parameters(account, shape)
        case "list":
            return [_value(account, name, shape.member)]
        case "map":
            return {"x": _value(account, name, shape.value)}
        case "string":
            return given.get(name, "x")
        case "boolean":
            return False
        case "blob":
            return b"x"
        case _:
            return 1


def _case(service: str, operation: str) -> Case:
    def make(account: Account) -> None:
        if service == "s3" and operation != "CreateBucket":
            account.bucket()
        client = account.nobody(service)
        shape = client.meta.service_model.operation_model(operation).input_shape
        method = botocore.xform_name(operation)
        getattr(client, method)(**(_parameters(account, shape) if shape else {}))

    head = operation.startswith("Head")  # whose answer has no body to say more
    return Case(
        service,
        operation,
        _CODES[service],
        None if head else "User: arn:aws:iam::",
        make,
        "nobody",
        answered="403" if head else "",
    )


CASES: list[Case] = [
    _case(service, operation)
    for service, operations in _CALLS.items()
    for operation in operations
    if (service, operation) not in NEEDS_NOTHING | NAMES_EACH
]
