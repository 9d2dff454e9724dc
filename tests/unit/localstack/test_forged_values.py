"""What anybody writes into the metrics hides no read: any value that PutMetricData takes, on every alarm.

CloudTrail has no event of PutMetricData, so nobody is told who writes. The values are made as a caller makes
them. Those that AWS refuses are refused here by the same check as on the local cloud: NaN, infinities, more
than 2^360, more than two weeks ago or two hours ahead, a sample count of 0.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html

The alarms are those of tests/deployed_alarms.py, which plans are held against. SECRETWATCH_FORGED in the
environment says how many sets of values are tried on each alarm.
"""

from __future__ import annotations

import math
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from deep import some
from deployed_alarms import HEARTBEATS, ONE_READ, SEVERAL, SINGLE, STUCK
from localstack.aws.api import CommonServiceException

from secretwatch.alarm import AlarmConfig, Sample, State, config_of, datapoints, next_state
from secretwatch.localstack.cloudwatch.metric_data import check_metric_data

BEGIN = datetime(2026, 1, 17, 12, 0, tzinfo=UTC)
MINUTE = 60
LOOK_BACKS = {"two older periods, too": 2, "the newest periods only": 0}
TRIED = int(os.environ.get("SECRETWATCH_FORGED") or some(60))
# What a read rings: the watches' alarms, and tampering's, which is as that of a single read.
RINGING = {name: deployed for name, (_, deployed) in (ONE_READ | SEVERAL).items()} | {"tampering": SINGLE}

UNITS = [None, "Count", "Count", "Count", "Seconds", "Bytes", "Percent", "Count/Second", "None"]
NUMBERS = [
    *(0.0, -0.0, 0.5, 1.0, -1.0, 1e-9, -1e-9, 5.0, 1e6, -1e6, 2.0**360, -(2.0**360)),
    *(2.0**361, -(2.0**361), math.nan, math.inf, -math.inf, 5e-324),
]

look_backs = pytest.mark.parametrize("look_back", LOOK_BACKS.values(), ids=LOOK_BACKS)


def second(number: float) -> datetime:
    return BEGIN + timedelta(seconds=number)


def number(chance: random.Random) -> float:
    return chance.choice([chance.choice(NUMBERS), chance.uniform(-10, 10), chance.uniform(-1e9, 1e9)])


def datum(chance: random.Random, around: float) -> dict[str, Any]:
    """One of MetricData, as a caller may write it: also what is refused, and what is another metric."""
    offset = chance.choice(
        [chance.uniform(-60, 60), chance.uniform(-4000, 4000), chance.uniform(-16 * 86_400, 3 * 3600)]
    )
    made: dict[str, Any] = {"MetricName": "reads", "Timestamp": second(around + offset)}
    if unit := chance.choice(UNITS):
        made["Unit"] = unit
    if chance.random() < 0.1:
        made["Dimensions"] = [{"Name": "Any", "Value": "x"}]
    if chance.random() < 0.2:
        made["StorageResolution"] = chance.choice([1, 60])
    form = chance.choice(["value", "values", "counted", "set"])
    some = [number(chance) for _ in range(chance.randint(1, 5))]
    if form == "value":
        made["Value"] = some[0]
    elif form == "set":
        names = ("SampleCount", "Sum", "Minimum", "Maximum")
        made["StatisticValues"] = {name: number(chance) for name in names}
    else:
        made["Values"] = some
        if form == "counted":
            made["Counts"] = [abs(number(chance)) for _ in some]
    return made


def samples_of(made: Mapping[str, Any]) -> list[Sample]:
    """What the alarm's metric has of it; nothing where it has dimensions, which make it another metric."""
    if made.get("Dimensions"):
        return []
    at, unit = made["Timestamp"], made.get("Unit")
    if statistics := made.get("StatisticValues"):
        return [
            Sample.statistic_set(
                at,
                count=statistics["SampleCount"],
                sum=statistics["Sum"],
                minimum=statistics["Minimum"],
                maximum=statistics["Maximum"],
                unit=unit,
            )
        ]
    values = made.get("Values") or [made["Value"]]
    counts = made.get("Counts") or [1.0] * len(values)
    return [Sample(at, value, count, unit=unit) for value, count in zip(values, counts, strict=True)]


def taken(made: Mapping[str, Any], now: datetime) -> bool:
    try:
        check_metric_data("secretwatch/one", [made], now)
    except CommonServiceException:
        return False
    return True


def forged(chance: random.Random, around: float, most: int = 12) -> list[Sample]:
    data = [datum(chance, around) for _ in range(chance.randint(1, most))]
    return [sample for made in data if taken(made, second(around)) for sample in samples_of(made)]


def counted(arrivals: Sequence[float]) -> list[Sample]:
    return [Sample(second(each), 1.0, unit="Count") for each in arrivals]


def state_at(decided: AlarmConfig, samples: Sequence[Sample], at: float, state: State = State.OK) -> State:
    """At the full minute after this second."""
    when = second((at // MINUTE + 1) * MINUTE)
    return next_state(decided, datapoints(decided, samples, when), state)


def together(chance: random.Random, real: list[Sample], others: list[Sample]) -> list[Sample]:
    mixed = [*real, *others]
    chance.shuffle(mixed)
    return mixed


def config(alarm: Mapping[str, Any], look_back: int) -> AlarmConfig:
    return replace(config_of(alarm), look_back=look_back)


@pytest.mark.deep
@look_backs
@pytest.mark.parametrize("name", RINGING)
def test_a_read_puts_every_alarm_into_alarm(name: str, look_back: int) -> None:
    """At once, and for as long as without the values, up to the period that the operator wrote."""
    decided = config(RINGING[name], look_back)
    chance = random.Random(f"{name} {look_back}")
    threshold = int(decided.threshold)
    span = decided.period * decided.evaluation_periods
    for _ in range(TRIED):
        first = chance.uniform(0, 3600)
        reads = sorted([first, *(first + chance.uniform(0, span / 2) for _ in range(threshold - 1))])
        real = counted(reads)
        samples = together(chance, real, forged(chance, reads[-1]))
        for later in range(0, span, MINUTE):
            if state_at(decided, real, reads[-1] + later) is State.ALARM:
                # Whatever state the values have brought about before.
                for before in State:
                    assert state_at(decided, samples, reads[-1] + later, before) is State.ALARM


@pytest.mark.deep
@look_backs
@pytest.mark.parametrize("name", STUCK)
def test_reads_that_go_on_are_told_of(name: str, look_back: int) -> None:
    decided = config(STUCK[name], look_back)
    chance = random.Random(f"{name} {look_back}")
    hours = 3600 if decided.period < 3600 else 2 * 3600
    for _ in range(TRIED):
        # In each period as many as its alarm wants.
        at = 30.0
        reads: list[float] = []
        while at < 2 * hours:
            reads += [at + each for each in range(int(decided.threshold))]
            at += decided.period
        samples = together(chance, counted(reads), forged(chance, reads[-1], most=30))
        assert state_at(decided, counted(reads), reads[-1]) is State.ALARM
        assert state_at(decided, samples, reads[-1]) is State.ALARM


@pytest.mark.deep
@look_backs
@pytest.mark.parametrize("every", HEARTBEATS)
def test_no_value_makes_a_heartbeat_that_is_counted_ring(every: str, look_back: int) -> None:
    decided = config(HEARTBEATS[every], look_back)
    chance = random.Random(f"{every} {look_back}")
    real = counted([30.0])
    for _ in range(TRIED):
        samples = together(chance, real, forged(chance, 30))
        assert state_at(decided, samples, 30) is State.OK


def test_a_value_passes_for_a_heartbeat() -> None:
    """What the module cannot keep from anybody: the output guardrails is for that (docs/permissions.md)."""
    decided = config(HEARTBEATS["1 hour"], 2)
    assert state_at(decided, [], 86_400) is State.ALARM
    assert state_at(decided, counted([86_390]), 86_400) is State.OK


@pytest.mark.parametrize("namespace", ["AWS/Logs", "AWS/SNS", "AWS/SQS", "AWS/Events"])
def test_nobody_writes_into_the_metrics_that_aws_keeps(namespace: str) -> None:
    """What the alarms on blindness, undelivered messages and dead letters look at."""
    made = {"MetricName": "IncomingLogEvents", "Value": 1.0}
    check_metric_data("secretwatch/one", [made], BEGIN)
    with pytest.raises(CommonServiceException, match="for parameter Namespace is invalid"):
        check_metric_data(namespace, [made], BEGIN)


def test_the_values_are_of_every_kind() -> None:
    """What is refused is tried and refused, and what is taken would hide a read from a sum or an average."""
    chance = random.Random(7)
    data = [datum(chance, 0) for _ in range(2000)]
    accepted = [made for made in data if taken(made, BEGIN)]
    assert 200 < len(accepted) < len(data) - 200
    samples = [sample for made in accepted for sample in samples_of(made)]
    assert {sample.unit for sample in samples} == set(UNITS)
    assert any(sample.is_set for sample in samples)
    assert any(sample.total < -1e6 for sample in samples)
    for statistic in ("Sum", "Average", "Minimum"):
        decided = config({**SINGLE, "Statistic": statistic}, 0)
        mixed = [[*counted([70]), *forged(chance, 70)] for _ in range(200)]
        assert any(state_at(decided, each, 70) is not State.ALARM for each in mixed), statistic
