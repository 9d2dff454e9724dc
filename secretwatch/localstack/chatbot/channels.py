"""Chat channels as subscribers of topics: Chatbot subscribes itself, and shows what it understands.

One subscription of its endpoint to a topic, whichever channels the topic goes to. It is made and ended by
Chatbot's own service-linked role, without a policy of the topic's, and confirmed by Chatbot at once; somebody
else's subscription of that endpoint is confirmed, too. Nothing is sent to it.
https://docs.aws.amazon.com/chatbot/latest/adminguide/slr-permissions.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from localstack.aws.connect import connect_to

from secretwatch.chat import Dropped, shown
from secretwatch.localstack.cloudtrail.drops import DROPS

ENDPOINT = "https://global.sns-api.chatbot.amazonaws.com"
SERVICE = "chatbot.amazonaws.com"

CONFIGURATIONS: dict[str, dict[str, Any]] = {}
"""By ARN, as the API answers them."""
TAGS: dict[str, dict[str, str]] = {}


def is_chat(protocol: str | None, endpoint: str | None) -> bool:
    """Whether this is Chatbot's subscription."""
    return protocol == "https" and (endpoint or "").rstrip("/") == ENDPOINT


def set_topics(configuration_arn: str, topic_arns: Iterable[str]) -> None:
    """Subscribe to these topics and, where no other configuration has them, unsubscribe from those before."""
    wanted = set(topic_arns)
    before = set(CONFIGURATIONS.get(configuration_arn, {}).get("SnsTopicArns", ()))
    others = {
        topic
        for arn, each in CONFIGURATIONS.items()
        if arn != configuration_arn
        for topic in each["SnsTopicArns"]
    }
    account_id = configuration_arn.split(":")[4]
    for topic in sorted(wanted - before):
        sns = _sns(account_id, topic)
        if sns is None:
            continue
        try:
            sns.subscribe(TopicArn=topic, Protocol="https", Endpoint=ENDPOINT)
        except sns.exceptions.ClientError:
            _drop(topic, configuration_arn, "there is no such topic that it could subscribe to")
    for topic in sorted(before - wanted - others):
        sns = _sns(account_id, topic)
        if sns is None:
            continue
        try:
            subscriptions = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        except sns.exceptions.ClientError:
            continue  # the topic is gone, and its subscriptions with it
        for each in subscriptions:
            if is_chat(each["Protocol"], each["Endpoint"]):
                sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])


def _sns(account_id: str, topic_arn: str) -> Any:
    parts = topic_arn.split(":")
    if len(parts) != 6 or parts[2] != "sns":
        return None
    return connect_to(aws_access_key_id=account_id, region_name=parts[3]).sns


def _drop(topic_arn: str, target: str, reason: str) -> None:
    DROPS.add(service=SERVICE, target=target, reason=f"a message of {topic_arn}: {reason}")


def deliver(inbox: Any, message: Any, subscriber: Mapping[str, Any]) -> None:
    """A topic's message, to each channel that has the topic.

    inbox: where it is shown; message, subscriber: LocalStack's.
    """
    topic_arn = subscriber["TopicArn"]
    channels = [each for each in CONFIGURATIONS.values() if topic_arn in each["SnsTopicArns"]]
    if not channels:
        _drop(topic_arn, ENDPOINT, "no channel has this topic")
    if str(subscriber.get("RawMessageDelivery")).lower() == "true":
        for each in channels:
            _drop(topic_arn, channel(each), "its subscription is for raw messages, which are not read")
        return
    found = shown(str(message.message_content("https")))
    for each in channels:
        if isinstance(found, Dropped):
            _drop(topic_arn, channel(each), found.reason)
            continue
        thread = f"\n(thread {found.thread_id})" if found.thread_id else ""
        inbox.add(
            to=channel(each),
            subject=found.title,
            body=found.text + thread,
            topic_arn=topic_arn,
            kind="chat",
            sender="Amazon Q",
        )


def channel(configuration: Mapping[str, Any]) -> str:
    """How a channel is called among the receivers: its kind, its workspace or team, and its id."""
    if "SlackChannelId" in configuration:
        return f"slack {configuration['SlackTeamId']}/{configuration['SlackChannelId']}"
    return f"teams {configuration['TeamId']}/{configuration['ChannelId']}"
