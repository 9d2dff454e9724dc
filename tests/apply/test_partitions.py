"""China and GovCloud: what is planned there names nothing of the standard partition, and in China it rings.

https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from accounts import new_account_id

ROOT = """
variable "secret_value" {
  ephemeral = true
  type      = string
}

variable "realtime" {
  default = true
  type    = bool
}

data "aws_partition" "this" {}

module "secretwatch" {
  source = "../"

  heartbeat                   = {}
  kms_deletion_window_in_days = 7
  name                        = "elsewhere"
  secret                      = { name = "top", recovery_window_in_days = 0 }
  secret_value                = var.secret_value
  topics                      = { default = { email_addresses = ["ops@example.com"] } }
  trail = {
    bucket_expiration_in_days = 0
    bucket_force_destroy      = true
    notifications             = {}
  }
  watches = {
    top = {
      except   = ["arn:${data.aws_partition.this.partition}:iam::111122223333:role/app"]
      realtime = var.realtime
      secrets  = ["top"]
    }
  }
}

output "watch" {
  value = module.secretwatch.watch
}
"""

pytestmark = pytest.mark.later

COMMAND = Path(sys.executable).with_name("secretwatch")

# Service principals have one name everywhere, but for that of CloudWatch Logs.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
PRINCIPALS = {f"{name}.amazonaws.com" for name in ("cloudtrail", "cloudwatch", "events", "sns", "states")}
# What events say of a service is the same in every partition.
SOURCES = {
    f"{name}.amazonaws.com"
    for name in ("account", "iam", "kms", "logs", "monitoring", "organizations", "s3", "secretsmanager")
}


@pytest.fixture(scope="module")
def root(terraform: Any) -> Any:
    return terraform.new_root("partitions", ROOT)


@pytest.fixture(params=["cn-north-1", "us-gov-west-1"])
def region(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, aws: dict[str, str]) -> str:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", new_account_id()),
        ("AWS_REGION", request.param),
        ("AWS_DEFAULT_REGION", request.param),
        ("TF_VAR_secret_value", "coffee"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return str(request.param)


def test_nothing_names_the_standard_partition(terraform: Any, root: Path, region: str) -> None:
    terraform.run(root, "plan", f"-out={region}.plan")
    shown = json.loads(terraform.run(root, "show", "-json", f"{region}.plan"))
    planned = json.dumps([shown["planned_values"], shown["output_changes"]])
    assert not re.findall(r"arn:aws:[^\"\\]*", planned)
    assert "console.aws.amazon.com" not in planned
    domains = set(re.findall(r"[a-z0-9.-]+\.amazonaws\.com(?![a-z.])", planned))
    if region.startswith("cn-"):
        # Of the two names that Secrets Manager may have for KMS.
        domains.remove(f"secretsmanager.{region}.amazonaws.com")
        assert f"logs.{region}.amazonaws.com.cn" in planned
    else:
        domains -= {f"{service}.{region}.amazonaws.com" for service in ("logs", "secretsmanager")}
    assert domains <= PRINCIPALS | SOURCES


@pytest.mark.parametrize("region", ["cn-north-1"], indirect=True)
def test_it_rings_in_china(terraform: Any, root: Path, region: str, tmp_path: Path) -> None:
    # Without the queue of the fast path, for which the provider waits a minute.
    terraform.run(root, "apply", "-auto-approve", "-var=realtime=false")
    ended = subprocess.run(
        # Before a second plan, in which Terraform reads the secret.
        [COMMAND, "smoke", str(root), "--report", str(tmp_path / "report.json"), "--no-history"],
        env=os.environ | terraform.env,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "coffee" not in ended.stdout + ended.stderr
    # Any change would be a failure.
    terraform.run(root, "plan", "-detailed-exitcode", "-var=realtime=false")
