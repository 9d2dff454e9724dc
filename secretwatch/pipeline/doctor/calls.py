"""A change, expressed once: printed as a command, made through boto3, and tried on an `Account`.

Each operation that a mend may use has its effect in `kinds/`, under `effects`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore import xform_name

from secretwatch import awscli
from secretwatch.pipeline.doctor.account import Account

_BLANKS = ("TOPIC_ARN", "ROLE_ARN", "LOG_GROUP", '"BUCKET"', "you@example.com")

Effect = Callable[[Account, Mapping[str, Any]], None]


@dataclass(frozen=True)
class Call:
    """One API call. region: None for the watch's own. note: what a person has to do or to know, as well.

    endpoint: where it was examined, if that is not AWS; it is written into the command: version 1 of the AWS
    CLI sends some services' calls (sqs, rds) to AWS in spite of AWS_ENDPOINT_URL.
    """

    service: str
    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    region: str | None = None
    note: str = ""
    endpoint: str | None = None

    @property
    def key(self) -> str:
        return json.dumps(
            [self.service, self.operation, self.region, self.params], sort_keys=True, default=str
        )

    @property
    def has_blank(self) -> bool:
        """Whether a person has to fill something in first."""
        text = json.dumps(self.params, default=str)
        return any(blank in text for blank in _BLANKS)

    def make(self, client: Any) -> None:
        """Make the call, with a client of its service."""
        getattr(client, xform_name(self.operation))(**self.params)

    def command(self) -> str:
        """As the AWS CLI takes it, on one line; the note stands in a comment before it."""
        line = awscli.command(self.service, self.operation, self.params, self.region, self.endpoint)
        return f"# {self.note}\n{line}" if self.note else line


@dataclass(frozen=True)
class Person:
    """Something that no call can do: to be said to a person."""

    text: str

    @property
    def key(self) -> str:
        return self.text

    def command(self) -> str:
        return f"# {self.text}"


@dataclass(frozen=True)
class Run:
    """A command of this program's, or Terraform's, that settles something."""

    text: str

    @property
    def key(self) -> str:
        return self.text

    def command(self) -> str:
        return self.text


Step = Call | Person | Run
