"""Ordinary traffic, and attacks in it: what `secretwatch suggest` is held against (docs/suggest.md).

Ordinary principals, some of each kind in a history of 40 to 70 days:
- steady: every six to twelve hours, all through, from one or two addresses, with one agent, for one to
  three secrets, each of them on most days;
- moving: as often, from another address nearly every time, as pods and functions do;
- people: on some working days, a few reads, from home, office and elsewhere;
- rare: a job that runs once a week or less;
- newcomer: as a steady one, but from the second half on.

Attacks, each one to forty reads within three days:
- stranger: a principal that was never seen;
- elsewhere: a principal's credentials at an address that it does not have;
- tool: the same with its address, through its own host, and another agent;
- beyond: from its own host and agent, secrets that it does not read;
- crossed: a pair of an address and an agent of its own that do not belong together;
- denied: it tries what it may not read first, and then reads as usual;
- grab: reads in a row as its own, twenty times a day's.
After the cut there is one more, which nobody can tell: as itself, in nothing unlike its ordinary reads.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from secretwatch.backtest.delay import Delay
from secretwatch.backtest.suggest import HELD_OUT, Read

DAY = 86400
BEGIN = 20_000 * DAY
ATTACKS = ("stranger", "elsewhere", "tool", "beyond", "crossed", "denied", "grab")


@dataclass(frozen=True)
class Principal:
    name: str
    kind: str
    hosts: tuple[tuple[str, str], ...]
    """Pairs of address and agent."""
    secrets: tuple[str, ...]
    every: float
    """Seconds between two of its reads."""
    begin: float


@dataclass
class Traffic:
    """attack: ids of the attack's reads; attacked: whose they are; steady: principals that are in nothing
    unusual, by the way they were made."""

    begin: int
    end: int
    reads: list[Read] = field(default_factory=list)
    attack: set[int] = field(default_factory=set)
    attacked: str = ""
    kind: str = ""
    principals: list[Principal] = field(default_factory=list)

    @property
    def cut(self) -> int:
        return int(self.end - (self.end - self.begin) * HELD_OUT)

    @property
    def steady(self) -> frozenset[str]:
        return frozenset(
            each.name for each in self.principals if each.kind == "steady" and each.name != self.attacked
        )


def traffic(seed: int, *, attack: str | None = None, late: bool = False) -> Traffic:
    """A history. attack: its kind; "" of a kind drawn, None: there is none. late: it comes after the cut."""
    dice = random.Random(seed)
    days = dice.randint(40, 70)
    made = Traffic(BEGIN, BEGIN + days * DAY)
    made.principals = list(_principals(dice, made))
    reads = [read for each in made.principals for read in _ordinary(dice, each, made)]
    if attack is not None:
        made.kind = attack or dice.choice(ATTACKS)
        span = (made.cut, made.end) if late else (made.begin, made.cut)
        stolen = list(_attack(dice, made, *span))
        made.attack = set(range(len(reads), len(reads) + len(stolen)))
        reads += stolen
    delay = Delay(seed)
    made.reads = [
        replace(read, key=(number, delay.arrival(str(number), read.time)))
        for number, read in enumerate(reads)
    ]
    return made


def _principals(dice: random.Random, made: Traffic) -> Iterator[Principal]:
    for kind, most in (("steady", 5), ("moving", 1), ("people", 2), ("rare", 2), ("newcomer", 1)):
        for number in range(dice.randint(1 if kind == "steady" else 0, most)):
            service = kind == "steady" and dice.random() < 0.2
            name = (
                f"{kind}{number}.amazonaws.com"
                if service
                else f"arn:aws:iam::111122223333:role/{kind}-{number}"
            )
            hosts = tuple(
                (f"10.{number}.{host}.{dice.randint(1, 250)}", f"agent-{kind}-{number}-{host % 2}")
                for host in range(1 if kind == "steady" and dice.random() < 0.6 else 2)
            )
            secrets = tuple(f"{kind}-{number}-{each}" for each in range(dice.randint(1, 3)))
            hours = {"people": 30, "rare": 24 * 8}.get(kind, dice.choice([6, 8, 12]))
            half = (made.end - made.begin) / 2
            yield Principal(name, kind, hosts, secrets, hours * 3600, half if kind == "newcomer" else 0)


def _ordinary(dice: random.Random, who: Principal, made: Traffic) -> Iterator[Read]:
    at = made.begin + who.begin + dice.random() * who.every
    while at < made.end:
        working = at // DAY % 7 < 5 and at % DAY > DAY / 3
        if who.kind != "people" or working:
            for secret in who.secrets:
                address, agent = dice.choice(who.hosts)
                if who.kind == "moving" or (who.kind == "people" and dice.random() < 0.3):
                    address = f"192.0.{dice.randint(0, 255)}.{dice.randint(0, 255)}"
                yield _read(who.name, at + dice.random() * 60, address, agent, secret)
        at += who.every * dice.uniform(0.8, 1.2)


def _read(name: str, at: float, address: str, agent: str, secret: str, *, denied: bool = False) -> Read:
    return Read(int(at), (name,), address, agent, secret, denied)


def _attack(dice: random.Random, made: Traffic, begin: int, end: int) -> Iterator[Read]:
    steady = [each for each in made.principals if each.kind == "steady"]
    who = dice.choice(steady)
    if made.kind == "crossed":
        two = [each for each in steady if len(set(each.hosts)) > 1 and len({h[1] for h in each.hosts}) > 1]
        if not two:
            made.kind = "elsewhere"
        else:
            who = dice.choice(two)
    made.attacked = who.name
    start = dice.uniform(begin, end - DAY)
    stop = min(end - 1, start + dice.uniform(0.1, 3) * DAY)
    count = dice.randint(1, 40)
    name, (address, agent), secrets = who.name, dice.choice(who.hosts), who.secrets
    if made.kind == "stranger":
        made.attacked = name = dice.choice(["arn:aws:iam::111122223333:user/new", "evil.amazonaws.com"])
        address, agent = "203.0.113.9", "curl"
    elif made.kind == "elsewhere":
        address = f"203.0.113.{dice.randint(1, 250)}"
    elif made.kind == "tool":
        agent = "aws-cli/2"
    elif made.kind == "beyond":
        secrets = tuple(f"other-{each}" for each in range(dice.randint(1, 5)))
    elif made.kind == "crossed":
        agent = next(each for _, each in who.hosts if each != agent)
    elif made.kind == "denied":
        yield _read(name, start, address, agent, "forbidden", denied=True)
        start += 1
    elif made.kind == "grab":
        count = 20 * max(1, round(DAY / who.every)) * len(secrets)
        stop = min(stop, (start // DAY + 1) * DAY - 1)
    for _ in range(count):
        yield _read(name, dice.uniform(start, max(start, stop)), address, agent, dice.choice(secrets))


def of(reads: Sequence[Read], names: frozenset[str]) -> list[Read]:
    return [read for read in reads if set(read.who) & names]
