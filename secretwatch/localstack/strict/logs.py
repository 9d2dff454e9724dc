"""CloudWatch Logs: ARNs of what has tags; the rest is refused by the provider itself.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListTagsForResource.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localstack.aws.api import RequestContext

from secretwatch.localstack.logs.groups import group_named
from secretwatch.localstack.strict import Check, refuse

_ARN = re.compile(
    r"arn:[a-z-]+:logs:[a-z0-9-]+:\d{12}:((log-group):(?P<group>[a-zA-Z0-9_./#-]+)|destination:[^:*]+)"
)


def tagged(context: RequestContext, request: Mapping[str, Any]) -> None:
    """A log group by its ARN without `:*` at the end, for which the answer was observed."""
    arn = _ARN.fullmatch(request.get("resourceArn") or "")
    if arn is None:
        raise refuse("ValidationException", "Invalid resourceArn")
    if arn["group"]:
        group_named(context, arn["group"])


CHECKS: dict[str, Check] = dict.fromkeys(("ListTagsForResource", "TagResource", "UntagResource"), tagged)
