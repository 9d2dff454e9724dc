"""What topics really deliver, through a temporary queue for each: made, subscribed, read, removed.

A queue is encrypted (SSE-SQS), takes messages of its topic only, and forgets them after an hour. It is
removed by its name, which is chosen before anything is made: also where the answer to a call never came.
https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
"""

from __future__ import annotations

import json
import signal
import threading
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from secretwatch.pipeline.aws import Aws, one_line
from secretwatch.pipeline.pace import Clock
from secretwatch.pipeline.watch import Watch

PREFIX = "secretwatch-temporary-"
_GONE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "NotFound", "NotFoundException")


class NoQueue(Exception):
    """A queue could not be made or subscribed; the message is one sentence."""


@dataclass(frozen=True)
class Message:
    """A message as a subscriber gets it. at: when it came, by the monotonic clock."""

    topic_arn: str
    text: str
    at: float


class Post:
    """A queue for each topic. Call `open` inside a `try` whose `finally` calls `remove`.

    left: after `remove`, the commands that remove what it could not.
    """

    def __init__(self, aws: Aws, watch: Watch, topic_arns: Iterable[str], clock: Clock) -> None:
        self.queues = [Queue(aws, watch, topic_arn, clock) for topic_arn in dict.fromkeys(topic_arns)]
        self.left: list[str] = []
        self._messages: list[Message] = []
        self._lock = threading.Lock()

    def open(self) -> None:
        """Raises NoQueue."""
        for queue in self.queues:
            queue.open()

    def collect(self, seconds: int) -> list[Message]:
        """All messages so far; waits for new ones up to `seconds`, which SQS takes whole."""
        with self._lock:
            for queue in self.queues:
                self._messages += queue.receive(seconds)
            return list(self._messages)

    def remove(self) -> None:
        """Remove everything; raises nothing, and a second Ctrl-C does not stop it: it takes a few calls."""
        with _uninterrupted():
            for queue in self.queues:
                self.left += queue.remove()


class Queue:
    """One temporary queue, on one topic. It is the watch's account's, whosever the topic is."""

    def __init__(self, aws: Aws, watch: Watch, topic_arn: str, clock: Clock) -> None:
        self._aws, self._clock = aws, clock
        self.topic_arn = topic_arn
        self.name = f"{PREFIX}{uuid.uuid4().hex}"
        self._region = watch.region
        partition = topic_arn.split(":")[1]
        self.arn = f"arn:{partition}:sqs:{watch.region}:{watch.account_id}:{self.name}"
        self._url: str | None = None
        self._subscription_arn: str | None = None
        self._begun: set[str] = set()

    def open(self) -> None:
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "sns.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": self.arn,
                    "Condition": {"ArnEquals": {"aws:SourceArn": self.topic_arn}},
                }
            ],
        }
        try:
            self._begun.add("queue")
            self._url = self._sqs.create_queue(
                QueueName=self.name,
                Attributes={
                    "MessageRetentionPeriod": "3600",
                    "Policy": json.dumps(policy),
                    "SqsManagedSseEnabled": "true",
                    # Longer than any run: a message is received once without being deleted.
                    "VisibilityTimeout": "43200",
                },
                tags={"secretwatch": "temporary"},
            )["QueueUrl"]
            self._begun.add("subscription")
            self._subscription_arn = self._sns.subscribe(
                TopicArn=self.topic_arn,
                Protocol="sqs",
                Endpoint=self.arn,
                Attributes={"RawMessageDelivery": "true"},
                ReturnSubscriptionArn=True,
            )["SubscriptionArn"]
        except (ClientError, BotoCoreError) as error:
            raise NoQueue(f"No temporary queue on {self.topic_arn}: {one_line(error)}") from error

    def receive(self, seconds: int) -> list[Message]:
        """New messages, waiting for the first one up to `seconds`."""
        answer = self._sqs.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=seconds
        )
        now = self._clock.monotonic()
        return [Message(self.topic_arn, each["Body"], now) for each in answer.get("Messages", ())]

    def remove(self) -> list[str]:
        """Remove subscription and queue, whichever were begun; the commands for what could not be."""
        left = []
        if "subscription" in self._begun:
            try:
                for arn in self._subscriptions():
                    self._sns.unsubscribe(SubscriptionArn=arn)
            except (ClientError, BotoCoreError) as error:
                if not _is_gone(error):
                    arn = self._subscription_arn or f"ARN  # the subscription of {self.arn}"
                    left.append(f"aws sns unsubscribe --region {self._region} --subscription-arn {arn}")
        if "queue" in self._begun:
            try:
                url = self._url or self._sqs.get_queue_url(QueueName=self.name)["QueueUrl"]
                self._sqs.delete_queue(QueueUrl=url)
            except (ClientError, BotoCoreError) as error:
                if not _is_gone(error):
                    url = self._url or f"URL  # of {self.name}"
                    left.append(f"aws sqs delete-queue --region {self._region} --queue-url {url}")
        self._begun.clear()
        return left

    def _subscriptions(self) -> Iterator[str]:
        if self._subscription_arn:
            yield self._subscription_arn
            return
        pages = self._sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=self.topic_arn)
        for page in pages:
            for each in page.get("Subscriptions", ()):
                if each["Endpoint"] == self.arn:
                    yield each["SubscriptionArn"]

    @property
    def _sqs(self) -> Any:
        return self._aws.client("sqs")

    @property
    def _sns(self) -> Any:
        return self._aws.client("sns")


def _is_gone(error: Exception) -> bool:
    return isinstance(error, ClientError) and error.response["Error"].get("Code") in _GONE


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Without Ctrl-C and its like; outside the main thread nothing has to be done for that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
