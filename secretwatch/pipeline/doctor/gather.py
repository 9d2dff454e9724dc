"""Asking for everything that the hops want to know, as one answer leads to the next question.

First who asks; then all that was applied, at once; then what hangs on it as it is; then the last reads, and
what came of them. How a thing is asked for stands in `kinds/`.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime

from secretwatch import secretid
from secretwatch.pipeline.doctor import about, followed, keeping, namesakes, starting
from secretwatch.pipeline.doctor.account import Account, Ref
from secretwatch.pipeline.doctor.asking import Asking
from secretwatch.pipeline.doctor.intent import Intent
from secretwatch.pipeline.doctor.kinds import Looking, beats, look
from secretwatch.pipeline.doctor.kinds.filters import id_of
from secretwatch.pipeline.doctor.record import Record
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.view import View

_MOST_SECRETS = 20
"""Of more it is not asked whether each is there."""


def gather(
    subject: Subject,
    ask: Asking,
    *,
    intent: Intent | None,
    now: datetime,
    local: bool,
    since: datetime,
    event_id: str | None = None,
) -> tuple[View, Record]:
    """All that can be known. since: reads before it are not looked at; event_id: the one read to follow.

    Without a read that fits, the record has none. What may not be asked is noted as such.
    Raises NoSuchSubject.
    """
    identity = ask("sts", "GetCallerIdentity")
    record = Record(now, local, identity, since)
    account = Account("", subject.region)
    view = View(subject, account, intent, now)
    if not identity.ok:
        return view, record
    record.account_id = account.account_id = str(identity.answer["Account"])
    date = identity.answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    # Something in between may have added one of its own.
    with suppress(TypeError, ValueError):
        record.clock_is_off = (identity.at - parsedate_to_datetime(date)).total_seconds()
    if subject.account_id and subject.account_id != record.account_id:
        return view, record
    looking = Looking(ask, account, frozenset(intent.account.things if intent else ()))
    followed.ask_ahead(subject, ask, since)
    wanted = [*intent.account.things, *namesakes.all_named(intent)] if intent else []
    look(looking, [*wanted, *_of_subject(subject)])
    starting.start(view, looking)
    _bus(view, looking)
    _follow(looking, view)
    _mute_rules(view, looking)
    _elsewhere(view, looking)
    _secrets(view, looking)
    look(looking, namesakes.by_name(account))
    about.make_examples(view, record)
    followed.reads(view, record, ask, since, event_id)
    followed.what_followed(view, record, ask)
    keeping.stops(view, record, ask)
    keeping.log_files(view, record, ask)
    if not (subject.known and intent):
        starting.self_watch_of(view, looking)
        _follow(looking, view)
    return view, record


def _of_subject(subject: Subject) -> list[Ref]:
    refs = [Ref("topic", arn) for arn in subject.topic_arns]
    if subject.alarm_name:
        refs.append(Ref("alarm", subject.alarm_name))
    if subject.log_group_name:
        refs += [Ref("log group", subject.log_group_name), Ref("filter", id_of(subject.log_group_name, ""))]
    if subject.trail_arn:
        refs.append(Ref("trail", subject.trail_arn))
    if subject.realtime:
        refs += [Ref("rule", name) for name in subject.realtime.rule_names]
        refs += [Ref("alarm", name) for name in subject.realtime.alarm_names]
    named = (subject.tamper_alarm_name, subject.blind_alarm_name, subject.stuck_alarm_name)
    return [*refs, *(Ref("alarm", name) for name in named if name)]


def _follow(looking: Looking, view: View) -> None:
    """What hangs on what was found, until nothing more does."""
    for _ in range(4):
        refs = [
            ref
            for ref in _hanging(view)
            if ref not in looking.account.things and ref not in looking.account.unknown
        ]
        if not refs:
            return
        look(looking, refs)


def _hanging(view: View) -> list[Ref]:
    account, found = view.account, []
    trail = view.trail
    if trail:
        if trail.get("S3BucketName"):
            found.append(Ref("bucket", trail["S3BucketName"]))
        if trail.get("CloudWatchLogsRoleArn"):
            found.append(Ref("role", trail["CloudWatchLogsRoleArn"].rsplit("/", 1)[-1]))
        if trail.get("KmsKeyId"):
            found.append(Ref("key", trail["KmsKeyId"]))
    if view.group:
        found.append(Ref("log group", view.group))
        group = account.get("log group", view.group)
        if group and group.get("kmsKeyId"):
            found.append(Ref("key", group["kmsKeyId"]))
    own = {view.alarm_name, *((ref.id for ref in view.intent.account.things) if view.intent else ())}
    for name, alarm in account.all("alarm"):
        if name not in own:
            continue  # one that was found beside it
        found += [Ref("topic", each) for each in alarm.get("AlarmActions") or () if ":sns:" in each]
    for _, topic in account.all("topic"):
        if topic.get("KmsMasterKeyId"):
            found.append(Ref("key", topic["KmsMasterKeyId"]))
    found += [
        Ref("key", each["KmsKeyIdentifier"]) for _, each in account.all("bus") if each.get("KmsKeyIdentifier")
    ]
    machines = [beats.key_of(each) for _, each in account.all("state machine")]
    found += [Ref("key", each) for each in machines if each]
    for _, subscription in account.all("subscription"):
        if subscription.get("Protocol") == "sqs":
            found.append(Ref("queue", subscription["Endpoint"]))
    for _, rule in account.all("rule"):
        for target in rule.get("Targets") or ():
            if ":sns:" in target["Arn"]:
                found.append(Ref("topic", target["Arn"]))
            if letters := (target.get("DeadLetterConfig") or {}).get("Arn"):
                found.append(Ref("queue", letters))
    return list(dict.fromkeys(found))


def _mute_rules(view: View, looking: Looking) -> None:
    """Of the watch's alarms, and of those that tell of the watch itself."""
    subject = view.subject
    names = [view.alarm_name, subject.tamper_alarm_name, subject.blind_alarm_name, subject.stuck_alarm_name]
    names += [ref.id for ref in (view.intent.account.things if view.intent else ()) if ref.kind == "alarm"]
    look(looking, [Ref("mute rule", name) for name in names if name])


def _bus(view: View, looking: Looking) -> None:
    """The bus that rules are on: a key of its own may stop them all."""
    if not any(view.account.all("rule")):
        return
    arn = view.account.arn("events", "event-bus/default")
    asked = looking.ask("events", "DescribeEventBus", arn, Name="default")
    if asked.unknown:
        view.account.unknown[Ref("bus", arn)] = asked
    elif asked.ok:
        view.account.put("bus", arn, dict(asked.answer))


def _elsewhere(view: View, looking: Looking) -> None:
    """A rule that is not on the default bus may be on another."""
    lost = [ref.id for ref, thing in view.account.things.items() if ref.kind == "rule" and thing is None]
    if not lost:
        return
    buses = looking.ask("events", "ListEventBuses")
    for bus in (buses.answer or {}).get("EventBuses", []) if buses.ok else []:
        for name in lost if bus["Name"] != "default" else ():
            asked = looking.ask("events", "DescribeRule", "*", Name=name, EventBusName=bus["Name"])
            if asked.ok:
                view.account.put("rule elsewhere", name, {"EventBusName": bus["Name"]})


def _secrets(view: View, looking: Looking) -> None:
    """The watched secrets that are named: are they there, and is one that was made anew another."""
    subject, account = view.subject, view.account
    named = [each for each in subject.secrets if not secretid.is_prefix(each)]
    own = [each for each in named if secretid.account(each) in (None, account.account_id)]
    if len(own) > _MOST_SECRETS or not subject.is_about_secrets:
        return
    look(looking, [Ref("secret", each) for each in own])
