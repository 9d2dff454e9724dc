"""Commands of the AWS CLI, written so that nothing in a value is more than a value.

https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters-file.html
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

# Where the AWS CLI has other names than the API: of a service, of a parameter.
_SERVICES = {"s3": "s3api", "sfn": "stepfunctions"}
_OPTIONS = {("sns", "Subscribe", "Endpoint"): "notification-endpoint"}

# Where the AWS CLI reads a parameter from a file, or takes it for an option.
_MISREAD = ("-", "file://", "fileb://", "http://", "https://")
_NEVER_FROM_A_FILE = ("QueueUrl", "Endpoint")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def command(
    service: str,
    operation: str,
    params: Mapping[str, Any],
    region: str | None = None,
    endpoint: str | None = None,
) -> str:
    """One line for a shell, in visible characters: what is in a value reaches the AWS CLI as it is.

    service, operation, params: by the API's names. What a terminal would obey, and what the CLI would
    misread, goes in as JSON, which writes such characters as escapes.
    """
    words = ["aws", _SERVICES.get(service, service), _dashed(operation)]
    if any(_is_misread(name, value) for name, value in params.items()):
        words += ["--cli-input-json", _json(dict(params))]
    else:
        for name, value in params.items():
            words += _option(_OPTIONS.get((service, operation, name)) or _dashed(name), value)
    if region:
        words += ["--region", region]
    if endpoint:
        words += ["--endpoint-url", endpoint]
    return shlex.join(words)


def _is_misread(name: str, value: Any) -> bool:
    """Whether this would be more than a text: to a terminal, or to the AWS CLI, which would take it for an
    option, or for the place of a file that it reads in.

    Whoever may write a description could else have a file of this machine sent with it. Two parameters are
    never read from a file.
    """
    if isinstance(value, list):
        return any(_is_misread(name, each) for each in value)
    if not isinstance(value, str):
        return False
    return not value.isprintable() or (name not in _NEVER_FROM_A_FILE and value.startswith(_MISREAD))


def _option(option: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [f"--{option}" if value else f"--no-{option}"]
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return [f"--{option}", *value]
    if isinstance(value, list | dict):
        return [f"--{option}", _json(value)]
    if isinstance(value, float):
        return [f"--{option}", f"{value:g}" if float(f"{value:g}") == value else repr(value)]
    return [f"--{option}", str(value)]


def _dashed(name: str) -> str:
    return _WORDS.sub("-", name).lower()


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
