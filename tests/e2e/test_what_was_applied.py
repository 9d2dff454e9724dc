"""The doctor on what Terraform applied: each decisive change is found and mended, what is unusual is not.

Faults are generated anew in each run (`doctor_faults`), first on what was found, hundreds of them without a
call, then some for real on the local cloud, where it is tried whether people are told. A failure has its
seed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import random
import re
import shlex
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from beats import ACCOUNT
from beats import Account as Beats
from botocore.exceptions import ClientError
from deep import some
from deployment import wait_for
from doctor_faults import FOREIGN, Fault, chosen, faults
from handmade import Session

from secretwatch.pipeline import applied
from secretwatch.pipeline.doctor.account import Account, Ref
from secretwatch.pipeline.doctor.calls import Call
from secretwatch.pipeline.doctor.examine import Doctor
from secretwatch.pipeline.doctor.findings import Finding
from secretwatch.pipeline.doctor.intent import Intent
from secretwatch.pipeline.doctor.kinds import BY_NAME, RESOURCES, after, alarms
from secretwatch.pipeline.doctor.kinds.filters import parts
from secretwatch.pipeline.doctor.kinds.topics import subscription_parts
from secretwatch.pipeline.doctor.mend import proved
from secretwatch.pipeline.doctor.permissions import policy as policy_for
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.view import View
from secretwatch.pipeline.doctor.walk import Diagnosis, configured
from secretwatch.pipeline.watch import Watch
from secretwatch.terraform import TerraformFailed

SEED = int(os.environ.get("SECRETWATCH_TEST_SEED") or random.randrange(10**6))
ON_THE_CLOUD = 20
"""How many faults a run tries for real; `-m slow` tries ten times as many."""


@dataclass
class Patient:
    beats: Beats
    watch: Watch
    intent: Intent
    session: Session
    live: Account | None = None
    """As it was found last, with nothing wrong."""

    def diagnosis(self) -> Diagnosis:
        """When nothing is on its way any more."""
        doctor = Doctor(Subject.of_watch(self.watch), self.session, intent=self.intent)
        found: Diagnosis = wait_for("a diagnosis", lambda: self._settled(doctor), seconds=30)
        self.live = found.view.account if not found.broken else None
        return found

    @staticmethod
    def _settled(doctor: Doctor) -> Diagnosis | None:
        found = doctor.examine()
        return None if found.waits else found

    def told(self, before: int) -> set[tuple[str, str]]:
        """Who has got which message since then."""
        found = set()
        for each in self.beats.cloud.inbox()[before:]:
            if ACCOUNT not in str(each["topic_arn"]) or each["kind"] != "notification":
                continue
            kind = "alarm" if f'ALARM: "{self.watch.alarm_name}"' in str(each["subject"]) else "rule"
            if kind == "alarm" or '"READ"' in str(each["body"]) or "GetSecretValue" in str(each["body"]):
                found.add((kind, str(each["to"])))
        return found

    def rings(self, seconds: float = 15.0) -> bool:
        """Whether a read now tells everybody who is meant to hear: by the alarm, and by the rule."""
        cloud = self.beats.cloud
        cloud.release(first=0)
        cloud.tick(16)
        before = len(cloud.inbox())
        self.session.client("secretsmanager").get_secret_value(SecretId="beats-read")
        cloud.release(first=0)
        cloud.tick()
        wanted = {(kind, "oncall@example.com") for kind in ("alarm", "rule")}
        deadline = time.monotonic() + seconds
        while not wanted <= self.told(before):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def hears_of_an_attack(self, seconds: float = 15.0) -> bool:
        """Whether who stops the trail is told of in both ways: by a rule, and by the alarm on tampering."""
        cloud, trail = self.beats.cloud, self.session.client("cloudtrail")
        cloud.release(first=0)
        cloud.tick(7)
        before = len(cloud.inbox())
        trail.stop_logging(Name=self.watch.trail_arn)
        trail.start_logging(Name=self.watch.trail_arn)
        cloud.release(first=0)
        cloud.tick()
        fast, slow = '"StopLogging"', f'ALARM: "{self.watch.tamper_alarm_name}"'
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            mails = [each for each in cloud.inbox()[before:] if ACCOUNT in str(each["topic_arn"])]
            if any(slow in str(each["subject"]) for each in mails) and any(
                fast in str(each["body"]) and "self-watch" in str(each["topic_arn"]) for each in mails
            ):
                return True
            time.sleep(0.1)
        return False

    def keeps_evidence(self) -> bool:
        """Whether what is done now lies in the bucket afterwards."""
        s3, bucket = self.session.client("s3"), self.watch.bucket_name
        pages = s3.get_paginator("list_objects_v2").paginate
        folder = f"AWSLogs/{ACCOUNT}/CloudTrail/"

        def files() -> set[str]:
            found = pages(Bucket=bucket, Prefix=folder)
            return {each["Key"] for page in found for each in page.get("Contents") or ()}

        self.beats.cloud.release(first=0)
        before = files()
        self.session.client("secretsmanager").get_secret_value(SecretId="beats-read")
        return bool(wait_for("a log file", lambda: files() - before))

    def says_who(self, seconds: float = 15.0) -> bool:
        """Whether who reads now is named in a message of its own, once the alarm has rung."""
        before = len(self.beats.cloud.inbox())
        self.rings()
        deadline = time.monotonic() + seconds
        subject = f'DETAILS: "{self.watch.alarm_name}" in '
        while time.monotonic() < deadline:
            for each in self.beats.cloud.inbox()[before:]:
                if str(each["subject"]).startswith(subject) and "beats-read" in str(each["body"]):
                    return True
            time.sleep(0.1)
        return False

    def beats_on(self) -> bool:
        self.beats.beat()
        return True


# What shows whether a thing does again what it serves.
TRIALS: dict[str, Callable[[Patient], bool]] = {
    "details": Patient.says_who,
    "evidence": Patient.keeps_evidence,
    "heartbeat": Patient.beats_on,
    "realtime": Patient.rings,
    "ring": Patient.rings,
    "self-watch": Patient.hears_of_an_attack,
}


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


def broken(view: View) -> tuple[list[tuple[str, Finding]], list[Any]]:
    """What the doctor finds broken, with its mends proved, and the plan for all of it."""
    hops = configured(view)
    plan = proved(view, hops, configured)
    return [(hop.name, each) for hop in hops for each in hop.findings if each.verdict == "broken"], plan


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


def _another_filter(view: View, pattern: str) -> None:
    id, found = next(each for each in view.account.all("filter") if "beats-all" in each[0])
    group, _ = parts(id)
    view.account.put("filter", f"{group}:zz", {**found, "filterName": "zz", "filterPattern": pattern})


def _another_key(view: View) -> None:
    trail = view.trail
    assert trail
    view.account.change("topic", view.topics_of(view.alarm)[0], KmsMasterKeyId=trail["KmsKeyId"])


def _prefix(view: View) -> None:
    assert view.trail_arn
    view.account.change("trail", view.trail_arn, S3KeyPrefix="elsewhere")


def _elsewhere(view: View) -> None:
    _, found = next(each for each in view.account.all("filter") if "beats-all" in each[0])
    noise = {**found, "logGroupName": "/app/noise", "filterName": "zz", "filterPattern": ""}
    view.account.put("filter", "/app/noise:zz", noise)


def _nightly(view: View, *others: str) -> None:
    schedule = {"Expression": "cron(0 3 * * *)", "Duration": "PT2H"}
    muted = {"AlarmNames": [view.alarm_name, *others]}
    view.account.put("mute rule", "night", {"Rule": {"Schedule": schedule}, "MuteTargets": muted})


def _one_more_is_left_out(rule: str, member: str, value: str) -> Callable[[View], None]:
    """Somebody's value among those that a rule leaves out, as they are or as a beginning."""

    def change(view: View) -> None:
        id, found = next(each for each in view.account.all("rule") if rule in each[0])
        pattern = json.loads(found["EventPattern"])
        wanted = pattern["detail"].get(member)
        names = [value, *(each for each in wanted or () if isinstance(each, str))]
        pattern["detail"][member] = [{"anything-but": names}]
        if wanted and isinstance(wanted[0], dict) and "anything-but" in wanted[0]:
            pattern["detail"][member] = [{"anything-but": [*wanted[0]["anything-but"], value]}]
        view.account.change("rule", id, EventPattern=json.dumps(pattern))

    return change


def _masks_addresses(account: Account) -> None:
    """Somebody hides e-mail addresses in the log group, of which no filter asks."""
    id, _ = next(account.all("log group"))
    mask = {"DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"]}
    operations = ({"Audit": {"FindingsDestination": {}}}, {"Deidentify": {"MaskConfig": {}}})
    statements = [{**mask, "Sid": str(n), "Operation": each} for n, each in enumerate(operations)]
    document = {"Name": "addresses", "Version": "2021-06-01", "Statement": statements}
    account.change("log group", id, policyDocument=json.dumps(document))


def _without_its_key(view: View) -> None:
    """The log group, whose addresses somebody masks."""
    _masks_addresses(view.account)
    id, _ = next(view.account.all("log group"))
    view.account.change("log group", id, kmsKeyId=None)


def _denied_by_a_managed_policy(view: View) -> None:
    trail = view.trail
    assert trail
    role = trail["CloudWatchLogsRoleArn"].rsplit("/", 1)[-1]
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    view.account.change("role", role, Attached={"arn:aws:iam::aws:policy/AWSDenyAll": text})


ONE_STEP: dict[str, tuple[Callable[[View], None], str]] = {
    "a filter on everything, added": (lambda view: _another_filter(view, ""), "DeleteMetricFilter"),
    "a filter on more, added": (
        lambda view: _another_filter(view, '{ $.eventName = "DescribeSecret" }'),
        "DeleteMetricFilter",
    ),
    "a filter of another log group": (_elsewhere, "DeleteMetricFilter"),
    "muted every night": (_nightly, "DeleteAlarmMuteRule"),
    "muted every night with another": (lambda view: _nightly(view, "theirs"), "PutAlarmMuteRule"),
    "a call that a rule leaves out": (
        _one_more_is_left_out("self-watch-trail", "eventName", "StopLogging"),
        "PutRule",
    ),
    "a kind of event that a rule leaves out": (
        _one_more_is_left_out("beats-all-a", "eventType", "AwsApiCall"),
        "PutRule",
    ),
    "another key on the topic": (_another_key, "SetTopicAttributes"),
    "another folder in the bucket": (_prefix, "UpdateTrail"),
    "a log group without its key, where addresses are masked": (_without_its_key, "AssociateKmsKey"),
    "a role in quarantine": (_denied_by_a_managed_policy, "DetachRolePolicy"),
}


@pytest.mark.parametrize("what", ONE_STEP)
def test_no_more_is_mended_than_was_broken(healthy: View, what: str) -> None:
    view = healthy.after(healthy.account.copy())
    change, operation = ONE_STEP[what]
    change(view)
    found, plan = broken(view)
    assert found
    assert [each.operation for each in plan if isinstance(each, Call)] == [operation]
    assert broken(view.after(after(view.account, plan)))[0] == []


# What is only unusual


def _renamed(account: Account, dice: random.Random) -> None:
    """A filter under another name."""
    id, found = dice.choice([each for each in account.all("filter") if "beats-all" in each[0]])
    group, name = parts(id)
    account.put("filter", id, None)
    account.put("filter", f"{group}:by-hand-{name}", {**found, "filterName": f"by-hand-{name}"})


def _reworded(account: Account, dice: random.Random) -> None:
    """A filter's pattern with the same meaning: other spaces, parentheses, an alternative twice."""
    id, found = dice.choice(list(account.all("filter")))
    text = str(found["filterPattern"]).strip()[1:-1].strip()
    others = (
        f"{{ ({text}) }}",
        f"{{  {text}  }}",
        f"{{ ({text}) || ({text}) }}",
        f"{{ ({text}) && ({text}) }}",
    )
    fitting = [each for each in others if len(each) <= 1024 and each.count("[*]") <= 3]
    account.change("filter", id, filterPattern=dice.choice([each for each in fitting if _counts(each)]))


def _counts(pattern: str) -> bool:
    from secretwatch.filterpattern import FilterPattern, InvalidFilterPattern

    with contextlib.suppress(InvalidFilterPattern):
        FilterPattern.parse(pattern)
        return True
    return False


def _reordered(account: Account, dice: random.Random) -> None:
    """A rule's pattern with its fields in another order, and values twice."""
    id, found = dice.choice([each for each in account.all("rule") if each[1].get("EventPattern")])
    pattern = dict(reversed(json.loads(found["EventPattern"]).items()))
    pattern["source"] = pattern.get("source", []) * 2 or None
    text = json.dumps({name: each for name, each in pattern.items() if each}, indent=1)
    account.change("rule", id, EventPattern=text)


def _more_subscribers(account: Account, dice: random.Random) -> None:
    """Somebody else listens, too; one of them has not confirmed."""
    arn, _ = dice.choice(list(account.all("topic")))
    for number, state in enumerate((f"{arn}:1", "PendingConfirmation")):
        endpoint = f"more-{number}@example.com"
        made = {"SubscriptionArn": state, "Protocol": "email", "Endpoint": endpoint, "TopicArn": arn}
        account.put("subscription", f"{arn}|email|{endpoint}", made)


def _more_statements(account: Account, dice: random.Random) -> None:
    """A policy lets more of the account in, or another account read, or denies somebody else."""
    kind = dice.choice(("topic", "key", "bucket", "queue"))
    id, found = dice.choice([each for each in account.all(kind) if each[1].get("Policy")])
    policy = json.loads(found["Policy"])
    effect, theirs = dice.choice(("Allow", "Deny")), "arn:aws:iam::999999999999:root"
    writing, reading = {
        "topic": ("sns:Publish", "sns:GetTopicAttributes"),
        "key": ("kms:ScheduleKeyDeletion", "kms:Decrypt"),
        "bucket": ("s3:DeleteObject", "s3:GetObject"),
        "queue": ("sqs:SendMessage", "sqs:GetQueueAttributes"),
    }[kind]
    who, action = dice.choice([(f"arn:aws:iam::{ACCOUNT}:root", writing), (theirs, reading)])
    if effect == "Deny":
        who, action = theirs, writing
    statement = {
        "Sid": "SomebodyElses",
        "Effect": effect,
        "Principal": {"AWS": who},
        "Action": action,
        "Resource": {"bucket": f"arn:aws:s3:::{id}/*", "key": "*"}.get(kind, id),
    }
    statements = [*policy["Statement"], statement]
    dice.shuffle(statements)
    account.change(kind, id, Policy=json.dumps({**policy, "Statement": statements}))


def _more_things(account: Account, dice: random.Random) -> None:
    """Filters, alarms, rules and a trail of others beside it."""
    group = next(id for id, _ in account.all("log group"))
    other = {"metricName": "other", "metricNamespace": "others", "metricValue": "1"}
    made = {
        "filterName": "other",
        "filterPattern": '{ $.eventName = "GetSecretValue" }',
        "logGroupName": group,
    }
    account.put("filter", f"{group}:other", {**made, "metricTransformations": [other]})
    alarm = {"AlarmName": "other", "AlarmActions": [FOREIGN], "MetricName": "other", "Namespace": "others"}
    account.put("alarm", "other", {**alarm, "StateValue": "OK", "ActionsEnabled": False})
    account.put("rule", "other", {"Name": "other", "State": "DISABLED", "EventPattern": "{}", "Targets": []})
    name = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/other"
    account.put("trail", name, {"TrailARN": name, "Name": "other", "IsLogging": False})


def _another_target(account: Account, dice: random.Random) -> None:
    """A rule that sends to somebody else as well."""
    id, found = dice.choice([each for each in account.all("rule") if each[1].get("Targets")])
    account.change("rule", id, Targets=[*found["Targets"], {"Id": "theirs", "Arn": FOREIGN}])


def _more_actions(account: Account, dice: random.Random) -> None:
    """An alarm that tells somebody else as well."""
    id, found = dice.choice([each for each in account.all("alarm") if each[1].get("AlarmActions")])
    name = dice.choice(("AlarmActions", "OKActions"))
    account.change("alarm", id, **{name: [*(found.get(name) or ()), FOREIGN]})


def _more_data(account: Account, dice: random.Random) -> None:
    """A trail that records data events for somebody, by one kind of selectors or the other."""
    id, _ = next(account.all("trail"))
    resource = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::theirs/"]}
    basic = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [resource]}
    fields = [{"Field": "eventCategory", "Equals": ["Management"]}]
    advanced = [{"Name": "", "FieldSelectors": fields}]
    if dice.random() < 0.5:
        account.change("trail", id, EventSelectors=[basic], AdvancedEventSelectors=[])
    else:
        account.change("trail", id, EventSelectors=[], AdvancedEventSelectors=advanced)


def _another_limit(account: Account, dice: random.Random) -> None:
    """More than none is at least one."""
    at_least = ("GreaterThanOrEqualToThreshold", 1.0)
    those = [
        id
        for id, each in account.all("alarm")
        if (each.get("ComparisonOperator"), each.get("Threshold")) == at_least
    ]
    above = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": dice.choice((0.0, 0.5))}
    account.change("alarm", dice.choice(those), **dice.choice((above, {"Threshold": 0.5})))


def _another_rate(account: Account, dice: random.Random) -> None:
    """An hour is sixty minutes."""
    for id, found in account.all("rule"):
        count, _, unit = str(found.get("ScheduleExpression") or "").strip("rate()").partition(" ")
        if unit.startswith("hour"):
            account.change("rule", id, ScheduleExpression=f"rate({int(count) * 60} minutes)")


def _split_statements(account: Account, dice: random.Random) -> None:
    """A policy with one statement an action."""
    kind = dice.choice(("topic", "key", "bucket"))
    id, found = dice.choice([each for each in account.all(kind) if each[1].get("Policy")])
    policy = json.loads(found["Policy"])
    statements = []
    for number, each in enumerate(policy["Statement"]):
        actions = each["Action"] if isinstance(each["Action"], list) else [each["Action"]]
        statements += [{**each, "Sid": f"S{number}{n}", "Action": action} for n, action in enumerate(actions)]
    account.change(kind, id, Policy=json.dumps({**policy, "Statement": statements}))


def _bound_trust(account: Account, dice: random.Random) -> None:
    """A role that only this account's things may have a service assume."""
    id, found = dice.choice(
        [each for each in account.all("role") if "states." in str(each[1]["AssumeRolePolicyDocument"])]
    )
    (statement,) = json.loads(found["AssumeRolePolicyDocument"])["Statement"]
    machine = next(id for id, _ in account.all("state machine"))
    bound = dice.choice(
        (
            {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
            {"ArnLike": {"aws:SourceArn": f"{machine.rpartition(':')[0]}:*"}},
        )
    )
    text = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Condition": bound}]})
    account.change("role", id, AssumeRolePolicyDocument=text)


def _of_here(account: Account, dice: random.Random) -> None:
    """A rule that says which account it is of: no others' calls come to its bus."""
    id, found = dice.choice([each for each in account.all("rule") if each[1].get("EventPattern")])
    pattern = json.loads(found["EventPattern"])
    account.change("rule", id, EventPattern=json.dumps({"account": [ACCOUNT], **pattern}))


def _in_other_words(account: Account, dice: random.Random) -> None:
    """An alarm on one metric put as metric math, a target of another name, a condition that always holds."""
    id, found = dice.choice([each for each in account.all("alarm") if each[1].get("Statistic")])
    metric = {name: found[name] for name in ("Namespace", "MetricName", "Dimensions") if found.get(name)}
    stat = {"Metric": metric, "Period": found["Period"], "Stat": found["Statistic"]}
    if found.get("Unit"):
        stat["Unit"] = found["Unit"]
    several = {name: each for name, each in found.items() if name not in alarms.ON_ONE_METRIC}
    several["Metrics"] = [{"Id": "m1", "MetricStat": stat, "ReturnData": True}]
    account.put("alarm", id, alarms.flat(several))
    id, found = dice.choice([each for each in account.all("rule") if each[1].get("Targets")])
    renamed = [{**each, "Id": f"by-hand-{each['Id']}"} for each in found["Targets"]]
    account.change("rule", id, Targets=renamed)
    id, found = next(each for each in account.all("rule") if "beats-all-a" in each[0])
    pattern = json.loads(found["EventPattern"])
    pattern["detail"] |= {"readOnly": [True], "managementEvent": [True]}
    account.change("rule", id, EventPattern=json.dumps(pattern))


def _more_of_others(account: Account, dice: random.Random) -> None:
    """The trail tells somebody of its files, and a lifecycle rule is for what has a tag."""
    id, _ = next(account.all("trail"))
    account.change("trail", id, SnsTopicName="files")
    id, found = next(account.all("bucket"))
    scope = {"Tag": {"Key": "tmp", "Value": "yes"}}
    rule = {"ID": "tmp", "Status": "Enabled", "Filter": scope, "Expiration": {"Days": 1}}
    account.change("bucket", id, Lifecycle=[*(found.get("Lifecycle") or ()), rule])


def _commented(account: Account, dice: random.Random) -> None:
    """A state machine with a comment."""
    id, found = dice.choice(list(account.all("state machine")))
    definition = {"Comment": "Reads.", **json.loads(found["definition"])}
    account.change("state machine", id, definition=json.dumps(definition))


def _patient(account: Account, dice: random.Random) -> None:
    """A state machine with more attempts, more time, and other names for its states."""
    id, found = dice.choice(list(account.all("state machine")))
    definition = json.loads(found["definition"])
    first = definition["StartAt"]
    text = found["definition"].replace(f'"{first}"', '"Begin"')
    definition = json.loads(text)
    definition["TimeoutSeconds"] = dice.choice((7200, 86400))
    state = definition["States"]["Begin"]
    if state["Type"] in ("Task", "Parallel"):
        more = {"ErrorEquals": ["SecretsManager.InternalServiceErrorException"], "MaxAttempts": 2}
        state["Retry"] = [*(state.get("Retry") or ()), more]
    account.change("state machine", id, definition=json.dumps(definition))


def _by_operators(account: Account, dice: random.Random) -> None:
    """A rule that asks for AWS's own names by their beginning, or in any letters."""
    id, found = dice.choice([each for each in account.all("rule") if each[1].get("EventPattern")])
    pattern = json.loads(found["EventPattern"])
    places = [(pattern, name) for name in ("detail-type", "source") if name in pattern]
    places += [(pattern["detail"], name) for name in ("eventSource",) if name in pattern.get("detail", {})]
    place, name = dice.choice(places)
    any_letters = [{"equals-ignore-case": each.swapcase()} for each in place[name]]
    begins = [{"prefix": each if name == "source" else each[:-1]} for each in place[name]]
    place[name] = dice.choice((any_letters, begins))
    account.change("rule", id, EventPattern=json.dumps(pattern))


def _careful(account: Account, dice: random.Random) -> None:
    """A log group that masks addresses, and keeps events for longer."""
    _masks_addresses(account)
    id, _ = next(account.all("log group"))
    account.change("log group", id, retentionInDays=dice.choice((None, 3653)))


UNUSUAL: list[Callable[[Account, random.Random], None]] = [
    _renamed,
    _reworded,
    _reordered,
    _more_subscribers,
    _more_statements,
    _more_things,
    _another_target,
    _more_actions,
    _more_data,
    _another_limit,
    _another_rate,
    _split_statements,
    _bound_trust,
    _of_here,
    _in_other_words,
    _more_of_others,
    _commented,
    _patient,
    _by_operators,
    _careful,
]


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
    for fault in chosen(patient.intent.account, some(120), dice):
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


def _made_anew(account: Account, ref: Ref) -> None:
    if ref.kind == "secret":
        name = ref.id.rsplit(":", 1)[-1][:-7]
        account.put("secret", ref.id, None)
        account.put("secret", name, {"Name": name, "ARN": f"{ref.id[:-6]}Another"[: len(ref.id)]})
    else:
        live = account.get(ref.kind, ref.id) or {}
        member = BY_NAME[ref.kind].identity
        account.change(ref.kind, ref.id, **{member: f"{live[member][:-8]}00000000"})


def test_another_one_of_its_name_is_found(healthy: View, patient: Patient) -> None:
    """Of each thing that AWS gives an id of its own, and whose ARN has that; what mends it is Terraform's."""
    kinds = ("secret", *(name for name, kind in BY_NAME.items() if kind.identity))
    refs = [ref for ref in patient.intent.account.things if ref.kind in kinds]
    assert {ref.kind for ref in refs} == {"secret", "connection"}
    view = dataclasses.replace(healthy, subject=Subject.of_watch(patient.watch, patient.beats.root))
    for ref in refs:
        account = healthy.account.copy()
        _made_anew(account, ref)
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


DELETED: dict[str, Callable[[Session, str], Any]] = {
    "alarm": lambda s, id: s.client("cloudwatch").delete_alarms(AlarmNames=[id]),
    "filter": lambda s, id: s.client("logs").delete_metric_filter(
        logGroupName=parts(id)[0], filterName=parts(id)[1]
    ),
    "queue": lambda s, id: s.client("sqs").delete_queue(
        QueueUrl=s.client("sqs").get_queue_url(QueueName=id.rsplit(":", 1)[-1])["QueueUrl"]
    ),
    "rule": lambda s, id: _delete_rule(s, id),
    "state machine": lambda s, id: s.client("stepfunctions").delete_state_machine(stateMachineArn=id),
    "subscription": lambda s, id: _unsubscribe(s, id),
    "trail": lambda s, id: s.client("cloudtrail").delete_trail(Name=id),
}


def _without_targets(session: Session, rule: str) -> None:
    events = session.client("events")
    there = [each["Id"] for each in events.list_targets_by_rule(Rule=rule)["Targets"]]
    if there:
        events.remove_targets(Rule=rule, Ids=there)


def _delete_rule(session: Session, rule: str) -> None:
    _without_targets(session, rule)
    session.client("events").delete_rule(Name=rule)


def _unsubscribe(session: Session, id: str) -> None:
    topic, protocol, endpoint = subscription_parts(id)
    sns = session.client("sns")
    for each in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]:
        if (each["Protocol"], each["Endpoint"]) == (protocol, endpoint):
            sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])


POLICIES: dict[tuple[str, str], Callable[[Session, str, str], Any]] = {
    ("bucket", "Policy"): lambda s, id, text: s.client("s3").put_bucket_policy(Bucket=id, Policy=text),
    ("key", "Policy"): lambda s, id, text: s.client("kms").put_key_policy(
        KeyId=id, PolicyName="default", Policy=text, BypassPolicyLockoutSafetyCheck=True
    ),
    ("log group", "policyDocument"): lambda s, id, text: s.client("logs").put_data_protection_policy(
        logGroupIdentifier=id, policyDocument=text
    ),
    ("role", "AssumeRolePolicyDocument"): lambda s, id, text: s.client("iam").update_assume_role_policy(
        RoleName=id, PolicyDocument=text
    ),
    ("topic", "Policy"): lambda s, id, text: s.client("sns").set_topic_attributes(
        TopicArn=id, AttributeName="Policy", AttributeValue=text
    ),
}
# What cannot be made on the local cloud in a call or two, or takes others' things along.
_NOT_HERE = {
    *(("bucket", ""), ("key", ""), ("log group", ""), ("role", ""), ("topic", ""), ("role", "Boundary")),
    *(("queue", "Policy"), ("log group", "kmsKeyId"), ("topic", "KmsMasterKeyId"), ("role", "Inline")),
    *(
        ("trail", "KmsKeyId"),
        ("trail", "S3BucketName"),
        ("trail", "CloudWatchLogsRoleArn"),
        ("queue", "KmsMasterKeyId"),
    ),
    *(
        ("trail", "S3KeyPrefix"),
        ("connection", ""),
        ("connection", "AuthorizationType"),
        ("alarm", "Metrics"),
    ),
    *(("trail", "CloudWatchLogsLogGroupArn"), ("state machine", "roleArn"), ("trail", "SnsTopicName")),
}


def make(patient: Patient, live: Account, fault: Fault) -> bool:
    """Make the fault on the cloud; whether that can be done there."""
    ref, session = fault.ref, patient.session
    if (ref.kind, fault.member) in _NOT_HERE:
        return False
    if not fault.member:
        DELETED[ref.kind](session, ref.id)
        return True
    if put := POLICIES.get((ref.kind, fault.member)):
        put(session, ref.id, str(fault.value))
        return True
    thing = live.things[ref]
    if (ref.kind, fault.member) == ("key", "KeyState"):
        kms = session.client("kms")
        if fault.value == "Disabled":
            kms.disable_key(KeyId=ref.id)
        else:
            kms.schedule_key_deletion(KeyId=ref.id, PendingWindowInDays=7)
        return True
    if fault.member == "EventSelectors":
        selectors = fault.value
        session.client("cloudtrail").put_event_selectors(TrailName=ref.id, EventSelectors=selectors)
        return True
    if fault.member == "IsLogging":
        session.client("cloudtrail").stop_logging(Name=ref.id)
        return True
    if fault.member == "Targets":
        _without_targets(session, ref.id)
        if not fault.value:
            return True
        thing = {**(thing or {}), "Targets": []}
    if fault.member == "ActionsEnabled":
        session.client("cloudwatch").disable_alarm_actions(AlarmNames=[ref.id])
        return True
    wanted = fault.on(live).things[ref]
    assert wanted is not None
    steps = [
        each for each in BY_NAME[ref.kind].restore(live, ref.id, wanted, thing) if isinstance(each, Call)
    ]
    if ref.kind == "alarm":
        steps = [alarms.put(wanted)]  # which keeps nothing of what is there
    for step in steps:
        step.make(session.client(step.service))
    return bool(steps)


@pytest.fixture(scope="session")
def on_the_cloud(patient: Patient) -> list[Fault]:
    dice = random.Random(SEED)
    possible = Account(ACCOUNT, patient.watch.region, dict(patient.intent.account.things))
    made = [
        each
        for each in chosen(possible, 40 * ON_THE_CLOUD, dice)
        if (each.ref.kind, each.member) not in _NOT_HERE
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
