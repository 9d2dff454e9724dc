"""SNS; more of topics and subscriptions in tests/e2e/test_topics_refused.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .account import Account, policy
from .case import Case

NO_ARN = "Invalid parameter: {} Reason: An ARN must have at least 6 elements, not 1"


def sns(operation: str, code: str, words: str, make: Callable[[Account], Any], about: str = "") -> Case:
    return Case("sns", operation, code, words, make, about)


CASES: list[Case] = [
    *(
        sns(operation, "InvalidParameter", NO_ARN.format(member), make, "no ARN")
        for operation, member, make in (
            ("DeleteTopic", "TopicArn", lambda a: a.sns.delete_topic(TopicArn="x")),
            (
                "GetSubscriptionAttributes",
                "SubscriptionArn",
                # What Subscribe answers for an address that has not confirmed it.
                lambda a: a.sns.get_subscription_attributes(SubscriptionArn="PendingConfirmation"),
            ),
            ("GetTopicAttributes", "TopicArn", lambda a: a.sns.get_topic_attributes(TopicArn="x")),
            ("ListTagsForResource", "ResourceArn", lambda a: a.sns.list_tags_for_resource(ResourceArn="x")),
            ("Unsubscribe", "SubscriptionArn", lambda a: a.sns.unsubscribe(SubscriptionArn="x")),
        )
    ),
    sns(
        "ListTagsForResource",
        "ResourceNotFound",
        "Resource does not exist",
        lambda a: a.sns.list_tags_for_resource(ResourceArn=f"arn:aws:sns:us-east-1:{a.id}:x"),
    ),
    *(
        sns(
            "SetTopicAttributes",
            "InvalidParameter",
            words,
            lambda a, name=name, value=value: a.sns.set_topic_attributes(
                TopicArn=a.topic(), AttributeName=name, AttributeValue=value
            ),
            about,
        )
        for about, name, value, words in (
            ("unknown", "x", "x", "Invalid parameter: AttributeName"),
            ("policy", "Policy", "{", "Invalid parameter: Policy Error: null"),
            (
                "policy's action",
                "Policy",
                policy(Effect="Allow", Principal="*", Action="sqs:SendMessage", Resource="*"),
                "Invalid parameter: Policy statement action out of service scope!",
            ),
        )
    ),
    sns(
        "Subscribe",
        "InvalidParameter",
        "Invalid parameter: Attributes Reason: ",
        lambda a: a.sns.subscribe(
            TopicArn=a.topic(),
            Protocol="email",
            Endpoint="a@example.com",
            Attributes={"FilterPolicy": '{"a": [{"b": 1}]}'},
        ),
        "filter policy",
    ),
]
