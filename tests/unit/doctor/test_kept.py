"""Gaps in the logging, and log files that are not there any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from answers import case
from healthy import NOW, READ_AT, TRAIL, facts
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.pipeline.doctor.kept import gaps
from secretwatch.pipeline.doctor.log_files import Files
from secretwatch.pipeline.doctor.walk import walk

DAY = NOW - timedelta(days=1)
NAME = "111122223333_CloudTrail_us-east-1_20260302T1205Z_a.json.gz"
KEY = f"AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/02/{NAME}"


def call(name: str, minutes: float, **changes: Any) -> dict[str, Any]:
    return {
        "eventName": name,
        "eventTime": f"{DAY + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}",
        "requestParameters": {"name": "payments"},
        "userIdentity": {"arn": "arn:aws:iam::111122223333:user/eve"},
    } | changes


def trail(started: float, stopped: float | None = None, **changes: Any) -> dict[str, Any]:
    status: dict[str, Any] = {"StartLoggingTime": DAY + timedelta(minutes=started)}
    if stopped is not None:
        status["StopLoggingTime"] = DAY + timedelta(minutes=stopped)
    return {"Name": "payments", "TrailARN": TRAIL, "IsLogging": True, "Status": status} | changes


def minutes(found: Any) -> list[tuple[float, float]]:
    return [
        ((each.begin - DAY) / timedelta(minutes=1), (each.end - DAY) / timedelta(minutes=1)) for each in found
    ]


@given(
    st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["StopLogging", "StartLogging"])), max_size=12),
    st.randoms(),
)
def test_gaps_are_the_times_in_which_it_was_off(calls: list[tuple[int, str]], dice: Any) -> None:
    """Held against the trail's state, minute by minute."""
    by_minute = dict(calls)
    on, off = True, []
    for minute in range(1000):
        on = by_minute.get(minute, "StartLogging" if on else "StopLogging") == "StartLogging"
        off.append(not on)
    listed = [call(name, minute) for minute, name in by_minute.items()]
    dice.shuffle(listed)
    times = sorted(minute for minute, name in by_minute.items() if name == "StartLogging")
    last = max(times, default=0)
    found = gaps(trail(last, **({} if on else {"IsLogging": False})), listed)
    assert all(all(off[int(begin) : int(end)]) for begin, end in minutes(found))
    covered = sum(end - begin for begin, end in minutes(found))
    assert covered == sum(off[:last])


@pytest.mark.parametrize(
    ("seen", "calls", "expected"),
    [
        (trail(30, 10), [], [(10, 30)]),
        (trail(30), [call("DeleteTrail", 10)], [(10, 30)]),
        (trail(30), [], []),
        (trail(0, 10, IsLogging=False), [call("StopLogging", 10)], []),
        (
            trail(30, 10),
            [call("StopLogging", 10, errorCode="AccessDenied"), call("StartLogging", 30)],
            [(10, 30)],
        ),
        (trail(30), [call("StopLogging", 10, requestParameters={"name": "other"})], []),
    ],
)
def test_gaps(seen: dict[str, Any], calls: list[dict[str, Any]], expected: list[Any]) -> None:
    assert minutes(gaps(seen, calls)) == expected


def test_a_gap_is_said_with_what_has_the_reads_still() -> None:
    view, record = case(facts())
    assert view.trail
    view.account.put("trail", TRAIL, {**view.trail, "Status": trail(30, 10)["Status"]})
    record.stops = [call("StopLogging", 10), call("StartLogging", 30)]
    (found,) = [each for each in walk(view, record).hop("trail").findings if each.cause == "logging-gap"]
    assert (
        "12:20:30 to 01 Mar 12:40:30 UTC (StopLogging by arn:aws:iam::111122223333:user/eve)"
        in found.sentence
    )
    assert "--start-time 2026-03-01T12:20:30Z --end-time 2026-03-01T12:40:30Z" in found.mend
    assert found.verdict == "warning"


def files(**changes: Any) -> Files:
    return replace(Files("logs", listed=["a", "b"], has_it="a", whole=True), **changes)


MARKER = {"Key": KEY, "VersionId": "v", "LastModified": READ_AT + timedelta(minutes=30)}


@pytest.mark.parametrize(
    ("found", "cause"),
    [
        (files(), None),
        (files(has_it=None), "log-file-gone"),
        (files(has_it=None, whole=False), None),
        (files(named=["a", "b"]), None),
        (files(named=["a", "c"]), "log-file-gone"),
        (files(deleted=[MARKER]), "log-file-deleted"),
    ],
)
def test_log_files(found: Files, cause: str | None) -> None:
    view, record = case(facts())
    record.files = found
    hop = walk(view, record).hop("trail")
    assert hop.cause == cause
    assert not hop.stops


def test_a_file_that_was_never_put_was_not_taken_away() -> None:
    view, record = case(facts())
    record.files = files(has_it=None)
    record.changes = [
        {
            "eventSource": "s3.amazonaws.com",
            "eventName": "PutBucketPolicy",
            "eventTime": "2026-03-02T12:06:00Z",
        }
    ]
    assert walk(view, record).hop("trail").verdict == "healthy"
