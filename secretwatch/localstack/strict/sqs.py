"""SQS: the address of a queue and the values of its attributes.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html,
API_SetQueueAttributes.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from localstack.aws.api import RequestContext

from secretwatch.localstack.strict import Check, refuse
from secretwatch.policy import MalformedPolicy, Policy

_NUMBERS = {
    # the smallest and the largest value
    "DelaySeconds": (0, 900),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
    "MaximumMessageSize": (1024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}
_BOOLEANS = ("ContentBasedDeduplication", "SqsManagedSseEnabled")
_NO_QUEUE = re.compile(r"https?://[^/]*/?")
_MOST_RECEIVES = 1000


def queue_url(context: RequestContext, request: Mapping[str, Any]) -> None:
    """An address without a queue in it. Anything else is looked for, and not found (observed)."""
    url = request.get("QueueUrl") or ""
    if _NO_QUEUE.fullmatch(url):
        raise refuse("InvalidAddress", f"The address {url} is not valid for this endpoint.", 404)


def create_queue(context: RequestContext, request: Mapping[str, Any]) -> None:
    _check_attributes(request.get("Attributes") or {})


def set_queue_attributes(context: RequestContext, request: Mapping[str, Any]) -> None:
    queue_url(context, request)
    _check_attributes(request.get("Attributes") or {})


def _check_attributes(attributes: Mapping[str, str]) -> None:
    """The words were seen for a policy; those of the others follow them. An empty value takes one away."""
    for name, value in attributes.items():
        if name in _NUMBERS:
            least, most = _NUMBERS[name]
            taken = re.fullmatch(r"\d{1,9}", value) is not None and least <= int(value) <= most
        elif name in _BOOLEANS:
            taken = value.lower() in ("", "false", "true")
        else:
            taken = name != "Policy" or not value or _is_policy(value)
        if not taken:
            raise refuse("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
    if redrive := attributes.get("RedrivePolicy"):
        _check_redrive_policy(redrive)


def _is_policy(text: str) -> bool:
    try:
        Policy.parse(text)
    except MalformedPolicy:
        return False
    return True


def _check_redrive_policy(text: str) -> None:
    """Observed for an attribute that is missing; AWS does not say the words of the others."""
    try:
        policy = json.loads(text)
    except ValueError:
        policy = None
    if not isinstance(policy, dict):
        reason = "Redrive policy is not a valid JSON map."
    elif missing := [each for each in ("maxReceiveCount", "deadLetterTargetArn") if each not in policy]:
        reason = f"Redrive policy does not contain mandatory attribute: {missing[0]}."
    elif not _is_count(policy["maxReceiveCount"]):
        reason = (
            f"Invalid value for maxReceiveCount: {policy['maxReceiveCount']}, valid values are from 1 to "
            f"{_MOST_RECEIVES} both inclusive."
        )
    else:
        return
    raise refuse(
        "InvalidParameterValue", f"Value {text} for parameter RedrivePolicy is invalid. Reason: {reason}"
    )


def _is_count(value: Any) -> bool:
    """A number, also as text, as Terraform's provider sends it."""
    return re.fullmatch(r"\d{1,9}", str(value)) is not None and 1 <= int(value) <= _MOST_RECEIVES


CHECKS: dict[str, Check] = {
    **dict.fromkeys(
        (
            *(
                "AddPermission",
                "ChangeMessageVisibility",
                "DeleteMessage",
                "DeleteQueue",
                "GetQueueAttributes",
            ),
            *("ListQueueTags", "PurgeQueue", "ReceiveMessage", "RemovePermission", "SendMessage", "TagQueue"),
            "UntagQueue",
        ),
        queue_url,
    ),
    "CreateQueue": create_queue,
    "SetQueueAttributes": set_queue_attributes,
}
