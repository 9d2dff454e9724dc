"""Every API call that comes through the gateway becomes a CloudTrail event.

Calls between LocalStack's services are not API calls of anybody, and are not recorded.
"""

from __future__ import annotations

import logging
import random
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from localstack.aws.api import RequestContext

from secretwatch.cloudtrail import (
    Event,
    event_category,
    is_global_service,
    is_read_only,
    make_event,
    request_parameters,
    response_elements,
)
from secretwatch.localstack.identity import caller_of_request

LOG = logging.getLogger(__name__)

# A service's name in events is its endpoint prefix, but for these.
_EVENT_SOURCES = {
    "cloudwatch": "monitoring",
    "ses": "ses",
    "stepfunctions": "states",
    "sesv2": "ses",
}


class Recorder:
    """A response handler: builds the event and hands it to ``sink(account_id, event)``."""

    def __init__(self, sink: Callable[[str, Event], None]) -> None:
        self._sink = sink

    def __call__(self, _chain: Any, context: RequestContext, _response: Any) -> None:
        if context.operation is None or context.service is None or context.is_internal_call:
            return
        try:
            self._sink(context.account_id, event_of(context))
        except Exception:
            # An event that cannot be built must not fail the caller's request, but it must be seen.
            LOG.exception("no event for %s.%s", context.service.service_name, context.operation.name)


def event_source_of(service: Any) -> str:
    """``secretsmanager.amazonaws.com`` for a botocore service model."""
    name = _EVENT_SOURCES.get(service.service_name) or service.endpoint_prefix
    return f"{name}.amazonaws.com"


def event_of(context: RequestContext) -> Event:
    """The event of a finished request."""
    source = event_source_of(context.service)
    operation = context.operation
    parameters = context.service_request or {}
    error = context.service_exception
    output: Mapping[str, Any] = {}
    if isinstance(context.service_response, Mapping) and not is_read_only(source, operation.name):
        output = context.service_response
    region = "us-east-1" if is_global_service(source) else context.region
    request = context.request
    caller = caller_of_request(context)
    return make_event(
        event_id=_event_id(),
        event_time=_time(int(time.time())),
        event_source=source,
        event_name=operation.name,
        aws_region=region,
        account_id=context.account_id,
        user_identity=caller.user_identity,
        source_ip_address=request.remote_addr or "127.0.0.1",
        user_agent=request.headers.get("User-Agent"),
        request_id=context.request_id or str(uuid.uuid4()),
        request_parameters=request_parameters(source, operation.input_shape, parameters),
        response_elements=response_elements(source, operation.output_shape, output),
        error_code=None if error is None else _error_code(error),
        error_message=None if error is None else getattr(error, "message", None) or None,
        resources=_resources(source, operation.name, parameters, context),
    )


def _event_id() -> str:
    # Unique, and nobody's secret: without a call of the system for each, where all threads would meet.
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


@lru_cache(maxsize=4)
def _time(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _error_code(error: Any) -> str:
    code = str(getattr(error, "code", None) or type(error).__name__)
    # CloudTrail writes the short form, whatever the service answered; of SNS it is observed.
    return "AccessDenied" if code in ("AccessDeniedException", "AuthorizationError") else code


def _resources(
    source: str, operation: str, parameters: Mapping[str, Any], context: RequestContext
) -> list[dict[str, str]]:
    category, kind = event_category(source, operation)
    if category != "Data" or kind is None:
        return []
    account, region, partition = context.account_id, context.region, context.partition
    if source == "s3.amazonaws.com" and parameters.get("Bucket"):
        bucket = f"arn:{partition}:s3:::{parameters['Bucket']}"
        resources = [{"accountId": account, "type": "AWS::S3::Bucket", "ARN": bucket}]
        if "Key" in parameters:
            resources.insert(0, {"type": kind, "ARN": f"{bucket}/{parameters['Key']}"})
        else:
            resources.insert(0, {"type": kind, "ARNPrefix": f"{bucket}/"})
        return resources
    arn = None
    if source == "sns.amazonaws.com":
        arn = parameters.get("TopicArn") or parameters.get("TargetArn")
    elif source == "lambda.amazonaws.com" and (name := parameters.get("FunctionName")):
        arn = (
            name if name.startswith("arn:") else f"arn:{partition}:lambda:{region}:{account}:function:{name}"
        )
    elif source == "dynamodb.amazonaws.com" and (name := parameters.get("TableName")):
        arn = f"arn:{partition}:dynamodb:{region}:{account}:table/{name}"
    elif source == "sqs.amazonaws.com" and (url := parameters.get("QueueUrl")):
        arn = f"arn:{partition}:sqs:{region}:{account}:{url.rpartition('/')[2]}"
    return [{"accountId": account, "type": kind, "ARN": arn}] if arn else []
