"""When alarms are evaluated: quickly or at full minutes, after a state set by hand, and when minutes pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from secretwatch.alarm import Sample
from secretwatch.localstack.cloudwatch.alarm_clock import AlarmClock

ARN = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:reads"
START = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)


class Alarms:
    """One alarm on the sum of 5 minutes, and its samples in the order in which they were put."""

    def __init__(self, tick: Any, period: int = 300) -> None:
        self.alarm = SimpleNamespace(
            account_id="111122223333",
            region="us-east-1",
            alarm={
                "AlarmArn": ARN,
                "AlarmName": "reads",
                "Namespace": "n",
                "MetricName": "reads",
                "Statistic": "Sum",
                "Period": period,
                "EvaluationPeriods": 1,
                "Threshold": 1.0,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                "TreatMissingData": "notBreaching",
                "StateValue": "INSUFFICIENT_DATA",
            },
        )
        self.put: list[datetime] = []
        self.evaluations = 0
        self.fails = False
        self.is_deleted_meanwhile = False
        self.clock = AlarmClock(self, tick)
        self.clock.schedule_metric_alarm(ARN)

    @property
    def state(self) -> str:
        return str(self.alarm.alarm["StateValue"])

    def metric_alarms(self) -> list[Any]:
        return [self.alarm]

    def is_there(self, alarm: Any) -> bool:
        return alarm is self.alarm and not self.is_deleted_meanwhile

    def position(self) -> tuple[int, ...]:
        return (len(self.put),)

    def samples(
        self, alarm: Any, start: datetime, end: datetime, ticks: Sequence[tuple[int, ...]]
    ) -> list[Sample]:
        if self.fails:
            raise RuntimeError("busy")
        return [
            Sample(at + timedelta(minutes=sum(position[0] <= row for position in ticks)), 1.0)
            for row, at in enumerate(self.put)
        ]

    def unmute(self, at: datetime) -> None:
        """None of these is muted."""

    def evaluated(self, alarm: Any, state: str, reason: str, reason_data: Any) -> None:
        self.evaluations += 1
        self.alarm.alarm["StateValue"] = state

    def count(self, at: datetime) -> None:
        self.put.append(at)
        self.clock.data_came("111122223333", "us-east-1", "n", ["reads"])

    def looked(self, at: datetime) -> str:
        self.clock.look(at)
        return self.state

    def by_hand(self, state: str, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(self.clock, "now", lambda: at)
        self.clock.set_by_hand(ARN, int(self.alarm.alarm["Period"]))
        self.alarm.alarm["StateValue"] = state


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_quickly_new_data_is_evaluated_at_the_next_look() -> None:
    alarms = Alarms(1.0)
    assert alarms.looked(START) == "OK"
    alarms.count(after(1))
    assert alarms.looked(after(2)) == "ALARM"
    assert alarms.evaluations == 2
    alarms.looked(after(3))  # nothing new
    assert alarms.evaluations == 2
    alarms.looked(after(31))  # a new window
    assert alarms.evaluations == 3


def test_an_alarm_that_is_deleted_while_it_is_looked_at_does_nothing() -> None:
    alarms = Alarms(1.0)
    alarms.looked(START)
    alarms.is_deleted_meanwhile = True
    alarms.count(after(1))
    assert alarms.looked(after(2)) == "OK"
    assert alarms.evaluations == 1


def test_at_full_minutes_nothing_is_evaluated_between_them() -> None:
    alarms = Alarms("minute")
    assert alarms.looked(START) == "INSUFFICIENT_DATA"
    alarms.count(after(1))
    assert alarms.looked(after(29)) == "INSUFFICIENT_DATA"
    assert alarms.looked(after(30)) == "ALARM"
    assert alarms.evaluations == 1
    # The window ends at the full minute: what comes after it is for the next one.
    alarms.count(after(31))
    alarms.looked(after(89))
    assert alarms.evaluations == 1
    alarms.looked(after(91))
    assert alarms.evaluations == 2


def test_at_full_minutes_a_short_period_is_evaluated_in_each_of_its_own() -> None:
    alarms = Alarms("minute", period=10)
    alarms.looked(after(1))
    alarms.count(after(2))
    assert alarms.looked(after(9)) == "INSUFFICIENT_DATA"
    assert alarms.looked(after(10)) == "ALARM"


@pytest.mark.parametrize("tick", [1.0, "minute"])
def test_a_state_set_by_hand_stays_until_the_full_minute(tick: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    alarms = Alarms(tick)
    alarms.looked(START)
    alarms.count(after(1))
    alarms.by_hand("OK", after(2), monkeypatch)
    assert alarms.looked(after(3)) == "OK"
    alarms.count(after(4))
    assert alarms.looked(after(29.9)) == "OK"
    assert alarms.looked(after(30)) == "ALARM"


def test_a_state_set_by_hand_again_stays_again(monkeypatch: pytest.MonkeyPatch) -> None:
    alarms = Alarms(1.0)
    alarms.count(after(1))
    for second in (2, 62, 122):
        alarms.by_hand("OK", after(second), monkeypatch)
        assert alarms.looked(after(second + 27)) == "OK"
        assert alarms.looked(after(second + 30)) == "ALARM"


@pytest.mark.parametrize("tick", [1.0, "minute"])
def test_a_tick_ends_what_was_set_by_hand(tick: Any) -> None:
    alarms = Alarms(tick)
    alarms.clock.look()
    alarms.count(datetime.now(UTC))
    alarms.clock.set_by_hand(ARN, 300)
    alarms.alarm.alarm["StateValue"] = "OK"
    assert alarms.clock.tick() == 60
    assert alarms.state == "ALARM"


def test_ticks_let_a_read_pass_out_of_the_window_and_a_later_one_in() -> None:
    alarms = Alarms(1.0)
    alarms.count(datetime.now(UTC))
    states = []
    for _ in range(20):
        alarms.clock.tick()
        states.append(alarms.state)
    # In sight for as long as the three windows of an evaluation reach, and then no more.
    rung = states.index("OK")
    assert states == ["ALARM"] * rung + ["OK"] * (20 - rung)
    assert 14 <= rung <= 15
    alarms.count(datetime.now(UTC))
    alarms.clock.look()
    assert alarms.state == "ALARM"


@pytest.mark.parametrize("tick", [1.0, "minute"])
def test_an_evaluation_that_fails_is_tried_again(tick: Any) -> None:
    alarms = Alarms(tick)
    alarms.looked(START)
    alarms.count(after(1))
    alarms.fails = True
    before = alarms.state
    assert alarms.looked(after(31)) == before
    alarms.fails = False
    assert alarms.looked(after(32)) == "ALARM"
