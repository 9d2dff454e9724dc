"""What values hide a read from an alarm, and which of them CloudWatch takes."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from secretwatch.verify.experiments.datapoints import METRICS, Metric, await_shown, first_state
from secretwatch.verify.lab import Lab, refusal
from secretwatch.verify.model import Experiment, Number, Seen, confirmed, refuted


def _negative(lab: Lab) -> Seen:
    metrics = Metric.put(lab, (1, 2)), Metric.put(lab, (1, 2), (-1, 2))
    await_shown(lab, *metrics)
    plain, lowered = (lab.alarm(metric.namespace) for metric in metrics)
    numbers = {"plain": first_state(lab, plain) == "ALARM", "lowered": first_state(lab, lowered) == "ALARM"}
    return Seen("lowered" if numbers["plain"] and not numbers["lowered"] else "not lowered", numbers)


def _of_other_units(lab: Lab) -> Seen:
    # On the sum, which a value of the same unit would lower or raise.
    mixed = Metric.put(lab, (1, 2), (-1, 2), (-1, 2), units=("Count", "Seconds"))
    others = Metric.put(lab, (1, 2), (1, 2), units=("Seconds",))
    await_shown(lab, mixed, others)
    alarms = [lab.alarm(metric.namespace, Unit="Count") for metric in (mixed, others)]
    # One without any value of its unit is OK, too: missing data does not breach.
    rang, rang_for_others = (first_state(lab, name) == "ALARM" for name in alarms)
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


EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment(
        id="negative-value",
        claim="A negative value lowers the Sum that an alarm sees.",
        why="If so, a caller of PutMetricData can silence an alarm on a Sum, and CloudTrail has "
        "no event of it. Therefore the module's alarms look at a Maximum or a SampleCount.",
        source="PutMetricData takes negative values; AWS does not say how alarms treat them: "
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html",
        outcomes={
            "lowered": confirmed("A 1 rang, and a 1 beside a -1 did not."),
            "not lowered": refuted("At least one alarm did something else."),
        },
        run=_negative,
        makes={"metric": 2, "alarm": 2},
        numbers={"plain": "whether a 1 rang", "lowered": "whether a 1 beside a -1 rang"},
        **METRICS,
    ),
    Experiment(
        id="other-units",
        claim="An alarm with a unit ignores values of other units.",
        why="Otherwise forged values of another unit could hide reads.",
        source="AWS says that an alarm without a unit behaves unpredictably on a metric with several "
        "units. It also says that an alarm with a unit that was never published has no data: "
        ""
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
        outcomes={
            "ignored": confirmed(
                "A 1 of unit Count rang beside a -1 of other units. A 1 of other units did not ring."
            ),
            "counted": refuted("At least one alarm did something else."),
        },
        run=_of_other_units,
        makes={"metric": 2, "alarm": 2},
        numbers={
            "mixed": "whether a 1 of unit Count rang beside a -1 of other units",
            "others": "whether values of other units alone rang",
        },
        **METRICS,
    ),
    Experiment(
        id="negative-sample-count",
        claim="PutMetricData refuses a negative SampleCount, and Counts that are negative or not a number.",
        why="Otherwise a caller of PutMetricData could take reads away from an alarm on several reads.",
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
            "counts": "whether a value with a count of -1 was refused",
            "no number": "whether a value with a count of NaN was refused",
        },
        **METRICS | {"seconds": 5},
    ),
)
