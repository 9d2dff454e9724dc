"""The command: its usage, its exit codes, and what it prints for people and for machines."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from answers import Facts, walk
from click.testing import Result
from commands import Runner
from healthy import TRAIL, absent, alarm, asked, denied, facts

from secretwatch.cli.doctor import doctor
from secretwatch.pipeline import applied, planned
from secretwatch.pipeline.applied import NothingApplied
from secretwatch.pipeline.doctor import examine
from secretwatch.pipeline.reading import ReadFailed
from secretwatch.pipeline.watch import Watch

WATCH = Watch(
    name="payments",
    region="us-east-1",
    account_id="111122223333",
    log_group_name="/g",
    metric_namespace="n",
    metric_name="m",
    alarm_name="a",
    secrets=("payments/database",),
)
Run = Callable[..., Result]


class Session:
    """An account whose calls are noted; a client is its own session."""

    region_name = "us-east-1"
    meta = SimpleNamespace(endpoint_url="https://secretsmanager.us-east-1.amazonaws.com")

    def __init__(self) -> None:
        self.accounts = [WATCH.account_id]
        """Whose the credentials are, one time after another."""
        self.calls: list[str] = []

    def client(self, service: str, **_: Any) -> Session:
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": self.accounts.pop(0) if len(self.accounts) > 1 else self.accounts[0]}

    def start_logging(self, **_: Any) -> None:
        self.calls.append("start_logging")


class Planning(contextlib.nullcontext[Any]):
    """A plan that changes nothing."""

    def __init__(self, directory: Path) -> None:
        super().__init__(self)

    def shown(self) -> dict[str, Any] | None:
        return None


class NoPlanning(Planning):
    def shown(self) -> dict[str, Any] | None:
        raise planned.NoPlan("No value for required variable.")


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, session: Session) -> Run:
    """Runs the command on the given facts; what the examination was given is in the result's `asked`."""

    def run(
        *arguments: str,
        found: Facts | None = None,
        error: Exception | None = None,
        answers: str = "",
        planning: Any = Planning,
    ) -> Result:
        given: dict[str, Any] = {}

        class Doctor:
            def __init__(self, subject: Any, session: Any, **options: Any) -> None:
                given.update(options, subject=subject)

            def examine(self) -> Any:
                diagnosis = walk(found or facts())
                diagnosis.missing = [f"cloudtrail:GetTrailStatus on {TRAIL}"] if found else []
                return diagnosis

            def canary(self, secret: str, region: str) -> Any:
                given.update(secret=secret, region=region)
                if error:
                    raise error
                return self.examine()

        monkeypatch.setattr(examine, "Doctor", Doctor)
        monkeypatch.setattr(applied, "state_of", lambda directory: {})
        monkeypatch.setattr(applied, "watches_of", lambda state, directory: [replace(WATCH, watch="db")])
        monkeypatch.setattr(boto3, "Session", lambda **_: session)
        monkeypatch.setattr(planned, "Planning", planning)
        result = Runner().invoke(doctor, arguments, input=answers)
        result.asked = given  # type: ignore[attr-defined]
        return result

    return run


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "What is to be examined?"),
        ([".", "--alarm", "a"], "give either DIR or --alarm"),
        (["--watch", "payments", "--alarm", "a"], "give its DIR"),
        (["no-such-folder"], "does not exist"),
        ([".", "--since", "yesterday"], "neither a time like 30m"),
        ([".", "--since", "2999-01-01"], "still to come"),
        ([".", "--canary", "--event-id", "e"], "give one of them"),
        ([".", "--report", "/no/such/folder/report.html"], "is not a folder"),
        (["--alarm", "a", "--secret", ""], "names no secret"),
    ],
)
def test_wrong_usage(run: Run, arguments: list[str], says: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert says in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("found", "code", "says"),
    [
        (facts(), 0, "healthy: the read of payments/database at 12:03:10 UTC was followed"),
        (facts(alarm=alarm(Statistic="Average")), 1, "broken: the first broken hop is alarm"),
        (facts(trail_status=denied("cloudtrail:GetTrailStatus", TRAIL)), 3, "cannot tell: "),
        (facts(identity=absent("sts:GetCallerIdentity")), 3, "cannot tell: "),
    ],
    ids=["healthy", "broken", "cannot tell", "no credentials"],
)
def test_exit_codes(run: Run, found: Facts, code: int, says: str) -> None:
    result = run(".", found=found)
    assert result.exit_code == code
    assert says in result.output


def test_a_person_sees_hop_verdict_sentence_and_mend(run: Run) -> None:
    result = run(".", found=facts(trail_status=asked({"IsLogging": False})))
    assert "2 trail" in result.output
    assert "The trail payments does not log." in result.output
    assert "\n  aws cloudtrail start-logging --name payments\n" in result.output
    assert "Missing permissions" in result.output


def test_in_a_pipe_each_hop_has_one_line(run: Run) -> None:
    lines = run(".", found=facts(alarm=alarm(Statistic="Average"))).output.split("\n")
    hops = [line for line in lines if line.startswith(("├── ", "└── "))]
    assert len(hops) == 9
    assert "among zeros one read does not reach the threshold." in hops[5]


def test_a_machine_gets_json_and_nothing_else(run: Run) -> None:
    result = run("--alarm", "a", "--json", found=facts(alarm=alarm(AlarmActions=[])))
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert [each["hop"] for each in found["broken"]] == ["alarm"]
    assert found["missing"] == [f"cloudtrail:GetTrailStatus on {TRAIL}"]


def test_the_report_is_written(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    assert run(".", "--report", str(file)).exit_code == 0
    assert file.read_text().startswith("<!doctype html>")


def test_what_it_is_told_to_follow(run: Run) -> None:
    given = run(".", "--watch", "db", "--since", "30m", "--event-id", "e").asked  # type: ignore[attr-defined]
    assert given["subject"].name == "payments db"
    assert given["event_id"] == "e"
    assert (facts().now.tzinfo, given["since"].tzinfo) == (given["since"].tzinfo, facts().now.tzinfo)
    given = run("--alarm", "a", "--secret", "x").asked  # type: ignore[attr-defined]
    assert (given["subject"].alarm_name, given["subject"].secrets) == ("a", ("x",))


def test_a_canary_reads_what_is_watched(run: Run) -> None:
    given = run(".", "--canary").asked  # type: ignore[attr-defined]
    assert (given["secret"], given["region"]) == ("payments/database", "us-east-1")
    refused = run("--alarm", "a", "--canary")
    assert (refused.exit_code, "--secret" in refused.output) == (2, True)
    failed = run(".", "--canary", error=ReadFailed("The secret cannot be read: no."))
    assert (failed.exit_code, "cannot be read" in failed.output) == (2, True)


PLACE = "db: account 111122223333, us-east-1, https://secretsmanager.us-east-1.amazonaws.com"
STOPPED = {"found": facts(trail_status=asked({"IsLogging": False}))}


@pytest.mark.parametrize("option", ["--canary", "--mend"])
def test_before_it_reads_or_changes_it_says_where(run: Run, option: str) -> None:
    assert run(".", option).stdout.splitlines()[0] == f"payments {PLACE}"
    assert run(".", option, "--json").stderr.splitlines()[0] == f"payments {PLACE}"


@pytest.mark.parametrize("option", [("--canary", "--secret", "x"), ("--mend",)])
@pytest.mark.parametrize(
    "start", [".", "--alarm=arn:aws:cloudwatch:us-east-1:111122223333:alarm:payments-secret-read"]
)
def test_another_account_is_refused_before_anything_is_asked(
    run: Run, session: Session, start: str, option: tuple[str, ...]
) -> None:
    session.accounts = ["999999999999"]
    result = run(start, *option, **STOPPED, answers="y\n")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "The credentials are of account 999999999999, and the watch is in account 111122223333.\n"
    )
    assert (result.asked, session.calls) == ({}, [])  # type: ignore[attr-defined]


def test_an_alarm_s_name_alone_is_of_any_account(run: Run, session: Session) -> None:
    session.accounts = ["999999999999"]
    assert "a: account 999999999999, us-east-1, " in run("--alarm", "a", "--mend").stdout


def test_a_mend_is_carried_out(run: Run, session: Session) -> None:
    assert "1/1  aws cloudtrail start-logging" in run(".", "--mend", **STOPPED, answers="y\n").output
    assert session.calls == ["start_logging"]


def test_whoever_signs_in_elsewhere_before_the_answer_changes_nothing(run: Run, session: Session) -> None:
    session.accounts = [WATCH.account_id, "999999999999"]
    result = run(".", "--mend", **STOPPED, answers="y\n")
    assert (result.exit_code, session.calls) == (2, [])
    assert "The credentials are of account 999999999999" in result.stderr


def test_nothing_is_applied(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def state_of(directory: Path) -> dict[str, Any]:
        raise NothingApplied("Nothing is applied in it.")

    run(".")
    monkeypatch.setattr(applied, "state_of", state_of)
    result = Runner().invoke(doctor, ["."])
    assert (result.exit_code, "Nothing is applied" in result.output) == (2, True)


def test_the_policy_needs_no_account(run: Run) -> None:
    result = run("--policy")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["Version"] == "2012-10-17"
    assert "alarm:a" in run(".", "--policy").stdout


def test_where_nothing_can_be_planned_the_state_is_what_is_meant_and_that_is_said(run: Run) -> None:
    result = run(".", planning=NoPlanning)
    assert result.exit_code == 0
    words = " ".join(result.output.split())
    assert "`terraform plan` could not be made: No value for required variable." in words
    found = json.loads(run(".", "--json", planning=NoPlanning).stdout)
    assert len(found["notes"]) == 1
