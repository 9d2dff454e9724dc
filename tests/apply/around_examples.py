"""What examples need in an account before they are applied, and what is in it afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

REPO = Path(__file__).parents[2]
EXAMPLES = sorted(path.parent.name for path in (REPO / "examples").glob("*/main.tf"))


def left() -> dict[str, list[Any]]:
    """What exists in the account, by kind; only keys outlive their deletion, as pending."""
    keys = boto3.client("kms")
    found = {
        "alarms": [
            each["AlarmName"] for each in boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
        ],
        "buckets": [each["Name"] for each in boto3.client("s3").list_buckets()["Buckets"]],
        "key aliases": [each["AliasName"] for each in keys.list_aliases()["Aliases"]],
        "keys": [
            key["KeyId"]
            for key in keys.list_keys()["Keys"]
            if keys.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] != "PendingDeletion"
        ],
        "log groups": [each["arn"] for each in boto3.client("logs").describe_log_groups()["logGroups"]],
        "metric filters": [
            each["filterName"] for each in boto3.client("logs").describe_metric_filters()["metricFilters"]
        ],
        "queues": boto3.client("sqs").list_queues().get("QueueUrls", []),
        "roles": [each["Arn"] for each in boto3.client("iam").list_roles()["Roles"]],
        "rules": [each["Name"] for each in boto3.client("events").list_rules()["Rules"]],
        "secrets": [
            each["ARN"]
            for each in boto3.client("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"]
        ],
        "subscriptions": [
            each["SubscriptionArn"] for each in boto3.client("sns").list_subscriptions()["Subscriptions"]
        ],
        "topics": [each["TopicArn"] for each in boto3.client("sns").list_topics()["Topics"]],
        "trails": [each["TrailARN"] for each in boto3.client("cloudtrail").describe_trails()["trailList"]],
    }
    return {kind: things for kind, things in found.items() if things}


################################################################################
# What has to be there before: the variables that tell the example
################################################################################


def a_trail() -> dict[str, str]:
    """Somebody else's trail, with a log group that it delivers to."""
    iam, logs, s3 = (boto3.client(name) for name in ("iam", "logs", "s3"))
    cloudtrail = boto3.client("cloudtrail")
    account = boto3.client("sts").get_caller_identity()["Account"]
    name = f"somebodys-trail-{account}"
    s3.create_bucket(Bucket=name)
    allow = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    bucket = f"arn:aws:s3:::{name}"
    statements = [
        {**allow, "Action": "s3:GetBucketAcl", "Resource": bucket},
        {**allow, "Action": "s3:PutObject", "Resource": f"{bucket}/AWSLogs/{account}/*"},
    ]
    s3.put_bucket_policy(Bucket=name, Policy=policy(*statements))
    logs.create_log_group(logGroupName="somebodys")
    role = iam.create_role(
        RoleName="somebodys", AssumeRolePolicyDocument=policy({**allow, "Action": "sts:AssumeRole"})
    )
    write = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
    iam.put_role_policy(RoleName="somebodys", PolicyName="write", PolicyDocument=policy(write))
    trail = cloudtrail.create_trail(
        Name="somebodys",
        S3BucketName=name,
        IsMultiRegionTrail=True,
        CloudWatchLogsLogGroupArn=f"arn:aws:logs:us-east-1:{account}:log-group:somebodys:*",
        CloudWatchLogsRoleArn=role["Role"]["Arn"],
    )
    cloudtrail.start_logging(Name="somebodys")
    return {"log_group_name": "somebodys", "trail_arn": trail["TrailARN"]}


def tagged_secrets() -> dict[str, str]:
    for number in range(12):
        boto3.client("secretsmanager").create_secret(
            Name=f"service-{number}", SecretString="x", Tags=[{"Key": "watched", "Value": ""}]
        )
    return {}


def an_organization() -> dict[str, str]:
    organizations = boto3.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    organizations.enable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")
    made = organizations.create_account(AccountName="log archive", Email="archive@example.com")
    return {"log_archive_account_id": made["CreateAccountStatus"]["AccountId"]}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


BEFORE: dict[str, Callable[[], dict[str, str]]] = {
    "existing-trail": a_trail,
    "many-secrets": tagged_secrets,
    "organization": an_organization,
}
