"""docs/local-cloud.md lists the errors that are refused and those that are not, and the list is true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from scripts_here import load


@pytest.fixture(scope="module")
def refusals(repo: Path) -> Any:
    return load(repo, "refusals")


@pytest.fixture(scope="module")
def calls(repo: Path) -> Any:
    return load(repo, "calls")


def test_every_call_is_one_of_its_service(calls: Any, repo: Path) -> None:
    session = botocore.session.get_session()
    for service, operations in calls.known(repo).items():
        assert operations <= set(session.get_service_model(service).operation_names)


def test_every_error_of_every_call_is_in_the_list_once(refusals: Any, calls: Any, repo: Path) -> None:
    found = refusals.services(repo)
    assert found.keys() == calls.known(repo).keys()
    for service, operations in calls.known(repo).items():
        listed = [*found[service].covered, *found[service].missing]
        assert len(set(listed)) == len(listed)
        for operation in operations:
            codes = {code for each, code in listed if each == operation}
            assert refusals.errors_of(service, operation) <= codes


def test_what_is_said_to_be_made_elsewhere_is_made_there(refusals: Any, calls: Any, repo: Path) -> None:
    for (service, code), (file, operations) in refusals.ELSEWHERE.items():
        assert code in (repo / file).read_text(), (service, code, file)
        for operation in operations:
            assert code in refusals.errors_of(service, operation), (service, operation, code)
            assert operation in calls.known(repo)[service]


def test_reasons_are_given_for_errors_that_there_are(refusals: Any, calls: Any, repo: Path) -> None:
    errors = {
        (service, code)
        for service, operations in calls.known(repo).items()
        for operation in operations
        for code in refusals.errors_of(service, operation)
    }
    for key in refusals.WHY_NOT:
        assert key in errors or key in {code for _, code in errors}, key


def test_the_page_says_how_many(refusals: Any, repo: Path) -> None:
    found = refusals.services(repo).values()
    covered, missing = sum(len(each.covered) for each in found), sum(len(each.missing) for each in found)
    page = (repo / "docs/local-cloud.md").read_text()
    said = re.search(r"Of (\d+) errors that .*, (\d+) are refused here and tested, (\d+) are not\.", page)
    assert said
    assert [int(each) for each in said.groups()] == [covered + missing, covered, missing]


def test_calls_are_read_from_a_log(calls: Any) -> None:
    log = [
        "2026-11-26T14:42:44.388  INFO --- [et.reactor-2] localstack.request.aws  : AWS kms.CreateKey => 200",
        "x localstack.request.aws     : AWS s3.HeadBucket => 404 (NoSuchBucket)",
        "x localstack.request.http    : GET /_secretwatch/status => 200",
    ]
    assert calls.calls_in(log) == {"kms": {"CreateKey"}, "s3": {"HeadBucket"}}


def test_a_call_that_is_missing_is_said(
    calls: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    log.write_text("x AWS kms.CreateKey => 200\nx AWS sns.Publish => 200\n")
    assert calls.main(["--check", "--log", str(log)]) == 1
    assert capsys.readouterr().err == ("error: scripts/calls.json lacks sns.Publish: run scripts/calls.py.\n")
