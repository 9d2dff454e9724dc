"""Tags, by the rules of secretwatch.tags: one of each service, and what counts those that are there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .account import Account
from .case import Case


def s3(operation: str, code: str, words: str, make: Callable[[Account], Any], about: str = "") -> Case:
    return Case("s3", operation, code, words, make, about)


def secrets(operation: str, code: str, words: str, make: Callable[[Account], Any], about: str = "") -> Case:
    return Case("secretsmanager", operation, code, words, make, about)


def trail(operation: str, code: str, words: str, make: Callable[[Account], Any], about: str = "") -> Case:
    return Case("cloudtrail", operation, code, words, make, about)


CASES: list[Case] = [
    Case(
        "cloudwatch",
        "PutMetricAlarm",
        "InvalidParameterValue",
        "The tag key aws:x begins",
        lambda a: a.cloudwatch.put_metric_alarm(
            AlarmName="x",
            MetricName="x",
            Namespace="x",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            Tags=[{"Key": "aws:x", "Value": ""}],
        ),
    ),
    Case(
        "events",
        "PutRule",
        "ValidationException",
        "Tag keys cannot start with aws:",
        lambda a: a.events.put_rule(
            Name="x", EventPattern='{"source": ["x"]}', Tags=[{"Key": "aws:x", "Value": ""}]
        ),
    ),
    Case(
        "logs",
        "CreateLogGroup",
        "InvalidParameterException",
        "1 validation error detected: Value '{a,b=}' at 'tags' failed to satisfy constraint: Map keys",
        lambda a: a.logs.create_log_group(logGroupName="x", tags={"a,b": ""}),
    ),
    s3(
        "CreateBucket",
        "InvalidTag",
        "The TagValue you have provided is invalid",
        lambda a: a.s3.create_bucket(
            Bucket=f"refusals-{a.id}", CreateBucketConfiguration={"Tags": [{"Key": "k", "Value": "a,b"}]}
        ),
    ),
    s3(
        "PutBucketTagging",
        "BadRequest",
        "Bucket tag count cannot be greater than 50",
        lambda a: a.s3.put_bucket_tagging(
            Bucket=a.bucket(), Tagging={"TagSet": [{"Key": str(n), "Value": ""} for n in range(51)]}
        ),
    ),
    secrets(
        "CreateSecret",
        "InvalidParameterException",
        "The tag key aws:x begins",
        lambda a: a.secret(Tags=[{"Key": "aws:x", "Value": ""}]),
        "tags",
    ),
    Case(
        "sns",
        "CreateTopic",
        "InvalidParameter",
        "Invalid parameter: Tags Reason: Reserved",
        lambda a: a.sns.create_topic(Name="x", Tags=[{"Key": "aws:x", "Value": ""}]),
    ),
    Case(
        "sns",
        "CreateTopic",
        "TagLimitExceeded",
        "Could not complete request",
        lambda a: a.sns.create_topic(Name="x", Tags=[{"Key": str(n), "Value": ""} for n in range(51)]),
    ),
    Case(
        "sns",
        "TagResource",
        "TagLimitExceeded",
        "Could not complete request",
        lambda a: a.sns.tag_resource(
            ResourceArn=a.sns.create_topic(Name="x", Tags=[{"Key": str(n), "Value": ""} for n in range(50)])[
                "TopicArn"
            ],
            Tags=[{"Key": "one more", "Value": ""}],
        ),
    ),
    Case(
        "sqs",
        "CreateQueue",
        "InvalidParameterValue",
        "The tag key aws:x begins",
        lambda a: a.sqs.create_queue(QueueName="x", tags={"aws:x": ""}),
    ),
    trail(
        "CreateTrail",
        "InvalidTagParameterException",
        "The key of a tag cannot begin with aws:",
        lambda a: a.trail(TagsList=[{"Key": "aws:x", "Value": ""}]),
    ),
    trail(
        "AddTags",
        "TagsLimitExceededException",
        "The number of tags exceeds the limit of 50.",
        lambda a: a.cloudtrail.add_tags(
            ResourceId=a.trail(TagsList=[{"Key": str(n), "Value": ""} for n in range(50)]),
            TagsList=[{"Key": "one more"}],
        ),
    ),
]
