"""`secretwatch verify`: experiments in an account that settle what AWS's documents leave open."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from secretwatch.cli import exits
from secretwatch.cli.console import plain
from secretwatch.cli.deployed import place

if TYPE_CHECKING:
    from secretwatch.verify.cloud import Cloud
    from secretwatch.verify.model import Experiment
    from secretwatch.verify.result import Result
    from secretwatch.verify.state import State

_STYLES = {"confirmed": "green", "refuted": "bold red", "cannot tell": "yellow"}
_TELL_EVERY = 30.0
_ID = 34


@click.command(
    epilog=exits.table(
        done="every claim was confirmed",
        failed="a claim was refuted",
        usage="wrong usage, no credentials, or missing permissions",
        unknown="a claim that could not be tested, or something was left behind",
    )
)
@click.option("--list", "list_", is_flag=True, help="Show the experiments and call nothing.")
@click.option(
    "--only",
    metavar="NAME[,NAME]",
    multiple=True,
    help="Run these. A name that ends with * stands for all that begin so.",
)
@click.option(
    "--json",
    "report",
    metavar="FILE|-",
    help="Write what was found, without account, ARNs, names or request ids: to be sent to somebody. With - "
    "it is printed, and the rest goes to stderr. With --list, the experiments.",
)
@click.option("--region", metavar="REGION", help="Where to run. [default: the environment's]")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--again", is_flag=True, help="Also run what is done already.")
@click.option(
    "--clean", is_flag=True, help="Run nothing: remove what runs left behind, also those of somebody else."
)
@click.option("--unchecked", is_flag=True, help="Start even if permissions seem to be missing.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=24,
    show_default=True,
    help="How many experiments run at a time.",
)
@click.option(
    "--state-file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Remembers what is done. [default: verify.json in the user's state folder]",
)
def verify(list_: bool, only: tuple[str, ...], report: str | None, **options: Any) -> None:
    """Test in an account the questions that AWS's documents leave open.

    Each experiment makes a few small resources, looks what AWS does, and removes them. All have names that
    begin with secretwatch-verify-, and a tag of that name. A finished experiment is not run again. If a run
    is interrupted, the next one removes what it left. The environment says which cloud: AWS_PROFILE and
    similar variables for AWS, AWS_ENDPOINT_URL for the local cloud.
    """
    from secretwatch.verify.table import EXPERIMENTS, Unknown, named

    names = [name.strip() for each in only for name in each.split(",") if name.strip()]
    if only and not names:
        raise click.UsageError("--only names no experiment: give names from --list, or leave it out.")
    try:
        experiments = named(names) if names else EXPERIMENTS
    except Unknown as error:
        raise click.UsageError(str(error)) from error
    if report and report != "-" and not Path(report).absolute().parent.is_dir():
        raise click.UsageError(f"{Path(report).parent} is not a folder: --json writes into one that exists.")
    console = plain(stderr=report == "-", soft_wrap=True)
    if list_:
        _list(console, experiments)
        _write(report, {"experiments": [_listed(each) for each in experiments]})
        return
    raise SystemExit(_run(console, experiments, report, options))


def _run(
    console: Console, experiments: Sequence[Experiment], report: str | None, given: dict[str, Any]
) -> int:
    from secretwatch.verify import state as states
    from secretwatch.verify.report import as_dict
    from secretwatch.verify.result import exit_code
    from secretwatch.verify.run import Verification

    cloud = _cloud(given["region"])
    file = given["state_file"] or states.default_file(os.environ, Path.home())
    state = states.State(file, states.place_of(cloud))
    console.print(place("verify", cloud.account, cloud.region, cloud.endpoint))
    if given["clean"]:
        return _clean(console, cloud, state, yes=given["yes"])
    try:
        if given["again"]:
            state.forget(experiments)
        done = state.results(experiments)
        lost = state.runs()
    except OSError as error:
        raise click.UsageError(f"What is done cannot be remembered: {error}.") from error
    if lost:
        _remove(console, cloud, state, lost)
    finished = {result.experiment.id for result in done}
    left = [each for each in experiments if each.id not in finished]
    display = Display(console)
    for result in done:
        display.finished(result, "done before")
    ending, stage_cents, left_behind = "finished", 0.0, False
    if left:
        _check(console, cloud, left, unchecked=given["unchecked"])
        _ask(console, left, yes=given["yes"])
        verification = Verification(cloud, left, display, state.add, given["jobs"])
        state.begin(verification.context.id)
        try:
            verification.run()
        except KeyboardInterrupt:
            ending = "interrupted"
        finally:
            display.close()
            left_behind = bool(verification.context.left_behind)
            if not left_behind and not verification.is_running:
                state.end(verification.context.id)
        for kind, name in verification.context.left_behind:
            console.print(Text(f"Left behind: the {kind} {name}. The next run removes it.", style="bold red"))
        done += verification.results
        stage_cents = verification.stage_cents
    order = {each.id: number for number, each in enumerate(experiments)}
    done.sort(key=lambda result: order[result.experiment.id])
    _tell_end(console, done, len(experiments), stage_cents)
    _write(report, as_dict(cloud, done, ending, version("secretwatch"), datetime.now(UTC), stage_cents))
    if ending == "interrupted":
        return 130
    if cloud.is_local:
        # The next cloud on this port is another one.
        state.forget(experiments)
    code = exit_code(done, len(experiments))
    return 3 if left_behind and not code else code


def _cloud(region: str | None) -> Cloud:
    """Raises click.UsageError where there is none to be had."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from secretwatch.pipeline.aws import one_line
    from secretwatch.verify.cloud import Cloud

    try:
        session = boto3.Session()
        region = region or session.region_name
        if not region:
            raise click.UsageError("There is no region: set AWS_REGION or give --region.")
        return Cloud.of(session, region)
    except (BotoCoreError, ClientError, ValueError) as error:
        raise click.UsageError(f"AWS cannot be called: {one_line(error)}") from error


def _check(console: Console, cloud: Cloud, experiments: Sequence[Experiment], *, unchecked: bool) -> None:
    """Refuse to start where permissions lack."""
    from botocore.exceptions import BotoCoreError, ClientError

    from secretwatch.pipeline.aws import one_line
    from secretwatch.verify import permissions

    console.print(Text("Looking which permissions there are …", style="dim"))
    try:
        answer = permissions.check(cloud, permissions.needed(experiments))
    except (BotoCoreError, ClientError) as error:
        raise click.UsageError(f"The permissions cannot be looked at: {one_line(error)}") from error
    unknown = ""
    if answer.unknown:
        unknown = (
            "Without iam:SimulatePrincipalPolicy it is not known whether these are allowed: "
            f"{', '.join(answer.unknown)}."
        )
    if answer.missing and not unchecked:
        raise click.UsageError(
            f"These permissions are missing: {', '.join(answer.missing)}. Give them, run fewer experiments "
            f"(--only), or start nevertheless (--unchecked). {unknown}".rstrip()
        )
    if unknown:
        console.print(Text(unknown, style="yellow"))


def _ask(console: Console, experiments: Sequence[Experiment], *, yes: bool) -> None:
    from secretwatch.verify.page import STAGE_CENTS, cents, duration
    from secretwatch.verify.run import estimate

    on_trail = sum(each.on_trail for each in experiments)
    total = sum(each.cents for each in experiments) + (STAGE_CENTS if on_trail else 0)
    made = sum(sum(each.makes.values()) for each in experiments)
    count = "1 experiment" if len(experiments) == 1 else f"{len(experiments)} experiments"
    text = f"{count}: up to {made} small things are made, which cost up to {cents(total)}, "
    text += f"in about {duration(estimate(experiments))} on AWS."
    if on_trail:
        text += f" {on_trail} share a trail, a bucket and a log group, made for them."
    console.print(Text(text))
    if yes:
        return
    try:
        answer = click.confirm("Go on?", err=True)
    except click.Abort as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise click.UsageError("Nobody answers here: say --yes to go on.") from None
    if not answer:
        raise SystemExit(2)


def _remove(console: Console, cloud: Cloud, state: State, runs: Sequence[str]) -> None:
    """What runs of ours left behind, that did not come to their end."""
    from secretwatch.verify.kinds import found, run_of
    from secretwatch.verify.lab import remove

    console.print(Text("Removing what an interrupted run left …", style="dim"))
    lost = [(kind, name) for kind, name in found(cloud) if run_of(name) in runs]
    stayed = {run_of(name) for kind, name in lost if not _removed(console, remove, cloud, kind, name)}
    for run in runs:
        if run not in stayed:
            state.end(run)


def _clean(console: Console, cloud: Cloud, state: State, *, yes: bool) -> int:
    from secretwatch.verify.kinds import found
    from secretwatch.verify.lab import remove

    lost = list(found(cloud))
    for kind, name in lost:
        console.print(Text(f"  {kind:<10} {name}"))
    if not lost:
        console.print(Text("Nothing is left behind."))
    elif not yes and not click.confirm("Remove all of this? A run that is going on would fail.", err=True):
        return 2
    stayed = [each for each in lost if not _removed(console, remove, cloud, *each)]
    if not stayed:
        for run in state.runs():
            state.end(run)
    return 3 if stayed else 0


def _removed(console: Console, remove: Any, cloud: Cloud, kind: str, name: str) -> bool:
    gone: bool = remove(cloud, kind, name)
    if gone:
        console.print(Text(f"  removed the {kind} {name}", style="dim"))
    else:
        console.print(Text(f"  cannot remove the {kind} {name}", style="bold red"))
    return gone


def _list(console: Console, experiments: Sequence[Experiment]) -> None:
    from secretwatch.verify.page import STAGE_CENTS, cents, duration

    for each in experiments:
        line = Text(f"{each.id:<{_ID}}")
        line.append(f"{duration(each.seconds):>7}  {cents(each.cents):>8}  ", style="cyan")
        line.append(each.claim)
        console.print(line)
        if each.actions:
            console.print(Text(f"{'':<{_ID}}needs {', '.join(sorted(each.actions))}", style="dim"))
    if any(each.on_trail for each in experiments):
        sharing = sum(each.on_trail for each in experiments)
        console.print(Text(f"{sharing} of these share a trail, which costs {cents(STAGE_CENTS)} more."))


def _listed(experiment: Experiment) -> dict[str, Any]:
    return {
        "id": experiment.id,
        "claim": experiment.claim,
        "why": experiment.why,
        "source": experiment.source,
        "seconds": experiment.seconds,
        "cents": round(experiment.cents, 3),
        "on_trail": experiment.on_trail,
        "permissions": sorted(experiment.actions),
    }


def _write(report: str | None, content: dict[str, Any]) -> None:
    if report is None:
        return
    text = json.dumps(content, indent=2, ensure_ascii=False)
    if report == "-":
        click.echo(text)
        return
    from secretwatch.pipeline.whole_files import write_whole

    try:
        write_whole(Path(report), text + "\n")
    except OSError as error:
        raise click.UsageError(f"The report cannot be written: {error}.") from error


class Display:
    """A line for each experiment that came to its end; in a terminal a moving line for each that waits."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._told = 0.0

    def finished(self, result: Result, detail: str) -> None:
        line = Text(f"  {result.verdict:<12}", style=_STYLES[str(result.verdict)])
        line.append(f"{result.seconds:7.1f} s  {result.cents:5.2f} ¢  ", style="default")
        line.append(f"{result.experiment.id:<{_ID}}", style="default")
        line.append(
            " ".join(filter(None, (result.meaning.sentence, f"({detail})" if detail else ""))), style="dim"
        )
        self._console.print(line)

    def waiting(self, waiting: Mapping[str, str], seconds: float) -> None:
        if not waiting:
            self.close()
        elif self._console.is_terminal:
            if self._live is None:
                self._live = Live(console=self._console, transient=True, refresh_per_second=4)
                self._live.start()
            self._live.update(Group(*(_awaited(name, what, seconds) for name, what in waiting.items())))
        elif seconds - self._told >= _TELL_EVERY:
            self._told = seconds
            awaited = "; ".join(f"{name}: {what}" for name, what in waiting.items())
            self._console.print(Text(f"  waiting for {seconds:.0f} s now: {awaited}", style="yellow"))

    def note(self, text: str) -> None:
        self._console.print(Text(text, style="yellow"))

    def close(self) -> None:
        """Take the moving lines away."""
        if self._live:
            self._live.stop()
            self._live = None


def _awaited(name: str, what: str, seconds: float) -> Text:
    line = Text("  ", no_wrap=True, overflow="ellipsis")
    line.append(f"{'waiting':<12}{seconds:7.1f} s           {name:<{_ID}}", style="yellow")
    line.append(what, style="dim")
    return line


def _tell_end(console: Console, results: Sequence[Result], wanted: int, stage_cents: float) -> None:
    from collections import Counter

    counted = Counter(str(result.verdict) for result in results)
    parts = [f"{count} {verdict}" for verdict, count in counted.items()]
    if len(results) < wanted:
        parts.append(f"{wanted - len(results)} not run")
    cents = sum(result.cents for result in results) + stage_cents
    console.print(Text(f"{', '.join(parts) or 'Nothing was run'}; up to {cents:.2f} ¢."))
