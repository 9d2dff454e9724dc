"""What alarms make of little data, and of what is done to them by hand.

Datapoints are put with times in the past, so that nothing has to be waited for but the next evaluation.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import zip_longest
from typing import Any

from secretwatch.verify.lab import Lab, Queue, refusal, service
from secretwatch.verify.model import Experiment, Number, Seen, cannot_tell, confirmed, refuted

_ALARMS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html"
_MISSING = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html"
_PERIOD = 300
_METRICS: dict[str, Any] = {
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


def _shown(lab: Lab, *metrics: Metric) -> None:
    """Wait until CloudWatch shows them."""
    for metric in metrics:
        lab.wait("that CloudWatch shows the datapoints", partial(metric.is_shown, lab))


def _put(lab: Lab, *values: tuple[float, float]) -> str:
    """A metric with a value at so many minutes ago each, once CloudWatch shows it; its namespace."""
    metric = Metric.put(lab, *values)
    _shown(lab, metric)
    return metric.namespace


def _described(lab: Lab, name: str) -> dict[str, Any]:
    (alarm,) = lab.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return dict(alarm)


def _evaluated(lab: Lab, name: str) -> str:
    """The state of a new alarm, once it has been looked at."""

    def state() -> str | None:
        value = str(_described(lab, name)["StateValue"])
        return None if value == "INSUFFICIENT_DATA" else value

    return lab.wait("the first evaluation of an alarm", state)


# Two in each window, so that one of them is a minute from its ends whenever the alarm looks.
_AGES = (6, 8, 11, 13, 16, 18, 21, 23)
_WINDOWS = (1, 2, 3)


def _looks_back(lab: Lab) -> Seen:
    metrics = [Metric.put(lab, (1, minutes)) for minutes in _AGES]
    _shown(lab, *metrics)
    alarms = [lab.alarm(metric.namespace) for metric in metrics]
    rang: dict[int, set[bool]] = defaultdict(set)
    for metric, name in zip(metrics, alarms, strict=True):
        _evaluated(lab, name)
        described = _described(lab, name)
        (window,) = metric.windows(described)
        if window is not None:
            rang[window].add(described["StateValue"] == "ALARM")
    numbers: dict[str, Number] = {f"window {each}": True in rang[each] for each in _WINDOWS if rang[each]}
    if any(len(rang[each]) != 1 for each in _WINDOWS):
        return Seen("drifted", numbers)
    if not numbers["window 1"]:
        return Seen("newest only", numbers)
    return Seen("three" if numbers["window 2"] and not numbers["window 3"] else "other", numbers)


def _double_alarm(lab: Lab) -> Seen:
    # Both stand in the window before the newest, in which there is nothing.
    quiet = Metric.put(lab, (1, 7), (0, 6))
    # The same read, and a later event that matches nothing.
    followed = Metric.put(lab, (1, 7), (0, 1))
    _shown(lab, quiet, followed)
    alarms = [lab.alarm(metric.namespace) for metric in (quiet, followed)]
    first, second = (_evaluated(lab, name) for name in alarms)
    numbers = {"quiet": first == "ALARM", "followed": second == "ALARM"}
    read, zero = quiet.windows(_described(lab, alarms[0]))
    later = followed.windows(_described(lab, alarms[1]))[1]
    if read is None or read != zero or read == 0 or later != 0:
        return Seen("drifted", numbers)
    return Seen("again" if first == "ALARM" and second == "OK" else "not again", numbers)


def _negative(lab: Lab) -> Seen:
    metrics = Metric.put(lab, (1, 2)), Metric.put(lab, (1, 2), (-1, 2))
    _shown(lab, *metrics)
    plain, lowered = (lab.alarm(metric.namespace) for metric in metrics)
    numbers = {"plain": _evaluated(lab, plain) == "ALARM", "lowered": _evaluated(lab, lowered) == "ALARM"}
    return Seen("lowered" if numbers["plain"] and not numbers["lowered"] else "not lowered", numbers)


def _of_other_units(lab: Lab) -> Seen:
    # On the sum, which a value of the same unit would lower or raise.
    mixed = Metric.put(lab, (1, 2), (-1, 2), (-1, 2), units=("Count", "Seconds"))
    others = Metric.put(lab, (1, 2), (1, 2), units=("Seconds",))
    _shown(lab, mixed, others)
    alarms = [lab.alarm(metric.namespace, Unit="Count") for metric in (mixed, others)]
    # One without any value of its unit is OK, too: missing data does not breach.
    rang, rang_for_others = (_evaluated(lab, name) == "ALARM" for name in alarms)
    numbers = {"mixed": rang, "others": rang_for_others}
    return Seen("ignored" if rang and not rang_for_others else "counted", numbers)


_NO_SAMPLES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("set", {"StatisticValues": {"SampleCount": -1.0, "Sum": 1.0, "Minimum": 1.0, "Maximum": 1.0}}),
    ("empty set", {"StatisticValues": {"SampleCount": 0.0, "Sum": 0.0, "Minimum": 0.0, "Maximum": 0.0}}),
    ("counts", {"Values": [1.0], "Counts": [-1.0]}),
    ("no number", {"Values": [1.0], "Counts": [math.nan]}),
)
_REFUSED = ("InvalidParameterValue", "InvalidParameterCombination", "ValidationError")


def _negative_count(lab: Lab) -> Seen:
    namespace = lab.metric()
    refused: dict[str, Number] = {}
    for name, values in _NO_SAMPLES:
        put = partial(
            lab.client("cloudwatch").put_metric_data,
            Namespace=namespace,
            MetricData=[{"MetricName": "reads", **values}],
        )
        refused[name] = refusal(put, _REFUSED) is not None
    decides = all(refused[name] for name in ("set", "counts", "no number"))
    return Seen("refused" if decides else "taken", refused)


def _filled(lab: Lab) -> Seen:
    # Where an alarm on the metric itself finds it: in one of the two windows before the newest.
    metrics = [Metric.put(lab, (1, minutes)) for minutes in (8, 13)]
    newest = Metric.put(lab, (1, 2))
    _shown(lab, *metrics, newest)
    alarms = [lab.alarm_on_filled(metric.namespace) for metric in (*metrics, newest)]
    states = [_evaluated(lab, name) == "ALARM" for name in alarms]
    windows = [
        metric.windows(_described(lab, name))[0]
        for metric, name in zip((*metrics, newest), alarms, strict=True)
    ]
    numbers: dict[str, Number] = {"older": any(states[:2]), "newest": states[2]}
    if windows[2] != 0 or not all(windows[:2]):
        return Seen("drifted", numbers)
    return Seen("newest only" if states == [False, False, True] else "other", numbers)


def _by_hand(lab: Lab) -> Seen:
    cloudwatch = lab.client("cloudwatch")
    namespace = _put(lab, (0, 2))
    name = lab.alarm(namespace)
    _evaluated(lab, name)
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="verify")
    at_once = _described(lab, name)["StateValue"] == "ALARM"
    # A new datapoint is something to evaluate.
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "reads", "Value": 0}])
    lab.wait("that an evaluation takes the state back", lambda: _described(lab, name)["StateValue"] == "OK")
    return Seen("until then" if at_once else "never", {"at once": at_once})


def _failed_action(lab: Lab) -> Seen:
    cloudwatch = lab.client("cloudwatch")
    # Its policy lets another service in.
    topic = lab.topic(service("events"))
    name = lab.alarm(_put(lab, (0, 2)), AlarmActions=[topic])
    _evaluated(lab, name)
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="verify")
    (item, *_) = lab.wait(
        "the action in the alarm's history",
        lambda: cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action")[
            "AlarmHistoryItems"
        ],
    )
    failed = str(item["HistorySummary"]).startswith("Failed")
    return Seen("failed" if failed else "succeeded", {"failed": failed})


def _heard(queue: Queue, text: str, times: int) -> bool:
    return sum(text in body for body in queue.bodies()) >= times


def _mute_rule(lab: Lab) -> Seen:
    cloudwatch = lab.client("cloudwatch")
    topic = lab.topic(service("cloudwatch"))
    queue = lab.subscribe(topic)
    muted, loud = (lab.alarm(_put(lab, (0, 2)), AlarmActions=[topic]) for _ in range(2))
    for name in (muted, loud):
        _evaluated(lab, name)
    rule = lab.thing("mute rule")
    cloudwatch.put_alarm_mute_rule(
        Name=rule,
        # Whatever the minute, a window of five minutes is open.
        Rule={"Schedule": {"Expression": "cron(* * * * *)", "Duration": "PT5M"}},
        MuteTargets={"AlarmNames": [muted]},
    )
    for rounds in (1, 2):
        for name in (muted, loud):
            cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="verify")
            cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="verify")
        lab.wait("the message of the other alarm", partial(_heard, queue, loud, rounds))
    came = queue.holds(muted)
    return Seen("rang" if came else "silent", {"rang": came})


_PERIODS = (3540, 3480)
"""Minutes of which the clock's fives, or hours, are seldom multiples: two windows that begin at multiples of
both are no chance."""


def _slides(lab: Lab) -> Seen:
    namespace = _put(lab, (1, 2))
    alarms = [lab.alarm(namespace, Period=period) for period in _PERIODS]
    offsets = []
    for name, period in zip(alarms, _PERIODS, strict=True):
        _evaluated(lab, name)
        start = json.loads(_described(lab, name)["StateReasonData"])["startDate"]
        offsets.append(int(datetime.fromisoformat(start.replace("+0000", "+00:00")).timestamp()) % period)
    numbers = {"first": offsets[0], "second": offsets[1]}
    if any(offset % 60 for offset in offsets):
        return Seen("no full minute", numbers)
    return Seen("slides" if any(offsets) else "boundary", numbers)


_DRIFTED = cannot_tell("The alarms looked so late that the datapoints stood in other windows.")

EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment(
        id="alarm-looks-back",
        claim="An alarm of 1 of 1 with missing data not breaching also finds a datapoint in the two windows "
        "before the newest, if that one is empty, and none before those.",
        why="It decides how long one read holds an alarm in a quiet account. The module's ring once either "
        "way.",
        source=f"AWS says that more than the evaluation periods are retrieved, not how many: {_MISSING}",
        outcomes={
            "three": confirmed(
                "It found one in either of the two windows before the newest, and none before."
            ),
            "newest only": refuted("It found none in the window before the newest."),
            "other": refuted("It looks back another number of windows."),
            "drifted": _DRIFTED,
        },
        run=_looks_back,
        makes={"metric": len(_AGES), "alarm": len(_AGES)},
        numbers={
            f"window {each}": "whether one in this window rang, the newest being window 0"
            for each in _WINDOWS
        },
        **_METRICS,
    ),
    Experiment(
        id="double-alarm",
        claim="A read rings once more when the zero of a later event slides out of the newest window "
        "together with it.",
        why="One read can make several mails: therefore the module's metric filters give no zeros.",
        source=f"It follows from how far alarms look back, and is nowhere said: {_MISSING}",
        outcomes={
            "again": confirmed(
                "With a zero behind it in the same window it rang; with one in the newest it did not."
            ),
            "not again": refuted("It was otherwise."),
            "drifted": _DRIFTED,
        },
        run=_double_alarm,
        makes={"metric": 2, "alarm": 2},
        numbers={
            "quiet": "whether it rang with nothing in the newest window",
            "followed": "whether it rang with a zero there",
        },
        **_METRICS,
    ),
    Experiment(
        id="negative-value",
        claim="A negative value lowers the Sum that an alarm sees.",
        why="Who may call PutMetricData silences an alarm on a Sum, and CloudTrail has no event of it: "
        "therefore the module's look at a Maximum or a SampleCount.",
        source="PutMetricData takes negative values; what alarms make of them is not said: "
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html",
        outcomes={
            "lowered": confirmed("1 rang, and 1 beside -1 did not."),
            "not lowered": refuted("It was otherwise."),
        },
        run=_negative,
        makes={"metric": 2, "alarm": 2},
        numbers={"plain": "whether 1 rang", "lowered": "whether 1 and -1 rang"},
        **_METRICS,
    ),
    Experiment(
        id="other-units",
        claim="An alarm with a unit ignores values of other units.",
        why="Forged values of another unit could hide reads otherwise.",
        source="AWS says that an alarm without a unit, on a metric with several, behaves unpredictably, and "
        "that one with a unit that was never published has no data: "
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
        outcomes={
            "ignored": confirmed("1 Count beside -1 of others rang, and 1 of others did not."),
            "counted": refuted("It was otherwise."),
        },
        run=_of_other_units,
        makes={"metric": 2, "alarm": 2},
        numbers={
            "mixed": "whether 1 Count beside -1 of others rang",
            "others": "whether values of others alone rang",
        },
        **_METRICS,
    ),
    Experiment(
        id="negative-sample-count",
        claim="A negative SampleCount is refused, and so are Counts that are negative or no number.",
        why="Otherwise who may call PutMetricData takes reads away from an alarm on several of them.",
        source="A SampleCount of 0 was seen to be refused; AWS gives no range: "
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_StatisticSet.html",
        outcomes={
            "refused": confirmed("PutMetricData refused all three."),
            "taken": refuted("PutMetricData took one of them."),
        },
        run=_negative_count,
        makes={"metric": 1},
        numbers={
            "set": "whether a set of -1 samples was refused",
            "empty set": "whether a set of no samples was refused",
            "counts": "whether a value that came -1 times was refused",
            "no number": "whether a value that came NaN times was refused",
        },
        **_METRICS | {"seconds": 5},
    ),
    Experiment(
        id="filled-alarm",
        claim="An alarm of 1 of 1 on FILL(metric, 0) finds nothing before the newest window.",
        why="A burst of reads rings once only if windows that they have left do not come back.",
        source=f"It follows, as no data is missing then, and is nowhere said: {_MISSING}",
        outcomes={
            "newest only": confirmed("1 in the newest window rang, 1 in either of the two before did not."),
            "other": refuted("It was otherwise."),
            "drifted": _DRIFTED,
        },
        run=_filled,
        makes={"metric": 3, "alarm": 3},
        numbers={
            "older": "whether 1 in a window before the newest rang",
            "newest": "whether 1 in the newest rang",
        },
        **_METRICS,
    ),
    Experiment(
        id="state-by-hand",
        claim="A state that is set by hand is there at once and stays until the next evaluation.",
        why="It hides an alarm, or tests one.",
        source=_ALARMS,
        outcomes={
            "until then": confirmed("It was there at once, and an evaluation took it back."),
            "never": refuted("It was not there."),
        },
        run=_by_hand,
        makes={"metric": 1, "alarm": 1},
        numbers={"at once": "whether it was there at once"},
        **_METRICS | {"calls": ("cloudwatch:PutMetricData", "cloudwatch:SetAlarmState")},
    ),
    Experiment(
        id="failed-action",
        claim="An alarm whose topic refuses it says so in its history.",
        why="It is the only place where AWS tells that nobody was told.",
        source="Seen in reports, not documented.",
        outcomes={
            "failed": confirmed("The history has the failed action."),
            "succeeded": refuted("The history says that it succeeded."),
        },
        run=_failed_action,
        makes={"metric": 1, "alarm": 1, "topic": 1},
        numbers={"failed": "whether the history's summary begins with Failed"},
        **_METRICS
        | {
            "calls": (
                "cloudwatch:DescribeAlarmHistory",
                "cloudwatch:PutMetricData",
                "cloudwatch:SetAlarmState",
            )
        },
    ),
    Experiment(
        id="mute-rule",
        claim="An alarm that a mute rule names changes its state and tells nobody.",
        why="A mute rule silences the watch without touching the alarm.",
        source="Documented: "
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-mute-rules.html. Whether it "
        "holds from its first minute on is not.",
        outcomes={
            "silent": confirmed("The other alarm's messages came, and none of the muted one."),
            "rang": refuted("The muted alarm's message came."),
        },
        run=_mute_rule,
        makes={"metric": 2, "alarm": 2, "topic": 1, "queue": 1, "mute rule": 1},
        numbers={"rang": "whether the muted alarm's message came"},
        **_METRICS | {"calls": ("cloudwatch:PutMetricData", "cloudwatch:SetAlarmState")},
    ),
    Experiment(
        id="windows-slide",
        claim="Windows end at the last full minute, not at multiples of the period.",
        why="It decides how long a read rings, and whether two reads are one alarm.",
        source=f"Observed; AWS's page shows windows without times: {_MISSING}",
        outcomes={
            "slides": confirmed("A window began at a full minute that is no multiple of the period."),
            "boundary": refuted("Both windows began at multiples of their periods."),
            "no full minute": refuted("A window began within a minute."),
        },
        run=_slides,
        makes={"metric": 1, "alarm": 2},
        numbers={
            "first": "how many seconds after a multiple of the first alarm's period its window began",
            "second": "the same of the second",
        },
        **_METRICS,
    ),
)
