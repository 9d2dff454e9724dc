"""Alarms that ring when nothing comes, on histories worked out by hand; what no history tells is named.

An evaluation at minute M sees what arrived before M. The alarm on a log group without events looks at twelve
windows of five minutes, and at two more where these are empty: at 70 minutes.
"""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from history import name, other, read, write
from hypothesis import given, settings
from hypothesis import strategies as st
from planning import alarm, filter_, on_metrics, plan

from secretwatch.alarm import AlarmConfig, Sample, State, datapoints, next_state
from secretwatch.backtest.replay import Counted
from secretwatch.backtest.result import AlarmResult, Result
from secretwatch.backtest.silence import is_kept_quiet_by_anything, is_of_silence, silences
from secretwatch.backtest.subject import Subject
from secretwatch.cli.backtest import backtest as command
from secretwatch.pipeline.backtest.planned import subject_of
from secretwatch.pipeline.backtest.run import backtest
from secretwatch.pipeline.backtest.scan import Setting, scan
from secretwatch.pipeline.backtest.sources import items
from secretwatch.pipeline.backtest.store import Store

MIDNIGHT = 29_000_160
NOTHING: dict[str, Any] = {
    "comparison_operator": "LessThanThreshold",
    "statistic": "Sum",
    "threshold": 1.0,
    "treat_missing_data": "breaching",
}
BLIND = AlarmConfig(period=300, evaluation_periods=12, **NOTHING)
HEARTBEAT = AlarmConfig(
    period=300, evaluation_periods=15, datapoints_to_alarm=15, **NOTHING | {"statistic": "SampleCount"}
)
"""Of a read every hour: it looks at 85 minutes."""

CASES: dict[str, tuple[AlarmConfig, list[int], int, list[tuple[int, int | None]]]] = {
    # what it is set to; minutes of what came; the last minute of the history; rings and their ends
    "every five minutes": (BLIND, list(range(0, 1000, 5)), 1000, []),
    "an hour of silence is seen through, by the windows that it looks back at": (
        BLIND,
        [0, 60, 120],
        120,
        [],
    ),
    "seventy minutes, too": (BLIND, [0, 70], 70, []),
    "a minute more is silence, until the next is seen": (BLIND, [0, 71], 71, [(71, 72)]),
    "a night": (BLIND, [0, 5, 10, 490, 500], 500, [(81, 491)]),
    "two nights": (BLIND, [0, 480, 960], 960, [(71, 481), (551, 961)]),
    "silence to the end of the history": (BLIND, [0, 5], 200, [(76, None)]),
    "and not beyond it": (BLIND, [0, 5], 75, []),
    "silence before the history is none": (BLIND, [300], 301, []),
    "nothing at all": (BLIND, [], 500, []),
    "a heartbeat an hour": (HEARTBEAT, [0, 60, 120, 180], 180, []),
    "one that comes eleven minutes late": (HEARTBEAT, [0, 71, 120], 120, []),
    "one that does not come": (HEARTBEAT, [0, 60, 180], 180, [(146, 181)]),
    "none after the second": (HEARTBEAT, [0, 60], 300, [(146, None)]),
}


@pytest.mark.parametrize(("config", "minutes", "end", "rings"), CASES.values(), ids=CASES)
def test_what_was_worked_out_by_hand(
    config: AlarmConfig, minutes: list[int], end: int, rings: list[tuple[int, int | None]]
) -> None:
    cells = {(each + MIDNIGHT, each + MIDNIGHT): {1.0: 1} for each in minutes}
    found = silences(config, cells, end + MIDNIGHT)
    assert [(r.minute - MIDNIGHT, r.until and r.until - MIDNIGHT) for r in found] == rings


CONFIGS = st.builds(
    lambda period, wanted, of, fill: AlarmConfig(
        period=60 * period, evaluation_periods=of, datapoints_to_alarm=min(wanted, of), fill=fill, **NOTHING
    ),
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from([None, None, 0.0]),
)


@settings(deadline=None)
@given(
    config=CONFIGS,
    minutes=st.sets(st.integers(0, 80), min_size=1, max_size=8),
    more=st.integers(0, 40),
    counted=st.sampled_from(Counted),
)
def test_it_is_the_same_as_evaluating_every_minute(
    config: AlarmConfig, minutes: set[int], more: int, counted: Counted
) -> None:
    span = config.evaluation_range * config.period // 60
    state, rings, end = State.INSUFFICIENT_DATA, [], max(minutes) + more
    for minute in range(min(minutes) - span - 2, end + 1):
        at = datetime.fromtimestamp((MIDNIGHT + minute) * 60, UTC)
        seen = [Sample(at - timedelta(minutes=minute - each), 1.0) for each in minutes if each < minute]
        before, state = state, next_state(config, datapoints(config, seen, at), state)
        # What was before the history is not known as long as it is looked at.
        if state == State.ALARM != before and minute > min(minutes) + span:
            rings.append(minute)
    cells = {(each + MIDNIGHT, each + MIDNIGHT): {1.0: 1} for each in minutes}
    found = [ring.minute - MIDNIGHT for ring in silences(config, cells, end + MIDNIGHT, counted)]
    if is_kept_quiet_by_anything(config):
        assert found == rings
    else:
        assert [each for each in found if each > min(minutes) + span] == rings


@pytest.mark.parametrize(
    ("changed", "of_silence", "by_anything"),
    [
        ({}, True, True),
        ({"treat_missing_data": "notBreaching"}, False, False),
        ({"comparison_operator": "GreaterThanOrEqualToThreshold"}, False, False),
        # Of which it matters how much comes.
        ({"threshold": 5.0}, True, False),
        ({"datapoints_to_alarm": 2}, True, False),
        ({"fill": 0.0, "treat_missing_data": "missing"}, True, False),
    ],
)
def test_which_alarms_are_of_silence(changed: dict[str, Any], of_silence: bool, by_anything: bool) -> None:
    config = AlarmConfig(**{"period": 300, "evaluation_periods": 3, **NOTHING, **changed})
    assert (is_of_silence(config), is_kept_quiet_by_anything(config)) == (of_silence, by_anything)


# From a plan and files to the result

OPS = "arn:aws:sns:eu-central-1:111122223333:ops"
HEART = '{ $.eventName = "GetSecretValue" && $.requestParameters.secretId = "heart" }'
SILENT = {"comparison_operator": "LessThanThreshold", "treat_missing_data": "breaching"}
ON_GROUP = {"namespace": "AWS/Logs", "metric_name": "IncomingLogEvents", "evaluation_periods": 12, **SILENT}
FAILED = {"namespace": "AWS/SNS", "metric_name": "NumberOfNotificationsFailed"}


def of_group(made: dict[str, Any], group: Any = "trail") -> dict[str, Any]:
    made["values"]["log_group_name"] = group
    return made


def blind(title: str = "blind", group: str = "trail", **more: Any) -> dict[str, Any]:
    dimensions = {"LogGroupName": group}
    return alarm(title, **ON_GROUP | {"dimensions": dimensions, "ok_actions": [OPS], **more})


def heartbeat() -> dict[str, Any]:
    counts = {"statistic": "SampleCount", "evaluation_periods": 15, "datapoints_to_alarm": 15}
    return alarm("heartbeat", metric_name="beats", **SILENT, **counts)


def subject_with(*more: dict[str, Any]) -> Subject:
    beats = of_group(filter_("beats", "beats", pattern=HEART))
    return subject_of(
        plan(of_group(filter_("f")), beats, alarm("reads"), blind(), heartbeat(), *more), "plan"
    )


def run(folder: Path, subject: Subject) -> Result:
    store = Store()
    tally = scan(items((str(folder),)), store, Setting((subject,)), 1)
    try:
        return backtest((subject,), store, tally)
    finally:
        store.close()


def of(result: Result, name: str) -> AlarmResult:
    (found,) = (each for w in result.subjects[0].watches for each in w.alarms if each.name == name)
    return found


def at(result: Result, name: str) -> list[tuple[str, str | None]]:
    return [
        (
            f"{datetime.fromtimestamp(r.at, UTC):%H:%M}",
            r.until and f"{datetime.fromtimestamp(r.until, UTC):%H:%M}",
        )
        for r in of(result, name).rings
    ]


def beat(hour: int) -> dict[str, Any]:
    return read(f"beat-{hour}", f"2026-03-01T{hour:02}:00:30Z", requestParameters={"secretId": "heart"})


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """Log files at 10:05, 11:05, 12:05, 13:05, 15:05, 16:05; heartbeats in all but those of 12:05, 13:05."""
    folder = tmp_path / "day"
    folder.mkdir()
    for hour in (10, 11, 12, 13, 15, 16):
        event = other(f"o-{hour}", f"2026-03-01T{hour}:00:00Z") if hour in (12, 13) else beat(hour)
        write(folder, f"2026-03-01T{hour}:05", [event])
    return folder


def test_gaps_of_log_files_and_of_heartbeats_ring(day: Path) -> None:
    found = run(day, subject_with())
    # After 13:05 the next file is there at 15:05: 70 minutes are looked at, so from 14:16 on.
    assert at(found, "blind") == [("14:16", "15:06")]
    # After 11:05 the next heartbeat comes at 15:05; 85 minutes are looked at, so from 12:31 on.
    assert at(found, "heartbeat") == [("12:31", "15:06")]
    watch = next(each for each in found.subjects[0].watches if each.label == "the watch itself")
    assert (watch.kind, watch.reads) == ("self-watch", 0)
    # That it rings, and that it is over.
    assert watch.topics[OPS].total == 2
    assert found.subjects[0].not_tested == ()
    assert found.as_dict()["subjects"][0]["watches"]


def test_what_a_person_sees_of_it(day: Path, tmp_path: Path) -> None:
    values = [of_group(filter_("f")), alarm("reads"), blind()]
    (tmp_path / "plan.json").write_text(json.dumps(plan(*values)))
    html = tmp_path / "page.html"
    done = CliRunner().invoke(
        command,
        [str(tmp_path / "plan.json"), "--logs", str(day), "--html", str(html)],
        catch_exceptions=False,
    )
    assert "2026-03-01 14:16:00  blind: nothing came until 2026-03-01 15:06:00" in done.output
    assert "nothing came until 2026-03-01 15:06" in html.read_text()


def test_without_times_of_arrival_silence_is_not_told(day: Path) -> None:
    packed = gzip.compress(json.dumps({"Records": [other("x", "2026-03-01T14:00:00Z")]}).encode())
    (day / "export.json.gz").write_bytes(packed)
    found = run(day, subject_with())
    assert of(found, "blind").rings == ()
    (why,) = found.subjects[0].not_tested
    assert why.startswith("blind: This history does not say for each file when it arrived")


def test_a_history_without_heartbeats_says_so(tmp_path: Path) -> None:
    write(tmp_path, "2026-03-01T10:05", [read("a", "2026-03-01T10:00:00Z")])
    found = run(tmp_path, subject_with())
    assert of(found, "heartbeat").rings == ()
    (why,) = found.subjects[0].not_tested
    assert why == "heartbeat: This history has no event that it counts: it is not tested."


def test_a_run_that_goes_on_knows_what_arrived_before(day: Path, tmp_path: Path) -> None:
    subject, first = subject_with(), day / name("2026-03-01T10:05")
    store = Store(tmp_path / "resume", "x")
    scan(items((str(first),)), store, Setting((subject,)), 1)
    store.close()
    store = Store(tmp_path / "resume", "x")
    tally = scan(items((str(day),)), store, Setting((subject,)), 1)
    assert at(backtest((subject,), store, tally), "blind") == [("14:16", "15:06")]
    assert len(store.arrivals()) == 6
    store.close()


@pytest.mark.parametrize(
    ("resource", "counts"),
    [
        (alarm("x", **FAILED, dimensions={"TopicName": "ops"}), "messages that SNS could not deliver"),
        (blind("x", group="another"), "events that come into a log group"),
        (blind("x", threshold=100), "events that come into a log group"),
        (blind("x", metric_name="ThrottleCount"), "events that come into a log group"),
    ],
)
def test_what_no_history_tells_is_named(resource: dict[str, Any], counts: str, day: Path) -> None:
    subject = subject_with(resource)
    sentence = f"x counts {counts}: CloudTrail's history does not have these (aws_cloudwatch_metric_alarm.x)."
    assert (subject.elsewhere, subject.unknown) == ((sentence,), ())
    assert run(day, subject).subjects[0].not_tested == (sentence,)


def test_metric_math_of_two_services_names_both() -> None:
    made = on_metrics("x", "m0 + m1", "Failed", "ExecutionsFailed")
    for query, space in zip(made["values"]["metric_query"][1:], ("AWS/Events", "AWS/States"), strict=True):
        query["metric"][0]["namespace"] = space
    (sentence,) = subject_with(made).elsewhere
    assert (
        "events that EventBridge could not deliver and executions of Step Functions that failed" in sentence
    )


def test_alarms_of_something_else_are_not_named() -> None:
    cpu = alarm("cpu", namespace="AWS/EC2", metric_name="CPUUtilization", dimensions={"InstanceId": "i-1"})
    assert subject_with(cpu).elsewhere == ()
