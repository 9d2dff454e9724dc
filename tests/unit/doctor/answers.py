"""AWS's answers about a watch, as one question each, and the view and the record that come of them.

Tests change an answer; what the doctor makes of answers on its way (`gather`) is done here in few words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from secretwatch import secretid
from secretwatch.alarm import Sample
from secretwatch.cloudtrail import Event
from secretwatch.pipeline.doctor import walk as walking
from secretwatch.pipeline.doctor.account import Account, Ref
from secretwatch.pipeline.doctor.asking import Asked
from secretwatch.pipeline.doctor.kinds.topics import subscription_id
from secretwatch.pipeline.doctor.reads import TracedRead, expected
from secretwatch.pipeline.doctor.record import Record
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.view import View


@dataclass
class RoleFacts:
    """policies: documents, inline and attached."""

    role: Asked
    policies: list[Any] = field(default_factory=list)


@dataclass
class TopicFacts:
    """subscriptions: each with its attributes, where those are known."""

    arn: str
    attributes: Asked
    subscriptions: Asked
    subscription_attributes: dict[str, Asked] = field(default_factory=dict)
    key: Asked | None = None
    key_policy: Asked | None = None
    failures: Asked | None = None


@dataclass
class RuleFacts:
    name: str
    rule: Asked
    targets: Asked | None = None
    failures: Asked | None = None


@dataclass
class AlarmOn:
    """An alarm on the watch: by its name, or those that were found."""

    name: str | None
    alarms: list[Mapping[str, Any]]
    unknown: Asked | None = None


@dataclass
class Facts:
    subject: Subject
    now: datetime
    local: bool
    identity: Asked
    clock_is_off: float = 0.0
    account_id: str = ""
    since: datetime | None = None
    trail: Mapping[str, Any] | None = None
    trail_asked: Asked | None = None
    trail_status: Asked | None = None
    selectors: Asked | None = None
    bucket_policy: Asked | None = None
    role: RoleFacts | None = None
    group: str | None = None
    log_group: Asked | None = None
    history: list[Asked] = field(default_factory=list)
    delivered: Asked | None = None
    reads: list[TracedRead] = field(default_factory=list)
    read: TracedRead | None = None
    example: Event | None = None
    changes: list[Event] = field(default_factory=list)
    filters: Asked | None = None
    emitting: Asked | None = None
    tested: dict[str, Asked] = field(default_factory=dict)
    alarm: Mapping[str, Any] | None = None
    alarm_asked: Asked | None = None
    history_of_alarm: Asked | None = None
    samples: list[Sample] = field(default_factory=list)
    samples_asked: Asked | None = None
    topics: list[TopicFacts] = field(default_factory=list)
    rules: list[RuleFacts] = field(default_factory=list)
    rules_asked: Asked | None = None
    rule_topics: dict[str, TopicFacts] = field(default_factory=dict)
    dead_letters: Asked | None = None
    stuck: AlarmOn | None = None
    tamper: AlarmOn | None = None
    blind: AlarmOn | None = None


def walk(facts: Facts) -> walking.Diagnosis:
    return walking.walk(*case(facts))


def case(facts: Facts) -> tuple[View, Record]:
    account = Account(facts.account_id, facts.subject.region)
    view = View(
        _subject(facts),
        account,
        None,
        facts.now,
        _examples(facts),
        facts.read is not None,
        trail_arn=facts.trail["TrailARN"] if facts.trail else facts.subject.trail_arn,
        group=facts.group,
        alarm_name=facts.subject.alarm_name,
        tested={text: bool(each.answer["matches"]) for text, each in facts.tested.items() if each.ok},
    )
    _trail(facts, account)
    _filters(facts, account)
    _alarms(facts, account)
    for topic in (*facts.rule_topics.values(), *facts.topics):
        _topic(account, topic)
    _rules(facts, account)
    record = Record(
        facts.now,
        facts.local,
        facts.identity,
        facts.since,
        facts.clock_is_off,
        facts.account_id,
        facts.history,
        facts.delivered,
        facts.reads,
        facts.read,
        facts.changes,
        tested=facts.tested,
        samples=facts.samples,
        samples_asked=facts.samples_asked,
        history_of_alarm=facts.history_of_alarm,
        failures={each.arn: each.failures for each in facts.topics if each.failures}
        | {each.name: each.failures for each in facts.rules if each.failures},
    )
    return view, record


def _subject(facts: Facts) -> Subject:
    names = {
        f"{name}_alarm_name": found.name
        for name, found in (("stuck", facts.stuck), ("tamper", facts.tamper), ("blind", facts.blind))
        if found and found.name
    }
    return replace(facts.subject, **names)


def _examples(facts: Facts) -> list[Event]:
    if facts.read:
        return [facts.read.event]
    subject = facts.subject
    return [
        expected(form, facts.account_id, subject.region, facts.now, kind)
        for kind in subject.kinds[:1]
        for secret in subject.secrets or ("*",)
        for form in secretid.forms(secret, is_whole=secret == subject.made)
    ]


def _note(account: Account, kind: str, id: str, asked: Asked | None, thing: Any) -> None:
    if asked and asked.unknown:
        account.unknown[Ref(kind, id)] = asked
    else:
        account.put(kind, id, thing)


def _trail(facts: Facts, account: Account) -> None:
    arn = facts.subject.trail_arn
    if facts.trail is None:
        if arn:
            _note(account, "trail", arn, facts.trail_asked, None)
        return
    arn = facts.trail["TrailARN"]
    thing = dict(facts.trail)
    if facts.trail_status and facts.trail_status.ok:
        thing |= {
            "IsLogging": facts.trail_status.answer.get("IsLogging"),
            "Status": facts.trail_status.answer,
        }
    elif facts.trail_status:
        account.unknown[Ref("trail status", arn)] = facts.trail_status
    if facts.selectors and facts.selectors.ok:
        thing |= {"EventSelectors": [], "AdvancedEventSelectors": []} | facts.selectors.answer
    elif facts.selectors:
        account.unknown[Ref("selectors", arn)] = facts.selectors
    account.put("trail", arn, thing)
    name, asked = thing["S3BucketName"], facts.bucket_policy
    if asked and asked.absent and "NoSuchBucket:" in asked.why:
        account.put("bucket", name, None)
    elif asked and asked.unknown:
        account.unknown[Ref("bucket Policy", name)] = asked
    elif asked:
        account.put("bucket", name, {"Policy": asked.answer["Policy"] if asked.ok else None})
    if facts.role:
        role = facts.role
        thing = {
            "AssumeRolePolicyDocument": json.dumps(role.role.answer["Role"]["AssumeRolePolicyDocument"]),
            "Inline": {f"p{number}": json.dumps(each) for number, each in enumerate(role.policies)},
        }
        account.put("role", facts.trail["CloudWatchLogsRoleArn"].rsplit("/", 1)[-1], thing)
    if facts.log_group and facts.group:
        _note(account, "log group", facts.group, facts.log_group, facts.log_group.answer)


def _filters(facts: Facts, account: Account) -> None:
    for asked, name in ((facts.emitting, ""), (facts.filters, facts.group or "")):
        if asked and asked.unknown:
            account.unknown[Ref("filters", name)] = asked
    # What is on the group is asked last, and holds.
    own = {each["filterName"] for each in (facts.filters and facts.filters.answer) or ()}
    for each in (facts.emitting and facts.emitting.answer) or ():
        if each["logGroupName"] != facts.group or facts.filters is None or each["filterName"] in own:
            account.put("filter", f"{each['logGroupName']}:{each['filterName']}", dict(each))
    for each in (facts.filters and facts.filters.answer) or ():
        account.put("filter", f"{each['logGroupName']}:{each['filterName']}", dict(each))


def _alarms(facts: Facts, account: Account) -> None:
    name = facts.subject.alarm_name
    if facts.alarm:
        account.put("alarm", facts.alarm["AlarmName"], dict(facts.alarm))
    elif name:
        _note(account, "alarm", name, facts.alarm_asked, None)
    for what, found in (("stuck", facts.stuck), ("tamper", facts.tamper), ("blind", facts.blind)):
        if found is None:
            continue
        for each in found.alarms:
            account.put("alarm", each["AlarmName"], dict(each))
        if found.name and not found.alarms:
            account.put("alarm", found.name, None)
        if not found.name:
            _note(
                account,
                "looked",
                what,
                found.unknown,
                {"alarms": [each["AlarmName"] for each in found.alarms]},
            )


def _topic(account: Account, topic: TopicFacts) -> None:
    asked = topic.attributes
    _note(account, "topic", topic.arn, asked, dict(asked.answer["Attributes"]) if asked.ok else None)
    if topic.subscriptions.unknown:
        account.unknown[Ref("subscriptions", topic.arn)] = topic.subscriptions
    for id, found in list(account.all("subscription")):
        if found["TopicArn"] == topic.arn:
            del account.things[Ref("subscription", id)]
    for each in topic.subscriptions.answer or ():
        more = topic.subscription_attributes.get(each["SubscriptionArn"])
        attributes = more.answer["Attributes"] if more and more.ok else {}
        id = subscription_id(topic.arn, each["Protocol"], each["Endpoint"])
        account.put("subscription", id, {**each, **attributes, "TopicArn": topic.arn})
    if topic.key and topic.key_policy and asked.ok:
        policy = topic.key_policy.answer["Policy"]
        account.put(
            "key",
            asked.answer["Attributes"]["KmsMasterKeyId"],
            {**topic.key.answer["KeyMetadata"], "Policy": policy},
        )


def _rules(facts: Facts, account: Account) -> None:
    if facts.rules_asked and facts.rules_asked.unknown:
        account.unknown[Ref("rules", "")] = facts.rules_asked
    letters = f"arn:aws:sqs:{facts.subject.region}:{facts.account_id}:letters"
    for found in facts.rules:
        if not found.rule.ok:
            _note(account, "rule", found.name, found.rule, None)
            continue
        targets = [dict(each) for each in (found.targets and found.targets.answer) or ()]
        if facts.dead_letters:
            targets = [{**each, "DeadLetterConfig": {"Arn": letters}} for each in targets]
        account.put("rule", found.name, {"Name": found.name, **found.rule.answer, "Targets": targets})
    if facts.dead_letters:
        attributes = facts.dead_letters.answer and facts.dead_letters.answer["Attributes"]
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": letters,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        _note(
            account,
            "queue",
            letters,
            facts.dead_letters,
            {"QueueUrl": letters, "Policy": policy, **(attributes or {})},
        )
