"""What the examination of a hop can come to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from secretwatch.pipeline.doctor.account import Ref
from secretwatch.pipeline.doctor.calls import Person, Step

Verdict = Literal["healthy", "warning", "not reached", "cannot tell", "broken"]

# A hop is as bad as the worst that was found of it.
_RANK: tuple[Verdict, ...] = ("healthy", "not reached", "warning", "cannot tell", "broken")


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    cause: a word that stays the same, for machines; sentence: for people; steps: what mends it; ref: the
    thing at fault; stops: a read cannot come past this; waits: asking again later may change it.
    """

    verdict: Verdict
    cause: str
    sentence: str
    steps: tuple[Step, ...] = ()
    ref: Ref | None = None
    stops: bool = True
    waits: bool = False

    @property
    def mend(self) -> str:
        """The steps, one a line."""
        return "\n".join(each.command() for each in self.steps)

    @property
    def needs_a_person(self) -> bool:
        """Whether nothing that can be called mends it."""
        return bool(self.steps) and all(isinstance(each, Person) for each in self.steps)


@dataclass(frozen=True)
class Evidence:
    """What was looked at. what: the API call; where: the resource; when: of the call, or of what it told."""

    what: str
    where: str
    when: datetime
    seen: str


@dataclass
class Hop:
    """A hop of the pipeline and what was found of it. note: the sentence where nothing is wrong."""

    name: str
    note: str = ""
    findings: list[Finding] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    looked_at: set[str] = field(default_factory=set)
    """What needs to be looked at only once, though several things lead to it."""

    @property
    def worst(self) -> Finding | None:
        """The first of the worst findings."""
        return max(self.findings, key=lambda finding: _RANK.index(finding.verdict), default=None)

    @property
    def verdict(self) -> Verdict:
        return self.worst.verdict if self.worst else "healthy"

    @property
    def cause(self) -> str | None:
        return self.worst.cause if self.worst else None

    @property
    def sentence(self) -> str:
        return self.worst.sentence if self.worst else self.note

    @property
    def mend(self) -> str:
        return self.worst.mend if self.worst else ""

    @property
    def stops(self) -> bool:
        """Whether the read that is followed cannot have come past this hop."""
        return any(each.stops for each in self.findings)

    def broken(
        self, cause: str, sentence: str, *steps: Step, ref: Ref | None = None, stops: bool = True
    ) -> None:
        self.findings.append(Finding("broken", cause, sentence, steps, ref, stops))

    def warning(
        self, cause: str, sentence: str, *steps: Step, ref: Ref | None = None, stops: bool = False
    ) -> None:
        self.findings.append(Finding("warning", cause, sentence, steps, ref, stops))

    def cannot_tell(
        self, cause: str, sentence: str, *steps: Step, stops: bool = False, waits: bool = False
    ) -> None:
        self.findings.append(Finding("cannot tell", cause, sentence, steps, None, stops, waits))

    def not_reached(self, sentence: str) -> None:
        self.findings.append(Finding("not reached", "not-reached", sentence))

    def saw(self, what: str, where: str, when: datetime, seen: str) -> None:
        self.evidence.append(Evidence(what, where, when, seen))

    def replace(self, before: Finding, after: Finding) -> None:
        self.findings = [after if each is before else each for each in self.findings]

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "verdict": self.verdict,
            "cause": self.cause,
            "sentence": self.sentence,
            "mend": self.mend,
            "findings": [
                {
                    "verdict": each.verdict,
                    "cause": each.cause,
                    "sentence": each.sentence,
                    "mend": each.mend,
                }
                for each in self.findings
            ],
            "evidence": [
                {"what": each.what, "where": each.where, "when": each.when.isoformat(), "seen": each.seen}
                for each in self.evidence
            ],
        }


__all__ = ["Evidence", "Finding", "Hop", "Verdict", "replace"]
