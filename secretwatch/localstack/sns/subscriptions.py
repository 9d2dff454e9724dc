"""Subscriptions to topics: what SNS refuses, who may confirm and end them, and which messages they want.

A call that is not signed, as a link in a mail makes it, confirms and unsubscribes too; CloudTrail has no
event of it. A subscription that was confirmed with ``AuthenticateOnUnsubscribe`` ends by a signed call
only.
https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html
https://docs.aws.amazon.com/sns/latest/dg/sns-logging-using-cloudtrail.html

AWS does not say what a signed ConfirmSubscription without AuthenticateOnUnsubscribe leaves as
ConfirmationWasAuthenticated: here true, and the links still unsubscribe.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.api.sns import AuthorizationErrorException, InvalidParameterException
from localstack.services.sns.models import sns_stores

from secretwatch.filterpolicy import FilterPolicy, InvalidFilterPolicy
from secretwatch.localstack.callers.unsigned import is_unsigned
from secretwatch.localstack.sns.topics import check_delivery_policy

_AUTHENTICATED = "_AuthenticateOnUnsubscribe"
"""The mark on a subscription; not one of its attributes."""

_RAW = ("firehose", "http", "https", "sqs")
_ENDPOINTS = {
    # protocol: the service of its endpoint's ARN, and SNS's sentence for another one
    "sqs": ("sqs", "Invalid parameter: SQS endpoint ARN"),
    "lambda": ("lambda", "Invalid parameter: Lambda endpoint ARN"),
    "firehose": ("firehose", "Invalid parameter: Kinesis Data Firehose endpoint ARN"),
    "application": ("sns", "Invalid parameter: Application endpoint arn invalid:{}"),
}


def check_subscription(
    topic_arn: str, protocol: str, endpoint: str | None, attributes: Mapping[str, str]
) -> None:
    """Raises InvalidParameter for a protocol, an endpoint or attributes that SNS refuses together."""
    if topic_arn.endswith(".fifo") and protocol != "sqs":
        raise InvalidParameterException(f"Invalid parameter: Invalid protocol type: {protocol}")
    if protocol in _ENDPOINTS and endpoint:
        service, sentence = _ENDPOINTS[protocol]
        parts = endpoint.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn" or parts[2] != service or not all(parts[3:]):
            raise InvalidParameterException(sentence.format(endpoint))
    if protocol == "firehose" and not attributes.get("SubscriptionRoleArn"):
        raise InvalidParameterException(
            "Invalid parameter: Attributes Reason: SubscriptionRoleArn is required for the protocol firehose"
        )
    scope = attributes.get("FilterPolicyScope", "MessageAttributes")
    for name, value in attributes.items():
        check_attribute(
            name, value, protocol, topic_arn, scope=scope, said="Invalid parameter: Attributes Reason: "
        )


def check_attribute(
    name: str,
    value: str | None,
    protocol: str,
    topic_arn: str,
    *,
    scope: str = "MessageAttributes",
    said: str = "Invalid parameter: ",
) -> None:
    """Raises InvalidParameter for an attribute of a subscription. LocalStack looks at names and JSON
    itself."""
    if name == "RawMessageDelivery" and protocol not in _RAW:
        # Also where it is false.
        raise InvalidParameterException(
            f"{said}Delivery protocol [{protocol}] does not support raw message delivery."
        )
    if name == "FilterPolicy" and value:
        try:
            FilterPolicy.parse(value, scope)
        except InvalidFilterPolicy as error:
            raise InvalidParameterException(f"{said}{error}") from error
    if name == "DeliveryPolicy" and value:
        if protocol not in ("http", "https"):
            raise InvalidParameterException(
                f"{said}Delivery protocol [{protocol}] does not support delivery policies."
            )
        check_delivery_policy(value, said)
    if name == "RedrivePolicy" and value:
        _check_redrive_policy(value, topic_arn, said)


def _check_redrive_policy(value: str, topic_arn: str, said: str) -> None:
    try:
        policy = json.loads(value)
    except ValueError as error:
        raise InvalidParameterException(f"{said}RedrivePolicy: failed to parse JSON.") from error
    target = policy.get("deadLetterTargetArn") if isinstance(policy, dict) else None
    parts = target.split(":") if isinstance(target, str) else []
    if len(parts) != 6 or parts[2] != "sqs" or parts[3:5] != topic_arn.split(":")[3:5]:
        raise InvalidParameterException(f"{said}RedrivePolicy: deadLetterTargetArn is an invalid arn")


@lru_cache(maxsize=1024)
def _policy(text: str, scope: str) -> FilterPolicy:
    return FilterPolicy.parse(text, scope)


def wants(subscriber: Mapping[str, Any], message: Any) -> bool:
    """Whether the subscriber's filter policy lets LocalStack's message through."""
    text = subscriber.get("FilterPolicy")
    if not text:
        return True
    policy = _policy(text, subscriber.get("FilterPolicyScope") or "MessageAttributes")
    body = message.message_content(subscriber["Protocol"])
    return policy.matches(message.message_attributes, body if isinstance(body, str) else json.dumps(body))


def find(subscription_arn: str) -> dict[str, Any] | None:
    """LocalStack's subscription."""
    parts = subscription_arn.split(":")
    return sns_stores[parts[4]][parts[3]].subscriptions.get(subscription_arn) if parts[6:] else None


def check_confirmation(context: RequestContext, authenticate: str | None) -> None:
    """Raises AuthorizationError for AuthenticateOnUnsubscribe without a signature."""
    if (authenticate or "").lower() == "true" and is_unsigned(context):
        raise AuthorizationErrorException("Not Authorized: AuthenticateOnUnsubscribe needs a signed request")


def confirmed(subscription_arn: str, *, signed: bool, authenticate: bool = False) -> None:
    """Note how a subscription was confirmed."""
    if subscription := find(subscription_arn):
        subscription["ConfirmationWasAuthenticated"] = "true" if signed else "false"
        if authenticate and signed:
            subscription[_AUTHENTICATED] = "true"


def confirmed_by_chat(topic_arn: str, endpoint: str | None) -> dict[str, Any]:
    """Chatbot confirms its own endpoint as soon as it is subscribed. The answer of Subscribe."""
    parts = topic_arn.split(":")
    store = sns_stores[parts[4]][parts[3]]
    (found,) = [
        store.subscriptions[arn]
        for arn in store.topic_subscriptions[topic_arn]
        if store.subscriptions.get(arn, {}).get("Endpoint") == endpoint
    ]
    found["PendingConfirmation"] = "false"
    return {"SubscriptionArn": found["SubscriptionArn"]}


def check_unsubscribing(context: RequestContext | None, subscription_arn: str) -> None:
    """Raises AuthorizationError where the subscription needs a signature and there is none (or a link's).

    A queue's always needs one: https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html
    """
    subscription = find(subscription_arn)
    if not subscription or not (context is None or is_unsigned(context)):
        return
    if subscription.get(_AUTHENTICATED) or subscription["Protocol"] == "sqs":
        raise AuthorizationErrorException(
            "Not Authorized: this subscription is ended by a signed request only"
        )


def shown_attributes(attributes: dict[str, Any]) -> dict[str, Any]:
    """A subscription's attributes as GetSubscriptionAttributes answers them."""
    shown = {name: value for name, value in attributes.items() if name != _AUTHENTICATED}
    return {"ConfirmationWasAuthenticated": "false"} | shown
