"""The limits of Secrets Manager's lists and batches, which LocalStack's community edition does not look at.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from moto.secretsmanager.models import SecretsManagerBackend

from secretwatch.localstack.gateway.constraints import validation_message, violations
from secretwatch.localstack.secretsmanager import batches

_BATCH = 20

_batch_get_secret_value = batches.batch_get_secret_value


@wraps(_batch_get_secret_value)
def batch_get_secret_value(
    self: Any,
    secret_id_list: list[str] | None = None,
    filters: list[dict[str, Any]] | None = None,
    max_results: int | None = None,
    next_token: str | None = None,
) -> Any:
    """A batch by filter holds 20 secrets where nothing less is asked for."""
    size = max_results or (_BATCH if filters else None)
    return _batch_get_secret_value(self, secret_id_list, filters, size, next_token)


class SecretPages:
    """A request handler that refuses ListSecrets and BatchGetSecretValue as Secrets Manager does."""

    def __init__(self) -> None:
        SecretsManagerBackend.batch_get_secret_value = batch_get_secret_value

    def concerns(self, service: str, operation: Any) -> bool:
        return service == "secretsmanager" and operation.name in ("ListSecrets", "BatchGetSecretValue")

    def __call__(self, _chain: Any, context: RequestContext, _response: Any) -> None:
        assert context.operation is not None
        request = context.service_request or {}
        if found := list(violations(context.operation.input_shape, request)):
            raise _refusal("ValidationException", validation_message(found))
        if not (request.get("NextToken") or "0").isdecimal():
            raise _refusal("InvalidNextTokenException", "Invalid NextToken.")
        is_batch = context.operation.name == "BatchGetSecretValue"
        if is_batch and not (request.get("SecretIdList") or request.get("Filters")):
            raise _refusal(
                "InvalidParameterException", "Either 'SecretIdList' or 'Filters' must be provided."
            )


def _refusal(code: str, message: str) -> CommonServiceException:
    return CommonServiceException(code=code, message=message, status_code=400, sender_fault=True)
