"""Subscription filters: what PutSubscriptionFilter takes, and what is kept of it.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext, handler
from localstack.aws.api.logs import (
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from localstack.utils.aws import arns
from moto.logs.models import SubscriptionFilter

from secretwatch.filterpattern import FilterPattern, InvalidFilterPattern
from secretwatch.localstack.logs.events import client_of, target_of
from secretwatch.localstack.logs.groups import (
    backend_of,
    group_named,
    refuse_malformed,
    refuse_other_classes,
)

_SUBSCRIPTIONS_IN_A_GROUP = 2
_FILTERS_WITH_REGEXES_IN_A_GROUP = 5
_SUBSCRIPTIONS_IN_A_PAGE = 50
_SAID_OF = {
    "kinesis": "Could not deliver message to specified Kinesis stream. "
    "Ensure that the Kinesis stream exists and is ACTIVE.",
    "firehose": "Could not deliver message to specified Firehose stream. "
    "Ensure that the Firehose stream exists and is ACTIVE.",
    "lambda": "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to "
    "execute your function.",
    "logs": "The specified destination does not exist.",
}
_CHANGING = threading.Lock()


def parse_pattern(text: str, what: str) -> FilterPattern:
    """InvalidParameterException for a pattern that is none."""
    try:
        return FilterPattern.parse(text)
    except InvalidFilterPattern as error:
        raise InvalidParameterException(
            f"Invalid {what}: {error.reason} (at character {error.position + 1})"
        ) from error


def refuse_too_many_regexes(
    context: RequestContext,
    group: Any,
    pattern: FilterPattern,
    *,
    metric_filter: str | None = None,
    subscription: str | None = None,
) -> None:
    """5 of a group's metric and subscription filters, taken together, may hold regular expressions.

    metric_filter, subscription: the name of the filter that is put, which is replaced.
    """
    if not pattern.regexes:
        return
    others = [
        each["filterPattern"]
        for each in backend_of(context).filters.metric_filters
        if each["logGroupName"] == group.name and each["filterName"] != metric_filter
    ]
    others += [
        each.filter_pattern for each in group.subscription_filters.values() if each.name != subscription
    ]
    if sum(FilterPattern.parse(text).regexes > 0 for text in others) >= _FILTERS_WITH_REGEXES_IN_A_GROUP:
        raise LimitExceededException("Resource limit exceeded.")


def refuse_foreign_functions(context: RequestContext, destination_arn: str) -> None:
    """Observed: this comes before it is asked whether the log group and the function are there."""
    parts = destination_arn.split(":")
    if parts[2:3] == ["lambda"] and parts[4:5] != [context.account_id]:
        raise CommonServiceException(
            "AccessDeniedException",
            "Cross-account lambda invocation passing is not allowed. You must use DestinationPolicies to "
            "create cross account lambda triggers.",
            400,
            True,
        )


def check_destination(destination_arn: str, role_arn: str | None, source_arn: str) -> None:
    """InvalidParameterException for a destination that gets nothing."""
    parts = destination_arn.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        raise InvalidParameterException(f"Invalid destination ARN: {destination_arn}")
    vendor = parts[2]
    if vendor not in _SAID_OF:
        raise InvalidParameterException(
            f"PutSubscriptionFilter operation cannot work with destinationArn for vendor {vendor}"
        )
    if vendor in ("kinesis", "firehose") and not role_arn:
        raise InvalidParameterException(f"destinationArn for vendor {vendor} cannot be used without roleArn")
    if vendor == "lambda" and role_arn:
        raise InvalidParameterException(f"destinationArn for vendor {vendor} cannot be used with roleArn")
    target_arn = target_of(destination_arn)
    if vendor == "logs" and target_arn == destination_arn:
        raise InvalidParameterException(_SAID_OF[vendor])
    try:
        service, client = client_of(target_arn, role_arn, source_arn)
        if service == "lambda":
            client.get_function(FunctionName=target_arn)
        elif service == "kinesis":
            client.describe_stream(StreamName=arns.kinesis_stream_name(target_arn))
        else:
            client.describe_delivery_stream(DeliveryStreamName=arns.firehose_name(target_arn))
    except Exception as error:
        raise InvalidParameterException(_SAID_OF[vendor]) from error


class LogSubscriptionOperations:
    """Part of the provider of CloudWatch Logs."""

    @handler("PutSubscriptionFilter", expand=False)
    def put_subscription_filter(self, context: RequestContext, request: Mapping[str, Any]) -> None:
        refuse_malformed(context, request)
        name = request["filterName"]
        refuse_foreign_functions(context, request["destinationArn"])
        group = group_named(context, request["logGroupName"])
        refuse_other_classes(group)
        pattern = parse_pattern(request["filterPattern"], "subscription filter pattern")
        refuse_too_many_regexes(context, group, pattern, subscription=name)
        destination_arn, role_arn = request["destinationArn"], request.get("roleArn")
        if name not in group.subscription_filters:
            _refuse_third(group)
        check_destination(destination_arn, role_arn, group.arn)
        made = SubscriptionFilter(name, group.name, request["filterPattern"], destination_arn, role_arn)
        made.distribution = request.get("distribution") or "ByLogStream"
        with _CHANGING:
            if known := group.subscription_filters.get(name):
                made.creation_time = known.creation_time
            else:
                _refuse_third(group)
            group.subscription_filters[name] = made

    @handler("DescribeSubscriptionFilters", expand=False)
    def describe_subscription_filters(
        self, context: RequestContext, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        refuse_malformed(context, request)
        group = group_named(context, request["logGroupName"])
        refuse_other_classes(group)
        prefix = request.get("filterNamePrefix") or ""
        found = [
            {name: value for name, value in each.to_json().items() if value is not None}
            | {"distribution": each.distribution, "applyOnTransformedLogs": False}
            for each in sorted(group.subscription_filters.values(), key=lambda each: each.name)
            if each.name.startswith(prefix)
        ]
        return {"subscriptionFilters": found[: request.get("limit") or _SUBSCRIPTIONS_IN_A_PAGE]}

    @handler("DeleteSubscriptionFilter", expand=False)
    def delete_subscription_filter(self, context: RequestContext, request: Mapping[str, Any]) -> None:
        refuse_malformed(context, request)
        group = group_named(context, request["logGroupName"])
        with _CHANGING:
            if group.subscription_filters.pop(request["filterName"], None) is None:
                raise ResourceNotFoundException("The specified subscription filter does not exist.")


def _refuse_third(group: Any) -> None:
    if len(group.subscription_filters) >= _SUBSCRIPTIONS_IN_A_GROUP:
        raise LimitExceededException("Resource limit exceeded.")
