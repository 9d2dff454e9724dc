"""`secretwatch check`: metric filters and alarms in HCL that never ring, before anything is planned."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import click

from secretwatch.cli import exits
from secretwatch.cli.console import visible
from secretwatch.cli.installed import needs


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
    help="Print JSON: {problems: [{file, line, address, sentence}], looked_at, left}.",
)
def check(names: tuple[str, ...], as_json: bool) -> None:
    """Look for metric filters and alarms on CloudTrail that never ring, in Terraform's files.

    FILE is a .tf file, DIR a folder with .tf files (folders below it are left out); the current folder by
    default. Filters and alarms of a folder are examined together, for every module and every subject. Values
    that only a plan knows are not examined, but counted. No plan is made, and AWS is not asked.

    Example: secretwatch check infra/alarms
    """
    needs("hcl2", extra="check")
    from secretwatch.pipeline.hcl_check import NotHcl
    from secretwatch.pipeline.hcl_check import check as look

    problems, looked_at, left = [], 0, 0
    for sources in _folders(names or (".",)):
        try:
            found = look(sources)
        except NotHcl as error:
            raise click.UsageError(str(error)) from None
        problems += found.problems
        looked_at, left = looked_at + found.looked_at, left + found.left
    if as_json:
        told = [
            {name: getattr(each, name) for name in ("file", "line", "address", "sentence")}
            for each in problems
        ]
        click.echo(json.dumps({"problems": told, "looked_at": looked_at, "left": left}, indent=2))
    else:
        for each in problems:
            click.echo(visible(f"{each.file}:{each.line}: {each.address}: {each.sentence}"))
        rest = f"; {left} more are known only in a plan" if left else ""
        some = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}"
        click.echo(f"{looked_at} filters and alarms looked at, {some}{rest}.", err=True)
    raise SystemExit(exits.FAILED if problems else exits.DONE)


def _folders(names: tuple[str, ...]) -> list[dict[str, str]]:
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
    return list(by_folder.values())
