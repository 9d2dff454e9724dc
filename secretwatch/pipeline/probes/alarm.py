"""What counts a read and rings: the metric, and the alarm's state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from secretwatch.pipeline import ready
from secretwatch.pipeline.probes.probe import ALARM, METRIC, Look, Probe, Scene


class Metric(Probe):
    """The metric filter's count.

    A metric does not tell one read from another: these are seen where minutes count more than before them.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
    """

    name = METRIC
    usually = "a minute after the log group has the event"
    vital = True

    def look(self) -> Look:
        more = {
            minute: count - self.scene.counted_before.get(minute, 0.0)
            for minute, count in sorted(counts(self.scene, self.scene.first.at).items())
        }
        minutes = [minute for minute, count in more.items() if count >= 1]
        total = sum(more[minute] for minute in minutes)
        wanted = len(self.scene.reads)
        if total < wanted:
            return Look("waiting", f"{total:g} of {wanted}" if wanted > 1 else "")
        first, last = (f"{minute:%H:%M}" for minute in (minutes[0], minutes[-1]))
        when = f"minute of {first}" if first == last else f"minutes of {first} to {last}"
        return Look("ok", f"{total:g} in the {when} UTC")


def counts(scene: Scene, at: float) -> dict[datetime, float]:
    """What the metric counted in each minute from just before `at` until now."""
    start = datetime.fromtimestamp(at, UTC).replace(second=0, microsecond=0) - timedelta(minutes=1)
    found = scene.aws.client("cloudwatch").get_metric_statistics(
        Namespace=scene.watch.metric_namespace,
        MetricName=scene.watch.metric_name,
        StartTime=start,
        EndTime=max(datetime.fromtimestamp(scene.now(), UTC), start) + timedelta(minutes=2),
        Period=60,
        Statistics=COUNTED,
    )
    counted: dict[datetime, float] = defaultdict(float)
    for point in found["Datapoints"]:
        counted[point["Timestamp"].astimezone(UTC)] += matches(point)
    return dict(counted)


COUNTED = ["SampleCount", "Sum"]


def matches(point: Mapping[str, Any]) -> float:
    """How many matches a datapoint with the statistics `COUNTED` stands for.

    Of the unit that the module's filters give every value is a match. Of filters without one, as older
    releases made them, some are zeros of a default value.
    """
    return float(point["SampleCount"] if point.get("Unit") == "Count" else point["Sum"])


class Alarm(Probe):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html."""

    name = ALARM
    usually = "within two minutes of the metric"
    vital = True

    def look(self) -> Look:
        alarm = describe_alarm(self.scene)
        if alarm is None:
            return Look(
                "failed", f"there is no alarm {self.watch.alarm_name} in {self.watch.region} any more"
            )
        if alarm["StateValue"] != "ALARM":
            return Look("waiting", f"is {alarm['StateValue']}")
        return Look("ok", alarm.get("StateReason", ""))


def describe_alarm(scene: Scene) -> dict[str, Any] | None:
    """The alarm, noted in the report; None where there is none."""
    alarm = ready.describe_alarm(scene.aws, scene.watch.alarm_name)
    if alarm is not None:
        scene.report.alarm.update(state=alarm["StateValue"], reason=alarm.get("StateReason"))
    return alarm
