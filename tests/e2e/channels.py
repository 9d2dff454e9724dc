"""An account with one watch and all three ways to hear of a read, made by boto3.

Alarm and realtime rule tell the topic `alerts`; the trail tells the topic `files` of its log files.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

import boto3
from accounts import new_account_id
from sinks import allow, document

REGION = "us-east-1"
ALL = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
VALUE = f"value-{uuid.uuid4()}"
# As the module's template is (modules/realtime/message.tf).
TEXT = """{"SECRET READ": <parameters>,
"Reader": <reader>,
"From": "<address>",
"When": "<time>",
"Event": <aws.events.event.json>}"""
PATHS = {
    "address": "$.detail.sourceIPAddress",
    "parameters": "$.detail.requestParameters",
    "reader": "$.detail.userIdentity",
    "time": "$.detail.eventTime",
}


class Channels:
    """The account. `facts` is what the module's output `watch` would say of it."""

    def __init__(self) -> None:
        self.id = new_account_id()
        self.session = boto3.Session(
            aws_access_key_id=self.id, aws_secret_access_key="test", region_name=REGION
        )
        self.sns, self.sqs = self.session.client("sns"), self.session.client("sqs")
        self.events, self.cloudtrail = self.session.client("events"), self.session.client("cloudtrail")
        self.bucket = f"trail-of-{self.id}"
        self.alerts, self.files = (f"arn:aws:sns:{REGION}:{self.id}:{name}" for name in ("alerts", "files"))
        self.secret = "payments/database"
        self.session.client("secretsmanager").create_secret(Name=self.secret, SecretString=VALUE)
        self._topics()
        self._trail()
        self._alarm()
        self._rule()
        self.facts: dict[str, Any] = {
            "name": "payments",
            "region": REGION,
            "account_id": self.id,
            "secrets": [self.secret],
            "trail_arn": f"arn:aws:cloudtrail:{REGION}:{self.id}:trail/payments",
            "trail_name": "payments",
            "bucket_name": self.bucket,
            "log_group_name": "payments",
            "metric_namespace": "payments",
            "metric_name": "reads",
            "alarm_name": "payments-secret-read",
            "topic_arn": self.alerts,
            "topic_arns": [self.alerts],
            "realtime": {"rule_names": ["reads"], "dead_letter_queue_url": None, "alarm_names": []},
            "notifications_topic_arn": self.files,
        }

    def leftovers(self) -> list[str]:
        """Queues and subscriptions in the account, which has none of its own."""
        subscriptions = self.sns.list_subscriptions()["Subscriptions"]
        return self.sqs.list_queues().get("QueueUrls", []) + [each["Endpoint"] for each in subscriptions]

    def remove(self) -> None:
        self.cloudtrail.delete_trail(Name="payments")

    def _topics(self) -> None:
        for arn, services in (
            (self.alerts, ("cloudwatch.amazonaws.com", "events.amazonaws.com")),
            (self.files, ("cloudtrail.amazonaws.com",)),
        ):
            self.sns.create_topic(Name=arn.rsplit(":", 1)[1])
            policy = document(*(allow("sns:Publish", arn, service) for service in services))
            self.sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)

    def _trail(self) -> None:
        s3, iam = self.session.client("s3"), self.session.client("iam")
        s3.create_bucket(Bucket=self.bucket)
        arn = f"arn:aws:s3:::{self.bucket}"
        policy = document(allow("s3:GetBucketAcl", arn), allow("s3:PutObject", f"{arn}/*"))
        s3.put_bucket_policy(Bucket=self.bucket, Policy=policy)
        self.session.client("logs").create_log_group(logGroupName="payments")
        trust = allow("sts:AssumeRole", "*")
        del trust["Resource"]
        iam.create_role(RoleName="deliver", AssumeRolePolicyDocument=document(trust))
        writes = {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": "*",
        }
        iam.put_role_policy(RoleName="deliver", PolicyName="write", PolicyDocument=document(writes))
        self.cloudtrail.create_trail(
            Name="payments",
            S3BucketName=self.bucket,
            SnsTopicName="files",
            CloudWatchLogsLogGroupArn=f"arn:aws:logs:{REGION}:{self.id}:log-group:payments:*",
            CloudWatchLogsRoleArn=f"arn:aws:iam::{self.id}:role/deliver",
        )
        self.cloudtrail.start_logging(Name="payments")

    def _alarm(self) -> None:
        self.session.client("logs").put_metric_filter(
            logGroupName="payments",
            filterName="reads",
            filterPattern='{ $.eventName = "GetSecretValue" }',
            metricTransformations=[
                {
                    "metricNamespace": "payments",
                    "metricName": "reads",
                    "metricValue": "1",
                    "defaultValue": 0.0,
                }
            ],
        )
        self.session.client("cloudwatch").put_metric_alarm(
            AlarmName="payments-secret-read",
            AlarmDescription="Somebody read a secret of payments.",
            AlarmActions=[self.alerts],
            Namespace="payments",
            MetricName="reads",
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
        )

    def _rule(self) -> None:
        pattern = {
            "source": ["aws.secretsmanager"],
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail": {"eventName": ["GetSecretValue"]},
        }
        self.events.put_rule(Name="reads", EventPattern=json.dumps(pattern), State=ALL)
        transformer = {"InputPathsMap": PATHS, "InputTemplate": TEXT}
        target = {"Id": "topic", "Arn": self.alerts, "InputTransformer": transformer}
        self.events.put_targets(Rule="reads", Targets=[target])
