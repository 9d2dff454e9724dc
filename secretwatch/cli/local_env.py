"""`secretwatch local env`: what points a shell at the local cloud."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

import click

from secretwatch import local as cloud
from secretwatch import terraform
from secretwatch.cli.console import visible
from secretwatch.cli.local_group import EXIT_CODES, local


@local.command(epilog=EXIT_CODES)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: name → value.")
def env(as_json: bool) -> None:
    """Print what a shell needs for Terraform, the AWS CLI and boto3: eval "$(secretwatch local env)".

    If no local cloud is up, the line that evaluates this fails, and its shell can reach no other cloud. If no
    registry answers, TF_CLI_CONFIG_FILE names the provider mirror that the scripts use, until `local down`.
    """
    try:
        running = cloud.require(cloud.find_state_dir())
    except cloud.NotUp:
        if not as_json:
            # Whoever evaluates nothing, and then applies, does so in a real account.
            print(_nowhere())
        raise
    providers = _providers(running)
    # Plain print: this is read by a shell, not by a person.
    print(json.dumps(running.env() | providers) if as_json else shell(running, providers))


def _providers(running: cloud.LocalCloud) -> dict[str, str]:
    """What Terraform needs to find its providers where no registry answers."""
    folder = cloud.StateDir(running.state_dir).mirror
    config = terraform.for_a_shell(
        folder, os.environ, Path.home(), Path("/opt"), lambda line: click.echo(visible(line), err=True)
    )
    if config and cloud.status(running.state_dir) is None:
        # It was stopped meanwhile, perhaps before there was anything to remove.
        shutil.rmtree(folder, ignore_errors=True)
        return {}
    return {"TF_CLI_CONFIG_FILE": str(config)} if config else {}


def shell(running: cloud.LocalCloud, more: Mapping[str, str] | None = None) -> str:
    """`running.env()` and `more` as lines for a POSIX shell; what would get in the way is unset."""
    return _lines(running.env() | dict(more or {}))


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
