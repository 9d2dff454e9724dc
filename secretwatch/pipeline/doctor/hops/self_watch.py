"""Hop 9: would somebody be told who tampers with the watch, or when it goes blind."""

from __future__ import annotations

from secretwatch.pipeline.doctor import mends
from secretwatch.pipeline.doctor.facts import AlarmOn, Facts
from secretwatch.pipeline.doctor.findings import Hop

NAME = "self-watch"


def examine(facts: Facts) -> Hop:
    hop = Hop(NAME)
    _one(hop, facts, facts.tamper, "tamper", "somebody stops the trail or changes the watch")
    _one(hop, facts, facts.blind, "blind", "no events come in any more")
    _one(hop, facts, facts.stuck, "stuck", "its alarm does not end, and new reads send nothing")
    hop.note = "Alarms tell when somebody tampers with the watch, and when it goes blind."
    return hop


def _one(hop: Hop, facts: Facts, found: AlarmOn | None, cause: str, when: str) -> None:
    if found is None:
        return
    if found.unknown:
        hop.cannot_tell("permission", f"Alarms on the watch cannot be looked at: {found.unknown.missing}.")
        return
    if found.name and not found.alarms:
        hop.broken(
            f"{cause}-alarm-deleted",
            f"The alarm {found.name} does not exist: nobody would be told when {when}.",
            f"terraform -chdir={facts.subject.directory or '.'} apply",
            stops=False,
        )
    elif not found.alarms:
        hop.warning(f"no-{cause}-alarm", f"Nobody would be told when {when}.", _wanted(facts, cause))
    for alarm in found.alarms:
        hop.saw("cloudwatch:DescribeAlarms", alarm["AlarmName"], facts.now, str(alarm["StateValue"]))
        name = alarm["AlarmName"]
        if alarm.get("ActionsEnabled") is False:
            mend = mends.aws("cloudwatch", "enable-alarm-actions", "--alarm-names", name)
            hop.broken(f"{cause}-actions-disabled", f"The actions of {name} are off.", mend, stops=False)
        elif not alarm.get("AlarmActions"):
            hop.broken(
                f"{cause}-no-action",
                f"{name} has no action: it tells nobody.",
                mends.put_alarm(alarm, AlarmActions=list(facts.subject.topic_arns) or ["TOPIC_ARN"]),
                stops=False,
            )


def _wanted(facts: Facts, cause: str) -> str:
    topics = list(facts.subject.topic_arns) or [each.arn for each in facts.topics] or ["TOPIC_ARN"]
    name = facts.subject.name or "secretwatch"
    if cause == "blind":
        return mends.put_alarm(
            {
                "AlarmName": f"{name}-blind",
                "Namespace": "AWS/Logs",
                "MetricName": "IncomingLogEvents",
                "Dimensions": [{"Name": "LogGroupName", "Value": facts.group or "LOG_GROUP"}],
                "Statistic": "Sum",
                "Period": 3600,
                "EvaluationPeriods": 1,
                "Threshold": 1,
                "ComparisonOperator": "LessThanThreshold",
                "TreatMissingData": "breaching",
                "AlarmActions": topics,
            }
        )
    pattern = (
        '{ ($.eventSource = "cloudtrail.amazonaws.com") && (($.eventName = "StopLogging") || '
        '($.eventName = "DeleteTrail") || ($.eventName = "UpdateTrail") || '
        '($.eventName = "PutEventSelectors")) }'
    )
    # As the module's: matches alone, of one unit.
    metric = ("secretwatch", f"{name}-tamper")
    return mends.lines(
        mends.put_filter(facts.group or "LOG_GROUP", f"{name}-tamper", pattern, *metric, unit="Count"),
        mends.put_alarm(
            {
                "AlarmName": f"{name}-tamper",
                "Namespace": metric[0],
                "MetricName": metric[1],
                "Statistic": "Maximum",
                "Unit": "Count",
                "Period": 60,
                "EvaluationPeriods": 5,
                "DatapointsToAlarm": 1,
                "Threshold": 1,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                "TreatMissingData": "notBreaching",
                "AlarmActions": topics,
            }
        ),
    )
