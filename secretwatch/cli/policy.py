"""`secretwatch policy plan|apply|athena`: the IAM policy of whoever plans or applies an instance of the
module, or asks Athena about its history.

Here: where the instance comes from, and printing. What the policy says is decided in `policy.operators`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

from secretwatch import forms, partition
from secretwatch.cli import exits
from secretwatch.cli.groups import Group
from secretwatch.policy.operators import (
    INLINE,
    MANAGED,
    History,
    Instance,
    history_policy,
    instances,
    parts,
    policy,
    size,
)

_EXIT = exits.table(done="printed", usage="wrong usage, or no instance of the module in PLAN")


class _Text(click.ParamType):  # type: ignore[type-arg]
    """A text of one form."""

    def __init__(self, name: str, is_one: Callable[[str], object], wanted: str) -> None:
        self.name, self._is_one, self._wanted = name, is_one, wanted

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not self._is_one(value):
            self.fail(f"{value!r} is {self._wanted}.", param, ctx)
        return value


_NAME = _Text("name", forms.INSTANCE_NAME.fullmatch, "no name of an instance")
_ACCOUNT = _Text("account", forms.ACCOUNT_ID.fullmatch, "no account's id, which has 12 digits")
_REGION = _Text("region", partition.is_region, "no region, such as eu-west-1")
_SECRET = _Text("secret", forms.SECRET_NAME.fullmatch, "no name of a secret")


@click.group("policy", cls=Group)
def group() -> None:
    """Print the IAM policy for the role that plans or applies an instance of the module, or asks Athena.

    It is JSON and nothing else, so that it can be piped on:

    \b
      secretwatch policy apply tfplan | aws iam create-policy \\
        --policy-name NAME --policy-document file:///dev/stdin
    """


def _command(name: str, text: str, *, changes: bool) -> None:
    @group.command(name, help=text, epilog=_EXIT)
    @click.argument("source", metavar="[PLAN]", required=False, type=click.Path(exists=True, path_type=Path))
    @click.option(
        "--name",
        type=_NAME,
        metavar="NAME",
        help="The instance's `name`; with PLAN which one, where it has several. [default: secretwatch]",
    )
    @click.option(
        "--account", type=_ACCOUNT, metavar="ID", help="The account, without PLAN. [default: any account]"
    )
    @click.option(
        "--region",
        type=_REGION,
        metavar="REGION",
        help="The region, without PLAN. [default: any region of the partition aws]",
    )
    @click.option(
        "--secret",
        type=_SECRET,
        metavar="NAME",
        help="The secret that the module creates, without PLAN. [default: it creates none]",
    )
    @click.option(
        "--part",
        type=click.IntRange(min=1),
        metavar="N",
        help="Of a policy that is longer than a managed one takes, the Nth of several that together are it.",
    )
    def command(source: Path | None, name: str | None, part: int | None, **given: str | None) -> None:
        if source is None:
            found: tuple[Instance, ...] = (_any(name or "secretwatch", **given),)
        else:
            if wrong := next((option for option, value in given.items() if value), None):
                raise click.UsageError(f"--{wrong} is for a policy without PLAN, which says that itself.")
            found = _planned(source, name)
        document = policy(*found, changes=changes)
        several = parts(document)
        if part is not None:
            if part > len(several):
                few = "one part" if len(several) == 1 else f"{len(several)} parts"
                raise click.UsageError(f"--part {part}: this policy has {few}.")
            click.echo(json.dumps(several[part - 1], indent=2))
            return
        click.echo(json.dumps(document, indent=2))
        if (length := size(document)) > MANAGED:
            role = f", or put it into the role (aws iam put-role-policy), which takes {INLINE:,}"
            click.echo(
                f"This policy has {length:,} characters, and a managed policy takes {MANAGED:,}. Print it "
                f"for a PLAN, which needs less, or in {len(several)} parts (--part 1 to --part "
                f"{len(several)}), each a managed policy of its own{role if length <= INLINE else ''}.",
                err=True,
            )


_SOURCE = """
PLAN is a saved plan (terraform plan -out), its JSON (terraform show -json), or the folder of an applied root
module: the policy is then for what the instance has there, and for nothing else. Without it, it is for all
that an instance can have.
"""

_command(
    "plan",
    "Print the policy for the role that plans: it allows the reads of `terraform plan`, and no more.\n"
    + _SOURCE
    + "\nWith a secret whose value Terraform manages, a plan reads that value, and the alarm rings.",
    changes=False,
)
_command(
    "apply",
    "Print the policy for the role that applies: to create, change, destroy, and plan.\n" + _SOURCE,
    changes=True,
)


_BUCKET = _Text("bucket", forms.BUCKET_NAME.fullmatch, "no name of a bucket")
_PREFIX = _Text(
    "prefix", re.compile(r"[A-Za-z0-9!_.'()/=+@:-]*").fullmatch, "no prefix that a policy can name"
)
_OUTPUT = _Text(
    "place",
    re.compile(rf"s3://{forms.BUCKET_NAME.pattern}(/[A-Za-z0-9!_.'()/=+@:-]*)?").fullmatch,
    "no place for results, such as s3://my-results/athena/",
)
_KEY = _Text("key", forms.KEY_ARN.fullmatch, "no ARN of a key")
_IN_CATALOGUE = _Text("name", re.compile(r"[a-z0-9_-]{1,255}").fullmatch, "no name in the data catalogue")
_WORKGROUP = _Text("name", re.compile(r"[A-Za-z0-9._-]{1,128}").fullmatch, "no name of a workgroup")


@group.command("athena", epilog=exits.table(done="printed"))
@click.option("--bucket", type=_BUCKET, required=True, metavar="BUCKET", help="The trail's bucket.")
@click.option("--prefix", type=_PREFIX, default="", metavar="PREFIX", help="The trail's prefix in it.")
@click.option(
    "--output",
    type=_OUTPUT,
    metavar="S3",
    help="Place of the results, as s3://BUCKET/PREFIX. [default: the workgroup keeps them itself]",
)
@click.option(
    "--key",
    "keys",
    type=_KEY,
    multiple=True,
    metavar="ARN",
    help="The key that the trail's files are encrypted with, and that of results. May be given again.",
)
@click.option("--database", type=_IN_CATALOGUE, default="default", show_default=True, metavar="NAME")
@click.option("--table", type=_IN_CATALOGUE, default="cloudtrail_logs", show_default=True, metavar="NAME")
@click.option("--workgroup", type=_WORKGROUP, default="primary", show_default=True, metavar="NAME")
@click.option("--account", type=_ACCOUNT, metavar="ID", help="[default: any account]")
@click.option("--region", type=_REGION, metavar="REGION", help="[default: any region]")
def athena(**given: Any) -> None:
    """Print the policy for a role that asks Athena about a trail's history.

    It reads log files and the table's definition, writes results, and changes nothing else.
    """
    history = History(**{name: value for name, value in given.items() if value is not None})
    click.echo(json.dumps(history_policy(history), indent=2))


def _any(name: str, account: str | None, region: str | None, secret: str | None) -> Instance:
    return Instance(
        name,
        account=account or "*",
        region=region or "*",
        partition=partition.of_region(region or "").name,
        secret=secret,
    )


def _planned(source: Path, name: str | None) -> tuple[Instance, ...]:
    """What will be, and what is now where that is another."""
    document = _document(source)
    if document.get("errored") or document.get("complete") is False:
        _refuse(f"{source} is a plan that ended in an error, which nobody can apply: plan anew.")
    try:
        found = instances(document)
    except (AttributeError, KeyError, TypeError):
        _refuse(f"{source} is neither a plan of Terraform's nor the JSON of one.")
    if not found:
        _refuse(f"There is no instance of the module in {source}.")
    if name is None and len(found) > 1:
        _refuse(f"{source} has several instances, {', '.join(sorted(found))}: say which with --name.")
    if name is not None and name not in found:
        _refuse(f"{source} has no instance {name}, only {', '.join(sorted(found))}.")
    return found[name] if name else next(iter(found.values()))


def _document(source: Path) -> dict[str, Any]:
    """Terraform's JSON of a plan or state."""
    try:
        # Also what is no file, as a pipe.
        text = b"" if source.is_dir() else source.read_bytes()
    except OSError as error:
        _refuse(f"{source} cannot be read: {error.strerror or error}.")
    if not text.startswith(b"{"):
        if not (source.is_dir() or source.is_file()):
            _refuse(f"{source} is not Terraform's JSON: pipe in what `terraform show -json PLAN` prints.")
        text = _shown(source)
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        _refuse(f"{source} is neither a plan of Terraform's nor the JSON of one.")
    return document


def _shown(source: Path) -> bytes:
    """What Terraform says of a saved plan, or of the state of a folder."""
    from secretwatch import terraform

    plan = () if source.is_dir() else (str(source.absolute()),)
    # A plan is read with the providers of its root module.
    directory = source if source.is_dir() else _root_of(source)
    try:
        done = subprocess.run(
            [terraform.binary(), "show", "-json", "-no-color", *plan],
            cwd=directory,
            env=os.environ | {"TF_IN_AUTOMATION": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except terraform.TerraformNotUsable as error:
        _refuse(str(error))
    if done.returncode:
        why = terraform.first_error(done.stderr.decode(errors="replace"))
        _refuse(f"Terraform cannot show {source}: {why}")
    return done.stdout


def _root_of(plan: Path) -> Path:
    return plan.absolute().parent if (plan.absolute().parent / ".terraform").is_dir() else Path.cwd()


def _refuse(reason: str) -> NoReturn:
    click.echo(reason, err=True)
    sys.exit(2)
