"""The sentences and the JSON that an evaluation explains itself with, as AWS writes them."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from secretwatch.alarm import AlarmConfig, Datapoint, evaluate
from secretwatch.alarm.evaluation import double_text

NEWEST = datetime(2026, 1, 17, 17, 2, tzinfo=UTC)
QUERY = datetime(2026, 1, 17, 17, 7, 38, 250_000, tzinfo=UTC)


def config(**change):
    return AlarmConfig(
        **{
            "statistic": "Sum",
            "period": 300,
            "evaluation_periods": 1,
            "comparison_operator": "GreaterThanThreshold",
            "threshold": 3,
            "treat_missing_data": "notBreaching",
            **change,
        }
    )


def points(*values):
    """Datapoints five minutes apart, oldest first; the newest is that of 17:02."""
    return [
        Datapoint(NEWEST - timedelta(minutes=5 * age), value, None if value is None else 2.0)
        for age, value in zip(range(len(values) - 1, -1, -1), values, strict=True)
    ]


@pytest.mark.parametrize(
    ("change", "values", "state", "reason"),
    [
        ({}, [63], "ALARM", "1 datapoint [63.0 (17/01/26 17:02:00)] was greater than the threshold (3.0)."),
        ({}, [0], "OK", "1 datapoint [0.0 (17/01/26 17:02:00)] was not greater than the threshold (3.0)."),
        (
            {
                "datapoints_to_alarm": 1,
                "comparison_operator": "GreaterThanOrEqualToThreshold",
                "threshold": 1,
            },
            [1],
            "ALARM",
            "1 out of the last 1 datapoints [1.0 (17/01/26 17:02:00)] was greater than or equal to "
            "the threshold "
            "(1.0) (minimum 1 datapoint for OK -> ALARM transition).",
        ),
        (
            {"datapoints_to_alarm": 1, "comparison_operator": "LessThanThreshold"},
            [5],
            "OK",
            "1 out of the last 1 datapoints [5.0 (17/01/26 17:02:00)] was not less than the threshold (3.0) "
            "(minimum 1 datapoint for ALARM -> OK transition).",
        ),
        (
            {"evaluation_periods": 2},
            [9.5, 4],
            "ALARM",
            "2 datapoints [4.0 (17/01/26 17:02:00), 9.5 (17/01/26 16:57:00)] were greater than the "
            "threshold (3.0).",
        ),
        (
            {
                "evaluation_periods": 3,
                "datapoints_to_alarm": 2,
                "comparison_operator": "LessThanOrEqualToThreshold",
            },
            [3, 7, 8],
            "OK",
            "2 out of the last 3 datapoints [8.0 (17/01/26 17:02:00), 7.0 (17/01/26 16:57:00)] were "
            "not less than or "
            "equal to the threshold (3.0) (minimum 2 datapoints for ALARM -> OK transition).",
        ),
        (
            {"evaluation_periods": 3, "datapoints_to_alarm": 2},
            [7, 0, 8],
            "ALARM",
            "2 out of the last 3 datapoints [8.0 (17/01/26 17:02:00), 7.0 (17/01/26 16:52:00)] were "
            "greater than the "
            "threshold (3.0) (minimum 2 datapoints for OK -> ALARM transition).",
        ),
        (
            {"evaluation_periods": 2, "datapoints_to_alarm": 2},
            [7, 0],
            "OK",
            "1 out of the last 2 datapoints [0.0 (17/01/26 17:02:00)] was not greater than the threshold "
            "(3.0) (minimum 1 datapoint for ALARM -> OK transition).",
        ),
        # missing ones
        (
            {},
            [None],
            "OK",
            "no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].",
        ),
        (
            {"evaluation_periods": 2, "treat_missing_data": "breaching"},
            [None] * 4,
            "ALARM",
            "no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching].",
        ),
        (
            {"evaluation_periods": 8, "treat_missing_data": "breaching"},
            [None] * 7 + [2],
            "OK",
            "1 datapoint [2.0 (17/01/26 17:02:00)] was not greater than the threshold (3.0) and 7 "
            "missing datapoints "
            "were treated as [Breaching].",
        ),
        (
            {"evaluation_periods": 20, "datapoints_to_alarm": 1},
            [613] + [None] * 2,
            "ALARM",
            "1 out of the last 20 datapoints [613.0 (17/01/26 16:52:00)] was greater than the "
            "threshold (3.0) and 19 "
            "missing datapoints were treated as [NonBreaching] (minimum 1 datapoint for OK -> ALARM "
            "transition).",
        ),
        (
            {"evaluation_periods": 3, "datapoints_to_alarm": 2, "treat_missing_data": "breaching"},
            [None, None, 0, None, None],
            "ALARM",
            "1 datapoint was received for 3 periods and 2 missing datapoints were treated as [Breaching].",
        ),
        (
            {"evaluation_periods": 2, "treat_missing_data": "missing"},
            [None, None, None, 0],
            "OK",
            "1 datapoint [0.0 (17/01/26 17:02:00)] was not greater than the threshold (3.0).",
        ),
    ],
)
def test_threshold_crossed(change, values, state, reason):
    result = evaluate(config(**change), points(*values), "OK", at=QUERY)
    assert result.state == state
    assert result.reason == "Threshold Crossed: " + reason


@pytest.mark.parametrize(
    ("periods", "values", "reason"),
    [
        (1, [None], "Insufficient Data: 1 datapoint was unknown."),
        (5, [None] * 7, "Insufficient Data: 5 datapoints were unknown."),
    ],
)
def test_insufficient_data(periods, values, reason):
    result = evaluate(config(evaluation_periods=periods, treat_missing_data="missing"), points(*values), "OK")
    assert result.reason == reason


def test_bare_values_have_no_times():
    assert evaluate(config(), [None, 63], "OK").reason == (
        "Threshold Crossed: 1 datapoint [63.0] was greater than the threshold (3.0)."
    )


def test_times_are_utc():
    there = timezone(timedelta(hours=-5))
    result = evaluate(config(), [Datapoint(NEWEST.astimezone(there), 63.0)], "OK", at=QUERY.astimezone(there))
    assert "(17/01/26 17:02:00)" in result.reason
    assert json.loads(result.reason_data)["queryDate"] == "2026-01-17T17:07:38.250+0000"


def test_reason_data():
    result = evaluate(config(evaluation_periods=2), points(0, 4, 5.5), "OK", at=QUERY)
    assert result.reason_data == (
        '{"version":"1.0","queryDate":"2026-01-17T17:07:38.250+0000","startDate":"2026-01-17T16:57:00.000+0000",'
        '"statistic":"Sum","period":300,"recentDatapoints":[4.0,5.5],"threshold":3.0,"evaluatedDatapoints":['
        '{"timestamp":"2026-01-17T17:02:00.000+0000","sampleCount":2.0,"value":5.5},'
        '{"timestamp":"2026-01-17T16:57:00.000+0000","sampleCount":2.0,"value":4.0}]}'
    )


def test_reason_data_of_missing_datapoints():
    data = json.loads(
        evaluate(
            config(evaluation_periods=3, unit="Count"), points(None, None, 4, None, None), "OK", at=QUERY
        ).reason_data
    )
    assert data["unit"] == "Count"
    assert data["startDate"] == "2026-01-17T16:52:00.000+0000"
    assert data["recentDatapoints"] == [4.0]
    assert data["evaluatedDatapoints"] == [
        {"timestamp": "2026-01-17T17:02:00.000+0000"},
        {"timestamp": "2026-01-17T16:57:00.000+0000"},
        {"timestamp": "2026-01-17T16:52:00.000+0000", "sampleCount": 2.0, "value": 4.0},
    ]


def test_reason_data_of_nothing():
    data = json.loads(evaluate(config(treat_missing_data="missing"), [None], "OK").reason_data)
    assert data == {
        "version": "1.0",
        "statistic": "Sum",
        "period": 300,
        "recentDatapoints": [],
        "threshold": 3.0,
        "evaluatedDatapoints": [],
    }


@pytest.mark.parametrize(
    ("samples", "kept"),
    [(999, True), (1000, False), (None, True)],
)
def test_a_percentile_of_few_samples_may_be_ignored(samples, kept):
    alarm = config(statistic="p99", evaluate_low_sample_count_percentile="ignore")
    assert evaluate(alarm, [Datapoint(NEWEST, 63.0, samples)], "OK").kept is kept
    assert not evaluate(config(statistic="p99"), [Datapoint(NEWEST, 63.0, samples)], "OK").kept


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.0"),
        (3, "3.0"),
        (15.398333333333332, "15.398333333333332"),
        (0.001, "0.001"),
        (9999999, "9999999.0"),
        (1e7, "1.0E7"),
        (-12345678, "-1.2345678E7"),
        (0.00025, "2.5E-4"),
        (1e21, "1.0E21"),
        (99999999.99999999, "9.999999999999999E7"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (float("nan"), "NaN"),
    ],
)
def test_numbers_are_written_as_in_aws_reasons(value, text):
    assert double_text(value) == text
