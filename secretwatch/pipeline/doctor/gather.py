"""Asking for everything that the hops want to know, as one answer leads to the next question.

First who asks; then all that was applied, at once; then what hangs on it as it is; then the last reads, and
what came of them. How a thing is asked for stands in `kinds/`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher
from email.utils import parsedate_to_datetime
from typing import Any

from secretwatch import secretid
from secretwatch.alarm import Sample, metric_of
from secretwatch.cloudtrail import Event, assumed_role_identity, event_text, make_event
from secretwatch.filterpattern.examples import examples as examples_of
from secretwatch.filterpattern.examples import texts
from secretwatch.pipeline.doctor.account import Account, Ref, Thing
from secretwatch.pipeline.doctor.asking import Asked, Asking
from secretwatch.pipeline.doctor.hops import self_watch
from secretwatch.pipeline.doctor.intent import Intent
from secretwatch.pipeline.doctor.kinds import BY_NAME, Looking
from secretwatch.pipeline.doctor.kinds.filters import filters_of, id_of
from secretwatch.pipeline.doctor.kinds.trails import group_of
from secretwatch.pipeline.doctor.reads import Seen, expected, in_logs, is_read
from secretwatch.pipeline.doctor.record import Record
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.view import Metric, View, parsed

_LOOK_BACK = timedelta(hours=2)
_SKEW = timedelta(minutes=5)
_PIPELINE = ("cloudtrail", "logs", "monitoring", "sns", "events", "kms", "s3", "iam")
_THREADS = 8
_NEAR = 10
_ANY = "AnyEvent"
"""Stands for a call that a pattern does not name."""
_MOST_SECRETS = 20
"""Of more it is not asked whether each is there."""
# Where an account works without having opted in; others of the partition are asked as the watch names them.
_REGIONS = {
    "aws": (
        *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1"),
        *("eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3", "eu-north-1"),
        *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3"),
        *("ap-south-1", "ap-southeast-1", "ap-southeast-2"),
    ),
    "aws-cn": ("cn-north-1", "cn-northwest-1"),
    "aws-us-gov": ("us-gov-east-1", "us-gov-west-1"),
}
"""https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html"""


class NoSuchSubject(Exception):
    """What is to be examined is not there; the message is one sentence with what there is."""


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
    if date:
        record.clock_is_off = (identity.at - parsedate_to_datetime(date)).total_seconds()
    if subject.account_id and subject.account_id != record.account_id:
        return view, record
    looking = Looking(ask, account)
    _ask_ahead(subject, ask, since)
    wanted = list(intent.account.things) if intent else []
    _look(looking, [*wanted, *_of_subject(subject)])
    _start(view, looking)
    _follow(looking, view)
    _elsewhere(view, looking)
    _secrets(view, looking)
    make_examples(view, record)
    _reads(view, record, ask, since, event_id)
    _what_followed(view, record, ask)
    if not (subject.known and intent):
        _self_watch(view, looking)
    return view, record


# Things


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


def _look(looking: Looking, refs: Iterable[Ref]) -> None:
    """Ask for these, kinds beside one another; subscriptions come with their topics."""
    by_kind: dict[str, list[str]] = {}
    for ref in dict.fromkeys(refs):
        if ref not in looking.account.things and ref not in looking.account.unknown:
            by_kind.setdefault(ref.kind, []).append(ref.id)
    last = by_kind.pop("subscription", [])
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="doctor-kinds") as pool:
        list(pool.map(lambda kind: BY_NAME[kind].look(looking, by_kind[kind]), by_kind))
    if last:
        BY_NAME["subscription"].look(looking, last)
    for id in by_kind.get("filter", ()):
        # The empty name asks for all filters of a group.
        if id.endswith(":"):
            looking.account.things.pop(Ref("filter", id), None)


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
        _look(looking, refs)


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
    for _, subscription in account.all("subscription"):
        if subscription.get("Protocol") == "sqs":
            found.append(Ref("queue", subscription["Endpoint"]))
    for _, rule in account.all("rule"):
        for target in rule.get("Targets") or ():
            if ":sns:" in target["Arn"]:
                found.append(Ref("topic", target["Arn"]))
            if letters := (target.get("DeadLetterConfig") or {}).get("Arn"):
                found.append(Ref("queue", letters))
    if view.alarm_name:
        found.append(Ref("mute rule", view.alarm_name))
    return list(dict.fromkeys(found))


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
    _look(looking, [Ref("secret", each) for each in own])
    lost = [each for each in own if account.lacks("secret", each) and each.startswith("arn:")]
    _look(looking, [Ref("secret", name) for each in lost for name in secretid.names(each)[:1]])


# Where the walk starts


def _start(view: View, looking: Looking) -> None:
    """The alarm, the log group and the trail: the watch's own, or those that belong together."""
    subject = view.subject
    view.alarm_name, view.group, view.trail_arn = (
        subject.alarm_name,
        subject.log_group_name,
        subject.trail_arn,
    )
    if subject.alarm_name and not subject.known:
        _given_alarm(view, looking)
    if subject.log_group_name and not subject.known:
        _given_group(view, looking)
    _emitting(view, looking)
    if view.group is None and view.metric:
        there = [each for _, each in view.account.all("filter") if _emits(each, view.metric)]
        view.group = there[0]["logGroupName"] if there else None
    if view.group is None and view.metric and not view.metric[0].startswith("AWS/"):
        _all_filters(view, looking)
    if view.group:
        filters_of(looking, view.group)
    if view.trail_arn is None:
        _find_trail(view, looking)
    if view.group is None and view.trail:
        view.group = group_of(view.trail)
        if view.group:
            filters_of(looking, view.group)
    if not subject.known and subject.alarm_name:
        what_it_is_about(view)
    if not subject.known and view.subject.is_about_secrets:
        _find_rules(view, looking)


def _given_alarm(view: View, looking: Looking) -> None:
    name = view.subject.alarm_name
    assert name
    if not view.account.lacks("alarm", name):
        return
    asked = looking.ask(
        "cloudwatch",
        "DescribeAlarms",
        items="CompositeAlarms",
        AlarmNames=[name],
        AlarmTypes=["CompositeAlarm"],
    )
    if asked.answer:
        raise NoSuchSubject(
            f"{name} is a composite alarm: name one of the metric alarms that its rule is made of: "
            f"{asked.answer[0].get('AlarmRule')}."
        )
    listed = looking.ask("cloudwatch", "DescribeAlarms", items="MetricAlarms", AlarmTypes=["MetricAlarm"])
    names = sorted(each["AlarmName"] for each in listed.answer or ())
    there = (
        f"there are these: {', '.join(names[:10])}{', …' if len(names) > 10 else ''}"
        if names
        else "there is none"
    )
    raise NoSuchSubject(f"There is no metric alarm {name} in {view.subject.region}; {there}.")


def _given_group(view: View, looking: Looking) -> None:
    group = view.subject.log_group_name
    assert group
    if view.account.lacks("log group", group):
        listed = looking.ask("logs", "DescribeLogGroups", items="logGroups")
        names = sorted(each["logGroupName"] for each in listed.answer or ())
        there = f"there are these: {', '.join(names[:10])}" if names else "there is none"
        raise NoSuchSubject(f"There is no log group {group} in {view.subject.region}; {there}.")
    if view.subject.alarm_name is None:
        _alarm_of_group(view, looking, group)


def _alarm_of_group(view: View, looking: Looking, group: str) -> None:
    """From a log group: an alarm on the metric of a filter that counts reads."""
    filters_of(looking, group)
    probes = [event_text(each) for each in _probes(view)]
    there = [each for id, each in view.account.all("filter") if each["logGroupName"] == group]
    candidates = [each for each in there if any(_matches(each, probe) for probe in probes)]
    candidates += [
        each
        for each in there
        if each not in candidates
        and (not view.subject.secrets or _concerns(view, each.get("filterPattern") or ""))
        and "SecretValue" in (each.get("filterPattern") or "")
    ]
    metrics = list(
        dict.fromkeys(
            (given["metricNamespace"], given["metricName"])
            for each in candidates
            for given in each["metricTransformations"]
        )
    )
    found: dict[str, Thing] = {}
    for namespace, name in metrics:
        asked = looking.ask(
            "cloudwatch",
            "DescribeAlarmsForMetric",
            items="MetricAlarms",
            Namespace=namespace,
            MetricName=name,
        )
        if asked.unknown:
            view.account.unknown[Ref("alarms", "")] = asked
        found |= {each["AlarmName"]: dict(each) for each in asked.answer or ()}
    # One on metric math is not among a metric's alarms. One that wants many datapoints may be that which
    # tells of an alarm that does not end.
    if metrics and not any(_needs(each) == 1 for each in found.values()):
        asked = looking.ask("cloudwatch", "DescribeAlarms", items="MetricAlarms", AlarmTypes=["MetricAlarm"])
        found |= {
            each["AlarmName"]: dict(each)
            for each in asked.answer or ()
            if each.get("Metrics") and _metric(each) in metrics
        }
    for name, alarm in found.items():
        view.account.put("alarm", name, alarm)
    ordered = sorted(found.values(), key=lambda each: (_needs(each), not each.get("Metrics")))
    if ordered:
        view.alarm_name = ordered[0]["AlarmName"]
        view.account.put("looked", "others", {"alarms": [each["AlarmName"] for each in ordered[1:]]})
    elif candidates:
        view.subject = replace(view.subject, metric=metrics[0])


def _probes(view: View) -> list[Event]:
    """A read as it would be, by somebody who is not root: of whom filters are about by himself."""
    subject, account = view.subject, view.account
    secret = _any_secret(subject)
    role = account.arn("iam", "role/app", region="")
    identity = assumed_role_identity(
        arn=f"{account.arn('sts', 'assumed-role/app', region='')}/session",
        assumed_role_id="AROAEXAMPLE:session",
        role_arn=role,
        access_key_id="ASIAEXAMPLE",
        creation_date=f"{view.now:%Y-%m-%dT%H:%M:%SZ}",
    )
    return [
        expected(secret, account.account_id, subject.region, view.now, kind, identity)
        for kind in subject.kinds
    ]


def _needs(alarm: Mapping[str, Any]) -> int:
    """How many datapoints take the alarm to ALARM."""
    return int(alarm.get("DatapointsToAlarm") or alarm.get("EvaluationPeriods") or 1)


def _metric(alarm: Mapping[str, Any]) -> Metric | None:
    metric = metric_of(alarm)
    return (metric["Namespace"], metric["MetricName"]) if metric else None


def _any_secret(subject: Subject) -> str:
    return secretid.forms((subject.secrets or ("*",))[0])[0]


def _matches(metric_filter: Mapping[str, Any], message: str) -> bool:
    pattern = parsed(metric_filter.get("filterPattern") or "")
    return pattern is not None and pattern.matches(message)


def _emits(metric_filter: Mapping[str, Any], metric: Metric | None) -> bool:
    return any(
        (each.get("metricNamespace"), each.get("metricName")) == metric
        for each in metric_filter.get("metricTransformations") or ()
    )


def _concerns(view: View, pattern: str) -> bool:
    """Whether a rule's or filter's pattern is about reads of what is watched: it names that or no secret."""
    if "GetSecretValue" not in pattern:
        return False
    names = [name.rstrip("*") for each in view.subject.secrets for name in secretid.names(each)]
    return "secretId" not in pattern or not names or any(name in pattern for name in names)


def _emitting(view: View, looking: Looking) -> None:
    """Filters of any log group that emit the alarm's metric."""
    metric = view.metric
    if metric is None or metric[0].startswith("AWS/"):
        return
    asked = looking.ask(
        "logs",
        "DescribeMetricFilters",
        items="metricFilters",
        metricNamespace=metric[0],
        metricName=metric[1],
    )
    if asked.unknown:
        view.account.unknown[Ref("filters", "")] = asked
    _put_filters(view, asked.answer or ())


def _put_filters(view: View, those: Iterable[Mapping[str, Any]]) -> None:
    for each in those:
        view.account.put("filter", id_of(each["logGroupName"], each["filterName"]), dict(each))


def _all_filters(view: View, looking: Looking) -> None:
    """Nothing emits the metric: one of nearly its name may be meant."""
    asked = looking.ask("logs", "DescribeMetricFilters", items="metricFilters")
    _put_filters(view, asked.answer or ())
    metric = view.metric
    assert metric
    named = [each for _, each in view.account.all("filter") if each.get("logGroupName")]
    near = [
        each
        for each in named
        if any(given["metricNamespace"] == metric[0] for given in each["metricTransformations"])
    ]
    # One that feeds another alarm is not the one that was meant.
    given_all = {
        (one["metricNamespace"], one["metricName"]) for each in named for one in each["metricTransformations"]
    }
    nearest = sorted(given_all, key=lambda each: -SequenceMatcher(None, each[1], metric[1]).ratio())
    for given in nearest[:_NEAR]:
        asked = looking.ask(
            "cloudwatch",
            "DescribeAlarmsForMetric",
            items="MetricAlarms",
            Namespace=given[0],
            MetricName=given[1],
        )
        for each in asked.answer or ():
            view.account.put("alarm", each["AlarmName"], dict(each))
    groups = {each["logGroupName"] for each in near or named}
    if len(groups) == 1:
        view.group = next(iter(groups))


def _find_trail(view: View, looking: Looking) -> None:
    asked = looking.ask("cloudtrail", "DescribeTrails", includeShadowTrails=True)
    if asked.unknown:
        view.account.unknown[Ref("trails", "")] = asked
    trails = (asked.answer or {}).get("trailList", []) if asked.ok else []
    feeding = [
        each for each in trails if group_of(each) and (view.group is None or group_of(each) == view.group)
    ]
    if feeding:
        arn = feeding[0]["TrailARN"]
        view.trail_arn = arn
        _look(looking, [Ref("trail", arn)])
        return
    for each in trails:
        view.account.put("trail", each["TrailARN"], dict(each))


def what_it_is_about(view: View) -> None:
    """An alarm of the account's: about reads of secrets, or about what its filters match."""
    subject = view.subject
    if subject.secrets:
        return
    metric = view.metric
    if metric and metric[0].startswith("AWS/"):
        view.subject = replace(subject, is_about_secrets=False, kinds=())
        return
    feeding = view.emitting(metric) if view.group else []
    near = feeding or [each for _, each in view.account.all("filter")]
    probes = [event_text(each) for each in _probes(view)]
    about = [
        each
        for each in near
        if "SecretValue" in (each.get("filterPattern") or "")
        or any(_matches(each, probe) for probe in probes)
    ]
    if about or not (feeding or near):
        return
    events = [event for each in feeding for event in _made(view, each.get("filterPattern") or "")]
    names = dict.fromkeys(str(each.get("eventName")) for each in events if each.get("eventName"))
    view.subject = replace(
        subject, is_about_secrets=False, kinds=tuple((name, False) for name in names if name != _ANY)
    )


def _made(view: View, text: str) -> list[Event]:
    """Events that a pattern is about, as CloudTrail would write them; a term stands in an error's message."""
    pattern = parsed(text)
    if pattern is None:
        return []
    found = []
    for event in examples_of(pattern) or [{"errorMessage": each} for each in texts(pattern)]:
        name = str(event.get("eventName") or _ANY)
        base = make_event(
            event_id="00000000-0000-4000-8000-000000000000",
            event_time=f"{view.now:%Y-%m-%dT%H:%M:%SZ}",
            event_source=str(event.get("eventSource") or _source_of(name)),
            event_name=name,
            aws_region=view.subject.region,
            account_id=view.account.account_id,
            user_identity={},
            source_ip_address="192.0.2.1",
            user_agent="secretwatch-doctor",
            request_id="00000000-0000-4000-8000-000000000001",
            request_parameters=None,
            response_elements=None,
        )
        whole = _merged(base, event)
        # What a real event has besides may be what the pattern wants to be absent.
        found.append(whole if pattern.matches(event_text(whole)) else event)
    return found


def _merged(base: Any, event: Any) -> Any:
    if isinstance(base, dict) and isinstance(event, dict):
        return {**base, **{name: _merged(base.get(name), value) for name, value in event.items()}}
    return event


def _source_of(name: str) -> str:
    if name in ("ConsoleLogin", "CheckMfa", "SwitchRole"):
        return "signin.amazonaws.com"
    return "ec2.amazonaws.com"


def _find_rules(view: View, looking: Looking) -> None:
    asked = looking.ask("events", "ListRules", items="Rules")
    if asked.unknown:
        view.account.unknown[Ref("rules", "")] = asked
    names = [each["Name"] for each in asked.answer or () if _concerns(view, each.get("EventPattern") or "")]
    _look(looking, [Ref("rule", name) for name in names])


def _self_watch(view: View, looking: Looking) -> None:
    """Alarms of the account on the trail's end and on the log group's silence."""
    subject, account = view.subject, view.account
    if not subject.is_about_secrets or view.group is None:
        return
    if not subject.tamper_alarm_name:
        names = []
        for namespace, name in self_watch.tamper_metrics(view):
            names += _alarms_on(view, looking, "tamper", namespace, name, [])
        account.put("looked", "tamper", {"alarms": names})
    if not subject.blind_alarm_name:
        dimensions = [{"Name": "LogGroupName", "Value": view.group}]
        names = _alarms_on(view, looking, "blind", "AWS/Logs", "IncomingLogEvents", dimensions)
        account.put("looked", "blind", {"alarms": names})
    _follow(looking, view)


def _alarms_on(
    view: View, looking: Looking, what: str, namespace: str, name: str, dimensions: list[Any]
) -> list[str]:
    asked = looking.ask(
        "cloudwatch",
        "DescribeAlarmsForMetric",
        items="MetricAlarms",
        Namespace=namespace,
        MetricName=name,
        Dimensions=dimensions,
    )
    if asked.unknown:
        view.account.unknown[Ref("looked", what)] = asked
    for each in asked.answer or ():
        view.account.put("alarm", each["AlarmName"], dict(each))
    return [each["AlarmName"] for each in asked.answer or ()]


# What has to ring


def make_examples(view: View, record: Record) -> None:
    """Events as they would be: calls on each watched secret in each form, or what the filters match."""
    subject = view.subject
    if not subject.is_about_secrets:
        view.examples = [
            event
            for each in view.emitting(view.metric)
            for event in _made(view, each.get("filterPattern") or "")
        ]
        return
    for secret in subject.secrets or ("*",):
        region = secretid.region(secret) or subject.region
        for form in secretid.forms(secret, is_whole=secret == subject.made):
            for kind in subject.kinds[:1]:
                view.examples.append(expected(form, view.account.account_id, region, record.now, kind))


# Reads


def _ask_ahead(subject: Subject, ask: Asking, since: datetime) -> None:
    """What the subject alone tells to ask."""
    if subject.is_about_secrets and (subject.known or subject.secrets):
        for question in _history_questions(subject, since):
            ask.ahead(**question)
        if subject.log_group_name:
            ask.ahead(**_delivered_question(subject.log_group_name, subject, since))


def _history_questions(subject: Subject, since: datetime) -> list[dict[str, Any]]:
    return [
        {
            "service": "cloudtrail",
            "operation": "LookupEvents",
            "region": region,
            "items": "Events",
            "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}],
            "StartTime": since,
        }
        for region in subject.regions
        for name in subject.event_names[:12]
    ]


def _delivered_question(
    group: str, subject: Subject, since: datetime, pattern: str | None = None
) -> dict[str, Any]:
    return {
        "service": "logs",
        "operation": "FilterLogEvents",
        "resource": subject.arn("logs", f"log-group:{group}:*"),
        "items": "events",
        "logGroupName": group,
        "startTime": int(since.timestamp() * 1000),
        "filterPattern": pattern or in_logs(subject.event_names),
    }


def _reads(view: View, record: Record, ask: Asking, since: datetime, event_id: str | None) -> None:
    found: dict[str, Seen] = {}
    subject = view.subject
    record.history = [ask(**question) for question in _history_questions(subject, since)]
    for asked in record.history:
        for each in asked.answer or ():
            event = _parsed(each.get("CloudTrailEvent"))
            if event and _is_one(view, event):
                found[event["eventID"]] = Seen(event, recorded=True)
    if not found and _is_of_all_regions(view):
        record.history += _elsewhere_read(view, ask, since, found)
    if view.group and not view.account.lacks("log group", view.group):
        for pattern in _wanted_patterns(view):
            record.delivered = ask(**_delivered_question(view.group, subject, since, pattern))
            _note_delivered(view, found, record.delivered)
        last = max(found.values(), key=lambda seen: seen.time, default=None)
        if last and last.delivered is None and record.delivered and record.delivered.ok:
            # A busy log group may have more than was looked through.
            begin, pattern = last.time - _SKEW, f'"{last.event_id}"'
            _note_delivered(view, found, ask(**_delivered_question(view.group, subject, begin, pattern)))
    # Times are whole seconds, and the history begins with the newest, which has to stay the last.
    oldest_first = list(found.values())[::-1]
    record.reads = sorted(oldest_first, key=lambda seen: seen.time)
    wanted = [each for each in record.reads if event_id in (None, each.event_id)]
    if event_id and not wanted and not any(each.unknown for each in record.history):
        record.missing_event = event_id
    record.read = next((each for each in reversed(wanted) if _is_watched(view, each)), None) or (
        wanted[-1] if wanted else None
    )
    if record.read:
        others = [each for each in view.examples if each != record.read.event]
        view.examples, view.followed = [record.read.event, *others], True
        if not view.intent:
            view.examples = [record.read.event]


def _is_of_all_regions(view: View) -> bool:
    """Whether a read in any region would count: of a secret that is named without its region."""
    subject, trail = view.subject, view.trail
    named = [
        each for each in subject.secrets if secretid.region(each) is None and not secretid.is_prefix(each)
    ]
    return bool(named and trail and trail.get("IsMultiRegionTrail") and subject.is_about_secrets)


def _elsewhere_read(view: View, ask: Asking, since: datetime, found: dict[str, Seen]) -> list[Asked]:
    """Reads in other regions, by their own event histories. A region that does not answer has none."""
    partition = view.account.arn("x", "").split(":")[1]
    regions = [each for each in _REGIONS.get(partition, ()) if each not in view.subject.regions]
    questions = [
        {
            **_history_questions(view.subject, since)[0],
            "region": region,
            "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "GetSecretValue"}],
        }
        for region in regions
    ]
    for question in questions:
        ask.ahead(**question)
    asked = [ask(**question) for question in questions]
    for one in asked:
        for each in one.answer or ():
            event = _parsed(each.get("CloudTrailEvent"))
            if event and _is_one(view, event):
                found[event["eventID"]] = Seen(event, recorded=True)
    return [each for each in asked if each.ok]


def _wanted_patterns(view: View) -> list[str | None]:
    if view.subject.is_about_secrets:
        return [None]
    return [each.get("filterPattern") or "" for each in view.emitting(view.metric)][:5]


def _is_one(view: View, event: Mapping[str, Any]) -> bool:
    subject = view.subject
    if not subject.is_about_secrets:
        text = event_text(dict(event))
        return any(_matches(each, text) for each in view.emitting(view.metric))
    return is_read(
        event,
        subject.secrets,
        subject.event_names,
        view.account.account_id or None,
        organization=subject.organization,
    )


def _note_delivered(view: View, found: dict[str, Seen], asked: Asked) -> None:
    for each in asked.answer or ():
        event = _parsed(each.get("message"))
        if event and _is_one(view, event):
            found[event["eventID"]] = replace(
                found.get(event["eventID"], Seen(event)),
                delivered=_milliseconds(each.get("ingestionTime") or each["timestamp"]),
                logged=_milliseconds(each["timestamp"]),
                stream=each.get("logStreamName", ""),
            )


def _is_watched(view: View, seen: Seen) -> bool:
    """Whether a read is one to follow: where the secrets are not known, one that the watch counts."""
    if view.subject.secrets:
        return True
    text = event_text(seen.event)
    return any(_matches(each, text) for each in view.emitting(view.metric))


def _parsed(text: str | None) -> dict[str, Any] | None:
    try:
        event = json.loads(text or "")
    except ValueError:
        return None
    return event if isinstance(event, dict) and "eventID" in event and "eventTime" in event else None


def _milliseconds(number: int) -> datetime:
    return datetime.fromtimestamp(number / 1000, UTC)


# What followed the read


def _what_followed(view: View, record: Record, ask: Asking) -> None:
    questions = _alarm_questions(view, record)
    for question in questions:
        ask.ahead(**question)
    if record.read:
        message = event_text(record.read.event)
        own = {*view.subject.filter_names, *(each["filterName"] for each in view.applied_filters())}
        patterns = {
            each.get("filterPattern") or ""
            for each in view.filters()
            if each["filterName"] in own or _emits(each, view.metric)
        }
        for pattern in patterns:
            ask.ahead("logs", "TestMetricFilter", filterPattern=pattern, logEventMessages=[message])
        for pattern in patterns:
            asked = ask("logs", "TestMetricFilter", filterPattern=pattern, logEventMessages=[message])
            record.tested[pattern] = asked
            if asked.ok:
                view.tested[pattern] = bool(asked.answer.get("matches"))
    for question in questions:
        asked = ask(**question)
        if question["operation"] == "DescribeAlarmHistory":
            record.history_of_alarm = asked
        else:
            record.samples_asked = asked
            record.samples = [_sample(point) for point in asked.answer or () if "Sum" in point]
    failing = [
        (arn, "AWS/SNS", "NumberOfNotificationsFailed", "TopicName", arn.rsplit(":", 1)[-1])
        for arn in view.topics_of(view.alarm)
    ]
    failing += [
        (name, "AWS/Events", "FailedInvocations", "RuleName", name) for name, _ in view.account.all("rule")
    ]
    for _, *metric in failing:
        ask.ahead(**_failures_question(record, *metric))
    for key, *metric in failing:
        record.failures[key] = ask(**_failures_question(record, *metric))
    others = view.account.get("looked", "others")
    record.other_alarms = list((others or {}).get("alarms") or ())
    if record.read:
        asked = ask(
            "cloudtrail",
            "LookupEvents",
            items="Events",
            LookupAttributes=[{"AttributeKey": "ReadOnly", "AttributeValue": "false"}],
            StartTime=record.read.time,
        )
        events = [_parsed(each.get("CloudTrailEvent")) for each in asked.answer or ()]
        sources = {f"{service}.amazonaws.com" for service in _PIPELINE}
        record.changes = [each for each in events if each and each.get("eventSource") in sources]


def _alarm_questions(view: View, record: Record) -> list[dict[str, Any]]:
    metric, alarm = view.metric, view.alarm
    questions: list[dict[str, Any]] = []
    begin = min(record.read.time, record.now) if record.read else record.now
    begin = (begin - _LOOK_BACK).replace(second=0, microsecond=0)
    if metric:
        # One answer has at most 1,440 datapoints, a day of minutes.
        end = min(record.now + timedelta(minutes=2), begin + timedelta(minutes=1440))
        questions.append(
            {
                "service": "cloudwatch",
                "operation": "GetMetricStatistics",
                "items": "Datapoints",
                "Namespace": metric[0],
                "MetricName": metric[1],
                "Dimensions": [{"Name": name, "Value": value} for name, value in view.dimensions.items()],
                "StartTime": begin,
                "EndTime": end,
                "Period": 60,
                "Statistics": ["SampleCount", "Sum", "Minimum", "Maximum"],
            }
        )
    if alarm:
        questions.append(
            {
                "service": "cloudwatch",
                "operation": "DescribeAlarmHistory",
                "resource": str(alarm.get("AlarmArn", "*")),
                "items": "AlarmHistoryItems",
                "AlarmName": alarm["AlarmName"],
                "StartDate": begin,
                "EndDate": record.now + timedelta(minutes=5),
                "ScanBy": "TimestampDescending",
            }
        )
    return questions


def _sample(point: Mapping[str, Any]) -> Sample:
    total = float(point["Sum"])
    return Sample.statistic_set(
        point["Timestamp"].astimezone(UTC),
        # An endpoint may leave out what it counted a moment later.
        count=float(point.get("SampleCount", 1)),
        sum=total,
        minimum=float(point.get("Minimum", total)),
        maximum=float(point.get("Maximum", total)),
        unit=None if point.get("Unit") in (None, "None") else point["Unit"],
    )


def _failures_question(
    record: Record, namespace: str, metric: str, dimension: str, name: str
) -> dict[str, Any]:
    """What a service counts of its own failures since the time that is looked at."""
    return {
        "service": "cloudwatch",
        "operation": "GetMetricStatistics",
        "items": "Datapoints",
        "Namespace": namespace,
        "MetricName": metric,
        "Dimensions": [{"Name": dimension, "Value": name}],
        "StartTime": record.since or record.now - timedelta(hours=1),
        "EndTime": record.now + timedelta(minutes=1),
        "Period": 3600,
        "Statistics": ["Sum"],
    }
