"""SNS e-mails: confirmed addresses get AWS's subject and body, others their confirmation mail only.

The mails are kept in an inbox that `secretwatch local inbox` shows; none leaves the machine.
https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from localstack import config
from localstack.aws.api import RequestContext
from localstack.aws.api.sns import InvalidParameterException
from localstack.services.sns import publisher as localstack_publisher
from localstack.services.sns.provider import SnsProvider
from localstack.services.sns.publisher import HttpTopicPublisher, PublishDispatcher, TopicPublisher

from secretwatch.alarm.notification import email_body
from secretwatch.localstack.callers.unsigned import is_unsigned
from secretwatch.localstack.chatbot import channels as chat
from secretwatch.localstack.cloudtrail.drops import DROPS
from secretwatch.localstack.cloudwatch.service_metrics import METRICS
from secretwatch.localstack.sns import subscriptions as sns_subscriptions
from secretwatch.localstack.sns.topics import (
    check_existing_topic,
    check_new_topic,
    check_subject,
    check_topic_attribute,
)

SENDER = "AWS Notifications <no-reply@sns.amazonaws.com>"
_KEPT = 10_000
_EMAIL_PROTOCOLS = ("email", "email-json")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_store_delivery_log = localstack_publisher.store_delivery_log


class Inbox:
    """All mails, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    def add(
        self,
        *,
        to: str,
        subject: str,
        body: str,
        topic_arn: str,
        kind: str,
        confirm_url: str | None = None,
        sender: str = SENDER,
    ) -> None:
        with self._lock:
            self._messages.append(
                {
                    "id": str(uuid.uuid4()),
                    "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
                    "from": sender,
                    "to": to,
                    "subject": subject,
                    "body": body,
                    "topic_arn": topic_arn,
                    "kind": kind,
                    "confirm_url": confirm_url,
                }
            )

    def messages(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._messages)

    def confirmed(self, token: str) -> None:
        """The link was followed: it is not shown as open any more."""
        with self._lock:
            for message in self._messages:
                if message["confirm_url"] and f"Token={token}" in message["confirm_url"]:
                    message["confirm_url"] = None

    def withdraw(self, topic_arn: str, address: str | None = None) -> None:
        """The topic is gone, or the address's subscription to it: their links lead nowhere."""
        with self._lock:
            for message in self._messages:
                if message["topic_arn"] == topic_arn and address in (None, message["to"]):
                    message["confirm_url"] = None

    def clear(self) -> None:
        with self._lock:
            self._messages.clear()


INBOX = Inbox()


class InboxPublisher(TopicPublisher):
    """Delivers a topic's message to an e-mail address, that is: to the inbox."""

    def _publish(self, context: Any, subscriber: Mapping[str, Any]) -> None:
        topic_arn, address = subscriber["TopicArn"], subscriber["Endpoint"]
        message = context.message
        if subscriber["Protocol"] == "email-json":
            body = self.prepare_message(message, subscriber, topic_attributes=context.topic_attributes)
        else:
            text = message.message_content("email")
            body = _readable(text) + _footer(subscriber)
        INBOX.add(
            to=address,
            subject=message.subject or "AWS Notification Message",
            body=body,
            topic_arn=topic_arn,
            kind="notification",
        )


class ChatPublisher(HttpTopicPublisher):
    """Delivers to an HTTPS endpoint; what is Chatbot's stays here, and is shown where its channels would."""

    def _publish(self, context: Any, subscriber: Mapping[str, Any]) -> None:
        if not chat.is_chat(subscriber["Protocol"], subscriber["Endpoint"]):
            super()._publish(context, subscriber)
        elif context.message.type == "Notification":
            chat.deliver(INBOX, context.message, subscriber)
            localstack_publisher.store_delivery_log(context.message, subscriber, success=True)


_NOTIFIERS = {**dict.fromkeys(_EMAIL_PROTOCOLS, InboxPublisher()), "https": ChatPublisher()}


class Dispatcher(PublishDispatcher):
    """LocalStack's dispatcher, which waits for an address to confirm."""

    topic_notifiers = PublishDispatcher.topic_notifiers | _NOTIFIERS

    def _should_publish(
        self, subscription_filter_policy: Any, message_ctx: Any, subscriber: Mapping[str, Any]
    ) -> Any:
        if subscriber["Protocol"] in _EMAIL_PROTOCOLS and subscriber["PendingConfirmation"] != "false":
            DROPS.add(
                service="sns.amazonaws.com",
                target=subscriber["Endpoint"],
                reason="the address has not confirmed its subscription to "
                f"{subscriber['TopicArn']}: nothing is mailed to it before that",
            )
            return False
        # Others that have not confirmed, as HTTP endpoints, get nothing either.
        return subscriber["PendingConfirmation"] == "false" and sns_subscriptions.wants(
            subscriber, message_ctx
        )


class MailingSnsProvider(SnsProvider):
    """LocalStack's SNS, with e-mail as on AWS."""

    def __init__(self) -> None:
        super().__init__()
        self._publisher = Dispatcher()
        localstack_publisher.store_delivery_log = count_delivery

    def subscribe(
        self,
        context: RequestContext,
        topic_arn: str,
        protocol: str,
        endpoint: str | None = None,
        attributes: Any = None,
        return_subscription_arn: bool | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        if protocol in _EMAIL_PROTOCOLS and not _ADDRESS.fullmatch(endpoint or ""):
            raise InvalidParameterException("Invalid parameter: Email address")
        sns_subscriptions.check_subscription(topic_arn, protocol, endpoint, attributes or {})
        response: dict[str, Any] = super().subscribe(
            context, topic_arn, protocol, endpoint, attributes, return_subscription_arn, **kwargs
        )
        if chat.is_chat(protocol, endpoint):
            return sns_subscriptions.confirmed_by_chat(topic_arn, endpoint)
        if protocol not in _EMAIL_PROTOCOLS or endpoint is None:
            return response
        arn = response["SubscriptionArn"]
        store = self.get_store(account_id=topic_arn.split(":")[4], region_name=context.region)
        if store.subscriptions[arn]["PendingConfirmation"] == "false":
            return response
        token = next(token for token, each in store.subscription_tokens.items() if each == arn)
        link = _confirm_url(topic_arn, token, endpoint)
        INBOX.add(
            to=endpoint,
            subject="AWS Notification - Subscription Confirmation",
            body=f"You have chosen to subscribe to the topic:\n{topic_arn}\n\n"
            "To confirm this subscription, click or visit the link below "
            f"(If this was in error no action is necessary):\n{link}\n",
            topic_arn=topic_arn,
            kind="confirmation",
            confirm_url=link,
        )
        return response if return_subscription_arn else {"SubscriptionArn": "pending confirmation"}

    def confirm_subscription(
        self,
        context: RequestContext,
        topic_arn: str,
        token: str,
        authenticate_on_unsubscribe: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """The first confirmation counts: later ones change nothing."""
        sns_subscriptions.check_confirmation(context, authenticate_on_unsubscribe)
        parts = topic_arn.split(":")
        store = self.get_store(parts[4], parts[3]) if len(parts) == 6 else None
        known = store.subscriptions.get(store.subscription_tokens.get(token)) if store else None
        was_pending = known is not None and known["PendingConfirmation"] != "false"
        response = super().confirm_subscription(context, topic_arn, token, None, **kwargs)
        if was_pending:
            INBOX.confirmed(token)
            sns_subscriptions.confirmed(
                response["SubscriptionArn"],
                # Only the page behind the link calls from within.
                signed=not context.is_internal_call and not is_unsigned(context),
                authenticate=(authenticate_on_unsubscribe or "").lower() == "true",
            )
        return response

    def set_subscription_attributes(
        self,
        context: RequestContext,
        subscription_arn: str,
        attribute_name: str,
        attribute_value: str | None = None,
        **kwargs: Any,
    ) -> None:
        if known := sns_subscriptions.find(subscription_arn):
            scope = known.get("FilterPolicyScope") or "MessageAttributes"
            sns_subscriptions.check_attribute(
                attribute_name, attribute_value, known["Protocol"], known["TopicArn"], scope=scope
            )
        super().set_subscription_attributes(
            context, subscription_arn, attribute_name, attribute_value, **kwargs
        )

    def get_subscription_attributes(
        self, context: RequestContext, subscription_arn: str, **kwargs: Any
    ) -> dict[str, Any]:
        response = super().get_subscription_attributes(context, subscription_arn, **kwargs)
        return {"Attributes": sns_subscriptions.shown_attributes(response["Attributes"])}

    def create_topic(
        self, context: RequestContext, name: str, attributes: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        check_new_topic(name, attributes or {})
        arn = f"arn:{context.partition}:sns:{context.region}:{context.account_id}:{name}"
        if known := self.get_moto_backend(context.account_id, context.region).topics.get(arn):
            check_existing_topic(known, attributes or {})
        return super().create_topic(context, name, attributes, *args, **kwargs)

    def set_topic_attributes(
        self,
        context: RequestContext,
        topic_arn: str,
        attribute_name: str,
        attribute_value: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._get_topic(topic_arn, context)
        check_topic_attribute(attribute_name, attribute_value, topic_arn.endswith(".fifo"))
        super().set_topic_attributes(context, topic_arn, attribute_name, attribute_value, **kwargs)

    def publish(self, context: RequestContext, message: str, *args: Any, **kwargs: Any) -> Any:
        check_subject(kwargs.get("subject"))
        return super().publish(context, message, *args, **kwargs)

    def unsubscribe(self, context: RequestContext, subscription_arn: str, **kwargs: Any) -> None:
        known = sns_subscriptions.find(subscription_arn)
        sns_subscriptions.check_unsubscribing(context, subscription_arn)
        super().unsubscribe(context, subscription_arn, **kwargs)
        if known:
            INBOX.withdraw(known["TopicArn"], known["Endpoint"])

    def delete_topic(self, context: RequestContext, topic_arn: str, **kwargs: Any) -> None:
        super().delete_topic(context, topic_arn, **kwargs)
        INBOX.withdraw(topic_arn)

    def list_subscriptions(self, context: RequestContext, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return self._hide_pending(context, super().list_subscriptions(context, *args, **kwargs))

    def list_subscriptions_by_topic(
        self, context: RequestContext, *args: Any, **kwargs: Any
    ) -> dict[str, Any]:
        return self._hide_pending(context, super().list_subscriptions_by_topic(context, *args, **kwargs))

    def _hide_pending(self, context: RequestContext, response: dict[str, Any]) -> dict[str, Any]:
        """A pending subscription's ARN is not shown in lists."""
        for each in response["Subscriptions"]:
            store = self.get_store(each["TopicArn"].split(":")[4], context.region)
            known = store.subscriptions.get(each["SubscriptionArn"], {})
            if each["Protocol"] in _EMAIL_PROTOCOLS and known.get("PendingConfirmation") != "false":
                each["SubscriptionArn"] = "PendingConfirmation"
        return response


def count_delivery(
    message: Any, subscriber: Mapping[str, Any], success: bool, *others: Any, **more: Any
) -> None:
    """Called by LocalStack for each delivery that is not by mail: the topic's own metrics."""
    topic_arn = subscriber.get("TopicArn")
    if topic_arn:
        _, _, _, region, account_id, topic = topic_arn.split(":")[:6]
        METRICS.add(
            "AWS/SNS",
            "NumberOfNotificationsDelivered" if success else "NumberOfNotificationsFailed",
            1,
            account_id=account_id,
            region=region,
            dimension=("TopicName", topic),
        )
    _store_delivery_log(message, subscriber, success, *others, **more)


def _confirm_url(topic_arn: str, token: str, endpoint: str) -> str:
    query = urlencode({"TopicArn": topic_arn, "Token": token, "Endpoint": endpoint})
    return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}/_secretwatch/confirm?{query}"


def _readable(text: str) -> str:
    """CloudWatch's alarms are mailed as prose, everything else as it was published."""
    try:
        message = json.loads(text)
    except ValueError:
        return text
    if isinstance(message, dict) and {"AlarmName", "NewStateReason", "Trigger", "AlarmArn"} <= message.keys():
        return email_body(message)
    return text


def _footer(subscriber: Mapping[str, Any]) -> str:
    query = urlencode({"SubscriptionArn": subscriber["SubscriptionArn"], "Endpoint": subscriber["Endpoint"]})
    link = f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}/_secretwatch/unsubscribe?{query}"
    return (
        "\n\n--\nIf you wish to stop receiving notifications from this topic, please click or visit the link "
        f"below to unsubscribe:\n{link}\n\n"
        "Please do not reply directly to this email. If you have any questions or comments regarding this "
        "email, please contact us at https://aws.amazon.com/support\n"
    )
