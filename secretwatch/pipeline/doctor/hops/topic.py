"""Hop 7: the topics of the alarm: there, open to alarms, their keys too, and somebody listens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from secretwatch.pipeline.doctor import mends
from secretwatch.pipeline.doctor.facts import Facts, TopicFacts
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.allowed import refusal
from secretwatch.policy import services

NAME = "topic"


def examine(facts: Facts, reached: bool) -> Hop:
    hop = Hop(NAME)
    actions = (facts.alarm or {}).get("AlarmActions") or []
    others = [each for each in actions if ":sns:" not in each]
    if not facts.topics:
        if others:
            hop.warning("not-a-topic", f"The alarm's actions are no topics: {', '.join(others)}.")
        else:
            hop.not_reached("No topic is known: the alarm has no action.")
        return hop
    for topic in facts.topics:
        check(hop, facts, topic, services.CLOUDWATCH)
        receivers(hop, topic)
        _filtered(hop, topic, _confirmed(topic))
        failed = sum(float(each["Sum"]) for each in (topic.failures and topic.failures.answer) or ())
        if failed:
            hop.warning("delivery-failures", f"{failed:.0f} deliveries of {topic.arn} failed lately.")
    if reached:
        _published(hop, facts)
    told = [_receiver(each) for topic in facts.topics for each in _confirmed(topic)]
    hop.note = hop.note or f"The alarm may publish, and tells {', '.join(told) or 'its topics'}."
    return hop


def check(hop: Hop, facts: Facts, topic: TopicFacts, service: str, prefix: str = "") -> None:
    """May the service publish to the topic? prefix: of the causes.

    A mend lets everybody of the watch publish, so that one does not undo another's.
    """
    asked, arn = topic.attributes, topic.arn
    publishers = facts.publishers(arn)
    mine = [each for each in publishers if each[0] == service]
    who = {services.CLOUDWATCH: "the alarm", services.EVENTS: "the rule"}.get(service, service)
    if asked.absent:
        hop.broken(
            f"{prefix}topic-deleted",
            f"The topic {arn}, to which {who} publishes, does not exist.",
            _create(arn, publishers),
        )
        return
    if asked.unknown:
        hop.cannot_tell("permission", f"The topic cannot be looked at: {asked.missing}.")
        return
    attributes = asked.answer["Attributes"]
    hop.saw(asked.action, arn, asked.at, f"policy {attributes.get('Policy')}")
    policy = attributes.get("Policy")
    requests = [request for each in mine for request in services.publishing(each[0], arn, each[1])]
    if why := refusal(requests, resource=policy):
        hop.broken(
            f"{prefix}topic-policy",
            f"The policy of {arn} does not let {who} publish. {why}",
            _set(arn, "Policy", _policy(policy, arn, publishers)),
        )
    _key(hop, topic, service, publishers, prefix)


_SIDS = {services.CLOUDWATCH: "AlarmsPublish", services.EVENTS: "EventsPublish"}


def _policy(policy: str | None, arn: str, publishers: list[tuple[str, str]]) -> str:
    """The topic's policy, with a statement for each publisher whom it refuses."""
    asked = [(each[0], services.publishing(each[0], arn, each[1])) for each in publishers]
    refused = {service: requests for service, requests in asked if refusal(requests, resource=policy)}
    return mends.with_statements(policy, *refused.values(), sids=[_SIDS[each] for each in refused])


def _set(arn: str, name: str, value: str) -> str:
    return mends.aws(
        "sns",
        "set-topic-attributes",
        "--topic-arn",
        arn,
        "--attribute-name",
        name,
        "--attribute-value",
        value,
    )


def _create(arn: str, publishers: list[tuple[str, str]]) -> str:
    return mends.lines(
        mends.aws("sns", "create-topic", "--name", arn.rsplit(":", 1)[-1]),
        _set(arn, "Policy", _policy(None, arn, publishers)),
        _subscribe(arn),
    )


def _subscribe(arn: str, address: str = mends.ADDRESS) -> str:
    return mends.aws(
        "sns", "subscribe", "--topic-arn", arn, "--protocol", "email", "--notification-endpoint", address
    )


def _key(hop: Hop, topic: TopicFacts, service: str, publishers: list[tuple[str, str]], prefix: str) -> None:
    identifier = topic.attributes.answer["Attributes"].get("KmsMasterKeyId")
    key, policy = topic.key, topic.key_policy
    if not identifier:
        return
    who = {services.CLOUDWATCH: "alarms", services.EVENTS: "EventBridge"}.get(service, service)
    managed = identifier.endswith("alias/aws/sns") or (
        key is not None and key.ok and key.answer["KeyMetadata"].get("KeyManager") == "AWS"
    )
    if managed:
        hop.broken(
            f"{prefix}aws-managed-key",
            f"The topic {topic.arn} is encrypted with AWS's own key {identifier}, which {who} may not use: "
            "what they publish is dropped without a word.",
            mends.lines(
                "# To stay encrypted, name a key of your own whose policy lets "
                f"{service} use kms:Decrypt and kms:GenerateDataKey*; without encryption:",
                _set(topic.arn, "KmsMasterKeyId", ""),
            ),
        )
        return
    if key is None or policy is None:
        return
    if key.absent:
        hop.broken(
            f"{prefix}topic-key",
            f"The key {identifier} of {topic.arn} does not exist.",
            _set(topic.arn, "KmsMasterKeyId", ""),
        )
        return
    if key.unknown or policy.unknown:
        asked = key if key.unknown else policy
        hop.cannot_tell("permission", f"The topic's key cannot be looked at: {asked.missing}.")
        return
    metadata = key.answer["KeyMetadata"]
    if metadata.get("KeyState", "Enabled") != "Enabled":
        operation = "cancel-key-deletion" if metadata["KeyState"] == "PendingDeletion" else "enable-key"
        hop.broken(
            f"{prefix}topic-key",
            f"The key {identifier} of {topic.arn} is {metadata['KeyState']}.",
            mends.lines(
                mends.aws("kms", operation, "--key-id", metadata["Arn"]),
                mends.aws("kms", "enable-key", "--key-id", metadata["Arn"])
                if operation != "enable-key"
                else "",
            ),
        )
        return
    document, arn = policy.answer["Policy"], metadata["Arn"]
    asked_by = [(each, services.using_topic_key(each, topic.arn, source, arn)) for each, source in publishers]
    refused = {each: requests for each, requests in asked_by if refusal(requests, resource=document)}
    if service in refused:
        # EventBridge sends no condition key: its statement has no condition.
        wanted = mends.with_statements(
            document, *refused.values(), sids=[f"{_SIDS[each]}Encrypted" for each in refused]
        )
        hop.broken(
            f"{prefix}topic-key",
            f"The key of {topic.arn} does not let {who} use it. "
            f"{refusal(refused[service], resource=document)}",
            mends.aws(
                "kms", "put-key-policy", "--key-id", arn, "--policy-name", "default", "--policy", wanted
            ),
        )


# Who is told


def _confirmed(topic: TopicFacts) -> list[Mapping[str, Any]]:
    return [
        each for each in topic.subscriptions.answer or () if str(each["SubscriptionArn"]).startswith("arn:")
    ]


def _receiver(subscription: Mapping[str, Any]) -> str:
    return f"{subscription['Protocol']} {subscription['Endpoint']}"


def receivers(hop: Hop, topic: TopicFacts) -> None:
    """Does somebody get what is published to the topic?"""
    asked = topic.subscriptions
    if topic.attributes.absent:
        return
    if asked.unknown:
        hop.cannot_tell("permission", f"Who is subscribed cannot be told: {asked.missing}.")
        return
    found = asked.answer or []
    confirmed = _confirmed(topic)
    hop.saw(asked.action, topic.arn, asked.at, f"{len(found)} subscriptions, {len(confirmed)} confirmed")
    if not found:
        hop.broken(
            "no-subscription", f"Nobody is subscribed to {topic.arn}.", _subscribe(topic.arn), stops=True
        )
        return
    pending = [each for each in found if each["SubscriptionArn"] == "PendingConfirmation"]
    waiting = ", ".join(each["Endpoint"] for each in pending)
    again = mends.lines(
        "# Follow the link in the mail of AWS Notifications; this sends it again:",
        *(_subscribe(topic.arn, each["Endpoint"]) for each in pending),
    )
    sentence = f"{waiting} has not followed the link in the confirmation mail: nothing is sent there."
    if pending and confirmed:
        hop.warning("unconfirmed", sentence, again)
    elif pending:
        hop.broken("unconfirmed", sentence, again)


def _filtered(hop: Hop, topic: TopicFacts, confirmed: list[Mapping[str, Any]]) -> None:
    """Subscriptions whose filter policy keeps an alarm's message out."""
    kept_out = []
    for each in confirmed:
        asked = topic.subscription_attributes.get(each["SubscriptionArn"])
        if asked is None:
            continue
        if asked.unknown:
            hop.cannot_tell("permission", f"A subscription cannot be looked at: {asked.missing}.")
            continue
        attributes = (asked.answer or {}).get("Attributes", {})
        policy = attributes.get("FilterPolicy")
        if policy and not lets_alarms_through(policy, attributes.get("FilterPolicyScope")):
            kept_out.append((each, policy))
    for each, policy in kept_out:
        sentence = f"The filter policy of {_receiver(each)}'s subscription lets no alarm through: {policy}."
        mend = mends.aws(
            "sns",
            "set-subscription-attributes",
            "--subscription-arn",
            each["SubscriptionArn"],
            "--attribute-name",
            "FilterPolicy",
            "--attribute-value",
            "{}",
        )
        if len(kept_out) == len(confirmed):
            hop.broken("filtered-subscription", sentence, mend)
        else:
            hop.warning("filtered-subscription", sentence, mend)


# The members of an alarm's message, of which a filter policy on the body may ask for values.
_MESSAGE_STATES = {"NewStateValue": "ALARM"}


def lets_alarms_through(policy: str, scope: str | None) -> bool:
    """Whether a subscription's filter policy lets an alarm's message through, as far as can be told.

    By attributes: an alarm's message has none, so that only conditions on what is missing hold. By the body:
    only what asks for another state than ALARM is known to keep it out.
    https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
    """
    wanted = json.loads(policy)
    if not isinstance(wanted, dict):
        return True
    if scope == "MessageBody":
        return all(
            known in (wanted[name] if isinstance(wanted[name], list) else [wanted[name]])
            or any(isinstance(rule, dict) for rule in wanted[name])
            for name, known in _MESSAGE_STATES.items()
            if name in wanted
        )
    return all(
        isinstance(rules, list)
        and any(isinstance(rule, dict) and rule.get("exists") is False for rule in rules)
        for rules in wanted.values()
    )


# What was published


def _published(hop: Hop, facts: Facts) -> None:
    asked, read = facts.history_of_alarm, facts.read
    if asked is None or not asked.ok or read is None:
        return
    actions = [
        each
        for each in asked.answer
        if each["HistoryItemType"] == "Action" and each["Timestamp"] >= read.time
    ]
    for each in reversed(actions):
        summary, at = each["HistorySummary"], each["Timestamp"].astimezone(UTC)
        hop.saw(asked.action, (facts.alarm or {}).get("AlarmName", ""), at, summary)
        if summary.startswith("Failed") and not hop.findings:
            if facts.changed_since_the_read("sns", "kms"):
                hop.warning(
                    "read-before-the-mend",
                    f"At {at:%H:%M:%S} UTC publishing failed; the topic was changed since: make a new read.",
                    facts.subject.canary,
                )
            else:
                hop.broken("publish-failed", f"The alarm could not publish: {summary}.")
        elif summary.startswith("Success"):
            told = [_receiver(one) for topic in facts.topics for one in _confirmed(topic)]
            hop.note = f"The alarm published at {at:%H:%M:%S} UTC; told are {', '.join(told)}."
