"""Of hop 8: a rule's targets, and the queue for what they do not take."""

from __future__ import annotations

import json
from difflib import SequenceMatcher

from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.calls import Call, Person
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops import topic
from secretwatch.pipeline.doctor.hops.realtime_rules import own_topics
from secretwatch.pipeline.doctor.hops.receivers import alarm_message, receivers
from secretwatch.pipeline.doctor.kinds import rules
from secretwatch.pipeline.doctor.opening import opened, refusal
from secretwatch.pipeline.doctor.view import View
from secretwatch.policy import Principal, Request, services


def examine_targets(hop: Hop, view: View, name: str, found: Thing) -> None:
    if unknown := view.account.unknown.get(Ref("targets", name)):
        hop.cannot_tell("permission", f"The targets of {name} cannot be looked at: {unknown.missing}.")
        return
    if "Targets" not in found:
        return
    ref = Ref("rule", name)
    targets = found["Targets"] or []
    if not targets:
        own = (view.applied("rule", name) or {}).get("Targets")
        made = own or [{"Id": "topic", "Arn": own_topics(view)[0]}]
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
        intended = set(own_topics(view)) - {"TOPIC_ARN"}
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
