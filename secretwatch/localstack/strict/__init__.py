"""What AWS refuses and LocalStack takes: limits of the service models, and what each service checks itself.

A request handler asks the service's table of checks, by operation, before LocalStack sees the request. Here:
who is asked. Not here: what is checked (one file a service), and most refusals of the services that have a
provider of their own (CloudTrail, CloudWatch, CloudWatch Logs, EventBridge, SNS): it refuses what it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext

from secretwatch.localstack.gateway.constraints import validation_message, violations

Check = Callable[[RequestContext, Mapping[str, Any]], None]
"""Raises what the service would answer to the request."""

# What a service answers to a request that its own model forbids.
# https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html and the same page of the others.
MODEL_CODES = {
    "iam": "ValidationError",
    "kms": "ValidationException",
    "secretsmanager": "ValidationException",
    "stepfunctions": "ValidationException",
    "sts": "ValidationError",
}


def refuse(code: str, message: str, status: int = 400) -> CommonServiceException:
    """An error as a service answers it; its own fault is the caller's."""
    return CommonServiceException(code=code, message=message, status_code=status, sender_fault=True)


class StrictRequests:
    """A request handler that refuses what the service would."""

    def __init__(self) -> None:
        from secretwatch.localstack.strict import cloudwatch, iam, kms, logs, s3, secretsmanager, sns, sqs

        self._checks: dict[tuple[str, str], Check] = {
            (service, operation): check
            for service, checks in (
                ("cloudwatch", cloudwatch.CHECKS),
                ("iam", iam.CHECKS),
                ("kms", kms.CHECKS),
                ("logs", logs.CHECKS),
                ("s3", s3.CHECKS),
                ("secretsmanager", secretsmanager.CHECKS),
                ("sns", sns.CHECKS),
                ("sqs", sqs.CHECKS),
            )
            for operation, check in checks.items()
        }

    def concerns(self, service: str, operation: Any) -> bool:
        return service in MODEL_CODES or (service, operation.name) in self._checks

    def __call__(self, _chain: Any, context: RequestContext, _response: Any) -> None:
        assert context.service is not None
        assert context.operation is not None
        service = context.service.service_name
        request = context.service_request or {}
        if code := MODEL_CODES.get(service):
            shape = context.operation.input_shape
            if shape is not None and (found := list(violations(shape, request))):
                raise refuse(code, validation_message(found))
        if check := self._checks.get((service, context.operation.name)):
            check(context, request)
