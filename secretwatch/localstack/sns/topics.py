"""What SNS refuses of topics and messages, with its code and its words where they were observed.

https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from localstack.aws.api.sns import InvalidParameterException
from moto.core.utils import camelcase_to_underscores

from secretwatch.forms import TOPIC_NAME
from secretwatch.policy import MalformedPolicy, Policy

_FIFO = ".fifo"
_MOST_OF_A_POLICY = 30 * 1024  # bytes
_MOST_OF_A_SUBJECT = 100
_ACTIONS = {
    *("addpermission", "deletetopic", "getdataprotectionpolicy", "gettopicattributes", "publish", "receive"),
    *("listsubscriptionsbytopic", "listtagsforresource", "putdataprotectionpolicy", "removepermission"),
    *("settopicattributes", "subscribe", "tagresource", "untagresource"),
}
_FEEDBACK = re.compile(
    r"(HTTP|Firehose|Lambda|Application|SQS)(SuccessFeedbackRoleArn|SuccessFeedbackSampleRate|FailureFeedbackRoleArn)"
)
_SETTABLE = {
    *("ContentBasedDeduplication", "DeliveryPolicy", "DisplayName", "FifoThroughputScope", "KmsMasterKeyId"),
    *("ArchivePolicy", "Policy", "SignatureVersion", "TracingConfig"),
}
_HEALTHY = {
    # the smallest and the largest value
    "numRetries": (0, 100),
    "numNoDelayRetries": (0, 100),
    "numMinDelayRetries": (0, 100),
    "numMaxDelayRetries": (0, 100),
    "minDelayTarget": (1, 3600),
    "maxDelayTarget": (1, 3600),
}
_BACKOFFS = ("arithmetic", "exponential", "geometric", "linear")


def check_new_topic(name: str, attributes: Mapping[str, str]) -> None:
    """Raises InvalidParameter for a name or attributes of a topic that SNS does not make."""
    is_fifo = attributes.get("FifoTopic", "false").lower() == "true"
    plain = name.removesuffix(_FIFO) if is_fifo else name
    if is_fifo != name.endswith(_FIFO) or not TOPIC_NAME.fullmatch(plain) or len(name) > 256:
        raise InvalidParameterException("Invalid parameter: Topic Name")
    for attribute, value in attributes.items():
        if attribute != "FifoTopic":
            check_topic_attribute(attribute, value, is_fifo, "Invalid parameter: Attributes Reason: ")


def check_existing_topic(topic: Any, attributes: Mapping[str, str]) -> None:
    """Raises InvalidParameter where moto's topic of the same name has other attributes than those given."""
    for name, value in attributes.items():
        if not _same(getattr(topic, camelcase_to_underscores(name), None), value):
            raise InvalidParameterException(
                "Invalid parameter: Attributes Reason: Topic already exists with different attributes"
            )


def _same(kept: Any, given: str) -> bool:
    if str(kept or "").lower() == given.lower() or (not kept and given.lower() in ("", "false")):
        return True
    try:
        return bool(json.loads(kept) == json.loads(given))
    except (TypeError, ValueError):
        return False


def check_topic_attribute(
    name: str, value: str | None, is_fifo: bool, said: str = "Invalid parameter: "
) -> None:
    """Raises InvalidParameter for an attribute that SNS does not set. said: how its sentence begins."""
    if name not in _SETTABLE and not _FEEDBACK.fullmatch(name):
        unknown = f"Unknown attribute {name}" if said.endswith("Reason: ") else "AttributeName"
        raise InvalidParameterException(said + unknown)
    value = value or ""
    if name == "Policy":
        _check_policy(value, said)
    elif name == "DeliveryPolicy" and value:
        check_delivery_policy(value, said)
    elif name == "DisplayName" and (len(value) > 100 or re.search(r"[\x00-\x1f\x7f]", value)):
        raise InvalidParameterException(f"{said}DisplayName")
    elif name.endswith("SampleRate") and not re.fullmatch(r"\d{1,2}|100", value):
        raise InvalidParameterException(
            f"{said}{name}: {value} value provided is not an integer between 0-100"
        )
    elif name == "ContentBasedDeduplication" and not is_fifo:
        raise InvalidParameterException(f"{said}Content-based deduplication can only be set for FIFO topics")
    elif name == "SignatureVersion" and value not in ("1", "2"):
        raise InvalidParameterException(f"{said}SignatureVersion")
    elif name == "TracingConfig" and value not in ("Active", "PassThrough"):
        raise InvalidParameterException(f"{said}TracingConfig")


def _check_policy(text: str, said: str) -> None:
    """SNS's sentence for a policy that is none was observed, and so was that for actions of others.

    AWS does not say its words for a policy of more than 30 KB: here those of a policy that is none.
    """
    malformed = InvalidParameterException(f"{said}Policy Error: null")
    if len(text.encode("utf-8", "surrogatepass")) > _MOST_OF_A_POLICY:
        raise malformed
    try:
        document = json.loads(text)
        Policy.parse(text)
    except (ValueError, MalformedPolicy, RecursionError) as error:
        raise malformed from error
    statements = document.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        actions = statement.get("Action", [])
        for action in actions if isinstance(actions, list) else [actions]:
            service, _, verb = action.lower().partition(":")
            if action != "*" and (service != "sns" or (verb not in _ACTIONS and not set("*?") & set(verb))):
                raise InvalidParameterException(f"{said}Policy statement action out of service scope!")


def check_delivery_policy(text: str, said: str) -> None:
    """Raises InvalidParameter for a policy of retries that SNS does not take, of a topic or a subscription.

    The sentence for a value that is too small was observed; the others follow it.
    """
    try:
        policy = json.loads(text)
    except ValueError:
        policy = None
    if not isinstance(policy, dict):
        raise InvalidParameterException(f"{said}DeliveryPolicy: failed to parse JSON.")
    http = policy.get("http")
    inner: dict[str, Any] = http if isinstance(http, dict) else policy
    retries = inner.get("defaultHealthyRetryPolicy") or inner.get("healthyRetryPolicy") or {}
    name = "defaultHealthyRetryPolicy" if "defaultHealthyRetryPolicy" in inner else "healthyRetryPolicy"
    name = f"http.{name}" if inner is http else name
    said = f"{said}DeliveryPolicy: {name}"
    for member, (least, most) in _HEALTHY.items():
        value = retries.get(member)
        if value is None:
            continue
        if not isinstance(value, int) or value < least:
            raise InvalidParameterException(f"{said}.{member} must be greater than or equal to {least}")
        if value > most:
            raise InvalidParameterException(f"{said}.{member} must be less than or equal to {most}")
    if retries.get("minDelayTarget", 1) > retries.get("maxDelayTarget", 3600):
        raise InvalidParameterException(
            f"{said}.maxDelayTarget must be greater than or equal to minDelayTarget"
        )
    if retries.get("backoffFunction", "linear") not in _BACKOFFS:
        raise InvalidParameterException(f"{said}.backoffFunction must be one of {', '.join(_BACKOFFS)}")


def check_subject(subject: str | None) -> None:
    """Raises InvalidParameter for a subject with line breaks or control characters, or one over 100
    characters."""
    if subject is not None and (len(subject) > _MOST_OF_A_SUBJECT or re.search(r"[\x00-\x1f\x7f]", subject)):
        raise InvalidParameterException("Invalid parameter: Subject")
