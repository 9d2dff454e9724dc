"""Hop 8: the fast path: the rule's state, its pattern on the read, its targets, and what failed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from secretwatch.pipeline.doctor import mends
from secretwatch.pipeline.doctor.facts import Facts, RuleFacts
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.gather import envelope
from secretwatch.pipeline.doctor.hops import topic
from secretwatch.pipeline.doctor.hops.filter import is_left_out
from secretwatch.policy import services

NAME = "realtime"
ALL_EVENTS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


def examine(facts: Facts) -> Hop:
    hop = Hop(NAME, note="There is no realtime path; nothing to examine.")
    if facts.rules_asked and facts.rules_asked.unknown:
        hop.cannot_tell("permission", f"Rules cannot be looked for: {facts.rules_asked.missing}.")
    for rule in facts.rules:
        _rule(hop, facts, rule)
    _patterns(hop, facts)
    looked_at = {each.arn for each in facts.topics}
    for each in facts.rule_topics.values():
        if each.arn not in looked_at:
            topic.receivers(hop, each)
    if facts.rules:
        hop.note = "Rules take reads as they happen, and may publish."
    if facts.rules and not hop.findings and not _is_logged(facts):
        hop.not_reached("What is configured is in order; rules see reads only while a trail logs.")
    _dead_letters(hop, facts)
    _alarms(hop, facts)
    return hop


def _is_logged(facts: Facts) -> bool:
    """Whether the trail logs, as far as is known."""
    if facts.trail is None:
        return facts.trail_asked is None or facts.trail_asked.unknown
    status = facts.trail_status
    return status is None or not status.ok or bool(status.answer.get("IsLogging"))


def _rule(hop: Hop, facts: Facts, found: RuleFacts) -> None:
    asked, name = found.rule, found.name
    if asked.absent:
        mend = f"terraform -chdir={facts.subject.directory or '.'} apply"
        hop.broken("rule-deleted", f"The rule {name} does not exist.", mend)
        return
    if asked.unknown:
        hop.cannot_tell("permission", f"The rule {name} cannot be looked at: {asked.missing}.")
        return
    rule = asked.answer
    state, pattern = rule.get("State"), rule.get("EventPattern", "{}")
    hop.saw(asked.action, name, asked.at, f"{state}: {pattern}")
    if state != ALL_EVENTS:
        why = (
            "is disabled"
            if state == "DISABLED"
            else "is in state ENABLED, in which a rule never sees read-only events"
        )
        cause = "rule-disabled" if state == "DISABLED" else "rule-state"
        hop.broken(cause, f"The rule {name} {why}.", _put(name, pattern))
    _targets(hop, facts, found)
    failed = sum(float(point["Sum"]) for point in (found.failures and found.failures.answer) or ())
    if failed:
        hop.warning("rule-failures", f"The rule {name} could not reach its target {failed:.0f} times lately.")


def _put(name: str, pattern: str) -> str:
    return mends.aws("events", "put-rule", "--name", name, "--state", ALL_EVENTS, "--event-pattern", pattern)


def _patterns(hop: Hop, facts: Facts) -> None:
    """Rules part the work, as a pattern is limited in length: one of them has to match."""
    tested = [each for each in facts.rules if each.rule.ok and each.matches]
    asked = [(each, each.matches) for each in tested if each.matches]
    for found, answer in asked:
        if answer.unknown:
            hop.cannot_tell("permission", f"The pattern of {found.name} cannot be tested: {answer.missing}.")
            return
        hop.saw(
            answer.action, found.name, answer.at, "matches" if answer.answer["Result"] else "does not match"
        )
    if not asked or any(answer.answer["Result"] for _, answer in asked):
        return
    assert facts.example
    if facts.example["awsRegion"] != facts.subject.region:
        return  # rules see the calls of their own region only
    what = "the read" if facts.read else "a read as it would be"
    if is_left_out(facts):
        hop.warning(
            "left-out", "The rules leave this read out by who made it or how it ended, as the watch does."
        )
        return
    event = envelope(facts.example, facts.account_id)
    found, why = _nearest([each for each, _ in asked], event)
    hop.broken(
        "rule-pattern",
        f"The pattern of the rule {found.name} does not match {what}{why}.",
        _put(found.name, _pattern_for(facts)),
    )


def _nearest(rules: list[RuleFacts], event: Any) -> tuple[RuleFacts, str]:
    """The rule that is meant for such a read, and why it does not match: not one for another outcome."""
    reasons = [(each, _mismatch(json.loads(each.rule.answer["EventPattern"]), event)) for each in rules]
    meant = [each for each in reasons if each[1] and "errorCode" not in each[1]]
    return (meant or reasons)[0]


def _pattern_for(facts: Facts) -> str:
    return mends.document(
        {
            "source": ["aws.secretsmanager"],
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail": {
                "eventSource": ["secretsmanager.amazonaws.com"],
                "eventName": list(facts.subject.event_names),
            },
        }
    )


def _mismatch(pattern: Any, event: Any, path: str = "") -> str:
    """The first plain list of values in the pattern that the event's value is not in."""
    for name, wanted in pattern.items() if isinstance(pattern, dict) else ():
        here = f"{path}.{name}" if path else name
        value = event.get(name) if isinstance(event, dict) else None
        if isinstance(wanted, dict):
            if found := _mismatch(wanted, value, here):
                return found
        elif isinstance(wanted, list) and all(not isinstance(each, dict) for each in wanted):
            values = value if isinstance(value, list) else [value]
            if not any(each in wanted for each in values):
                return f": {here} is {json.dumps(value)}, and it wants {json.dumps(wanted)}"
    return ""


def _targets(hop: Hop, facts: Facts, found: RuleFacts) -> None:
    asked = found.targets
    if asked is None:
        return
    if asked.unknown:
        hop.cannot_tell("permission", f"The targets of {found.name} cannot be looked at: {asked.missing}.")
        return
    if not asked.answer:
        topics = facts.subject.topic_arns or tuple(each.arn for each in facts.topics) or ("TOPIC_ARN",)
        hop.broken(
            "no-target",
            f"The rule {found.name} has no target.",
            mends.aws(
                "events", "put-targets", "--rule", found.name, "--targets", f"Id=topic,Arn={topics[0]}"
            ),
        )
    for target in asked.answer:
        if target["Arn"] in facts.rule_topics:
            _role(hop, facts, found.name, target)
            topic.check(hop, facts, facts.rule_topics[target["Arn"]], services.EVENTS, "target-")


def _role(hop: Hop, facts: Facts, rule: str, target: Mapping[str, Any]) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html"""
    arn = target["Arn"]
    if not target.get("RoleArn") or arn.split(":")[4] != facts.account_id:
        return
    without = {name: value for name, value in target.items() if name != "RoleArn"}
    hop.broken(
        "target-role",
        f"The target {arn} of the rule {rule} has a RoleArn, with which EventBridge may deliver nothing to a "
        "topic of its own account.",
        mends.aws("events", "put-targets", "--rule", rule, "--targets", mends.document([without])),
    )


def _alarms(hop: Hop, facts: Facts) -> None:
    """The alarms that tell of messages that could not be delivered."""
    asked, realtime = facts.realtime_alarms, facts.subject.realtime
    if asked is None or realtime is None:
        return
    if asked.unknown:
        hop.cannot_tell("permission", f"Alarms on the rules cannot be looked at: {asked.missing}.")
        return
    there = {each["AlarmName"] for each in asked.answer}
    for name in realtime.alarm_names:
        if name not in there:
            mend = f"terraform -chdir={facts.subject.directory or '.'} apply"
            hop.broken("rule-alarm-deleted", f"The alarm {name} on the rules does not exist.", mend)


def _dead_letters(hop: Hop, facts: Facts) -> None:
    asked = facts.dead_letters
    if asked is None:
        return
    if asked.absent:
        hop.broken("dead-letter-queue", f"The dead-letter queue does not exist: {asked.resource}.")
    elif asked.unknown:
        hop.cannot_tell("permission", f"The dead-letter queue cannot be looked at: {asked.missing}.")
    elif waiting := int(asked.answer["Attributes"].get("ApproximateNumberOfMessages", 0)):
        hop.warning(
            "dead-letters",
            f"{waiting} messages could not be delivered and lie in the dead-letter queue.",
            mends.aws("sqs", "receive-message", "--queue-url", str(_url(facts))),
        )


def _url(facts: Facts) -> str | None:
    return facts.subject.realtime.dead_letter_queue_url if facts.subject.realtime else None
