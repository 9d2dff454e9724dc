"""Each experiment of `secretwatch verify` on the local cloud: it finds what is claimed, and leaves nothing."""

from __future__ import annotations

from collections.abc import Mapping

import boto3
import pytest

from secretwatch.verify.cloud import Cloud
from secretwatch.verify.model import Verdict
from secretwatch.verify.result import Result
from secretwatch.verify.run import Verification
from secretwatch.verify.table import BY_ID, EXPERIMENTS

ACCOUNT = "818181818181"
REGION = "us-east-1"

AWAITS: dict[str, str] = {}


class Quiet:
    """Nobody is told; details of what failed are kept for the test's own message."""

    def __init__(self) -> None:
        self.details: dict[str, str] = {}

    def finished(self, result: Result, detail: str) -> None:
        self.details[result.experiment.id] = detail

    def waiting(self, waiting: Mapping[str, str], seconds: float) -> None: ...

    def note(self, text: str) -> None: ...


def cloud() -> Cloud:
    session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="test", region_name=REGION)
    return Cloud.of(session, REGION)


class Done:
    def __init__(self) -> None:
        self.cloud = cloud()
        self.told = Quiet()
        self.verification = Verification(self.cloud, EXPERIMENTS, self.told)
        self.verification.run()
        self.results = {each.experiment.id: each for each in self.verification.results}


@pytest.fixture(scope="module")
def done(aws: dict[str, str]) -> Done:
    return Done()


@pytest.mark.parametrize("name", BY_ID)
def test_the_local_cloud_does_what_is_claimed(done: Done, name: str, request: pytest.FixtureRequest) -> None:
    if name in AWAITS:
        request.applymarker(pytest.mark.xfail(reason=AWAITS[name], strict=True))
    result = done.results[name]
    assert result.verdict is Verdict.CONFIRMED, (result.outcome, result.numbers, done.told.details[name])
