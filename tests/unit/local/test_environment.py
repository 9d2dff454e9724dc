"""What a client of the local cloud is given, and what is kept from it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from secretwatch.cli.local import shell
from secretwatch.local import LocalCloud

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
    script = f"set -eu\nAWS_PROFILE=x\nexport AWS_PROFILE\n{shell(CLOUD)}\nenv"
    result = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    lines = result.stdout.splitlines()
    assert "AWS_ENDPOINT_URL=http://127.0.0.1:4567" in lines
    assert "NO_PROXY=it's $HOME; exit 1,127.0.0.1" in lines
    assert not any(line.startswith("AWS_PROFILE=") for line in lines)
