"""What is told of a run holds nothing of the account, whatever AWS answered."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError
from labs import ACCOUNT, Session, cloud_of, experiment

from secretwatch.verify.model import FAILED, REFUSED, TIME_UP
from secretwatch.verify.report import as_dict
from secretwatch.verify.result import Result, exit_code, known_code

HOSTILE = f"arn:aws:iam::{ACCOUNT}:role/mine"
NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "told"),
    [("AccessDenied", "AccessDenied"), (HOSTILE, "other"), ("MyCompanysProxy", "other"), ("", "other")],
)
def test_only_codes_that_aws_has_are_told(code: str, told: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": HOSTILE}}, "PutRule")
    assert known_code(error) == told


def test_an_error_that_botocore_models_is_told() -> None:
    modelled = type("ResourceNotFoundException", (ClientError,), {})
    assert known_code(modelled({"Error": {"Code": "x"}}, "PutRule")) == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("outcome", "numbers", "code"),
    [
        ("other", {}, None),
        ("yes", {"count": HOSTILE}, None),
        ("yes", {HOSTILE: 1}, None),
        (REFUSED, {}, HOSTILE),
    ],
)
def test_a_result_cannot_hold_a_text(outcome: str, numbers: dict[str, object], code: str | None) -> None:
    with pytest.raises(ValueError, match=r"is not among|is no number|no error code"):
        Result(experiment(), outcome, numbers, code=code)  # type: ignore[arg-type]


def test_a_result_comes_back_as_it_was() -> None:
    one = experiment()
    result = Result(one, "yes", {"count": 2}, 1.5, 0.25, None)
    assert Result.from_dict(one, json.loads(json.dumps(result.as_dict()))) == result


def test_a_result_of_another_claim_does_not() -> None:
    kept = Result(experiment(), "yes", {"count": 2}).as_dict()
    with pytest.raises(ValueError, match="another one today"):
        Result.from_dict(experiment(claim="It is otherwise."), kept)


def test_the_report_counts_and_names_no_region_that_is_not_aws() -> None:
    results = [Result(experiment("a"), "yes"), Result(experiment("b"), "no"), Result(experiment("c"), FAILED)]
    report = as_dict(cloud_of(Session()), results, "finished", "1", NOW, 0.5)
    assert report["verdicts"] == {"confirmed": 1, "refuted": 1, "cannot tell": 1}
    assert (report["region"], report["date"], report["cents"]) == ("us-east-1", "2026-01-02", 0.5)
    elsewhere = as_dict(cloud_of(Session(), region="mine"), results, "finished", "1", NOW, 0.5)
    assert elsewhere["region"] == "other"


@pytest.mark.parametrize(
    ("outcomes", "wanted", "code"),
    [
        (["yes", "yes"], 2, 0),
        (["yes"], 2, 3),
        (["yes", TIME_UP], 2, 3),
        (["no", TIME_UP], 2, 1),
        (["no", "yes"], 2, 1),
        ([], 0, 0),
    ],
)
def test_the_exit_code_says_the_worst(outcomes: list[str], wanted: int, code: int) -> None:
    assert exit_code([Result(experiment(), each) for each in outcomes], wanted) == code
