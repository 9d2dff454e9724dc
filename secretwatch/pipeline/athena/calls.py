"""One call of AWS's, and what its refusal means in a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from secretwatch.pipeline.answers import is_unreadable
from secretwatch.pipeline.aws import is_about_credentials, is_denied, one_line

# Where IAM's action has another name than the API's operation.
_ACTIONS = {"s3:ListObjectsV2": "s3:ListBucket"}
_UNAUTHORIZED = re.compile(r"not authorized to perform:? ([a-z0-9-]+:[A-Za-z]+)")
_LONGEST = 400


class Refused(Exception):
    """Athena cannot be asked, or not this; the message is one sentence. unknown: trying again may help."""

    def __init__(self, message: str, *, unknown: bool = False) -> None:
        super().__init__(message)
        self.unknown = unknown


def call(client_of: Callable[[str], Any], service: str, operation: str, **parameters: Any) -> Any:
    """The answer. Raises Refused; a throttled or broken call raises botocore's error where it may pass."""
    try:
        return getattr(client_of(service), xform_name(operation))(**parameters)
    except (BotoCoreError, ClientError) as error:
        raise refusal(error, service, operation) from error
    except Exception as error:
        if not is_unreadable(error):
            raise
        raise Refused(f"The answer to {operation} did not come from AWS.", unknown=True) from error


def refusal(error: Exception, service: str, operation: str) -> Refused:
    """The sentence that names what is missing, where a permission is."""
    said = str(error)
    if is_about_credentials(error):
        return Refused(f"The AWS credentials do not work: {shown(one_line(error))}", unknown=True)
    # Athena calls Glue and S3 in the caller's name, and says so in errors of its own.
    if named := _UNAUTHORIZED.search(said):
        return Refused(_missing(named[1]))
    if is_denied(error):
        action = f"{service}:{operation}"
        return Refused(_missing(_ACTIONS.get(action, action)))
    return Refused(f"{service}:{shown(one_line(error))}", unknown=not isinstance(error, ClientError))


def _missing(action: str) -> str:
    return (
        f"You are not allowed {action}. `secretwatch policy athena` prints all permissions that this needs."
    )


def shown(text: str) -> str:
    """Somebody else's words on one line, without signs that a terminal would obey."""
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
