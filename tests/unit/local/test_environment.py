"""What a client of the local cloud is given, and what is kept from it."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from commands import Runner

from secretwatch.cli import local_env
from secretwatch.cli.local import local
from secretwatch.cli.local_env import shell
from secretwatch.local import DEAD_ENDPOINT, LocalCloud, StateDir

CLOUD = LocalCloud(Path("/state"), 1, 4567, 0.0, 1.0, 3600.0, 1.0)


def test_settings_of_a_real_account_do_not_reach_the_local_cloud() -> None:
    base = {
        "PATH": "/bin",
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "t",
        "AWS_ENDPOINT_URL_S3": "https://s3.example.com",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_ACCESS_KEY_ID": "real",
    }
    environment = CLOUD.environment(base)
    assert environment["PATH"] == "/bin"
    assert environment["AWS_ACCESS_KEY_ID"] == "test"
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4567"
    assert not environment.keys() & {
        "AWS_PROFILE",
        "AWS_SESSION_TOKEN",
        "AWS_ENDPOINT_URL_S3",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    }


def test_no_proxy_keeps_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "intranet,127.0.0.1")
    assert CLOUD.env()["NO_PROXY"] == "intranet,127.0.0.1"


def test_a_shell_evaluates_the_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "it's $HOME; exit 1")
    monkeypatch.setenv("AWS_PROFILE", "x")
    script = f"set -eu\n{shell(CLOUD)}\nenv"
    result = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    lines = result.stdout.splitlines()
    assert "AWS_ENDPOINT_URL=http://127.0.0.1:4567" in lines
    assert "NO_PROXY=it's $HOME; exit 1,127.0.0.1" in lines
    assert not any(line.startswith("AWS_PROFILE=") for line in lines)


@pytest.mark.parametrize(
    "name",
    ["AWS_S3_ENDPOINT", "AWS_STS_ENDPOINT", "TF_AWS_S3_ENDPOINT", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
     "AWS_NEVER_HEARD_OF", "TF_VAR_email_address", "TF_CLI_ARGS_apply", "TF_WORKSPACE", "BOTO_CONFIG",
     "TF_DATA_DIR", "TF_LOG_PATH", "TF_REATTACH_PROVIDERS"],
)  # fmt: skip
def test_what_could_lead_a_child_elsewhere_is_not_passed_on(name: str) -> None:
    assert name not in CLOUD.environment({name: "https://s3.example.com"})


def test_no_settings_file_of_a_real_account_is_read() -> None:
    base = {"AWS_CONFIG_FILE": "/home/me/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "/home/me/.aws/creds"}
    environment = CLOUD.environment(base)
    assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


def _evaluated(lines: str, command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    script = f"eval {shlex.quote(lines)} && {command}"
    return subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=False, env=os.environ | environ
    )


def test_a_shell_forgets_every_variable_of_a_real_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_S3_ENDPOINT", "TF_AWS_STS_ENDPOINT"):
        monkeypatch.setenv(name, "https://s3.example.com")
    assert "example.com" not in _evaluated(shell(CLOUD), "env").stdout


def test_the_aws_cli_of_version_1_is_held_to_the_local_cloud(tmp_path: Path) -> None:
    """Without the option it calls SQS and RDS at names of AWS's own."""
    aws = tmp_path / "aws"
    aws.write_text('#!/bin/sh\necho "$@"\n')
    aws.chmod(0o755)
    found = _evaluated(shell(CLOUD), "aws sqs list-queues", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert found.stdout == "--endpoint-url http://127.0.0.1:4567 sqs list-queues\n"


def test_where_no_local_cloud_is_up_the_line_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRETWATCH_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("AWS_PROFILE", "production")
    printed = Runner().invoke(local, ["env"]).stdout
    assert _evaluated(printed, "echo applied").stdout == ""
    later = subprocess.run(
        ["sh", "-c", f"eval {shlex.quote(printed)}; env"], capture_output=True, text=True, check=True
    )
    assert f"AWS_ENDPOINT_URL={DEAD_ENDPOINT}" in later.stdout.splitlines()
    assert "AWS_PROFILE" not in later.stdout


@pytest.mark.parametrize("stopped", [False, True])
def test_a_shell_finds_its_providers_while_the_local_cloud_is_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopped: bool
) -> None:
    """What is written is removed with the local cloud, also where that is stopped in this moment."""
    running = replace(CLOUD, state_dir=tmp_path)
    state = StateDir(tmp_path)
    monkeypatch.setattr(local_env.cloud, "require", lambda _: running)
    monkeypatch.setattr(local_env.cloud, "status", lambda _: None if stopped else running)
    mirror = tmp_path / "it's $HOME"

    def for_a_shell(folder: Path, *_: object) -> Path:
        folder.mkdir()
        (folder / "mirror.tfrc").write_text(str(mirror))
        return folder / "mirror.tfrc"

    monkeypatch.setattr(local_env.terraform, "for_a_shell", for_a_shell)
    printed = Runner().invoke(local, ["env"]).stdout
    found = _evaluated(printed, 'cat "$TF_CLI_CONFIG_FILE"', TF_CLI_CONFIG_FILE=os.devnull).stdout
    assert found == ("" if stopped else str(mirror))
    assert state.mirror.exists() is not stopped
    state.sweep()
    assert not state.mirror.exists()


def test_this_process_is_a_client_of_the_local_cloud_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    before = dict(os.environ)
    with CLOUD.as_aws({"TF_INPUT": "0"}):
        assert dict(os.environ) == CLOUD.environment(before) | {"TF_INPUT": "0"}
        assert boto3.Session().get_credentials().token is None
    assert dict(os.environ) == before


def test_a_run_of_the_tests_does_not_know_whose_it_is(tmp_path: Path) -> None:
    """Also with a profile in the home folder, which boto3 reads by itself."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/credentials").write_text(
        "[default]\naws_access_key_id = x\naws_secret_access_key = x\n"
    )
    traps = dict.fromkeys(("AWS_PROFILE", "TF_AWS_S3_ENDPOINT", "AWS_DATA_PATH", "TF_VAR_name"), "real")
    script = (
        "import os, conftest, boto3\n"
        "print([name for name, value in os.environ.items() if value == 'real'])\n"
        "print(boto3.Session().get_credentials())"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | traps | {"HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout == "[]\nNone\n", ended.stderr
