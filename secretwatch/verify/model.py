"""What an experiment is, and what may come out of it. No clock, no boto3, no files.

What an experiment saw is one of the outcomes that it declares, and numbers that it declares: so a report
holds sentences of this package and numbers, and nothing of the account it was made in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from secretwatch.verify.kinds import ACTIONS, CENTS

if TYPE_CHECKING:
    from secretwatch.verify.lab import Lab

Number = bool | int | float

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class Verdict(StrEnum):
    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Outcome:
    """Something that may be seen, in one sentence, and what it means for the claim."""

    verdict: Verdict
    sentence: str


def confirmed(sentence: str) -> Outcome:
    return Outcome(Verdict.CONFIRMED, sentence)


def refuted(sentence: str) -> Outcome:
    return Outcome(Verdict.REFUTED, sentence)


def cannot_tell(sentence: str) -> Outcome:
    return Outcome(Verdict.CANNOT_TELL, sentence)


TIME_UP = "time was up"
REFUSED = "a call was refused"
ABSENT = "no such call"
NO_STAGE = "no trail"
FAILED = "it failed"

COMMON: Mapping[str, Outcome] = {
    TIME_UP: cannot_tell("Something that the experiment had to see first did not come in time."),
    REFUSED: cannot_tell("A call that the experiment needs was refused."),
    ABSENT: cannot_tell(
        "This endpoint, or this version of boto3, does not have a call that the experiment needs."
    ),
    NO_STAGE: cannot_tell(
        "The trail that the experiment needs could not be made or delivered nothing in time."
    ),
    FAILED: cannot_tell("The experiment itself failed."),
}
"""Outcomes that any experiment may have."""


@dataclass(frozen=True)
class Seen:
    """What an experiment saw: the key of one of its outcomes, and numbers by the names it declares."""

    outcome: str
    numbers: Mapping[str, Number] = field(default_factory=dict)


@dataclass(frozen=True)
class Experiment:
    """One claim, and how it is settled.

    id: words joined by "-". claim, why: one sentence each. source: who says so, or that nobody does.
    outcomes: what may be seen, by key. run: looks, and answers what it saw.
    makes: how many resources of which kind (a key of `kinds.CENTS`) it makes at most. calls: IAM actions
    beyond those that making and removing them takes. seconds: how long it usually takes on AWS; patience:
    after how many seconds of waiting for one thing it gives up there. numbers: what they mean, by name.
    on_trail: whether it needs the trail that experiments share. on_aws_alone: whether the local cloud lacks
    a service that it is about.
    """

    id: str
    claim: str
    why: str
    source: str
    outcomes: Mapping[str, Outcome]
    run: Callable[[Lab], Seen]
    seconds: int
    makes: Mapping[str, int] = field(default_factory=dict)
    calls: tuple[str, ...] = ()
    numbers: Mapping[str, str] = field(default_factory=dict)
    patience: int = 300
    on_trail: bool = False
    on_aws_alone: bool = False

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f"{self.id!r} is no id of an experiment: words of small letters, joined by '-'.")
        if Verdict.CONFIRMED not in {each.verdict for each in self.outcomes.values()}:
            raise ValueError(f"{self.id}: no outcome confirms the claim.")
        if Verdict.REFUTED not in {each.verdict for each in self.outcomes.values()}:
            raise ValueError(f"{self.id}: no outcome refutes the claim.")
        for kind in self.makes:
            if kind not in CENTS:
                raise ValueError(f"{self.id}: there is no kind of resource {kind!r}.")

    @property
    def cents(self) -> float:
        """What it costs at most, in US cents."""
        return sum(CENTS[kind] * count for kind, count in self.makes.items())

    @property
    def actions(self) -> frozenset[str]:
        """The IAM actions that it takes, without those of the trail that experiments share."""
        return frozenset(self.calls).union(*(ACTIONS[kind] for kind in self.makes))

    def outcome(self, seen: Seen) -> Outcome:
        """What was seen means this. Raises ValueError where it is not among what was declared."""
        for name, number in seen.numbers.items():
            if name not in self.numbers:
                raise ValueError(f"{self.id}: {name!r} is not among its numbers.")
            if not isinstance(number, bool | int | float) or not math.isfinite(number):
                raise ValueError(f"{self.id}: {name!r} is no number.")
        try:
            return self.outcomes[seen.outcome] if seen.outcome in self.outcomes else COMMON[seen.outcome]
        except KeyError as error:
            raise ValueError(f"{self.id}: {seen.outcome!r} is not among its outcomes.") from error
