"""Hop 7: the topics of the alarm: there, open to alarms, their keys too, and who is meant to hear listens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.calls import Call, Person, Step
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.differing import differing
from secretwatch.pipeline.doctor.hops.faulty_keys import key_at_fault
from secretwatch.pipeline.doctor.hops.receivers import ADDRESS, alarm_message, receivers
from secretwatch.pipeline.doctor.kinds import topics
from secretwatch.pipeline.doctor.kinds.topics import subscription_parts
from secretwatch.pipeline.doctor.opening import opened, refusal
from secretwatch.pipeline.doctor.view import View
from secretwatch.policy import services

NAME = "topic"
Publisher = tuple[str, str]
"""Service and ARN of the alarm or rule."""
_WHO = {services.CLOUDWATCH: "the alarm", services.EVENTS: "the rule"}


def examine(view: View) -> Hop:
    hop = Hop(NAME)
    alarm = view.alarm or view.applied("alarm", view.alarm_name) or {}
    actions = list(alarm.get("AlarmActions") or ())
    arns = view.topics_of(alarm) or ([] if actions else list(view.subject.topic_arns))
    others = [each for each in actions if ":sns:" not in each]
    if not arns:
        if view.alarm is None and Ref("alarm", view.alarm_name or "") in view.account.unknown:
            hop.not_reached("The doctor cannot look at the alarm, so it does not know its topics.")
        elif others:
            hop.cannot_tell(
                "not-a-topic",
                f"The alarm's actions are no topics: {', '.join(others)}. The doctor cannot follow them to "
                f"a person: make it ring once.",
                stops=True,
            )
        else:
            hop.not_reached("No topic is known: the alarm has no action.")
        return hop
    message = alarm_message(view, alarm)
    told: list[str] = []
    for arn in arns:
        if applied_for(view, arn, arns):
            continue  # a slip in the alarm's action, which is said there
        applied = view.applied("alarm", view.alarm_name)
        if applied and arn not in (applied.get("AlarmActions") or ()):
            continue  # somebody's own beside the watch's, which is said there
        check(hop, view, arn, services.CLOUDWATCH)
        told += receivers(hop, view, arn, message)
    if view.intent:
        own = list(dict.fromkeys([*arns, *view.topics_of(view.applied("alarm", view.alarm_name))]))
        differ(hop, view, own)
    hop.note = f"The alarm may publish, and tells {', '.join(told) or 'its topics'}."
    return hop


def applied_for(view: View, arn: str, others: Sequence[str]) -> str | None:
    """Of a topic that is not there, the one that was meant: one of the watch's own of nearly its name."""
    if not view.account.lacks("topic", arn):
        return None
    own = [*view.topics_of(view.applied("alarm", view.alarm_name)), *view.subject.topic_arns]
    if arn in own:
        return None
    near = [each for each in own if SequenceMatcher(None, arn, each).ratio() > 0.9]
    return near[0] if near else None


def differ(hop: Hop, view: View, arns: Iterable[str]) -> None:
    """These topics, their keys and who is subscribed, where they are not as they were applied."""
    assert view.intent
    for arn in arns:
        differing(hop, view, [Ref("topic", arn)], stops=False)
        key = (view.applied("topic", arn) or {}).get("KmsMasterKeyId")
        if key:
            differing(hop, view, [Ref("key", key)], stops=False)
        ids = [id for id, _ in view.intent.account.all("subscription") if subscription_parts(id)[0] == arn]
        said = {each.ref for each in hop.findings}
        differing(
            hop,
            view,
            (Ref("subscription", id) for id in ids if Ref("subscription", id) not in said),
            stops=False,
        )


def check(hop: Hop, view: View, arn: str, service: str, prefix: str = "") -> None:
    """May the service publish to the topic? prefix: of the causes.

    A mend lets everybody of the watch publish, so that one does not undo another's.
    """
    ref, topic = Ref("topic", arn), view.account.get("topic", arn)
    if f"{service} {arn}" in hop.looked_at:
        return
    hop.looked_at.add(f"{service} {arn}")
    publishers = publishers_of(view, arn)
    who = _WHO.get(service, service)
    if view.account.lacks("topic", arn):
        realtime = view.subject.realtime
        own = arn in (*view.subject.topic_arns, *(realtime.topic_arns if realtime else ()))
        is_here = arn.split(":")[3:5] == [view.account.region, view.account.account_id]
        steps = view.restore(ref)
        if not steps and view.subject.known and own and is_here:
            steps = _create(arn, publishers)
        if not steps:
            steps = [Person(f"Name a topic that is there in its place, or ask whoever deleted {arn}.")]
        if view.intent:
            steps = [*steps, *_subscribe_again(view, arn)]
        hop.broken(
            f"{prefix}topic-deleted",
            f"The topic {arn}, to which {who} publishes, does not exist.",
            *view.terraform(ref),
            *steps,
            ref=ref,
        )
        return
    if unknown := view.account.unknown.get(ref):
        hop.cannot_tell("permission", f"The topic cannot be looked at: {unknown.missing}.")
        return
    if topic is None:
        return
    mine = [each for each in publishers if each[0] == service]
    policy = topic.get("Policy")
    requests = [request for each in mine for request in services.publishing(each[0], arn, each[1])]
    if why := refusal(requests, resource=policy):
        everybody = [request for each in publishers for request in services.publishing(each[0], arn, each[1])]
        wanted = (view.applied("topic", arn) or {}).get("Policy")
        hop.broken(
            f"{prefix}topic-policy",
            f"The policy of {arn} does not let {who} publish. {why}",
            topics.set_topic(arn, "Policy", opened(policy, everybody, wanted=wanted)),
            ref=ref,
        )
    _key(hop, view, arn, topic, service, publishers, prefix)


def publishers_of(view: View, arn: str) -> list[Publisher]:
    """Alarms and rules, known here, that publish to a topic."""
    found: list[Publisher] = []
    for account in (view.account, view.intent.account if view.intent else None):
        if account is None:
            continue
        for name, alarm in account.all("alarm"):
            if arn in (alarm.get("AlarmActions") or ()):
                found.append((services.CLOUDWATCH, account.arn("cloudwatch", f"alarm:{name}")))
        for name, rule in account.all("rule"):
            if any(each["Arn"] == arn for each in rule.get("Targets") or ()):
                found.append((services.EVENTS, account.arn("events", f"rule/{name}")))
    if not found and view.alarm_name:
        found.append((services.CLOUDWATCH, view.account.arn("cloudwatch", f"alarm:{view.alarm_name}")))
    return list(dict.fromkeys(found))


def _create(arn: str, publishers: list[Publisher]) -> list[Step]:
    requests = [request for each in publishers for request in services.publishing(each[0], arn, each[1])]
    return [
        Call("sns", "CreateTopic", {"Name": arn.rsplit(":", 1)[-1]}),
        topics.set_topic(arn, "Policy", opened(None, requests)),
        topics.subscribe(arn, "email", ADDRESS),
    ]


def _subscribe_again(view: View, arn: str) -> list[Step]:
    assert view.intent
    return [
        topics.subscribe(*subscription_parts(id), wanted)
        for id, wanted in view.intent.account.all("subscription")
        if subscription_parts(id)[0] == arn
    ]


def _key(
    hop: Hop, view: View, arn: str, topic: Thing, service: str, publishers: list[Publisher], prefix: str
) -> None:
    identifier = topic.get("KmsMasterKeyId")
    if not identifier:
        return
    ref, key = Ref("key", identifier), view.account.get("key", identifier)
    who = {services.CLOUDWATCH: "alarms", services.EVENTS: "EventBridge"}.get(service, service)
    applied = (view.applied("topic", arn) or {}).get("KmsMasterKeyId")
    changed = any(each.member == "KmsMasterKeyId" for each in view.differing().get(Ref("topic", arn), ()))
    back = [topics.set_topic(arn, "KmsMasterKeyId", applied)] if applied and changed else []
    if back and not view.account.lacks("key", identifier):
        hop.broken(
            f"{prefix}topic-key",
            f"The topic {arn} is encrypted with {identifier}, which is not the key that was applied: whether "
            f"{who} may use it is up to that one's owner.",
            *back,
            ref=Ref("topic", arn),
        )
        return
    managed = identifier.endswith("alias/aws/sns") or (key is not None and key.get("KeyManager") == "AWS")
    if managed:
        note = (
            "To stay encrypted, name a key of your own whose policy lets "
            f"{service} use kms:Decrypt and kms:GenerateDataKey*; without encryption:"
        )
        hop.broken(
            f"{prefix}aws-managed-key",
            f"The topic {arn} is encrypted with AWS's own key {identifier}, which {who} may not use: "
            "its messages are dropped without an error.",
            *(back or [topics.set_topic(arn, "KmsMasterKeyId", "", note=note)]),
            ref=Ref("topic", arn),
        )
        return
    if view.account.lacks("key", identifier):
        hop.broken(
            f"{prefix}topic-key",
            f"The key {identifier} of {arn} does not exist.",
            *(back or [topics.set_topic(arn, "KmsMasterKeyId", "")]),
            ref=Ref("topic", arn),
        )
        return
    if key is None and ref not in view.account.unknown:
        return
    resource = str((key or {}).get("Arn") or identifier)
    requests = [
        request
        for each, source in publishers
        for request in services.using_topic_key(each, arn, source, resource)
        if each == service
    ]
    everybody = [
        request
        for each, source in publishers
        for request in services.using_topic_key(each, arn, source, resource)
    ]
    before = len(hop.findings)
    key_at_fault(
        hop,
        view,
        identifier,
        requests,
        cause=f"{prefix}topic-key",
        what=f"The key of {arn}"
        if (key or {}).get("KeyState") in (None, "Enabled")
        else f"The key {identifier} of {arn}",
        who=f"{who} use it",
        stops=True,
    )
    # What is opened is opened for all who publish to it.
    for found in hop.findings[before:]:
        steps = tuple(
            Call("kms", "PutKeyPolicy", {**step.params, "Policy": opened(step.params["Policy"], everybody)})
            if isinstance(step, Call) and step.operation == "PutKeyPolicy"
            else step
            for step in found.steps
        )
        hop.replace(
            found,
            type(found)(
                found.verdict, found.cause, found.sentence, steps, found.ref, found.stops, found.waits
            ),
        )
