"""What an alarm says: subject, message, e-mail."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from secretwatch.alarm.notification import email_body, sns_message, subject

AT = datetime(2026, 1, 17, 17, 7, 38, 123456, tzinfo=UTC)
ALARM: dict[str, Any] = {
    "AlarmName": "secret-read",
    "AlarmDescription": "Who?\nAsk.",
    "AlarmArn": "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:secret-read",
    "AlarmConfigurationUpdatedTimestamp": AT,
    "StateValue": "ALARM",
    "StateReason": "Threshold Crossed: because.",
    "StateUpdatedTimestamp": AT,
    "ActionsEnabled": True,
    "AlarmActions": ["arn:aws:sns:eu-central-1:111122223333:t"],
    "OKActions": [],
    "InsufficientDataActions": [],
    "MetricName": "reads",
    "Namespace": "n",
    "Statistic": "Sum",
    "Dimensions": [{"Name": "Region", "Value": "eu"}],
    "Period": 300,
    "EvaluationPeriods": 1,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "Threshold": 1,
    "TreatMissingData": "notBreaching",
}


def message(**changes: Any) -> dict[str, Any]:
    return json.loads(sns_message(ALARM | changes, "OK", "111122223333", "Europe (Frankfurt)"))


def test_the_subject_names_state_alarm_and_region() -> None:
    assert subject(ALARM, "Europe (Frankfurt)") == 'ALARM: "secret-read" in Europe (Frankfurt)'


def test_a_long_subject_fits_sns() -> None:
    assert len(subject(ALARM | {"AlarmName": "x" * 255}, "Europe (Frankfurt)")) == 100


def test_the_message_has_awss_keys_in_their_order() -> None:
    assert list(message()) == [
        "AlarmName",
        "AlarmDescription",
        "AWSAccountId",
        "AlarmConfigurationUpdatedTimestamp",
        "NewStateValue",
        "NewStateReason",
        "StateChangeTime",
        "Region",
        "AlarmArn",
        "OldStateValue",
        "OKActions",
        "AlarmActions",
        "InsufficientDataActions",
        "Trigger",
    ]


def test_the_message_says_what_changed_and_when() -> None:
    said = message()
    assert said["StateChangeTime"] == "2026-01-17T17:07:38.123+0000"
    assert said["Region"] == "Europe (Frankfurt)"
    assert (said["OldStateValue"], said["NewStateValue"]) == ("OK", "ALARM")
    assert said["Trigger"]["Statistic"] == "SUM"
    assert said["Trigger"]["Dimensions"] == [{"value": "eu", "name": "Region"}]
    assert said["Trigger"]["Threshold"] == 1.0


@pytest.mark.parametrize(
    ("statistic", "in_message", "in_mail"),
    [("SampleCount", "SAMPLE_COUNT", "SampleCount"), ("Average", "AVERAGE", "Average")],
)
def test_statistics_are_spelled_as_awss(statistic: str, in_message: str, in_mail: str) -> None:
    said = message(Statistic=statistic)
    assert said["Trigger"]["Statistic"] == in_message
    assert f"- Statistic:                           {in_mail}\n" in email_body(said)


def test_a_percentile_is_an_extended_statistic() -> None:
    trigger = message(Statistic=None, ExtendedStatistic="p90")["Trigger"]
    assert (trigger["StatisticType"], trigger["ExtendedStatistic"]) == ("ExtendedStatistic", "p90")


def test_the_mail_is_prose() -> None:
    body = email_body(message(DatapointsToAlarm=2, EvaluationPeriods=3))
    assert 'Alarm "secret-read" in the Europe (Frankfurt) region has entered the ALARM state' in body
    assert 'because "Threshold Crossed: because." at "Saturday 17 January, 2026 17:07:38 UTC"' in body
    assert "#alarmsV2:alarm/secret-read" in body
    assert "for at least 2 of the last 3 period(s) of 300 seconds" in body
    assert "- State Change:               OK -> ALARM" in body
    assert "- ALARM: [arn:aws:sns:eu-central-1:111122223333:t]" in body


MATH = {
    "MetricName": None,
    "Namespace": None,
    "Statistic": None,
    "Period": None,
    "Threshold": 3,
    "Metrics": [
        {"Id": "counted", "Expression": "FILL(reads, 0)", "Label": "Reads", "ReturnData": True},
        {
            "Id": "reads",
            "MetricStat": {
                "Metric": {"Namespace": "n", "MetricName": "reads"},
                "Period": 300,
                "Stat": "SampleCount",
                "Unit": "Count",
            },
            "ReturnData": False,
        },
    ],
}


def test_an_alarm_on_metric_math_names_its_metrics() -> None:
    said = message(**MATH)
    trigger = said["Trigger"]
    assert list(trigger) == [
        *("Period", "EvaluationPeriods", "ComparisonOperator", "Threshold", "TreatMissingData"),
        *("EvaluateLowSampleCountPercentile", "Metrics"),
    ]
    assert (trigger["Period"], trigger["Threshold"]) == (300, 3.0)
    expression, metric = trigger["Metrics"]
    assert expression == MATH["Metrics"][0]
    assert metric["MetricStat"]["Metric"] == {"Dimensions": [], "MetricName": "reads", "Namespace": "n"}
    body = email_body(said)
    assert "FILL(reads, 0)" in body
    assert "- MetricName:                          reads" in body
    assert "of the last 1 period(s) of 300 seconds" in body
