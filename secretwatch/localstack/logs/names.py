"""CloudWatch Logs' own words for names that are too long, where other services quote their models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext

from secretwatch.forms import LOG_GROUP_NAME_LENGTH

_NAMES = ("logGroupName", "logStreamName")
TOO_LONG = (
    f"Invalid LogGroup or LogStream, both must have length less than or equal to {LOG_GROUP_NAME_LENGTH}."
)


def has_long_names(request: Mapping[str, Any]) -> bool:
    return any(len(request.get(name) or "") > LOG_GROUP_NAME_LENGTH for name in _NAMES)


class LogNames:
    """A request handler: refuses any call that names a log group or stream of more than 512 characters.

    The sentence was observed; AWS does not say which calls have it.
    """

    def concerns(self, service: str, _operation: Any) -> bool:
        return service == "logs"

    def __call__(self, _chain: Any, context: RequestContext, _response: Any) -> None:
        if has_long_names(context.service_request or {}):
            raise CommonServiceException(
                "InvalidParameterException",
                TOO_LONG,
                400,
                True,
            )
