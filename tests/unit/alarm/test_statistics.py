"""CloudWatch's statistics on small sets of samples."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.alarm import Sample
from secretwatch.alarm.statistics import parse_statistic

TIME = datetime(2026, 1, 17, tzinfo=UTC)


def statistic(name, samples):
    return parse_statistic(name)([s if isinstance(s, Sample) else Sample(TIME, s) for s in samples])


TEN = [float(n) for n in (7, 1, 10, 4, 2, 9, 3, 8, 6, 5)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SampleCount", 10),
        ("Sum", 55),
        ("Average", 5.5),
        ("Minimum", 1),
        ("Maximum", 10),
        ("p0", 1),
        ("p10", 1),
        ("p50", 5),
        ("p90", 9),
        ("p90.5", 10),
        ("p100", 10),
        ("tm90", 5),
        ("TM(10%:90%)", 5.5),
        ("TM(20%:)", 6.5),
        ("TM(3:8)", 6),  # more than 3, up to 8
        ("TM(:2)", 1.5),
        ("IQM", 5.5),
        ("iqm", 5.5),
        ("tc90", 9),
        ("TC(3:8)", 5),
        ("ts90", 45),
        ("TS(80%:)", 19),
        ("PR(:3)", 30),
        ("PR(3:8)", 50),
        ("PR(99:)", 0),
        ("TC(99:)", 0),
        ("TM(99:)", None),
        ("wm90", 5.4),
        ("WM(10%:90%)", 5.5),
    ],
)
def test_ten_samples(name, value):
    assert statistic(name, TEN) == (value if value is None else pytest.approx(value))


def test_a_value_may_come_several_times():
    samples = [Sample(TIME, 1.0, count=9), Sample(TIME, 100.0)]
    assert statistic("SampleCount", samples) == 10
    assert statistic("Sum", samples) == 109
    assert statistic("Average", samples) == pytest.approx(10.9)
    assert statistic("p90", samples) == 1
    assert statistic("p91", samples) == 100


def test_a_statistic_set_has_the_basic_statistics_only():
    samples = [Sample.statistic_set(TIME, count=4, sum=20, minimum=2, maximum=9), Sample(TIME, 1.0)]
    values = [statistic(name, samples) for name in ("SampleCount", "Sum", "Average", "Minimum", "Maximum")]
    assert values == [5, 21, pytest.approx(4.2), 1, 9]
    assert [statistic(name, samples) for name in ("p50", "tm90", "PR(:5)")] == [None] * 3


def test_a_statistic_set_of_equal_values_hides_nothing():
    sample = Sample.statistic_set(TIME, count=4, sum=20, minimum=5, maximum=5)
    assert statistic("p99", [sample]) == 5
    assert statistic("Sum", [sample]) == 20


def test_a_set_without_samples_has_no_average():
    assert statistic("Average", [Sample(TIME, 5.0, count=0)]) is None


VALUES = st.lists(st.integers(-1000, 1000).map(float), min_size=1, max_size=30)


@given(VALUES, st.integers(0, 100))
def test_a_percentile_has_its_share_at_or_below(values, share):
    value = statistic(f"p{share}", values)
    assert value in values
    assert sum(v <= value for v in values) * 100 >= share * len(values)
    assert sum(v < value for v in values) * 100 <= share * len(values)


@given(VALUES)
def test_statistics_agree_where_nothing_is_trimmed(values):
    average = pytest.approx(sum(values) / len(values))
    assert statistic("tm100", values) == statistic("wm100", values) == statistic("Average", values) == average
    assert statistic("tc100", values) == statistic("SampleCount", values)
    assert statistic("ts100", values) == statistic("Sum", values)
    assert statistic("PR(:1000)", values) == 100
    assert statistic("p100", values) == statistic("Maximum", values)


@given(VALUES, st.integers(1, 99))
def test_trimming_in_two_halves_loses_nothing(values, share):
    low, high = (statistic(f"TS({bounds})", values) for bounds in (f":{share}%", f"{share}%:"))
    assert low + high == pytest.approx(sum(values), abs=1e-6)
