"""Whom `secretwatch doctor` examines: the watches of applied root modules, or an alarm or a log group."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from secretwatch.cli import exits
from secretwatch.cli.console import visible_line

if TYPE_CHECKING:
    from secretwatch.pipeline.doctor.intent import Intent
    from secretwatch.pipeline.doctor.subject import Subject
    from secretwatch.pipeline.planned import Planning
    from secretwatch.pipeline.watch import Watch


@dataclass(frozen=True)
class Root:
    """An applied root module. state: as `terraform state pull` prints it; watch: which is asked for."""

    directory: Path
    state: dict[str, Any]
    watch: str | None = None
    secrets: tuple[str, ...] = ()


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
    root: Root | None = None
    notes: tuple[str, ...] = ()
    """Where what was meant is taken from, if that needs a word."""


def refuse(reason: str) -> NoReturn:
    click.echo(visible_line(reason), err=True)
    sys.exit(exits.USAGE)


def of_alarm(subject: Subject, name: str) -> Patient:
    """One alarm of a log group that has several."""
    return Patient(replace(subject, name=name, alarm_name=name, log_group_name=None))


def found(
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
            return applied(directories[0], watch, secrets)
    except (NothingApplied, TerraformNotUsable) as error:
        refuse(str(error))
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
        refuse(one_line(error))
    if not region:
        refuse("In which region? Set AWS_REGION.")
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
            found += applied(one, None, ())
        except (NothingApplied, TerraformNotUsable) as error:
            refused.append(str(error))
    if not found:
        refuse(" ".join(refused))
    return found


def applied(directory: Path, watch: str | None, secrets: tuple[str, ...]) -> list[Patient]:
    """The watches of a root module, or the one that was asked for; each with what was applied of it."""
    from secretwatch.pipeline.applied import NothingApplied, state_of, watches_of

    state = state_of(directory)
    there = watches_of(state, directory)
    if watch is not None:
        chosen = [each for each in there if each.watch == watch]
        if not chosen:
            names = ", ".join(sorted(str(each.watch) for each in there))
            refuse(f"{directory} has no watch {watch!r}, but {names}.")
        there = chosen
    elif secrets:
        there = there[:1]
    root = Root(directory, state, watch, secrets)
    try:
        return [_of_watch(root, state, each, len(there) > 1) for each in there]
    except _NOT_TERRAFORMS as error:
        # Anybody can write into the file.
        raise NothingApplied(
            f"The state of {directory} does not have the form in which Terraform writes it."
        ) from error


_NOT_TERRAFORMS = (AttributeError, KeyError, TypeError, ValueError)


def _of_watch(root: Root, state: Mapping[str, Any], watch: Watch, several: bool) -> Patient:
    from contextlib import suppress

    from secretwatch.pipeline.doctor.intent import Intent
    from secretwatch.pipeline.doctor.subject import Subject
    from secretwatch.pipeline.watch import UnknownSecret

    subject = Subject.of_watch(watch, root.directory, named=several or root.watch is not None)
    wanted = root.secrets[0] if root.secrets else None
    if root.secrets:
        subject = replace(subject, secrets=root.secrets)
    else:
        with suppress(UnknownSecret):
            wanted = watch.secret()
    # A prefix is nothing that a canary could read.
    secret = None if wanted and wanted.endswith("*") else wanted
    return Patient(subject, Intent.of_state(state, watch), secret, watch.watch, watch.account_id, root)


# What is meant


def as_meant(patients: Sequence[Patient], planning: Planning) -> list[Patient]:
    """The same watches with what the configuration says of them, once the plan of their root module is made.

    Without a plan they stay as they were applied last, and a note says so.
    """
    from secretwatch.pipeline.doctor import meant
    from secretwatch.pipeline.planned import NoPlan

    root = patients[0].root
    assert root
    try:
        plan = planning.shown()
        state = meant.meant(root.state, plan)
    except NoPlan as error:
        return [replace(each, notes=(_from_the_state(str(error)),)) for each in patients]
    except _NOT_TERRAFORMS:
        note = _from_the_state("Terraform shows it in another form than is known here.")
        return [replace(each, notes=(note,)) for each in patients]
    found = [_configured(each, plan, state, len(patients) > 1) for each in patients]
    if root.watch is None and (new := _keys(state) - _keys(root.state)):
        note = f"Not applied yet, and not examined: {', '.join(sorted(new))} of the configuration's watches."
        found[0] = replace(found[0], notes=(*found[0].notes, note))
    return found


def _keys(state: Mapping[str, Any]) -> set[str]:
    return set(((state.get("outputs") or {}).get("watches") or {}).get("value") or ())


def _from_the_state(why: str) -> str:
    return (
        f"`terraform plan` could not be made: {why} So Terraform's state alone says what is meant. If a "
        "refresh or a failed apply has put a fault into the state, the doctor does not see the fault."
    )


def _configured(
    patient: Patient, plan: Mapping[str, Any] | None, state: Mapping[str, Any], several: bool
) -> Patient:
    from secretwatch.pipeline.doctor import meant
    from secretwatch.pipeline.doctor.intent import is_below
    from secretwatch.pipeline.watch import NotAWatch, Watch

    root, intent = patient.root, patient.intent
    assert root
    if intent is None:
        return patient
    changed = meant.changed(plan)
    instance = intent.instance
    pending = {each: how for each, how in changed.items() if is_below(each, instance)}
    if not pending:
        return replace(patient, intent=replace(intent, configured=True))
    if meant.is_edited(plan, instance):
        return replace(patient, notes=(_not_applied(pending),))
    outputs = state.get("outputs") or {}
    try:
        watch = Watch.from_outputs(outputs, patient.key if "watches" in outputs else None)
        found = _of_watch(root, state, watch, several)
    except (NotAWatch, *_NOT_TERRAFORMS):
        return patient
    if found.intent is None:
        return patient
    own = found.intent.all_addresses | intent.all_addresses
    there = {each: how for each, how in pending.items() if each in own}
    notes = (_not_in_the_state(there),) if there else ()
    made = {each for each, how in there.items() if how == ["create"]}
    absent = sorted({*intent.absent, *made})
    return replace(
        found,
        intent=replace(found.intent, absent=absent, configured=True, stated=intent.account),
        notes=notes,
    )


def _not_applied(changed: Mapping[str, list[str]]) -> str:
    return (
        "The configuration, or the module's release, has changed since the last apply: this is about what "
        f"was applied. `terraform apply` would change {_listed(changed)}. If you did not edit some of these, "
        "somebody changed them by hand, and a refresh has put that into the state."
    )


def _not_in_the_state(changed: Mapping[str, list[str]]) -> str:
    return (
        "Somebody changed something by hand, and a refresh, or an apply that failed, has put the change into "
        "Terraform's state. The configuration says what is meant. `terraform apply` would change "
        f"{_listed(changed)}."
    )


_MOST_LISTED = 8


def _listed(changed: Mapping[str, list[str]]) -> str:
    named = [
        f"{each} ({' and '.join(how)})"
        for each, how in sorted(changed.items())
        if not each.endswith("terraform_data.applied")
    ]
    more = f" and {len(named) - _MOST_LISTED} more" if len(named) > _MOST_LISTED else ""
    return f"{', '.join(named[:_MOST_LISTED])}{more}" if named else "nothing else"
