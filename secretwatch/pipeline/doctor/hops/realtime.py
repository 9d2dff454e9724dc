"""Hop 8: the fast path: the rules' states, their patterns on what has to ring, and their targets."""

from __future__ import annotations

import json
from difflib import SequenceMatcher
from typing import Any

from secretwatch.cloudtrail import Event
from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.calls import Call, Person, Step
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops import rule_patterns, topic
from secretwatch.pipeline.doctor.hops.applied_filters import told_apart_alone
from secretwatch.pipeline.doctor.hops.differing import differing
from secretwatch.pipeline.doctor.hops.filter import is_left_out
from secretwatch.pipeline.doctor.hops.receivers import alarm_message, receivers
from secretwatch.pipeline.doctor.hops.rule_patterns import envelope, pattern_of, why_not
from secretwatch.pipeline.doctor.hops.trail import key_at_fault
from secretwatch.pipeline.doctor.intent import Purpose
from secretwatch.pipeline.doctor.kinds import alarms, rules
from secretwatch.pipeline.doctor.opening import opened, refusal
from secretwatch.pipeline.doctor.view import View
from secretwatch.policy import Principal, Request, services

NAME = "realtime"
ALL_EVENTS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


def examine(view: View) -> Hop:
    hop = Hop(NAME, note="There is no realtime path; nothing to examine.")
    if unknown := view.account.unknown.get(Ref("rules", "")):
        hop.cannot_tell("permission", f"Rules cannot be looked for: {unknown.missing}.")
    names = rule_names(view)
    if not names:
        return hop
    bus_key(hop, view)
    for name in names:
        rule(hop, view, name, sees_reads=True)
    _patterns(hop, view, names)
    if view.intent:
        as_applied(hop, view, "realtime")
    _replicas(hop, view)
    hop.note = "Rules take reads as they happen, and may publish."
    if not hop.findings and not _is_logged(view):
        hop.not_reached("The settings are in order; rules see reads only while a trail logs.")
    return hop


def _replicas(hop: Hop, view: View) -> None:
    """Rules see the calls of their own region; the trail those of all."""
    # Some are watched by name and by ARN.
    secrets = {found.get("ARN"): found for _, found in view.account.all("secret")}
    for found in secrets.values():
        regions = [each.get("Region") for each in found.get("ReplicationStatus") or ()]
        others = sorted(str(each) for each in regions if each and each != view.account.region)
        if others:
            hop.warning(
                "replica-elsewhere",
                f"{found.get('Name')} has replicas in {', '.join(others)}: a read there rings the alarm, but "
                f"the rules are in {view.account.region} and do not see it.",
            )


def bus_key(hop: Hop, view: View) -> None:
    """The default bus may be encrypted with a key that EventBridge has to use for each rule."""
    for arn, bus in view.account.all("bus"):
        if identifier := bus.get("KmsKeyIdentifier"):
            key = (view.account.get("key", identifier) or {}).get("Arn") or identifier
            key_at_fault(
                hop,
                view,
                identifier,
                services.using_bus_key(arn, key),
                cause="bus-key",
                what=f"The key {identifier} of the event bus",
                who="EventBridge use it, so that no rule of it tells anybody",
                stops=False,
            )


def rule_names(view: View) -> list[str]:
    if view.intent:
        return view.intent.of("rule", "realtime")
    if view.subject.realtime:
        return list(view.subject.realtime.rule_names)
    return [] if view.subject.known else [name for name, _ in view.account.all("rule")]


def as_applied(hop: Hop, view: View, purpose: Purpose) -> None:
    """Everything of a purpose that was changed: patterns by what they match, all else by what it is."""
    assert view.intent
    changed = view.differing()
    for name in view.intent.of("rule", purpose):
        ref = Ref("rule", name)
        if ref in changed and any(each.member == "EventPattern" for each in changed[ref]):
            rule_patterns.told_apart(hop, view, ref)
    for id in view.intent.of("filter", purpose):
        ref = Ref("filter", id)
        if any(each.member == "filterPattern" for each in changed.get(ref, ())):
            told_apart_alone(hop, view, ref)
    for kind in (
        "rule",
        "queue",
        "alarm",
        "topic",
        "subscription",
        "key",
        "role",
        "filter",
        "state machine",
        "secret",
        "connection",
    ):
        differing(hop, view, (Ref(kind, id) for id in view.intent.of(kind, purpose)), stops=False)


def _is_logged(view: View) -> bool:
    """Whether the trail logs, as far as is known."""
    trail = view.trail
    if trail is None:
        return not (view.trail_arn and view.account.lacks("trail", view.trail_arn))
    return trail.get("IsLogging") is not False


def rule(hop: Hop, view: View, name: str, *, sees_reads: bool) -> None:
    """A rule: there, on, and with targets that take what it sends."""
    ref, found = Ref("rule", name), view.account.get("rule", name)
    if view.account.lacks("rule", name):
        steps = [*view.terraform(ref), *view.restore(ref)] or _make(view, name)
        other = view.account.get("rule elsewhere", name)
        elsewhere = f" on the default bus: it is on {other['EventBusName']}" if other else ""
        hop.broken(
            "rule-deleted", f"The rule {name} does not exist{elsewhere}.", *steps, ref=ref, stops=False
        )
        return
    if unknown := view.account.unknown.get(ref):
        hop.cannot_tell("permission", f"The rule {name} cannot be looked at: {unknown.missing}.")
        return
    if found is None:
        return
    state = found.get("State") or "ENABLED"
    wanted = (view.applied("rule", name) or {}).get("State")
    if state == "DISABLED" or (sees_reads and state != ALL_EVENTS):
        why = (
            "is disabled"
            if state == "DISABLED"
            else "is in state ENABLED, in which a rule never sees read-only events"
        )
        cause = "rule-disabled" if state == "DISABLED" else "rule-state"
        right = wanted or (ALL_EVENTS if sees_reads else "ENABLED")
        hop.broken(cause, f"The rule {name} {why}.", rules.put(found, State=right), ref=ref, stops=False)
    _targets(hop, view, name, found)


def _make(view: View, name: str) -> list[Step]:
    """A rule without an applied one to go by: for the watch's own secrets, to its topics."""
    secrets = [form for each in view.subject.secrets for form in _ids(each)]
    detail: dict[str, Any] = {
        "eventSource": ["secretsmanager.amazonaws.com"],
        "eventName": list(view.subject.event_names),
    }
    if secrets and "*" not in view.subject.secrets:
        detail["requestParameters"] = {"secretId": secrets}
    pattern = {
        "source": ["aws.secretsmanager"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": detail,
    }
    made = {"Name": name, "State": ALL_EVENTS, "EventPattern": json.dumps(pattern, separators=(",", ":"))}
    targets = [
        {"Id": f"topic-{number}" if number else "topic", "Arn": arn}
        for number, arn in enumerate(_topics(view))
    ]
    return [rules.put(made), *([rules.put_targets(name, targets)] if targets else [])]


def _ids(secret: str) -> list[Any]:
    from secretwatch import secretid

    if secret.endswith("*"):
        bare = secret.removesuffix("*")
        return [{"prefix": bare}, {"wildcard": f"*:secret:{bare}*"}]
    return [*secretid.forms(secret)]


def _topics(view: View) -> list[str]:
    realtime = view.subject.realtime
    own = (realtime.topic_arns if realtime else ()) or view.subject.topic_arns
    return list(own) or view.topics_of(view.alarm) or ["TOPIC_ARN"]


def _patterns(hop: Hop, view: View, names: list[str]) -> None:
    """Rules part the work, as a pattern is limited in length: one of them has to match."""
    there = [(name, found) for name in names if (found := view.account.get("rule", name))]
    known = [
        (name, each, pattern)
        for name, each in there
        if (pattern := pattern_of(each.get("EventPattern") or "{}"))
    ]
    if not known or not view.examples or not (view.followed or view.subject.secrets):
        return
    for event in view.examples[:1]:
        if event["awsRegion"] != view.subject.region:
            continue  # rules see the calls of their own region only
        seen = envelope(event, view.account.account_id)
        if any(pattern.matches(seen) for _, _, pattern in known):
            continue
        if is_left_out(view):
            hop.warning(
                "left-out",
                "The rules leave this read out because of its caller or its outcome, as the watch does.",
            )
            return
        if view.intent:
            continue  # what was changed of the rules is found as that; else none was meant to match
        if any(each.cause == "rule-deleted" for each in hop.findings):
            continue
        what = "the read" if view.followed and event is view.examples[0] else "a read as it would be"
        name, found, why = _nearest([(name, each) for name, each, _ in known], seen)
        ref = Ref("rule", name)
        steps = [*view.terraform(ref), *view.restore(ref)] or [
            rules.put(found, EventPattern=_widened(found["EventPattern"], view, seen))
        ]
        hop.broken(
            "rule-pattern",
            f"The pattern of the rule {name} does not match {what}{why}.",
            *steps,
            ref=ref,
            stops=False,
        )
        return


def _widened(text: str, view: View, event: Event) -> str:
    """The pattern with what keeps the watch's own events out put right, and all else as it is."""
    pattern = json.loads(text)
    for _ in range(8):
        parsed = pattern_of(json.dumps(pattern))
        if parsed and parsed.matches(event):
            return json.dumps(pattern, separators=(",", ":"))
        if not _mend(pattern, event, view):
            break
    made = _make(view, "x")[0]
    assert isinstance(made, Call)
    return str(made.params["EventPattern"])


def _mend(pattern: Any, event: Any, view: View, path: str = "") -> bool:
    """One condition that does not hold for the event, made to: by the watch's own values, or taken away."""
    for name, wanted in list(pattern.items()):
        here = f"{path}.{name}" if path else name
        value = event.get(name) if isinstance(event, dict) else None
        if isinstance(wanted, dict):
            if _mend(wanted, value or {}, view, here):
                return True
            if not wanted:
                del pattern[name]
            continue
        alone = pattern_of(json.dumps({name: wanted}))
        if (
            name.startswith("$")
            or alone is None
            or (isinstance(event, dict) and alone.matches({name: value} if value is not None else {}))
        ):
            continue
        own = {
            "source": ["aws.secretsmanager"],
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail.eventSource": ["secretsmanager.amazonaws.com"],
            "detail.eventName": list(view.subject.event_names),
            "detail.requestParameters.secretId": [
                form for each in view.subject.secrets for form in _ids(each)
            ],
        }.get(here)
        if own:
            pattern[name] = own
        else:
            del pattern[name]
        return True
    return False


def _nearest(those: list[tuple[str, Thing]], event: Any) -> tuple[str, Thing, str]:
    """The rule that is meant for such a read, and why it does not match: not one for another outcome."""
    reasons = [(name, each, why_not(each["EventPattern"], event)) for name, each in those]
    meant = [each for each in reasons if each[2] and "errorCode" not in each[2]]
    return (meant or reasons)[0]


# Targets


def _targets(hop: Hop, view: View, name: str, found: Thing) -> None:
    if unknown := view.account.unknown.get(Ref("targets", name)):
        hop.cannot_tell("permission", f"The targets of {name} cannot be looked at: {unknown.missing}.")
        return
    if "Targets" not in found:
        return
    ref = Ref("rule", name)
    targets = found["Targets"] or []
    if not targets:
        own = (view.applied("rule", name) or {}).get("Targets")
        made = own or [{"Id": "topic", "Arn": _topics(view)[0]}]
        hop.broken(
            "no-target",
            f"The rule {name} has no target.",
            rules.put_targets(name, made),
            ref=ref,
            stops=False,
        )
        return
    own = (view.applied("rule", name) or {}).get("Targets") or ()
    intended = {each["Arn"] for each in own}
    own_letters = {(each.get("DeadLetterConfig") or {}).get("Arn") for each in own} - {None}
    if not intended and view.subject.known:
        intended = set(_topics(view)) - {"TOPIC_ARN"}
    for target in targets:
        arn = target["Arn"]
        if ":sns:" not in arn:
            continue
        if intended and arn not in intended:
            _other_target(hop, view, name, target, intended)
            continue
        _role(hop, view, name, target)
        topic.check(hop, view, arn, services.EVENTS, "target-")
        prefix = "target-" if view.intent else ""
        alarm = view.alarm if arn in view.topics_of(view.alarm) else None
        told_of = alarm_message(view, alarm) if alarm else None
        receivers(hop, view, arn, json.dumps({"READ": "x"}), prefix, told_of=told_of)
        letters = (target.get("DeadLetterConfig") or {}).get("Arn")
        # Another queue than was applied is said as that, and is not for a mend to open.
        if letters and (not own_letters or letters in own_letters):
            _letters(hop, view, name, letters)
    # Targets are told apart by their ids: one that is missing is found by what was applied.


def _other_target(hop: Hop, view: View, name: str, target: Thing, intended: set[str]) -> None:
    arn = target["Arn"]
    if view.intent:
        return  # said as what was changed
    there = {each["Arn"] for each in (view.account.get("rule", name) or {}).get("Targets") or ()}
    lacking = sorted(intended - there)
    if not lacking:
        return  # somebody else's, beside the watch's own
    nearest = max(lacking, key=lambda each: SequenceMatcher(None, each, arn).ratio())
    hop.broken(
        "other-target",
        f"The rule {name} sends to {arn}, which is not the watch's topic {nearest}.",
        rules.put_targets(name, [{**target, "Arn": nearest}]),
        ref=Ref("rule", name),
        stops=False,
    )


def _role(hop: Hop, view: View, name: str, target: Thing) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html"""
    arn = target["Arn"]
    if not target.get("RoleArn") or arn.split(":")[4] != view.account.account_id:
        return
    without = {key: value for key, value in target.items() if key != "RoleArn"}
    hop.broken(
        "target-role",
        f"The target {arn} of the rule {name} has a RoleArn, with which EventBridge may deliver nothing to a "
        "topic of its own account.",
        rules.put_targets(name, [without]),
        ref=Ref("rule", name),
        stops=False,
    )


def _letters(hop: Hop, view: View, name: str, arn: str) -> None:
    """The queue that takes what cannot be delivered."""
    ref, queue = Ref("queue", arn), view.account.get("queue", arn)
    if any(each.ref == ref for each in hop.findings):
        return
    if view.account.lacks("queue", arn):
        owner = arn.split(":")[4]
        made = Call("sqs", "CreateQueue", {"QueueName": arn.rsplit(":", 1)[-1]})
        asking = Person(f"Ask the owner of account {owner} for the queue, or name another in the target.")
        steps = view.restore(ref) or [made if owner == view.account.account_id else asking]
        hop.broken(
            "dead-letter-queue",
            f"The dead-letter queue does not exist: {arn}.",
            *view.terraform(ref),
            *steps,
            ref=ref,
            stops=False,
        )
        return
    if unknown := view.account.unknown.get(ref):
        hop.cannot_tell("permission", f"The dead-letter queue cannot be looked at: {unknown.missing}.")
        return
    if queue is None:
        return
    source = view.account.arn("events", f"rule/{name}")
    context = {"aws:SourceArn": source, "aws:SourceAccount": view.account.account_id}
    request = Request(Principal.of(services.EVENTS), "sqs:SendMessage", arn, context)
    if why := refusal([request], resource=queue.get("Policy")):
        wanted = (view.applied("queue", arn) or {}).get("Policy")
        policy = opened(queue.get("Policy"), [request], wanted=wanted)
        hop.broken(
            "dead-letter-policy",
            f"The dead-letter queue {arn} does not take what the rule {name} cannot deliver. {why}",
            Call(
                "sqs",
                "SetQueueAttributes",
                {"QueueUrl": queue.get("QueueUrl"), "Attributes": {"Policy": policy}},
            ),
            ref=ref,
            stops=False,
        )


__all__ = ["NAME", "alarms", "as_applied", "envelope", "examine", "rule"]
