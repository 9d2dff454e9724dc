"""Commands of the AWS CLI, written so that nothing in a value is more than a value.

https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters-file.html
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

# Where the AWS CLI reads a parameter from a file, or takes it for an option.
_MISREAD = ("-", "file://", "fileb://", "http://", "https://")
_NEVER_FROM_A_FILE = ("QueueUrl", "Endpoint")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def is_misread(name: str, value: Any) -> bool:
    """Whether the AWS CLI would take this text for an option, or for the place of a file that it reads in.

    Whoever may write a description could else have a file of this machine sent with it. Two parameters are
    never read from a file.
    """
    if isinstance(value, list):
        return any(is_misread(name, each) for each in value)
    if name in _NEVER_FROM_A_FILE:
        return False
    return isinstance(value, str) and value.startswith(_MISREAD)


def command(service: str, operation: str, params: Mapping[str, str], region: str | None = None) -> str:
    """One line for a shell, in visible characters: what is in a value reaches the AWS CLI as it is.

    operation: as the CLI has it, `put-role-policy`; params: by the API's names. What a terminal would obey,
    and what the CLI would misread, goes in as JSON, which writes such characters as escapes.
    """
    words = ["aws", service, operation]
    if any(is_misread(name, value) or not value.isprintable() for name, value in params.items()):
        words += ["--cli-input-json", json.dumps(dict(params), separators=(",", ":"))]
    else:
        for name, value in params.items():
            words += [f"--{_WORD.sub('-', name).lower()}", value]
    if region:
        words += ["--region", region]
    return shlex.join(words)
