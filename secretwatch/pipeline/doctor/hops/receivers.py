"""Of hop 7: whom a message to a topic reaches, and what keeps it from the others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

from secretwatch.alarm.notification import sns_message
from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.calls import Call, Person, Step
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.differing import named
from secretwatch.pipeline.doctor.hops.wanting import wants
from secretwatch.pipeline.doctor.kinds import chats, topics
from secretwatch.pipeline.doctor.kinds.topics import is_confirmed, subscription_id, subscription_parts
from secretwatch.pipeline.doctor.opening import refusal
from secretwatch.pipeline.doctor.view import View
from secretwatch.pipeline.endpoints import shown
from secretwatch.policy import services

ADDRESS = "you@example.com"


def alarm_message(view: View, alarm: Mapping[str, Any]) -> str:
    """What the alarm would publish, as JSON."""
    filled = {
        "AlarmName": view.alarm_name,
        "AlarmArn": view.account.arn("cloudwatch", f"alarm:{view.alarm_name}"),
        "AlarmConfigurationUpdatedTimestamp": view.now,
        "StateUpdatedTimestamp": view.now,
        "StateReason": "Threshold Crossed",
        **alarm,
        "StateValue": "ALARM",
    }
    try:
        return sns_message(filled, "OK", view.account.account_id, view.account.region)
    except (KeyError, TypeError, ValueError, AttributeError):
        return json.dumps({"AlarmName": filled["AlarmName"], "NewStateValue": "ALARM", "OldStateValue": "OK"})


def said(subscription: Mapping[str, Any]) -> str:
    return f"{subscription['Protocol']} {subscription['Endpoint']}"


def receivers(
    hop: Hop, view: View, arn: str, message: str, prefix: str = "", *, told_of: str | None = None
) -> list[str]:
    """Who gets this message when it is published to the topic; what keeps the others from it is said.

    told_of: a message to this topic that was tried already; only what it does not meet is said.
    """
    if f"who {arn} {message}" in hop.looked_at:
        return []
    hop.looked_at.add(f"who {arn} {message}")
    if view.account.get("topic", arn) is None:
        return []
    if unknown := view.account.unknown.get(Ref("subscriptions", arn)):
        hop.cannot_tell("permission", f"Who is subscribed cannot be told: {unknown.missing}.")
        return []
    found = [(id, each) for id, each in view.account.all("subscription") if subscription_parts(id)[0] == arn]
    intended = {
        id
        for id in (view.intent.account.things if view.intent else {})
        if id.kind == "subscription" and subscription_parts(id.id)[0] == arn
    }
    # A channel's subscription is Chatbot's own, which Terraform does not know of.
    channels = _channels(view, arn)
    chat = Ref("subscription", subscription_id(arn, "https", chats.ENDPOINT))
    intended |= {chat} if channels else set()
    if not found and not intended and told_of is None:
        hop.broken(
            f"{prefix}no-subscription",
            f"Nobody is subscribed to {arn}.",
            topics.subscribe(arn, "email", ADDRESS),
            ref=Ref("topic", arn),
        )
        return []
    told = []
    problems: list[tuple[Ref, str, str, list[Step]]] = []
    for id, each in found:
        ref = Ref("subscription", id)
        if problem := _problem(view, ref, each, message):
            if told_of is not None and _problem(view, ref, each, told_of):
                continue
            problems.append((ref, *problem))
        else:
            told.append(said(each))
            if unknown := view.account.unknown.get(ref):
                hop.cannot_tell("permission", f"A subscription cannot be looked at: {unknown.missing}.")
    for ref in sorted(intended if told_of is None else ()):
        if ref.id not in dict(found):
            _, protocol, endpoint = subscription_parts(ref.id)
            who = " and ".join(map(named, channels)) if ref == chat else f"{protocol} {endpoint}"
            there = [subscription_parts(id)[2] for id, _ in found if Ref("subscription", id) not in intended]
            like = [each for each in there if SequenceMatcher(None, endpoint, each).ratio() > 0.8]
            slip = f" {like[0]} is, which was not applied: whose is that?" if like else ""
            problems.append(
                (
                    ref,
                    "not-subscribed",
                    f"{who} is not subscribed to {arn} any more, but should get its messages.{slip}",
                    [step for each in channels for step in connected(view, each, arn)]
                    if ref == chat
                    else view.restore(ref),
                )
            )
    for ref, cause, sentence, steps in problems:
        meant = ref in intended
        if cause == "unconfirmed" and intended and not meant:
            # Whoever that is: a mend does not invite him once more.
            hop.warning(f"{prefix}{cause}", f"{sentence} It was not applied.", ref=ref)
            continue
        if meant or not told:
            hop.broken(
                f"{prefix}{cause}",
                sentence,
                # Terraform asks nobody twice.
                *(view.terraform(ref) if meant and cause != "unconfirmed" else ()),
                *steps,
                ref=ref,
                stops=not told,
            )
        else:
            # What somebody subscribed for himself is his.
            hop.warning(f"{prefix}{cause}", sentence, *(() if intended else steps), ref=ref)
    return told


def connected(view: View, channel: Ref, topic: str) -> list[Step]:
    """Chatbot subscribes itself to topics that are new to a channel."""
    live = view.account.things.get(channel)
    back = view.restore(channel)
    if live is None or topic not in (live.get("SnsTopicArns") or ()):
        return back
    return [*chats.without_topic(channel.id, live, topic), *back]


def _channels(view: View, arn: str) -> list[Ref]:
    """The chat channels that were applied with this topic."""
    applied = view.intent.account.all("chat channel") if view.intent else ()
    return [Ref("chat channel", id) for id, each in applied if arn in (each.get("SnsTopicArns") or ())]


def _problem(view: View, ref: Ref, subscription: Thing, message: str) -> tuple[str, str, list[Step]] | None:
    """Why this subscriber gets nothing: cause, sentence, steps."""
    topic, protocol, endpoint = subscription_parts(ref.id)
    if not is_confirmed(subscription):
        what = {
            "email": "has not followed the link in the confirmation mail",
            "email-json": "has not opened the SubscribeURL in the confirmation mail",
            "http": "has not visited the SubscribeURL that AWS posted to it",
            "https": "has not visited the SubscribeURL that AWS posted to it",
        }.get(protocol, "has not confirmed its subscription")
        how = {
            "email": "Follow the link in the mail of AWS Notifications; this sends it again:",
            "email-json": "Open the SubscribeURL in the JSON mail of AWS Notifications; this sends it again:",
            "http": "The endpoint has to visit the SubscribeURL that AWS posts to it; this posts it again:",
            "https": "The endpoint has to visit the SubscribeURL that AWS posts to it; this posts it again:",
        }.get(protocol, "This asks for a confirmation again:")
        params = {"TopicArn": topic, "Protocol": protocol, "Endpoint": endpoint}
        step = Call("sns", "Subscribe", params, note=how)
        name = topic.rsplit(":", 1)[-1]
        return (
            "unconfirmed",
            f"{shown(protocol, endpoint)} {what}: nothing of the topic {name} is sent there.",
            [step],
        )
    policy = subscription.get("FilterPolicy")
    if policy and not wants(policy, subscription.get("FilterPolicyScope"), message):
        return (
            "filtered-subscription",
            f"The filter policy of {said(subscription)}'s subscription keeps this message out: {policy}.",
            [topics.set_subscription(subscription["SubscriptionArn"], "FilterPolicy", "{}")],
        )
    queue = view.account.get("queue", endpoint) if protocol == "sqs" else None
    if queue and (why := refusal(services.sending(topic, endpoint), resource=queue.get("Policy"))):
        return (
            "receiver-closed",
            f"The queue {endpoint} does not let the topic send to it: messages sent there are lost. {why}",
            [Person(f"Whose queue is {endpoint}? Its policy has to let sns.amazonaws.com send for {topic}.")],
        )
    if protocol == "sqs" and view.account.lacks("queue", endpoint):
        params = {"SubscriptionArn": subscription["SubscriptionArn"]}
        return (
            "receiver-gone",
            f"The queue {endpoint} does not exist: messages sent there are lost.",
            [Person(f"Whose queue was {endpoint}? Make it again, or subscribe somebody else to {topic}.")],
        )
    return None
