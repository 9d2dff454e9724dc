"""What CloudWatch answers of metrics: by all their dimensions, with every statistic that was asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import clients
import pytest
from accounts import new_account_id
from botocore.exceptions import ClientError

NAMESPACE = "tests"


class Account:
    """An account of a test's own, with values of one moment."""

    def __init__(self) -> None:
        self.cloudwatch = clients.client("cloudwatch", new_account_id())
        self.now = datetime.now(UTC).replace(second=0, microsecond=0)

    def put(self, *data: dict[str, Any]) -> None:
        self.cloudwatch.put_metric_data(
            Namespace=NAMESPACE,
            MetricData=[{"MetricName": "reads", "Timestamp": self.now, **datum} for datum in data],
        )

    def statistics(self, **asked: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.cloudwatch.get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName="reads",
            StartTime=self.now - timedelta(minutes=10),
            EndTime=self.now + timedelta(minutes=10),
            **{"Period": 60, **asked},
        )["Datapoints"]
        return found

    def data(self, stat: str, dimensions: list[dict[str, str]], **asked: Any) -> dict[str, Any]:
        metric = {"Namespace": NAMESPACE, "MetricName": "reads", "Dimensions": dimensions}
        (found,) = self.cloudwatch.get_metric_data(
            StartTime=self.now - timedelta(minutes=10),
            EndTime=self.now + timedelta(minutes=10),
            MetricDataQueries=[{"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}}],
            **asked,
        )["MetricDataResults"]
        return dict(found)

    def listed(self, *dimensions: dict[str, str]) -> list[list[dict[str, str]]]:
        found = self.cloudwatch.list_metrics(Namespace=NAMESPACE, Dimensions=list(dimensions))["Metrics"]
        return sorted((each["Dimensions"] for each in found), key=str)


@pytest.fixture
def account(aws: dict[str, str]) -> Account:
    return Account()


def of(**pairs: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in pairs.items()]


ANN, BOTH, LONGER, EQUALS = (
    of(Who="ann"),
    of(What="Read", Who="ann"),
    of(Who="anna"),
    of(Who="ann=1"),
)


@pytest.fixture
def dimensioned(account: Account) -> Account:
    account.put(*({"Value": 2.0**power, "Dimensions": each} for power, each in enumerate(DIMENSIONS)))
    return account


DIMENSIONS = ([], ANN, BOTH, LONGER, EQUALS)


def test_statistics_are_those_of_exactly_these_dimensions(dimensioned: Account) -> None:
    for power, each in enumerate(DIMENSIONS):
        found = dimensioned.statistics(Dimensions=each, Statistics=["Sum", "SampleCount"])
        assert [(point["Sum"], point["SampleCount"]) for point in found] == [(2.0**power, 1.0)]
        assert dimensioned.data("Sum", each)["Values"] == [2.0**power]
        assert dimensioned.data("Sum", each[::-1])["Values"] == [2.0**power]
    for each in (of(What="Read"), of(Who="ANN"), of(Who="an_"), of(Who="%")):
        assert dimensioned.statistics(Dimensions=each, Statistics=["Sum"]) == []
        assert dimensioned.data("Sum", each)["Values"] == []


def test_metrics_are_listed_that_have_these_dimensions_and_maybe_more(dimensioned: Account) -> None:
    assert dimensioned.listed(*ANN) == [BOTH, ANN]
    assert dimensioned.listed({"Name": "Who"}) == [BOTH, ANN, EQUALS, LONGER]
    assert dimensioned.listed({"Name": "Wh"}) == dimensioned.listed(*of(Who="ANN")) == []
    assert len(dimensioned.listed()) == len(DIMENSIONS)


def test_alarms_for_a_metric_are_those_on_exactly_its_dimensions(account: Account) -> None:
    for number, each in enumerate(DIMENSIONS):
        account.cloudwatch.put_metric_alarm(
            AlarmName=str(number),
            Namespace=NAMESPACE,
            MetricName="reads",
            Dimensions=each,
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
    for number, each in enumerate(DIMENSIONS):
        found = account.cloudwatch.describe_alarms_for_metric(
            Namespace=NAMESPACE, MetricName="reads", Dimensions=each[::-1]
        )["MetricAlarms"]
        assert [alarm["AlarmName"] for alarm in found] == [str(number)]


def test_values_and_statistic_sets_of_a_period_count_together(account: Account) -> None:
    account.put(
        {"Values": [1.0, 4.0], "Counts": [2.0, 1.0]},
        {"StatisticValues": {"SampleCount": 3, "Sum": 12, "Minimum": 0.5, "Maximum": 9}},
        {"Value": 7, "Unit": "Count"},
        {"Value": 5, "Timestamp": account.now - timedelta(minutes=2)},
    )
    asked = {"Statistics": ["SampleCount", "Sum", "Average", "Minimum", "Maximum"]}
    found = {(each.pop("Timestamp"), each.pop("Unit")): each for each in account.statistics(**asked)}
    whole = {"SampleCount": 6.0, "Sum": 18.0, "Average": 3.0, "Minimum": 0.5, "Maximum": 9.0}
    assert found == {
        (account.now - timedelta(minutes=2), "None"): dict.fromkeys(asked["Statistics"], 5.0)
        | {"SampleCount": 1.0},
        (account.now, "None"): whole,
        (account.now, "Count"): dict.fromkeys(asked["Statistics"], 7.0) | {"SampleCount": 1.0},
    }
    assert [each["Sum"] for each in account.statistics(Statistics=["Sum"], Unit="Count")] == [7.0]
    # In GetMetricData without a unit, they are one.
    assert account.data("Sum", [])["Values"] == [25.0, 5.0]
    assert account.data("Sum", [], ScanBy="TimestampAscending")["Values"] == [5.0, 25.0]


def test_percentiles_come_of_values_and_not_of_sets_that_hide_them(account: Account) -> None:
    account.put({"Values": [float(value) for value in range(1, 101)]})
    account.put(
        {
            "StatisticValues": {"SampleCount": 3, "Sum": 12, "Minimum": 1, "Maximum": 9},
            "Timestamp": account.now - timedelta(minutes=2),
        }
    )
    (found,) = account.statistics(ExtendedStatistics=["p50", "p99"])
    assert found["ExtendedStatistics"] == {"p50": 50.0, "p99": 99.0}
    assert account.data("p90", [])["Values"] == [90.0]


@pytest.mark.parametrize(
    ("asked", "code", "words"),
    [
        ({}, "InvalidParameterCombination", "At least one of the parameters Statistics and ExtendedStatist"),
        (
            {"Statistics": ["Sum"], "ExtendedStatistics": ["p50"]},
            "InvalidParameterCombination",
            "The parameters Statistics and ExtendedStatistics are mutually exclusive",
        ),
        (
            {"Statistics": ["p50"]},
            "InvalidParameterValue",
            "The parameter Statistics.member.1 must be a value",
        ),
        ({"ExtendedStatistics": ["q5"]}, "InvalidParameterValue", "ExtendedStatistics.member.1"),
    ],
)
def test_statistics_that_are_none_are_refused(
    account: Account, asked: dict[str, Any], code: str, words: str
) -> None:
    with pytest.raises(ClientError) as caught:
        account.statistics(**asked)
    assert caught.value.response["Error"]["Code"] == code
    assert words in caught.value.response["Error"]["Message"]


def test_data_of_no_statistic_are_refused(account: Account) -> None:
    with pytest.raises(ClientError) as caught:
        account.data("Sums", [])
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    assert caught.value.response["Error"]["Message"] == (
        "The value Sums for parameter MetricDataQueries.member.1.MetricStat.Stat is not a valid statistic."
    )
