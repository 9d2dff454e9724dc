"""CloudWatch Logs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .account import Account
from .case import Case

ONE = "1 validation error detected: Value "


def logs(operation: str, code: str, words: str, make: Callable[[Account], Any], about: str = "") -> Case:
    return Case("logs", operation, code, words, make, about)


def arn(account: Account) -> str:
    return f"arn:aws:logs:us-east-1:{account.id}:log-group:x"


CASES: list[Case] = [
    logs(
        "CreateLogGroup",
        "InvalidParameterException",
        ONE + "'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression",
        lambda a: a.logs.create_log_group(logGroupName="a b"),
        "characters",
    ),
    logs(
        "CreateLogGroup",
        "AccessDeniedException",
        "The specified KMS key does not exist or is not allowed to be used with Arn 'arn:aws:logs:",
        lambda a: a.log_group(
            kmsKeyId=f"arn:aws:kms:us-east-1:{a.id}:key/{a.key()}",
        ),
        "the key's policy",
    ),
    logs(
        "DeleteLogGroup",
        "InvalidParameterException",
        "Invalid LogGroup or LogStream, both must have length less than or equal to 512.",
        lambda a: a.logs.delete_log_group(logGroupName="x" * 513),
    ),
    logs(
        "DeleteLogGroup",
        "ValidationException",
        "Cannot delete log group with deletion protection enabled.",
        lambda a: a.logs.delete_log_group(logGroupName=a.log_group(deletionProtectionEnabled=True)),
    ),
    logs(
        "DeleteMetricFilter",
        "InvalidParameterException",
        ONE + "'a:b' at 'filterName' failed to satisfy constraint: Member must satisfy regular expression",
        lambda a: a.logs.delete_metric_filter(logGroupName=a.log_group(), filterName="a:b"),
    ),
    logs(
        "DeleteMetricFilter",
        "ResourceNotFoundException",
        "The specified metric filter does not exist.",
        lambda a: a.logs.delete_metric_filter(logGroupName=a.log_group(), filterName="x"),
        "filter",
    ),
    logs(
        "DescribeLogGroups",
        "InvalidParameterException",
        ONE + "'51' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50",
        lambda a: a.logs.describe_log_groups(limit=51),
    ),
    logs(
        "DescribeLogGroups",
        "InvalidParameterException",
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
        lambda a: a.logs.describe_log_groups(logGroupNamePrefix="x", logGroupNamePattern="x"),
        "both",
    ),
    logs(
        "DescribeLogGroups",
        "InvalidParameterException",
        "The specified nextToken is invalid.",
        lambda a: a.logs.describe_log_groups(nextToken="x"),
        "token",
    ),
    logs(
        "DescribeMetricFilters",
        "InvalidParameterException",
        ONE + "'51' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50",
        lambda a: a.logs.describe_metric_filters(limit=51),
    ),
    logs(
        "DescribeMetricFilters",
        "InvalidParameterException",
        "The specified nextToken is invalid.",
        lambda a: a.logs.describe_metric_filters(nextToken="x"),
        "token",
    ),
    logs(
        "ListTagsForResource",
        "ValidationException",
        "Invalid resourceArn",
        lambda a: (a.log_group(), a.logs.list_tags_for_resource(resourceArn=arn(a) + ":*")),
        "its ARN as DescribeLogGroups answers it",
    ),
    logs(
        "ListTagsForResource",
        "ValidationException",
        "Invalid resourceArn",
        lambda a: a.logs.list_tags_for_resource(resourceArn="x"),
    ),
    logs(
        "ListTagsForResource",
        "ResourceNotFoundException",
        "The specified log group does not exist.",
        lambda a: a.logs.list_tags_for_resource(resourceArn=arn(a)),
    ),
    logs(
        "PutMetricFilter",
        "ValidationException",
        "This operation is only supported on the Standard log class.",
        lambda a: a.logs.put_metric_filter(
            logGroupName=a.log_group(logGroupClass="INFREQUENT_ACCESS"),
            filterName="x",
            filterPattern="",
            metricTransformations=[{"metricName": "x", "metricNamespace": "x", "metricValue": "1"}],
        ),
        "class",
    ),
    logs(
        "PutRetentionPolicy",
        "InvalidParameterException",
        ONE
        + "'2' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [1, 3,",
        lambda a: a.logs.put_retention_policy(logGroupName=a.log_group(), retentionInDays=2),
    ),
]
