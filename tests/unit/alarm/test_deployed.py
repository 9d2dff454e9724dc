"""What the alarms that the module deploys do, under both readings of how far CloudWatch looks back.

AWS does not say how many periods an evaluation retrieves where data is missing: two more than it is told to
(its page's example, and what the local cloud does), or none. One read has to ring once under either, and
values that somebody forges with PutMetricData must not hide it. The alarms are those of
tests/deployed_alarms.py, which a plan is held against. Times are seconds from a beginning; a sample stands at
the time at which its event arrived.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import deployed_alarms
import pytest
from deep import deep
from deployed_alarms import SINGLE, STUCK
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.alarm import AlarmConfig, Sample, State, config_of, datapoints, next_state
from secretwatch.filterpattern import FilterPattern

BEGIN = datetime(2026, 1, 17, 12, 0, tzinfo=UTC)
READINGS = {"two older periods, too": 2, "the newest periods only": 0}
MINUTE = 60

# What was deployed before, on a metric with a zero for each minute of other events.
OLD = SINGLE | {
    "Statistic": "Sum",
    "Unit": None,
    "Period": 300,
    "EvaluationPeriods": 1,
    "DatapointsToAlarm": None,
}

ONE_READ = {name: deployed for name, (_, deployed) in deployed_alarms.ONE_READ.items()}
SEVERAL = {name: deployed for name, (_, deployed) in deployed_alarms.SEVERAL.items()}

readings = pytest.mark.parametrize("look_back", READINGS.values(), ids=READINGS)


def config(alarm: Mapping[str, Any], look_back: int) -> AlarmConfig:
    return replace(config_of(alarm), look_back=look_back)


def span(alarm: Mapping[str, Any]) -> int:
    """Seconds within which the alarm wants its reads."""
    decided = config_of(alarm)
    return decided.period * decided.evaluation_periods


def sample(second: float, value: float = 1.0, unit: str | None = "Count") -> Sample:
    return Sample(BEGIN + timedelta(seconds=second), value, unit=unit)


def counted(arrivals: Iterable[int], others: Iterable[int] = (), *, zeros: bool = False) -> list[Sample]:
    """What the metric filter makes of events that arrive at these seconds: matches, and others.

    zeros: with a default value, which minutes get in which others came and no match."""
    arrived = list(arrivals)
    minutes = {each // MINUTE for each in arrived}
    made = [sample(each, unit=None if zeros else "Count") for each in arrived]
    if zeros:
        made += [
            sample(minute * MINUTE, 0.0, None) for minute in {each // MINUTE for each in others} - minutes
        ]
    return made


def states(decided: AlarmConfig, samples: Sequence[Sample], seconds: int) -> list[State]:
    """The state of each full minute from the beginning, of what had arrived until then."""
    state, found = State.OK, []
    for second in range(0, seconds + MINUTE, MINUTE):
        at = BEGIN + timedelta(seconds=second)
        state = next_state(decided, datapoints(decided, samples, at), state)
        found.append(state)
    return found


def rings(decided: AlarmConfig, samples: Sequence[Sample]) -> int:
    """How often the alarm goes to ALARM, and so sends a message, until long after the last sample."""
    last = max((each.time for each in samples), default=BEGIN)
    held = decided.period * (decided.evaluation_range + 1)
    found = states(decided, samples, int((last - BEGIN).total_seconds()) + 2 * held)
    assert found[-1] is not State.ALARM
    changes = pairwise([State.OK, *found])
    return sum(now is State.ALARM and before is not State.ALARM for before, now in changes)


arrival = st.integers(0, 1800)
other_events = st.lists(st.integers(0, 7200), max_size=40)


@st.composite
def deliveries(draw: st.DrawFn, within: int) -> list[int]:
    """When one read arrives: up to ten minutes late, and perhaps more than once, out of order."""
    late = draw(arrival) + draw(st.integers(0, 600))
    again = draw(st.lists(st.integers(0, within), max_size=3))
    return draw(st.permutations([late, *(late + each for each in again)]))


@readings
@pytest.mark.parametrize("name", ONE_READ)
@deep(30)
@given(data=st.data())
def test_one_read_rings_once(name: str, look_back: int, data: st.DataObject) -> None:
    alarm = ONE_READ[name]
    arrived = data.draw(deliveries(min(span(alarm), 300)))
    assert rings(config(alarm, look_back), counted(arrived, data.draw(other_events))) == 1


@readings
@pytest.mark.parametrize("name", ONE_READ)
@deep(20)
@given(data=st.data())
def test_reads_two_periods_apart_ring_once_each(name: str, look_back: int, data: st.DataObject) -> None:
    alarm = ONE_READ[name]
    # Two minutes more than its period is what an alarm on single minutes looks back: of less than three
    # minutes that is more than two periods.
    apart = max(2 * span(alarm), span(alarm) + 3 * MINUTE)
    arrived = [data.draw(arrival)]
    for gap in data.draw(st.lists(st.integers(0, 900), min_size=1, max_size=3)):
        arrived.append(arrived[-1] + apart + gap)
    samples = counted(data.draw(st.permutations(arrived)), data.draw(other_events))
    assert rings(config(alarm, look_back), samples) == len(arrived)


@st.composite
def bursts(draw: st.DrawFn, alarm: Mapping[str, Any]) -> list[int]:
    """As many reads as the alarm wants, or some more, within its period whenever it looks."""
    wanted = int(alarm["Threshold"])
    begin = draw(arrival)
    within = span(alarm) - MINUTE
    rest = draw(st.lists(st.integers(0, within), min_size=wanted - 1, max_size=wanted + 4))
    return [begin, *(begin + each for each in rest)]


@readings
@pytest.mark.parametrize("name", SEVERAL)
@deep(20)
@given(data=st.data())
def test_a_burst_rings_once(name: str, look_back: int, data: st.DataObject) -> None:
    alarm = SEVERAL[name]
    samples = counted(data.draw(bursts(alarm)), data.draw(other_events))
    assert rings(config(alarm, look_back), samples) == 1


@readings
@pytest.mark.parametrize("name", SEVERAL)
@deep(20)
@given(data=st.data())
def test_fewer_reads_than_wanted_do_not_ring(name: str, look_back: int, data: st.DataObject) -> None:
    alarm = SEVERAL[name]
    arrived = data.draw(st.lists(arrival, max_size=int(alarm["Threshold"]) - 1))
    assert rings(config(alarm, look_back), counted(arrived, data.draw(other_events))) == 0


# Forged values: PutMetricData takes these, and leaves no event

_LARGEST = 2.0**360
numbers = st.one_of(
    st.sampled_from([-1e6, -1.0, 0.0, 0.5, 1.0, -_LARGEST, _LARGEST]),
    st.floats(-_LARGEST, _LARGEST, allow_nan=False),
)
# Near the read, or anywhere from two weeks before it to two hours ahead.
offsets = st.one_of(st.integers(-900, 900), st.integers(-14 * 86_400, 7200))


@st.composite
def forged(draw: st.DrawFn, at: int) -> list[Sample]:
    made = []
    for _ in range(draw(st.integers(1, 12))):
        time = BEGIN + timedelta(seconds=at + draw(offsets))
        unit = draw(st.sampled_from(["Count", "Count", None, "Seconds", "Bytes"]))
        if draw(st.booleans()):
            made.append(Sample(time, draw(numbers), draw(st.floats(1e-9, 1e9)), unit=unit))
        else:
            least, most = sorted((draw(numbers), draw(numbers)))
            made.append(
                Sample.statistic_set(
                    time,
                    count=draw(st.floats(1e-9, 1e9)),
                    sum=draw(numbers),
                    minimum=least,
                    maximum=most,
                    unit=unit,
                )
            )
    return made


def first_evaluation(decided: AlarmConfig, arrived: int, samples: Sequence[Sample]) -> State:
    """The state at the first full minute after this arrival."""
    at = BEGIN + timedelta(seconds=(arrived // MINUTE + 1) * MINUTE)
    return next_state(decided, datapoints(decided, samples, at), State.OK)


@readings
@pytest.mark.parametrize("name", ONE_READ)
@deep(60)
@given(data=st.data())
def test_no_forged_value_hides_a_read(name: str, look_back: int, data: st.DataObject) -> None:
    arrived = data.draw(arrival)
    samples = data.draw(st.permutations([*counted([arrived]), *data.draw(forged(arrived))]))
    assert first_evaluation(config(ONE_READ[name], look_back), arrived, samples) is State.ALARM


@readings
@pytest.mark.parametrize("name", SEVERAL)
@deep(60)
@given(data=st.data())
def test_no_forged_value_hides_several_reads(name: str, look_back: int, data: st.DataObject) -> None:
    alarm = SEVERAL[name]
    arrived = data.draw(bursts(alarm))
    samples = data.draw(st.permutations([*counted(arrived), *data.draw(forged(arrived[0]))]))
    assert first_evaluation(config(alarm, look_back), max(arrived), samples) is State.ALARM


# An alarm that does not end


@readings
def test_what_keeps_the_alarm_in_alarm_is_told_after_an_hour(look_back: int) -> None:
    stuck = config(STUCK["300 s"], look_back)
    alarm = config(SINGLE, look_back)
    every_four_minutes = counted(range(30, 3 * 3600, 240))
    assert rings(alarm, every_four_minutes) == 1
    assert rings(stuck, every_four_minutes) == 1
    # The least that holds it if CloudWatch looks back: a value every seven minutes.
    seldom = counted(range(30, 3 * 3600, 420))
    if look_back:
        assert rings(alarm, seldom) == 1
    assert rings(stuck, seldom) == 1
    # Half an hour of them ends by itself.
    assert rings(stuck, counted(range(30, 1800, 240))) == 0


# The old form, which all of this is about: seen to fail where the new ones do not


def test_sums_of_zeros_and_ones_ring_three_times_for_one_read() -> None:
    # A read in the second minute and another event in the sixth: whenever that leaves a window, an older one,
    # which holds both, is the newest with data.
    arrived, others = [70], [310]
    assert rings(config(OLD, 2), counted(arrived, others, zeros=True)) == 3
    assert rings(config(OLD, 0), counted(arrived, others, zeros=True)) == 1
    assert rings(config(SINGLE, 2), counted(arrived, others)) == 1


@readings
def test_a_sum_is_hidden_by_a_negative_value(look_back: int) -> None:
    attack = sample(70, -1e6, None)
    old = config(OLD, look_back)
    assert first_evaluation(old, 70, [*counted([70], zeros=True), attack]) is State.OK
    # As one of the unit that is counted, too.
    attack = replace(attack, unit="Count")
    assert first_evaluation(config(SINGLE, look_back), 70, [*counted([70]), attack]) is State.ALARM


# Ordinary operation

ROLE = "arn:aws:iam::111122223333:role/app"
PATTERN = FilterPattern.parse(
    '{ $.eventSource = "secretsmanager.amazonaws.com" && $.eventName = "GetSecretValue" && '
    '$.requestParameters.secretId = "db" && ($.errorCode = "*" || '
    f"$.userIdentity.sessionContext.sessionIssuer.arn NOT EXISTS || "
    f'$.userIdentity.sessionContext.sessionIssuer.arn != "{ROLE}") }}'
)


def _event(source: str, name: str, **parameters: str) -> str:
    issuer = f'{{"arn": "{ROLE}"}}'
    given = ", ".join(f'"{key}": "{value}"' for key, value in parameters.items())
    return (
        f'{{"eventSource": "{source}.amazonaws.com", "eventName": "{name}", "requestParameters": {{{given}}},'
        f' "userIdentity": {{"sessionContext": {{"sessionIssuer": {issuer}}}}}}}'
    )


ORDINARY = (
    _event("secretsmanager", "GetSecretValue", secretId="db"),  # by the excepted role
    _event("secretsmanager", "GetSecretValue", secretId="db-replica"),
    _event("secretsmanager", "DescribeSecret", secretId="db"),
    _event("ec2", "DescribeInstances"),
    _event("s3", "GetBucketAcl", bucketName="db"),
    _event("sts", "AssumeRole", roleArn=ROLE),
)


@readings
@pytest.mark.parametrize("name", [*ONE_READ, *SEVERAL])
@pytest.mark.parametrize("days", [500, pytest.param(10_000, marks=pytest.mark.later)])
def test_ordinary_days_ring_never(name: str, look_back: int, days: int) -> None:
    """Only minutes in which something arrives are evaluated: in others there is nothing new to ring for."""
    decided = config({**ONE_READ, **SEVERAL}[name], look_back)
    matches = [PATTERN.matches(message) for message in ORDINARY]
    chance = random.Random(name)
    state, rung = State.OK, 0
    for _ in range(days):
        # Quiet days, and busy ones.
        events = [
            (chance.randrange(86_400), chance.randrange(len(ORDINARY)))
            for _ in range(chance.choice((0, 3, 20)))
        ]
        samples = counted(
            [second for second, kind in events if matches[kind]],
            [second for second, kind in events if not matches[kind]],
        )
        for minute in {second // MINUTE + 1 for second, _ in events[:3]}:
            at = BEGIN + timedelta(minutes=minute)
            after = next_state(decided, datapoints(decided, samples, at), state)
            rung += after is State.ALARM and state is not State.ALARM
            state = after
    assert rung == 0
