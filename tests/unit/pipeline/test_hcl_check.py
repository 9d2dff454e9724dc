"""Metric filters and alarms in HCL that never ring are found; those that ring are left alone."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from deep import deep
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.cli import main
from secretwatch.pipeline.hcl_check import Found, check
from secretwatch.pipeline.hcl_values import NotHcl

FILTER = """
resource "aws_cloudwatch_log_metric_filter" "root" {
  name           = "root"
  log_group_name = var.log_group_name
  pattern        = %s
  metric_transformation {
    name      = "RootUse"
    namespace = "CIS"
    value     = "1"
    %s
  }
}
"""
ALARM = """
resource "aws_cloudwatch_metric_alarm" "root" {
  alarm_name          = "root"
  metric_name         = aws_cloudwatch_log_metric_filter.root.metric_transformation[0].name
  namespace           = "CIS"
  comparison_operator = "%s"
  statistic           = "%s"
  threshold           = "%s"
  period              = "%s"
  evaluation_periods  = "%s"
  treat_missing_data  = "%s"
}
"""
ROOT = '{ $.userIdentity.type = "Root" && $.eventType != "AwsServiceEvent" }'


def one(pattern: str, more: str = "", alarm: str = "") -> Found:
    return check({"main.tf": FILTER % (json.dumps(pattern), more) + alarm})


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ('{ $.eventname = "ConsoleLogin" }', "$.eventName"),
        ('{ $.eventName = "StopLoging" }', "Write StopLogging"),
        ('{ ($.eventName = "StopLoging") || ($.eventName = "DeleteTrail") }', "StopLogging"),
        ('{ $.eventName = "DeleteTrail" && $.eventName = "StopLogging" }', "contradict"),
        ('{ $.readOnly = "true" }', "IS TRUE"),
        ('{ $.eventSource = "iam" && $.eventName = "CreateUser" }', "iam"),
        ('{ $.errorCode = "*Unauthorized', "refuses"),
    ],
)
def test_a_pattern_that_matches_nothing(pattern: str, says: str) -> None:
    (problem,) = one(pattern).problems
    assert says in problem.sentence
    assert (problem.line, problem.address) == (2, "aws_cloudwatch_log_metric_filter.root")


@pytest.mark.parametrize(
    "pattern",
    [
        ROOT,
        '{ ($.eventName = ConsoleLogin) && ($.additionalEventData.MFAUsed != "Yes") }',
        '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
        "ERROR -DEBUG",
        "[ip, user, timestamp, request, status_code = 4*, size]",
        "",
    ],
)
def test_a_pattern_that_can_match(pattern: str) -> None:
    assert one(pattern).problems == []


def test_average_among_zeros_stays_silent() -> None:
    """The alarm of somebody who searched every hop for an hour."""
    alarm = ALARM % ("GreaterThanOrEqualToThreshold", "Average", 1, 300, 1, "notBreaching")
    (problem,) = one(ROOT, "default_value = 0", alarm).problems
    assert (problem.address, problem.line) == ("aws_cloudwatch_metric_alarm.root", 14)
    assert "stays silent" in problem.sentence
    assert "Sum" in problem.sentence
    assert one(ROOT, "", alarm).problems == []
    assert one(ROOT, "default_value = 0", alarm.replace("Average", "Sum")).problems == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("LessThanThreshold", "Sum", 1, 300, 1, "breaching"), "while nothing matches"),
        (("GreaterThanOrEqualToThreshold", "Sum", 0, 300, 1, "notBreaching"), "while nothing matches"),
        (("GreaterThanOrEqualToThreshold", "Sum", 1, 90, 1, "notBreaching"), "refuses"),
        (("GreaterThanThreshold", "Maximum", 1, 300, 1, "notBreaching"), "stays silent"),
    ],
)
def test_an_alarm_that_is_none(change: tuple[Any, ...], says: str) -> None:
    (problem,) = one(ROOT, "default_value = 0", ALARM % change).problems
    assert says in problem.sentence


@deep(100)
@given(
    statistic=st.sampled_from(["Sum", "SampleCount", "Maximum"]),
    threshold=st.integers(1, 500),
    period=st.sampled_from([60, 300, 900, 3600]),
    periods=st.integers(1, 3),
    zeros=st.booleans(),
)
def test_an_alarm_on_so_many_events_is_left_alone(
    statistic: str, threshold: int, period: int, periods: int, zeros: bool
) -> None:
    """SampleCount counts the zeros, too: where they alone are enough, it is in ALARM all the time."""
    needed = 1 if statistic == "Maximum" else threshold
    alarm = ALARM % ("GreaterThanOrEqualToThreshold", statistic, needed, period, periods, "notBreaching")
    found = one(ROOT, "default_value = 0" if zeros else "", alarm).problems
    always = statistic == "SampleCount" and zeros and needed <= period // 60
    assert [("while nothing matches" in each.sentence) for each in found] == ([True] if always else [])


def test_what_only_a_plan_knows_is_counted() -> None:
    found = check(
        {
            "a.tf": 'resource "aws_cloudwatch_log_metric_filter" "each" {\n  for_each = local.x\n'
            "  pattern = each.value.pattern\n}\n" + (FILTER % ('"{ $.eventName = \\"${var.name}\\" }"', "")),
            "b.tf": ALARM % ("GreaterThanOrEqualToThreshold", "Sum", "${var.n}", 300, 1, "missing"),
        }
    )
    assert (found.problems, found.looked_at, len(found.left)) == ([], 0, 3)


@pytest.mark.parametrize("filters", ["", 'unit = "Count"', 'unit = "None"'])
@pytest.mark.parametrize("alarms", ["", 'unit = "Count"', 'unit = "Seconds"'])
def test_an_alarm_counts_values_of_its_own_unit_alone(filters: str, alarms: str) -> None:
    alarm = ALARM % ("GreaterThanOrEqualToThreshold", "Sum", 1, 300, 1, "notBreaching")
    found = one(ROOT, filters, alarm.replace("\n}", f"\n  {alarms}\n}}")).problems
    assert ["stays silent" in each.sentence for each in found] == (
        [True] if alarms and alarms != filters else []
    )


@pytest.mark.parametrize(
    ("more", "change"),
    [
        ("default_value = var.zero", ("", "")),
        ("unit = var.unit", ("", "")),
        ('dimensions = { user = "$.userIdentity.arn" }', ("", "")),
        ("default_value = 0", ('"Average"', "var.statistic")),
        ("", ('"notBreaching"', "var.missing")),
    ],
)
def test_an_alarm_of_which_only_a_plan_knows_all_is_not_judged(more: str, change: tuple[str, str]) -> None:
    alarm = ALARM % ("GreaterThanOrEqualToThreshold", "Average", 1, 300, 1, "notBreaching")
    found = one(ROOT, more, alarm.replace(*change) if change[0] else alarm)
    assert (found.problems, found.looked_at, len(found.left)) == ([], 1, 1)


def test_a_table_that_a_module_goes_through() -> None:
    table = """locals {
  alarms = {
    Good = { pattern = "{ $.eventName = \\"DeleteTrail\\" }", description = "x" }
    Bad  = { pattern = "{ $.eventname = \\"DeleteTrail\\" }" }
  }
}
"""
    (problem,) = check({"locals.tf": table}).problems
    assert (problem.line, problem.address) == (4, "locals.alarms.Bad")


def test_heredocs() -> None:
    text = FILTER.replace("%s", '<<-EOT\n    { $.eventname = "x" }\n  EOT', 1) % ""
    (problem,) = check({"main.tf": text}).problems
    assert "$.eventName" in problem.sentence


def test_what_is_no_hcl_is_a_sentence() -> None:
    with pytest.raises(NotHcl, match=r"^main\.tf cannot be read as HCL"):
        check({"main.tf": "resource {"})


def test_the_command(tmp_path: Path) -> None:
    bad, good = tmp_path / "bad", tmp_path / "good"
    for folder, pattern in ((bad, '{ $.eventname = "x\\u001b[31m" }'), (good, ROOT)):
        folder.mkdir()
        (folder / "main.tf").write_text(FILTER % (json.dumps(pattern), ""))
    run = CliRunner().invoke
    assert run(main, ["check", str(good)]).exit_code == 0
    told = run(main, ["check", str(bad), str(good)])
    assert told.exit_code == 1
    assert f"{bad}/main.tf:2: aws_cloudwatch_log_metric_filter.root: " in told.output
    assert "\x1b" not in told.output
    as_json = json.loads(run(main, ["check", "--json", str(bad / "main.tf")]).stdout)
    assert [len(as_json["problems"]), as_json["looked_at"], as_json["left"]] == [1, 1, 0]
    for wrong in ([str(tmp_path)], [str(tmp_path / "none.tf")]):
        assert run(main, ["check", *wrong]).exit_code == 2


def test_modules_of_this_repository_have_none() -> None:
    repo = Path(__file__).resolve().parents[3]
    for folder in itertools.chain([repo], (repo / "modules").iterdir(), (repo / "examples").iterdir()):
        texts = {str(each): each.read_text() for each in sorted(folder.glob("*.tf"))}
        if any("aws_cloudwatch_log_metric_filter" in each for each in texts.values()):
            assert check(texts).problems == []
