"""A batch of secrets gives those that the caller may read; the others stand among its errors.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

from moto.secretsmanager.models import SecretsManagerBackend

Refusal = Callable[[str], str | None]
"""Why a secret, by its name or ARN, may not be read; None where it may."""

# A request is answered by one thread, from its first handler to moto.
_THREAD = threading.local()

_batch_get_secret_value = SecretsManagerBackend.batch_get_secret_value


def hold(refusal: Refusal) -> None:
    """Hold the batch that this thread is about to answer to what the caller may read."""
    _THREAD.refusal = refusal


@wraps(_batch_get_secret_value)
def batch_get_secret_value(
    self: Any,
    secret_id_list: list[str] | None = None,
    *others: Any,
    **named: Any,
) -> Any:
    """moto's, for the caller of `hold`."""
    refusal: Refusal | None = getattr(_THREAD, "refusal", None)
    _THREAD.refusal = None
    found, errors, token = _batch_get_secret_value(self, secret_id_list, *others, **named)
    if refusal is None:
        return found, errors, token
    refused = {each["ARN"]: why for each in found if (why := refusal(each["ARN"]))}
    errors = [*errors] + [
        {"SecretId": arn, "ErrorCode": "AccessDeniedException", "Message": why}
        for arn, why in refused.items()
    ]
    return [each for each in found if each["ARN"] not in refused], errors, token
