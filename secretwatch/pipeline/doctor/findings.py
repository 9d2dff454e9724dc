"""What the examination of a hop can come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Verdict = Literal["healthy", "warning", "not reached", "cannot tell", "broken"]

# A hop is as bad as the worst that was found of it.
_RANK: tuple[Verdict, ...] = ("healthy", "not reached", "warning", "cannot tell", "broken")


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    cause: a word that stays the same, for machines; sentence: for people; mend: commands, one a line, or what
    to write in HCL; stops: a read cannot come past this; waits: asking again later may change it.
    """

    verdict: Verdict
    cause: str
    sentence: str
    mend: str = ""
    stops: bool = True
    waits: bool = False


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

    def broken(self, cause: str, sentence: str, mend: str = "", *, stops: bool = True) -> None:
        self.findings.append(Finding("broken", cause, sentence, mend, stops))

    def warning(self, cause: str, sentence: str, mend: str = "", *, stops: bool = False) -> None:
        self.findings.append(Finding("warning", cause, sentence, mend, stops))

    def cannot_tell(
        self, cause: str, sentence: str, mend: str = "", *, stops: bool = False, waits: bool = False
    ) -> None:
        self.findings.append(Finding("cannot tell", cause, sentence, mend, stops, waits))

    def not_reached(self, sentence: str) -> None:
        self.findings.append(Finding("not reached", "not-reached", sentence))

    def saw(self, what: str, where: str, when: datetime, seen: str) -> None:
        self.evidence.append(Evidence(what, where, when, seen))

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
