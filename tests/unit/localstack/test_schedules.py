"""When scheduled rules start, by a clock of the tests' own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from secretwatch.localstack.events.schedules import Schedules, next_start
from secretwatch.localstack.ticks import Ticks

HALF_PAST_FOUR = datetime(2026, 11, 27, 4, 30, tzinfo=UTC).timestamp()  # a Friday


@pytest.mark.parametrize(
    ("expression", "start"),
    [
        ("rate(1 minute)", "2026-11-27T04:31"),
        ("rate(5 minutes)", "2026-11-27T04:35"),
        ("rate(1 hour)", "2026-11-27T05:30"),
        ("rate(2 days)", "2026-11-29T04:30"),
        ("cron(0 12 * * ? *)", "2026-11-27T12:00"),
        ("cron(0/15 * * * ? *)", "2026-11-27T04:45"),
        ("cron(0 9 ? * 2 *)", "2026-11-30T09:00"),
        ("cron(0 9 ? * MON *)", "2026-11-30T09:00"),
        ("cron(0 9 ? * 7-7 *)", "2026-11-28T09:00"),
        ("cron(0 0 1 1 ? 2030)", "2030-01-01T00:00"),
        ("cron(0 0 1 1 ? 2020)", None),
    ],
)
def test_the_next_start(expression: str, start: str | None) -> None:
    found = next_start(expression, HALF_PAST_FOUR, HALF_PAST_FOUR)
    assert (found and f"{datetime.fromtimestamp(found, UTC):%Y-%m-%dT%H:%M}") == start


@pytest.mark.parametrize(("after", "start"), [(0, 3600), (3599, 3600), (3600, 7200), (8000, 10800)])
def test_a_rate_counts_from_when_the_rule_was_put(after: float, start: float) -> None:
    assert next_start("rate(1 hour)", 0, after) == start


@pytest.mark.parametrize("expression", ["hourly", "rate(1 week)", "cron(0 12 * * ?)", "cron(99 * * * ? *)"])
def test_what_is_no_schedule(expression: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        next_start(expression, 0, 0)


class Clock(Ticks):
    """Stands still but for ticks."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 1000.0

    def now(self) -> float:
        return self.at


@dataclass
class Rule:
    arn: str
    schedule_expression: str | None
    state: str = "ENABLED"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def started(clock: Clock) -> Callable[..., list[str]]:
    """Let seconds pass, with these rules; the ARNs of those that started."""
    rules: list[Rule] = []
    seen: list[str] = []
    schedules = Schedules(lambda: rules, lambda rule: seen.append(rule.arn), clock)
    # It is looked at by hand alone.
    schedules.stop()

    def passing(seconds: float, *given: Rule) -> list[str]:
        rules[:] = given
        clock.at += seconds
        seen.clear()
        schedules.look()
        return list(seen)

    return passing


def test_a_rule_starts_once_in_each_interval(started: Callable[..., list[str]]) -> None:
    rule = Rule("a", "rate(1 hour)")
    assert started(0, rule) == []
    assert started(3599, rule) == []
    assert started(1, rule) == ["a"]
    assert started(0, rule) == []
    # What was missed is made up for once, and the rhythm stays.
    assert started(3 * 3600 + 10, rule) == ["a"]
    assert started(3589, rule) == []
    assert started(1, rule) == ["a"]


def test_a_changed_rule_counts_anew(started: Callable[..., list[str]]) -> None:
    started(0, Rule("a", "rate(1 hour)"))
    assert started(3599, Rule("a", "rate(2 hours)")) == []
    assert started(7199, Rule("a", "rate(2 hours)")) == []
    assert started(1, Rule("a", "rate(2 hours)")) == ["a"]


def test_a_rule_that_is_gone_or_disabled_starts_nothing(started: Callable[..., list[str]]) -> None:
    rule, other = Rule("a", "rate(1 hour)"), Rule("b", "rate(1 hour)")
    started(0, rule, other)
    rule.state = "DISABLED"
    assert started(3600, rule) == []
    rule.state = "ENABLED"
    assert started(3600, rule, other) == ["a"]


def test_one_that_cannot_be_read_does_not_stop_the_others(started: Callable[..., list[str]]) -> None:
    rules = Rule("a", "cron(0 9 ? * 2#1 *)"), Rule("b", "rate(1 hour)")
    started(0, *rules)
    assert started(3600, *rules) == ["b"]
