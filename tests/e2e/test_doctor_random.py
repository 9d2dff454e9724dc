"""Nothing is found where nothing is broken: the doctor on 50 watches with valid inputs chosen at random."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from deployment import wait_for

COMMAND = str(Path(sys.executable).with_name("secretwatch"))
ACCOUNT = "730000000001"
ARN = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret"
SECRETS = ("production/database", "production/card", "staging/database", "token")
SEED = 20261125

ROOT = """
variable "watches" {
  type = any
}

module "secretwatch" {
  source = "../"

  kms_deletion_window_in_days = 7
  look_up_secrets             = true
  name                        = "any"
  topics = {
    one = { email_addresses = ["one@example.com"] }
    two = { email_addresses = ["two@example.com", "three@example.com"] }
  }
  trail   = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
  watches = jsondecode(var.watches)
}

output "watches" {
  value = module.secretwatch.watches
}
"""


def watch(dice: random.Random) -> dict[str, Any]:
    """A watch that the module takes."""
    outcome = dice.choice(("any", "any", "success", "denied"))
    periods = dice.randint(1, 3)
    made: dict[str, Any] = {
        "alarm": {
            "datapoints_to_alarm": dice.randint(1, periods),
            "evaluation_periods": periods,
            "ok_actions": dice.random() < 0.3,
            "period": dice.choice((60, 300, 900)),
            "threshold": dice.choice((1, 1, 1, 2, 20)),
            "treat_missing_data": dice.choice(("notBreaching", "notBreaching", "missing", "ignore")),
        },
        "events": dice.choice((["reads"], ["reads"], ["changes"], ["GetSecretValue"], ["reads", "changes"])),
        "outcome": outcome,
        "realtime": dice.random() < 0.2,
        "secrets": dice.choice(
            (["*"], ["production/*"], ["production/*", "token"], ["token"], ["staging/*"])
        ),
    }
    if outcome != "denied" and dice.random() < 0.4:
        made["except"] = [f"arn:aws:iam::{ACCOUNT}:role/app", f"arn:aws:iam::{ACCOUNT}:role/ci/*"]
        made["except_denied"] = dice.random() < 0.5
    if dice.random() < 0.5:
        made["topics"] = [dice.choice(("one", "two"))]
    return made


@pytest.fixture(scope="module")
def root(terraform: Any, aws: dict[str, str], local_cloud: Any) -> Iterator[Path]:
    dice = random.Random(SEED)
    watches = {f"w{number}": watch(dice) for number in range(50)}
    session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="x")
    secrets = session.client("secretsmanager")
    for name in SECRETS:
        secrets.create_secret(Name=name, SecretString="x")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
        patch.setenv("TF_VAR_watches", json.dumps(json.dumps(watches)))
        for name, value in terraform.env.items():
            patch.setenv(name, value)
        root = terraform.new_root("any-watches", ROOT)
        try:
            terraform.run(root, "apply", "-auto-approve")
            local_cloud.confirm()
            for name in SECRETS:
                secrets.get_secret_value(SecretId=name)
                secrets.put_secret_value(SecretId=name, SecretString="y")
            last = secrets.get_secret_value(SecretId="token")["ResponseMetadata"]["RequestId"]
            logs = session.client("logs")
            wait_for(
                "delivery",
                lambda: logs.filter_log_events(
                    logGroupName="/aws/cloudtrail/any", filterPattern=f'{{ $.requestID = "{last}" }}'
                )["events"],
            )
            yield root
        finally:
            terraform.run(root, "destroy", "-auto-approve")


def doctor(root: Path, key: str) -> dict[str, Any] | None:
    """What the doctor says of a watch; None while it cannot tell, since something is still on its way."""
    ended = subprocess.run(
        [COMMAND, "doctor", str(root), "--watch", key, "--json"],
        env=os.environ,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    found: dict[str, Any] = json.loads(ended.stdout)
    return None if ended.returncode == 3 else found


@pytest.mark.parametrize("number", range(50))
def test_a_healthy_watch_is_called_so(root: Path, number: int) -> None:
    found = wait_for("a verdict", lambda: doctor(root, f"w{number}"), seconds=60)
    assert found["broken"] == []
    assert found["result"] == "healthy"
