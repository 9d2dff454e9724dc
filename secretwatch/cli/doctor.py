"""`secretwatch doctor`: why no e-mail comes, hop by hop, with the mend."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.text import Text

from secretwatch import secretid
from secretwatch.cli import exits
from secretwatch.cli.console import plain, teller, visible, visible_json, visible_line
from secretwatch.cli.deployed import place
from secretwatch.cli.diagnosis import show, show_all
from secretwatch.cli.options import PAST
from secretwatch.cli.patients import Patient, as_meant, found, of_alarm, refuse

if TYPE_CHECKING:
    from rich.status import Status

    from secretwatch.pipeline.doctor.examine import Doctor
    from secretwatch.pipeline.doctor.walk import Diagnosis
    from secretwatch.pipeline.planned import Planning


@click.command(
    epilog=exits.table(
        done="healthy, also with warnings",
        failed="broken (the hops are in the JSON's `broken`); of several watches the worst: 1, 3, 0",
        usage="wrong usage, or nothing there to examine",
        unknown="no answer (missing permissions are named)",
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
@click.option(
    "--mend", is_flag=True, help="Show the commands that would mend it, ask, run them, and examine it again."
)
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
    """Say why no e-mail comes when a secret is read: which hop is broken, and how to mend it.

    DIR is an applied root module with an output `watch`. The doctor compares the resources in the account
    with the applied ones, and simulates a read. --alarm or --log-group work without Terraform, for an alarm
    on any subject. The environment says which cloud: AWS_PROFILE and similar variables, or AWS_ENDPOINT_URL.
    Only --mend changes anything. Only --canary reads a secret; otherwise only settings and logs are read.
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
    with console.status("looking for the watch") as status:
        patients = found(directories, alarm, log_group, watch, secrets, refused)
        if show_policy:
            _print_policy(patients)
            return
        if len(patients) > 1 and (canary or event_id):
            keys = ", ".join(str(each.key) for each in patients)
            refuse(f"There are several watches: say which with --watch, one of {keys}.")
        if canary or mend:
            _announce(console, patients[0])
        examination = Examination(console, status, since, event_id, canary, first_meant=canary or mend)
        diagnoses = examination.of(patients)
    if mend and any(each.plan for each in diagnoses):
        diagnoses = _mend(console, examination, diagnoses)
    worst = max(diagnoses, key=lambda each: _BADNESS[each.result])
    if report_file:
        from secretwatch.pipeline.doctor.page import page
        from secretwatch.pipeline.whole_files import write_whole

        try:
            write_whole(report_file, page(worst))
        except OSError as error:
            click.echo(f"The report cannot be written: {error}.", err=True)
    if as_json:
        click.echo(visible_json(json.dumps(_as_dict(diagnoses, worst), indent=2, ensure_ascii=False)))
    elif len(diagnoses) == 1:
        show(console, worst)
    else:
        show_all(console, diagnoses)
    for reason in refused:
        click.echo(visible_line(reason), err=True)
    sys.exit(exits.USAGE if refused else worst.exit_code)


_BADNESS = {"healthy": 0, "cannot tell": 1, "broken": 2}


def _as_dict(diagnoses: Sequence[Diagnosis], worst: Diagnosis) -> dict[str, Any]:
    """The worst diagnosis; of several, all of them beside it, and what mends all of them."""
    if len(diagnoses) == 1:
        return worst.as_dict()
    from secretwatch.pipeline.doctor.mend import together
    from secretwatch.pipeline.doctor.walk import configured

    mends = together([(each.view, each.plan) for each in diagnoses], configured)
    return {
        **worst.as_dict(),
        "plan": [each.command() for each in mends or ()],
        "watches": [each.as_dict() for each in diagnoses],
    }


@dataclass
class Examination:
    """How patients are examined. first_meant: whether it is waited for what is meant before anything is done.

    Otherwise Terraform plans meanwhile, and is listened to only where it would change something.
    """

    console: Console
    status: Status
    since: datetime | None = None
    event_id: str | None = None
    canary: bool = False
    first_meant: bool = False
    examined: list[Patient] = field(default_factory=list)
    """The patients as they were examined last, a diagnosis for each."""

    def of(self, patients: Sequence[Patient]) -> list[Diagnosis]:
        """The diagnoses, in this order."""
        from secretwatch.pipeline.planned import Planning

        diagnoses: list[Diagnosis] = []
        self.examined = []
        for root, group in groupby(patients, key=lambda each: each.root):
            here = list(group)
            if root is None:
                diagnoses += self._each(here)
                continue
            with Planning(root.directory) as planning:
                if self.first_meant:
                    diagnoses += self._each(self._meant(here, planning))
                    continue
                before = self._each(here)
                del self.examined[len(self.examined) - len(before) :]
                for one, diagnosis in zip(self._meant(here, planning), before, strict=True):
                    diagnoses += self._again(one, diagnosis)
        for each in diagnoses:
            if each.record.missing_event:
                refuse(
                    f"No read with the event id {each.record.missing_event} was seen of this watch since "
                    f"{each.record.since:%d %b %H:%M} UTC: an older one needs --since."
                )
        return diagnoses

    def _meant(self, patients: Sequence[Patient], planning: Planning) -> list[Patient]:
        self.status.update("reading what the configuration says (terraform plan)")
        return as_meant(patients, planning)

    def _again(self, patient: Patient, before: Diagnosis) -> list[Diagnosis]:
        """The diagnosis with what is meant; a new one where that is something else than was applied."""
        view = before.view
        same = patient.subject == view.subject and (
            patient.intent is None
            or (view.intent is not None and patient.intent.account.things == view.intent.account.things)
        )
        if not same:
            return self._each([patient])
        view.intent, before.notes = patient.intent, list(patient.notes)
        self.examined.append(patient)
        return [before]

    def _each(self, patients: Sequence[Patient]) -> list[Diagnosis]:
        import boto3

        from secretwatch.pipeline.aws import NO_CREDENTIALS, one_line
        from secretwatch.pipeline.doctor import examine
        from secretwatch.pipeline.doctor.starting import Several
        from secretwatch.pipeline.doctor.subject import NoSuchSubject
        from secretwatch.pipeline.reading import ReadFailed

        diagnoses = []
        sessions: dict[str, Any] = {}
        for patient in patients:
            subject = patient.subject
            self.status.update(f"examining {visible(subject.name)}")
            try:
                session = sessions.setdefault(subject.region, boto3.Session(region_name=subject.region))
                doctor: Doctor = examine.Doctor(
                    subject,
                    session,
                    intent=patient.intent,
                    since=self.since,
                    event_id=self.event_id,
                    tell=teller(self.console, self.status),
                )
                diagnosis = self._read(doctor, patient) if self.canary else doctor.examine()
            except Several as several:
                diagnoses += self._each([of_alarm(subject, each) for each in several.names])
                continue
            except NO_CREDENTIALS as error:
                refuse(f"There are no AWS credentials to use: {one_line(error)}")
            except (NoSuchSubject, ReadFailed, ValueError) as error:
                refuse(str(error))
            diagnosis.notes = list(patient.notes)
            diagnoses.append(diagnosis)
            self.examined.append(patient)
        return diagnoses

    def _read(self, doctor: Doctor, patient: Patient) -> Diagnosis:
        """The diagnosis of a read that is made for it."""
        subject = patient.subject
        if patient.secret is None:
            refuse("Which secret is the canary to read? Say it with --secret NAME.")
        if "GetSecretValue" not in subject.event_names or not (subject.known or doctor.is_about_secrets()):
            refuse("This is about other calls than reads: make one of those, and leave out --canary.")
        region = patient.secret.split(":")[3] if patient.secret.startswith("arn:") else subject.region
        return doctor.canary(patient.secret, region)


def _print_policy(patients: Sequence[Patient]) -> None:
    from secretwatch.pipeline.doctor.permissions import policy

    first = patients[0] if patients else None
    click.echo(
        json.dumps(policy(first.subject if first else None, first.intent if first else None), indent=2)
    )


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
        refuse(f"There are no AWS credentials to use: {one_line(error)}")
    except NoAccess as error:
        refuse(str(error))


# Mending


def _mend(console: Console, examination: Examination, diagnoses: list[Diagnosis]) -> list[Diagnosis]:
    """Carry the plan out, after asking; the walks afterwards. Nothing is done without a yes."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from secretwatch.pipeline.aws import Aws, NoAccess, one_line
    from secretwatch.pipeline.doctor.mend import together
    from secretwatch.pipeline.doctor.walk import configured

    if len(diagnoses) == 1:
        show(console, diagnoses[0])
    else:
        show_all(console, diagnoses)
    patients = examination.examined
    calls = together([(each.view, each.plan) for each in diagnoses], configured)
    if calls is None:
        names = ", ".join(each.view.subject.name for each in diagnoses if each.plan)
        refuse(
            "What mends one of these would break another: mend one after the other, with --watch or --alarm: "
            f"{names}."
        )
    if len(diagnoses) > 1:
        console.print(Text("\nAll of it, in this order:", style="bold"))
        for call in calls:
            console.print(Text(f"  {visible(call.command())}"))
    question = "this step" if len(calls) == 1 else f"these {len(calls)} steps"
    if not click.confirm(f"\nCarry out {question}?", err=True):
        return diagnoses
    subject = patients[0].subject
    session = boto3.Session(region_name=subject.region)
    try:
        # Between question and answer somebody may have signed in elsewhere.
        Aws(session, subject.region).check_account(patients[0].account_id)
    except NoAccess as error:
        refuse(str(error))
    for number, call in enumerate(calls, 1):
        console.print(Text(f"{number}/{len(calls)}  {visible(call.command())}"))
        client = session.client(call.service, region_name=call.region or subject.region)
        try:
            call.make(client)
        except (ClientError, BotoCoreError) as error:
            click.echo(
                f"This step failed, and no further one was tried: {visible(one_line(error))}", err=True
            )
            break
    with console.status("examining it again") as status:
        # What is meant is known by now.
        again = Examination(console, status, examination.since)
        return again.of([replace(each, root=None) for each in patients])
