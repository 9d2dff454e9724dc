"""A gate does not pass where an alarm was not tried, or nothing was read: it says what, and exits 3."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from history import PATTERN, other, read, write
from planning import alarm, filter_, on_metrics, plan, resource

from secretwatch.cli.backtest import backtest
from secretwatch.pipeline.backtest.planned import subject_of

NOTHING = '{ $.eventName = "Nothing" }'
GATE = ("--max-alarms", "9/week", "--check")


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    write(folder, "2026-03-01T10:05", [other("a", "2026-03-01T10:00:00Z"), read("b", "2026-03-01T10:00:00Z")])
    return folder


def run(tmp_path: Path, *arguments: Any, shown: dict[str, Any] | None = None) -> Any:
    if shown is not None:
        (tmp_path / "plan.json").write_text(json.dumps(shown))
        arguments = (tmp_path / "plan.json", *arguments)
    return CliRunner().invoke(backtest, list(map(str, arguments)))


def composite(rule: Any) -> dict[str, Any]:
    return resource("aws_cloudwatch_composite_alarm", "c", alarm_name="c", alarm_rule=rule)


@pytest.mark.parametrize(
    ("untested", "words"),
    [
        (on_metrics("x", "m0 + m1", "m", "m2"), "metric_alarm.x looks at metric math"),
        (on_metrics("x", "m0 * 2", "m"), "metric_alarm.x looks at metric math"),
        (
            on_metrics("x", "ANOMALY_DETECTION_BAND(m0, 2)", "m", threshold=None, threshold_metric_id="e"),
            "metric_alarm.x looks at metric math or at a band",
        ),
        (alarm("x", threshold=...), "metric_alarm.x has settings that are known only after an apply"),
        (alarm("x", metric_name=...), "metric_alarm.x looks at a metric that is known only after"),
        (alarm("x", namespace=...), "metric_alarm.x looks at a metric that is known only after"),
        (alarm("x", period=30), "metric_alarm.x has a period"),
        (filter_("x", metric=...), "The metric of aws_cloudwatch_log_metric_filter.x is known only after"),
        (filter_("x", pattern=...), "The pattern of aws_cloudwatch_log_metric_filter.x is known only after"),
        (composite('ALARM("plain") AND ALARM(other)'), "composite_alarm.c combines alarms"),
        (composite("OK(arn:aws:cloudwatch:eu-central-1:111122223333:alarm:plain)"), "combines alarms"),
        (composite(...), "composite_alarm.c combines alarms"),
    ],
)
def test_what_is_not_tried_is_named_and_the_gate_does_not_pass(
    untested: dict[str, Any], words: str, logs: Path, tmp_path: Path
) -> None:
    shown = plan(filter_("f", pattern=NOTHING), filter_("g", "m2", pattern=NOTHING), alarm("plain"), untested)
    done = run(tmp_path, "--logs", logs, *GATE, shown=shown)
    assert done.exit_code == 3, done.output
    assert words in done.output.partition("not tested: ")[2].partition("It is not known whether")[0]
    assert words in done.output.partition("whether the limit holds: ")[2]
    assert "No watch would have rung" not in done.output
    page = tmp_path / "page.html"
    assert run(tmp_path, tmp_path / "plan.json", "--logs", logs, *GATE[:2], "--html", page).exit_code == 0
    assert "It is not known whether" in page.read_text()


@pytest.mark.parametrize(
    "tested",
    [
        on_metrics("x", "FILL(m0, 0)", "m"),
        on_metrics("x", "m0 + m1", "elsewhere", "other"),
        alarm("x", dimensions={"a": "b"}),
        alarm("x", metric_name="elsewhere", threshold=...),
        composite("ALARM(elsewhere)"),
    ],
)
def test_what_is_tried_or_of_something_else_stops_no_gate(
    tested: dict[str, Any], logs: Path, tmp_path: Path
) -> None:
    shown = plan(filter_("f", pattern=NOTHING), alarm("plain"), tested)
    assert subject_of(shown, "plan").unknown == ()
    assert run(tmp_path, "--logs", logs, *GATE, shown=shown).exit_code == 0


def test_a_watch_that_is_asked_for_by_its_metric_keeps_what_is_not_known_of_it(
    logs: Path, tmp_path: Path
) -> None:
    late = filter_("late", pattern=...)
    shown = plan(
        filter_("f", pattern=NOTHING), late, filter_("g", "m2"), alarm("a"), alarm("b", metric_name="m2")
    )
    done = run(tmp_path, "--watch", "m", "--logs", logs, *GATE, shown=shown)
    assert done.exit_code == 3, done.output
    assert "not tested: The pattern of" in done.output


@pytest.mark.parametrize("text", ["", "hello\n", '{"Records":[]}'])
@pytest.mark.parametrize(
    "name", ["x.json", "111122223333_CloudTrail_eu-central-1_20260301T1005Z_0123456789abcdef.json"]
)
def test_no_event_is_no_history(text: str, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    done = run(tmp_path, "--pattern", PATTERN, "--logs", tmp_path / name, *GATE)
    assert done.exit_code == 3, done.output
    assert "whether the limit holds: the history holds no event" in done.output


def test_a_file_that_is_passed_over_is_history(tmp_path: Path) -> None:
    file = write(tmp_path, "2026-03-01T10:05", [other("a", "2026-03-01T10:00:00Z")])
    done = run(tmp_path, "--pattern", PATTERN, "--logs", file, *GATE)
    assert (done.exit_code, "without the words" in done.output) == (0, True)


def test_metrics_of_one_name_in_two_namespaces_are_two_watches() -> None:
    shown = plan(filter_("f"), filter_("g", namespace="x"), alarm("a"), alarm("b", namespace="x"))
    found = {each.label: [one.name for one in each.alarms] for each in subject_of(shown, "plan").watches}
    assert found == {"m": ["a"], "m of x": ["b"]}
