"""Histories whose alarms were worked out by hand: late, out of order, across midnight; nothing is read here.

Minutes are counted from a midnight. An evaluation at minute M sees what arrived before M. An alarm on one
read within 300 s looks at five windows of a minute, and at two more where these are empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from history import SINGLE
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.alarm import State, config_of, datapoints, next_state
from secretwatch.alarm.statistics import Sample
from secretwatch.backtest.replay import (
    Cell,
    Counted,
    Counts,
    Fate,
    at_once,
    can_replay,
    follow,
    missed,
    replay,
)
from secretwatch.backtest.replay import _time as time_of

MIDNIGHT = 29_000_160  # a whole day since 1970, in minutes
THREE = {
    **SINGLE,
    "Metrics": [
        {"Id": "counted", "Expression": "FILL(reads, 0)", "ReturnData": True},
        {
            "Id": "reads",
            "ReturnData": False,
            "MetricStat": {
                "Metric": {"Namespace": "n", "MetricName": "m"},
                "Period": 300,
                "Stat": "SampleCount",
                "Unit": "Count",
            },
        },
    ],
    "EvaluationPeriods": 1,
    "DatapointsToAlarm": None,
    "Threshold": 3.0,
}
del THREE["Statistic"], THREE["Period"], THREE["MetricName"], THREE["Namespace"]


@dataclass
class Case:
    """reads: (minute of the call, minute of arrival) and how many. rings: minutes of changes to ALARM, and of
    their ends. fates: of the cells, in their order. missed: minutes of rings that there would have been."""

    reads: dict[Cell, int]
    rings: list[tuple[int, int | None]]
    fates: str
    alarm: dict[str, object] | None = None
    counted: Counted = Counted.DELIVERY
    missed: tuple[int, ...] = ()


R, A, B, L = Fate.RANG, Fate.IN_ALARM, Fate.BELOW, Fate.LATE
CASES = {
    "one read rings in the minute after it arrived": Case({(10, 13): 1}, [(14, 21)], "R"),
    "a second one within the alarm sends nothing": Case({(10, 13): 1, (12, 16): 1}, [(14, 24)], "RA"),
    "one after its end rings again": Case({(10, 13): 1, (20, 23): 1}, [(14, 21), (24, 31)], "RR"),
    "eight hours late it still rings, when it comes": Case({(10, 490): 1}, [(491, 498)], "R"),
    "out of order, the later call arrives first": Case({(10, 15): 1, (12, 13): 1}, [(14, 23)], "AR"),
    "across midnight": Case({(-2, 1): 1, (1, 3): 1}, [(2, 11)], "RA"),
    "three of three within five minutes": Case(
        {(10, 13): 1, (11, 14): 1, (12, 15): 1}, [(16, 19)], "RRR", THREE
    ),
    "two of three are too few": Case({(10, 13): 1, (11, 14): 1}, [], "BB", THREE),
    "three at once count as three": Case({(10, 13): 3}, [(14, 19)], "R", THREE),
    "three within two minutes, torn apart by their delays": Case(
        {(10, 11): 1, (11, 17): 1, (12, 23): 1}, [], "BBB", THREE, missed=(13,)
    ),
    "counted at the call, in time": Case({(10, 13): 1}, [(14, 18)], "R", counted=Counted.CALL),
    "counted at the call, late: the window is gone": Case(
        {(10, 17): 1}, [], "L", counted=Counted.CALL, missed=(11,)
    ),
    "counted at the call, in the last window that is looked at": Case(
        {(10, 16): 1}, [(17, 18)], "R", counted=Counted.CALL
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_was_worked_out_by_hand(case: Case) -> None:
    config = config_of(case.alarm or SINGLE)
    cells = {(t + MIDNIGHT, a + MIDNIGHT): {1.0: count} for (t, a), count in case.reads.items()}
    found = replay(config, cells, case.counted, "Count")
    assert [
        (each.minute - MIDNIGHT, each.until and each.until - MIDNIGHT) for each in found.rings
    ] == case.rings
    letters = {R: "R", A: "A", B: "B", L: "L"}
    assert "".join(letters[found.fates[cell]] for cell in sorted(cells)) == case.fates
    gone = missed(replay(config, at_once(cells), Counted.CALL, "Count"), found)
    assert tuple(each.minute - MIDNIGHT for each in gone) == case.missed


CELLS = st.dictionaries(
    st.tuples(st.integers(0, 60), st.integers(0, 30)).map(lambda each: (each[0], each[0] + each[1])),
    st.dictionaries(st.just(1.0), st.integers(1, 4), min_size=1),
    max_size=12,
)


@given(cells=CELLS, alarm=st.sampled_from([SINGLE, THREE]), counted=st.sampled_from(Counted))
def test_it_is_the_same_as_evaluating_every_minute(cells: dict, alarm: dict, counted: Counted) -> None:  # type: ignore[type-arg]
    cells = {(t + MIDNIGHT, a + MIDNIGHT): values for (t, a), values in cells.items()}
    config = config_of(alarm)
    state, rings = State.INSUFFICIENT_DATA, []
    for minute in range(MIDNIGHT - 60, MIDNIGHT + 200):
        samples = [
            Sample(time_of(cell[1] if counted is Counted.DELIVERY else cell[0]), 1.0, count, unit="Count")
            for cell, values in cells.items()
            for count in values.values()
            if cell[1] < minute
        ]
        new = next_state(config, datapoints(config, samples, time_of(minute)), state)
        if new == State.ALARM != state:
            rings.append(minute)
        state = new
    found = replay(config, cells, counted, "Count")
    assert [each.minute for each in found.rings] == rings
    assert found.fates.keys() == cells.keys()
    # Whatever did not ring has its reason, and what rang is told with it.
    told = {cell for ring in found.rings for cell in ring.cells}
    assert {cell for cell, fate in found.fates.items() if fate is Fate.RANG} <= told


def test_periods_of_seconds_are_not_replayed() -> None:
    assert not can_replay(config_of({**SINGLE, "Period": 10}))


def test_only_what_an_evaluation_sees_is_kept() -> None:
    """Of a year as of a day: what is out of sight is settled before more is asked for."""
    asked, settled = [], []

    def counts() -> Iterator[Counts]:
        for number in range(500):
            asked.append(number)
            assert len(asked) - len(settled) <= 10
            yield (MIDNIGHT + number, MIDNIGHT + number + 1), {1.0: 2}, 2

    def note(cell: Cell, fate: Fate, reads: int) -> None:
        settled.append((fate, reads))

    found = follow(config_of(SINGLE), counts(), Counted.DELIVERY, "Count", settled=note)
    assert settled == [(R, 2)] + [(A, 2)] * 499
    assert [(each.minute - MIDNIGHT, each.reads) for each in found.rings] == [(2, 2)]
    assert found.rings[0].reason
    quiet = follow(config_of(SINGLE), [((1, 1), {1.0: 1}, 1)], Counted.DELIVERY, "Count", reasons=False)
    assert quiet.rings[0].reason == ""
