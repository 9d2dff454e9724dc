"""Each example from its first apply to its end, as somebody who keeps it would live with it. Minutes each:

    scripts/test -m slow tests/apply/test_example_lives.py

Applied without `bucket_force_destroy`, so that destroying it takes the documented way. A read is followed
with delivery held until it is waited for, then one secret more is watched.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from accounts import new_account_id
from around_examples import BEFORE, EXAMPLES, left
from deployment import wait_for

from secretwatch import local
from secretwatch.terraform import TerraformFailed

pytestmark = pytest.mark.slow

COMMAND = Path(sys.executable).with_name("secretwatch")
SECOND = "second/secret"

# What reads are followed of, with what names it to the smoke test.
SMOKE = {
    "decoys": ["--secret", "prod/stripe-live"],
    "existing-trail": ["--secret", "payments/card"],
    "many-secrets": ["--secret", "service-0"],
    "organization": ["--secret", "production/db"],
    "quickstart": [],
    "realtime": ["--path", "both", "--prove-delivery"],
    "severities": ["--watch", "production", "--secret", "production/db"],
    "witness": ["--secret", "production/db"],
}
DECOYS = "{ for name, decoy in module.decoy : name => decoy.arn }"
# What is written to watch a second secret, of this ARN.
MORE: dict[str, Callable[[str, str], str]] = {
    "decoys": lambda text, arn: text.replace(DECOYS, f'merge({DECOYS}, {{ "{SECOND}" = "{arn}" }})'),
    "existing-trail": lambda text, arn: text.replace('["payments/*"]', f'["payments/*", "{SECOND}"]'),
    "many-secrets": lambda text, arn: text,  # a tag adds it
    "organization": lambda text, arn: text.replace('["production/*"]', '["production/*", "second/*"]'),
    "quickstart": lambda text, arn: text.replace("  secret = {", f'  secrets = ["{arn}"]\n  secret = {{', 1),
    "realtime": lambda text, arn: text.replace('["TopSecretInfo"]', f'["TopSecretInfo", "{arn}"]'),
    "severities": lambda text, arn: text.replace('["production/*"]', f'["production/*", "{arn}"]'),
    "witness": lambda text, arn: text.replace('["production/*"]', f'["production/*", "{arn}"]'),
}
WATCH = {"decoys": "decoys", "severities": "production", "organization": "production", "realtime": "coffee"}


@pytest.fixture
def account(aws: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    account_id = new_account_id()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", account_id)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return account_id


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_life(
    name: str,
    terraform: Any,
    local_cloud: local.LocalCloud,
    account: str,
    held_delivery: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable, value in BEFORE.get(name, dict)().items():
        monkeypatch.setenv(f"TF_VAR_{variable}", value)
    secrets = boto3.client("secretsmanager")
    for option, secret in zip(SMOKE[name], SMOKE[name][1:], strict=False):
        if option == "--secret" and not secret.startswith("service-") and name != "decoys":
            secrets.create_secret(Name=secret, SecretString="3 coffees")
    before = left()
    text = (terraform.examples / name / "main.tf").read_text().replace("../..", "../")
    text = re.sub(r"(bucket_force_destroy\s+=) true", r"\1 var.destroyable", text)
    guarded = "var.destroyable" in text
    text += 'variable "destroyable" {\n  default = false\n}\n' if guarded else ""
    root = terraform.new_root(f"life-{name}", text)

    terraform.run(root, "apply", "-auto-approve")
    follow_a_read(root, name, terraform, held_delivery)
    terraform.run(root, "plan", "-detailed-exitcode")  # any change would be a failure

    tags = [{"Key": "watched", "Value": ""}] if name == "many-secrets" else []
    arn = secrets.create_secret(Name=SECOND, SecretString="3 coffees", Tags=tags)["ARN"]
    (root / "main.tf").write_text(MORE[name](text, arn))
    terraform.run(root, "apply", "-auto-approve")
    terraform.run(root, "plan", "-detailed-exitcode")
    metric = f"{_instance(text)}-{WATCH[name]}" if name in WATCH else f"{_instance(text)}-secret-reads"
    counted = reads(_instance(text), metric)
    secrets.get_secret_value(SecretId=SECOND)
    wait_for("the second secret's read", lambda: reads(_instance(text), metric) > counted)
    secrets.delete_secret(SecretId=SECOND, ForceDeleteWithoutRecovery=True)

    if guarded:
        destroy_what_is_guarded(root, terraform)
    else:
        terraform.run(root, "destroy", "-auto-approve")
    assert left() == before


def follow_a_read(root: Path, name: str, terraform: Any, held_delivery: Any) -> None:
    """The smoke test passes, and not before what it read has arrived."""
    held = held_delivery("trail", "events")
    smoke = subprocess.Popen(
        [COMMAND, "smoke", str(root), "--no-history", "--timeout", "120", *SMOKE[name]],
        env=os.environ | terraform.env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    wait_for("the smoke test's read", lambda: any_read(smoke), seconds=60)
    assert smoke.poll() is None
    held.release(reordered=True)
    said, _ = smoke.communicate(timeout=180)
    assert smoke.returncode == 0, said
    assert "coffees" not in said


def any_read(smoke: subprocess.Popen[str]) -> bool:
    """Whether the smoke test has read: the history is not held."""
    assert smoke.poll() is None, smoke.communicate()[0]
    return any(
        "secretwatch" in event["CloudTrailEvent"]
        for event in boto3.client("cloudtrail").lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "GetSecretValue"}],
            StartTime=datetime.now(UTC) - timedelta(minutes=1),
        )["Events"]
    )


def reads(instance: str, metric: str) -> float:
    now = datetime.now(UTC)
    points = boto3.client("cloudwatch").get_metric_statistics(
        Namespace=f"secretwatch/{instance}",
        MetricName=metric,
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points))


def _instance(text: str) -> str:
    found = re.search(r'^  name +=  *"([a-z]+)"', text, re.MULTILINE)
    return found[1] if found else "organization"


def destroy_what_is_guarded(root: Path, terraform: Any) -> None:
    """As docs/second-day/leave.md has it; before, nothing goes."""
    refused(terraform, root, "destroy")
    assert boto3.client("cloudtrail").describe_trails()["trailList"]
    refused(terraform, root, "apply", "-var=destroyable=true")
    terraform.run(root, "state", "rm", "module.secretwatch.module.trail[0].terraform_data.evidence")
    terraform.run(root, "apply", "-auto-approve", "-var=destroyable=true")
    terraform.run(root, "destroy", "-auto-approve", "-var=destroyable=true")


def refused(terraform: Any, root: Path, *arguments: str) -> None:
    with pytest.raises(TerraformFailed) as failed:
        terraform.run(root, *arguments, "-auto-approve")
    assert "prevent_destroy" in failed.value.output
