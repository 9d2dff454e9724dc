"""CloudWatch; more of alarms' settings in tests/e2e/test_alarms_refused.py and test_alarms.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .account import Account
from .case import Case


def cloudwatch(
    operation: str, code: str, words: str, make: Callable[[Account], Any], about: str = ""
) -> Case:
    return Case("cloudwatch", operation, code, words, make, about)


def put_alarm(account: Account, **settings: Any) -> None:
    alarm = {
        "AlarmName": "x",
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "MetricName": "x",
        "Namespace": "x",
        "Period": 60,
        "Statistic": "Sum",
        "Threshold": 1,
    }
    account.cloudwatch.put_metric_alarm(**(alarm | settings))


CASES: list[Case] = [
    cloudwatch(
        "DeleteAlarms",
        "ValidationError",
        "1 validation error detected: Value '['x', 'x', ",
        lambda a: a.cloudwatch.delete_alarms(AlarmNames=["x"] * 101),
        "too many",
    ),
    cloudwatch(
        "DescribeAlarms",
        "InvalidNextToken",
        "",
        lambda a: a.cloudwatch.describe_alarms(NextToken="x"),
    ),
    cloudwatch(
        "ListTagsForResource",
        "InvalidParameterValue",
        "",
        lambda a: a.cloudwatch.list_tags_for_resource(ResourceARN="x"),
    ),
    cloudwatch(
        "ListTagsForResource",
        "ResourceNotFoundException",
        "",
        lambda a: a.cloudwatch.list_tags_for_resource(
            ResourceARN=f"arn:aws:cloudwatch:us-east-1:{a.id}:alarm:x"
        ),
    ),
    *(
        cloudwatch(
            "PutMetricAlarm", "ValidationError", words, lambda a, given=given: put_alarm(a, **given), about
        )
        for about, given, words in (
            ("action", {"AlarmActions": ["x"]}, "Invalid arn syntax: x"),
            (
                "region",
                {"AlarmActions": ["arn:aws:sns:eu-west-1:111122223333:x"]},
                "Invalid region eu-west-1 specified. Only us-east-1 is supported.",
            ),
            ("period", {"Period": 61}, "Period must be 10, 20, 30 or a multiple of 60"),
            (
                "span",
                {"EvaluationPeriods": 1441},
                "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= ",
            ),
            (
                "operator",
                {"ComparisonOperator": "x"},
                "1 validation error detected: Value 'x' at 'comparisonOperator' failed to satisfy constraint",
            ),
            (
                "missing data",
                {"TreatMissingData": "x"},
                "The value x is not supported for TreatMissingData parameter.",
            ),
        )
    ),
]
