"""Reading a secret as a person's tool would, and knowing exactly that read again in a log.

The value is dropped here, at once: nothing that this module returns or raises holds it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from secretwatch import secretid
from secretwatch.pipeline.aws import Aws, one_line

Via = Literal["boto3", "cli"]

_CLI_PATIENCE = 120.0


class ReadFailed(Exception):
    """The secret could not be read; the message is one sentence."""


class NoAwsCli(Exception):
    """The AWS CLI is not there; the message is one sentence."""


@dataclass(frozen=True)
class Read:
    """A read that was made.

    marker: an application id of its own in the user agent; request_id: where the tool tells it.
    at: seconds since 1970, by AWS's clock where it was told.
    """

    secret: str
    via: Via
    marker: str
    request_id: str | None
    at: float

    @property
    def token(self) -> str:
        """A text that stands in this read's event and in no other."""
        return self.request_id or self.marker

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def made(self, event: Mapping[str, Any]) -> bool:
        """Whether a CloudTrail event is of this read."""
        if event.get("eventName") != "GetSecretValue":
            return False
        by_id = self.request_id is not None and event.get("requestID") == self.request_id
        return by_id or self.marker in str(event.get("userAgent", ""))


def read_secret(aws: Aws, secret: str, via: Via, now: float, region: str) -> Read:
    """Read the secret once. now: this machine's clock. Raises ReadFailed, NoAwsCli."""
    marker = f"secretwatch-{uuid.uuid4().hex[:16]}"
    if via == "cli":
        _read_with_cli(secret, region, {**os.environ, **aws.environ}, marker)
        return Read(secret, via, marker, None, now)
    try:
        answer = aws.client("secretsmanager", app_id=marker).get_secret_value(SecretId=secret)
    except (ClientError, BotoCoreError) as error:
        raise ReadFailed(f"The secret cannot be read: {one_line(error)}{_hint(secret, error)}") from error
    metadata = answer["ResponseMetadata"]
    del answer
    date = metadata.get("HTTPHeaders", {}).get("date")
    at = parsedate_to_datetime(date).timestamp() if date else now
    return Read(secret, via, marker, metadata.get("RequestId"), at)


def _hint(secret: str, error: Exception) -> str:
    """Secrets Manager takes an ARN for whole that ends like one, and finds no secret by it if it is not."""
    absent = isinstance(error, ClientError) and error.response["Error"]["Code"] == "ResourceNotFoundException"
    if not absent or len(secretid.names(secret)) < 2:
        return ""
    return f" If that is its ARN without the suffix, name it with --secret {secretid.names(secret)[1]}."


def _read_with_cli(secret: str, region: str, environ: dict[str, str], marker: str) -> None:
    # The query keeps the value off the CLI's own output.
    command = [_aws_cli(), "secretsmanager", "get-secret-value", "--secret-id", secret, "--region", region]
    command += ["--query", "VersionId", "--output", "text"]
    try:
        done = subprocess.run(
            command,
            env=environ | {"AWS_SDK_UA_APP_ID": marker, "AWS_PAGER": ""},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_CLI_PATIENCE,
        )
    except subprocess.TimeoutExpired as error:
        raise ReadFailed(f"The AWS CLI gave no answer in {_CLI_PATIENCE:.0f} s.") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        said = lines[-1].strip() if lines else f"it ended with {done.returncode}"
        raise ReadFailed(f"The AWS CLI cannot read the secret: {said.rstrip('.')}.")


def _aws_cli() -> str:
    """The `aws` on PATH, else the one installed beside this Python."""
    found = shutil.which("aws") or shutil.which("aws", path=str(Path(sys.executable).parent))
    if found is None:
        raise NoAwsCli("The AWS CLI (`aws`) is not on PATH: install it, or leave --via at boto3.")
    return found
