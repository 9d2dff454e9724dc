"""Topics and their subscriptions: as GetTopicAttributes and GetSubscriptionAttributes answer them.

https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from secretwatch.pipeline.doctor.account import Account, Ref, Thing
from secretwatch.pipeline.doctor.calls import Call, Effect, Person, Step
from secretwatch.pipeline.doctor.kinds.delivering import delivering
from secretwatch.pipeline.doctor.kinds.kind import (
    META,
    Harmless,
    Kind,
    Looking,
    Of,
    Resource,
    document,
    same_key,
    text,
)
from secretwatch.pipeline.doctor.policy_differences import Place, completed
from secretwatch.pipeline.endpoints import shown

_MOST = 100
"""Subscriptions of a topic whose filter policies are looked at, beside those that were applied."""


def look(looking: Looking, ids: list[str]) -> None:
    """Topics, and all who are subscribed to them."""
    for arn in ids:
        region = arn.split(":")[3]
        looking.ask.ahead("sns", "GetTopicAttributes", arn, region, TopicArn=arn)
        looking.ask.ahead("sns", "ListSubscriptionsByTopic", arn, region, items="Subscriptions", TopicArn=arn)
    for arn in ids:
        region = arn.split(":")[3]
        asked = looking.ask("sns", "GetTopicAttributes", arn, region, TopicArn=arn)
        looking.note("topic", arn, asked, dict(asked.answer["Attributes"]) if asked.ok else None)
    for arn in ids:
        _subscriptions(looking, arn)


def _subscriptions(looking: Looking, topic: str) -> None:
    region = topic.split(":")[3]
    asked = looking.ask(
        "sns", "ListSubscriptionsByTopic", topic, region, items="Subscriptions", TopicArn=topic
    )
    if asked.unknown:
        looking.account.unknown[Ref("subscriptions", topic)] = asked
    confirmed = [each for each in asked.answer or () if each["SubscriptionArn"].startswith("arn:")]
    wanted = [each for each in confirmed if _ref(topic, each) in looking.wanted]
    looked_at = [*wanted, *(each for each in confirmed if each not in wanted)][: max(len(wanted), _MOST)]
    for each in looked_at:
        arn = each["SubscriptionArn"]
        looking.ask.ahead("sns", "GetSubscriptionAttributes", topic, region, SubscriptionArn=arn)
    for each in asked.answer or ():
        found = {name: each[name] for name in ("SubscriptionArn", "Protocol", "Endpoint") if name in each}
        id = subscription_id(topic, each["Protocol"], each["Endpoint"])
        if each in looked_at:
            arn = each["SubscriptionArn"]
            more = looking.ask("sns", "GetSubscriptionAttributes", topic, region, SubscriptionArn=arn)
            if more.unknown:
                looking.account.unknown[Ref("subscription", id)] = more
            elif more.ok:
                found |= more.answer["Attributes"]
        elif each not in confirmed and looking.account.get("subscription", id):
            continue  # confirmed already, and asked for again
        looking.account.put("subscription", id, {**found, "TopicArn": topic})


def _ref(topic: str, subscription: Mapping[str, Any]) -> Ref:
    return Ref("subscription", subscription_id(topic, subscription["Protocol"], subscription["Endpoint"]))


def look_at_subscriptions(looking: Looking, ids: list[str]) -> None:
    """Their topics were asked for all."""
    for id in ids:
        ref = Ref("subscription", id)
        topic = subscription_parts(id)[0]
        if unknown := looking.account.unknown.get(Ref("subscriptions", topic)):
            looking.account.unknown[ref] = unknown
        elif ref not in looking.account.things:
            looking.account.things[ref] = None


def subscription_id(topic: str, protocol: str, endpoint: str) -> str:
    return f"{topic}|{protocol}|{endpoint}"


def subscription_parts(id: str) -> tuple[str, str, str]:
    topic, protocol, endpoint = id.split("|", 2)
    return topic, protocol, endpoint


def is_confirmed(subscription: Thing) -> bool:
    return str(subscription.get("SubscriptionArn", "")).startswith("arn:") and (
        str(subscription.get("PendingConfirmation", "false")).lower() != "true"
    )


def set_topic(arn: str, name: str, value: str, note: str = "") -> Call:
    params = {"TopicArn": arn, "AttributeName": name, "AttributeValue": value}
    return Call("sns", "SetTopicAttributes", params, note=note)


# What a subscription can be made with: it has no ARN to change it by until it is confirmed.
# https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
_MADE_WITH = ("DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy")


def subscribe(topic: str, protocol: str, endpoint: str, wanted: Thing | None = None) -> Call:
    """wanted: as it was applied, for one that is not there."""
    note = {
        "email": f"AWS sends {endpoint} a mail: its link has to be followed.",
        "email-json": f"AWS sends {endpoint} a mail: its SubscribeURL has to be opened.",
        "http": f"AWS posts a SubscribeURL to {shown(protocol, endpoint)}, which has to be visited.",
        "https": f"AWS posts a SubscribeURL to {shown(protocol, endpoint)}, which has to be visited.",
    }.get(protocol, "")
    params: dict[str, Any] = {"TopicArn": topic, "Protocol": protocol, "Endpoint": endpoint}
    same = SUBSCRIPTION.decisive
    made_with = {
        name: str(wanted[name])
        for name in _MADE_WITH
        if wanted and same[name](wanted.get(name)) != same[name](None)
    }
    if made_with:
        params["Attributes"] = made_with
    return Call("sns", "Subscribe", params, note=note)


def set_subscription(arn: str, name: str, value: str) -> Call:
    """value: "" takes away what has no empty value: then the call has none at all."""
    params = {"SubscriptionArn": arn, "AttributeName": name}
    return Call("sns", "SetSubscriptionAttributes", params | ({"AttributeValue": value} if value else {}))


def _restore_topic(account: Account, id: str, wanted: Thing, live: Thing | None) -> list[Step]:
    steps: list[Step] = []
    if live is None:
        steps.append(Call("sns", "CreateTopic", {"Name": id.rsplit(":", 1)[-1]}))
        live = {}
    if document(wanted.get("DeliveryPolicy")) != document(live.get("DeliveryPolicy")):
        steps.append(set_topic(id, "DeliveryPolicy", wanted.get("DeliveryPolicy") or ""))
    if text(wanted.get("KmsMasterKeyId")) != text(live.get("KmsMasterKeyId")):
        steps.append(set_topic(id, "KmsMasterKeyId", wanted.get("KmsMasterKeyId") or ""))
    if wanted.get("Policy") and document(wanted["Policy"]) != document(live.get("Policy")):
        steps.append(
            set_topic(id, "Policy", completed(live.get("Policy"), wanted["Policy"], Place(account, "sns")))
        )
    return steps


def _restore_subscription(account: Account, id: str, wanted: Thing, live: Thing | None) -> list[Step]:
    topic, protocol, endpoint = subscription_parts(id)
    steps: list[Step] = []
    if live is None or not is_confirmed(live):
        steps.append(subscribe(topic, protocol, endpoint, wanted if live is None else None))
    if live is None:
        return steps
    for name in (
        "FilterPolicyScope",
        "FilterPolicy",
        "RawMessageDelivery",
        "RedrivePolicy",
        "DeliveryPolicy",
    ):
        same = SUBSCRIPTION.decisive[name]
        if same(wanted.get(name)) != same(live.get(name)):
            if name == "FilterPolicyScope" and not wanted.get("FilterPolicy"):
                continue  # of no policy
            empty = {"RawMessageDelivery": "false", "RedrivePolicy": "", "DeliveryPolicy": ""}.get(name, "{}")
            steps.append(set_subscription(live["SubscriptionArn"], name, str(wanted.get(name) or empty)))
    return steps


def _delivers_as_well(account: Account, wanted: Thing, live: Thing) -> bool:
    """Whether each endpoint gets the topic's messages as it would by what was applied."""
    return all(
        delivering(each.get("DeliveryPolicy"), live.get("DeliveryPolicy")).is_as_good_as(
            delivering(each.get("DeliveryPolicy"), wanted.get("DeliveryPolicy"))
        )
        for id, each in account.all("subscription")
        if subscription_parts(id)[:2] in {(live.get("TopicArn"), each) for each in ("http", "https")}
    )


def _label(topic: str, protocol: str, endpoint: str) -> str:
    return f"{protocol} {shown(protocol, endpoint)}"


_BOOL = lambda value: str(value).lower() == "true"  # noqa: E731

_SNS_OWN = {
    name: Harmless("how SNS tells of its own deliveries")
    for protocol in ("application", "firehose", "http", "lambda", "sqs")
    for name in (
        f"{protocol}_failure_feedback_role_arn",
        f"{protocol}_success_feedback_role_arn",
        f"{protocol}_success_feedback_sample_rate",
    )
}

TOPIC = Kind(
    "topic",
    "topic",
    look,
    {"DeliveryPolicy": lambda value: document(value) or None, "KmsMasterKeyId": text, "Policy": document},
    _restore_topic,
    enough={"DeliveryPolicy": _delivers_as_well, "KmsMasterKeyId": same_key("KmsMasterKeyId")},
    label=lambda id: id.rsplit(":", 1)[-1],
    resources={
        "aws_sns_topic": Resource(
            "topic",
            lambda values: str(values["arn"]),
            {
                **META,
                **_SNS_OWN,
                "archive_policy": Harmless("of FIFO topics"),
                "beginning_archive_time": Harmless("of FIFO topics"),
                "content_based_deduplication": Harmless("of FIFO topics"),
                "delivery_policy": Of("DeliveryPolicy"),
                "display_name": Harmless("a sender's name"),
                "fifo_throughput_scope": Harmless("of FIFO topics"),
                "fifo_topic": Harmless("cannot be changed"),
                "kms_master_key_id": Of("KmsMasterKeyId"),
                "name": Harmless("is in its ARN"),
                "owner": Harmless("is in its ARN"),
                "policy": Harmless("as aws_sns_topic_policy has it"),
                "signature_version": Harmless("how a message is signed"),
                "tracing_config": Harmless("what X-Ray sees"),
            },
        ),
        "aws_sns_topic_policy": Resource(
            "topic",
            lambda values: str(values["arn"]),
            {**META, "owner": Harmless("is in its ARN"), "policy": Of("Policy")},
            whole=False,
        ),
    },
)

SUBSCRIPTION = Kind(
    "subscription",
    "subscription of",
    look_at_subscriptions,
    {
        "DeliveryPolicy": delivering,
        "FilterPolicy": lambda value: document(value) or None,
        "FilterPolicyScope": lambda value: None if value in (None, "", "MessageAttributes") else value,
        "RawMessageDelivery": _BOOL,
        "RedrivePolicy": lambda value: document(value) or None,
    },
    _restore_subscription,
    # Of no filter policy a scope means nothing, and who is tried longer and more often is tried as often.
    enough={
        "DeliveryPolicy": lambda account, wanted, live: delivering(live.get("DeliveryPolicy")).is_as_good_as(
            delivering(wanted.get("DeliveryPolicy"))
        ),
        "FilterPolicyScope": lambda account, wanted, live: not document(live.get("FilterPolicy")),
    },
    label=lambda id: _label(*subscription_parts(id)),
    resources={
        "aws_sns_topic_subscription": Resource(
            "subscription",
            lambda values: subscription_id(values["topic_arn"], values["protocol"], values["endpoint"]),
            {
                **META,
                "confirmation_timeout_in_minutes": Harmless("Terraform's own patience"),
                "confirmation_was_authenticated": Harmless("how somebody once confirmed"),
                "delivery_policy": Of("DeliveryPolicy"),
                "endpoint": Of("Endpoint"),
                "endpoint_auto_confirms": Harmless("Terraform's own patience"),
                "filter_policy": Of("FilterPolicy"),
                "filter_policy_scope": Of("FilterPolicyScope"),
                "pending_confirmation": Harmless("asked of AWS, whatever it was"),
                "protocol": Of("Protocol"),
                "raw_message_delivery": Of("RawMessageDelivery"),
                "redrive_policy": Of("RedrivePolicy"),
                "replay_policy": Harmless("of FIFO topics"),
                "subscription_role_arn": Harmless("of Firehose alone"),
                "topic_arn": Of("TopicArn"),
            },
        )
    },
)


def _create(account: Account, params: Mapping[str, Any]) -> None:
    arn = account.arn("sns", params["Name"])
    own = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["SNS:Publish", "SNS:Subscribe"],
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account.account_id}},
    }
    policy = json.dumps({"Version": "2008-10-17", "Statement": [own]})
    account.put("topic", arn, {"TopicArn": arn, "Policy": policy})


def _set(account: Account, params: Mapping[str, Any]) -> None:
    account.change("topic", params["TopicArn"], **{params["AttributeName"]: params["AttributeValue"]})


def _subscribe(account: Account, params: Mapping[str, Any]) -> None:
    """As it will be, once who is asked has confirmed."""
    topic, protocol, endpoint = params["TopicArn"], params["Protocol"], params["Endpoint"]
    id = subscription_id(topic, protocol, endpoint)
    known = account.get("subscription", id) or {}
    if not is_confirmed(known):
        known = {**known, "SubscriptionArn": f"{topic}:to-be-confirmed", "PendingConfirmation": "false"}
    made_with = params.get("Attributes") or {}
    there = {**known, **made_with, "TopicArn": topic, "Protocol": protocol, "Endpoint": endpoint}
    account.put("subscription", id, there)


def _set_subscription(account: Account, params: Mapping[str, Any]) -> None:
    for id, found in account.all("subscription"):
        if found.get("SubscriptionArn") == params["SubscriptionArn"]:
            account.change("subscription", id, **{params["AttributeName"]: params.get("AttributeValue")})


EFFECTS: dict[tuple[str, str], Effect] = {
    ("sns", "CreateTopic"): _create,
    ("sns", "SetTopicAttributes"): _set,
    ("sns", "Subscribe"): _subscribe,
    ("sns", "SetSubscriptionAttributes"): _set_subscription,
}
__all__ = ["EFFECTS", "SUBSCRIPTION", "TOPIC", "Person"]
