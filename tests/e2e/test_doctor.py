"""The command `doctor` on what Terraform applied: healthy, then broken behind Terraform's back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from deployment import Deployment, alarm_name

COMMAND = str(Path(sys.executable).with_name("secretwatch"))
SECRET = "doctor"


@pytest.fixture(autouse=True)
def environment(terraform: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in terraform.env.items():
        monkeypatch.setenv(name, value)


def doctor(*arguments: str) -> tuple[int, dict[str, Any]]:
    ended = subprocess.run(
        [COMMAND, "doctor", *arguments, "--json"],
        env=os.environ,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert ended.stdout, ended.stderr
    return ended.returncode, json.loads(ended.stdout)


def causes(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["hop"], each["cause"]) for each in found["broken"]]


def test_a_canary_on_an_applied_module(deployment: Deployment, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    code, found = doctor(str(deployment.root), "--watch", SECRET, "--canary", "--report", str(report))
    assert causes(found) == []
    assert (code, found["result"]) == (0, "healthy")
    assert found["read"]["secret"] == SECRET
    assert found["missing"] == []
    assert '<circle class="dot followed"' in report.read_text()
    value = deployment.secret_values[SECRET]
    assert value not in json.dumps(found) + report.read_text()


@pytest.mark.parametrize("start", ["--alarm", "--log-group"])
def test_the_same_without_terraform(deployment: Deployment, start: str) -> None:
    deployment.await_event(deployment.read(SECRET))
    deployment.let_pass()
    name = alarm_name(SECRET) if start == "--alarm" else deployment.watch["log_group_name"]
    code, found = doctor(start, name, "--secret", SECRET)
    assert (causes(found), code) == ([], 0)


def test_an_alarm_on_several_reads_is_found_and_is_as_the_watch_was_told(deployment: Deployment) -> None:
    group = deployment.watch["log_group_name"]
    _, found = doctor("--log-group", group, "--secret", "several")
    # Nobody told the doctor, and one read does not ring it.
    assert causes(found) == [("alarm", "threshold")]
    assert "FILL(reads, 0)" in found["broken"][0]["mend"]
    code, found = doctor(str(deployment.root), "--watch", "several")
    assert (causes(found), code) == ([], 0)


def test_a_fault_behind_terraforms_back(deployment: Deployment) -> None:
    name = alarm_name(SECRET)
    deployment.cloudwatch.disable_alarm_actions(AlarmNames=[name])
    try:
        code, found = doctor(str(deployment.root), "--watch", SECRET)
    finally:
        deployment.cloudwatch.enable_alarm_actions(AlarmNames=[name])
    assert (causes(found), code) == ([("alarm", "actions-disabled")], 1)
    terraform, by_hand = found["broken"][0]["mend"].split("\n")
    assert terraform.startswith(f"terraform -chdir={deployment.root} apply    # would put right module.")
    there = f"--endpoint-url {deployment.cloudwatch.meta.endpoint_url}"
    assert by_hand == f"aws cloudwatch enable-alarm-actions --alarm-names {name} {there}"
    assert found["plan"] == [by_hand]
