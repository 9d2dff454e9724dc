"""What metric filters count, and when."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from secretwatch.verify.lab import Lab, refusal
from secretwatch.verify.model import Experiment, Seen, cannot_tell, confirmed, refuted

_FILTERS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html"
_PROTECTION = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/mask-sensitive-log-data.html"
_MINUTE = 60
_READY_MINUTES_AGO = 30


class _Group:
    """A log group with a stream, whose metric filters count texts."""

    def __init__(self, lab: Lab, **settings: Any) -> None:
        self.lab = lab
        self.logs = lab.client("logs")
        self.name = lab.log_group(**settings)
        self.logs.create_log_stream(logGroupName=self.name, logStreamName="verify")
        self._numbers = itertools.count()

    def filter(self, text: str, **transformation: Any) -> str:
        """Count messages that hold the text; the metric's namespace."""
        namespace = self.lab.metric()
        self.logs.put_metric_filter(
            logGroupName=self.name,
            filterName=f"filter-{next(self._numbers)}",
            filterPattern=f'"{text}"',
            metricTransformations=[
                {
                    "metricNamespace": namespace,
                    "metricName": "reads",
                    "metricValue": "1",
                    **transformation,
                }
            ],
        )
        return namespace

    def put(self, text: str, at: float) -> None:
        """at: seconds since 1970."""
        self.logs.put_log_events(
            logGroupName=self.name,
            logStreamName="verify",
            logEvents=[{"timestamp": round(at * 1000), "message": text}],
        )

    def minutes(self, namespace: str, start: float, end: float) -> dict[int, tuple[float, float]]:
        """Sum and number of samples by minute (whole minutes since 1970), from start to end in seconds."""
        answer = self.lab.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName="reads",
            # Full minutes, since datapoints begin with the start.
            StartTime=start // _MINUTE * _MINUTE,
            EndTime=end // _MINUTE * _MINUTE,
            Period=_MINUTE,
            Statistics=["Sum", "SampleCount"],
        )
        return {
            int(each["Timestamp"].timestamp()) // _MINUTE: (each["Sum"], each["SampleCount"])
            for each in answer["Datapoints"]
        }

    def count(self, namespace: str, start: float) -> float:
        """How many were counted since."""
        return sum(total for total, _ in self.minutes(namespace, start, time.time() + 5 * _MINUTE).values())

    def ready(self, text: str, namespace: str) -> None:
        """Until the filter counts: messages of half an hour ago are put for it."""
        then = time.time() - _READY_MINUTES_AGO * _MINUTE

        def counted() -> bool:
            self.put(text, then)
            return bool(self.count(namespace, then - 10 * _MINUTE))

        self.lab.wait("that the metric filter counts", counted)


def _event_time(lab: Lab) -> Seen:
    group = _Group(lab)
    namespace = group.filter("hello")
    group.ready("hello", namespace)
    now = time.time()
    group.put("hello", now - 10 * _MINUTE)

    def recent() -> dict[int, tuple[float, float]]:
        return group.minutes(namespace, now - 20 * _MINUTE, now + 10 * _MINUTE)

    (minute, *_) = lab.wait("the datapoint", recent)
    age = round(now // _MINUTE - minute)
    return Seen("event" if age == 10 else "arrival" if age <= 1 else "other", {"age": age})


def _default_value(lab: Lab) -> Seen:
    group = _Group(lab)
    namespace = group.filter("hello", defaultValue=0)
    group.ready("hello", namespace)
    now = time.time()
    without, both = now - 5 * _MINUTE, now - 8 * _MINUTE
    group.put("hello", both)
    group.put("other", both)
    group.put("other", without)

    def shown() -> dict[int, tuple[float, float]] | None:
        seen = group.minutes(namespace, now - 20 * _MINUTE, now + 10 * _MINUTE)
        return seen if len(seen) >= 2 else None

    minutes = lab.wait("the datapoints of both minutes", shown)
    if not {int(without) // _MINUTE, int(both) // _MINUTE} <= set(minutes):
        return Seen("another time")
    (total, samples), (total_both, samples_both) = (minutes[int(at) // _MINUTE] for at in (without, both))
    numbers = {"zeros": samples, "samples": samples_both, "minutes": len(minutes)}
    as_claimed = (total, total_both, samples_both) == (0, 1, 1) and samples >= 1 and len(minutes) == 2
    return Seen("unmatched only" if as_claimed else "other", numbers)


def _sample_count(lab: Lab) -> Seen:
    group = _Group(lab)
    namespace = group.filter("hello", unit="Count")
    group.ready("hello", namespace)
    now = time.time()
    # In one minute, in one call and in several, with others among them.
    at = now // _MINUTE * _MINUTE - 5 * _MINUTE
    texts = ("hello", "other", "hello", "hello", "other")
    group.logs.put_log_events(
        logGroupName=group.name,
        logStreamName="verify",
        logEvents=[
            {"timestamp": round((at + second) * 1000), "message": text} for second, text in enumerate(texts)
        ],
    )
    group.put("hello", at + 30)
    group.put("other", at + 31)
    matches = 4

    def counted() -> float:
        seen = group.minutes(namespace, now - 20 * _MINUTE, now + 10 * _MINUTE)
        return sum(samples for _, samples in seen.values())

    lab.wait("all matches", partial(_at_least, matches, counted))
    # What is put after it has come when this has: nothing more of the first is to come.
    group.put("hello", at + 60)
    lab.wait("one more", partial(_at_least, matches + 1, counted))
    samples = round(counted())
    return Seen("each" if samples == matches + 1 else "other", {"samples": samples})


def _at_least(number: float, counts: Callable[[], float]) -> bool:
    return counts() >= number


def _masked(lab: Lab) -> Seen:
    group = _Group(lab)
    address = "jane.doe@example.com"
    operations: tuple[dict[str, Any], ...] = (
        {"Audit": {"FindingsDestination": {}}},
        {"Deidentify": {"MaskConfig": {}}},
    )
    policy = {
        "Name": "verify",
        "Version": "2021-06-01",
        "Statement": [
            {
                "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"],
                "Operation": operation,
            }
            for operation in operations
        ],
    }
    group.logs.put_data_protection_policy(logGroupIdentifier=group.name, policyDocument=json.dumps(policy))

    def masks() -> bool:
        group.put("probe someone@example.com", time.time())
        answer = group.logs.get_log_events(
            logGroupName=group.name, logStreamName="verify", startFromHead=False
        )
        return any("***" in each["message"] for each in answer["events"])

    lab.wait("that the address is masked when it is read", masks)
    addresses, hellos = group.filter(address), group.filter("hello")
    group.ready("hello", hellos)
    now = time.time()
    for number in (1, 2):
        group.put(f"hello {address}", now)
        counts = partial(group.count, hellos, now - 60)
        lab.wait("that the other filter counts", partial(_at_least, number, counts))
    counted = group.count(addresses, now - 60)
    return Seen("masked" if not counted else "seen", {"counted": counted})


def _infrequent_access(lab: Lab) -> Seen:
    group = _Group(lab, logGroupClass="INFREQUENT_ACCESS")
    refused = refusal(
        lambda: group.filter("hello"),
        (
            "InvalidParameterException",
            "InvalidOperationException",
            "OperationAbortedException",
            "ValidationException",
        ),
    )
    return Seen("refused" if refused else "taken")


_COUNTED: dict[str, Any] = {
    "calls": ("logs:CreateLogStream", "logs:PutLogEvents", "logs:PutMetricFilter"),
    "seconds": 240,
    "patience": 600,
}

EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment(
        id="filter-event-time",
        claim="A metric filter counts a log event at the event's own time, not at its arrival.",
        why="If so, a late event is counted in a window that no alarm looks at any more.",
        source=f"AWS does not say: {_FILTERS}",
        outcomes={
            "event": confirmed("A message with a time of ten minutes ago was counted at that time."),
            "arrival": refuted("The message was counted when it arrived."),
            "other": refuted("The message was counted at another time."),
        },
        run=_event_time,
        makes={"log group": 1, "metric": 1},
        numbers={"age": "minutes between the datapoint and the arrival"},
        **_COUNTED,
    ),
    Experiment(
        id="default-value",
        claim="The default value is published for a minute in which events came and none matched, "
        "and for no other minute.",
        why="These zeros end an alarm.",
        source="AWS says that the value is published when events come and do not match. AWS does not "
        f"say that a match in the same minute prevents it: {_FILTERS}",
        outcomes={
            "unmatched only": confirmed(
                "The minute without a match had the default value. The minute with a match had only "
                "the match."
            ),
            "other": refuted("The datapoints were not as claimed."),
            "another time": cannot_tell("The datapoints stand at other minutes than the events."),
        },
        run=_default_value,
        makes={"log group": 1, "metric": 1},
        numbers={
            "zeros": "samples in the minute without a match",
            "samples": "samples in the minute with a match and another event",
            "minutes": "minutes with samples",
        },
        **_COUNTED,
    ),
    Experiment(
        id="filter-sample-count",
        claim="SampleCount counts each match of a metric filter without a default value, and nothing else.",
        why="An alarm on several reads counts these samples.",
        source=f"AWS says which value a match has, and not how many samples several matches make: {_FILTERS}",
        outcomes={
            "each": confirmed("There were as many samples as matches."),
            "other": refuted("There were more samples than matches."),
        },
        run=_sample_count,
        makes={"log group": 1, "metric": 1},
        numbers={"samples": "samples, of 5 matches"},
        **_COUNTED,
    ),
    Experiment(
        id="masked-before-filters",
        claim="If data protection masks a text in a log group, the group's metric filters do not "
        "see the text, either.",
        why="A policy that masks names or addresses blinds a watch that matches them.",
        source=f"AWS says that data is masked at all egress points, metric filters among them: {_PROTECTION}",
        outcomes={
            "masked": confirmed(
                "The filter on an address counted nothing. Another filter counted the same messages."
            ),
            "seen": refuted("The filter on an address counted."),
        },
        run=_masked,
        makes={"log group": 1, "metric": 2},
        numbers={"counted": "what the filter on an address counted, of 2"},
        **_COUNTED | {"calls": (*_COUNTED["calls"], "logs:GetLogEvents", "logs:PutDataProtectionPolicy")},
    ),
    Experiment(
        id="infrequent-access-filters",
        claim="A log group of class INFREQUENT_ACCESS refuses a metric filter.",
        why="If a trail writes into such a group, no watch can be made for it.",
        source="Inferred from AWS's table of the class's features: "
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html",
        outcomes={
            "refused": confirmed("PutMetricFilter was refused."),
            "taken": refuted("PutMetricFilter was taken."),
        },
        run=_infrequent_access,
        seconds=2,
        makes={"log group": 1, "metric": 1},
        calls=("logs:CreateLogStream", "logs:PutMetricFilter"),
    ),
)
