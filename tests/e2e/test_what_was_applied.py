"""The doctor on what Terraform applied: each decisive change is found and mended, what is unusual is not.

Faults are generated anew in each run (`doctor_faults`), first on what was found, hundreds of them without a
call, then some for real on the local cloud, where it is tried whether people are told. A failure has its
seed.
"""

from __future__ import annotations

import dataclasses
import json
import os
import random
import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from beats import ACCOUNT
from beats import Account as Beats
from botocore.exceptions import ClientError
from deep import some
from deployment import wait_for
from doctor_faults import Fault, chosen, faults
from faults_made import DELETED, NOT_HERE, make
from handmade import Session
from one_step import ONE_STEP, make_anew
from patients import TRIALS, Patient, broken
from unusual import UNUSUAL

from secretwatch.pipeline import applied
from secretwatch.pipeline.doctor.account import Account, Ref
from secretwatch.pipeline.doctor.calls import Call
from secretwatch.pipeline.doctor.examine import Doctor
from secretwatch.pipeline.doctor.intent import Intent
from secretwatch.pipeline.doctor.kinds import BY_NAME, RESOURCES, after
from secretwatch.pipeline.doctor.permissions import policy as policy_for
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.view import View
from secretwatch.pipeline.doctor.walk import Diagnosis, configured
from secretwatch.terraform import TerraformFailed

SEED = int(os.environ.get("SECRETWATCH_TEST_SEED") or random.randrange(10**6))
ON_THE_CLOUD = 20
"""How many faults a run tries for real; `-m slow` tries ten times as many."""


@pytest.fixture(scope="session")
def patient(beats: Beats, terraform: Any) -> Patient:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in terraform.env.items():
            patch.setenv(name, value)
        state = applied.state_of(beats.root)
    (watch,) = applied.watches_of(state, beats.root)
    intent = Intent.of_state(state, watch)
    assert intent
    session = Session(watch.region, ACCOUNT)
    session.client("secretsmanager").create_secret(Name="beats-read", SecretString="x")
    return Patient(beats, watch, intent, session)


@pytest.fixture(scope="session")
def healthy(patient: Patient) -> View:
    """As it was found, with nothing wrong."""
    found = patient.diagnosis()
    assert found.broken == []
    return found.view


# Without a call


def test_what_was_applied_is_known_of_every_thing(patient: Patient, healthy: View) -> None:
    """Or a change of it would not be seen."""
    assert {ref for ref in patient.intent.account.things if ref not in healthy.account.things} == set()
    assert healthy.account.unknown == {}
    kinds = {ref.kind for ref in patient.intent.account.things}
    assert {"alarm", "bucket", "filter", "key", "log group", "queue", "role", "rule", "secret"} <= kinds
    assert {"state machine", "subscription", "topic", "trail", "connection"} <= kinds


def test_every_attribute_of_the_state_is_decisive_or_harmless(beats: Beats, terraform: Any) -> None:
    state = json.loads(terraform.run(beats.root, "state", "pull"))
    missing = {
        f"{resource['type']}.{name}"
        for resource in state["resources"]
        if resource["mode"] == "managed" and resource["type"] in RESOURCES
        for instance in resource["instances"]
        for name in set(instance["attributes"]) - set(RESOURCES[resource["type"]].attributes)
    }
    assert sorted(missing) == []
    assert {each["type"] for each in state["resources"]} >= {
        "aws_cloudwatch_event_connection",
        "aws_sfn_state_machine",
    }


@pytest.mark.deep
@pytest.mark.parametrize("pairs", [False, True], ids=["one", "two"])
def test_a_change_is_found_and_mended(patient: Patient, healthy: View, pairs: bool) -> None:
    dice = random.Random(SEED)
    wrong = []
    made = chosen(patient.intent.account, some(120), dice)
    for fault in made:
        several = [fault, dice.choice(made)] if pairs else [fault]
        wrong += [f"seed {SEED}: {', '.join(map(str, several))}: {why}" for why in _wrong(healthy, several)]
    assert wrong == []


@pytest.mark.slow
def test_every_change_is_found_and_mended(patient: Patient, healthy: View) -> None:
    wrong = [
        f"{fault}: {why}" for fault in faults(patient.intent.account) for why in _wrong(healthy, [fault])
    ]
    assert wrong == []


def _wrong(healthy: View, several: list[Fault]) -> list[str]:
    account = healthy.account
    for fault in several:
        account = fault.on(account)
    if all(account.things.get(fault.ref) == healthy.account.things.get(fault.ref) for fault in several):
        return []  # the second put the first right
    view = healthy.after(account)
    found, plan = broken(view)
    if not found:
        return ["missed"]
    guilty = {each.ref for _, each in found}
    wrong = [
        f"{fault} is blamed on {guilty}" for fault in several if fault.ref not in guilty and len(several) == 1
    ]
    left = [
        f"not mended: {name} {each.cause} {each.sentence}"
        for name, each in broken(view.after(after(account, plan)))[0]
    ]
    # Nothing of somebody else's goes: what is written to is what was wrong, or hangs on it.
    return wrong + left


@pytest.mark.parametrize("what", ONE_STEP)
def test_no_more_is_mended_than_was_broken(healthy: View, what: str) -> None:
    view = healthy.after(healthy.account.copy())
    change, operation = ONE_STEP[what]
    change(view)
    found, plan = broken(view)
    assert found
    assert [each.operation for each in plan if isinstance(each, Call)] == [operation]
    assert broken(view.after(after(view.account, plan)))[0] == []


def test_what_is_only_unusual_is_healthy(healthy: View) -> None:
    dice = random.Random(SEED)
    wrong = []
    for number in range(40):
        account = healthy.account.copy()
        changes = dice.sample(UNUSUAL, dice.randint(1, 3)) if number >= len(UNUSUAL) else [UNUSUAL[number]]
        for change in changes:
            change(account, dice)
        found, _ = broken(healthy.after(account))
        words = ", ".join(each.__name__.strip("_") for each in changes)
        wrong += [f"seed {SEED}: {words}: {name} {each.cause}: {each.sentence}" for name, each in found]
    assert wrong == []


@pytest.mark.deep
def test_a_mend_leaves_what_is_only_unusual(patient: Patient, healthy: View) -> None:
    """Of other things than the one that is broken nothing changes."""
    dice = random.Random(SEED)
    wrong = []
    for fault in chosen(patient.intent.account, some(80), dice):
        change = dice.choice(UNUSUAL)
        unusual = healthy.account.copy()
        change(unusual, dice)
        others = [
            ref
            for ref, thing in unusual.things.items()
            if thing != healthy.account.things.get(ref) and ref != fault.ref
        ]
        view = healthy.after(fault.on(unusual))
        found, plan = broken(view)
        later = after(view.account, plan)
        words = f"seed {SEED}: {fault}, {change.__name__.strip('_')}"
        if found and broken(view.after(later))[0]:
            wrong.append(f"{words}: not mended")
        wrong += [f"{words}: {ref} is another" for ref in others if later.things[ref] != unusual.things[ref]]
    assert wrong == []


# Another one of the same name


def test_another_one_of_its_name_is_found(healthy: View, patient: Patient) -> None:
    """Of each thing that AWS gives an id of its own, and whose ARN has that; what mends it is Terraform's."""
    kinds = ("secret", *(name for name, kind in BY_NAME.items() if kind.identity))
    refs = [ref for ref in patient.intent.account.things if ref.kind in kinds]
    assert {ref.kind for ref in refs} == {"secret", "connection"}
    view = dataclasses.replace(healthy, subject=Subject.of_watch(patient.watch, patient.beats.root))
    for ref in refs:
        account = healthy.account.copy()
        make_anew(account, ref)
        found, _ = broken(view.after(account))
        assert [(each.cause, each.ref) for _, each in found] == [(f"another-{ref.kind}", ref)]
        assert shlex.quote(patient.intent.address[ref][0]) in found[0][1].mend


def test_a_missed_beat_is_said(healthy: View, patient: Patient) -> None:
    """Not in the time after its alarm was made or changed, in which there cannot be one yet."""
    (name,) = patient.intent.of("alarm", "heartbeat")
    found = healthy.account.get("alarm", name) or {}
    changed = found["AlarmConfigurationUpdatedTimestamp"]
    for minutes, said in ((1, []), (600, ["heartbeat-missed"])):
        account = healthy.account.copy()
        since = changed + timedelta(minutes=minutes)
        account.change("alarm", name, StateValue="ALARM", StateUpdatedTimestamp=since)
        causes = [each.cause for hop in configured(healthy.after(account)) for each in hop.findings]
        assert [each for each in causes if each == "heartbeat-missed"] == said


# On the local cloud


def test_its_policy_is_all_it_takes(patient: Patient) -> None:
    subject = Subject.of_watch(patient.watch)
    document = json.dumps(policy_for(subject, patient.intent))
    iam = patient.session.client("iam")
    iam.create_user(UserName="doctor")
    iam.put_user_policy(UserName="doctor", PolicyName="own", PolicyDocument=document)
    key = iam.create_access_key(UserName="doctor")["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=patient.watch.region)
    found = Doctor(subject, session, intent=patient.intent).examine()
    assert found.missing == []
    assert found.result == "healthy"


@pytest.fixture(scope="session")
def on_the_cloud(patient: Patient) -> list[Fault]:
    dice = random.Random(SEED)
    possible = Account(ACCOUNT, patient.watch.region, dict(patient.intent.account.things))
    made = [
        each
        for each in chosen(possible, 40 * ON_THE_CLOUD, dice)
        if (each.ref.kind, each.member) not in NOT_HERE
        and not (not each.member and each.ref.kind not in DELETED)
    ]
    return made


@pytest.mark.parametrize(
    "number",
    [pytest.param(n, marks=[] if n < ON_THE_CLOUD else pytest.mark.slow) for n in range(10 * ON_THE_CLOUD)],
)
def test_a_change_on_the_cloud_is_found_and_its_mend_rings(
    patient: Patient, on_the_cloud: list[Fault], healthy: View, number: int, whole: None
) -> None:
    fault = on_the_cloud[number]
    told = f"seed {SEED}: {fault}"
    live = patient.live or patient.diagnosis().view.account
    patient.live = None
    try:
        if not make(patient, live, fault):
            pytest.skip(f"{told}: cannot be made here")
    except ClientError as error:
        # AWS, and so the local cloud, takes no such value.
        pytest.skip(f"{told}: {error}")
    # What else it serves no read shows.
    is_on_the_way = patient.intent.serves[fault.ref] in ("ring", "realtime")
    rang = patient.rings(seconds=1.0) if is_on_the_way else None
    found = patient.diagnosis()
    assert found.broken, f"{told}: missed; does a read ring: {rang}"
    assert fault.ref in {each.ref for _, each in found.broken}, (told, found.broken)
    steps = [each for each in found.plan if isinstance(each, Call)]
    assert steps, (told, found.broken)
    for step in steps:
        step.make(patient.session.client(step.service))
    patient.beats.cloud.confirm()
    again = patient.diagnosis()
    assert again.broken == [], (told, [each.command() for each in steps])
    purpose = patient.intent.serves[fault.ref]
    assert TRIALS[purpose](patient), (told, purpose, [each.command() for each in steps])


@pytest.mark.parametrize(
    "purpose",
    ["ring", *(pytest.param(each, marks=pytest.mark.later) for each in ("self-watch", "heartbeat"))],
)
def test_a_mute_rule_on_any_alarm_of_it_is_found_and_its_mend_takes_it_away(
    patient: Patient, whole: None, purpose: Any
) -> None:
    name = patient.watch.alarm_name if purpose == "ring" else patient.intent.of("alarm", purpose)[0]
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    cloudwatch = patient.session.client("cloudwatch")
    cloudwatch.put_alarm_mute_rule(
        Name="quiet",
        Rule={"Schedule": {"Expression": f"at({hour_ago:%Y-%m-%dT%H:%M})", "Duration": "PT4H"}},
        MuteTargets={"AlarmNames": [name]},
    )
    found = patient.diagnosis()
    assert [each.cause for _, each in found.broken] == ["muted"]
    assert f"quiet mutes {name}" in found.broken[0][1].sentence
    for step in found.plan:
        assert isinstance(step, Call)
        step.make(patient.session.client(step.service))
    assert patient.diagnosis().broken == []


@pytest.fixture
def whole(patient: Patient, terraform: Any) -> Iterator[None]:
    """What a failed test left broken is put right, or all that follow would fail."""
    yield
    if patient.live:
        return
    for step in patient.diagnosis().plan:
        if isinstance(step, Call):
            step.make(patient.session.client(step.service))
    if patient.diagnosis().broken:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
            terraform.run(patient.beats.root, "apply", "-auto-approve")
    patient.beats.cloud.confirm()


def test_the_words_say_what_is_wrong(healthy: View) -> None:
    """Short sentences, with what was changed from what to what."""
    alarm = healthy.alarm
    assert alarm
    account = healthy.account.copy()
    account.change("alarm", alarm["AlarmName"], Threshold=1000.0, AlarmActions=[])
    found, plan = broken(healthy.after(account))
    words = " ".join(each.sentence for _, each in found)
    assert "Threshold is 1000.0, and was 1" in words
    assert len([each for each in plan if isinstance(each, Call)]) == 1
    assert not re.search(r"None|\{\}|Ref\(", words)
    assert Ref("alarm", alarm["AlarmName"]) in {each.ref for _, each in found}


# Last, as another thing is applied afterwards than the others have seen


@pytest.mark.later
@pytest.mark.parametrize("is_refused", [False, True], ids=["at once", "after an apply that was refused"])
def test_what_is_printed_for_another_secret_lets_the_heartbeat_beat(
    patient: Patient, healthy: View, terraform: Any, whole: None, is_refused: bool
) -> None:
    patient.live = None
    secrets, root, beats = patient.session.client("secretsmanager"), patient.beats.root, patient.beats
    (name,) = {
        each["Name"] for each in secrets.list_secrets()["SecretList"] if each["Name"] == "beats-heartbeat"
    }
    secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    secrets.create_secret(Name=name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
        if is_refused:
            with pytest.raises(TerraformFailed, match="already exists"):
                terraform.run(root, "apply", "-auto-approve")
        ended = len([each for each in beats.executions() if each["status"] == "FAILED"])
        beats.minutes_until(
            lambda: len([each for each in beats.executions() if each["status"] == "FAILED"]) > ended, 40
        )
        found = _with_terraform(patient, terraform)
        causes = [each.cause for each in found.hop("heartbeat").findings]
        first = next(each for each in found.hop("heartbeat").findings if each.verdict == "broken")
        assert first.cause == "another-secret"
        assert "executions-failed" in causes
        assert ("not-in-the-state" in causes) is is_refused
        for line in first.mend.splitlines():
            words = shlex.split(line, comments=True)
            terraform.run(root, *words[2:], *(["-auto-approve"] if words[-1] == "apply" else []))
        again = _with_terraform(patient, terraform)
    assert again.broken == []
    # What others broke before is told as well.
    causes = {each.cause for each in again.hop("heartbeat").findings}
    assert "failed-before-the-mend" in causes <= {"failed-before-the-mend", "rule-failures"}
    beats.beat()
    # What follows goes by what is applied now.
    now = again.view.intent
    assert now
    vars(patient.intent).update(vars(now))


def _with_terraform(patient: Patient, terraform: Any) -> Diagnosis:
    """As `secretwatch doctor DIR` examines it, by the state of now."""
    state = json.loads(terraform.run(patient.beats.root, "state", "pull"))
    intent = Intent.of_state(state, patient.watch)
    subject = Subject.of_watch(patient.watch, patient.beats.root)
    doctor = Doctor(subject, patient.session, intent=intent)
    found: Diagnosis = wait_for("a diagnosis", lambda: patient._settled(doctor), seconds=30)
    return found
