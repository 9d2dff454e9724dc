"""CloudWatch: tokens and tags of alarms; what an alarm may be is refused by the provider itself.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html,
API_ListTagsForResource.html. AWS does not say in which words these are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.cloudwatch.models import cloudwatch_stores

from secretwatch.localstack.strict import Check, refuse


def describe_alarms(context: RequestContext, request: Mapping[str, Any]) -> None:
    """LocalStack answers all alarms at once: no token is one that it gave."""
    if request.get("NextToken") is not None:
        raise refuse("InvalidNextToken", "The next token specified is invalid.")


def list_tags_for_resource(context: RequestContext, request: Mapping[str, Any]) -> None:
    arn = request.get("ResourceARN") or ""
    parts = arn.split(":", 6)
    if len(parts) < 6 or parts[0] != "arn" or parts[2] != "cloudwatch":
        raise refuse("InvalidParameterValue", f"The value {arn} for parameter ResourceARN is invalid.")
    if parts[5] == "alarm" and arn not in cloudwatch_stores[context.account_id][context.region].alarms:
        raise refuse("ResourceNotFoundException", f"The resource {arn} does not exist.", 404)


CHECKS: dict[str, Check] = {
    "DescribeAlarms": describe_alarms,
    "ListTagsForResource": list_tags_for_resource,
}
