"""The doctor where Terraform's state holds the fault: a refresh has found it, or an apply failed midway."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from accounts import new_account_id
from commands import Runner

from secretwatch.cli.doctor import doctor
from secretwatch.local import LocalCloud

pytestmark = pytest.mark.later

ROOT = """
variable "more" {
  default = {}
  type    = any
}

module "secretwatch" {
  source = "../"

  email_addresses             = ["ops@example.com"]
  kms_deletion_window_in_days = 7
  name                        = "meant"
  self_watch                  = { fast = false }
  trail                       = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
  watches = merge({
    one = { secrets = ["one"] }
    two = { secrets = ["two"] }
  }, var.more)
}

output "watches" {
  value = module.secretwatch.watches
}
"""


@dataclass
class Applied:
    root: Path
    terraform: Any
    env: dict[str, str]

    def doctor(self, *arguments: str, answers: str = "", **variables: str) -> tuple[int, dict[str, Any]]:
        """Exit code and JSON, with the whole environment that whoever applied it has."""
        given = {f"TF_VAR_{name}": value for name, value in variables.items()}
        done = Runner().invoke(
            doctor, [str(self.root), "--json", *arguments], input=answers, env=self.env | given
        )
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, json.loads(done.stdout[done.stdout.index("{") :])

    def run(self, *arguments: str) -> None:
        self.terraform.run(self.root, *arguments)


@pytest.fixture(scope="module")
def account(local_cloud: LocalCloud) -> Iterator[str]:
    account = new_account_id()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", account)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        yield account


@pytest.fixture(scope="module")
def there(terraform: Any, aws: dict[str, str], local_cloud: LocalCloud, account: str) -> Applied:
    for name in ("one", "two"):
        boto3.client("secretsmanager").create_secret(Name=name, SecretString="x")
    root = terraform.new_root("meant", ROOT)
    terraform.run(root, "apply", "-auto-approve")
    local_cloud.confirm()
    return Applied(root, terraform, dict(os.environ) | terraform.env_of_run())


def causes(found: dict[str, Any]) -> set[tuple[str, str]]:
    return {(each["hop"], each["cause"]) for one in found.get("watches", [found]) for each in one["broken"]}


def test_what_is_applied_and_configured_is_healthy(there: Applied) -> None:
    code, found = there.doctor()
    assert (code, causes(found), found["notes"]) == (0, set(), [])
    assert {each["intent"] for each in found["watches"]} == {"as configured"}


def test_a_fault_in_the_state_is_found_and_mended_in_all_watches(there: Applied) -> None:
    cloudwatch, logs = boto3.client("cloudwatch"), boto3.client("logs")
    cloudwatch.disable_alarm_actions(AlarmNames=["meant-one"])
    (of_two,) = logs.describe_metric_filters(filterNamePrefix="meant-two")["metricFilters"]
    logs.put_metric_filter(
        logGroupName=of_two["logGroupName"],
        filterName=of_two["filterName"],
        filterPattern=of_two["filterPattern"].replace("GetSecretValue", "GetSecretvalue"),
        metricTransformations=of_two["metricTransformations"],
    )
    before = causes(there.doctor()[1])
    assert {hop for hop, _ in before} == {"alarm", "filter"}
    there.run("apply", "-refresh-only", "-auto-approve")
    code, found = there.doctor()
    assert code == 1
    assert causes(found) == before
    mends = " ".join(each["mend"] for one in found["watches"] for each in one["broken"])
    assert "would put right" in mends
    notes = " ".join(note for one in found["watches"] for note in one["notes"])
    assert "aws_cloudwatch_metric_alarm.this" in notes
    # All of it at once.
    assert len(found["plan"]) == 2
    code, found = there.doctor("--mend", answers="y\n")
    assert (code, causes(found)) == (0, set())
    # The state has still to learn of it.
    assert there.doctor()[0] == 0
    there.run("apply", "-refresh-only", "-auto-approve")
    there.run("plan", "-detailed-exitcode")


def test_what_is_edited_and_not_applied_is_said(there: Applied) -> None:
    code, found = there.doctor(more=json.dumps({"three": {"secrets": ["three"]}}))
    assert code == 0
    assert code == 0
    notes = " ".join(note for one in found["watches"] for note in one["notes"])
    assert "has changed since the last apply" in notes
    assert "Not applied yet, and not examined: three" in notes


def test_without_a_plan_the_state_is_asked_and_that_is_said(there: Applied) -> None:
    code, found = there.doctor(more="{")
    assert code == 0
    assert code == 0
    assert "`terraform plan` could not be made" in found["notes"][0]
    assert {each["intent"] for each in found["watches"]} == {"as applied"}
