"""What people have typed, and what lay around: each a sentence that says what to write instead."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from commands import Runner
from crooked import REGION, WATCH

from secretwatch import local, terraform
from secretwatch.cli import local as local_commands
from secretwatch.cli import main
from secretwatch.local import StateDir, process

NO_REGION = "no such region!"


class Module:
    """A root module whose Terraform prints what is written here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: dict[str, str] = {
            "output": json.dumps({"watch": {"value": WATCH}}),
            "state": json.dumps({"version": 4, "outputs": {"watch": {"value": WATCH}}, "resources": []}),
            "version": json.dumps({"terraform_version": "1.11.4", "platform": "linux_amd64"}),
        }
        self.code = 0

    def watch(self, **changes: Any) -> None:
        outputs = {"watch": {"value": WATCH | changes}}
        self.said["output"] = json.dumps(outputs)
        self.said["state"] = json.dumps({"version": 4, "outputs": outputs, "resources": []})

    def write(self) -> None:
        for name, text in self.said.items():
            (self.folder / name).write_text(text)
        binary = self.folder / "terraform"
        binary.write_text(f'#!/bin/sh\ncat "{self.folder}/$1"\necho "Error: made up" >&2\nexit {self.code}\n')
        binary.chmod(0o755)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Module:
    for name in local.foreign_variables():
        monkeypatch.delenv(name)
    # Whatever is tried here, no AWS is called.
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("TF_BINARY", str(tmp_path / "terraform"))
    monkeypatch.setenv("SECRETWATCH_STATE_DIR", str(tmp_path / "state"))
    terraform.inspect_binary.cache_clear()
    return Module(tmp_path)


def run(module: Module, *arguments: str) -> Result:
    module.write()
    given = [str(module.folder) if each == "DIR" else each for each in arguments]
    return Runner().invoke(main, given)


ON_A_MODULE = (
    *(("smoke", "DIR", "--no-history"), ("doctor", "DIR"), ("compare", "DIR"), ("drill", "DIR")),
    ("incident", "DIR"),
)


@pytest.mark.parametrize("command", ON_A_MODULE, ids=lambda each: each[0])
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"region": NO_REGION}, f"has the region '{NO_REGION}'"),
        ({"account_id": "1"}, "has the account_id '1'"),
        ({"name": ["a"]}, "another kind of value in name than"),
        ({"secrets": 7}, "another kind of value in secrets than"),
        ({"secrets": [7]}, "another kind of value in secrets than"),
        ({"alarm_period": "300"}, "another kind of value in alarm_period than"),
        ({"realtime": {"rule_names": "x"}}, "another kind of value in realtime.rule_names than"),
        ({"realtime": ["x"]}, "another kind of value in realtime than"),
    ],
)
def test_outputs_that_the_module_does_not_have(
    module: Module, command: tuple[str, ...], changes: dict[str, Any], words: str
) -> None:
    module.watch(**changes)
    result = run(module, *command)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())


@pytest.mark.parametrize("command", ON_A_MODULE, ids=lambda each: each[0])
@pytest.mark.parametrize("text", ["not json", "[]", "[" * 20_000, '{"watch": '])
def test_a_terraform_that_prints_something_else(module: Module, command: tuple[str, ...], text: str) -> None:
    module.said |= {"output": text, "state": text}
    result = run(module, *command)
    assert result.exit_code == 2
    assert "cannot be read" in result.output


@pytest.mark.parametrize("version", ["abc", None, ["1.11.4"], {}])
def test_a_terraform_without_a_version(module: Module, version: Any) -> None:
    module.said["version"] = json.dumps({"terraform_version": version, "platform": "linux_amd64"})
    result = run(module, "smoke", "DIR")
    assert result.exit_code == 2
    assert "gave no version" in " ".join(result.output.split())


@pytest.mark.parametrize("command", ON_A_MODULE[:2], ids=lambda each: each[0])
@pytest.mark.parametrize(
    ("variables", "code", "words"),
    [
        ({"AWS_PROFILE": "nope", "AWS_CONFIG_FILE": "/dev/null"}, 2, "profile (nope) could not be found"),
        ({"AWS_CONFIG_FILE": "MALFORMED"}, 2, "Unable to parse config file"),
        ({"AWS_ENDPOINT_URL": "garbage"}, 2, "garbage"),
        ({"AWS_ENDPOINT_URL": "127.0.0.1:4566"}, 2, "127.0.0.1:4566"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, None, "127.0.0.1:9"),
    ],
    ids=["no profile", "malformed", "garbage", "no scheme", "nobody"],
)
def test_settings_that_cannot_be_used(
    module: Module,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    variables: dict[str, str],
    code: int | None,
    words: str,
) -> None:
    (module.folder / "config").write_text("[profile a\n= b")
    for name, value in variables.items():
        monkeypatch.setenv(name, str(module.folder / "config") if value == "MALFORMED" else value)
    result = run(module, *command)
    assert result.exit_code in ((code,) if code else (1, 2, 3))
    assert words in " ".join(result.output.split())
    assert "Traceback" not in result.output


def test_an_incident_without_credentials_cannot_be_told(
    module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    result = run(module, "incident", "DIR")
    assert result.exit_code == 3
    assert result.output.strip().startswith("There are no AWS credentials to use:")
    assert len(result.output.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--alarm", "x", "--since", f"{'9' * 5000}d"],
        ["--alarm", "x", "--secret", "arn:", "--canary"],
        ["--alarm", "arn:aws:sns:us-east-1:111111111111:topic"],
        ["--log-group", f"arn:aws:cloudwatch:{REGION}:111111111111:alarm:x"],
    ],
    ids=["since", "secret", "alarm", "log group"],
)
def test_a_doctor_who_is_asked_crooked_things(module: Module, arguments: list[str]) -> None:
    result = run(module, "doctor", *arguments)
    assert result.exit_code == 2
    assert len(result.output) < 1000


@pytest.mark.parametrize(
    "line",
    [
        {"hops": {"a": "b"}},
        {"hops": []},
        {"reason": ["x"]},
        {"time": 7},
        {"result": "maybe"},
        {"hops": {"a": float("inf")}},
    ],
)
def test_lines_of_a_history_that_are_no_runs(module: Module, line: dict[str, Any]) -> None:
    good = {"time": "2026-01-01T00:00:00+00:00", "watch": "w", "account_id": "1", "region": "r",
            "result": "pass", "hops": {"alarm": 1.0}}  # fmt: skip
    file = module.folder / "runs.jsonl"
    file.write_text("\n".join(json.dumps(each) for each in (good, good | line, good)) + "\n[\n")
    result = run(module, "smoke", "--history", "--history-file", str(file), "--json")
    assert result.exit_code == 0, result.output
    assert len(json.loads(result.stdout)["runs"]) == 2


def test_what_was_dropped_many_times_is_said_once(monkeypatch: pytest.MonkeyPatch, module: Module) -> None:
    drop = {"service": "sns", "target": "topic", "reason": "no one"}
    cloud = local.LocalCloud(module.folder, 1, 4566, 0.0, 1.0, 3600.0, 1.0)
    drops = [drop | {"time": f"12:00:{n:02}"} for n in range(40)] + [drop | {"time": "13", "reason": "else"}]
    details = {"trails": [], "held": [], "drops": drops}
    monkeypatch.setattr(process, "status", lambda _: cloud)
    monkeypatch.setattr(local_commands.cloud, "status", lambda _: cloud)
    monkeypatch.setattr(local.LocalCloud, "details", lambda _: details)
    result = run(module, "local", "status")
    lines = [line for line in result.output.splitlines() if line.startswith("dropped")]
    assert len(lines) == 2
    assert "40 times since 12:00:00" in lines[0]


@pytest.mark.parametrize("command", ON_A_MODULE, ids=lambda each: each[0])
@pytest.mark.parametrize("name", ["terraform.tfstate", ".terraform/terraform.tfstate"])
@pytest.mark.parametrize("text", ["{", '{"b": ' + "9" * 6000 + "}"], ids=["cut off", "a huge number"])
def test_a_state_file_that_is_none(module: Module, command: tuple[str, ...], name: str, text: str) -> None:
    file = module.folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    result = run(module, *command)
    assert result.exit_code == 2
    assert "cannot be read" in " ".join(result.output.split())


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(module: Module) -> None:
    (module.folder / "state").unlink(missing_ok=True)
    here = module.folder / "here"
    here.mkdir()
    for name in ("terraform.tfstate", "runs.jsonl", "local.json"):
        os.mkfifo(here / name)
    assert run(module, "smoke", str(here)).exit_code == 2
    assert run(module, "doctor", str(here)).exit_code == 2
    assert run(module, "smoke", "--history", "--history-file", str(here / "runs.jsonl")).exit_code == 2
    assert StateDir(here).read() is None
