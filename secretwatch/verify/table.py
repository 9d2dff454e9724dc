"""All experiments, and who of them is asked for."""

from __future__ import annotations

from collections.abc import Iterable

from secretwatch.verify.experiments import (
    alarms,
    athena,
    chats,
    event_patterns,
    log_groups,
    patterns,
    rules,
    state_machines,
    topics,
    trails,
    values,
    windows,
)
from secretwatch.verify.model import Experiment

EXPERIMENTS: tuple[Experiment, ...] = (
    # Those on the trail first: they take longest, and the trail is to be made early.
    *trails.EXPERIMENTS,
    *log_groups.EXPERIMENTS,
    *windows.EXPERIMENTS,
    *values.EXPERIMENTS,
    *alarms.EXPERIMENTS,
    *rules.EXPERIMENTS,
    *topics.EXPERIMENTS,
    *state_machines.EXPERIMENTS,
    *chats.EXPERIMENTS,
    *patterns.EXPERIMENTS,
    *event_patterns.EXPERIMENTS,
    *athena.EXPERIMENTS,
)

BY_ID = {experiment.id: experiment for experiment in EXPERIMENTS}
if len(BY_ID) != len(EXPERIMENTS):
    raise ValueError("Two experiments have the same id.")


class Unknown(ValueError):
    """There is no such experiment; the message is one sentence."""


def named(names: Iterable[str]) -> tuple[Experiment, ...]:
    """These experiments, in the table's order. A name that ends with `*` stands for all that begin so.

    Raises Unknown.
    """
    wanted: set[str] = set()
    for name in names:
        if name.endswith("*"):
            these = {each for each in BY_ID if each.startswith(name[:-1])}
        else:
            these = {name} & set(BY_ID)
        if not these:
            raise Unknown(f"There is no experiment {name!r}: `secretwatch verify --list` shows them.")
        wanted |= these
    return tuple(each for each in EXPERIMENTS if each.id in wanted)
