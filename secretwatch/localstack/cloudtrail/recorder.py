"""Every API call that comes through the gateway becomes a CloudTrail event.

Calls between LocalStack's services are not API calls of anybody, and are not recorded.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from localstack.aws.api import RequestContext

from secretwatch.cloudtrail import (
    Call,
    Event,
    ec2,
    error_code,
    error_message,
    event_name,
    event_source,
    is_global_service,
    make_event,
    named_key,
    names_resources,
    request_parameters,
    resources,
    response_elements,
    s3_additional_event_data,
    s3_wire,
    shows_answer,
    without_echoes,
)
from secretwatch.localstack.access.key_ids import key_arn
from secretwatch.localstack.callers.identity import caller_of_request
from secretwatch.localstack.callers.s3 import authorization_of, s3_identity
from secretwatch.localstack.callers.unsigned import leaves_no_event
from secretwatch.localstack.gateway.request_ids import new_id
from secretwatch.localstack.gateway.sent import sent
from secretwatch.partition import of_region

LOG = logging.getLogger(__name__)


class Recorder:
    """A response handler: builds the event and hands it to ``sink(account_id, event)``."""

    def __init__(self, sink: Callable[[str, Event], None]) -> None:
        self._sink = sink

    def __call__(self, _chain: Any, context: RequestContext, response: Any) -> None:
        if context.operation is None or context.service is None or context.is_internal_call:
            return
        if leaves_no_event(context):
            return
        try:
            self._sink(context.account_id, event_of(context, response))
        except Exception:
            # An event that cannot be built must not fail the caller's request, but it must be seen.
            LOG.exception("no event for %s.%s", context.service.service_name, context.operation.name)


class _Known(NamedTuple):
    """What is the same for every call of an operation."""

    source: str
    name: str
    is_global: bool
    """Whether it is recorded in its partition's region for what belongs to no region."""
    shows_answer: bool
    is_s3: bool
    names_resources: bool


@lru_cache(maxsize=4096)
def _known(service: str, signing_name: str, operation: str) -> _Known:
    source, name = event_source(signing_name), event_name(service, operation)
    return _Known(
        source=source,
        name=name,
        is_global=is_global_service(source),
        shows_answer=shows_answer(source, name),
        is_s3=source == "s3.amazonaws.com",
        names_resources=names_resources(source),
    )


def event_of(context: RequestContext, response: Any = None) -> Event:
    """The event of a finished request, whose HTTP answer is ``response``."""
    service, operation = context.service, context.operation
    known = _known(service.service_name, service.signing_name, operation.name)
    source = known.source
    parameters = sent(context)
    error = context.service_exception
    answer: Mapping[str, Any] = {}
    if error is None and isinstance(context.service_response, Mapping):
        answer = context.service_response
    request = context.request
    request_id = context.request_id or str(uuid.uuid4())
    shown = request_parameters(source, operation.input_shape, parameters, operation.name, request_id)
    if known.is_s3:
        shown = {**(shown or {}), **s3_wire(request.host, request.args.items())}
    about = None
    if known.names_resources:
        about = resources(_call(context, known, parameters, answer, error is not None))
    elements = None
    if known.shows_answer and error is None:
        elements = _elements(source, operation, answer, request_id)
        if source == "kms.amazonaws.com" and about and ":key/" in about[0]["ARN"]:
            elements = {**(elements or {}), **(named_key(operation.name, about[0]["ARN"]) or {})} or None
    code = None if error is None else _error_code(service, error)
    if code == "AccessDenied" and source == "sts.amazonaws.com":
        # Observed: a refused AssumeRole does not say what was asked for.
        shown = None
    identity = s3_identity(context) if known.is_s3 else caller_of_request(context).user_identity
    agent = request.headers.get("User-Agent")
    # S3 puts its callers' agents in brackets (observed).
    agent = f"[{agent}]" if known.is_s3 and agent else agent
    # A service with a role's session (observed: AWS Step Functions and EventBridge).
    service_itself = identity.get("invokedBy") if identity.get("type") == "AssumedRole" else None
    return make_event(
        event_id=new_id(),
        event_time=_time(int(time.time())),
        event_source=source,
        event_name=known.name,
        aws_region=of_region(context.region).global_region if known.is_global else context.region,
        account_id=context.account_id,
        user_identity=identity,
        source_ip_address=service_itself or request.remote_addr or "127.0.0.1",
        user_agent=service_itself or agent,
        request_id=request_id,
        request_parameters=shown,
        response_elements=elements,
        error_code=code,
        error_message=None if code is None else _message(source, code, error, operation, parameters),
        resources=about,
        additional_event_data=_additional(request, response) if known.is_s3 else None,
        # AWS does not say what stands here for a call over plain HTTP. What is known of the connection does:
        # its User Guide says that details are recorded in part where some are missing.
        tls_details={"clientProvidedHostHeader": request.host}
        if request.host and not service_itself
        else None,
    )


@lru_cache(maxsize=4)
def _time(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _elements(
    source: str, operation: Any, answer: Mapping[str, Any], request_id: str
) -> dict[str, Any] | None:
    if source == ec2.EVENT_SOURCE:
        # How its answer is written hangs on the request: calls of two generations.
        shapes = operation.input_shape, operation.output_shape
        return ec2.response_elements(operation.name, *shapes, answer, request_id)
    return response_elements(source, operation.output_shape, answer, operation.name, request_id)


def _error_code(service: Any, error: Any) -> str:
    names, kind = _exceptions(service), type(error).__name__
    # An error that the model has comes as its exception, any other as a code alone.
    code = kind if kind in names else str(getattr(error, "code", None) or kind)
    return error_code(_protocol(service), code, getattr(error, "status_code", 400), names)


def _message(source: str, code: str, error: Any, operation: Any, parameters: Mapping[str, Any]) -> str | None:
    message = error_message(source, code, getattr(error, "message", None))
    return message and without_echoes(source, operation.input_shape, parameters, message)


@lru_cache(maxsize=512)
def _exceptions(service: Any) -> dict[str, str]:
    """The codes of the errors in a service's model, and the exceptions' names."""
    names: dict[str, str] = {}
    for shape in service.error_shapes:
        code = shape.metadata.get("error", {}).get("code") or shape.name
        names.setdefault(code, shape.name)
    # An exception's own name stands for itself.
    return names | {shape.name: shape.name for shape in service.error_shapes}


def _protocol(service: Any) -> str:
    """The protocol whose errors a service has: one that was a query service still has the codes of one."""
    return "query" if "awsQueryCompatible" in service.metadata else service.metadata["protocol"]


def _call(
    context: RequestContext,
    known: _Known,
    parameters: Mapping[str, Any],
    answer: Mapping[str, Any],
    failed: bool,
) -> Call:
    account, region = context.account_id, context.region
    return Call(
        event_source=known.source,
        event_name=known.name,
        parameters=parameters,
        response=answer,
        failed=failed,
        account_id=account,
        region=region,
        partition=context.partition,
        key_arn=lambda identifier: key_arn(identifier, account, region, context.partition),
    )


def _additional(request: Any, response: Any) -> dict[str, Any]:
    headers = getattr(response, "headers", {})
    return s3_additional_event_data(
        authorization=authorization_of(request),
        arguments=request.args.keys(),
        bytes_in=request.content_length or 0,
        bytes_out=int(headers.get("Content-Length") or 0),
        id_2=headers.get("x-amz-id-2"),
    )
