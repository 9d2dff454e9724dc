"""What a failing test is shown of Terraform, and where an applied alarm is looked for."""

import json
from pathlib import Path
from typing import Any

import pytest

from secretwatch.testing.harness import _errors
from secretwatch.testing.stack import Stack


class Looked:
    def alarm(self, name: str, region: str | None) -> tuple[str, str | None]:
        return name, region


def stack(folder: Path, *arns: str) -> Any:
    instances = [{"attributes": {"alarm_name": "a", "arn": arn}} for arn in arns]
    state = {"resources": [{"type": "aws_cloudwatch_metric_alarm", "instances": instances}]}
    (folder / "terraform.tfstate").write_text(json.dumps(state))
    return Stack(Looked(), folder, lambda *arguments: "")  # type: ignore[arg-type]


@pytest.mark.parametrize("box", ["", "│ "])
def test_of_a_run_that_failed_the_errors_are_shown(box: str) -> None:
    assert (
        _errors(f"Plan: 11 to add\n{box}Error: no\n\nError: nor that\n")
        == f"{box}Error: no\n\nError: nor that\n"
    )
    assert _errors("killed") == "killed"


def test_an_applied_alarm_is_looked_for_in_its_region(tmp_path: Path) -> None:
    here = stack(tmp_path, "arn:aws:cloudwatch:eu-west-1:810000000001:alarm:a")
    assert here.alarm("a") == ("a", "eu-west-1")
    assert here.alarm("a", "us-east-1") == ("a", "us-east-1")
    assert here.alarm("b") == ("b", None)


def test_one_of_several_regions_has_to_be_said(tmp_path: Path) -> None:
    arns = [f"arn:aws:cloudwatch:{each}:810000000001:alarm:a" for each in ("eu-west-1", "us-east-1")]
    assert stack(tmp_path, *arns).alarm("a") == ("a", None)
