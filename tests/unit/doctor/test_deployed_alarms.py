"""Alarms as the module deploys them: healthy, and what of a change is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from answers import AlarmOn, Facts, walk
from deployed_alarms import SINGLE, several
from healthy import LOGGED_AT, METRIC, alarm, asked, facts, metric_filter
from walked import verdicts

from secretwatch.alarm import Sample

# As the module deploys it: nothing but matches is counted, in one unit.

COUNTED = {"defaultValue": None, "unit": "Count"}
READS = [Sample(LOGGED_AT.replace(second=0), 1.0, unit="Count")]


def deployed(on: dict[str, Any], **changes: Any) -> Facts:
    """A watch of the module with this alarm."""
    counter = {
        **metric_filter(**COUNTED),
    }
    [transformation] = counter["metricTransformations"]
    counter["metricTransformations"] = [{k: v for k, v in transformation.items() if v is not None}]
    described = {name: value for name, value in (alarm() | on).items() if value is not None}
    return facts(
        **{
            "alarm": described,
            "filters": asked([counter]),
            "emitting": asked([counter]),
            "samples": READS,
        }
        | changes
    )


ON_MATH = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period", "Dimensions"))
METRIC_OF = {"Namespace": METRIC[0], "MetricName": METRIC[1]}
ANY_OF_THREE = ON_MATH | several(
    METRIC_OF, stat="Maximum", period=300, EvaluationPeriods=3, DatapointsToAlarm=1, Threshold=1.0
)
FIVE_READS = ON_MATH | several(METRIC_OF, stat="SampleCount", period=300, EvaluationPeriods=1, Threshold=5.0)


@pytest.mark.parametrize("on", [SINGLE, ANY_OF_THREE], ids=["a single read", "any of three periods"])
def test_what_is_deployed_is_healthy(on: dict[str, Any]) -> None:
    found = walk(deployed(on))
    assert verdicts(found) == {}
    assert "more than once" not in found.hop("alarm").sentence


def test_an_alarm_on_several_reads_says_that_one_is_not_enough() -> None:
    found = deployed(FIVE_READS)
    found.subject = replace(found.subject, declared={"threshold": 5})
    assert verdicts(walk(found))["alarm"] == ("warning", "threshold")
    assert "It is set so on purpose" in walk(found).hop("alarm").sentence
    # So many of several periods that more than one setting is in a single read's way.
    several_periods = deployed(FIVE_READS | {"EvaluationPeriods": 3, "DatapointsToAlarm": 3})
    several_periods.subject = replace(found.subject, declared={"threshold": 5, "evaluation_periods": 3})
    assert walk(several_periods).broken == []
    # Not told to, it is a fault, and the alarm is put with its own metrics.
    found.subject = replace(found.subject, declared={})
    broken = walk(found)
    assert verdicts(broken)["alarm"] == ("broken", "threshold")
    (mend,) = [each.mend for _, each in broken.broken if each.cause == "threshold"]
    assert "--metrics" in mend
    assert "FILL(reads, 0)" in mend
    assert "--threshold 1 " in f"{mend} "
    assert "--statistic" not in mend


def test_a_forged_value_does_not_hide_that_a_read_was_counted() -> None:
    at = LOGGED_AT.replace(second=0)
    forged = [Sample.statistic_set(at, count=2, sum=-1e6 + 1, minimum=-1e6, maximum=1.0, unit="Count")]
    assert verdicts(walk(deployed(SINGLE, samples=forged))) == {}
    other = [*READS, Sample(at, -1e6, unit="Seconds")]
    assert verdicts(walk(deployed(SINGLE, samples=other))) == {}


def test_a_filter_that_lost_its_unit_gets_it_back() -> None:
    lost = metric_filter()
    del lost["metricTransformations"][0]["defaultValue"]
    found = walk(deployed(SINGLE, filters=asked([lost]), emitting=asked([lost])))
    assert verdicts(found)["alarm"] == ("broken", "unit")
    (mend,) = [each.mend for _, each in found.broken if each.cause == "unit"]
    assert "put-metric-filter" in mend
    assert '"unit":"Count"' in mend
    assert "defaultValue" not in mend


def test_average_is_no_fault_where_nothing_but_reads_is_counted() -> None:
    assert verdicts(walk(deployed({"Statistic": "Average", "Unit": "Count"}))) == {}


def test_a_sum_of_zeros_and_ones_is_healthy_and_may_ring_twice() -> None:
    found = walk(facts())
    assert verdicts(found) == {}
    assert "one read may ring more than once" in found.hop("alarm").sentence


def test_an_alarm_that_tells_of_one_that_does_not_end_is_missed() -> None:
    found = walk(deployed(SINGLE, stuck=AlarmOn("payments-secret-read-stuck", [])))
    assert verdicts(found)["self-watch"] == ("broken", "stuck-alarm-deleted")
