"""Hop 9: would somebody be told who tampers with the watch, or when it goes blind."""

from __future__ import annotations

import json

from secretwatch.cloudtrail import make_event
from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.calls import Step
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops import topic
from secretwatch.pipeline.doctor.hops.alarm_actions import mutes, others_told
from secretwatch.pipeline.doctor.hops.differing import differing
from secretwatch.pipeline.doctor.hops.realtime import as_applied, bus_key, rule
from secretwatch.pipeline.doctor.hops.receivers import alarm_message, receivers
from secretwatch.pipeline.doctor.kinds import alarms, filters
from secretwatch.pipeline.doctor.view import View, emission, parsed
from secretwatch.policy import services

NAME = "self-watch"
_WHEN = {
    "tamper": "somebody stops the trail or changes the watch",
    "blind": "no events come in any more",
    "stuck": "its alarm does not end, and new reads send nothing",
}


def examine(view: View) -> Hop:
    hop = Hop(NAME, note="Alarms tell when somebody tampers with the watch, and when it goes blind.")
    subject = view.subject
    for cause, name in (
        ("tamper", subject.tamper_alarm_name),
        ("blind", subject.blind_alarm_name),
        ("stuck", subject.stuck_alarm_name),
    ):
        if name:
            alarm_of(hop, view, name, cause, _WHEN[cause])
    if view.intent:
        for id in view.intent.of("alarm", "ring", "self-watch", "realtime"):
            if id not in (
                view.alarm_name,
                subject.tamper_alarm_name,
                subject.blind_alarm_name,
                subject.stuck_alarm_name,
            ):
                alarm_of(hop, view, id, "watch", "a part of it fails")
        if view.intent.of("rule", "self-watch") and not view.intent.of("rule", "realtime"):
            bus_key(hop, view)
        for name in view.intent.of("rule", "self-watch"):
            rule(hop, view, name, sees_reads=False)
        as_applied(hop, view, "self-watch")
        others = [id for id in view.intent.of("alarm", "ring", "realtime") if id != view.alarm_name]
        differing(hop, view, (Ref("alarm", id) for id in others))
    elif subject.is_about_secrets:
        _found(hop, view)
    else:
        hop.note = "Not looked for: this alarm is about something else."
    return hop


def alarm_of(hop: Hop, view: View, name: str, cause: str, when: str) -> None:
    """An alarm that watches the watch: there, on, and heard."""
    ref, alarm = Ref("alarm", name), view.account.get("alarm", name)
    if view.account.lacks("alarm", name):
        hop.broken(
            f"{cause}-alarm-deleted",
            f"The alarm {name} does not exist: nobody would be told when {when}.",
            *view.terraform(ref),
            *view.restore(ref),
            ref=ref,
            stops=False,
        )
        return
    if unknown := view.account.unknown.get(ref):
        hop.cannot_tell("permission", f"Alarms on the watch cannot be looked at: {unknown.missing}.")
        return
    if alarm is None:
        return
    _acts(hop, view, name, alarm, cause)
    others_told(hop, view, alarm)
    mutes(hop, view, alarm, stops=False)


def _acts(hop: Hop, view: View, name: str, alarm: Thing, cause: str) -> None:
    ref = Ref("alarm", name)
    if alarm.get("ActionsEnabled") is False:
        hop.broken(
            f"{cause}-actions-disabled",
            f"The actions of {name} are off.",
            alarms.enable_actions(name),
            ref=ref,
            stops=False,
        )
    if not alarm.get("AlarmActions"):
        own = list((view.applied("alarm", name) or {}).get("AlarmActions") or view.subject.topic_arns) or [
            "TOPIC_ARN"
        ]
        hop.broken(
            f"{cause}-no-action",
            f"{name} has no action, so it sends no message.",
            alarms.put(alarm, AlarmActions=own),
            ref=ref,
            stops=False,
        )
    for arn in view.topics_of(alarm):
        if any((each.ref or Ref("", "")).id == arn for each in hop.findings):
            continue  # looked at already
        if view.alarm and arn in view.topics_of(view.alarm):
            told_of = alarm_message(view, view.alarm)
            receivers(hop, view, arn, alarm_message(view, alarm), f"{cause}-", told_of=told_of)
            continue
        applied = view.applied("alarm", name)
        if applied is not None and arn not in (applied.get("AlarmActions") or ()):
            continue  # not its own, which is said
        topic.check(hop, view, arn, services.CLOUDWATCH, f"{cause}-")
        if applied is not None:
            receivers(hop, view, arn, alarm_message(view, alarm), f"{cause}-")


# Without what was applied


def _found(hop: Hop, view: View) -> None:
    """Alarms of the account on the trail's end and on the log group's silence, whoever made them."""
    subject = view.subject
    if subject.known and subject.tamper_alarm_name and subject.blind_alarm_name:
        return
    if view.group is None:
        return
    if not subject.tamper_alarm_name:
        found = view.account.get("looked", "tamper")
        if found is not None:
            _any(hop, view, found.get("alarms") or [], "tamper")
    if not subject.blind_alarm_name:
        found = view.account.get("looked", "blind")
        if found is not None:
            _any(hop, view, found.get("alarms") or [], "blind")
    for what in ("tamper", "blind"):
        if unknown := view.account.unknown.get(Ref("looked", what)):
            hop.cannot_tell("permission", f"Alarms on the watch cannot be looked at: {unknown.missing}.")


def _any(hop: Hop, view: View, names: list[str], cause: str) -> None:
    if not names:
        hop.warning(f"no-{cause}-alarm", f"Nobody would be told when {_WHEN[cause]}.", *_wanted(view, cause))
    # Of several it is enough that one tells somebody.
    telling = [each for each in names if (view.account.get("alarm", each) or {}).get("AlarmActions")]
    for name in telling or names:
        if alarm := view.account.get("alarm", name):
            _acts(hop, view, name, alarm, cause)
            mutes(hop, view, alarm, stops=False)


def stop_logging(view: View) -> dict[str, object]:
    """The event of somebody who stops the trail."""
    example = view.examples[0] if view.examples else {}
    return make_event(
        event_id="00000000-0000-4000-8000-000000000002",
        event_time=f"{view.now:%Y-%m-%dT%H:%M:%SZ}",
        event_source="cloudtrail.amazonaws.com",
        event_name="StopLogging",
        aws_region=view.subject.region,
        account_id=view.account.account_id,
        user_identity=example.get("userIdentity") or {},
        source_ip_address="192.0.2.1",
        user_agent="secretwatch-doctor",
        request_id="00000000-0000-4000-8000-000000000003",
        request_parameters={"name": view.trail_arn or "trail"},
        response_elements=None,
    )


def tamper_metrics(view: View) -> list[tuple[str, str]]:
    """Metrics of filters, other than the watch's, that count a StopLogging of the trail."""
    text = view.text_of(stop_logging(view))
    found = []
    for each in view.filters():
        pattern = parsed(each.get("filterPattern") or "")
        if pattern is None or not pattern.matches(text):
            continue
        for given in each.get("metricTransformations") or ():
            metric = (str(given["metricNamespace"]), str(given["metricName"]))
            if metric != view.metric:
                found.append(metric)
    return list(dict.fromkeys(found))


def _wanted(view: View, cause: str) -> list[Step]:
    topics = list(view.subject.topic_arns) or view.topics_of(view.alarm) or ["TOPIC_ARN"]
    name, group = view.subject.name or "secretwatch", view.group or "LOG_GROUP"
    if cause == "blind":
        return [
            alarms.put(
                {
                    "AlarmName": f"{name}-blind",
                    "Namespace": "AWS/Logs",
                    "MetricName": "IncomingLogEvents",
                    "Dimensions": [{"Name": "LogGroupName", "Value": group}],
                    "Statistic": "Sum",
                    "Period": 3600,
                    "EvaluationPeriods": 1,
                    "Threshold": 1.0,
                    "ComparisonOperator": "LessThanThreshold",
                    "TreatMissingData": "breaching",
                    "AlarmActions": topics,
                }
            )
        ]
    pattern = (
        '{ ($.eventSource = "cloudtrail.amazonaws.com") && (($.eventName = "StopLogging") || '
        '($.eventName = "DeleteTrail") || ($.eventName = "UpdateTrail") || '
        '($.eventName = "PutEventSelectors")) }'
    )
    # As the module's: matches alone, of one unit.
    given = {
        "metricName": f"{name}-tamper",
        "metricNamespace": "secretwatch",
        "metricValue": "1",
        "unit": "Count",
    }
    made = {"logGroupName": group, "filterName": f"{name}-tamper", "metricTransformations": [given]}
    return [
        filters.put({**made, "filterPattern": pattern}),
        alarms.put(
            {
                "AlarmName": f"{name}-tamper",
                "Namespace": "secretwatch",
                "MetricName": f"{name}-tamper",
                "Statistic": "Maximum",
                "Unit": "Count",
                "Period": 60,
                "EvaluationPeriods": 5,
                "DatapointsToAlarm": 1,
                "Threshold": 1.0,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                "TreatMissingData": "notBreaching",
                "AlarmActions": topics,
            }
        ),
    ]


__all__ = ["NAME", "emission", "examine", "json"]
