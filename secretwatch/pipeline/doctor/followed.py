"""The last reads, by event history and log group, and what followed: counts, states, failures, changes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from secretwatch import secretid
from secretwatch.alarm import Sample
from secretwatch.cloudtrail import event_text
from secretwatch.filterpattern import Kind
from secretwatch.partition import REGIONS, is_region
from secretwatch.pipeline.doctor import about, attempts
from secretwatch.pipeline.doctor.account import Thing
from secretwatch.pipeline.doctor.asking import APP_ID, Asked, Asking
from secretwatch.pipeline.doctor.reads import TracedRead, in_logs, is_read
from secretwatch.pipeline.doctor.record import Record
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.view import View, emission, parsed

_LOOK_BACK = timedelta(hours=2)
_SKEW = timedelta(minutes=5)
_PIPELINE = (
    *(
        "cloudtrail",
        "events",
        "iam",
        "kms",
        "logs",
        "monitoring",
        "s3",
        "secretsmanager",
        "sns",
        "sqs",
        "states",
    ),
)


def ask_ahead(subject: Subject, ask: Asking, since: datetime) -> None:
    """What the subject alone tells to ask."""
    if subject.is_about_secrets and (subject.known or subject.secrets):
        for question in _history_questions(subject, since):
            ask.ahead(**question)
        if subject.log_group_name:
            ask.ahead(**_delivered_question(subject.log_group_name, subject, since))


def _history_questions(
    subject: Subject, since: datetime, regions: Iterable[str] = ()
) -> list[dict[str, Any]]:
    return [
        {
            "service": "cloudtrail",
            "operation": "LookupEvents",
            "region": region,
            "items": "Events",
            "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}],
            "StartTime": since,
        }
        for region in dict.fromkeys([*subject.regions, *regions])
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
        "filterPattern": in_logs(subject.event_names) if pattern is None else pattern,
    }


def reads(view: View, record: Record, ask: Asking, since: datetime, event_id: str | None) -> None:
    found: dict[str, TracedRead] = {}
    subject = view.subject
    regions: set[str] = set()
    if not subject.is_about_secrets:
        # What a pattern asks for may be no region at all.
        written = {str(each.get("awsRegion")) for each in view.examples}
        regions = {each for each in written if is_region(each)}
    asking = _history_questions(subject, since, sorted(regions))
    for question in asking:
        ask.ahead(**question)
    record.history = [ask(**question) for question in asking]
    for asked in record.history:
        for each in asked.answer or ():
            event = _parsed(each.get("CloudTrailEvent"))
            if event and _is_one(view, event):
                found[event["eventID"]] = TracedRead(event, recorded=True)
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
    # A heartbeat's own read is followed by its alarm; between others' it would be the last one always.
    beats = [] if event_id else _heartbeats(view)
    others = [each for each in wanted if each.secret not in beats]
    record.read = next((each for each in reversed(others) if _is_watched(view, each)), None) or (
        others[-1] if others else None
    )
    if record.read:
        more = [each for each in view.examples if each != record.read.event]
        view.examples, view.followed = [record.read.event, *more], True
        if not view.intent and view.subject.is_about_secrets:
            view.examples = [record.read.event]


def _heartbeats(view: View) -> list[str]:
    """What a heartbeat's secret is called."""
    arns = view.intent.of("secret", "heartbeat") if view.intent else []
    return [form for arn in arns for form in secretid.forms(arn)]


def _is_of_all_regions(view: View) -> bool:
    """Whether a read in any region would count: of a secret that is named without its region."""
    subject, trail = view.subject, view.trail
    named = [
        each for each in subject.secrets if secretid.region(each) is None and not secretid.is_prefix(each)
    ]
    return bool(named and trail and trail.get("IsMultiRegionTrail") and subject.is_about_secrets)


def _elsewhere_read(view: View, ask: Asking, since: datetime, found: dict[str, TracedRead]) -> list[Asked]:
    """Reads in other regions, by their own event histories. A region that does not answer has none."""
    partition = view.account.arn("x", "").split(":")[1]
    regions = [each for each in REGIONS.get(partition, ()) if each not in view.subject.regions]
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
                found[event["eventID"]] = TracedRead(event, recorded=True)
    return [each for each in asked if each.ok]


def _wanted_patterns(view: View) -> list[str | None]:
    if view.subject.is_about_secrets:
        return [None]
    return [each.get("filterPattern") or "" for each in view.emitting(view.metric)][:5]


def _is_one(view: View, event: Mapping[str, Any]) -> bool:
    subject = view.subject
    if APP_ID in str(event.get("userAgent")):
        return False  # an examination's own call
    if not subject.is_about_secrets:
        text = event_text(dict(event))
        return any(_rings(view, each, dict(event), text) for each in view.emitting(view.metric))
    return is_read(
        event,
        subject.secrets,
        subject.event_names,
        view.account.account_id or None,
        organization=subject.organization,
    )


def _rings(view: View, metric_filter: Thing, event: dict[str, Any], text: str) -> bool:
    """Whether the event goes into the alarm's metric, with its dimensions."""
    if not about.matches(metric_filter, text):
        return False
    counted = view.counts(metric_filter, view.metric, event) if view.metric and view.dimensions else None
    return counted is None or counted[1] == view.dimensions


def _note_delivered(view: View, found: dict[str, TracedRead], asked: Asked) -> None:
    for each in asked.answer or ():
        event = _parsed(each.get("message"))
        if event and _is_one(view, event):
            found[event["eventID"]] = replace(
                found.get(event["eventID"], TracedRead(event)),
                delivered=_milliseconds(each.get("ingestionTime") or each["timestamp"]),
                logged=_milliseconds(each["timestamp"]),
                stream=each.get("logStreamName", ""),
            )


def _is_watched(view: View, seen: TracedRead) -> bool:
    """Whether a read is one to follow: where the secrets are not known, one that the watch counts."""
    if view.subject.secrets:
        return True
    text = event_text(seen.event)
    return any(about.matches(each, text) for each in view.emitting(view.metric))


def _parsed(text: str | None) -> dict[str, Any] | None:
    try:
        event = json.loads(text or "")
    except ValueError:
        return None
    return event if isinstance(event, dict) and "eventID" in event and "eventTime" in event else None


def _milliseconds(number: int) -> datetime:
    return datetime.fromtimestamp(number / 1000, UTC)


def what_followed(view: View, record: Record, ask: Asking) -> None:
    questions = _alarm_questions(view, record)
    for question in questions:
        ask.ahead(**question)
    if record.read:
        message = event_text(record.read.event)
        own = {*view.subject.filter_names, *(each["filterName"] for each in view.applied_filters())}
        patterns = {
            each.get("filterPattern") or ""
            for each in view.filters()
            if each["filterName"] in own or (view.metric and emission(each, view.metric))
        }
        # CloudTrail records the question with the message in it, which a pattern of terms would count.
        patterns = {each for each in patterns if (found := parsed(each)) and found.kind is Kind.JSON}
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
    failures = _what_failed(view, record, ask)
    began = [*([record.read.time] if record.read else ()), *failures]
    if began:
        asked = ask(
            "cloudtrail",
            "LookupEvents",
            items="Events",
            LookupAttributes=[{"AttributeKey": "ReadOnly", "AttributeValue": "false"}],
            StartTime=min(began),
        )
        events = [_parsed(each.get("CloudTrailEvent")) for each in asked.answer or ()]
        sources = {f"{service}.amazonaws.com" for service in _PIPELINE}
        record.changes = [each for each in events if each and each.get("eventSource") in sources]


def _what_failed(view: View, record: Record, ask: Asking) -> list[datetime]:
    """More of rules and state machines of which something failed lately; when each failed last."""
    found: list[datetime] = []
    intent = view.intent.account if view.intent else None
    for arn, _ in intent.all("state machine") if intent else ():
        ask.ahead("stepfunctions", "ListExecutions", arn, stateMachineArn=arn, maxResults=20)
    letters = [
        id for id, each in view.account.all("queue") if int(each.get("ApproximateNumberOfMessages") or 0)
    ]
    rules = {name for id in letters for name in attempts.rules_of_queue(view, id)}
    for name, _ in view.account.all("rule"):
        if at := [each["Timestamp"] for each in record.failures[name].answer or () if each.get("Sum")]:
            found.append(max(at).astimezone(UTC))
            rules.add(name)
    for name in sorted(rules):
        for metric in ("Invocations", "InvocationsSentToDlq"):
            question = _failures_question(record, "AWS/Events", metric, "RuleName", name)
            asked = record.invoked[name, metric] = ask(**question)
            if metric == "InvocationsSentToDlq" and asked.answer:
                found.append(max(each["Timestamp"] for each in asked.answer).astimezone(UTC))
    for arn, _ in intent.all("state machine") if intent else ():
        listed = ask("stepfunctions", "ListExecutions", arn, stateMachineArn=arn, maxResults=20)
        record.executions[arn] = listed
        ended = [each for each in (listed.answer or {}).get("executions") or () if each.get("stopDate")]
        if ended and ended[0]["status"] != "SUCCEEDED":
            id = ended[0]["executionArn"]
            record.ended[arn] = ask("stepfunctions", "DescribeExecution", id, executionArn=id)
            found.append(attempts.began(ended[0]))
    return [each for each in found if record.now - each < attempts.LATELY]


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
    """What a service counts, minute by minute of the last day: as many as an answer has."""
    end = (record.now + timedelta(minutes=1)).replace(second=0, microsecond=0)
    return {
        "service": "cloudwatch",
        "operation": "GetMetricStatistics",
        "items": "Datapoints",
        "Namespace": namespace,
        "MetricName": metric,
        "Dimensions": [{"Name": dimension, "Value": name}],
        "StartTime": end - attempts.LATELY,
        "EndTime": end,
        "Period": 60,
        "Statistics": ["Sum"],
    }
