"""The event history as LookupEvents answers.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from secretwatch.cloudtrail import Event
from secretwatch.localstack.cloudtrail.settings import refusal

_LOOKUP_PAGE = 50
_LOOKUP_KEYS = (
    "EventId",
    "EventName",
    "ReadOnly",
    "Username",
    "ResourceType",
    "ResourceName",
    "EventSource",
    "AccessKeyId",
)


def events_for(request: Mapping[str, Any], history: Iterable[Event]) -> dict[str, Any]:
    """The answer of LookupEvents, from the management events of the caller's region, newest first."""
    category = request.get("EventCategory")
    if category not in (None, "insight"):
        raise refusal("InvalidEventCategoryException", f"An event category is insight, not {category}.")
    if category == "insight":
        return {"Events": []}  # no trail here has Insights
    wanted = _lookup_filter(request)
    size = request.get("MaxResults") or _LOOKUP_PAGE
    if not 1 <= size <= _LOOKUP_PAGE:
        raise refusal("InvalidMaxResultsException", f"MaxResults is from 1 to {_LOOKUP_PAGE}, not {size}.")
    after = _decode_token(request.get("NextToken"))
    page: list[dict[str, Any]] = []
    more = False
    skipping = after is not None
    for event in history:
        if skipping:
            skipping = event["eventID"] != after
            continue
        if not wanted(event):
            continue
        if len(page) == size:
            more = True
            break
        page.append(_looked_up(event))
    if skipping:
        raise refusal("InvalidNextTokenException", "The NextToken is not one that LookupEvents gave.")
    answer: dict[str, Any] = {"Events": page}
    if more:
        answer["NextToken"] = base64.b64encode(page[-1]["EventId"].encode()).decode()
    return answer


def _lookup_filter(request: Mapping[str, Any]) -> Callable[[Event], bool]:
    start, end = request.get("StartTime"), request.get("EndTime")
    if start and end and start > end:
        raise refusal("InvalidTimeRangeException", "StartTime is after EndTime.")
    attributes = request.get("LookupAttributes") or []
    for name in (attribute.get("AttributeKey") for attribute in attributes):
        if name not in _LOOKUP_KEYS:
            raise refusal(
                "InvalidLookupAttributesException",
                f"A lookup attribute is one of {', '.join(_LOOKUP_KEYS)}, not {name}.",
            )
    if len(attributes) > 1:
        raise refusal("InvalidLookupAttributesException", "You can specify only one lookup attribute.")
    earliest = f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if start else ""
    latest = f"{end.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if end else "9999"
    key, value = (attributes[0]["AttributeKey"], attributes[0]["AttributeValue"]) if attributes else ("", "")

    def wanted(event: Event) -> bool:
        return earliest <= event["eventTime"] <= latest and (not key or value in _lookup_values(event, key))

    return wanted


def _lookup_values(event: Event, key: str) -> list[str]:
    identity = event["userIdentity"]
    if key == "ReadOnly":
        return ["true" if event["readOnly"] else "false"]
    if key == "ResourceType":
        return [resource["ResourceType"] for resource in _looked_up_resources(event)]
    if key == "ResourceName":
        return [resource["ResourceName"] for resource in _looked_up_resources(event)]
    return [
        {
            "EventId": event["eventID"],
            "EventName": event["eventName"],
            "EventSource": event["eventSource"],
            "Username": _username(identity) or "",
            "AccessKeyId": identity.get("accessKeyId", ""),
        }.get(key, "")
    ]


def _username(identity: Mapping[str, Any]) -> str | None:
    """A user's name or a session's; None where an AWS service called."""
    if identity["type"] in ("AssumedRole", "FederatedUser"):
        return str(identity["arn"].rpartition("/")[2])
    return "root" if identity["type"] == "Root" else identity.get("userName")


# What a request names, as the event history shows it.
_RESOURCE_PARAMETERS = {
    ("secretsmanager.amazonaws.com", "secretId"): "AWS::SecretsManager::Secret",
    ("s3.amazonaws.com", "bucketName"): "AWS::S3::Bucket",
    ("cloudtrail.amazonaws.com", "name"): "AWS::CloudTrail::Trail",
    ("cloudtrail.amazonaws.com", "trailName"): "AWS::CloudTrail::Trail",
    ("iam.amazonaws.com", "roleName"): "AWS::IAM::Role",
    ("iam.amazonaws.com", "userName"): "AWS::IAM::User",
    ("iam.amazonaws.com", "policyArn"): "AWS::IAM::Policy",
    ("kms.amazonaws.com", "keyId"): "AWS::KMS::Key",
    ("sns.amazonaws.com", "topicArn"): "AWS::SNS::Topic",
    ("logs.amazonaws.com", "logGroupName"): "AWS::Logs::LogGroup",
    ("monitoring.amazonaws.com", "alarmName"): "AWS::CloudWatch::Alarm",
    ("lambda.amazonaws.com", "functionName"): "AWS::Lambda::Function",
    ("sts.amazonaws.com", "roleArn"): "AWS::IAM::Role",
}


def _looked_up_resources(event: Event) -> list[dict[str, str]]:
    source = event["eventSource"]
    return [
        {"ResourceType": _RESOURCE_PARAMETERS[source, name], "ResourceName": value}
        for name, value in (event["requestParameters"] or {}).items()
        if (source, name) in _RESOURCE_PARAMETERS and isinstance(value, str)
    ]


def _looked_up(event: Event) -> dict[str, Any]:
    identity = event["userIdentity"]
    found = {
        "EventId": event["eventID"],
        "EventName": event["eventName"],
        "ReadOnly": "true" if event["readOnly"] else "false",
        "AccessKeyId": identity.get("accessKeyId"),
        "EventTime": datetime.strptime(event["eventTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC),
        "EventSource": event["eventSource"],
        "Username": _username(identity),
        "Resources": _looked_up_resources(event),
        "CloudTrailEvent": json.dumps(event, separators=(",", ":")),
    }
    return {name: value for name, value in found.items() if value is not None}


def _decode_token(token: str | None) -> str | None:
    if not token:
        return None
    try:
        return base64.b64decode(token, validate=True).decode()
    except ValueError as error:
        raise refusal(
            "InvalidNextTokenException", "The NextToken is not one that LookupEvents gave."
        ) from error
