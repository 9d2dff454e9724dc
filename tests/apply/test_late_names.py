"""An instance that waits for something else (`depends_on`) keeps its evidence when that is changed.

Account and region are then read in the apply, and a plan does not know the names that they are part of.
"""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from accounts import new_account_id
from deployment import wait_for

pytestmark = pytest.mark.slow

ROOT = """
variable "tag" { default = "one" }

resource "aws_sns_topic" "x" {
  name = "x"
  tags = { changed = var.tag }
}

module "all" {
  source = "../"

  email_addresses = ["ops@example.com"]
  name            = "all"
  secrets         = ["*"]
  self_watch      = { tampering = false }
  trail           = { bucket_expiration_in_days = 0, bucket_force_destroy = true }

  depends_on = [aws_sns_topic.x]
}

module "kept" {
  source = "../"

  email_addresses = ["ops@example.com"]
  name            = "kept"
  secrets         = ["*"]
  trail           = { bucket_expiration_in_days = 0 }

  depends_on = [aws_sns_topic.x]
}
"""


def evidence() -> dict[str, Any]:
    """What there is that must not be made anew, and all log files."""
    s3, logs, sns = (boto3.client(name) for name in ("s3", "logs", "sns"))
    buckets = s3.list_buckets()["Buckets"]
    return {
        "buckets": {each["Name"]: each["CreationDate"] for each in buckets},
        "groups": {each["arn"]: each["creationTime"] for each in logs.describe_log_groups()["logGroups"]},
        "roles": {each["RoleName"]: each["RoleId"] for each in boto3.client("iam").list_roles()["Roles"]},
        "subscriptions": {each["SubscriptionArn"] for each in sns.list_subscriptions()["Subscriptions"]},
        "keys": {each["KeyId"] for each in boto3.client("kms").list_keys()["Keys"]},
        "files": {
            item["Key"]
            for bucket in buckets
            for item in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", [])
        },
    }


def test_a_tag_elsewhere_replaces_nothing(
    terraform: Any, aws: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", new_account_id())
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    root = terraform.new_root("late-names", ROOT)
    terraform.run(root, "apply", "-auto-approve")
    wait_for("a log file", lambda: evidence()["files"])
    before = evidence()
    assert (len(before["buckets"]), len(before["groups"]), len(before["roles"])) == (2, 2, 2)

    terraform.run(root, "plan", "-var=tag=two", "-out=two.tfplan")
    shown = terraform.run(root, "show", "-json", "two.tfplan")
    changes = json.loads(shown[shown.index("{") :])["resource_changes"]
    assert [each["address"] for each in changes if "delete" in each["change"]["actions"]] == []
    terraform.run(root, "apply", "two.tfplan")

    after = evidence()
    files = before.pop("files")
    assert files <= after.pop("files")
    assert after == before
    terraform.run(root, "plan", "-detailed-exitcode", "-var=tag=two")


RENAMED = """
variable "name" { default = "one" }

module "secretwatch" {
  source = "../"

  email_addresses             = ["ops@example.com"]
  kms_deletion_window_in_days = 7
  name                        = var.name
  secrets                     = ["*"]
  trail                       = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
}
"""


def test_what_nothing_guards_can_be_renamed(
    terraform: Any, aws: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", new_account_id())
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    root = terraform.new_root("renamed", RENAMED)
    terraform.run(root, "apply", "-auto-approve")
    terraform.run(root, "apply", "-auto-approve", "-var=name=two")
    terraform.run(root, "plan", "-detailed-exitcode", "-var=name=two")
    made = evidence()
    assert [name.partition("-")[0] for name in (*made["buckets"], *made["roles"])] == ["two", "two"]
    (trail,) = boto3.client("cloudtrail").describe_trails()["trailList"]
    assert trail["S3BucketName"] in made["buckets"]
