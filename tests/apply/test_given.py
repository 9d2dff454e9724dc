"""What is somebody else's: two instances live on it, and destroying them leaves it exactly as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from accounts import new_account_id
from around_examples import a_trail, policy
from botocore.exceptions import ClientError

from secretwatch.terraform import TerraformFailed

ROOT = """
variable "account" { type = string }
variable "key_arn" { type = string }
variable "log_group_name" { type = string }
variable "topic_arn" { type = string }
variable "trail_arn" { type = string }

# On a trail, a log group and a topic.
module "adopting" {
  source = "../"

  self_watch = { email_addresses = [] }

  name    = "pay"
  topics  = { theirs = { existing = { arn = var.topic_arn } } }
  watches = { eu = { secrets = ["prod/*"] } }

  trail = { existing = {
    arn            = var.trail_arn
    bucket_name    = "somebodys-trail-${var.account}"
    log_group_name = var.log_group_name
  } }
}

# In a bucket and with keys, beside it.
module "given" {
  source = "../"

  kms_keys = { topics = { arn = var.key_arn }, trail = { arn = var.key_arn } }
  name     = "pay-eu"
  self_watch = { email_addresses = [] }
  topics   = { mine = {}, theirs = { existing = { arn = var.topic_arn } } }
  trail    = { bucket = { name = "somebodys-archive-${var.account}" }, bucket_force_destroy = true }
  watches  = { db = { secrets = ["prod/*"] } }
}
"""


# What somebody makes who does not know of the second one.
SAME_NAME = """
variable "account" { type = string }
variable "key_arn" { type = string }

module "same" {
  source = "../"

  kms_keys = { topics = { arn = var.key_arn }, trail = { arn = var.key_arn } }
  name     = "pay-eu"
  topics   = { mine = { email_addresses = ["other@example.com"] } }
  trail    = { bucket = { name = "somebodys-archive-${var.account}" }, bucket_force_destroy = true }
  watches  = { db = { events = ["changes"], realtime = true, secrets = ["*"] } }
}
"""


@pytest.fixture
def account(aws: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """An account of its own: the local cloud takes a key of 12 digits as the account's id."""
    account_id = new_account_id()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", account_id)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it remembers the credentials that it was made with
    return account_id


def made_by_others(account: str) -> dict[str, str]:
    """A trail with its log group and bucket, an archive with a Bucket Key, a key, an encrypted topic."""
    variables = a_trail()
    s3, kms, sns = (boto3.client(name) for name in ("s3", "kms", "sns"))
    services = ["cloudtrail", "cloudwatch", "logs.us-east-1"]
    use: dict[str, Any] = {
        "Effect": "Allow",
        "Action": ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        "Principal": {"Service": [f"{service}.amazonaws.com" for service in services]},
        "Resource": "*",
    }
    own = {"Effect": "Allow", "Action": "kms:*", "Principal": {"AWS": account}, "Resource": "*"}
    key = kms.create_key(Policy=policy(own, use), Tags=[{"TagKey": "team", "TagValue": "keys"}])[
        "KeyMetadata"
    ]
    kms.create_alias(AliasName="alias/theirs", TargetKeyId=key["KeyId"])

    bucket = f"somebodys-archive-{account}"
    s3.create_bucket(Bucket=bucket)
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key["Arn"]}
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    write = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    arn = f"arn:aws:s3:::{bucket}"
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=policy(
            {**write, "Action": "s3:GetBucketAcl", "Resource": arn},
            {**write, "Action": "s3:PutObject", "Resource": f"{arn}/*"},
        ),
    )

    topic = sns.create_topic(Name="theirs", Attributes={"KmsMasterKeyId": key["Arn"]})["TopicArn"]
    publish = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
    }
    sns.set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=policy({**publish, "Resource": topic})
    )
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
    return {**variables, "account": account, "key_arn": key["Arn"], "topic_arn": topic}


def described(variables: dict[str, str]) -> dict[str, Any]:
    """All that AWS says of what the others made, but for what counts by itself."""
    trail, group, topic, key = (
        variables[name] for name in ("trail_arn", "log_group_name", "topic_arn", "key_arn")
    )
    cloudtrail, logs, s3, sns, kms, iam = (
        boto3.client(name) for name in ("cloudtrail", "logs", "s3", "sns", "kms", "iam")
    )

    def said(call: Callable[..., dict[str, Any]], **parameters: Any) -> Any:
        try:
            return {name: value for name, value in call(**parameters).items() if name != "ResponseMetadata"}
        except ClientError as error:
            return error.response["Error"]["Code"]

    (log_group,) = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    found = {
        "trail": said(cloudtrail.get_trail, Name=trail),
        "selectors": said(cloudtrail.get_event_selectors, TrailName=trail),
        "logging": cloudtrail.get_trail_status(Name=trail)["IsLogging"],
        "trail's tags": said(cloudtrail.list_tags, ResourceIdList=[trail]),
        "log group": log_group | {"storedBytes": 0, "metricFilterCount": 0},
        "metric filters": said(logs.describe_metric_filters, logGroupName=group),
        "subscription filters": said(logs.describe_subscription_filters, logGroupName=group),
        "log group's tags": said(logs.list_tags_for_resource, resourceArn=log_group["logGroupArn"]),
        "role": said(iam.get_role, RoleName="somebodys"),
        "role's policy": said(iam.get_role_policy, RoleName="somebodys", PolicyName="write"),
        "topic": said(sns.get_topic_attributes, TopicArn=topic),
        "subscriptions": said(sns.list_subscriptions_by_topic, TopicArn=topic),
        "topic's tags": said(sns.list_tags_for_resource, ResourceArn=topic),
        "key": said(kms.describe_key, KeyId=key),
        "key's policy": said(kms.get_key_policy, KeyId=key, PolicyName="default"),
        "key's rotation": said(kms.get_key_rotation_status, KeyId=key),
        "key's aliases": said(kms.list_aliases, KeyId=key),
        "key's grants": said(kms.list_grants, KeyId=key),
        "key's tags": said(kms.list_resource_tags, KeyId=key),
    }
    questions = (
        *("acl", "encryption", "lifecycle_configuration", "logging", "notification_configuration"),
        *("ownership_controls", "policy", "replication", "tagging", "versioning"),
    )
    for bucket in (f"somebodys-{which}-{variables['account']}" for which in ("trail", "archive")):
        found |= {
            f"{bucket}'s {what}": said(getattr(s3, f"get_bucket_{what}"), Bucket=bucket) for what in questions
        }
        found[f"{bucket}'s access block"] = said(s3.get_public_access_block, Bucket=bucket)
    return found


def parts() -> dict[str, Any]:
    """What the instances consist of that a call with the same name could change without being refused."""
    cloudwatch, logs, sns = (boto3.client(name) for name in ("cloudwatch", "logs", "sns"))
    topics = [each["TopicArn"] for each in sns.list_topics()["Topics"]]
    return {
        "alarms": [
            {key: value for key, value in each.items() if not key.startswith("State")}
            for each in cloudwatch.describe_alarms()["MetricAlarms"]
        ],
        "filters": logs.describe_metric_filters()["metricFilters"],
        "queues": boto3.client("sqs").list_queues().get("QueueUrls"),
        "rules": boto3.client("events").list_rules()["Rules"],
        "subscriptions": sns.list_subscriptions()["Subscriptions"],
        "topics": [sns.get_topic_attributes(TopicArn=topic)["Attributes"] for topic in topics],
    }


def another_of_the_same_name_is_refused_and_changes_nothing(terraform: Any) -> None:
    before = parts()
    root = terraform.new_root("same-name", SAME_NAME)
    with pytest.raises(TerraformFailed) as failed:
        terraform.run(root, "apply", "-auto-approve")
    assert "creating CloudWatch Logs Log Group (/aws/cloudtrail/pay-eu)" in failed.value.output
    assert "The specified log group already exists" in " ".join(failed.value.output.split())
    assert parts() == before
    terraform.run(root, "destroy", "-auto-approve")
    assert parts() == before


@pytest.mark.later
def test_destroying_leaves_it_as_it_was(
    terraform: Any, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = made_by_others(account)
    for variable, value in variables.items():
        monkeypatch.setenv(f"TF_VAR_{variable}", value)
    before = described(variables)
    root = terraform.new_root("given", ROOT)
    try:
        terraform.run(root, "apply", "-auto-approve")
        said = terraform.run(root, "plan", "-detailed-exitcode")  # any change would be a failure
        assert "Warning" not in said
        made = boto3.client("logs").describe_metric_filters(logGroupName=variables["log_group_name"])[
            "metricFilters"
        ]
        assert made
        another_of_the_same_name_is_refused_and_changes_nothing(terraform)
    finally:
        terraform.run(root, "destroy", "-auto-approve")
    after = described(variables)
    assert json.loads(json.dumps(after, default=str)) == json.loads(json.dumps(before, default=str))
