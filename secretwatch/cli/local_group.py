"""The group `secretwatch local`, and what its commands share."""

from __future__ import annotations

import click

from secretwatch.cli import exits
from secretwatch.cli.console import plain
from secretwatch.cli.groups import Group

EXIT_CODES = exits.table(
    done="done (status: the local cloud is up)",
    failed="it could not be done",
    usage="wrong usage",
    unknown="no local cloud is up",
    port="the port is taken, or the local cloud is up on another one",
)

out = plain()
err = plain(stderr=True)


@click.group(cls=Group, epilog=EXIT_CODES)
def local() -> None:
    """A cloud on this machine: LocalStack with a CloudTrail, real metric filters, real alarms.

    One for each clone or project: its state is in .secretwatch/ of the nearest folder upwards that has one
    or is a git checkout, or in the folder that SECRETWATCH_STATE_DIR names.
    """


def count_of_calls(count: int) -> str:
    return f"{count} call{'' if count == 1 else 's'}"
