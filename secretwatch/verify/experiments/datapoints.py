"""Metrics with few values, and alarms on them: what several experiments make.

Datapoints are put with times in the past, so that nothing has to be waited for but the next evaluation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import zip_longest
from typing import Any

from secretwatch.verify.lab import Lab

MISSING = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html"
_PERIOD = 300
METRICS: dict[str, Any] = {
    "calls": ("cloudwatch:PutMetricData",),
    "seconds": 180,
    "patience": 600,
}


@dataclass(frozen=True)
class Metric:
    """A metric with values at some minutes ago each. at: the full minute from which they are counted."""

    namespace: str
    at: datetime
    values: tuple[tuple[float, float], ...]

    @classmethod
    def put(cls, lab: Lab, *values: tuple[float, float], units: Sequence[str] = ()) -> Metric:
        """values: value, and how many minutes ago. units: those of the first values; the others have none."""
        made = cls(lab.metric(), datetime.now(UTC).replace(second=0, microsecond=0), values)
        for (value, minutes), unit in zip_longest(values, units):
            data = {"MetricName": "reads", "Value": value, "Timestamp": made.at - timedelta(minutes=minutes)}
            if unit:
                data["Unit"] = unit
            lab.client("cloudwatch").put_metric_data(Namespace=made.namespace, MetricData=[data])
        return made

    def is_shown(self, lab: Lab) -> bool:
        answer = lab.client("cloudwatch").get_metric_statistics(
            Namespace=self.namespace,
            MetricName="reads",
            StartTime=self.at - timedelta(minutes=max(minutes for _, minutes in self.values) + 10),
            EndTime=self.at + timedelta(minutes=5),
            Period=60,
            Statistics=["SampleCount"],
        )
        return bool(sum(each["SampleCount"] for each in answer["Datapoints"]) >= len(self.values))

    def windows(self, alarm: dict[str, Any]) -> list[int | None]:
        """In which window each value stood when the alarm came to its state: 0 is the newest. None where it
        stood within a minute of a window's end, since nobody says to the second when an alarm looks."""
        end = alarm["StateUpdatedTimestamp"].timestamp() // 60 * 60
        found: list[int | None] = []
        for _, minutes in self.values:
            window, place = divmod(end - (self.at.timestamp() - minutes * 60), _PERIOD)
            found.append(int(window) if 60 <= place <= _PERIOD - 60 else None)
        return found


def await_shown(lab: Lab, *metrics: Metric) -> None:
    """Wait until CloudWatch shows them."""
    for metric in metrics:
        lab.wait("that CloudWatch shows the datapoints", partial(metric.is_shown, lab))


def put_values(lab: Lab, *values: tuple[float, float]) -> str:
    """A metric with a value at so many minutes ago each, once CloudWatch shows it; its namespace."""
    metric = Metric.put(lab, *values)
    await_shown(lab, metric)
    return metric.namespace


def described_alarm(lab: Lab, name: str) -> dict[str, Any]:
    (alarm,) = lab.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return dict(alarm)


def first_state(lab: Lab, name: str) -> str:
    """The state of a new alarm, once it has been looked at."""

    def state() -> str | None:
        value = str(described_alarm(lab, name)["StateValue"])
        return None if value == "INSUFFICIENT_DATA" else value

    return lab.wait("the first evaluation of an alarm", state)
