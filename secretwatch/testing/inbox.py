"""The e-mails that one account of the local cloud sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mail:
    """One e-mail. text: subject and body."""

    to: str
    subject: str
    body: str
    topic_arn: str
    kind: str
    """`notification`, or `confirmation` for the mail with the link that a subscriber has to follow."""

    @property
    def text(self) -> str:
        return f"{self.subject}\n{self.body}"


class Inbox:
    """Mails of the account so far, oldest first; `confirmations` are those that ask a receiver to confirm."""

    def __init__(self, received: Callable[[], list[dict[str, Any]]], account_id: str) -> None:
        self._received, self._account_id = received, account_id

    def _all(self) -> list[Mail]:
        return [
            Mail(each["to"], each["subject"], each["body"], each["topic_arn"], each["kind"])
            for each in self._received()
            if (each["topic_arn"] or "").split(":")[4:5] == [self._account_id]
        ]

    @property
    def mails(self) -> list[Mail]:
        return [each for each in self._all() if each.kind != "confirmation"]

    @property
    def confirmations(self) -> list[Mail]:
        return [each for each in self._all() if each.kind == "confirmation"]

    @property
    def last(self) -> Mail:
        """The newest mail. Raises LookupError where none came."""
        if mails := self.mails:
            return mails[-1]
        raise LookupError("No e-mail came: `alarm(…).rang()` says at which hop it stopped.")

    def to(self, address: str) -> list[Mail]:
        return [each for each in self.mails if each.to == address]

    def __iter__(self) -> Iterator[Mail]:
        return iter(self.mails)

    def __len__(self) -> int:
        return len(self.mails)

    def __repr__(self) -> str:
        lines = [f"{each.to}: {each.subject}" for each in self.mails]
        return f"<inbox of {self._account_id}: {'; '.join(lines) or 'empty'}>"
