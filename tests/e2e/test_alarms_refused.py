"""Alarms, metric data and dashboards that CloudWatch refuses."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alarm_accounts import NO_METRIC, SUM, Account, metric, refused
from botocore.exceptions import ClientError


@pytest.fixture
def account(aws: dict[str, str]) -> Account:
    return Account()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            "ALARM(nobody)",
            "Could not save the composite alarm as alarms [nobody] in the alarm rule do not exist",
        ),
        (" TRUE", "AlarmRule must not contain leading or trailing whitespace or be null"),
        ("ALARM(alarm) AND", "Error in AlarmRule"),
        ("T" * 10241, "Member must have length less than or equal to 10240"),
    ],
)
def test_composite_alarms_that_are_refused(account: Account, rule: str, words: str) -> None:
    account.put()
    code, message = refused(account.cloudwatch.put_composite_alarm, AlarmName="composite", AlarmRule=rule)
    assert (code, words in message) == ("ValidationError", True)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"Statistic": "Sum"}, "Statistic should not be set if list of Metrics is set."),
        ({"Unit": "Count"}, "Unit should not be set if list of Metrics is set."),
        ({"Metrics": [metric("a")]}, "Exactly one element of the metrics list should return data."),
        (
            {"Metrics": [metric("a", ReturnData=True), SUM]},
            "Exactly one element of the metrics list should return data.",
        ),
        ({"Metrics": [metric("a"), metric("a"), SUM]}, "Invalid metrics list"),
        ({"Metrics": [metric("a", Id="A"), SUM]}, "Invalid metrics list"),
        ({"Metrics": [{"Id": "e"}]}, "Invalid metrics list"),
        ({"ThresholdMetricId": "band"}, "Threshold and ThresholdMetricId cannot both be set"),
    ],
)
def test_lists_of_metrics_that_are_refused(account: Account, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ClientError) as error:
        account.put(**(NO_METRIC | {"Metrics": [metric("a"), metric("b"), SUM]} | settings))
    assert (
        error.value.response["Error"] | {"Code": "ValidationError", "Message": words}
        == (error.value.response["Error"])
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"AlarmName": "n" * 256}, "at 'alarmName' failed to satisfy constraint: Member must have length"),
        ({"AlarmDescription": "d" * 1025}, "at 'alarmDescription' failed to satisfy constraint"),
        (
            {"Dimensions": [{"Name": f"n{number}", "Value": "v"} for number in range(31)]},
            "at 'dimensions' failed to satisfy constraint: Member must have length less than or equal to 30",
        ),
        ({"Dimensions": [{"Name": "n", "Value": "v" * 1025}]}, "at 'dimensions.1.member.value' failed"),
    ],
)
def test_alarms_that_are_refused(account: Account, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ClientError) as error:
        account.put(**settings)
    answer = error.value.response["Error"]
    assert (answer["Code"], words in answer["Message"]) == ("ValidationError", True)


def test_reasons_that_are_refused(account: Account) -> None:
    account.put()
    put = {"AlarmName": "alarm", "StateValue": "OK"}
    set_state = account.cloudwatch.set_alarm_state
    code, message = refused(set_state, **put, StateReason="r" * 1024)
    assert (code, "at 'stateReason' failed" in message) == ("ValidationError", True)
    code, _ = refused(set_state, **put, StateReason="", StateReasonData="{}" + " " * 4000)
    assert code == "ValidationError"


NOW = datetime.now(UTC)
ONE = {"MetricName": "m", "Value": 1.0}
DATA: dict[str, tuple[dict[str, Any], str, str]] = {
    "NaN": (
        {"Value": float("nan")},
        "InvalidParameterValue",
        "The value NaN for parameter MetricData.member.1.Value is invalid.",
    ),
    "infinity": ({"Value": float("inf")}, "InvalidParameterValue", "for parameter MetricData.member.1.Value"),
    "too large": ({"Value": 2.0**361}, "InvalidParameterValue", "for parameter MetricData.member.1.Value"),
    "too small": ({"Value": -(2.0**361)}, "InvalidParameterValue", "for parameter MetricData.member.1.Value"),
    "too old": (
        {"Timestamp": NOW - timedelta(days=15)},
        "InvalidParameterValue",
        "The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks.",
    ),
    "too new": (
        {"Timestamp": NOW + timedelta(hours=4)},
        "InvalidParameterValue",
        "Timestamp must specify a time no more than two hours in the future.",
    ),
    "nothing": (
        {"Value": None},
        "InvalidParameterCombination",
        "At least one of the parameters MetricData.member.1.Value and MetricData.member.1.StatisticValues",
    ),
    "two values": ({"Values": [1.0]}, "InvalidParameterCombination", "are mutually exclusive"),
    "counts": (
        {"Value": None, "Values": [1.0], "Counts": [1.0, 2.0]},
        "InvalidParameterValue",
        "must be of the same size",
    ),
    "a negative count": (
        {"Value": None, "Values": [1.0], "Counts": [-1.0]},
        "InvalidParameterValue",
        "The value -1.0 for parameter MetricData.member.1.Counts.member.1 is invalid.",
    ),
    "a set of no samples": (
        {"Value": None, "StatisticValues": {"SampleCount": 0.0, "Sum": 0.0, "Minimum": 0.0, "Maximum": 0.0}},
        "InvalidParameterValue",
        "The value 0.0 for parameter MetricData.member.1.StatisticValues.SampleCount is invalid.",
    ),
    "fewer than no samples": (
        {"Value": None, "StatisticValues": {"SampleCount": -1.0, "Sum": 0.0, "Minimum": 0.0, "Maximum": 0.0}},
        "InvalidParameterValue",
        "The value -1.0 for parameter MetricData.member.1.StatisticValues.SampleCount is invalid.",
    ),
    "31 dimensions": (
        {"Dimensions": [{"Name": f"n{number}", "Value": "v"} for number in range(31)]},
        "InvalidParameterValue",
        "The collection MetricData.member.1.Dimensions must not have a size greater than 30.",
    ),
    "an empty dimension": (
        {"Dimensions": [{"Name": "n", "Value": " "}]},
        "MissingParameter",
        "The parameter MetricData.member.1.Dimensions.member.1.Value is required.",
    ),
    "a resolution": ({"StorageResolution": 30}, "InvalidParameterValue", "StorageResolution is invalid"),
}


@pytest.mark.parametrize("wrong", DATA)
def test_metric_data_that_is_refused(account: Account, wrong: str) -> None:
    changes, code, words = DATA[wrong]
    datum = {name: value for name, value in (ONE | changes).items() if value is not None}
    found = refused(account.cloudwatch.put_metric_data, Namespace="tests", MetricData=[datum])
    assert (found[0], words in found[1]) == (code, True)
    assert account.cloudwatch.list_metrics(Namespace="tests")["Metrics"] == []


def test_namespaces_of_aws_are_reserved(account: Account) -> None:
    for namespace in ("AWS/Logs", "AWS/Mine", ":colon"):
        found = refused(account.cloudwatch.put_metric_data, Namespace=namespace, MetricData=[ONE])
        assert found == (
            "InvalidParameterValue",
            f"The value {namespace} for parameter Namespace is invalid.",
        )
    found = refused(account.cloudwatch.put_metric_data, Namespace="tests", MetricData=[ONE] * 1001)
    assert found[1] == "The collection MetricData must not have a size greater than 1000."
    account.cloudwatch.put_metric_data(Namespace="tests", MetricData=[ONE | {"Value": -(2.0**360)}])


def test_dashboards_that_are_refused(account: Account) -> None:
    put = account.cloudwatch.put_dashboard
    widget = {"type": "text", "x": 0, "width": 6, "height": 6, "properties": {"markdown": "hello"}}
    put(DashboardName="board", DashboardBody=json.dumps({"widgets": [widget]}))
    for body in (
        "{",
        "[]",
        "{}",
        json.dumps({"widgets": [widget | {"type": "clock"}, widget | {"width": 25}]}),
    ):
        code, message = refused(put, DashboardName="board", DashboardBody=body)
        assert code == "InvalidParameterInput"
        assert message.startswith("The dashboard body is invalid, there are ")
    assert refused(put, DashboardName="a b", DashboardBody="{}")[0] == "InvalidParameterValue"
