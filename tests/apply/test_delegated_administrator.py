"""A delegated administrator applies an organisation's trail, and a member's read rings there."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from accounts import new_account_id
from deployment import wait_for

pytestmark = pytest.mark.later

ROOT = """
variable "management_account_id" {
  type = string
}

variable "organization_id" {
  type = string
}

module "secretwatch" {
  source = "../"

  email_addresses             = []
  kms_deletion_window_in_days = 7
  name                        = "delegated"
  # What has tests of its own, and would take an apply a third longer.
  self_watch = { fast = false }
  # The provider would look at rules that let files expire for a minute; the example realtime has some.
  trail = {
    bucket_expiration_in_days = 0
    bucket_force_destroy      = true
    organization = {
      id                    = var.organization_id
      management_account_id = var.management_account_id
    }
  }
  watches = {
    production = { secrets = ["production/*"] }
  }
}
"""


def session(account_id: str) -> boto3.Session:
    return boto3.Session(aws_access_key_id=account_id, aws_secret_access_key="test")


def test_it_rings_for_a_member(terraform: Any, aws: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    management = new_account_id()
    organizations = session(management).client("organizations")
    made = organizations.create_organization(FeatureSet="ALL")
    organizations.enable_aws_service_access(ServicePrincipal="cloudtrail.amazonaws.com")
    delegate, member = (
        organizations.create_account(AccountName=name, Email=f"{name}@example.com")["CreateAccountStatus"][
            "AccountId"
        ]
        for name in ("delegate", "member")
    )
    session(management).client("cloudtrail").register_organization_delegated_admin(MemberAccountId=delegate)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", delegate)
    monkeypatch.setenv("TF_VAR_management_account_id", management)
    monkeypatch.setenv("TF_VAR_organization_id", made["Organization"]["Id"])

    root = terraform.new_root("delegated", ROOT)
    terraform.run(root, "apply", "-auto-approve")
    try:
        (trail,) = session(management).client("cloudtrail").list_trails()["Trails"]
        assert trail["TrailARN"].split(":")[4] == management
        terraform.run(root, "plan", "-detailed-exitcode")  # any change would be a failure
        cloudwatch = session(delegate).client("cloudwatch")
        (blind,) = cloudwatch.describe_alarms(AlarmNames=["delegated-blind"])["MetricAlarms"]
        assert trail["TrailARN"] in blind["AlarmDescription"]
        secrets = session(member).client("secretsmanager")
        secrets.create_secret(Name="production/db", SecretString="x")
        secrets.get_secret_value(SecretId="production/db")
        wait_for(
            "the alarm",
            lambda: cloudwatch.describe_alarms(StateValue="ALARM", AlarmNames=["delegated-production"])[
                "MetricAlarms"
            ],
        )
    finally:
        terraform.run(root, "destroy", "-auto-approve")
    assert session(management).client("cloudtrail").list_trails()["Trails"] == []
