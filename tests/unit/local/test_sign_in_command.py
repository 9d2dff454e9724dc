"""`secretwatch local sign-in`: what it asks of the local cloud, and what it prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from commands import Runner

from secretwatch import local as cloud
from secretwatch.cli import main
from secretwatch.cloudtrail import sign_in

CLOUD = cloud.LocalCloud(Path("/state"), 1, 4567, 0.0, 1.0, 3600.0, 1.0)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the command asks the cloud for; root signs in whatever it is, but for the user nobody."""
    requests: list[dict[str, Any]] = []

    def answer(self: cloud.LocalCloud, **request: Any) -> dict[str, Any]:
        requests.append(request)
        if request["user"] == "nobody":
            raise cloud.SignInRefused("There is no [user] nobody.")
        root = {"type": "Root", "arn": f"arn:aws:iam::{request['account_id']}:root"}
        return sign_in.console_login(
            event_id="the-event",
            event_time="2026-11-26T14:00:00Z",
            account_id=request["account_id"],
            user_identity=root,
        )

    monkeypatch.setattr(cloud.LocalCloud, "sign_in", answer)
    monkeypatch.setattr(cloud, "require", lambda _state_dir: CLOUD)
    return requests


def run(*arguments: str) -> Result:
    return Runner().invoke(main, ["local", "sign-in", *arguments])


def test_without_options_root_signs_in(asked: list[dict[str, Any]]) -> None:
    result = run()
    assert result.exit_code == 0
    assert (
        "arn:aws:iam::000000000000:root: Success, MFA used: No, us-east-1, event the-event" in result.output
    )
    assert {name: value for name, value in asked[0].items() if value} == {"account_id": "000000000000"}


def test_options_reach_the_cloud(asked: list[dict[str, Any]]) -> None:
    run("--user", "anaya", "--mfa", "--failed", "--account", "111122223333", "--region", "eu-west-1")
    assert {name: value for name, value in asked[0].items() if value} == {
        "account_id": "111122223333",
        "failed": True,
        "mfa": True,
        "region": "eu-west-1",
        "user": "anaya",
    }


def test_the_event_as_json(asked: list[dict[str, Any]]) -> None:
    assert json.loads(run("--json").output)["eventName"] == "ConsoleLogin"


def test_a_refusal_is_a_sentence(asked: list[dict[str, Any]]) -> None:
    result = run("--user", "nobody")
    assert result.exit_code == 1
    assert "There is no [user] nobody." in result.output


def test_an_account_has_12_digits(asked: list[dict[str, Any]]) -> None:
    assert run("--account", "123").exit_code == 2
    assert asked == []
