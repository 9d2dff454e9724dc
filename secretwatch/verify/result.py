"""What came of an experiment. All of it may be sent to somebody: sentences of this package, and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from secretwatch.verify.kinds import code
from secretwatch.verify.model import COMMON, Experiment, Number, Outcome, Seen, Verdict

_CODES = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "InternalFailure",
        "InvalidParameterException",
        "InvalidParameterValue",
        "LimitExceededException",
        "MaximumNumberOfTrailsExceededException",
        "NotAuthorized",
        "OptInRequired",
        "RequestExpired",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
        "UnauthorizedOperation",
        "ValidationError",
        "ValidationException",
    }
)


@dataclass(frozen=True)
class Result:
    """seconds: how long it took. cents: what was made, at its price. code: of a call that was refused."""

    experiment: Experiment
    outcome: str
    numbers: Mapping[str, Number] = field(default_factory=dict)
    seconds: float = 0.0
    cents: float = 0.0
    code: str | None = None

    def __post_init__(self) -> None:
        # Raises ValueError where something is not declared, however the result came to be.
        self.experiment.outcome(Seen(self.outcome, self.numbers))
        if self.code is not None and not self.code.isalpha():
            raise ValueError("That is no error code.")

    @property
    def meaning(self) -> Outcome:
        return self.experiment.outcomes.get(self.outcome) or COMMON[self.outcome]

    @property
    def verdict(self) -> Verdict:
        return self.meaning.verdict

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.experiment.id,
            "claim": self.experiment.claim,
            "verdict": str(self.verdict),
            "outcome": self.outcome,
            "seen": self.meaning.sentence,
            "numbers": {
                name: {"value": value, "means": self.experiment.numbers[name]}
                for name, value in self.numbers.items()
            },
            "seconds": round(self.seconds, 1),
            "cents": round(self.cents, 3),
            "code": self.code,
        }

    @classmethod
    def from_dict(cls, experiment: Experiment, kept: Mapping[str, Any]) -> Result:
        """Raises KeyError, TypeError or ValueError where it is not of this experiment as it is today."""
        if kept["claim"] != experiment.claim:
            raise ValueError("The claim is another one today.")
        numbers = {str(name): each["value"] for name, each in kept["numbers"].items()}
        return cls(
            experiment,
            str(kept["outcome"]),
            numbers,
            float(kept["seconds"]),
            float(kept["cents"]),
            kept["code"],
        )


def known_code(error: ClientError) -> str:
    """The error's code, if it is one that AWS is known to have: an answer's text is not trusted with it."""
    modelled = type(error).__name__
    if modelled != "ClientError" and modelled.isalpha():
        return modelled
    return code(error) if code(error) in _CODES else "other"


def exit_code(results: list[Result], wanted: int) -> int:
    """0 all confirmed; 1 something refuted; 3 something that nobody can tell, or that was not run."""
    verdicts = {result.verdict for result in results}
    if Verdict.REFUTED in verdicts:
        return 1
    return 3 if Verdict.CANNOT_TELL in verdicts or len(results) < wanted else 0
