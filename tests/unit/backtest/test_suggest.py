"""What is suggested hides no attack from before the cut, is as small as can be, and reaches the limit."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import pytest
import traffic as made_up
from deep import some
from traffic import ATTACKS, DAY, Traffic, traffic

from secretwatch.alarm import AlarmConfig
from secretwatch.backtest.limit import Limit
from secretwatch.backtest.replay import Counted, replay
from secretwatch.backtest.rings import Rings
from secretwatch.backtest.suggest import Read, Suggestion, is_left_out, suggest, usages_of

CONFIG = AlarmConfig(
    statistic="Maximum",
    period=60,
    evaluation_periods=5,
    datapoints_to_alarm=1,
    threshold=1.0,
    comparison_operator="GreaterThanOrEqualToThreshold",
    treat_missing_data="notBreaching",
)
"""One read within 300 s, as the module deploys it."""


ALARM = Rings(CONFIG, Counted.DELIVERY)


def rings(reads: Sequence[Read]) -> list[int]:
    return [minute * 60 for minute in ALARM((cell_of(read), 1.0) for read in reads)]


def cell_of(read: Read) -> tuple[int, int]:
    _, arrival = read.key  # type: ignore[misc]
    return read.time // 60, arrival // 60


def limit_of(made: Traffic, slack: int = 0) -> Limit:
    """One that holds once everybody is left out who can be."""
    left = [each for each in made.reads if each.time < made.cut and not is_left_out(each, made.steady)]
    times = rings(left)
    fullest = max((sum(at <= other < at + 7 * DAY for other in times) for at in times), default=0)
    return Limit(fullest + slack, "week")


def suggested(made: Traffic, slack: int = 0) -> Suggestion:
    return suggest(made.reads, rings, limit_of(made, slack), made.begin, made.end)


def names(found: Suggestion) -> frozenset[str]:
    return frozenset(each.usage.principal for each in found.chosen)


def check(seeds: range) -> None:
    """No attack before the cut is hidden; where the limit can be reached safely, it is, 19 times of 20."""
    counted: Counter[str] = Counter()
    for seed in seeds:
        made = traffic(seed, attack="")
        found = suggested(made, slack=seed % 3)
        left_out = names(found)
        hidden = [number for number in made.attack if is_left_out(made.reads[number], left_out)]
        assert not hidden, (seed, made.kind, made.attacked)
        assert left_out <= {name for read in made.reads for name in read.who}
        counted.update(needed=found.needed, reached=found.needed and found.reached, attacks=1)
        counted[made.kind] += 1
    assert counted["needed"] > len(seeds) / 2
    assert counted["reached"] >= 0.95 * counted["needed"], counted
    assert set(ATTACKS) <= set(counted)
    print(counted)


def test_attacks_in_ordinary_traffic() -> None:
    check(range(20))


@pytest.mark.later
@pytest.mark.parametrize("part", range(3))
def test_attacks_in_more_of_it(part: int) -> None:
    check(range(40 + 320 * part, 360 + 320 * part))


@pytest.mark.deep
def test_after_the_cut_only_reads_of_who_is_left_out_are_hidden_and_all_are_counted() -> None:
    told: Counter[str] = Counter()
    for seed in range(max(28, some(70))):
        made = traffic(seed, attack=ATTACKS[seed % len(ATTACKS)], late=True)
        found = suggest(made.reads, rings, limit_of(made), made.begin, made.end)
        left_out = names(found)
        late = [read for read in made.reads if read.time >= made.cut]
        hidden = [read for read in late if is_left_out(read, left_out)]
        assert all(set(read.who) & left_out for read in hidden)
        assert found.held.hidden == len(hidden)
        stolen = [made.reads[number] for number in made.attack]
        if made.kind in ("elsewhere", "tool", "beyond"):
            strange = set(found.held.strange)
            assert all(read in strange for read in stolen if is_left_out(read, left_out))
        if made.kind == "denied":
            assert any(not is_left_out(read, left_out) for read in stolen)
        if made.kind == "stranger":
            assert not any(is_left_out(read, left_out) for read in stolen)
        told[made.kind] += any(is_left_out(read, left_out) for read in stolen)
    # The price is real: what comes later as one of them is not heard.
    assert told["elsewhere"]


def test_nothing_is_suggested_where_nothing_is_too_much() -> None:
    made = traffic(3)
    found = suggest(made.reads, rings, Limit(10_000, "week"), made.begin, made.end)
    assert (found.needed, found.chosen, found.reached, found.seen.hidden) == (False, (), True, 0)


@pytest.mark.parametrize(
    ("days", "limit", "in_the_end", "at_all"),
    [
        ((0, 29.1, 29.3, 29.5), Limit(2, "week"), True, True),
        ((0, 23.5, 24.5), Limit(1, "day"), False, False),
        ((0, 23.9, 24.1), Limit(1, "day"), False, True),
    ],
)
def test_the_limit_has_to_hold_in_the_end_and_over_the_cut_too(
    days: tuple[float, ...], limit: Limit, in_the_end: bool, at_all: bool
) -> None:
    times = [int(made_up.BEGIN + day * DAY) for day in days]
    reads = [replace(BASE[0], time=time, key=(number, time)) for number, time in enumerate(times)]
    found = suggest(reads, rings, limit, made_up.BEGIN, END)
    assert (found.needed, found.chosen, found.reached) == (False, (), True)
    assert (found.held.broken, found.broken) == (in_the_end, at_all)


def test_nothing_is_suggested_where_nothing_would_be_enough() -> None:
    made = next(each for each in map(traffic, range(50)) if any(p.kind == "moving" for p in each.principals))
    found = suggest(made.reads, rings, Limit(0, "week"), made.begin, made.end)
    assert (found.needed, found.chosen, found.reached) == (True, (), False)
    assert any(each.unusual for each in found.others)


@pytest.mark.deep
def test_none_of_them_can_be_spared_and_no_smaller_set_is_enough() -> None:
    several = 0
    for seed in range(some(25)):
        made = traffic(seed)
        limit = limit_of(made, slack=seed % 4)
        found = suggest(made.reads, rings, limit, made.begin, made.end)
        known = [read for read in made.reads if read.time < made.cut]
        usages = usages_of(sorted(known, key=lambda read: read.time), made.begin, made.cut)
        fit = [each.principal for each in usages if not each.unusual]
        several += len(found.chosen) > 1
        for size in range(len(found.chosen)):
            for fewer in combinations(fit, size):
                left = [read for read in known if not is_left_out(read, fewer)]
                assert limit.broken(rings(left)) is not None, (seed, fewer)
    assert several > some(20) // 4


IAM, STS = "arn:aws:iam::111122223333", "arn:aws:sts::111122223333"
BASE = [
    Read(
        made_up.BEGIN + day * DAY + hour * 3600,
        (f"{IAM}:role/app",),
        "10.0.0.1",
        "sdk",
        "db",
    )
    for day in range(30)
    for hour in (3, 9)
]
END = made_up.BEGIN + 30 * DAY


def at(day: float, **more: object) -> Read:
    return replace(BASE[0], time=int(made_up.BEGIN + day * DAY), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reads", "words"),
    [
        (BASE, ""),
        ([*BASE, at(15, address="10.9.9.9")], "an address is new"),
        ([*BASE, at(2, address="10.9.9.9")], "an address is seen on few days"),
        ([*BASE, *(at(day, address="10.9.9.9") for day in range(12, 30))], "an address is new"),
        ([*BASE, at(2, agent="curl")], "an agent is seen on few days"),
        ([*BASE, at(29.5, secret="other")], "a secret is new"),
        ([*BASE, at(5, denied=True)], "it was denied a read"),
        ([each for each in BASE if each.time > at(11).time], "it is new"),
        ([each for each in BASE if each.time < at(15).time], "it does not read any more"),
        (BASE[::4], "it reads rarely: 15 times on 15 days"),
        ([*BASE, *(at(20 + number / 100) for number in range(30))], "on one day it read many times more"),
        ([replace(each, who=(f"{IAM}:root",)) for each in BASE], "it is no role, user or service"),
        ([replace(each, who=(f"{STS}:federated-user/x",)) for each in BASE], "it is no role"),
        ([replace(each, who=(f"{IAM}:role/*",)) for each in BASE], "it is no role, user or"),
        # Two hosts and two agents, each usual; and once the agent of one on the other.
        ([*BASE, *(replace(each, address="2", agent="cli") for each in BASE), at(3, agent="cli")], "a pair"),
    ],
)  # fmt: skip
def test_one_unusual_read_is_enough(reads: list[Read], words: str) -> None:
    (usage,) = usages_of(sorted(reads, key=lambda read: read.time), made_up.BEGIN, END)
    if words:
        assert any(each.startswith(words) for each in usage.unusual), usage.unusual
    else:
        assert usage.unusual == ()
        assert usage.seen == {"address": ("10.0.0.1",), "agent": ("sdk",), "secret": ("db",)}


def test_a_read_is_hidden_by_any_of_its_exceptions_unless_it_was_denied() -> None:
    read = Read(0, ("arn:aws:iam::1:role/app", "rds.amazonaws.com"))
    assert is_left_out(read, {"rds.amazonaws.com"})
    assert not is_left_out(read, {"ecs.amazonaws.com"})
    assert not is_left_out(replace(read, denied=True), {"rds.amazonaws.com"})


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"statistic": "Sum", "period": 300, "evaluation_periods": 1, "threshold": 2.0},
        {"datapoints_to_alarm": 2},
        {"treat_missing_data": "missing"},
        pytest.param({"statistic": "Average", "period": 900}, marks=pytest.mark.later),
    ],
)
@pytest.mark.parametrize("counted", list(Counted))
def test_rings_are_those_of_one_replay(change: dict[str, object], counted: Counted) -> None:
    config = replace(CONFIG, **change)  # type: ignore[arg-type]
    alarm = Rings(config, counted)
    for seed in range(2):
        # Dense at times, and twice, so that constellations are known.
        reads = traffic(seed, attack="grab").reads[::2]
        cells: dict[tuple[int, int], dict[float, int]] = defaultdict(lambda: {1.0: 0})
        for read in reads:
            cells[cell_of(read)][1.0] += 1
        wanted = [ring.minute for ring in replay(config, cells, counted).rings]
        for _ in range(2):
            assert alarm((cell_of(read), 1.0) for read in reads) == wanted
    assert wanted
