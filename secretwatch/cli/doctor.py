"""`secretwatch doctor`: why no e-mail comes, hop by hop, with the mend."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from rich.console import Console
from rich.text import Text

from secretwatch import secretid
from secretwatch.cli import exits
from secretwatch.cli.applied import place
from secretwatch.cli.console import plain, teller, visible, visible_json, visible_line
from secretwatch.cli.diagnosis import show, show_all
from secretwatch.cli.options import PAST

if TYPE_CHECKING:
    from rich.status import Status

    from secretwatch.pipeline.doctor.examine import Doctor
    from secretwatch.pipeline.doctor.intent import Intent
    from secretwatch.pipeline.doctor.subject import Subject
    from secretwatch.pipeline.doctor.walk import Diagnosis


@click.command(
    epilog=exits.table(
        done="healthy, also with warnings",
        failed="broken (the hops are in the JSON's `broken`); of several watches the worst: 1, 3, 0",
        usage="wrong usage, or nothing there to examine",
        unknown="it cannot be told (missing permissions are named)",
    )
)
@click.argument(
    "directories",
    metavar="[DIR]...",
    nargs=-1,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option("--alarm", metavar="NAME", help="Start from this alarm of the account, without Terraform.")
@click.option("--log-group", metavar="NAME", help="Start from this log group of the account.")
@click.option(
    "--watch", metavar="KEY", help="Which watch, where the root module has several. [default: all of them]"
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
    type=PAST,
    metavar="TIME",
    help="Follow the last read since then: 30m, 1h, or a time. [default: 1h]",
)
@click.option("--event-id", metavar="ID", help="Follow the read with this CloudTrail event id.")
@click.option("--canary", is_flag=True, help="Read the secret once, never showing it, and follow that read.")
@click.option("--mend", is_flag=True, help="Show what would mend it, ask, do that, and examine it again.")
@click.option("--policy", "show_policy", is_flag=True, help="Print the IAM policy that this needs, and end.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the diagnosis as JSON; what happens goes to stderr."
)
@click.option(
    "--report",
    "--html",
    "report_file",
    metavar="FILE.html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the diagnosis, with a picture of the path and of the last reads, as one HTML page.",
)
def doctor(
    directories: tuple[Path, ...],
    alarm: str | None,
    log_group: str | None,
    watch: str | None,
    secrets: tuple[str, ...],
    since: datetime | None,
    event_id: str | None,
    canary: bool,
    mend: bool,
    show_policy: bool,
    as_json: bool,
    report_file: Path | None,
) -> None:
    """Say why no e-mail comes when a secret is read: which hop is broken, and what mends it.

    DIR is an applied root module with an output `watch`: what is there is compared with what was applied,
    and tried in simulation. --alarm or --log-group start from what is in the account, whatever the alarm is
    about. The environment says which cloud: AWS_PROFILE and the like, or AWS_ENDPOINT_URL. Nothing is
    changed, unless with --mend; and nothing is read but settings and logs, unless with --canary.
    """
    if directories and (alarm or log_group):
        raise click.UsageError(
            "DIR has its own alarm and log group: give either DIR or --alarm, --log-group."
        )
    if watch and not directories:
        raise click.UsageError("--watch chooses from a root module's output: give its DIR.")
    if not (directories or alarm or log_group or show_policy):
        raise click.UsageError("What is to be examined? Give DIR, --alarm NAME or --log-group NAME.")
    for each in secrets:
        if not each.strip() or (each.startswith("arn:") and secretid.account(each) is None):
            raise click.UsageError(f"--secret {each!r} names no secret: write its name or ARN.")
    if len(directories) > 1 and (watch or secrets or event_id or canary or mend):
        raise click.UsageError(
            "--watch, --secret, --event-id, --canary and --mend are about one watch: give one DIR."
        )
    if report_file and not report_file.absolute().parent.is_dir():
        raise click.UsageError(f"{report_file.parent} is not a folder: --report writes into one that exists.")
    if canary and event_id:
        raise click.UsageError("--canary follows its own read, --event-id another: give one of them.")
    console = plain(stderr=as_json, soft_wrap=True)
    refused: list[str] = []
    acts = canary or mend
    with console.status("looking for the watch") as status:
        patients = _patients(directories, alarm, log_group, watch, secrets, refused)
        if show_policy:
            _print_policy(patients)
            return
        if len(patients) > 1 and (acts or event_id):
            keys = ", ".join(str(each.key) for each in patients)
            _refuse(f"There are several watches: say which with --watch, one of {keys}.")
        if acts:
            _announce(console, patients[0])
        found = _examine(patients, since, event_id, canary, console, status)
    broken = [each for each in found if each.plan]
    if mend and len(found) > 1 and len(broken) == 1:
        patients, found = [_of_alarm(patients[0].subject, broken[0].view.subject.name)], broken
    elif mend and len(found) > 1:
        names = ", ".join(each.view.subject.name for each in found)
        _refuse(f"There are several alarms: say which with --alarm, one of {names}.")
    if mend and found[0].plan:
        found = _mend(console, patients[0], found[0], since)
    worst = max(found, key=lambda each: _BADNESS[each.result])
    if report_file:
        from secretwatch.pipeline.doctor.page import page
        from secretwatch.pipeline.report import write_whole

        try:
            write_whole(report_file, page(worst))
        except OSError as error:
            click.echo(f"The report cannot be written: {error}.", err=True)
    if as_json:
        click.echo(visible_json(json.dumps(_as_dict(found, worst), indent=2, ensure_ascii=False)))
    elif len(found) == 1:
        show(console, worst)
    else:
        show_all(console, found)
    for reason in refused:
        click.echo(visible_line(reason), err=True)
    sys.exit(exits.USAGE if refused else worst.exit_code)


_BADNESS = {"healthy": 0, "cannot tell": 1, "broken": 2}


@dataclass(frozen=True)
class Patient:
    """What is examined: a watch with what was applied of it, or what hangs on an alarm or a log group."""

    subject: Subject
    intent: Intent | None = None
    secret: str | None = None
    """The one that a canary reads."""
    key: str | None = None
    account_id: str | None = None
    """Where it is, as was applied or as an ARN says."""


def _as_dict(found: Sequence[Diagnosis], worst: Diagnosis) -> dict[str, Any]:
    """The worst diagnosis; of several, with a line for each beside it."""
    if len(found) == 1:
        return worst.as_dict()
    listed = [
        {
            "subject": each.view.subject.name,
            "result": each.result,
            "broken": [{"hop": name, "cause": one.cause} for name, one in each.broken],
        }
        for each in found
    ]
    return {**worst.as_dict(), "watches": listed}


def _examine(
    patients: Sequence[Patient],
    since: datetime | None,
    event_id: str | None,
    canary: bool,
    console: Console,
    status: Status,
) -> list[Diagnosis]:
    import boto3

    from secretwatch.pipeline.aws import NO_CREDENTIALS, one_line
    from secretwatch.pipeline.doctor import examine
    from secretwatch.pipeline.doctor.starting import Several
    from secretwatch.pipeline.doctor.subject import NoSuchSubject
    from secretwatch.pipeline.reads import ReadFailed

    found = []
    sessions: dict[str, Any] = {}
    for patient in patients:
        subject = patient.subject
        status.update(f"examining {visible(subject.name)}")
        try:
            session = sessions.setdefault(subject.region, boto3.Session(region_name=subject.region))
            doctor: Doctor = examine.Doctor(
                subject,
                session,
                intent=patient.intent,
                since=since,
                event_id=event_id,
                tell=teller(console, status),
            )
            if not canary:
                try:
                    found.append(doctor.examine())
                except Several as several:
                    alarms = [_of_alarm(subject, each) for each in several.names]
                    found += _examine(alarms, since, event_id, canary, console, status)
                continue
            if patient.secret is None:
                _refuse("Which secret is the canary to read? Say it with --secret NAME.")
            if "GetSecretValue" not in subject.event_names or not (
                subject.known or doctor.is_about_secrets()
            ):
                _refuse("This is about other calls than reads: make one of those, and leave out --canary.")
            region = patient.secret.split(":")[3] if patient.secret.startswith("arn:") else subject.region
            found.append(doctor.canary(patient.secret, region))
        except NO_CREDENTIALS as error:
            _refuse(f"There are no AWS credentials to use: {one_line(error)}")
        except (NoSuchSubject, ReadFailed, ValueError) as error:
            _refuse(str(error))
    for each in found:
        if each.record.missing_event:
            _refuse(
                f"No read with the event id {each.record.missing_event} was seen of this watch since "
                f"{each.record.since:%d %b %H:%M} UTC: an older one needs --since."
            )
    return found


def _of_alarm(subject: Subject, name: str) -> Patient:
    """One alarm of a log group that has several."""
    return Patient(replace(subject, name=name, alarm_name=name, log_group_name=None))


def _patients(
    directories: Sequence[Path],
    alarm: str | None,
    log_group: str | None,
    watch: str | None,
    secrets: tuple[str, ...],
    refused: list[str],
) -> list[Patient]:
    from secretwatch.pipeline.applied import NothingApplied
    from secretwatch.pipeline.doctor.subject import Subject
    from secretwatch.terraform import TerraformNotUsable

    try:
        if len(directories) == 1:
            return _applied(directories[0], watch, secrets)
    except (NothingApplied, TerraformNotUsable) as error:
        _refuse(str(error))
    if directories:
        return _fleet(directories, refused)
    if not (alarm or log_group):
        return []
    import boto3
    from botocore.exceptions import BotoCoreError

    from secretwatch.pipeline.aws import one_line

    alarm, of_alarm, account_of_alarm = _named(alarm, "alarm")
    log_group, of_group, account_of_group = _named(log_group, "log-group")
    try:
        region = of_alarm or of_group or os.environ.get("AWS_REGION") or boto3.Session().region_name
    except BotoCoreError as error:
        _refuse(one_line(error))
    if not region:
        _refuse("In which region? Set AWS_REGION.")
    name = alarm or log_group or ""
    subject = Subject(region=region, name=name, alarm_name=alarm, log_group_name=log_group, secrets=secrets)
    secret = secrets[0] if secrets else None
    return [Patient(subject, secret=secret, account_id=account_of_alarm or account_of_group)]


def _named(given: str | None, kind: str) -> tuple[str | None, str | None, str | None]:
    """The name of an alarm or log group, its ARN's region and account. kind: what stands in such an ARN."""
    if given is None or not given.startswith("arn:"):
        return given, None, None
    parts = given.split(":", 6)
    if len(parts) < 7 or parts[5] != kind:
        raise click.UsageError(f"{given} is no ARN of {'an alarm' if kind == 'alarm' else 'a log group'}.")
    return parts[6].removesuffix(":*"), parts[3], parts[4]


def _fleet(directories: Sequence[Path], refused: list[str]) -> list[Patient]:
    """The watches of all that are applied, each once; why others are not is put among `refused`."""
    from secretwatch.pipeline.applied import NothingApplied
    from secretwatch.terraform import TerraformNotUsable

    found = []
    for one in dict.fromkeys(each.resolve() for each in directories):
        try:
            found += _applied(one, None, ())
        except (NothingApplied, TerraformNotUsable) as error:
            refused.append(str(error))
    if not found:
        _refuse(" ".join(refused))
    return found


def _applied(directory: Path, watch: str | None, secrets: tuple[str, ...]) -> list[Patient]:
    """The watches of a root module, or the one that was asked for; each with what was applied of it."""
    from contextlib import suppress

    from secretwatch.pipeline import applied
    from secretwatch.pipeline.doctor.intent import Intent
    from secretwatch.pipeline.doctor.subject import Subject
    from secretwatch.pipeline.watch import UnknownSecret

    state = applied.state_of(directory)
    there = applied.watches_of(state, directory)
    if watch is not None:
        chosen = [each for each in there if each.watch == watch]
        if not chosen:
            names = ", ".join(sorted(str(each.watch) for each in there))
            _refuse(f"{directory} has no watch {watch!r}, but {names}.")
        there = chosen
    elif secrets:
        there = there[:1]
    found = []
    for each in there:
        subject = Subject.of_watch(each, directory, named=len(there) > 1 or watch is not None)
        wanted = secrets[0] if secrets else None
        if secrets:
            subject = replace(subject, secrets=secrets)
        else:
            with suppress(UnknownSecret):
                wanted = each.secret()
        # A prefix is nothing that a canary could read.
        secret = None if wanted and wanted.endswith("*") else wanted
        try:
            intent = Intent.of_state(state, each)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # Anybody can write into the file.
            raise applied.NothingApplied(
                f"The state of {directory} is none that Terraform writes."
            ) from error
        found.append(Patient(subject, intent, secret, each.watch, each.account_id))
    return found


def _print_policy(patients: Sequence[Patient]) -> None:
    from secretwatch.pipeline.doctor.permissions import policy

    first = patients[0] if patients else None
    click.echo(
        json.dumps(policy(first.subject if first else None, first.intent if first else None), indent=2)
    )


def _refuse(reason: str) -> NoReturn:
    click.echo(visible_line(reason), err=True)
    sys.exit(2)


def _announce(console: Console, patient: Patient) -> None:
    """Where it is that something is about to be read or changed; no other account than the watch's own."""
    import boto3

    from secretwatch.pipeline.aws import NO_CREDENTIALS, Aws, NoAccess, one_line

    subject = patient.subject
    try:
        aws = Aws(boto3.Session(region_name=subject.region), subject.region)
        account_id = aws.check_account(patient.account_id)
        console.print(place(subject.name, account_id, subject.region, aws.endpoint_url))
    except NO_CREDENTIALS as error:
        _refuse(f"There are no AWS credentials to use: {one_line(error)}")
    except NoAccess as error:
        _refuse(str(error))


# Mending


def _mend(
    console: Console, patient: Patient, diagnosis: Diagnosis, since: datetime | None
) -> list[Diagnosis]:
    """Carry the plan out, after asking; the walk afterwards. Nothing is done without a yes."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from secretwatch.pipeline.aws import Aws, NoAccess, one_line
    from secretwatch.pipeline.doctor.calls import Call

    show(console, diagnosis)
    calls = [each for each in diagnosis.plan if isinstance(each, Call)]
    question = "this step" if len(calls) == 1 else f"these {len(calls)} steps"
    if not click.confirm(f"\nCarry out {question}?", err=True):
        return [diagnosis]
    session = boto3.Session(region_name=patient.subject.region)
    try:
        # Between question and answer somebody may have signed in elsewhere.
        Aws(session, patient.subject.region).check_account(patient.account_id)
    except NoAccess as error:
        _refuse(str(error))
    for number, call in enumerate(calls, 1):
        console.print(Text(f"{number}/{len(calls)}  {visible(call.command())}"))
        client = session.client(call.service, region_name=call.region or patient.subject.region)
        try:
            call.make(client)
        except (ClientError, BotoCoreError) as error:
            click.echo(
                f"This step failed, and no further one was tried: {visible(one_line(error))}", err=True
            )
            break
    with console.status("examining it again") as status:
        return _examine([patient], since, None, False, console, status)
