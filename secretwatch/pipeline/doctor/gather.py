"""Asking for everything that the hops want to know, as one answer leads to the next question.

What can be asked without any answer is asked ahead, at the same time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote

from secretwatch import secretid
from secretwatch.alarm import Sample, metric_of
from secretwatch.cloudtrail import event_text, make_event
from secretwatch.filterpattern import FilterPattern, InvalidFilterPattern
from secretwatch.pipeline.doctor.asking import Asked, Asking
from secretwatch.pipeline.doctor.facts import AlarmOn, Facts, RoleFacts, RuleFacts, TopicFacts
from secretwatch.pipeline.doctor.reads import Seen, expected, in_logs, is_read
from secretwatch.pipeline.doctor.subject import Subject

_LOOK_BACK = timedelta(hours=2)
_SKEW = timedelta(minutes=5)
_PIPELINE = ("cloudtrail", "logs", "monitoring", "sns", "events", "kms", "s3", "iam")


def gather(
    subject: Subject,
    ask: Asking,
    *,
    now: datetime,
    local: bool,
    since: datetime,
    event_id: str | None = None,
) -> Facts:
    """All facts. since: reads before it are not looked at; event_id: the one read to follow.

    Without a read that fits, the facts have none. What may not be asked is in the facts as such.
    """
    _ask_ahead(subject, ask, since)
    identity = ask("sts", "GetCallerIdentity")
    facts = Facts(subject, now, local, identity, since=since)
    if not identity.ok:
        return facts
    facts.account_id = str(identity.answer["Account"])
    date = identity.answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    if date:
        facts.clock_is_off = (identity.at - parsedate_to_datetime(date)).total_seconds()
    if subject.account_id and subject.account_id != facts.account_id:
        return facts
    _alarm(facts, ask)
    _filters(facts, ask)
    _trail(facts, ask)
    _reads(facts, ask, since, event_id)
    _what_follows(facts, ask)
    return facts


def _ask_ahead(subject: Subject, ask: Asking, since: datetime) -> None:
    """What the subject alone tells to ask."""
    ask.ahead("sts", "GetCallerIdentity")
    for question in _history_questions(subject, since):
        ask.ahead(**question)
    if subject.log_group_name:
        ask.ahead(**_delivered_question(subject.log_group_name, subject, since))
    ask.ahead("cloudtrail", "DescribeTrails", includeShadowTrails=True)
    if subject.alarm_name:
        ask.ahead(**_alarm_question(subject.alarm_name, subject))
    if subject.log_group_name:
        ask.ahead(**_group_filters_question(subject.log_group_name, subject))
    for arn in subject.topic_arns:
        _topic_questions(arn, ask)


# The alarm, and the filters that feed it


def _alarm_question(name: str, subject: Subject) -> dict[str, Any]:
    return {
        "service": "cloudwatch",
        "operation": "DescribeAlarms",
        "resource": subject.arn("cloudwatch", f"alarm:{name}"),
        "items": "MetricAlarms",
        "AlarmNames": [name],
        "AlarmTypes": ["MetricAlarm"],
    }


def _group_filters_question(group: str, subject: Subject) -> dict[str, Any]:
    return {
        "service": "logs",
        "operation": "DescribeMetricFilters",
        "resource": subject.arn("logs", f"log-group:{group}:*"),
        "items": "metricFilters",
        "logGroupName": group,
    }


def _alarm(facts: Facts, ask: Asking) -> None:
    subject = facts.subject
    if subject.alarm_name:
        asked = ask(**_alarm_question(subject.alarm_name, subject))
        facts.alarm_asked = asked
        facts.alarm = next(iter(asked.answer or ()), None)
        return
    # From a log group: an alarm on the metric of a filter that counts reads.
    assert subject.log_group_name
    filters = ask(**_group_filters_question(subject.log_group_name, subject))
    probe = event_text(expected(_any_secret(subject), facts.account_id, subject.region, facts.now))
    candidates = [each for each in filters.answer or () if _matches(each, probe)]
    candidates += [
        each
        for each in filters.answer or ()
        if each not in candidates
        and (not subject.secrets or _concerns(facts, each.get("filterPattern", "")))
        and "SecretValue" in each.get("filterPattern", "")
    ]
    questions = [
        {
            "service": "cloudwatch",
            "operation": "DescribeAlarmsForMetric",
            "items": "MetricAlarms",
            "Namespace": namespace,
            "MetricName": name,
        }
        for namespace, name in dict.fromkeys(
            (transformation["metricNamespace"], transformation["metricName"])
            for each in candidates
            for transformation in each["metricTransformations"]
        )
    ]
    for question in questions:
        ask.ahead(**question)
    found: list[Mapping[str, Any]] = []
    for question in questions:
        asked = ask(**question)
        if not found:
            facts.alarm_asked = asked
        found += asked.answer or ()
    # One on metric math is not among a metric's alarms. One that wants many datapoints may be that which
    # tells of an alarm that does not end.
    if questions and not any(_needs(each) == 1 for each in found):
        asked = ask("cloudwatch", "DescribeAlarms", items="MetricAlarms", AlarmTypes=["MetricAlarm"])
        metrics = {(each["Namespace"], each["MetricName"]) for each in questions}
        on_math = [each for each in asked.answer or () if each.get("Metrics") and _metric(each) in metrics]
        if on_math:
            facts.alarm_asked = asked
            found = [*on_math, *found]
    found.sort(key=_needs)
    facts.alarm = next(iter(found), None)
    facts.other_alarms = [each["AlarmName"] for each in found[1:]]
    if candidates and facts.alarm is None:
        transformation = candidates[0]["metricTransformations"][0]
        metric = (transformation["metricNamespace"], transformation["metricName"])
        facts.subject = replace(subject, metric=metric)


def _needs(alarm: Mapping[str, Any]) -> int:
    """How many datapoints take the alarm to ALARM."""
    return int(alarm.get("DatapointsToAlarm") or alarm.get("EvaluationPeriods") or 1)


def _metric(alarm: Mapping[str, Any]) -> tuple[str, str] | None:
    metric = metric_of(alarm)
    return (metric["Namespace"], metric["MetricName"]) if metric else None


def _any_secret(subject: Subject) -> str:
    return secretid.forms((subject.secrets or ("*",))[0])[0]


def _matches(metric_filter: Mapping[str, Any], message: str) -> bool | None:
    try:
        return FilterPattern.parse(metric_filter.get("filterPattern", "")).matches(message)
    except InvalidFilterPattern:
        return None


def _filters(facts: Facts, ask: Asking) -> None:
    metric = facts.metric
    if metric:
        facts.emitting = ask(
            "logs",
            "DescribeMetricFilters",
            items="metricFilters",
            metricNamespace=metric[0],
            metricName=metric[1],
        )
    facts.group = facts.subject.log_group_name
    if facts.group is None and facts.emitting and facts.emitting.answer:
        facts.group = facts.emitting.answer[0].get("logGroupName")


# The trail and its sinks


def _trail(facts: Facts, ask: Asking) -> None:
    subject = facts.subject
    facts.trails = ask("cloudtrail", "DescribeTrails", includeShadowTrails=True)
    trails = (facts.trails.answer or {}).get("trailList", [])
    if subject.trail_arn:
        home = subject.trail_arn.split(":")[3]
        asked = ask("cloudtrail", "GetTrail", subject.trail_arn, home, Name=subject.trail_arn)
        facts.trail_asked = asked
        facts.trail = asked.answer["Trail"] if asked.ok else None
        if facts.trail is None and asked.unknown:
            facts.trail = next((each for each in trails if each["TrailARN"] == subject.trail_arn), None)
    else:
        facts.trail_asked = facts.trails
        feeding = [each for each in trails if group_of(each) and group_of(each) == facts.group]
        if not facts.group:
            feeding = [each for each in trails if group_of(each)]
        facts.trail = next(iter(feeding), None)
    if facts.group is None and facts.trail:
        facts.group = group_of(facts.trail)
    if facts.group:
        asked = ask(
            "logs",
            "DescribeLogGroups",
            subject.arn("logs", "log-group:*"),
            items="logGroups",
            logGroupNamePrefix=facts.group,
        )
        found = next((each for each in asked.answer or () if each["logGroupName"] == facts.group), None)
        facts.log_group = replace(asked, answer=found)
        facts.filters = ask(**_group_filters_question(facts.group, subject))
    if facts.trail:
        _of_trail(facts, ask, facts.trail)


def group_of(trail: Mapping[str, Any]) -> str | None:
    """The name of the log group that a trail delivers to."""
    arn = trail.get("CloudWatchLogsLogGroupArn")
    return arn.split(":")[6] if arn else None


def _of_trail(facts: Facts, ask: Asking, trail: Mapping[str, Any]) -> None:
    arn, home = trail["TrailARN"], trail.get("HomeRegion") or trail["TrailARN"].split(":")[3]
    ask.ahead("cloudtrail", "GetEventSelectors", arn, home, TrailName=arn)
    ask.ahead("cloudtrail", "GetTrailStatus", arn, home, Name=arn)
    bucket, role = trail.get("S3BucketName"), trail.get("CloudWatchLogsRoleArn")
    bucket_arn = f"arn:{arn.split(':')[1]}:s3:::{bucket}"
    if bucket:
        ask.ahead("s3", "GetBucketPolicy", bucket_arn, home, Bucket=bucket)
    if role:
        facts.role = _role(ask, role)
    if key := trail.get("KmsKeyId"):
        facts.trail_key, facts.trail_key_policy = _key(ask, key, home)
    facts.trail_status = ask("cloudtrail", "GetTrailStatus", arn, home, Name=arn)
    facts.selectors = ask("cloudtrail", "GetEventSelectors", arn, home, TrailName=arn)
    if bucket:
        facts.bucket_policy = ask("s3", "GetBucketPolicy", bucket_arn, home, Bucket=bucket)


def _role(ask: Asking, arn: str) -> RoleFacts:
    name = arn.rsplit("/", 1)[-1]
    for operation in ("GetRole", "ListRolePolicies", "ListAttachedRolePolicies"):
        items = {"ListRolePolicies": "PolicyNames", "ListAttachedRolePolicies": "AttachedPolicies"}
        ask.ahead("iam", operation, arn, items=items.get(operation), RoleName=name)
    found = RoleFacts(ask("iam", "GetRole", arn, RoleName=name))
    if not found.role.ok:
        return found
    inline = ask("iam", "ListRolePolicies", arn, items="PolicyNames", RoleName=name)
    attached = ask("iam", "ListAttachedRolePolicies", arn, items="AttachedPolicies", RoleName=name)
    answers = [inline, attached]
    for policy in inline.answer or ():
        asked = ask("iam", "GetRolePolicy", arn, RoleName=name, PolicyName=policy)
        answers.append(asked)
        if asked.ok:
            found.policies.append(_document(asked.answer["PolicyDocument"]))
    for policy in attached.answer or ():
        policy_arn = policy["PolicyArn"]
        described = ask("iam", "GetPolicy", policy_arn, PolicyArn=policy_arn)
        answers.append(described)
        if described.ok:
            version = described.answer["Policy"]["DefaultVersionId"]
            asked = ask("iam", "GetPolicyVersion", policy_arn, PolicyArn=policy_arn, VersionId=version)
            answers.append(asked)
            if asked.ok:
                found.policies.append(_document(asked.answer["PolicyVersion"]["Document"]))
    found.unknown = next((each for each in answers if each.unknown), None)
    return found


def _document(document: Any) -> Any:
    """boto3 parses IAM's documents, which AWS sends percent-encoded; not every endpoint encodes them."""
    return document if isinstance(document, Mapping) else json.loads(unquote(str(document)))


def _key(ask: Asking, key: str, region: str) -> tuple[Asked, Asked]:
    policy = ask.ahead("kms", "DescribeKey", f"key {key}", region, KeyId=key)
    described = policy.result()
    key_id = described.answer["KeyMetadata"]["Arn"] if described.ok else key
    return described, ask("kms", "GetKeyPolicy", f"key {key}", region, KeyId=key_id, PolicyName="default")


# Reads


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
        for name in subject.event_names
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


def _reads(facts: Facts, ask: Asking, since: datetime, event_id: str | None) -> None:
    found: dict[str, Seen] = {}
    facts.history = [ask(**question) for question in _history_questions(facts.subject, since)]
    for asked in facts.history:
        for each in asked.answer or ():
            event = _parsed(each.get("CloudTrailEvent"))
            if event and _is_read(facts, event):
                found[event["eventID"]] = Seen(event, recorded=True)
    if facts.group:
        facts.delivered = ask(**_delivered_question(facts.group, facts.subject, since))
        _note_delivered(facts, found, facts.delivered)
        last = max(found.values(), key=lambda seen: seen.time, default=None)
        if last and last.delivered is None and facts.delivered.ok:
            # A busy log group may have more than was looked through.
            begin, pattern = last.time - _SKEW, f'"{last.event_id}"'
            _note_delivered(
                facts, found, ask(**_delivered_question(facts.group, facts.subject, begin, pattern))
            )
    # Times are whole seconds, and the history begins with the newest, which has to stay the last.
    oldest_first = list(found.values())[::-1]
    facts.reads = sorted(oldest_first, key=lambda seen: seen.time)
    wanted = [each for each in facts.reads if event_id in (None, each.event_id)]
    facts.read = next((each for each in reversed(wanted) if _is_watched(facts, each)), None) or (
        wanted[-1] if wanted else None
    )
    secret = _any_secret(facts.subject)
    facts.example = (
        facts.read.event
        if facts.read
        else expected(secret, facts.account_id, facts.subject.region, facts.now, facts.subject.kinds[0])
    )


def _is_read(facts: Facts, event: Mapping[str, Any]) -> bool:
    subject = facts.subject
    return is_read(
        event,
        subject.secrets,
        subject.event_names,
        facts.account_id or None,
        organization=subject.organization,
    )


def _note_delivered(facts: Facts, found: dict[str, Seen], asked: Asked) -> None:
    for each in asked.answer or ():
        event = _parsed(each.get("message"))
        if event and _is_read(facts, event):
            found[event["eventID"]] = replace(
                found.get(event["eventID"], Seen(event)),
                delivered=_milliseconds(each.get("ingestionTime") or each["timestamp"]),
                logged=_milliseconds(each["timestamp"]),
                stream=each.get("logStreamName", ""),
            )


def _is_watched(facts: Facts, seen: Seen) -> bool:
    """Whether a read is one to follow: where the secrets are not known, one that the watch counts."""
    if facts.subject.secrets:
        return True
    message = event_text(seen.event)
    return any(
        _matches(each, message)
        for each in (facts.filters and facts.filters.answer) or ()
        if is_of_the_watch(facts, each)
    )


def _parsed(text: str | None) -> dict[str, Any] | None:
    try:
        event = json.loads(text or "")
    except ValueError:
        return None
    return event if isinstance(event, dict) and "eventID" in event and "eventTime" in event else None


def _milliseconds(number: int) -> datetime:
    return datetime.fromtimestamp(number / 1000, UTC)


# What follows the read


def _what_follows(facts: Facts, ask: Asking) -> None:
    _ask_about_the_alarm_ahead(facts, ask)
    assert facts.example
    message = event_text(facts.example)
    patterns = {
        each.get("filterPattern", "")
        for each in [*((facts.filters and facts.filters.answer) or ())]
        if is_of_the_watch(facts, each)
    }
    for pattern in patterns:
        ask.ahead("logs", "TestMetricFilter", filterPattern=pattern, logEventMessages=[message])
    for pattern in patterns:
        facts.tested[pattern] = ask(
            "logs", "TestMetricFilter", filterPattern=pattern, logEventMessages=[message]
        )
    _samples(facts, ask)
    actions = (facts.alarm or {}).get("AlarmActions") or []
    arns = [each for each in actions if ":sns:" in each] or list(facts.subject.topic_arns)
    for arn in arns:
        _topic_questions(arn, ask)
    facts.topics = [_topic(ask, arn) for arn in arns]
    for topic in facts.topics:
        name = topic.arn.rsplit(":", 1)[-1]
        question = _failures_question(facts, "AWS/SNS", "NumberOfNotificationsFailed", "TopicName", name)
        topic.failures = ask(**question)
    _rules(facts, ask)
    _self_watch(facts, ask)
    if facts.read:
        asked = ask(
            "cloudtrail",
            "LookupEvents",
            items="Events",
            LookupAttributes=[{"AttributeKey": "ReadOnly", "AttributeValue": "false"}],
            StartTime=facts.read.time,
        )
        events = [_parsed(each.get("CloudTrailEvent")) for each in asked.answer or ()]
        sources = {f"{service}.amazonaws.com" for service in _PIPELINE}
        facts.changes = [each for each in events if each and each.get("eventSource") in sources]


def is_of_the_watch(facts: Facts, metric_filter: Mapping[str, Any]) -> bool:
    """Whether a filter of the log group is one of the watch's: by its name, or by what it emits."""
    if metric_filter["filterName"] in facts.subject.filter_names:
        return True
    return any(
        (each.get("metricNamespace"), each.get("metricName")) == facts.metric
        for each in metric_filter.get("metricTransformations", ())
    )


def _ask_about_the_alarm_ahead(facts: Facts, ask: Asking) -> None:
    for question in _alarm_questions(facts):
        ask.ahead(**question)


def _alarm_questions(facts: Facts) -> list[dict[str, Any]]:
    metric = facts.metric
    questions: list[dict[str, Any]] = []
    begin = min(facts.read.time, facts.now) if facts.read else facts.now
    begin = (begin - _LOOK_BACK).replace(second=0, microsecond=0)
    if metric:
        # One answer has at most 1,440 datapoints, a day of minutes.
        end = min(facts.now + timedelta(minutes=2), begin + timedelta(minutes=1440))
        questions.append(
            {
                "service": "cloudwatch",
                "operation": "GetMetricStatistics",
                "items": "Datapoints",
                "Namespace": metric[0],
                "MetricName": metric[1],
                "Dimensions": facts.dimensions,
                "StartTime": begin,
                "EndTime": end,
                "Period": 60,
                "Statistics": ["SampleCount", "Sum", "Minimum", "Maximum"],
            }
        )
    if facts.alarm:
        questions.append(
            {
                "service": "cloudwatch",
                "operation": "DescribeAlarmHistory",
                "resource": str(facts.alarm.get("AlarmArn", "*")),
                "items": "AlarmHistoryItems",
                "AlarmName": facts.alarm["AlarmName"],
                "StartDate": begin,
                "EndDate": facts.now + timedelta(minutes=5),
                "ScanBy": "TimestampDescending",
            }
        )
    return questions


def _samples(facts: Facts, ask: Asking) -> None:
    for question in _alarm_questions(facts):
        asked = ask(**question)
        if question["operation"] == "DescribeAlarmHistory":
            facts.history_of_alarm = asked
        else:
            facts.samples_asked = asked
            facts.samples = [_sample(point) for point in asked.answer or () if "Sum" in point]


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


# Topics


def _topic_questions(arn: str, ask: Asking) -> None:
    region = arn.split(":")[3]
    ask.ahead("sns", "GetTopicAttributes", arn, region, TopicArn=arn)
    ask.ahead("sns", "ListSubscriptionsByTopic", arn, region, items="Subscriptions", TopicArn=arn)


def _topic(ask: Asking, arn: str) -> TopicFacts:
    region = arn.split(":")[3]
    topic = TopicFacts(
        arn,
        ask("sns", "GetTopicAttributes", arn, region, TopicArn=arn),
        ask("sns", "ListSubscriptionsByTopic", arn, region, items="Subscriptions", TopicArn=arn),
    )
    for each in topic.subscriptions.answer or ():
        subscription = each["SubscriptionArn"]
        if subscription.startswith("arn:"):
            topic.subscription_attributes[subscription] = ask(
                "sns", "GetSubscriptionAttributes", arn, region, SubscriptionArn=subscription
            )
    if topic.attributes.ok and (key := topic.attributes.answer["Attributes"].get("KmsMasterKeyId")):
        topic.key, topic.key_policy = _key(ask, key, region)
    return topic


# The realtime path


def _rules(facts: Facts, ask: Asking) -> None:
    subject = facts.subject
    names: Iterable[str] = ()
    if subject.realtime:
        names = subject.realtime.rule_names
        if subject.realtime.alarm_names:
            facts.realtime_alarms = ask(
                "cloudwatch",
                "DescribeAlarms",
                subject.arn("cloudwatch", "alarm:*"),
                items="MetricAlarms",
                AlarmNames=list(subject.realtime.alarm_names),
            )
        if url := subject.realtime.dead_letter_queue_url:
            facts.dead_letters = ask(
                "sqs",
                "GetQueueAttributes",
                subject.arn("sqs", url.rsplit("/", 1)[-1]),
                QueueUrl=url,
                AttributeNames=["ApproximateNumberOfMessages"],
            )
    elif not subject.known:
        facts.rules_asked = ask("events", "ListRules", items="Rules")
        rules = facts.rules_asked.answer or ()
        names = [each["Name"] for each in rules if _concerns(facts, each.get("EventPattern") or "")]
    facts.rules = [_rule(facts, ask, name) for name in names]
    for rule in facts.rules:
        for target in (rule.targets and rule.targets.answer) or ():
            arn = target["Arn"]
            if ":sns:" in arn and arn not in facts.rule_topics:
                facts.rule_topics[arn] = _topic(ask, arn)


def _concerns(facts: Facts, pattern: str) -> bool:
    """Whether a rule's or filter's pattern is about reads of what is watched: it names that or no secret."""
    if "GetSecretValue" not in pattern:
        return False
    secrets = facts.subject.secrets or ((facts.read.secret,) if facts.read and facts.read.secret else ())
    names = [name.rstrip("*") for each in secrets for name in secretid.names(each)]
    return "secretId" not in pattern or any(name in pattern for name in names)


def _rule(facts: Facts, ask: Asking, name: str) -> RuleFacts:
    found = RuleFacts(
        name, ask("events", "DescribeRule", facts.subject.arn("events", f"rule/{name}"), Name=name)
    )
    if not found.rule.ok:
        return found
    found.targets = ask(
        "events", "ListTargetsByRule", facts.subject.arn("events", f"rule/{name}"), items="Targets", Rule=name
    )
    pattern = found.rule.answer.get("EventPattern")
    # Without a read, and without knowing which secrets are meant, there is nothing to try it on.
    if pattern and facts.example and (facts.read or facts.subject.secrets):
        event = json.dumps(envelope(facts.example, facts.account_id))
        found.matches = ask("events", "TestEventPattern", EventPattern=pattern, Event=event)
    found.failures = ask(**_failures_question(facts, "AWS/Events", "FailedInvocations", "RuleName", name))
    return found


def _failures_question(
    facts: Facts, namespace: str, metric: str, dimension: str, name: str
) -> dict[str, Any]:
    """What a service counts of its own failures since the time that is looked at."""
    return {
        "service": "cloudwatch",
        "operation": "GetMetricStatistics",
        "items": "Datapoints",
        "Namespace": namespace,
        "MetricName": metric,
        "Dimensions": [{"Name": dimension, "Value": name}],
        "StartTime": facts.since or facts.now - timedelta(hours=1),
        "EndTime": facts.now + timedelta(minutes=1),
        "Period": 3600,
        "Statistics": ["Sum"],
    }


def envelope(event: Mapping[str, Any], account_id: str) -> dict[str, Any]:
    """A CloudTrail event as EventBridge shows it to rules."""
    return {
        "version": "0",
        "id": event["eventID"],
        "detail-type": "AWS API Call via CloudTrail",
        "source": f"aws.{event['eventSource'].partition('.')[0]}",
        "account": account_id,
        "time": event["eventTime"],
        "region": event["awsRegion"],
        "resources": [],
        "detail": dict(event),
    }


# The alarms on the watch itself


def _self_watch(facts: Facts, ask: Asking) -> None:
    if facts.subject.stuck_alarm_name:
        facts.stuck = _named(ask, facts.subject.stuck_alarm_name, facts.subject)
    facts.tamper = _tamper(facts, ask)
    facts.blind = _blind(facts, ask)


def _named(ask: Asking, name: str, subject: Subject) -> AlarmOn:
    asked = ask(**_alarm_question(name, subject))
    return AlarmOn(name, list(asked.answer or ()), asked if asked.unknown else None)


def _on_metric(ask: Asking, namespace: str, name: str, dimensions: list[dict[str, str]]) -> Asked:
    return ask(
        "cloudwatch",
        "DescribeAlarmsForMetric",
        items="MetricAlarms",
        Namespace=namespace,
        MetricName=name,
        Dimensions=dimensions,
    )


def _tamper(facts: Facts, ask: Asking) -> AlarmOn:
    """Alarms on filters of the log group that count a StopLogging of the trail."""
    if facts.subject.tamper_alarm_name:
        return _named(ask, facts.subject.tamper_alarm_name, facts.subject)
    found = AlarmOn(None, [])
    message = event_text(_stop_logging(facts))
    for each in (facts.filters and facts.filters.answer) or ():
        if is_of_the_watch(facts, each) or not _matches(each, message):
            continue
        for transformation in each["metricTransformations"]:
            asked = _on_metric(ask, transformation["metricNamespace"], transformation["metricName"], [])
            found.alarms += asked.answer or []
            if asked.unknown:
                found.unknown = asked
    return found


def _stop_logging(facts: Facts) -> dict[str, Any]:
    example = facts.example or {}
    return make_event(
        event_id="00000000-0000-4000-8000-000000000002",
        event_time=f"{facts.now:%Y-%m-%dT%H:%M:%SZ}",
        event_source="cloudtrail.amazonaws.com",
        event_name="StopLogging",
        aws_region=facts.subject.region,
        account_id=facts.account_id,
        user_identity=example.get("userIdentity") or {},
        source_ip_address="192.0.2.1",
        user_agent="secretwatch-doctor",
        request_id="00000000-0000-4000-8000-000000000003",
        request_parameters={"name": (facts.trail or {}).get("TrailARN") or "trail"},
        response_elements=None,
    )


def _blind(facts: Facts, ask: Asking) -> AlarmOn:
    """Alarms on the log group's own count of events that come in."""
    if facts.subject.blind_alarm_name:
        return _named(ask, facts.subject.blind_alarm_name, facts.subject)
    if not facts.group:
        return AlarmOn(None, [])
    dimensions = [{"Name": "LogGroupName", "Value": facts.group}]
    asked = _on_metric(ask, "AWS/Logs", "IncomingLogEvents", dimensions)
    return AlarmOn(None, list(asked.answer or ()), asked if asked.unknown else None)
