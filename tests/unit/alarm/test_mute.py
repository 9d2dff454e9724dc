"""When alarm mute rules mute: schedules beside a naive minute-by-minute reading of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secretwatch.alarm.mute import InvalidMuteRule, MuteRule, MuteStatus

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "duration", "muted", "not_muted"),
    [
        (
            "cron(0 2 * * *)",
            "PT4H",
            ["2026-03-01T02:00", "2026-03-02T05:59:59"],
            ["2026-03-01T01:59:59", "2026-03-01T06:00"],
        ),
        # from Friday 18:00 to Monday 6:00
        ("cron(0 18 * * FRI)", "P2DT12H", ["2026-03-06T18:00", "2026-03-09T05:59"], ["2026-03-09T06:00"]),
        ("cron(0 1 1 * *)", "PT1M", ["2026-03-01T01:00"], ["2026-03-01T01:01", "2026-03-02T01:00"]),
        ("cron(0 0 1 JAN,jul *)", "P1D", ["2026-07-01T10:00"], ["2026-08-01T10:00"]),
        ("cron(0 9-17 * * MON-FRI)", "PT1H", ["2026-03-06T17:30"], ["2026-03-06T18:00", "2026-03-07T10:00"]),
        # both days restricted: either
        ("cron(0 0 13 * 5)", "P1D", ["2026-03-06T10:00", "2026-03-13T10:00"], ["2026-03-14T10:00"]),
        ("cron(0 0 * * 7)", "P1D", ["2026-03-08T10:00"], ["2026-03-09T10:00"]),
        ("at(2026-03-06T18:00)", "PT1H30M", ["2026-03-06T19:29"], ["2026-03-06T17:59", "2026-03-06T19:30"]),
        # across the ends of a month and of a year
        ("cron(30 23 31 12 *)", "P15D", ["2026-01-15T23:29"], ["2026-01-15T23:30"]),
    ],
)
def test_windows(expression: str, duration: str, muted: list[str], not_muted: list[str]) -> None:
    rule = MuteRule.parse(expression, duration)
    assert [at for at in muted if not rule.mutes(utc(at))] == []
    assert [at for at in not_muted if rule.mutes(utc(at))] == []


def test_the_time_zone_is_that_of_the_rule() -> None:
    rule = MuteRule.parse("cron(0 2 * * *)", "PT1H", BERLIN)
    assert rule.mutes(utc("2026-01-10T01:30"))
    assert rule.mutes(utc("2026-07-10T00:30"))
    assert not rule.mutes(utc("2026-07-10T01:30"))


def test_clocks_that_are_set_back_cut_no_window_short() -> None:
    # From Saturday 23:00 local (21:00 UTC) for 12 hours; at 3:00 local it is 2:00 again.
    rule = MuteRule.parse("cron(0 23 * * SAT)", "PT12H", BERLIN)
    assert rule.mutes(utc("2026-10-25T08:59"))
    assert not rule.mutes(utc("2026-10-25T09:00"))


def test_start_and_end() -> None:
    rule = MuteRule.parse(
        "cron(0 * * * *)", "PT1H", start_date=utc("2026-03-01T00:30"), expire_date=utc("2026-03-02T00:30")
    )
    assert rule.status(utc("2026-03-01T00:29")) is MuteStatus.SCHEDULED
    assert rule.status(utc("2026-03-01T00:30")) is MuteStatus.ACTIVE
    assert rule.status(utc("2026-03-02T00:29")) is MuteStatus.ACTIVE
    assert rule.status(utc("2026-03-02T00:30")) is MuteStatus.EXPIRED


def test_status_and_type_of_a_single_window() -> None:
    rule = MuteRule.parse("at(2026-03-01T00:00)", "PT1H")
    assert rule.mute_type == "ONE_TIME"
    assert MuteRule.parse("cron(0 0 * * *)", "PT1H").mute_type == "RECURRING"
    statuses = [rule.status(utc(at)) for at in ("2026-02-28T23:59", "2026-03-01T00:59", "2026-03-01T01:00")]
    assert statuses == ["SCHEDULED", "ACTIVE", "EXPIRED"]


@pytest.mark.parametrize(
    ("expression", "duration"),
    [
        ("cron(0 2 * *)", "PT1H"),
        ("cron(0 2 * * * *)", "PT1H"),
        ("cron(*/5 * * * *)", "PT1H"),
        ("cron(0 2 ? * MON)", "PT1H"),
        ("cron(60 * * * *)", "PT1H"),
        ("cron(0 24 * * *)", "PT1H"),
        ("cron(0 0 0 * *)", "PT1H"),
        ("cron(0 0 * 13 *)", "PT1H"),
        ("cron(0 0 * * 8)", "PT1H"),
        ("cron(0 0 * * SUN-)", "PT1H"),
        ("cron(5-1 * * * *)", "PT1H"),
        ("cron(1-2-3 * * * *)", "PT1H"),
        ("rate(5 minutes)", "PT1H"),
        ("at(2026-02-30T00:00)", "PT1H"),
        ("at(2026-02-20T00:00:00)", "PT1H"),
        ("at(2026-02-20)", "PT1H"),
        ("cron(0 2 * * *)", "PT0M"),
        ("cron(0 2 * * *)", "P16D"),
        ("cron(0 2 * * *)", "P15DT1M"),
        ("cron(0 2 * * *)", "PT30S"),
        ("cron(0 2 * * *)", "1h"),
        ("cron(0 2 * * *)", "P"),
        ("cron(0 2 * * *)", "PT"),
    ],
)
def test_refused(expression: str, duration: str) -> None:
    with pytest.raises(InvalidMuteRule):
        MuteRule.parse(expression, duration)


def test_an_end_before_the_start_is_refused() -> None:
    at = utc("2026-03-01T00:00")
    with pytest.raises(InvalidMuteRule):
        MuteRule.parse("cron(0 2 * * *)", "PT1H", start_date=at, expire_date=at)


def few(least: int, most: int) -> st.SearchStrategy[set[int]]:
    return st.sets(st.integers(least, most), min_size=1, max_size=3)


def written(numbers: set[int] | None) -> str:
    return "*" if numbers is None else ",".join(map(str, sorted(numbers)))


@settings(max_examples=60)
@given(
    minutes=few(0, 59),
    hours=few(0, 23),
    days=st.none() | few(1, 31),
    months=st.none() | few(1, 12),
    weekdays=st.none() | few(0, 6),
    duration=st.integers(1, 2 * 24 * 60),
    at=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
)
def test_a_rule_mutes_when_some_minute_within_its_duration_opened_a_window(
    minutes: set[int],
    hours: set[int],
    days: set[int] | None,
    months: set[int] | None,
    weekdays: set[int] | None,
    duration: int,
    at: datetime,
) -> None:
    expression = (
        f"cron({written(minutes)} {written(hours)} {written(days)} {written(months)} {written(weekdays)})"
    )
    rule = MuteRule.parse(expression, f"PT{duration}M")

    def opens(minute: datetime) -> bool:
        by_month = days is None or minute.day in days
        by_week = weekdays is None or (minute.weekday() + 1) % 7 in weekdays
        day = by_month or by_week if days is not None and weekdays is not None else by_month and by_week
        return (
            minute.minute in minutes
            and minute.hour in hours
            and day
            and (months is None or minute.month in months)
        )

    at = at.replace(tzinfo=UTC)
    this_minute = at.replace(second=0, microsecond=0)
    candidates = (this_minute - timedelta(minutes=ago) for ago in range(duration + 1))
    assert rule.mutes(at) is any(
        opens(each) and each <= at < each + timedelta(minutes=duration) for each in candidates
    )
