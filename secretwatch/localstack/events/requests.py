"""What EventBridge's API refuses of a request by itself: by AWS's model, and a little more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext

from secretwatch.localstack.gateway.constraints import validation_message, violations
from secretwatch.policy import MalformedPolicy, Policy

# PutEvents has entries that fail by themselves.
_OTHERWISE = frozenset(["PutEvents"])
_PATH = re.compile(r"(?<=' at ')[^']+(?=' failed to satisfy)")
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")


class EventsConstraints:
    """A request handler that raises ValidationException."""

    def concerns(self, service: str, operation: Any) -> bool:
        return service == "events" and operation.name not in _OTHERWISE

    def __call__(self, _chain: Any, context: RequestContext, _response: Any) -> None:
        assert context.operation is not None
        request = context.service_request or {}
        if found := list(violations(context.operation.input_shape, request)):
            raise _invalid(validation_message([_in_aws_spelling(each) for each in found]))
        if message := _refusal(context.operation.name, request):
            raise _invalid(message)


def _refusal(operation: str, request: Mapping[str, Any]) -> str | None:
    """Words observed, but for PutPermission."""
    if operation == "PutPermission":
        return _refused_permission(request)
    if operation == "CreateEventBus" and "/" in request["Name"] and not request.get("EventSourceName"):
        return "Event bus name must not contain '/'."
    rate = _RATE.fullmatch(request.get("ScheduleExpression") or "")
    if operation == "PutRule" and rate and (int(rate[1]) == 0 or (int(rate[1]) > 1) != bool(rate[3])):
        return "Parameter ScheduleExpression is not valid."
    return None


def _refused_permission(request: Mapping[str, Any]) -> str | None:
    """A whole policy, or one statement. AWS does not say with which words it refuses others.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html
    """
    statement = ("Action", "Principal", "StatementId")
    if policy := request.get("Policy"):
        if any(request.get(each) for each in (*statement, "Condition")):
            return "Parameter Policy must not be specified with Action, Principal, StatementId or Condition."
        try:
            Policy.parse(policy)
        except MalformedPolicy as error:
            return f"Parameter Policy is not valid. Reason: {error}"
        return None
    if missing := [each for each in statement if not request.get(each)]:
        return f"Parameter(s) {', '.join(missing)} must be specified."
    if request.get("Condition") and request["Principal"] != "*":
        return "Parameter Condition is not valid. Reason: Principal must be *."
    return None


def _in_aws_spelling(sentence: str) -> str:
    """AWS writes `targets.1.member.id` for the member Id of Targets."""
    return _PATH.sub(
        lambda path: ".".join(part[:1].lower() + part[1:] for part in path[0].split(".")), sentence
    )


def _invalid(message: str) -> CommonServiceException:
    return CommonServiceException("ValidationException", message, 400, True)
