"""Three answers: yes, no, not understood. What is not understood never allows, and never stops a denial."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """holds: None where the policy is not understood; why: a clause that says why it does not hold."""

    holds: bool | None
    why: str = ""


def yes() -> Verdict:
    return Verdict(True)


def no(why: str) -> Verdict:
    return Verdict(False, why)


def unknown(why: str) -> Verdict:
    return Verdict(None, why)


def every(verdicts: Iterable[Verdict]) -> Verdict:
    """All of them: a no decides, whatever is not understood beside it."""
    doubt = yes()
    for verdict in verdicts:
        if verdict.holds is False:
            return verdict
        if verdict.holds is None and doubt.holds:
            doubt = verdict
    return doubt
