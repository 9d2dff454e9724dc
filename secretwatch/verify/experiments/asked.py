"""Claims that one free call settles: does this pattern match that? Adding one is adding a row.

The calls are TestMetricFilter and TestEventPattern; nothing is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from secretwatch.verify.lab import Lab
from secretwatch.verify.model import Experiment, Number, Seen, confirmed, refuted

REFUSED: Final = "refused"
Answer = bool | Literal["refused"]

NOBODY = "AWS's pages do not say."

AS_CLAIMED, OTHERWISE = "as claimed", "otherwise"


def _shown(text: str) -> str:
    """On one line."""
    return text.replace("\n", "\\n")


@dataclass(frozen=True)
class Asked:
    """A claim and its questions: pattern, what it is asked about, and the answer that the claim gives."""

    id: str
    claim: str
    why: str
    questions: tuple[tuple[str, str, Answer], ...]
    source: str = NOBODY

    def experiment(self, call: str, ask: Callable[[Lab, str, str], Answer]) -> Experiment:
        """call: the IAM action. ask: puts one question to AWS."""

        def run(lab: Lab) -> Seen:
            answers = [ask(lab, pattern, text) for pattern, text, _ in self.questions]
            numbers: dict[str, Number] = {
                f"question {number}": -1 if answer == REFUSED else int(answer)
                for number, answer in enumerate(answers, 1)
            }
            as_claimed = answers == [expected for _, _, expected in self.questions]
            return Seen(AS_CLAIMED if as_claimed else OTHERWISE, numbers)

        return Experiment(
            id=self.id,
            claim=self.claim,
            why=self.why,
            source=self.source,
            outcomes={
                AS_CLAIMED: confirmed("All answers were as claimed."),
                OTHERWISE: refuted("At least one answer was different."),
            },
            run=run,
            seconds=len(self.questions),
            calls=(call,),
            numbers={
                f"question {number}": f"`{pattern}` on `{_shown(text)}`, 1 match, 0 none, -1 refused"
                for number, (pattern, text, _) in enumerate(self.questions, 1)
            },
        )
