"""Two plans for all of these tests: the quickstart, and a root module with two instances side by side."""

from __future__ import annotations

import tempfile
from typing import Any

import pytest
import tftest

ACCOUNT = "000000000000"
REGION = "us-east-1"
VALUE = "hunter2-is-not-written-down"

INSTANCES = """
variable "secret_value" {
  ephemeral = true
  type      = string
}

resource "aws_kms_key" "given" {}

# Everything left as it is by default.
module "one" {
  source = "../"

  email_addresses = ["ops@example.com", "sec@example.com"]
  name            = "one"
  secret          = { name = "team/db.main+a", value_version = 7 }
  secret_value    = var.secret_value
}

# Everything given.
module "two" {
  source = "../"

  alarm = {
    datapoints_to_alarm = 2
    evaluation_periods  = 3
    period              = 60
    threshold           = 5
    treat_missing_data  = "ignore"
  }
  email_addresses             = []
  kms_deletion_window_in_days = 7
  name                        = "two"
  secret = {
    kms_key       = { arn = aws_kms_key.given.arn }
    name          = "api-key"
    value_version = 0
  }
  secrets = [
    "arn:aws:secretsmanager:eu-west-1:000000000000:secret:db-AbCdEf",
    "rds!cluster-1",
  ]
  tags  = { team = "red" }
  trail = { bucket_expiration_in_days = 0, bucket_force_destroy = true, log_retention_in_days = 7 }
}

# A name in the longest region, with the longest secrets that the pattern holds.
module "long" {
  source = "../"

  email_addresses = []
  name            = "a23456789-b23456789-c23456789-d2"
  secrets         = ["LONG"]
}

output "one" {
  value = module.one.watch
}

output "two" {
  value = module.two.watch
}
"""


class Plan:
    """Resources (with their type) and outputs of a plan, as far as they are known before apply."""

    def __init__(self, plan: Any) -> None:
        self.raw = plan
        self.outputs = {name: change["after"] for name, change in plan.output_changes.items()}
        self.resources = {
            address: change["change"]["after"] | {"type": change["type"]}
            for address, change in plan.resource_changes.items()
            if change["mode"] == "managed"
        }

    def of(self, module: str) -> dict[str, Any]:
        """Resources of a module and those within it, their addresses shortened by the module's."""
        prefix = f"module.{module}."
        return {
            address.removeprefix(prefix): values
            for address, values in self.resources.items()
            if address.startswith(prefix)
        }


def plan_of(terraform: Any, root: Any) -> Plan:
    test = tftest.TerraformTest(
        str(root), binary=terraform.binary, env=terraform.env | {"TF_VAR_secret_value": VALUE}
    )
    with pytest.MonkeyPatch.context() as patch:
        # tftest leaves its plan file where temporary files go.
        patch.setattr(tempfile, "tempdir", str(root))
        return Plan(test.plan(output=True))


@pytest.fixture(scope="session")
def quickstart(terraform: Any, aws: dict[str, str]) -> Plan:
    return plan_of(terraform, terraform.example("quickstart"))


@pytest.fixture(scope="session")
def instances(terraform: Any, aws: dict[str, str]) -> Plan:
    longest = "x" * 96
    return plan_of(terraform, terraform.new_root("instances", INSTANCES.replace("LONG", longest)))
