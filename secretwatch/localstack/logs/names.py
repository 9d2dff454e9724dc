"""CloudWatch Logs' own words for names that are too long, where other services quote their models."""

from __future__ import annotations

from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext

_LONGEST = 512
_NAMES = ("logGroupName", "logStreamName")


class LogNames:
    """A request handler: refuses any call that names a log group or stream of more than 512 characters.

    The sentence was observed; AWS does not say which calls have it.
    """

    def concerns(self, service: str, _operation: Any) -> bool:
        return service == "logs"

    def __call__(self, _chain: Any, context: RequestContext, _response: Any) -> None:
        request = context.service_request or {}
        if any(len(request.get(name) or "") > _LONGEST for name in _NAMES):
            raise CommonServiceException(
                "InvalidParameterException",
                "Invalid LogGroup or LogStream, both must have length less than or equal to 512.",
                400,
                True,
            )
