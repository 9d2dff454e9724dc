"""The command: what it says before anything is made, when it refuses, and what its exit code means."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from commands import Runner
from labs import Session, cloud_of, denied, experiment

import secretwatch.cli.verify as command
from secretwatch.cli import main
from secretwatch.verify import permissions, table
from secretwatch.verify.lab import Lab
from secretwatch.verify.model import Seen
from secretwatch.verify.permissions import Answer
from secretwatch.verify.state import State, place_of

Invoke = Callable[..., Result]


def topic(lab: Lab) -> Seen:
    lab.topic()
    return Seen("yes", {"count": 1})


YES = experiment("yes", topic, makes={"topic": 1})
NO = experiment("no", lambda lab: Seen("no"))
BROKEN = experiment("broken", lambda lab: Seen("what"))


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    """An account where all is allowed, and a table of three experiments."""
    session = Session(sns__create_topic={"TopicArn": "arn:aws:sns:us-east-1:111122223333:t"})
    monkeypatch.setattr(command, "_cloud", lambda region: cloud_of(session, "root"))
    monkeypatch.setattr(table, "EXPERIMENTS", (YES, NO, BROKEN))
    monkeypatch.setattr(table, "BY_ID", {each.id: each for each in (YES, NO, BROKEN)})
    return session


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "verify.json"


@pytest.fixture
def invoke(session: Session, state: Path) -> Invoke:
    def call(*arguments: str, **options: Any) -> Result:
        return Runner().invoke(main, ["verify", "--state-file", str(state), *arguments], **options)

    return call


@pytest.mark.parametrize(
    ("only", "code"), [("yes", 0), ("no", 1), ("yes,no,broken", 1), ("broken", 3), ("yes, broken", 3)]
)
def test_the_exit_code(invoke: Invoke, only: str, code: int) -> None:
    result = invoke("--yes", "--only", only)
    assert result.exit_code == code, result.output


def test_the_list_calls_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_cloud", lambda region: pytest.fail("AWS was called"))
    result = Runner().invoke(main, ["verify", "--list", "--json", "-"])
    assert result.exit_code == 0
    listed = json.loads(result.stdout)["experiments"]
    assert [each["id"] for each in listed] == [each.id for each in table.EXPERIMENTS]
    assert all({"claim", "cents", "seconds", "permissions"} <= set(each) for each in listed)
    assert "log-event-time" in result.stderr


def test_an_unknown_name_is_wrong_usage(invoke: Invoke) -> None:
    result = invoke("--only", "yes,nothing")
    assert result.exit_code == 2
    assert "There is no experiment 'nothing'" in result.output


def test_it_says_where_and_what_it_costs_and_asks(invoke: Invoke, session: Session) -> None:
    result = invoke(input="n\n")
    assert result.exit_code == 2
    line = "verify: account 111122223333, us-east-1, http://127.0.0.1:4566"
    assert result.stdout.splitlines()[0] == line
    assert invoke("--json", "-", input="n\n").stderr.splitlines()[0] == line
    assert "3 experiments: up to 1 small things are made, which cost up to 0.01 ¢" in result.output
    assert session.named("sns.create_topic") == []


def test_permissions_that_lack_are_named_and_nothing_is_made(
    invoke: Invoke, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def check(cloud: Any, actions: Any) -> Answer:
        asked.extend(actions)
        return Answer(missing=("sns:CreateTopic",))

    monkeypatch.setattr(permissions, "check", check)
    result = invoke("--yes", "--only", "yes")
    assert result.exit_code == 2
    assert "These permissions are missing: sns:CreateTopic." in " ".join(result.output.split())
    assert session.named("sns.create_topic") == []
    assert "sns:CreateTopic" in asked
    assert invoke("--yes", "--only", "yes", "--unchecked").exit_code == 0


def test_permissions_that_are_not_known_are_told(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permissions, "check", lambda cloud, actions: Answer(unknown=("sns:CreateTopic",)))
    result = invoke("--yes", "--only", "yes")
    assert result.exit_code == 0
    assert "it is not known whether these are allowed: sns:CreateTopic" in result.output


def test_what_is_done_is_not_run_again(
    invoke: Invoke, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secretwatch.verify.cloud.is_local", lambda url: False)
    assert invoke("--yes", "--only", "yes,no").exit_code == 1
    assert len(session.named("sns.create_topic")) == 1
    result = invoke("--yes", "--only", "yes", "--json", "-")
    assert (result.exit_code, len(session.named("sns.create_topic"))) == (0, 1)
    assert json.loads(result.stdout)["experiments"][0]["verdict"] == "confirmed"
    assert invoke("--yes", "--only", "yes", "--again").exit_code == 0
    assert len(session.named("sns.create_topic")) == 2


def test_a_report_goes_to_a_file(invoke: Invoke, tmp_path: Path) -> None:
    file = tmp_path / "findings.json"
    invoke("--yes", "--json", str(file))
    report = json.loads(file.read_text())
    assert report["verdicts"] == {"confirmed": 1, "refuted": 1, "cannot tell": 1}
    assert "111122223333" not in file.read_text()
    assert invoke("--yes", "--json", str(tmp_path / "none/findings.json")).exit_code == 2


def test_an_interrupted_run_says_so_and_keeps_what_it_found(
    invoke: Invoke, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(self: Any, result: Any, detail: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command.Display, "finished", told)
    file = tmp_path / "findings.json"
    result = invoke("--yes", "--only", "no", "--json", str(file))
    assert result.exit_code == 130
    assert json.loads(file.read_text())["ending"] == "interrupted"
    kept = State(state, place_of(cloud_of(Session())))
    assert [each.outcome for each in kept.results([NO])] == ["no"]
    assert kept.runs() == []


def test_what_stays_is_told_and_is_looked_for_by_the_next(
    invoke: Invoke, session: Session, state: Path
) -> None:
    session.answers["sns.delete_topic"] = denied("DeleteTopic")
    result = invoke("--yes", "--only", "yes")
    assert result.exit_code == 3
    assert "Left behind: the topic secretwatch-verify-" in result.output
    (run,) = State(state, place_of(cloud_of(session))).runs()
    # The next finds it, and something of another run's.
    mine, other = f"secretwatch-verify-{run}-0", "secretwatch-verify-00000000-0"
    session.answers["sns.list_topics"] = {
        "Topics": [
            {"TopicArn": f"arn:aws:sns:us-east-1:111122223333:{name}"} for name in (mine, other, "mine")
        ]
    }
    session.answers["sns.delete_topic"] = {}
    for listed, key in (
        ("iam.list_roles", "Roles"),
        ("s3.list_buckets", "Buckets"),
        ("events.list_event_buses", "EventBuses"),
    ):
        session.answers[listed] = {key: []}
    session.calls.clear()
    result = invoke("--yes", "--only", "no")
    assert f"removed the topic {mine}" in result.output
    deleted = [each["TopicArn"].rpartition(":")[2] for each in session.named("sns.delete_topic")]
    assert deleted == [mine]
    assert State(state, place_of(cloud_of(session))).runs() == []
    # --clean removes also what is of others, after asking, and nothing else.
    assert invoke("--clean", input="n\n").exit_code == 2
    assert invoke("--clean", "--yes").exit_code == 0
    deleted = [each["TopicArn"].rpartition(":")[2] for each in session.named("sns.delete_topic")]
    assert deleted == [mine, mine, other]
