"""Exceptions for a watch that rings too often: of principals alone whose reads are in nothing unusual. Pure.

Everything is decided on the first four fifths of a history; the last fifth shows whether it would have held.
Whoever is suggested is one role, user or service as the history names it, never a prefix. It reads often, on
many days, since long, and still; it was never denied; and each address, agent and secret of its reads, and
each pair of address and agent, was there from early on and again and again. What came once is what an
attacker would be, so one such read is enough to rule a principal out, whenever it was made. No day has many
times the reads of its others.

What an attacker does who is in nothing unlike the principal cannot be told from it, before the cut or after.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import median

from secretwatch.backtest.limit import Limit
from secretwatch.forms import SERVICE_PRINCIPAL, USER_OR_ROLE_ARN

LEAST_READS = 20
LEAST_DAYS = 7
USUAL_SHARE = 0.2
"""Of the days on which a principal reads: on so many each of its addresses, agents and secrets is seen."""
USUAL_DAYS = 3
"""And on so many days at least."""
SETTLED = 1 / 3
"""Of the history that decides: within it everything usual was seen for the first time, and in as long before
its end the principal still reads."""
BUSY = 4
"""A day with more reads than this many times the median of the others is unusual."""
HELD_OUT = 1 / 5
"""Of the history, its end: on it a suggestion is only tried."""

_MOST_TRIED = 400
"""Sets that are tried one by one, the smallest first."""
_DAY = 86400

# modules/watch/definition.tf, but for wildcards and an account's root, which nobody should leave out.
_PRINCIPAL = re.compile(f"{USER_OR_ROLE_ARN.pattern}|{SERVICE_PRINCIPAL.pattern}")


@dataclass(frozen=True, slots=True)
class Read:
    """A read that counts. time: seconds since 1970. who: the exceptions any of which would leave it out.

    denied: it counts whoever is left out. key: of whoever replays it.
    """

    time: int
    who: tuple[str, ...]
    address: str = ""
    agent: str = ""
    secret: str = ""
    denied: bool = False
    key: object = None

    @property
    def traits(self) -> tuple[tuple[str, str], ...]:
        return (
            ("address", self.address),
            ("agent", self.agent),
            ("secret", self.secret),
            ("pair of address and agent", f"{self.address} {self.agent}"),
        )


Rings = Callable[[Sequence[Read]], Sequence[int]]
"""When the watch's alarms would have rung for these reads, rising, in seconds since 1970."""


@dataclass(frozen=True)
class Usage:
    """A principal in the history that decides. unusual: why it is not left out; empty of whoever may be."""

    principal: str
    reads: int
    days: int
    first: int
    last: int
    seen: dict[str, tuple[str, ...]]
    """Its addresses, agents and secrets, by kind."""
    unusual: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suggested:
    """One exception. alone: alarms that it removes by itself; with_others: beside the rest of the set."""

    usage: Usage
    alone: int
    with_others: int


@dataclass(frozen=True)
class Trial:
    """A part of the history. before and after: alarms without and with the exceptions; broken: whether there
    are still too many in some period. hidden: reads that nobody hears of any more; strange: those among them
    with an address, agent or secret that was not usual, oldest first."""

    begin: int
    end: int
    before: int
    after: int
    broken: bool
    hidden: int
    strange: tuple[Read, ...] = ()


@dataclass(frozen=True)
class Suggestion:
    """needed: whether there are too many alarms in the part that decides. chosen: the exceptions; empty where
    the limit cannot be reached by them. others: whoever else rings, with the reasons, the most reads first.
    broken: whether with the chosen ones there are too many in some period, in the end or over the cut too."""

    needed: bool
    chosen: tuple[Suggested, ...]
    seen: Trial
    held: Trial
    others: tuple[Usage, ...] = field(default=())
    broken: bool = False

    @property
    def reached(self) -> bool:
        return not self.seen.broken


def suggest(reads: Iterable[Read], rings: Rings, limit: Limit, begin: int, end: int) -> Suggestion:
    """The fewest exceptions with which the limit holds. begin, end: of the history, in seconds since 1970.

    Fewest as far as that can be tried (`_MOST_TRIED` sets); beyond, each is still needed.
    """
    cut = int(end - (end - begin) * HELD_OUT)
    found = sorted(reads, key=lambda read: read.time)
    known = [read for read in found if read.time < cut]
    held = [read for read in found if read.time >= cut]
    usages = usages_of(known, begin, cut)
    tried = _Tried(known, rings, limit)
    needed = tried.broken(frozenset())
    fit = [each.principal for each in usages if not each.unusual]
    chosen = tried.fewest(fit) if needed else frozenset()
    by_name = {each.principal: each for each in usages}
    return Suggestion(
        needed=needed,
        chosen=tuple(
            Suggested(
                by_name[name],
                alone=tried.count(frozenset()) - tried.count(frozenset({name})),
                with_others=tried.count(chosen - {name}) - tried.count(chosen),
            )
            for name in sorted(chosen, key=lambda name: (-by_name[name].reads, name))
        ),
        seen=_trial(known, tried, chosen, by_name, begin, cut),
        held=_trial(held, _Tried(held, rings, limit), chosen, by_name, cut, end),
        others=tuple(each for each in usages if each.principal not in chosen),
        broken=_Tried(found, rings, limit).broken(chosen),
    )


def is_left_out(read: Read, principals: Collection[str]) -> bool:
    """Whether exceptions for these hide a read."""
    return not read.denied and any(name in principals for name in read.who)


def usages_of(reads: Sequence[Read], begin: int, cut: int) -> tuple[Usage, ...]:
    """Everybody who could be left out, or could not; the most reads first."""
    by_name: dict[str, list[Read]] = defaultdict(list)
    for read in reads:
        for name in dict.fromkeys(read.who):
            if name:
                by_name[name].append(read)
    found = [_usage(name, mine, begin, cut) for name, mine in by_name.items()]
    return tuple(sorted(found, key=lambda each: (-each.reads, each.principal)))


def _usage(name: str, reads: Sequence[Read], begin: int, cut: int) -> Usage:
    days: dict[int, int] = defaultdict(int)
    trait_days: dict[tuple[str, str], set[int]] = defaultdict(set)
    trait_first: dict[tuple[str, str], int] = {}
    for read in reads:
        days[read.time // _DAY] += 1
        for trait in read.traits:
            trait_days[trait].add(read.time // _DAY)
            trait_first.setdefault(trait, read.time)
    early = begin + (cut - begin) * SETTLED
    unusual = []
    if not _PRINCIPAL.fullmatch(name):
        unusual.append("it is no role, user or service that an exception can name")
    if any(read.denied for read in reads):
        unusual.append("it was denied a read")
    if len(reads) < LEAST_READS or len(days) < LEAST_DAYS:
        unusual.append(f"it reads rarely: {len(reads)} times on {len(days)} days")
    if reads[0].time > early:
        unusual.append("it is new")
    if reads[-1].time < cut - (cut - begin) * SETTLED:
        unusual.append("it does not read any more")
    least = max(USUAL_DAYS, math.ceil(USUAL_SHARE * len(days)))
    strange = sorted(
        (kind, trait_first[kind, value] > early)
        for (kind, value), on in trait_days.items()
        if len(on) < least or trait_first[kind, value] > early
    )
    for kind in dict.fromkeys(kind for kind, _ in strange):
        new = any(late for each, late in strange if each == kind)
        unusual.append(f"{_article(kind)} is {'new' if new else 'seen on few days'}")
    usual_day = median(days.values())
    if max(days.values()) > max(BUSY * usual_day, usual_day + 5):
        unusual.append("on one day it read many times more than on others")
    seen = {
        kind: tuple(value for each, value in trait_first if each == kind)
        for kind in ("address", "agent", "secret")
    }
    return Usage(name, len(reads), len(days), reads[0].time, reads[-1].time, seen, tuple(unusual))


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'ao' else 'a'} {kind}"


def _trial(
    reads: Sequence[Read],
    tried: _Tried,
    chosen: frozenset[str],
    usages: dict[str, Usage],
    begin: int,
    end: int,
) -> Trial:
    hidden = [read for read in reads if is_left_out(read, chosen)]
    strange = [
        read
        for read in hidden
        if not any(
            all(value in usages[name].seen[kind] for kind, value in read.traits if kind in usages[name].seen)
            for name in read.who
            if name in chosen
        )
    ]
    return Trial(
        begin=begin,
        end=end,
        before=tried.count(frozenset()),
        after=tried.count(chosen),
        broken=tried.broken(chosen),
        hidden=len(hidden),
        strange=tuple(strange),
    )


class _Tried:
    """What rings with which exceptions, each set once."""

    def __init__(self, reads: Sequence[Read], rings: Rings, limit: Limit) -> None:
        self._reads, self._rings, self._limit = reads, rings, limit
        self._known: dict[frozenset[str], tuple[int, ...]] = {}

    def _times(self, names: frozenset[str]) -> tuple[int, ...]:
        if names not in self._known:
            left = [read for read in self._reads if not is_left_out(read, names)]
            self._known[names] = tuple(self._rings(left))
        return self._known[names]

    def count(self, names: frozenset[str]) -> int:
        return len(self._times(names))

    def broken(self, names: frozenset[str]) -> bool:
        return self._limit.broken(self._times(names)) is not None

    def _worse(self, names: frozenset[str]) -> tuple[int, int]:
        """How many there are in the fullest period, and in all."""
        found = self._limit.broken(self._times(names))
        return (found[1] - found[0] + 1 if found else 0, self.count(names))

    def fewest(self, names: Sequence[str]) -> frozenset[str]:
        """The fewest with which the limit holds; none where it does not hold with any."""
        tries = 0
        for size in range(1, len(names) + 1):
            if (tries := tries + math.comb(len(names), size)) > _MOST_TRIED:
                return self._pruned(self._greedy(names))
            fit = [each for each in map(frozenset, combinations(names, size)) if not self.broken(each)]
            if fit:
                # Of as many exceptions those that hide least.
                return min(fit, key=lambda each: (self._hidden(each), sorted(each)))
        return frozenset()

    def _hidden(self, names: frozenset[str]) -> int:
        return sum(is_left_out(read, names) for read in self._reads)

    def _greedy(self, names: Sequence[str]) -> frozenset[str]:
        chosen: frozenset[str] = frozenset()
        while self.broken(chosen):
            rest = [each for each in names if each not in chosen]
            if not rest:
                return frozenset()
            chosen |= {min(rest, key=lambda each: (self._worse(chosen | {each}), each))}
        return chosen

    def _pruned(self, chosen: frozenset[str]) -> frozenset[str]:
        for name in sorted(chosen, key=lambda each: (self._hidden(frozenset({each})), each)):
            if not self.broken(chosen - {name}):
                chosen -= {name}
        return chosen
