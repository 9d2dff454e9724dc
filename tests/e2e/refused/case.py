"""A call that AWS refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .account import Account

QUERY_CODES: Mapping[str, str] = {
    "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
    "QueueNameExists": "QueueAlreadyExists",
}
"""What SQS answers for the codes of its model, as it did before it had that."""


@dataclass(frozen=True)
class Case:
    """service, operation, code: as botocore's model has them. words: how the message begins, None for any.

    answered: the code of the answer where it is another one.
    """

    service: str
    operation: str
    code: str
    words: str | None
    make: Callable[[Account], Any]
    about: str = ""
    answered: str = ""

    @property
    def id(self) -> str:
        return f"{self.service}.{self.operation} {self.code} {self.about}".strip()


def too_long(what: str, most: int) -> str:
    """What is said of a member of so many x and one more."""
    return (
        f"1 validation error detected: Value '{'x' * (most + 1)}' at '{what}' failed to satisfy constraint: "
        f"Member must have length less than or equal to {most}"
    )
