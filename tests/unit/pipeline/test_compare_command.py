from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import Result
from commands import Runner
from fake_cloud import FACTS, FILES, NEVER, TOPIC, VALUE, AtOnce, Cloud, refused

from secretwatch.cli.compare import compare
from secretwatch.pipeline import compare as pipeline_compare

ALL_ON = {"topic_arns": [TOPIC], "realtime": {"rule_names": ["watch"]}, "notifications_topic_arn": FILES}


@pytest.fixture
def run(cloud: Cloud, root: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs the command on the fake cloud and its clock."""
    monkeypatch.setattr(boto3, "Session", lambda **_: cloud)
    (root / "outputs").write_text(json.dumps({"watch": {"value": FACTS | ALL_ON}}))

    class OnFakeClock(pipeline_compare.Compare):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, clock=cloud.clock, executor=AtOnce(), **options)

    monkeypatch.setattr(pipeline_compare, "Compare", OnFakeClock)

    def run(*arguments: str) -> Result:
        return Runner().invoke(compare, [str(root), "--minutes", "0", *arguments])

    return run


def test_a_table_with_a_column_for_each_channel_fits_a_terminal(run, cloud: Cloud) -> None:
    result = run("--reads", "2")
    assert result.exit_code == 0, result.output
    assert "2 reads of " in result.stdout
    lines = result.stdout.splitlines()
    assert ["messages", "1", "1", "2"] in [line.split() for line in lines]
    at = next(
        number for number, line in enumerate(lines) if "CloudWatch alarm  " in line and "realtime" in line
    )
    assert max(len(line.rstrip()) for line in lines[at : at + 11]) <= 80
    assert (cloud.queues, cloud.subscribed) == ({}, {})


def test_the_result_is_written(run, tmp_path: Path) -> None:
    markdown, picture = tmp_path / "table.md", tmp_path / "picture.svg"
    result = run("--json", "--markdown", str(markdown), "--picture", str(picture))
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert [each["channel"] for each in found["channels"]] == ["alarm", "trail", "realtime"]
    table = [line for line in markdown.read_text().splitlines() if line.startswith("|")]
    assert [line.count("|") for line in table] == [11] * 5
    assert picture.read_text().startswith("<svg")
    assert VALUE not in result.output + markdown.read_text() + picture.read_text()


def test_it_says_first_where_it_is(run) -> None:
    line = "watch: account 111111111111, us-east-1, https://secretsmanager.us-east-1.amazonaws.com"
    assert run().stdout.splitlines()[0] == line
    assert run("--json").stderr.splitlines()[0] == line


def test_another_account_is_refused_before_anything_is_made(run, cloud: Cloud) -> None:
    cloud.account = "222222222222"
    result = run()
    assert result.exit_code == 2
    assert "are of account 222222222222, and the watch is in account 111111111111." in result.stderr
    assert cloud.calls == ["get_caller_identity"]


def test_time_is_up(run, cloud: Cloud, tmp_path: Path) -> None:
    cloud.realtime = NEVER
    result = run("--timeout", "70", "--markdown", str(tmp_path / "table.md"))
    assert result.exit_code == 3
    assert (
        "after 60 s: calls: 3 of 3 reads, 12 of 12 others; realtime rule: 0 messages; 0 of 3" in result.stdout
    )
    assert "fail: After 70 s this was not complete: realtime rule." in result.stdout
    assert "| realtime rule | – | 0 |" in (tmp_path / "table.md").read_text()


def test_what_is_not_deployed_is_told(run, root: Path) -> None:
    (root / "outputs").write_text(json.dumps({"watch": {"value": FACTS | ALL_ON | {"realtime": None}}}))
    result = run()
    assert result.exit_code == 0
    assert "realtime rule: not deployed, as the outputs name no realtime rule." in result.stdout


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_whatever_ends_it_no_queue_is_left(run, cloud: Cloud, name: str) -> None:
    def end() -> None:
        assert cloud.queues
        os.kill(os.getpid(), getattr(signal, name))

    cloud.clock.at[2.0] = end
    result = run()
    assert result.exit_code == 130
    assert "fail: It was interrupted." in result.stdout
    assert (cloud.queues, cloud.subscribed) == ({}, {})


def test_what_is_left_behind_is_told(run, cloud: Cloud) -> None:
    cloud.errors["delete_queue"] = refused("DeleteQueue", "AccessDenied")
    result = run()
    assert result.exit_code == 1
    assert result.stdout.count("Left behind; this removes it: aws sqs delete-queue") == 2


def test_nothing_is_applied(run, root: Path) -> None:
    (root / "outputs").write_text("{}")
    result = run()
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Nothing is applied" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--reads", "0"],
        ["--noise", "-1"],
        ["--minutes", "-1"],
        ["--minutes", "nan"],
        ["--timeout", "0"],
        ["--markdown", "/no/such/folder/table.md"],
        ["--picture", "/no/such/folder/picture.svg"],
    ],
)
def test_wrong_usage(run, cloud: Cloud, arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2
    assert cloud.calls == []
