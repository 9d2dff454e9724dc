"""CloudTrail's own notifications: applied, and planned again without a change."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

pytestmark = pytest.mark.later

ROOT = """
module "secretwatch" {
  source = "../"

  email_addresses = []
  name            = "noted"
  # What has tests of its own, and would take an apply a third longer.
  self_watch = { fast = false }
  secrets         = ["db"]
  # The provider would look at rules that let files expire for a minute; the example realtime has some.
  trail = { bucket_expiration_in_days = 0, bucket_force_destroy = true, notifications = {} }
}
"""


def test_a_plan_with_notifications_is_empty(terraform: Any, aws: dict[str, str]) -> None:
    root = terraform.new_root("notifications", ROOT)
    terraform.run(root, "apply", "-auto-approve")
    try:
        (trail,) = boto3.client("cloudtrail").describe_trails(trailNameList=["noted"])["trailList"]
        assert trail["SnsTopicName"] == "noted-log-files"
        assert trail["SnsTopicARN"].endswith(":noted-log-files")
        terraform.run(root, "plan", "-detailed-exitcode")  # any change would be a failure
    finally:
        terraform.run(root, "destroy", "-auto-approve")
