"""The subscriptions of a topic: who is told, who is not, and what each should get.

https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from secretwatch.filterpolicy import FilterPolicy, InvalidFilterPolicy
from secretwatch.pipeline.aws import Aws, is_denied
from secretwatch.pipeline.drill.record import NOTICE, REALTIME, Receiver, Topic, sign_of

ALARM = "alarm"


def subscriptions_of(aws: Aws, topic: Topic, text: str) -> list[Receiver]:
    """Everybody subscribed to the topic; text: the DRILL message. Raises botocore's errors."""
    sns = aws.client("sns")
    pages = sns.get_paginator("list_subscriptions_by_topic")
    found = []
    for page in pages.paginate(TopicArn=topic.arn):
        for each in page.get("Subscriptions", ()):
            arn = str(each["SubscriptionArn"])
            if arn == "Deleted":
                continue
            attributes: Mapping[str, str] = {}
            if arn.startswith("arn:"):
                try:
                    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
                except Exception as error:
                    # Its policy is then not known; what comes of it is.
                    if not is_denied(error):
                        raise
            found.append(receiver(str(each["Protocol"]), str(each["Endpoint"]), arn, attributes, topic, text))
    return found


def receiver(
    protocol: str, endpoint: str, arn: str, attributes: Mapping[str, str], topic: Topic, text: str
) -> Receiver:
    """A subscription as its attributes make it. text: the DRILL message to this topic."""
    made = Receiver(protocol, endpoint, arn)
    if not arn.startswith("arn:") or attributes.get("PendingConfirmation") == "true":
        made.state, made.detail = "pending", "it has not confirmed the subscription: nothing is sent there"
        return made
    expected = [
        NOTICE,
        *(sign_of(ALARM, watch) for watch in topic.alarms),
        *(sign_of(REALTIME, watch) for watch in topic.realtime),
    ]
    policy = attributes.get("FilterPolicy")
    passed = expected if not policy else _passed(policy, attributes.get("FilterPolicyScope"), expected, text)
    made.expected = passed
    kept = [each for each in expected if each not in passed]
    if not passed:
        made.state = "filtered"
    if kept:
        made.detail = f"its filter policy {policy} keeps out: {', '.join(kept)}"
    return made


def _passed(policy: str, scope: str | None, signs: list[str], text: str) -> list[str]:
    """Which signs a filter policy lets through, as far as is certain."""
    try:
        if not json.loads(policy):
            return signs
        if scope == "MessageBody":
            # What a realtime message says is known to nobody yet.
            notice = FilterPolicy.parse(policy, scope).matches({}, text)
            alarms = lets_alarms_through(policy, scope)
            return [
                each
                for each in signs
                if (each == NOTICE and notice) or (each.startswith(f"{ALARM} of ") and alarms)
            ]
        # None of these messages has attributes.
        return signs if FilterPolicy.parse(policy).matches({}, text) else []
    except (InvalidFilterPolicy, ValueError):
        return []


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
