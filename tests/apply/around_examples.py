"""What examples need in an account before they are applied, and what is in it afterwards."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import clients
from accounts import new_account_id

REPO = Path(__file__).parents[2]
WITNESS = "TF_VAR_witness_role_arn"
EXAMPLES = sorted(path.parent.name for path in (REPO / "examples").glob("*/main.tf"))


def left() -> dict[str, list[Any]]:
    """What exists in the account and the witness's, by kind; only keys outlive their deletion, as pending."""
    found = _left_in(boto3.client)
    if role := os.environ.get(WITNESS):
        there = _left_in(partial(clients.client, account_id=role.split(":")[4]))
        found |= {f"witness's {kind}": things for kind, things in there.items()}
    return found


def _left_in(client: Callable[[str], Any]) -> dict[str, list[Any]]:
    keys = client("kms")
    found = {
        "alarms": [each["AlarmName"] for each in client("cloudwatch").describe_alarms()["MetricAlarms"]],
        "buses": [each["Name"] for each in client("events").list_event_buses()["EventBuses"]],
        "chat channels": client("chatbot").describe_slack_channel_configurations()[
            "SlackChannelConfigurations"
        ],
        "buckets": [each["Name"] for each in client("s3").list_buckets()["Buckets"]],
        "dashboards": [
            each["DashboardName"] for each in client("cloudwatch").list_dashboards()["DashboardEntries"]
        ],
        "key aliases": [each["AliasName"] for each in keys.list_aliases()["Aliases"]],
        "keys": [
            key["KeyId"]
            for key in keys.list_keys()["Keys"]
            if keys.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] != "PendingDeletion"
        ],
        "policies": client("iam").list_policies(Scope="Local")["Policies"],
        "log groups": [each["arn"] for each in client("logs").describe_log_groups()["logGroups"]],
        "metric filters": [
            each["filterName"] for each in client("logs").describe_metric_filters()["metricFilters"]
        ],
        "queues": client("sqs").list_queues().get("QueueUrls", []),
        "roles": [each["Arn"] for each in client("iam").list_roles()["Roles"]],
        "rules": [each["Name"] for each in client("events").list_rules()["Rules"]],
        "secrets": [
            each["ARN"]
            for each in client("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"]
        ],
        "subscriptions": [
            each["SubscriptionArn"] for each in client("sns").list_subscriptions()["Subscriptions"]
        ],
        "state machines": client("stepfunctions").list_state_machines()["stateMachines"],
        "topics": [each["TopicArn"] for each in client("sns").list_topics()["Topics"]],
        "trails": [each["TrailARN"] for each in client("cloudtrail").describe_trails()["trailList"]],
    }
    return {kind: things for kind, things in found.items() if things}


################################################################################
# What has to be there before: the variables that tell the example
################################################################################


def a_trail(name: str = "somebodys") -> dict[str, str]:
    """Somebody else's trail, with a log group that it delivers to."""
    iam, logs, s3 = (boto3.client(name) for name in ("iam", "logs", "s3"))
    cloudtrail = boto3.client("cloudtrail")
    account = boto3.client("sts").get_caller_identity()["Account"]
    bucket_name = f"{name}-trail-{account}"
    s3.create_bucket(Bucket=bucket_name)
    allow = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    bucket = f"arn:aws:s3:::{bucket_name}"
    statements = [
        {**allow, "Action": "s3:GetBucketAcl", "Resource": bucket},
        {**allow, "Action": "s3:PutObject", "Resource": f"{bucket}/AWSLogs/{account}/*"},
    ]
    s3.put_bucket_policy(Bucket=bucket_name, Policy=policy(*statements))
    logs.create_log_group(logGroupName=name)
    role = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=policy({**allow, "Action": "sts:AssumeRole"})
    )
    write = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
    iam.put_role_policy(RoleName=name, PolicyName="write", PolicyDocument=policy(write))
    trail = cloudtrail.create_trail(
        Name=name,
        S3BucketName=bucket_name,
        IsMultiRegionTrail=True,
        CloudWatchLogsLogGroupArn=f"arn:aws:logs:us-east-1:{account}:log-group:{name}:*",
        CloudWatchLogsRoleArn=role["Role"]["Arn"],
    )
    cloudtrail.start_logging(Name=name)
    return {"log_group_name": name, "trail_arn": trail["TrailARN"]}


def an_applier() -> dict[str, str]:
    """The role that applies the example is made by the test."""
    account = boto3.client("sts").get_caller_identity()["Account"]
    return {"deployer_arn": f"arn:aws:iam::{account}:role/deployer"}


def every_way() -> dict[str, str]:
    """The pager, too, is the test's."""
    boto3.client("secretsmanager").create_secret(Name="payments/database", SecretString="x")
    return {
        **an_applier(),
        "slack_channel_id": "C07EZ1ABC23",
        "slack_workspace_id": "T07EA123LEP",
    }


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


def a_witness() -> dict[str, str]:
    """A role in another account, which Terraform may take."""
    watched = boto3.client("sts").get_caller_identity()["Account"]
    iam = clients.client("iam", new_account_id())
    trust = {"Effect": "Allow", "Principal": {"AWS": watched}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName="terraform", AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    every = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.put_role_policy(RoleName="terraform", PolicyName="all", PolicyDocument=policy(every))
    return {"witness_role_arn": role}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


BEFORE: dict[str, Callable[[], dict[str, str]]] = {
    "decoys": an_applier,
    "every-way": every_way,
    "existing-trail": a_trail,
    "many-secrets": tagged_secrets,
    "organization": an_organization,
    "witness": a_witness,
}
