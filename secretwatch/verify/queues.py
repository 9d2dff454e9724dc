"""A queue that hears what an experiment's topics and rules send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from secretwatch.verify.lab import Lab


class Queue:
    """A queue that hears what was sent to a topic or a rule's target."""

    def __init__(self, lab: Lab, name: str, url: str) -> None:
        self.arn = lab.cloud.arn("sqs", name)
        self._sqs, self._url = lab.client("sqs"), url
        # Without waiting, AWS asks only some of the servers that may hold messages.
        self._patience = 0 if lab.cloud.is_local else 1
        self._seen: list[str] = []

    def bodies(self) -> list[str]:
        """All messages that came so far."""
        while True:
            answer = self._sqs.receive_message(
                QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=self._patience
            )
            messages = answer.get("Messages", [])
            for message in messages:
                self._seen.append(message["Body"])
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
            if not messages:
                return self._seen

    def holds(self, text: str) -> bool:
        return bool(self.held([text]))

    def held(self, texts: Sequence[str]) -> list[str]:
        """Those of the texts that came."""
        bodies = self.bodies()
        return [text for text in texts if any(text in body for body in bodies)]
