"""Each experiment of `secretwatch verify` on the local cloud finds what is claimed, and leaves nothing."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from deployment import wait_for

from secretwatch.verify import kinds, permissions, stage
from secretwatch.verify.cloud import Cloud
from secretwatch.verify.lab import Lab
from secretwatch.verify.model import ABSENT, COMMON, Experiment, Seen, Verdict
from secretwatch.verify.report import as_dict
from secretwatch.verify.result import Result
from secretwatch.verify.run import Verification
from secretwatch.verify.table import BY_ID, EXPERIMENTS

REGION = "us-east-1"


class Told:
    """Details of what failed, for the test's own message."""

    def __init__(self) -> None:
        self.details: dict[str, str] = {}

    def finished(self, result: Result, detail: str) -> None:
        self.details[result.experiment.id] = detail

    def waiting(self, waiting: Mapping[str, str], seconds: float) -> None: ...

    def note(self, text: str) -> None: ...


def cloud_of(account: str) -> Cloud:
    return Cloud.of(boto3.Session(account, "test", region_name=REGION), REGION)


class Done:
    """All experiments, run once; which calls each of them made."""

    def __init__(self) -> None:
        self.cloud = cloud_of("818181818181")
        self.calls: dict[str, set[str]] = defaultdict(set)
        self.request_ids: set[str] = set()
        self._current = threading.local()
        self.cloud.session.events.register("before-call", self._called)
        self.cloud.session.events.register("after-call", self._answered)
        self.told = Told()
        self.verification = Verification(self.cloud, [self._marked(each) for each in EXPERIMENTS], self.told)
        self.verification.run()
        self.results = {each.experiment.id: each for each in self.verification.results}

    def _marked(self, experiment: Experiment) -> Experiment:
        """The experiment, whose thread says of its calls that they are its."""

        def run(lab: Lab) -> Seen:
            self._current.id = experiment.id
            return experiment.run(lab)

        return replace(experiment, run=run)

    def _called(self, model: Any, **_: Any) -> None:
        who = getattr(self._current, "id", stage.ID)
        self.calls[who].add(action_of(model.service_model.service_name, model.name))

    def _answered(self, parsed: dict[str, Any], **_: Any) -> None:
        self.request_ids.add(str(parsed.get("ResponseMetadata", {}).get("RequestId")))


# Calls whose permission has another name.
_ACTIONS = {
    "cloudcontrol:GetResource": "cloudformation:GetResource",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjectsV2": "s3:ListBucket",
}
# Those that take none.
_FREE = {"sts:GetCallerIdentity", "sns:Unsubscribe"}


def action_of(service: str, operation: str) -> str:
    action = f"{'states' if service == 'stepfunctions' else service}:{operation}"
    return _ACTIONS.get(action, action)


@pytest.fixture(scope="module")
def done(aws: dict[str, str]) -> Done:
    return Done()


@pytest.mark.parametrize("name", BY_ID)
def test_the_local_cloud_does_what_is_claimed(done: Done, name: str) -> None:
    result = done.results[name]
    if BY_ID[name].on_aws_alone:
        assert COMMON[ABSENT] == result.experiment.outcome(Seen(result.outcome)), done.told.details[name]
        return
    assert result.verdict is Verdict.CONFIRMED, (result.outcome, result.numbers, done.told.details[name])


def test_nothing_is_left_behind(done: Done) -> None:
    assert done.verification.context.left_behind == []
    assert list(kinds.found(done.cloud)) == []


@pytest.mark.parametrize("name", BY_ID)
def test_no_call_is_made_whose_permission_is_not_asked_for(done: Done, name: str) -> None:
    made = done.calls[name] - _FREE
    assert made, "no call was seen"
    assert made - set(permissions.needed([BY_ID[name]])) == set()


def test_it_costs_no_more_than_it_says(done: Done) -> None:
    dearer = {name for name, each in done.results.items() if each.cents > BY_ID[name].cents + 1e-9}
    assert dearer == set()
    trail = sum(kinds.CENTS[kind] * count for kind, count in stage.MAKES.items())
    assert done.verification.stage_cents == pytest.approx(trail)


def strings(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(strings, value.values()))
    if isinstance(value, list):
        return set().union(*map(strings, value))
    return {value} if isinstance(value, str) else set()


def test_what_may_be_sent_holds_nothing_of_the_account(done: Done) -> None:
    """Each text in it stands in the table of experiments, or is one of a few words."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    report = as_dict(done.cloud, done.results.values(), "finished", "1.2.3", now, 0.5)
    known = {"local", "finished", "1.2.3", "2026-01-01", REGION, *COMMON, *map(str, Verdict), *report}
    known |= {each.sentence for each in COMMON.values()}
    for each in EXPERIMENTS:
        known |= {each.id, each.claim, *each.outcomes, *each.numbers, *each.numbers.values()}
        known |= {outcome.sentence for outcome in each.outcomes.values()}
    known |= {
        "id",
        "claim",
        "verdict",
        "outcome",
        "seen",
        "numbers",
        "value",
        "means",
        "seconds",
        "cents",
        "code",
    }
    codes = {each.code for each in done.results.values() if each.code}
    assert strings(report) - known - codes == set()
    text = json.dumps(report)
    assert done.cloud.account not in text
    assert kinds.PREFIX not in text
    assert done.request_ids
    assert not [each for each in done.request_ids if each in text]
    assert not re.search(r"arn:aws:\w+:[\w-]*:(?!111122223333|1:)\d", text)


ACCOUNT = "828282828282"
SLOW = "stopped-trail,third-bus,alarm-looks-back,failed-action"


@pytest.fixture
def command(aws: dict[str, str], tmp_path: Path) -> Any:
    env = os.environ | {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_REGION": REGION}
    state = tmp_path / "verify.json"

    def start(*arguments: str) -> subprocess.Popen[str]:
        code = "from secretwatch.__main__ import run; run()"
        return subprocess.Popen(
            [sys.executable, "-c", code, "verify", "--state-file", str(state), *arguments],
            env=env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    return start


@pytest.fixture(scope="module")
def account(aws: dict[str, str]) -> Cloud:
    return cloud_of(ACCOUNT)


def await_things(account: Cloud) -> None:
    """Until a run is in the midst of it: things of several kinds are there."""

    def made() -> bool:
        return len({kind for kind, _ in kinds.found(account)}) >= 3

    wait_for("things of the run", made)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_run_removes_what_it_made(
    command: Any, account: Cloud, number: signal.Signals
) -> None:
    process = command("--yes", "--only", SLOW)
    await_things(account)
    process.send_signal(number)
    told, _ = process.communicate(timeout=120)
    assert process.returncode == 130, told
    assert list(kinds.found(account)) == []


def test_what_a_killed_run_left_is_removed_by_the_next(command: Any, account: Cloud) -> None:
    process = command("--yes", "--only", SLOW)
    await_things(account)
    process.kill()
    process.communicate(timeout=60)
    left = set(kinds.found(account))
    assert left
    process = command("--yes", "--only", "pattern-empty-braces", "--json", "-")
    told, _ = process.communicate(timeout=120)
    assert process.returncode == 0, told
    for kind, name in left:
        assert f"removed the {kind} {name}" in told
    assert list(kinds.found(account)) == []
