"""Looking at what came: in the queues that are subscribed, and in the local cloud's inbox.

Others' messages stay theirs. A look receives messages with a short visibility timeout, deletes none and gives
all of them back at once. A queue that moves messages elsewhere after so many receives is not looked at: a
look is a receive.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from secretwatch.pipeline import inbox
from secretwatch.pipeline.aws import Aws, one_line
from secretwatch.pipeline.drill.receivers import ALARM
from secretwatch.pipeline.drill.record import NOTICE, REALTIME, Drilled, Receiver, Topic, sign_of
from secretwatch.pipeline.messages import channel_of, parsed, watch_of
from secretwatch.pipeline.watch import Watch

# A look holds messages back for so many seconds at most, and has that many at most in its hands.
_HELD = 10
_ROUNDS = 10

_EMAIL = ("email", "email-json")


class NotLookedAt(Exception):
    """A queue that is left alone; the message says why, without a full stop."""


@dataclass(frozen=True)
class Awaited:
    """A watch whose read is followed."""

    watch: Watch
    drilled: Drilled


def sign_in(text: str, drill_id: str, awaited: Sequence[Awaited]) -> str | None:
    """Which sign of this drill a message is; None of any other message, also of an earlier alarm's."""
    if channel_of(text) == "realtime":
        about = watch_of(text)
        for each in awaited:
            mine = about in (None, f"{each.watch.watch} of {each.watch.name}")
            report = each.drilled.report
            tokens = [token for read in report.reads for token in (read.marker, read.token)]
            # All that a message for a chat channel says of a read.
            tokens += [id for read in report.reads if (id := report.event_ids.get(read.marker))]
            if mine and any(token in text for token in tokens):
                return sign_of(REALTIME, each.drilled.watch)
        return None
    if text.startswith("DRILL") and drill_id in text:
        return NOTICE
    found = parsed(text)
    for each in awaited:
        is_it = found.get("AlarmName") == each.watch.alarm_name and found.get("NewStateValue") == "ALARM"
        reads = each.drilled.report.reads
        # AWS tells the time of a read in whole seconds.
        if is_it and reads and _time(found.get("StateChangeTime")) >= reads[0].at - 1:
            return sign_of(ALARM, each.drilled.watch)
    return None


def _time(text: Any) -> float:
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return 0.0


class Letterboxes:
    """Of one drill. mails_before: ids of the inbox's mails before it; None where there is no inbox.

    aws: makes an Aws for a region.
    """

    def __init__(
        self, aws: Callable[[str], Aws], drill_id: str, inbox_url: str | None, mails_before: set[str] | None
    ) -> None:
        self._aws, self._drill_id = aws, drill_id
        self._inbox_url, self._mails_before = inbox_url, mails_before
        self._urls: dict[str, str] = {}

    def can_look(self, receiver: Receiver) -> bool:
        """Whether there is a way to see what came to a receiver; notes in it why there is none."""
        if receiver.protocol in _EMAIL:
            return self._mails_before is not None
        if receiver.protocol != "sqs":
            return False
        try:
            self._open(receiver.endpoint)
        except NotLookedAt as why:
            receiver.detail = "; ".join(each for each in (receiver.detail, str(why)) if each)
            return False
        return True

    def signs(self, topic: Topic, receiver: Receiver, awaited: Sequence[Awaited]) -> set[str]:
        """What is there for a receiver. Raises NotLookedAt where that cannot be told any more."""
        if receiver.protocol in _EMAIL:
            found = self._mailed(topic, receiver, awaited)
        else:
            texts = self._texts(receiver.endpoint, topic.arn)
            found = [sign_in(text, self._drill_id, awaited) for text in texts]
        return {each for each in found if each}

    def _mailed(self, topic: Topic, receiver: Receiver, awaited: Sequence[Awaited]) -> list[str | None]:
        found = []
        for mail in inbox.messages(self._inbox_url or "") or ():
            to = mail.get("topic_arn"), mail.get("to"), mail.get("kind")
            if to != (topic.arn, receiver.endpoint, "notification") or mail.get("id") in (
                self._mails_before or ()
            ):
                continue
            found.append(sign_in(str(mail.get("body")), self._drill_id, awaited))
            # An alarm's mail may have words instead of the message.
            found += [
                sign_of(ALARM, each.drilled.watch)
                for each in awaited
                if str(mail.get("subject")).startswith(f'ALARM: "{each.watch.alarm_name}"')
            ]
        return found

    def _sqs(self, arn: str) -> Any:
        return self._aws(arn.split(":")[3]).client("sqs")

    def _open(self, arn: str) -> None:
        if arn in self._urls:
            return
        _, _, _, _, account, name = arn.split(":", 5)
        try:
            url = self._sqs(arn).get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
            answer = self._sqs(arn).get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
        except (ClientError, BotoCoreError) as error:
            raise NotLookedAt(f"it could not be looked at: {one_line(error).rstrip('.')}") from error
        if (answer.get("Attributes") or {}).get("RedrivePolicy"):
            raise NotLookedAt("it was not looked at: it has a dead-letter queue, and a look could fill that")
        self._urls[arn] = url

    def _texts(self, arn: str, topic_arn: str) -> list[str]:
        """The messages that a queue holds of one topic, and that may be of it."""
        self._open(arn)
        sqs, url, bodies, handles = self._sqs(arn), self._urls[arn], [], []
        try:
            for _ in range(_ROUNDS):
                answer = sqs.receive_message(
                    QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=_HELD, WaitTimeSeconds=1
                )
                found = answer.get("Messages", ())
                bodies += [str(each["Body"]) for each in found]
                handles += [str(each["ReceiptHandle"]) for each in found]
                if not found:
                    break
        except (ClientError, BotoCoreError) as error:
            raise NotLookedAt(f"it could not be looked at: {one_line(error).rstrip('.')}") from error
        finally:
            _give_back(sqs, url, handles)
        return [text for body in bodies if (text := _of_topic(body, topic_arn)) is not None]


def _give_back(sqs: Any, url: str, handles: Sequence[str]) -> None:
    """Where that fails the messages come back by themselves, after the visibility timeout."""
    for first in range(0, len(handles), 10):
        entries = [
            {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
            for number, handle in enumerate(handles[first : first + 10])
        ]
        with contextlib.suppress(ClientError, BotoCoreError):
            sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)


def _of_topic(body: str, topic_arn: str) -> str | None:
    """The message in SNS's envelope, of this topic; a raw message does not say which topic it is of.

    The DRILL message names its topic.
    """
    envelope = parsed(body)
    if envelope.get("Type") == "Notification" and "TopicArn" in envelope:
        return str(envelope.get("Message")) if envelope["TopicArn"] == topic_arn else None
    if body.startswith("DRILL") and f" {topic_arn}\n" not in body:
        return None
    return body
