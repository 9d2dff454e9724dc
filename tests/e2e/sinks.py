"""What a trail delivers to, in accounts of the tests' own, and statements of policies."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import clients

ACCOUNT = "222233334444"
REGION = "us-east-1"


def client(service: str, region: str = REGION) -> Any:
    """A client of the account."""
    return clients.client(service, ACCOUNT, region)


def allow(action: Any, resource: Any, service: str = "cloudtrail.amazonaws.com", **condition: Any) -> Any:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": resource}
    return statement | ({"Condition": {"StringEquals": condition["equals"]}} if condition else {})


def document(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def queue_for_rules(sqs: Any, name: str) -> tuple[str, str]:
    """A queue that lets EventBridge send: its URL and ARN."""
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = document(allow("sqs:SendMessage", arn, "events.amazonaws.com"))
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, arn


@dataclass
class Sinks:
    """A bucket, a key, a topic, a log group and its role, all as CloudTrail wants them."""

    name: str
    undo: list[Callable[[], Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cloudtrail = client("cloudtrail")
        self.iam, self.kms, self.logs = client("iam"), client("kms"), client("logs")
        self.s3, self.sns = client("s3"), client("sns")
        self.bucket, self.topic = self.name, f"arn:aws:sns:{REGION}:{ACCOUNT}:{self.name}"
        self.group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{self.name}:*"
        self.role = f"arn:aws:iam::{ACCOUNT}:role/{self.name}"
        self.trail_arn = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{self.name}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.sns.create_topic(Name=self.name)
        self.logs.create_log_group(logGroupName=self.name)
        self.key = self.kms.create_key()["KeyMetadata"]["Arn"]
        self.iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=self.trust("cloudtrail"))
        self.bucket_policy()
        self.topic_policy()
        self.key_policy()
        self.role_policy()

    def bucket_policy(self, prefix: str = "", acl: str = "bucket-owner-full-control", **other: Any) -> None:
        arn = f"arn:aws:s3:::{self.bucket}"
        source = {"aws:SourceArn": other.get("trail_arn", self.trail_arn)}
        policy = document(
            allow("s3:GetBucketAcl", arn, equals=source),
            allow(
                "s3:PutObject", f"{arn}/{prefix}AWSLogs/{ACCOUNT}/*", equals=source | {"s3:x-amz-acl": acl}
            ),
            *other.get("more", ()),
        )
        self.s3.put_bucket_policy(Bucket=self.bucket, Policy=policy)

    def topic_policy(self, service: str = "cloudtrail.amazonaws.com") -> None:
        policy = document(allow("sns:Publish", self.topic, service, equals={"aws:SourceArn": self.trail_arn}))
        self.sns.set_topic_attributes(TopicArn=self.topic, AttributeName="Policy", AttributeValue=policy)

    def key_policy(self, *actions: str, trail_arn: str | None = None) -> None:
        context = {"kms:EncryptionContext:aws:cloudtrail:arn": trail_arn or self.trail_arn}
        source = {"aws:SourceArn": self.trail_arn}
        given = {
            "kms:GenerateDataKey*": allow("kms:GenerateDataKey*", "*", equals=source | context),
            "kms:DescribeKey": allow("kms:DescribeKey", "*", equals=source),
        }
        account = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
        policy = document(account, *(given[action] for action in actions or given))
        self.kms.put_key_policy(KeyId=self.key, PolicyName="default", Policy=policy)

    def trust(self, service: str) -> str:
        statement = allow("sts:AssumeRole", "*", f"{service}.amazonaws.com")
        del statement["Resource"]
        return document(statement)

    def role_policy(self, *actions: str, stream: str = f"{ACCOUNT}_CloudTrail_{REGION}*") -> None:
        statement = {
            "Effect": "Allow",
            "Action": list(actions or ("logs:CreateLogStream", "logs:PutLogEvents")),
            "Resource": self.group.removesuffix("*") + f"log-stream:{stream}",
        }
        self.iam.put_role_policy(RoleName=self.name, PolicyName="write", PolicyDocument=document(statement))

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "Name": self.name,
            "S3BucketName": self.bucket,
            "SnsTopicName": self.name,
            "KmsKeyId": self.key,
            "CloudWatchLogsLogGroupArn": self.group,
            "CloudWatchLogsRoleArn": self.role,
            "EnableLogFileValidation": True,
        }

    def create(self, **changes: Any) -> dict[str, Any]:
        wanted = {name: value for name, value in (self.settings | changes).items() if value is not None}
        answer: dict[str, Any] = self.cloudtrail.create_trail(**wanted)
        self.undo.append(lambda: self.cloudtrail.delete_trail(Name=self.name))
        return answer

    def remove(self) -> None:
        for undo in self.undo:
            undo()
        self.iam.delete_role_policy(RoleName=self.name, PolicyName="write")
        self.iam.delete_role(RoleName=self.name)
        self.logs.delete_log_group(logGroupName=self.name)
        self.sns.delete_topic(TopicArn=self.topic)
        self.kms.schedule_key_deletion(KeyId=self.key, PendingWindowInDays=7)
        self.s3.delete_bucket_policy(Bucket=self.bucket)
        self.s3.delete_bucket(Bucket=self.bucket)


@contextmanager
def all_sinks(name: str) -> Iterator[Sinks]:
    made = Sinks(f"{name}-{uuid.uuid4().hex[:8]}")
    try:
        yield made
    finally:
        made.remove()
