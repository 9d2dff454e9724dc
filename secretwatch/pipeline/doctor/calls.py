"""A change, expressed once: printed as a command, made through boto3, and tried on an `Account`.

Each operation that a mend may use has its effect in `kinds/`, under `effects`.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore import xform_name

from secretwatch.awscli import is_misread
from secretwatch.pipeline.doctor.account import Account

_BLANKS = ("TOPIC_ARN", "ROLE_ARN", "LOG_GROUP", '"BUCKET"', "you@example.com")

Effect = Callable[[Account, Mapping[str, Any]], None]

_COMMANDS = {"cloudwatch": "cloudwatch", "s3": "s3api", "sfn": "stepfunctions"}
# Where the AWS CLI has another name for a parameter than the API.
_OPTIONS = {
    ("sns", "Subscribe", "Endpoint"): "notification-endpoint",
}


@dataclass(frozen=True)
class Call:
    """One API call. region: None for the watch's own. note: what a person has to do or to know, as well."""

    service: str
    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    region: str | None = None
    note: str = ""

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
        words = ["aws", _COMMANDS.get(self.service, self.service), xform_name(self.operation, "-")]
        as_options = not any(is_misread(name, value) for name, value in self.params.items())
        if not as_options:
            words += ["--cli-input-json", json.dumps(self.params, separators=(",", ":"))]
        for name, value in self.params.items() if as_options else ():
            words += _option(self.service, self.operation, name, value)
        if self.region:
            words += ["--region", self.region]
        line = " ".join(_quoted(each) for each in words)
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


def _option(service: str, operation: str, name: str, value: Any) -> list[str]:
    option = _OPTIONS.get((service, operation, name)) or xform_name(name, "-")
    if isinstance(value, bool):
        return [f"--{option}" if value else f"--no-{option}"]
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return [f"--{option}", *value]
    if isinstance(value, list | dict):
        return [f"--{option}", json.dumps(value, separators=(",", ":"))]
    if isinstance(value, float):
        return [f"--{option}", f"{value:g}" if float(f"{value:g}") == value else repr(value)]
    return [f"--{option}", str(value)]


def _quoted(argument: str) -> str:
    """For a shell, on one line and in visible characters: others as bash and zsh write them."""
    if argument.isprintable():
        return shlex.quote(argument)
    escaped = "".join(_escaped(char) for char in argument)
    return f"$'{escaped}'"


def _escaped(char: str) -> str:
    if char in "\\'":
        return f"\\{char}"
    if char.isprintable():
        return char
    if char == "\n":
        return "\\n"
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
