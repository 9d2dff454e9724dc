"""Which samples an evaluation sees, and in which datapoint."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.alarm import AlarmConfig, Sample, datapoints, window_end
from secretwatch.alarm.window import query_start

NOON = datetime(2026, 1, 17, 12, 0, tzinfo=UTC)


def config(period=300, periods=1, **change):
    return AlarmConfig(
        **{
            "statistic": "Sum",
            "period": period,
            "evaluation_periods": periods,
            "comparison_operator": "GreaterThanThreshold",
            "threshold": 1,
            **change,
        }
    )


def at(text):
    return datetime.fromisoformat(f"2026-01-17T{text}+00:00")


@pytest.mark.parametrize(
    ("period", "now", "end"),
    [
        (300, "17:07:38", "17:07:00"),  # as observed: the datapoint 17:02
        (300, "17:07:00", "17:07:00"),
        (60, "17:07:59.999", "17:07:00"),
        (86_400, "00:00:30", "00:00:00"),
        (30, "17:07:38", "17:07:30"),
        (20, "17:07:38", "17:07:20"),
        (20, "17:07:59", "17:07:40"),
        (10, "17:07:38", "17:07:30"),
    ],
)
def test_where_the_newest_window_ends(period, now, end):
    assert window_end(at(now), period) == at(end)


def test_windows_slide_with_the_minute():
    read = [Sample(at("17:02:11"), 1.0)]
    seen = {
        now: [point.value for point in datapoints(config(), read, at(now))]
        for now in ("17:02:59", "17:03:00", "17:07:59", "17:08:00", "17:12:59", "17:17:59", "17:18:00")
    }
    assert seen == {
        "17:02:59": [None, None, None],
        "17:03:00": [None, None, 1.0],
        "17:07:59": [None, None, 1.0],
        "17:08:00": [None, 1.0, None],
        "17:12:59": [None, 1.0, None],
        "17:17:59": [1.0, None, None],
        "17:18:00": [None, None, None],
    }


def test_a_datapoint_starts_where_its_window_does():
    points = datapoints(config(), [], at("17:07:38"))
    assert [f"{point.time:%H:%M}" for point in points] == ["16:52", "16:57", "17:02"]


def test_a_window_holds_its_start_and_not_its_end():
    samples = [Sample(at("17:02:00"), 1.0), Sample(at("17:06:59.999"), 10.0), Sample(at("17:07:00"), 100.0)]
    assert datapoints(config(), samples, at("17:07:10"))[-1].value == 11.0


def test_high_resolution_windows_follow_the_clock():
    samples = [Sample(at("17:00:09"), 1.0), Sample(at("17:00:10"), 2.0), Sample(at("17:00:19"), 4.0)]
    assert [p.value for p in datapoints(config(period=10), samples, at("17:00:25"))] == [None, 1.0, 6.0]


def test_an_alarm_with_a_unit_sees_that_unit_alone():
    samples = [Sample(at("17:05:00"), 1.0, unit="Count"), Sample(at("17:05:00"), 2.0, unit="Seconds")]
    assert datapoints(config(unit="Count"), samples, at("17:07:00"))[-1].value == 1.0
    assert datapoints(config(), samples, at("17:07:00"))[-1].value == 3.0


def test_a_percentile_of_a_statistic_set_is_missing():
    hidden = Sample.statistic_set(at("17:05:00"), count=3, sum=6, minimum=1, maximum=3)
    point = datapoints(config(statistic="p50"), [hidden], at("17:07:00"))[-1]
    assert (point.value, point.sample_count) == (None, None)
    assert datapoints(config(), [hidden], at("17:07:00"))[-1].sample_count == 3


@given(
    st.sampled_from([10, 20, 30, 60, 300, 3600]),
    st.integers(1, 4),
    st.integers(0, 100_000),
    st.lists(st.integers(-100_000, 100_000), max_size=20),
)
def test_every_sample_of_the_range_counts_once(period, periods, seconds, offsets):
    now = NOON + timedelta(seconds=seconds)
    samples = [Sample(NOON + timedelta(seconds=offset), 1.0) for offset in offsets]
    points = datapoints(config(period, periods), samples, now)
    end = window_end(now, period)
    start = end - timedelta(seconds=period * (periods + 2))
    assert len(points) == periods + 2
    assert sum(point.value or 0 for point in points) == sum(start <= s.time < end for s in samples)
    assert [point.time for point in points] == [
        start + timedelta(seconds=period * i) for i in range(len(points))
    ]
    assert timedelta(0) <= now - end < timedelta(seconds=min(period, 60))


@pytest.mark.parametrize(
    ("days", "period", "interval"),
    [(0, 60, 60), (14, 300, 60), (16, 300, 300), (62, 300, 300), (64, 3600, 3600), (0, 10, 10), (0, 1, 1)],
)
def test_a_query_begins_at_a_whole_interval(days: int, period: int, interval: int) -> None:
    now = 1_772_368_199
    start = now - days * 24 * 3600
    assert query_start(start, period, now) == start - start % interval
    assert query_start(query_start(start, period, now), period, now) == start - start % interval
