"""What of a walk is not healthy, and some answers of AWS that make it so."""

from __future__ import annotations

from dataclasses import replace

from healthy import absent, read

from secretwatch.pipeline.doctor.walk import Diagnosis


def verdicts(diagnosis: Diagnosis) -> dict[str, tuple[str, str]]:
    """Verdict and cause of each hop that is not healthy."""
    return {hop.name: (hop.verdict, hop.cause or "") for hop in diagnosis.hops if hop.verdict != "healthy"}


NOT_DELIVERED = replace(read(), delivered=None, logged=None)
NO_CREDENTIALS = replace(
    absent("sts:GetCallerIdentity"),
    problem="failed",
    why="Unable to locate credentials.",
    about_credentials=True,
)
UNAVAILABLE = replace(NO_CREDENTIALS, why="answers 503: Service Unavailable.", about_credentials=False)
