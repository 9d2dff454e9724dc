"""Metric filters on the local cloud: what they count, what they are refused for, their life in Terraform."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from deployment import wait_for

STREAM = "stream"
NUMBERS = "[host, size, unit]"


@dataclass
class LogGroup:
    """A log group with one stream, and the metrics of its filters in a namespace of its own."""

    name: str

    def __post_init__(self) -> None:
        self.logs = boto3.client("logs")
        self.cloudwatch = boto3.client("cloudwatch")

    def put_filter(self, pattern: str = "", name: str = "filter", **transformation: Any) -> None:
        self.logs.put_metric_filter(
            logGroupName=self.name,
            filterName=name,
            filterPattern=pattern,
            metricTransformations=[
                {"metricName": name, "metricNamespace": self.name, "metricValue": "1", **transformation}
            ],
        )

    def put(self, *messages: str, at: datetime | None = None) -> None:
        timestamp = int((at or datetime.now(UTC)).timestamp() * 1000)
        self.logs.put_log_events(
            logGroupName=self.name,
            logStreamName=STREAM,
            logEvents=[{"timestamp": timestamp, "message": message} for message in messages],
        )

    def datapoints(self, metric: str = "filter", **more: Any) -> dict[datetime, tuple[float, float]]:
        """Sum and SampleCount of each minute of the last hour that has any."""
        found = self.cloudwatch.get_metric_statistics(
            Namespace=self.name,
            MetricName=metric,
            StartTime=minute(60),
            EndTime=minute(-1),
            Period=60,
            Statistics=["Sum", "SampleCount"],
            **more,
        )["Datapoints"]
        return {each["Timestamp"]: (each["Sum"], each["SampleCount"]) for each in found}

    def metrics(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.cloudwatch.list_metrics(Namespace=self.name)["Metrics"]
        return found


@pytest.fixture
def group(aws: dict[str, str]) -> Iterator[LogGroup]:
    made = LogGroup(f"metric-filters-{uuid.uuid4()}")
    made.logs.create_log_group(logGroupName=made.name)
    made.logs.create_log_stream(logGroupName=made.name, logStreamName=STREAM)
    yield made
    made.logs.delete_log_group(logGroupName=made.name)


def minute(ago: int) -> datetime:
    """The start of a minute: 1 ago is the last that is over."""
    return datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=ago)


def test_the_default_value_stands_for_a_minute_with_events_and_no_match(group: LogGroup) -> None:
    group.put_filter("ERROR", defaultValue=0.5)
    silent, other, matched = minute(9), minute(7), minute(5)
    group.put("fine", "fine", "fine", at=other + timedelta(seconds=30))
    group.put("fine", "ERROR", "fine", "ERROR", at=matched)

    found = wait_for("a default value", lambda: (d := group.datapoints()) and other in d and d)
    assert found == {other: (0.5, 1.0), matched: (2.0, 2.0)}
    assert silent not in found


def test_without_a_default_value_a_minute_without_a_match_has_no_datapoint(group: LogGroup) -> None:
    group.put_filter("ERROR", name="without")
    group.put_filter("ERROR", name="with", defaultValue=0)
    group.put("fine", at=minute(3))
    wait_for("the default value of the other filter", lambda: group.datapoints("with"))
    assert group.datapoints("without") == {}


def test_values_and_units_come_from_the_message(group: LogGroup) -> None:
    group.put_filter(NUMBERS, metricValue="$size", unit="Megabytes")
    group.put("web-1 12.5 MB", "web-2 -2 MB", "web-3 unknown MB")
    (datapoint,) = wait_for("a datapoint", group.datapoints).values()
    assert datapoint == (10.5, 2.0)  # the text is no number, and counts for nothing
    assert group.datapoints(Unit="Megabytes") != {}
    assert group.datapoints(Unit="Count") == {}


def test_each_set_of_dimensions_is_a_metric(group: LogGroup) -> None:
    group.put_filter(
        '{ $.eventName = "*" }', dimensions={"Who": "$.user.name", "What": "$.eventName"}, metricValue="$.n"
    )
    group.put(
        '{"eventName": "Read", "user": {"name": "ann"}, "n": 2}',
        '{"eventName": "Read", "user": {"name": "bob"}, "n": 3}',
        '{"eventName": "Read", "user": {"name": "ann"}, "n": 5}',
        '{"eventName": "Read", "n": 7}',
    )

    def read_by(name: str) -> Any:
        dimensions = [{"Name": "What", "Value": "Read"}, {"Name": "Who", "Value": name}]
        return list(group.datapoints(Dimensions=dimensions).values())

    assert wait_for("ann's reads", lambda: read_by("ann")) == [(7.0, 2.0)]
    assert read_by("bob") == [(3.0, 1.0)]
    # An event without one of the dimensions is in no metric.
    assert len(group.metrics()) == 2


def test_events_that_are_refused_for_their_time_are_not_counted(group: LogGroup) -> None:
    group.put_filter()
    group.put("old", at=datetime.now(UTC) - timedelta(days=15))
    group.put("new", at=datetime.now(UTC) + timedelta(hours=3))
    group.put("now")
    wait_for("a datapoint", group.datapoints)
    now = datetime.now(UTC)
    (all_of_it,) = group.cloudwatch.get_metric_statistics(
        Namespace=group.name,
        MetricName="filter",
        StartTime=now - timedelta(days=16),
        EndTime=now + timedelta(days=1),
        Period=86400 * 30,
        Statistics=["SampleCount"],
    )["Datapoints"]
    assert all_of_it["SampleCount"] == 1


def test_a_filter_that_is_replaced_or_gone_counts_no_more(group: LogGroup) -> None:
    group.put_filter("first", metricValue="10")
    group.put_filter("second")
    group.put_filter("", name="gone")
    group.logs.delete_metric_filter(logGroupName=group.name, filterName="gone")
    group.put("first", "second")
    assert list(wait_for("a datapoint", group.datapoints).values()) == [(1.0, 1.0)]
    assert [metric["MetricName"] for metric in group.metrics()] == ["filter"]


REGEX = "%[a-z]%"

REFUSED = {
    "pattern": ({"pattern": "{ $.a == 1 }"}, "Invalid metric filter pattern"),
    "pattern that is too long": ({"pattern": "a" * 1025}, "at 'filterPattern' failed to satisfy constraint"),
    "filter name": ({"name": "a:b"}, "at 'filterName' failed to satisfy constraint"),
    "filter name that is too long": (
        {"name": "n" * 513},
        "Member must have length less than or equal to 512",
    ),
    "metric name": ({"metricName": "a*b"}, "at 'metricTransformations.1.member.metricName' failed"),
    "namespace": ({"metricNamespace": "a$b"}, "at 'metricTransformations.1.member.metricNamespace' failed"),
    "namespace that is too long": ({"metricNamespace": "n" * 256}, "less than or equal to 255"),
    "unit": ({"unit": "Reads"}, "Member must satisfy enum value set: [Seconds, "),
    "value that is no number": ({"metricValue": "one"}, "metric value one must be a valid number"),
    "selector beside terms": ({"metricValue": "$.n"}, "metric value $.n must be a valid number"),
    "field beside JSON": (
        {"pattern": '{ $.a = "*" }', "metricValue": "$a"},
        "metric value $a must be a valid number",
    ),
    "dimensions beside terms": (
        {"dimensions": {"Who": "$.user"}},
        "The specified filter pattern does not support dimensions",
    ),
    "dimensions and a default value": (
        {"pattern": '{ $.a = "*" }', "dimensions": {"Who": "$.user"}, "defaultValue": 0},
        "Invalid metric transformation: dimensions and default value are mutually exclusive properties",
    ),
    "4 dimensions": (
        {"pattern": NUMBERS, "dimensions": dict.fromkeys("abcd", "$host")},
        "Invalid metric transformation: at most 3 dimensions are allowed, not 4",
    ),
    "dimension that is no selector": (
        {"pattern": NUMBERS, "dimensions": {"Who": "ann"}},
        "Invalid metric transformation: dimension value must be valid selector",
    ),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_refused_filters(group: LogGroup, wrong: str) -> None:
    arguments, message = REFUSED[wrong]
    with pytest.raises(ClientError) as refused:
        group.put_filter(**arguments)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"
    assert message in refused.value.response["Error"]["Message"]
    assert group.logs.describe_metric_filters(logGroupName=group.name)["metricFilters"] == []


def test_one_transformation_only(group: LogGroup) -> None:
    one = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
    with pytest.raises(ClientError, match=r"metricTransformations.*less than or equal to 1"):
        group.logs.put_metric_filter(
            logGroupName=group.name, filterName="f", filterPattern="", metricTransformations=[one, one]
        )


def test_a_group_has_100_filters(group: LogGroup) -> None:
    for number in range(100):
        group.put_filter(name=f"{number:02}")
    with pytest.raises(group.logs.exceptions.LimitExceededException):
        group.put_filter(name="one more")
    group.put_filter("changed", name="07")
    (described,) = group.logs.describe_log_groups(logGroupNamePrefix=group.name)["logGroups"]
    assert described["metricFilterCount"] == 100
    pages = group.logs.get_paginator("describe_metric_filters").paginate(logGroupName=group.name)
    names = [[each["filterName"] for each in page["metricFilters"]] for page in pages]
    assert names == [[f"{n:02}" for n in range(50)], [f"{n:02}" for n in range(50, 100)]]


def test_5_filters_of_a_group_have_regular_expressions(group: LogGroup) -> None:
    for number in range(5):
        group.put_filter(REGEX, name=str(number))
    group.put_filter(REGEX, name="4")
    group.put_filter("plain", name="5")
    with pytest.raises(group.logs.exceptions.LimitExceededException):
        group.put_filter(REGEX, name="6")
    with pytest.raises(group.logs.exceptions.LimitExceededException):
        put_subscription(group, REGEX)


def put_subscription(group: LogGroup, pattern: str) -> None:
    group.logs.put_subscription_filter(
        logGroupName=group.name,
        filterName="subscription",
        filterPattern=pattern,
        destinationArn="arn:aws:lambda:us-east-1:000000000000:function:none",
    )


def test_a_filter_is_described_as_it_was_put(group: LogGroup) -> None:
    group.put_filter("ERROR", defaultValue=0, unit="Count")
    answer = group.logs.describe_metric_filters(logGroupName=group.name)
    assert "nextToken" not in answer
    (described,) = answer["metricFilters"]
    assert abs(described.pop("creationTime") / 1000 - time.time()) < 60
    assert described == {
        "filterName": "filter",
        "filterPattern": "ERROR",
        "logGroupName": group.name,
        "applyOnTransformedLogs": False,
        "metricTransformations": [
            {
                "metricName": "filter",
                "metricNamespace": group.name,
                "metricValue": "1",
                "defaultValue": 0.0,
                "unit": "Count",
            }
        ],
    }


def test_filters_are_found_by_prefix_and_by_metric(group: LogGroup) -> None:
    for name in ("read", "reads", "write"):
        group.put_filter(name=name)

    def names(**by: str) -> list[str]:
        found = group.logs.describe_metric_filters(**by)["metricFilters"]
        return [each["filterName"] for each in found]

    assert names(logGroupName=group.name, filterNamePrefix="read") == ["read", "reads"]
    assert names(metricNamespace=group.name, metricName="write") == ["write"]
    with pytest.raises(group.logs.exceptions.InvalidParameterException):
        names(metricName="write")


def test_what_is_not_there_is_not_found(group: LogGroup) -> None:
    not_found = group.logs.exceptions.ResourceNotFoundException
    nowhere = LogGroup("no-such-group")
    with pytest.raises(not_found):
        nowhere.put_filter()
    with pytest.raises(not_found):
        nowhere.logs.describe_metric_filters(logGroupName=nowhere.name)
    with pytest.raises(not_found):
        put_subscription(nowhere, "")
    with pytest.raises(not_found):
        group.logs.delete_metric_filter(logGroupName=group.name, filterName="none")


def test_a_log_group_takes_its_filters_along(group: LogGroup) -> None:
    group.put_filter()
    group.logs.delete_log_group(logGroupName=group.name)
    group.logs.create_log_group(logGroupName=group.name)
    assert group.logs.describe_metric_filters(logGroupName=group.name)["metricFilters"] == []


def test_a_pattern_is_tried_on_messages(aws: dict[str, str]) -> None:
    logs = boto3.client("logs")
    answer = logs.test_metric_filter(
        filterPattern="[host, size > 10, unit]", logEventMessages=["web 9 MB", "web 12 MB", "web 12 GB"]
    )
    assert answer["matches"] == [
        {
            "eventNumber": 2,
            "eventMessage": "web 12 MB",
            "extractedValues": {"$host": "web", "$size": "12", "$unit": "MB"},
        },
        {
            "eventNumber": 3,
            "eventMessage": "web 12 GB",
            "extractedValues": {"$host": "web", "$size": "12", "$unit": "GB"},
        },
    ]
    for pattern, messages in (("{ $.a IS NOT NULL }", ["m"]), ("", ["m"] * 51), ("a" * 1025, ["m"])):
        with pytest.raises(logs.exceptions.InvalidParameterException):
            logs.test_metric_filter(filterPattern=pattern, logEventMessages=messages)


def test_events_are_filtered_by_a_pattern(group: LogGroup) -> None:
    with pytest.raises(group.logs.exceptions.InvalidParameterException, match="Invalid filter pattern"):
        group.logs.filter_log_events(logGroupName=group.name, filterPattern="{ $.a }")
    group.put('{"a": 1}', '{"a": 2}', "a = 2")
    found = group.logs.filter_log_events(logGroupName=group.name, filterPattern="{ $.a > 1 }")["events"]
    assert [event["message"] for event in found] == ['{"a": 2}']


def test_a_subscription_filter_with_a_wrong_pattern_is_refused(group: LogGroup) -> None:
    with pytest.raises(group.logs.exceptions.InvalidParameterException, match="pattern"):
        put_subscription(group, "{ $.a }")


ROOT = """
variable "changed" {
  type = bool
}

resource "aws_cloudwatch_log_group" "this" {
  name = "lifecycle-of-a-filter"
}

resource "aws_cloudwatch_log_metric_filter" "counting" {
  log_group_name = aws_cloudwatch_log_group.this.name
  name           = "counting"
  pattern        = var.changed ? "ERROR" : "WARN"

  metric_transformation {
    default_value = var.changed ? "0" : null
    name          = "counting"
    namespace     = "lifecycle"
    unit          = var.changed ? "Count" : "None"
    value         = var.changed ? "2" : "1"
  }
}

resource "aws_cloudwatch_log_metric_filter" "reading" {
  log_group_name = aws_cloudwatch_log_group.this.name
  name           = "reading"
  pattern        = "{ $.n > 0 }"

  metric_transformation {
    dimensions = var.changed ? { Who = "$.user" } : { Who = "$.user", What = "$.name" }
    name       = "reading"
    namespace  = "lifecycle"
    value      = "$.n"
  }
}
"""


def test_a_filter_is_created_changed_imported_and_destroyed(
    terraform: Any, aws: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = terraform.new_root("filter-lifecycle", ROOT)
    counts = {"false": "3 added, 0 changed, 0 destroyed", "true": "0 added, 2 changed, 0 destroyed"}
    for changed, count in counts.items():
        monkeypatch.setenv("TF_VAR_changed", changed)
        assert count in terraform.run(root, "apply", "-auto-approve", "-no-color")
        terraform.run(root, "plan", "-detailed-exitcode")  # any change would be a failure

    for name in ("counting", "reading"):
        address = f"aws_cloudwatch_log_metric_filter.{name}"
        terraform.run(root, "state", "rm", address)
        terraform.run(root, "import", address, f"lifecycle-of-a-filter:{name}")
    terraform.run(root, "plan", "-detailed-exitcode")

    # What was removed by hand is made again.
    boto3.client("logs").delete_metric_filter(logGroupName="lifecycle-of-a-filter", filterName="reading")
    assert "1 added, 0 changed" in terraform.run(root, "apply", "-auto-approve", "-no-color")
    terraform.run(root, "destroy", "-auto-approve")
    found = boto3.client("logs").describe_metric_filters(metricName="counting", metricNamespace="lifecycle")
    assert found["metricFilters"] == []
