"""`secretwatch local env`: what points a shell at the local cloud."""

from __future__ import annotations

import json
import os
import shlex

import click

from secretwatch import local as cloud
from secretwatch.cli.local_group import EXIT_CODES, local


@local.command(epilog=EXIT_CODES)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: name → value.")
def env(as_json: bool) -> None:
    """Print what a shell needs for Terraform, the AWS CLI and boto3: eval "$(secretwatch local env)".

    If no local cloud is up, the line that evaluates this fails, and its shell can reach no other cloud.
    """
    try:
        running = cloud.require(cloud.find_state_dir())
    except cloud.NotUp:
        if not as_json:
            # Whoever evaluates nothing, and then applies, does so in a real account.
            print(_nowhere())
        raise
    # Plain print: this is read by a shell, not by a person.
    print(json.dumps(running.env()) if as_json else shell(running))


def shell(running: cloud.LocalCloud) -> str:
    """`running.env()` as lines for a POSIX shell; what would get in the way is unset."""
    return _lines(running.env())


def _nowhere() -> str:
    """Lines for a POSIX shell after which nothing answers as AWS; the last of them fails."""
    return _lines(cloud.clients_env(cloud.DEAD_ENDPOINT)) + "\nfalse"


def _lines(variables: dict[str, str]) -> str:
    foreign = cloud.foreign_variables(os.environ, variables)
    lines = [f"unset {' '.join(foreign)}"] if foreign else []
    lines += [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join([*lines, _CLI])


# Version 1 of the AWS CLI calls SQS, RDS and Health by names of AWS's own, whatever AWS_ENDPOINT_URL says:
# only its option holds it.
_CLI = 'aws() { command aws ${AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"} "$@"; }'
