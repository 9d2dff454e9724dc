"""Every example: applied, planned again without a change, what it says checked, destroyed without a trace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

EXAMPLES = sorted(path.parent.name for path in (Path(__file__).parents[2] / "examples").glob("*/main.tf"))


@pytest.fixture
def account(aws: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """An account of its own, so that what is left in it is the example's: the local cloud takes a key of
    12 digits as the account's id."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111122223333")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it remembers the credentials that it was made with
    return "111122223333"


def left() -> dict[str, list[Any]]:
    """What exists in the account, by kind; only keys outlive their deletion, as pending."""
    keys = boto3.client("kms")
    found = {
        "alarms": boto3.client("cloudwatch").describe_alarms()["MetricAlarms"],
        "buckets": boto3.client("s3").list_buckets()["Buckets"],
        "key aliases": keys.list_aliases()["Aliases"],
        "keys": [
            key["KeyId"]
            for key in keys.list_keys()["Keys"]
            if keys.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] != "PendingDeletion"
        ],
        "log groups": boto3.client("logs").describe_log_groups()["logGroups"],
        "metric filters": boto3.client("logs").describe_metric_filters()["metricFilters"],
        "roles": boto3.client("iam").list_roles()["Roles"],
        "secrets": boto3.client("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"],
        "subscriptions": boto3.client("sns").list_subscriptions()["Subscriptions"],
        "topics": boto3.client("sns").list_topics()["Topics"],
        "trails": boto3.client("cloudtrail").describe_trails()["trailList"],
    }
    return {kind: things for kind, things in found.items() if things}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name: str, terraform: Any, local_cloud: Any, account: str) -> None:
    assert left() == {}
    example = terraform.example(name)
    terraform.run(example, "apply", "-auto-approve")
    try:
        terraform.run(example, "plan", "-detailed-exitcode")  # any change would be a failure
        watch = json.loads(terraform.run(example, "output", "-json", "watch"))
        check_facts(watch, account)
        assert_value_is_nowhere(example)
    finally:
        terraform.run(example, "destroy", "-auto-approve")
    assert left() == {}


def check_facts(watch: dict[str, Any], account: str) -> None:
    """What the output says is what the account has, and each hop leads to the next."""
    assert watch["account_id"] == account
    (alarm,) = boto3.client("cloudwatch").describe_alarms(AlarmNames=[watch["alarm_name"]])["MetricAlarms"]
    assert alarm["AlarmArn"] == watch["alarm_arn"]
    assert alarm["AlarmActions"] == [watch["topic_arn"]]
    assert (alarm["Namespace"], alarm["MetricName"]) == (watch["metric_namespace"], watch["metric_name"])
    assert (alarm["Statistic"], alarm["Period"]) == ("Sum", watch["alarm_period"])
    (metric_filter,) = boto3.client("logs").describe_metric_filters(
        logGroupName=watch["log_group_name"], filterNamePrefix=watch["metric_filter_name"]
    )["metricFilters"]
    assert metric_filter["filterPattern"] == watch["filter_pattern"]
    (transformation,) = metric_filter["metricTransformations"]
    assert (transformation["metricValue"], transformation["defaultValue"]) == ("1", 0.0)
    trail = boto3.client("cloudtrail").get_trail(Name=watch["trail_arn"])["Trail"]
    assert trail["S3BucketName"] == watch["bucket_name"]
    assert trail["CloudWatchLogsLogGroupArn"] == f"{watch['log_group_arn']}:*"
    assert trail["KmsKeyId"] == watch["kms_key_arn"]
    assert trail["IsMultiRegionTrail"]
    assert trail["LogFileValidationEnabled"]
    assert boto3.client("cloudtrail").get_trail_status(Name=watch["trail_arn"])["IsLogging"]


def assert_value_is_nowhere(example: Path) -> None:
    """The example's secret has a value on the cloud, and the state does not know it."""
    secret = boto3.client("secretsmanager").get_secret_value(SecretId="TopSecretInfo")["SecretString"]
    assert secret
    assert secret not in (example / "terraform.tfstate").read_text()
