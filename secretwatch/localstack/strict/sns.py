"""SNS: ARNs of subscriptions and of what has tags, disabled keys; the rest the provider itself refuses.

https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html,
API_ListTagsForResource.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localstack.aws.api import RequestContext
from moto.sns.models import sns_backends

from secretwatch.localstack.access.services.keys import KeyNotFound
from secretwatch.localstack.access.services.topics import topic_key
from secretwatch.localstack.strict import Check, refuse

_ELEMENTS = 6


def get_subscription_attributes(context: RequestContext, request: Mapping[str, Any]) -> None:
    _check_arn("SubscriptionArn", request.get("SubscriptionArn"))


def list_tags_for_resource(context: RequestContext, request: Mapping[str, Any]) -> None:
    """AWS does not say which words ResourceNotFound has beyond those of its page."""
    arn = _check_arn("ResourceArn", request.get("ResourceArn"))
    _, _, _, region, account_id, _ = arn.split(":", 5)
    if region != context.region or arn not in sns_backends[account_id][region].topics:
        raise refuse("ResourceNotFound", "Resource does not exist", 404)


def publish(context: RequestContext, request: Mapping[str, Any]) -> None:
    """https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: KMSDisabled, KMSNotFound."""
    arn = request.get("TopicArn") or request.get("TargetArn") or ""
    if len(arn.split(":")) != _ELEMENTS:
        return
    try:
        key = topic_key(arn)
    except KeyNotFound:
        raise refuse(
            "KMSNotFound", "The request was rejected because the specified key can't be found."
        ) from None
    if key is not None and not key.metadata["Enabled"]:
        state = key.metadata["KeyState"]
        raise refuse("KMSDisabled", f"{key.metadata['Arn']} is {state}.")


def _check_arn(member: str, arn: str | None) -> str:
    """SNS's sentence for an ARN of a topic, which LocalStack has."""
    elements = len((arn or "").split(":"))
    if elements < _ELEMENTS:
        message = f"{member} Reason: An ARN must have at least {_ELEMENTS} elements, not {elements}"
        raise refuse("InvalidParameter", f"Invalid parameter: {message}")
    return arn or ""


CHECKS: dict[str, Check] = {
    "GetSubscriptionAttributes": get_subscription_attributes,
    "ListTagsForResource": list_tags_for_resource,
    "Publish": publish,
    "PublishBatch": publish,
}
