"""What is broken, and what is so still when the plan was carried out."""

from __future__ import annotations

from typing import Any

from secretwatch.pipeline.doctor.kinds import after
from secretwatch.pipeline.doctor.walk import Diagnosis, configured


def broken(found: Diagnosis) -> list[tuple[str, str]]:
    return [(name, each.cause) for name, each in found.broken]


def mended(found: Diagnosis) -> list[tuple[str, str]]:
    """What is broken still, when the plan was carried out."""
    later = found.view.after(after(found.view.account, found.plan))
    return [
        (hop.name, each.cause)
        for hop in configured(later)
        for each in hop.findings
        if each.verdict == "broken"
    ]


QUIET: dict[str, Any] = {"read": None, "reads": []}
