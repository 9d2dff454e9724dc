"""docs/verify.md's table, from the table of experiments."""

from __future__ import annotations

from collections.abc import Iterable

from secretwatch.verify import stage
from secretwatch.verify.kinds import ACTIONS, CENTS
from secretwatch.verify.model import Experiment, Verdict
from secretwatch.verify.table import EXPERIMENTS

STAGE_CENTS = sum(CENTS[kind] * count for kind, count in stage.MAKES.items())
_STAGE_ACTIONS = frozenset(stage.CALLS).union(*(ACTIONS[kind] for kind in stage.MAKES))


def duration(seconds: float) -> str:
    """In words a person uses."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def cents(amount: float) -> str:
    return "nothing" if not amount else f"{amount:.2f} ¢"


def sections(experiments: Iterable[Experiment] = EXPERIMENTS) -> str:
    """The page's generated part."""
    experiments = tuple(experiments)
    rows = [
        f"| [`{each.id}`](#{each.id}) | {_cell(each.claim)} | {cents(each.cents)} | {duration(each.seconds)}"
        f"{', on the trail' if each.on_trail else ''} |"
        for each in experiments
    ]
    table = "\n".join(("| experiment | claim | costs | takes |", "| --- | --- | --- | --- |", *rows))
    trail = (
        f"The trail that experiments share costs {cents(STAGE_CENTS)} and delivers after about ten minutes; "
        f"it needs {_listed(_STAGE_ACTIONS)}."
    )
    return "\n\n".join((table, trail, *(_section(each) for each in experiments)))


def _section(experiment: Experiment) -> str:
    lines = [
        f"### {experiment.id}",
        f"{experiment.claim} {experiment.why}",
        f"Source: {experiment.source}",
        "\n".join(
            f"- {outcome.verdict}: {outcome.sentence}"
            for outcome in sorted(
                experiment.outcomes.values(), key=lambda each: list(Verdict).index(each.verdict)
            )
        ),
    ]
    if experiment.numbers:
        means = "\n".join(f"- `{name}`: {_short(meaning)}" for name, meaning in experiment.numbers.items())
        lines.append(f"Numbers:\n\n{means}")
    if experiment.actions:
        beyond = ", beyond those of the trail" if experiment.on_trail else ""
        lines.append(f"Permissions{beyond}: {_listed(experiment.actions)}.")
    return "\n\n".join(lines)


def _listed(actions: Iterable[str]) -> str:
    return ", ".join(f"`{action}`" for action in sorted(actions))


def _short(text: str) -> str:
    return text if len(text) <= 160 else f"{text[:40]} … {text[-60:]}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
