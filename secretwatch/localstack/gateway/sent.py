"""The request as it was sent: LocalStack's services and the handlers here change the parsed one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localstack.aws.api import RequestContext

_KEPT = "secretwatch_sent"
_OPEN = frozenset((dict, list))
_MOST = 2_000
"""Values that are copied at most: a request with more is kept as it is, and may be changed."""


def keep_sent(_chain: Any, context: RequestContext, _response: Any) -> None:
    """A request handler, the first of all: keeps what was sent for the event."""
    if context.service_request and not context.is_internal_call:
        setattr(context, _KEPT, copy_of(context.service_request))


def sent(context: RequestContext) -> Mapping[str, Any]:
    """What was sent, with the API's names."""
    kept: Mapping[str, Any] = getattr(context, _KEPT, None) or context.service_request or {}
    return kept


def copy_of(request: Mapping[str, Any], most: int = _MOST) -> Mapping[str, Any]:
    """A copy down to the values; texts and bytes are shared, streams are not touched."""
    # Most requests are flat: this is for every call.
    if len(request) <= most and _OPEN.isdisjoint(map(type, request.values())):
        return dict(request)
    left = most

    def copied(value: Any) -> Any:
        nonlocal left
        left -= len(value)
        if left < 0:
            raise OverflowError
        if isinstance(value, dict):
            return {name: copied(each) if type(each) in _OPEN else each for name, each in value.items()}
        return [copied(each) if type(each) in _OPEN else each for each in value]

    try:
        return dict(copied(request))
    except OverflowError:
        return request
