"""The experiments on Athena, run on an emulated one: as claimed, and otherwise."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from fake_athena import REGION, Failure, FakeAthena
from local_trino import Trino

from secretwatch.verify.cloud import Cloud
from secretwatch.verify.experiments.athena import EVENTS, EXPERIMENTS
from secretwatch.verify.lab import Run, Stopped, lab
from secretwatch.verify.model import Seen, Verdict

BY_ID = {each.id: each for each in EXPERIMENTS}
ACCOUNT = "111122223333"


@pytest.fixture(autouse=True)
def at_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Buckets are in hosts' names there, and in paths at an address that another test has set."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


class Athena(FakeAthena):
    """Reads the log file that was put into the bucket, changed as a test says."""

    def __init__(self) -> None:
        super().__init__(Trino())
        self.looks = 0
        self.change: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda event: event

    def StartQueryExecution(self, asked: dict[str, Any]) -> dict[str, Any]:
        bodies = [body for key, body in self.bodies.items() if key.startswith("AWSLogs/")]
        records = [event for body in bodies for event in json.loads(gzip.decompress(body))["Records"]]
        if records:
            self.trino.fill([changed for event in records if (changed := self.change(event))])
        return super().StartQueryExecution(asked)


class Session:
    def __init__(self, fake: FakeAthena) -> None:
        self.fake = fake

    def client(self, service: str, **_: Any) -> Any:
        return self.fake.client(service)


def run(name: str, fake: FakeAthena, context: Run | None = None) -> Seen:
    experiment = BY_ID[name]
    cloud = Cloud(Session(fake), REGION, ACCOUNT, "aws", f"arn:aws:iam::{ACCOUNT}:user/u")
    with lab(context or Run(cloud, "abcd1234"), name, experiment.patience, None) as made:
        seen = experiment.run(made)
    assert fake.databases == set()
    assert fake.objects == {}
    return seen


def test_both_confirm_what_is_claimed() -> None:
    for name in BY_ID:
        seen = run(name, Athena())
        assert BY_ID[name].outcome(seen).verdict is Verdict.CONFIRMED, (name, seen)


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        (lambda event: {**event, "readOnly": "True"} if "readOnly" in event else event, "other"),
        (lambda event: {**event, "userAgent": None}, "other"),
        (lambda event: None if event["eventName"] == "Lists" else event, "lost"),
    ],
)
def test_an_event_that_is_changed_or_lost_refutes(change: Any, outcome: str) -> None:
    fake = Athena()
    fake.change = change
    seen = run("athena-cloudtrail-table", fake)
    assert seen.outcome == outcome
    assert seen.numbers["same"] == len(EVENTS) - 1


@pytest.mark.parametrize(("flip", "outcome"), [("true", "lost"), ("false", "wrong")])
def test_a_function_that_means_something_else_refutes(flip: str, outcome: str) -> None:
    fake = Athena()
    plain = fake.trino.run
    other = {"true": "false", "false": "true"}[flip]
    fake.trino.run = (
        lambda query: [  # type: ignore[method-assign]
            (row[0], other if row[1] == flip else row[1], *row[2:]) for row in plain(query)
        ]
    )
    assert run("athena-functions", fake).outcome == outcome


def test_a_refused_call_is_one_for_the_report() -> None:
    fake = Athena()
    fake.fail["StartQueryExecution"] = [Failure("AccessDeniedException", "no")]
    with pytest.raises(Exception, match="AccessDeniedException"):
        run("athena-functions", fake)


def test_an_interrupted_run_stops_its_query() -> None:
    fake = Athena()
    fake.looks = 100
    cloud = Cloud(Session(fake), REGION, ACCOUNT, "aws", f"arn:aws:iam::{ACCOUNT}:user/u")
    context = Run(cloud, "abcd1234")
    started = fake.StartQueryExecution

    def start(asked: dict[str, Any]) -> dict[str, Any]:
        context.stop.set()
        return started(asked)

    fake.StartQueryExecution = start  # type: ignore[method-assign]
    with pytest.raises(Stopped):
        run("athena-functions", fake, context)
    assert fake.stopped == ["query-0"]
