"""The smoke test against the local cloud, as an operator runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from deployment import Deployment, alarm_name

COMMAND = Path(sys.executable).with_name("secretwatch")

# A root that has nothing but the output that the smoke test reads.
FACTS = """
variable "watch" {
  type = any
}

output "watch" {
  value = var.watch
}
"""


@pytest.fixture
def environment(terraform: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in terraform.env.items():
        monkeypatch.setenv(name, value)


def smoke(directory: Path, report: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "smoke", str(directory), "--report", str(report), *options],
        env=os.environ,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.mark.usefixtures("environment")
def test_every_hop_is_seen(deployment: Deployment, tmp_path: Path) -> None:
    ended = smoke(deployment.root, tmp_path / "report.json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["result"] == "pass"
    assert report["alarm"]["name"] == deployment.watch["alarm_name"]
    assert report["alarm"]["state"] == "ALARM"
    assert [hop["status"] for hop in report["hops"]] == ["ok"] * 7
    assert deployment.secret_values["smoke"] not in ended.stdout + ended.stderr + json.dumps(report)


@pytest.mark.usefixtures("environment")
def test_the_aws_cli_reads_too(deployment: Deployment, terraform: Any, tmp_path: Path) -> None:
    story = "by-cli"
    facts = deployment.watch | {
        "alarm_name": alarm_name(story),
        "alarm_arn": deployment.watch["alarm_arn"].replace(deployment.watch["alarm_name"], alarm_name(story)),
        "metric_name": f"e2e-{story}",
        "metric_namespace": "secretwatch/e2e",
        "metric_filter_name": f"e2e-{story}",
        "secrets": [story],
    }
    root = terraform.new_root("facts", FACTS)
    (root / "facts.auto.tfvars.json").write_text(json.dumps({"watch": facts}))
    terraform.run(root, "apply", "-auto-approve")
    ended = smoke(root, tmp_path / "report.json", "--via", "cli")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert deployment.secret_values[story] not in ended.stdout + ended.stderr


@pytest.mark.usefixtures("environment")
def test_a_watch_that_sees_nothing_runs_out_of_time(
    deployment: Deployment, terraform: Any, tmp_path: Path
) -> None:
    facts = deployment.watch | {
        "alarm_name": alarm_name("db"),
        "alarm_arn": deployment.watch["alarm_arn"].replace(deployment.watch["alarm_name"], alarm_name("db")),
        "secrets": ["db-replica"],
    }
    root = terraform.new_root("facts-of-another", FACTS)
    (root / "facts.auto.tfvars.json").write_text(json.dumps({"watch": facts}))
    terraform.run(root, "apply", "-auto-approve")
    ended = smoke(root, tmp_path / "report.json", "--timeout", "6")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["result"] == "fail"
    assert [hop["status"] for hop in report["hops"]][:4] == ["ok"] * 4
    assert report["hops"][5]["status"] == "waiting"
