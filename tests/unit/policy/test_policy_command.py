"""`secretwatch policy`: the document alone on standard output, and a sentence for what cannot be."""

from __future__ import annotations

import json
import os
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from commands import Runner

from secretwatch.cli import main
from secretwatch.policy.operators import Instance, policy

ACCOUNT, REGION = "111122223333", "eu-west-1"


def run(*arguments: str) -> Result:
    return Runner().invoke(main, ["policy", *arguments])


def written(folder: Path, *names: str) -> str:
    """A plan's JSON with instances of these names."""
    root: dict[str, Any] = {"child_modules": []}
    for name in names:
        metric = {"namespace": f"secretwatch/{name}"}
        watch = {
            "address": f'module.{name}.module.watch["x"]',
            "resources": [
                {
                    "mode": "managed",
                    "type": "aws_cloudwatch_log_metric_filter",
                    "values": {"log_group_name": "theirs", "metric_transformation": [metric]},
                }
            ],
        }
        root["child_modules"].append({"address": f"module.{name}", "child_modules": [watch]})
    file = folder / "plan.json"
    file.write_text(json.dumps({"planned_values": {"root_module": root}}))
    return str(file)


@pytest.mark.parametrize(("command", "changes"), [("plan", False), ("apply", True)])
def test_the_document_is_all_that_is_printed(command: str, changes: bool) -> None:
    done = run(command, "--name", "pay", "--account", ACCOUNT, "--region", "cn-north-1", "--secret", "a/b")
    assert done.exit_code == 0
    wanted = Instance("pay", ACCOUNT, "cn-north-1", "aws-cn", secret="a/b")
    assert json.loads(done.stdout) == policy(wanted, changes=changes)


def test_by_default_it_is_for_the_modules_own_name_anywhere() -> None:
    assert json.loads(run("apply").stdout) == policy(Instance("secretwatch"), changes=True)


def test_of_a_plan(tmp_path: Path) -> None:
    done = run("apply", written(tmp_path, "one"))
    assert done.exit_code == 0
    assert json.loads(done.stdout) == policy(
        Instance("one", has=frozenset(), log_group="theirs"), changes=True
    )
    done = run("plan", written(tmp_path, "one", "two"), "--name", "two")
    assert json.loads(done.stdout) == policy(
        Instance("two", has=frozenset(), log_group="theirs"), changes=False
    )


@pytest.mark.parametrize(
    ("command", "name", "said"),
    [
        ("plan", "a23456789-b23456789-c23456789-d2", ""),
        (
            "apply",
            "secretwatch",
            r"This policy has 10,\d{3} characters, and a managed policy takes 6,144. Print it for a PLAN, "
            r"which needs less, or in 2 parts \(--part 1 to --part 2\), each a managed policy of its own.\n",
        ),
        (
            "apply",
            "a23456789-b23456789-c23456789-d2",
            r"This policy has 11,\d{3} characters, and a managed policy takes 6,144. Print it for a PLAN, "
            r"which needs less, or in 2 parts \(--part 1 to --part 2\), each a managed policy of its own.\n",
        ),
    ],
)
def test_what_does_not_fit_is_said_beside_the_document(command: str, name: str, said: str) -> None:
    done = run(command, "--name", name, "--account", ACCOUNT, "--region", REGION, "--secret", "x")
    assert done.exit_code == 0
    json.loads(done.stdout)
    assert re.fullmatch(said, done.stderr)


def test_parts_are_together_the_whole() -> None:
    whole = json.loads(run("apply").stdout)
    found = [run("apply", "--part", str(number)) for number in (1, 2)]
    assert [(each.exit_code, each.stderr) for each in found] == [(0, "")] * 2
    printed = [json.loads(each.stdout) for each in found]
    statements = [each for document in printed for each in document["Statement"]]
    assert sorted(map(json.dumps, statements)) == sorted(map(json.dumps, whole["Statement"]))
    done = run("apply", "--part", "3")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--part 3: this policy has 2 parts." in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--name", "Pay"), "'Pay' is no name of an instance."),
        (("--name", "a" * 33), f"{'a' * 33!r} is no name of an instance."),
        (("--name", "a-"), "'a-' is no name of an instance."),
        (("--account", "1"), "'1' is no account's id, which has 12 digits."),
        (("--region", "Ireland"), "'Ireland' is no region, such as eu-west-1."),
        (("--secret", "a*"), "'a*' is no name of a secret."),
        (("nowhere",), "Path 'nowhere' does not exist."),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], said: str) -> None:
    done = run("plan", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_what_a_plan_says_is_not_said_twice(tmp_path: Path) -> None:
    done = run("apply", written(tmp_path, "one"), "--region", REGION)
    assert done.exit_code == 2
    assert "--region is for a policy without PLAN, which says that itself." in done.stderr


@pytest.mark.parametrize(
    ("names", "more", "said"),
    [
        ((), (), "There is no instance of the module in {file}."),
        (("a-b", "c-d"), (), "{file} has several instances, a-b, c-d: say which with --name."),
        (("a-b", "c-d"), ("--name", "e-f"), "{file} has no instance e-f, only a-b, c-d."),
        (("a-b",), ("--name", "e-f"), "{file} has no instance e-f, only a-b."),
    ],
)
def test_which_instance(tmp_path: Path, names: tuple[str, ...], more: tuple[str, ...], said: str) -> None:
    file = written(tmp_path, *names)
    done = run("apply", file, *more)
    assert (done.exit_code, done.stdout, done.stderr) == (2, "", f"{said.format(file=file)}\n")


def test_what_is_no_plan(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    done = run("apply", str(broken))
    assert done.exit_code == 2
    assert done.stderr == f"{broken} is neither a plan of Terraform's nor the JSON of one.\n"
    text = tmp_path / "plan"
    text.write_text("no plan")
    done = run("apply", str(text))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Terraform cannot show {text}: ")
    assert len(done.stderr.splitlines()) == 1
    folder = tmp_path / "nothing"
    folder.mkdir()
    done = run("apply", str(folder))
    assert (done.exit_code, done.stderr) == (2, f"There is no instance of the module in {folder}.\n")


def test_without_terraform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_BINARY", "no-such-terraform")
    done = run("apply", str(tmp_path))
    assert done.exit_code == 2
    assert "`no-such-terraform` is not on PATH" in done.stderr


@pytest.mark.parametrize("text", [None, "no plan"])
def test_a_pipe(tmp_path: Path, text: str | None) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    sent = Path(written(tmp_path, "one")).read_text() if text is None else text
    writer = threading.Thread(target=pipe.write_text, args=(sent,))
    writer.start()
    done = run("apply", str(pipe))
    writer.join()
    if text is None:
        assert (done.exit_code, done.stderr) == (0, "")
    else:
        assert (done.exit_code, done.stdout) == (2, "")
        assert "pipe in what `terraform show -json PLAN` prints" in done.stderr


@pytest.mark.parametrize("wrong", [{"errored": True}, {"complete": False}])
def test_a_plan_that_nobody_can_apply(tmp_path: Path, wrong: dict[str, bool]) -> None:
    file = Path(written(tmp_path, "one"))
    file.write_text(json.dumps(json.loads(file.read_text()) | wrong))
    done = run("apply", str(file))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "ended in an error" in done.stderr
