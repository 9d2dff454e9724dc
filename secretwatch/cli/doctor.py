"""`secretwatch doctor`: why no e-mail comes, hop by hop, with the mend."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from secretwatch.cli.console import plain

if TYPE_CHECKING:
    from rich.status import Status

    from secretwatch.pipeline.doctor.findings import Finding, Hop
    from secretwatch.pipeline.doctor.subject import Subject
    from secretwatch.pipeline.doctor.walk import Diagnosis

_STYLES = {
    "healthy": "green",
    "warning": "yellow",
    "not reached": "dim",
    "cannot tell": "magenta",
    "broken": "bold red",
}
_RESULTS = {"healthy": "bold green", "broken": "bold red", "cannot tell": "bold magenta"}
_ENDLESS = 10_000
_TELL_EVERY = 30.0
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class _Since(click.ParamType):  # type: ignore[type-arg]
    """`30m`, `1h`, or a time in ISO 8601 (UTC where it names no zone)."""

    name = "since"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        now = datetime.now(UTC)
        if found := re.fullmatch(r"(\d+)([smhd])", value):
            ago = timedelta(seconds=min(int(found[1]) * _UNITS[found[2]], 90 * 86400))
            return now - ago
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value!r} is neither a time like 30m or 1h nor one like 2026-01-31T12:00.", param, ctx
            )
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        if at > now:
            self.fail(f"{value!r} is still to come.", param, ctx)
        return at


@click.command(
    epilog="Exit codes: 0 healthy, also with warnings; 1 broken (the hops are in the JSON's `broken`); 2 "
    "wrong usage or nothing applied; 3 it cannot be told (missing permissions are named); 130 interrupted."
)
@click.argument(
    "directory",
    metavar="[DIR]",
    required=False,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option("--alarm", metavar="NAME", help="Start from this alarm of the account, without Terraform.")
@click.option("--log-group", metavar="NAME", help="Start from this log group of the account.")
@click.option(
    "--watch", metavar="KEY", help="Which watch, where the root module's output `watches` has several."
)
@click.option(
    "--secret",
    "secrets",
    metavar="NAME|ARN",
    multiple=True,
    help="The secret whose reads count; several are allowed. [default: those that DIR watches, else all]",
)
@click.option(
    "--since",
    type=_Since(),
    metavar="TIME",
    help="Follow the last read since then: 30m, 1h, or a time. [default: 1h]",
)
@click.option("--event-id", metavar="ID", help="Follow the read with this CloudTrail event id.")
@click.option("--canary", is_flag=True, help="Read the secret once, never showing it, and follow that read.")
@click.option("--policy", "show_policy", is_flag=True, help="Print the IAM policy that this needs, and end.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the diagnosis as JSON; what happens goes to stderr."
)
@click.option(
    "--report",
    "report_file",
    metavar="FILE.html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the diagnosis, with a timeline of the last reads, as one HTML page.",
)
def doctor(
    directory: Path | None,
    alarm: str | None,
    log_group: str | None,
    watch: str | None,
    secrets: tuple[str, ...],
    since: datetime | None,
    event_id: str | None,
    canary: bool,
    show_policy: bool,
    as_json: bool,
    report_file: Path | None,
) -> None:
    """Say why no e-mail comes when a secret is read: which hop is broken, and what mends it.

    DIR is an applied root module with an output `watch`; --alarm or --log-group start from what is in the
    account. The environment says which cloud: AWS_PROFILE and the like, or AWS_ENDPOINT_URL. Nothing is
    changed, and nothing is read but settings and logs, unless with --canary.
    """
    if sum(map(bool, (directory, alarm or log_group))) > 1:
        raise click.UsageError(
            "DIR has its own alarm and log group: give either DIR or --alarm, --log-group."
        )
    if watch and not directory:
        raise click.UsageError("--watch chooses from a root module's output: give its DIR.")
    if not (directory or alarm or log_group or show_policy):
        raise click.UsageError("What is to be examined? Give DIR, --alarm NAME or --log-group NAME.")
    if report_file and not report_file.absolute().parent.is_dir():
        raise click.UsageError(f"{report_file.parent} is not a folder: --report writes into one that exists.")
    if canary and event_id:
        raise click.UsageError("--canary follows its own read, --event-id another: give one of them.")
    console = plain(stderr=as_json, soft_wrap=True)
    try:
        diagnosis = _run(
            console, directory, alarm, log_group, watch, secrets, since, event_id, canary, show_policy
        )
    except KeyboardInterrupt:
        click.echo("It was interrupted.", err=True)
        sys.exit(130)
    if diagnosis is None:
        return
    if report_file:
        from secretwatch.pipeline.doctor.page import page

        try:
            report_file.write_text(page(diagnosis), encoding="utf-8")
        except OSError as error:
            click.echo(f"The report cannot be written: {error}.", err=True)
    if as_json:
        click.echo(json.dumps(diagnosis.as_dict(), indent=2, ensure_ascii=False))
    else:
        show(console, diagnosis)
    sys.exit(diagnosis.exit_code)


def _run(
    console: Console,
    directory: Path | None,
    alarm: str | None,
    log_group: str | None,
    watch: str | None,
    secrets: tuple[str, ...],
    since: datetime | None,
    event_id: str | None,
    canary: bool,
    show_policy: bool,
) -> Diagnosis | None:
    with console.status("looking for the watch") as status:
        subject, secret = _subject(directory, alarm, log_group, watch, secrets)
        if show_policy:
            from secretwatch.pipeline.doctor.permissions import policy

            click.echo(json.dumps(policy(subject), indent=2))
            return None
        import boto3

        from secretwatch.pipeline.aws import NO_CREDENTIALS, one_line
        from secretwatch.pipeline.doctor.examine import Doctor
        from secretwatch.pipeline.reads import ReadFailed

        assert subject
        status.update(f"examining {subject.name}")
        try:
            session = boto3.Session(region_name=subject.region)
            doctor = Doctor(subject, session, since=since, event_id=event_id, tell=_teller(console, status))
            if not canary:
                return doctor.examine()
            if secret is None:
                _refuse("Which secret is the canary to read? Say it with --secret NAME.")
            if "GetSecretValue" not in subject.event_names:
                _refuse("This watch is on other calls than reads: make one of those, and leave out --canary.")
            region = secret.split(":")[3] if secret.startswith("arn:") else subject.region
            return doctor.canary(secret, region)
        except NO_CREDENTIALS as error:
            _refuse(f"There are no AWS credentials to use: {one_line(error)}")
        except ReadFailed as error:
            _refuse(str(error))


def _teller(console: Console, status: Status) -> Callable[[str], None]:
    """Says what goes on: in a terminal on a moving line, elsewhere with a line every half minute."""
    told = time.monotonic()

    def tell(text: str) -> None:
        nonlocal told
        if console.is_terminal:
            status.update(text)
        elif time.monotonic() - told >= _TELL_EVERY:
            told = time.monotonic()
            click.echo(text, err=True)

    return tell


def _subject(
    directory: Path | None,
    alarm: str | None,
    log_group: str | None,
    watch: str | None,
    secrets: tuple[str, ...],
) -> tuple[Subject | None, str | None]:
    """What to examine, and the secret that a canary reads."""
    from contextlib import suppress
    from dataclasses import replace

    from secretwatch.pipeline.applied import NothingApplied, watch_in
    from secretwatch.pipeline.doctor.subject import Subject
    from secretwatch.pipeline.watch import UnknownSecret
    from secretwatch.terraform import TerraformNotUsable

    wanted = secrets[0] if secrets else None
    if directory:
        try:
            found = watch_in(directory, watch)
            subject = Subject.of_watch(found, directory)
            if secrets:
                subject = replace(subject, secrets=secrets)
            if wanted is None:
                with suppress(UnknownSecret):
                    wanted = found.secret()
            # A prefix is nothing that a canary could read.
            return subject, None if wanted and wanted.endswith("*") else wanted
        except (NothingApplied, TerraformNotUsable) as error:
            _refuse(str(error))
    if not (alarm or log_group):
        return None, None
    import boto3

    region = boto3.Session().region_name
    if not region:
        _refuse("In which region? Set AWS_REGION.")
    name = alarm or log_group or ""
    return Subject(
        region=region, name=name, alarm_name=alarm, log_group_name=log_group, secrets=secrets
    ), wanted


def _refuse(reason: str) -> NoReturn:
    click.echo(reason, err=True)
    sys.exit(2)


# For people


def show(console: Console, diagnosis: Diagnosis) -> None:
    """The walk as a tree: hop, verdict, sentence; below it the mends of what is wrong."""
    facts = diagnosis.facts
    title = Text(facts.subject.name or "the account", style="bold")
    title.append(f"  account {facts.account_id or '?'}, {facts.subject.region}", style="not bold dim")
    tree = Tree(title, guide_style="dim")
    for number, hop in enumerate(diagnosis.hops, 1):
        branch = tree.add(_line(f"{number} {hop.name}", hop.verdict, hop.sentence))
        for each in _others(hop):
            branch.add(_line("also", each.verdict, each.sentence))
    # In a file or a pipe a sentence stays on its line.
    wide = console if console.is_terminal else plain(file=console.file, width=_ENDLESS)
    wide.print(tree, soft_wrap=False)
    if facts.other_alarms:
        listed = ", ".join(facts.other_alarms)
        console.print(Text(f"Also on this log group, to be chosen with --alarm: {listed}", style="dim"))
    _mends(console, diagnosis)
    console.print(_ending(diagnosis))


def _line(name: str, verdict: str, sentence: str) -> Table:
    line = Table.grid(padding=(0, 2, 0, 0))
    line.add_column(width=13)
    line.add_column(width=11)
    line.add_column(overflow="fold")
    quiet = verdict in ("healthy", "not reached")
    line.add_row(name, Text(verdict, style=_STYLES[verdict]), Text(sentence, style="dim" if quiet else ""))
    return line


def _others(hop: Hop) -> list[Finding]:
    return [each for each in hop.findings if each is not hop.worst]


def _mends(console: Console, diagnosis: Diagnosis) -> None:
    """Commands stand by themselves, so that they can be copied whole."""
    for hop in diagnosis.hops:
        for each in hop.findings:
            if each.mend and each.verdict in ("broken", "cannot tell", "warning"):
                console.print(Text(f"\n{hop.name} ({each.cause}):", style=_STYLES[each.verdict]))
                for line in each.mend.split("\n"):
                    console.print(Text(f"  {line}"))
    if diagnosis.missing:
        console.print(Text("\nMissing permissions (--policy prints all that are needed):", style="magenta"))
        for permission in diagnosis.missing:
            console.print(Text(f"  {permission}"))


def _ending(diagnosis: Diagnosis) -> Text:
    words = Text(f"\n{diagnosis.result}: ", style=_RESULTS[diagnosis.result])
    broken = [name for name, _ in diagnosis.broken]
    read = diagnosis.facts.read
    if broken:
        words.append(f"the first broken hop is {broken[0]}", style="not bold default")
    elif diagnosis.result == "cannot tell":
        words.append("see above what is missing", style="not bold default")
    elif read:
        words.append(
            f"the read of {read.secret or 'a secret'} at {read.time:%H:%M:%S} UTC was followed",
            style="not bold default",
        )
    else:
        words.append("as far as it is configured; no read was seen", style="not bold default")
    return words
