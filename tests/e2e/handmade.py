"""Whole watches made by hand, without Terraform, in an account of their own: to be broken and mended.

The trail, its bucket, log group and role are shared; secret, filter, alarm, topic and rule are new each time.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import uuid
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
import pytest
from awscli.clidriver import create_clidriver
from botocore.exceptions import ClientError
from deployment import wait_for

from secretwatch import local

ACCOUNT = "666677778888"
REGION = "us-east-1"
GROUP = "/aws/cloudtrail/handmade"
ALL_EVENTS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


class Session:
    """An account's session in a region. Its clients are kept: each examination would make a dozen anew."""

    def __init__(self, region: str, account: str = ACCOUNT) -> None:
        self._session = boto3.Session(
            aws_access_key_id=account, aws_secret_access_key="test", region_name=region
        )
        self._clients: dict[tuple[Any, ...], Any] = {}

    def client(self, service: str, **settings: Any) -> Any:
        told = {name: vars(value) if name == "config" else value for name, value in settings.items()}
        key = (service, os.environ["AWS_ENDPOINT_URL"], repr(sorted(told.items())))
        if key not in self._clients:
            self._clients[key] = self._session.client(service, **settings)
        return self._clients[key]


@cache
def session(region: str = REGION) -> Session:
    """Kept, as what AWS's services are takes a while to read."""
    return Session(region)


def arn(service: str, resource: str, region: str = REGION) -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"


def document(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(service: str, action: str, resource: str | None = None) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": action}
    return statement | ({"Resource": resource} if resource else {})


def run_mend(mend: str) -> None:
    """Run the commands of a mend as somebody would who pastes them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
        patch.setenv("AWS_PAGER", "")
        for line in mend.split("\n"):
            words = shlex.split(line, comments=True)
            if words:
                assert words[0] == "aws", f"not a command that mends: {line}"
                code = _command_line().main(words[1:])
                assert code == 0, f"{code}: {line}"


@cache
def _command_line() -> Any:
    """The AWS CLI, kept: it reads what its commands are each time it is made."""
    return create_clidriver()


class Account:
    """The trail that all watches here share, as it has to be."""

    trail = "handmade"
    bucket = f"handmade-{ACCOUNT}"
    role = "handmade-to-logs"
    trail_arn = arn("cloudtrail", "trail/handmade")
    role_arn = f"arn:aws:iam::{ACCOUNT}:role/handmade-to-logs"

    def __init__(self) -> None:
        self.session = session()
        for service in ("cloudtrail", "cloudwatch", "events", "iam", "kms", "logs", "s3", "sns"):
            setattr(self, service, self.session.client(service))
        self.s3.create_bucket(Bucket=self.bucket)
        self.repair()

    def __getattr__(self, service: str) -> Any:
        raise AttributeError(service)

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "Name": self.trail,
            "S3BucketName": self.bucket,
            "IsMultiRegionTrail": True,
            "CloudWatchLogsLogGroupArn": arn("logs", f"log-group:{GROUP}:*"),
            "CloudWatchLogsRoleArn": self.role_arn,
        }

    def repair(self) -> None:
        """Whatever a test did to what is shared."""
        if not self.logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]:
            self.logs.create_log_group(logGroupName=GROUP)
        # A log group takes its metric filters with it.
        tamper = self.logs.describe_metric_filters(logGroupName=GROUP, filterNamePrefix="handmade-tamper")
        if not tamper["metricFilters"]:
            self._watch_the_watch()
        trust = document(allow("cloudtrail", "sts:AssumeRole"))
        if self.role not in {each["RoleName"] for each in self.iam.list_roles()["Roles"]}:
            self.iam.create_role(RoleName=self.role, AssumeRolePolicyDocument=trust)
        self.iam.update_assume_role_policy(RoleName=self.role, PolicyDocument=trust)
        writes = {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": arn("logs", f"log-group:{GROUP}:log-stream:{ACCOUNT}_CloudTrail_{REGION}*"),
        }
        self.iam.put_role_policy(RoleName=self.role, PolicyName="write", PolicyDocument=document(writes))
        bucket = f"arn:aws:s3:::{self.bucket}"
        self.s3.put_bucket_policy(
            Bucket=self.bucket,
            Policy=document(
                allow("cloudtrail", "s3:GetBucketAcl", bucket),
                allow("cloudtrail", "s3:PutObject", f"{bucket}/AWSLogs/{ACCOUNT}/*"),
            ),
        )
        if any(each["Name"] == self.trail for each in self.cloudtrail.list_trails()["Trails"]):
            self.cloudtrail.update_trail(**self.settings)
        else:
            self.cloudtrail.create_trail(**self.settings)
        self.cloudtrail.put_event_selectors(
            TrailName=self.trail, EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True}]
        )
        self.cloudtrail.start_logging(Name=self.trail)

    def _watch_the_watch(self) -> None:
        topic = self.sns.create_topic(Name="handmade-self-watch")["TopicArn"]
        self.logs.put_metric_filter(
            logGroupName=GROUP,
            filterName="handmade-tamper",
            filterPattern='{ $.eventName = "StopLogging" || $.eventName = "DeleteTrail" }',
            metricTransformations=[
                {"metricName": "tamper", "metricNamespace": "handmade", "metricValue": "1", "defaultValue": 0}
            ],
        )
        common: dict[str, Any] = {
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "AlarmActions": [topic],
        }
        self.cloudwatch.put_metric_alarm(
            AlarmName="handmade-tamper",
            Namespace="handmade",
            MetricName="tamper",
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
            **common,
        )
        self.cloudwatch.put_metric_alarm(
            AlarmName="handmade-blind",
            Namespace="AWS/Logs",
            MetricName="IncomingLogEvents",
            Dimensions=[{"Name": "LogGroupName", "Value": GROUP}],
            ComparisonOperator="LessThanThreshold",
            TreatMissingData="breaching",
            **common,
        )


@dataclass
class Handmade:
    """A watch of its own: every name in it is new."""

    account: Account
    cloud: local.LocalCloud

    def __post_init__(self) -> None:
        self.name = f"w-{uuid.uuid4().hex[:10]}"
        self.pattern = self.pattern_of("GetSecretValue")
        self.alarm_name = f"{self.name}-secret-read"
        self.namespace, self.metric = f"handmade/{self.name}", "secret-reads"
        self.topic = arn("sns", self.name)
        self.region = REGION
        a = self.account
        self.secret_arn = a.session.client("secretsmanager").create_secret(
            Name=self.name, SecretString=uuid.uuid4().hex
        )["ARN"]
        self.put_filter()
        a.sns.create_topic(Name=self.name)
        self.topic_policy("cloudwatch", "events")
        a.sns.subscribe(TopicArn=self.topic, Protocol="email", Endpoint=self.address)
        self.cloud.confirm()
        self.put_alarm()
        self.put_rule()

    @property
    def address(self) -> str:
        return f"{self.name}@example.com"

    def settle(self) -> None:
        """All that was called so far has arrived, and the alarms have seen it."""
        if self.cloud.hold():
            self.cloud.release()
        self.cloud.tick()

    def remove(self) -> None:
        """What each event would be matched with and each tick evaluate, while the next watch is tried."""
        account = self.account
        for remove in (
            lambda: account.cloudwatch.delete_alarms(AlarmNames=[self.alarm_name]),
            self.delete_filter,
            lambda: account.events.remove_targets(Rule=self.name, Ids=["topic"]),
            lambda: account.events.delete_rule(Name=self.name),
        ):
            # A test may have removed it.
            with contextlib.suppress(ClientError):
                remove()

    def pattern_of(self, event_name: str) -> str:
        return (
            f'{{ $.eventName = "{event_name}" && ($.requestParameters.secretId = "{self.name}" || '
            f'$.requestParameters.secretId = "arn:*:secret:{self.name}*") }}'
        )

    def put_filter(self, pattern: str | None = None, **changes: Any) -> None:
        transformation = {
            "metricName": self.metric,
            "metricNamespace": self.namespace,
            "metricValue": "1",
            "defaultValue": 0,
        } | changes
        self.account.logs.put_metric_filter(
            logGroupName=GROUP,
            filterName=self.name,
            filterPattern=self.pattern if pattern is None else pattern,
            metricTransformations=[
                {key: value for key, value in transformation.items() if value is not None}
            ],
        )

    def delete_filter(self) -> None:
        self.account.logs.delete_metric_filter(logGroupName=GROUP, filterName=self.name)

    def put_alarm(self, **changes: Any) -> None:
        self.account.cloudwatch.put_metric_alarm(
            **{
                "AlarmName": self.alarm_name,
                "Namespace": self.namespace,
                "MetricName": self.metric,
                "Statistic": "Sum",
                "Period": 300,
                "EvaluationPeriods": 1,
                "Threshold": 1,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                "TreatMissingData": "notBreaching",
                "AlarmActions": [self.topic],
                **changes,
            }
        )

    def topic_policy(self, *services: str) -> None:
        statements = [allow(service, "sns:Publish", self.topic) for service in services]
        statements.append(
            {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sns:*", "Resource": self.topic}
        )
        self.set_topic("Policy", document(*statements))

    def set_topic(self, name: str, value: str) -> None:
        self.account.sns.set_topic_attributes(TopicArn=self.topic, AttributeName=name, AttributeValue=value)

    def subscription(self) -> str:
        (found,) = self.account.sns.list_subscriptions_by_topic(TopicArn=self.topic)["Subscriptions"]
        return str(found["SubscriptionArn"])

    def put_rule(self, state: str = ALL_EVENTS, **detail: Any) -> None:
        pattern = {
            "source": ["aws.secretsmanager"],
            "detail": {"eventName": ["GetSecretValue"], "requestParameters": {"secretId": self.ids}} | detail,
        }
        self.account.events.put_rule(Name=self.name, State=state, EventPattern=json.dumps(pattern))
        self.account.events.put_targets(Rule=self.name, Targets=[{"Id": "topic", "Arn": self.topic}])

    @property
    def ids(self) -> list[Any]:
        return [self.name, self.secret_arn]

    @property
    def facts(self) -> dict[str, Any]:
        """As the module's output `watch` has them."""
        return {
            "name": self.name,
            "region": self.region,
            "account_id": ACCOUNT,
            "log_group_name": GROUP,
            "metric_namespace": self.namespace,
            "metric_name": self.metric,
            "metric_filter_names": [self.name],
            "filter_patterns": [self.pattern],
            "alarm_name": self.alarm_name,
            "secrets": [self.name],
            "secret_arn": self.secret_arn,
            "trail_arn": self.account.trail_arn,
            "topic_arns": [self.topic],
            "realtime": {"rule_names": [self.name]},
        }

    def read(self, by: str | None = None, region: str = REGION) -> str:
        """Read the secret, and let that arrive; the request's id."""
        client = session(region).client("secretsmanager")
        answer = client.get_secret_value(SecretId=by or self.name)
        self.settle()
        return str(answer["ResponseMetadata"]["RequestId"])

    def alarm_mails(self) -> list[dict[str, Any]]:
        return [
            each for each in self.cloud.inbox() if f'ALARM: "{self.alarm_name}"' in str(each.get("subject"))
        ]

    def fast_mails(self) -> list[dict[str, Any]]:
        return [
            each
            for each in self.cloud.inbox()
            if each.get("topic_arn") == self.topic
            and '"detail-type":"AWS API Call via CloudTrail"' in str(each.get("body")).replace(": ", ":")
        ]

    def rings(self, by: str | None = None, region: str = REGION, *, fast: bool = False) -> None:
        """A read now rings: its alarm's mail arrives (fast: the rule's message)."""
        mails = self.fast_mails if fast else self.alarm_mails
        before = len(mails())
        alarms = self.account.cloudwatch.describe_alarms(AlarmNames=[self.alarm_name])["MetricAlarms"]
        if alarms[0]["StateValue"] == "ALARM":
            # An earlier read, of which nobody was told, may have set it: let it pass out of sight.
            self.cloud.tick(16)
        self.read(by, region)
        wait_for(f"a mail of {self.name}", lambda: len(mails()) > before, seconds=15)
