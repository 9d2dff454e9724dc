"""`secretwatch check`: metric filters and alarms in HCL that never ring, before anything is planned."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from secretwatch.cli import exits
from secretwatch.cli.console import visible
from secretwatch.cli.installed import needs

if TYPE_CHECKING:
    from secretwatch.pipeline.hcl_check import Left

_PLACES = 3


@click.command(
    epilog=exits.table(
        done="nothing found",
        failed="a filter or an alarm that CloudWatch refuses, or that never rings",
        usage="wrong usage, or a file that cannot be read",
    )
)
@click.argument("names", metavar="[FILE|DIR]...", nargs=-1)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print JSON: {problems: [{file, line, address, sentence, judged_by}], looked_at, left, "
    "left_why: [{file, line, address, why}], judged_by}.",
)
def check(names: tuple[str, ...], as_json: bool) -> None:
    """Look for metric filters and alarms on CloudTrail that never ring, in Terraform's files.

    FILE is a .tf file, DIR a folder with .tf files (folders below it are left out); the current folder by
    default. Filters and alarms of a folder are examined together, for every module and every subject. Locals
    are followed, and variables by a .tfvars file that Terraform reads itself, or by their default: the output
    says so. Values that only a plan knows are not examined, but named. No plan is made, and AWS is not asked.

    Example: secretwatch check infra/alarms
    """
    needs("hcl2", extra="check")
    from secretwatch.pipeline.hcl_check import check as look
    from secretwatch.pipeline.hcl_values import NotHcl

    problems, looked_at, left, judged_by = [], 0, [], set()
    for folder, sources in _folders(names or (".",)).items():
        try:
            found = look(sources, _beside(folder, sources), _settings(folder))
        except NotHcl as error:
            raise click.UsageError(str(error)) from None
        problems += found.problems
        looked_at += found.looked_at
        left += found.left
        judged_by.update(found.judged_by)
    if as_json:
        told = {
            "problems": [asdict(each) for each in problems],
            "looked_at": looked_at,
            "left": len(left),
            "left_why": [asdict(each) for each in left],
            "judged_by": sorted(judged_by),
        }
        click.echo(json.dumps(told, indent=2))
    else:
        for each in problems:
            by = f" Judged by {' and '.join(each.judged_by)}." if each.judged_by else ""
            click.echo(visible(f"{each.file}:{each.line}: {each.address}: {each.sentence}{by}"))
        some = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
        rest = f"; {len(left)} more left to a plan" if left else ""
        click.echo(f"{looked_at} filters and alarms looked at, {some}{rest}.", err=True)
        for why, places in _alike(left).items():
            click.echo(visible(f"  left to a plan: {why}: {places}"), err=True)
        if judged_by:
            click.echo(visible(f"  judged by {', '.join(sorted(judged_by))}"), err=True)
    raise SystemExit(exits.FAILED if problems else exits.DONE)


def _alike(left: Sequence[Left]) -> dict[str, str]:
    """What is left for the same reasons: where, and how many."""
    places: dict[str, list[str]] = defaultdict(list)
    for each in left:
        places["; ".join(each.why)].append(f"{each.file}:{each.line}")
    return {
        why: ", ".join(where[:_PLACES]) + (f" and {more} more" if (more := len(where) - _PLACES) > 0 else "")
        for why, where in places.items()
    }


def _folders(names: tuple[str, ...]) -> dict[Path, dict[str, str]]:
    """The texts of .tf files, by folder: those named, or all of a folder that is named."""
    by_folder: dict[Path, dict[str, str]] = defaultdict(dict)
    for name in names:
        path = Path(name)
        files = sorted(path.glob("*.tf")) if path.is_dir() else [path]
        if not files:
            raise click.UsageError(f"{name} holds no .tf files: name a folder that does.")
        for file in files:
            try:
                by_folder[file.parent][str(file)] = file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                why = getattr(error, "strerror", None) or "it is no UTF-8 text"
                raise click.UsageError(f"{file} cannot be read: {why}.") from None
    return by_folder


def _beside(folder: Path, sources: Mapping[str, str]) -> dict[str, str | None]:
    """The other .tf files of a folder of which some are named: Terraform reads them as one."""
    others = (each for each in folder.glob("*.tf") if not each.name.startswith(".") and not each.is_dir())
    return {str(each): _text(each) for each in others if str(each) not in sources}


def _settings(folder: Path) -> dict[str, str | None]:
    from secretwatch.pipeline.hcl_values import is_settings

    try:
        return {each.name: _text(each) for each in folder.iterdir() if is_settings(each.name)}
    except OSError:
        return {}


def _text(file: Path) -> str | None:
    """None of one that cannot be read, or is a pipe, which would never end."""
    try:
        return file.read_text(encoding="utf-8") if file.is_file() else None
    except (OSError, UnicodeDecodeError):
        return None
