"""Chat channels that topics go to, and the guardrail that says what may be done from them.

Which workspace or team a channel is of is said when it is made: somebody may have made another by its name.
https://docs.aws.amazon.com/chatbot/latest/APIReference/API_SlackChannelConfiguration.html
https://docs.aws.amazon.com/chatbot/latest/APIReference/API_TeamsChannelConfiguration.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from secretwatch.pipeline.doctor.account import Account, Thing
from secretwatch.pipeline.doctor.calls import Call, Effect, Step
from secretwatch.pipeline.doctor.kinds.kind import (
    META,
    Harmless,
    Kind,
    Looking,
    Of,
    Resource,
    document,
    members,
    text,
)
from secretwatch.pipeline.doctor.kinds.topics import subscription_id

REGION = "us-east-2"
"""One of the few that have an endpoint of Chatbot's: what it has belongs to none.
https://docs.aws.amazon.com/general/latest/gr/chatbot.html"""

ENDPOINT = "https://global.sns-api.chatbot.amazonaws.com"
"""Which is subscribed to the topics of all channels."""

_SLACK, _TEAMS = "Slack", "MicrosoftTeams"
_LISTS = {
    _SLACK: ("DescribeSlackChannelConfigurations", "SlackChannelConfigurations"),
    _TEAMS: ("ListMicrosoftTeamsChannelConfigurations", "TeamChannelConfigurations"),
}
_FIXED = ("SlackTeamId", "TeamId", "TenantId")
_CHANNEL = ("ChannelId", "SlackChannelId")
_SETTABLE = (
    *_CHANNEL,
    *("GuardrailPolicyArns", "IamRoleArn", "LoggingLevel", "SnsTopicArns", "UserAuthorizationRequired"),
)


def _client(arn: str) -> str:
    return _SLACK if ":chat-configuration/slack-channel/" in arn else _TEAMS


def look(looking: Looking, ids: list[str]) -> None:
    for client in {_client(arn) for arn in ids}:
        operation, items = _LISTS[client]
        asked = looking.ask("chatbot", operation, "*", REGION, items=items)
        found = {each["ChatConfigurationArn"]: dict(each) for each in asked.answer or ()}
        for arn in ids:
            if _client(arn) == client:
                looking.note("chat channel", arn, asked, found.get(arn))


def restore(account: Account, id: str, wanted: Thing, live: Thing | None) -> list[Step]:
    client, steps = _client(id), []
    settable = {name: wanted[name] for name in _SETTABLE if name in wanted}
    other = live is not None and any(wanted.get(name) != live.get(name) for name in _FIXED)
    if other:
        steps.append(_call(f"Delete{client}ChannelConfiguration", {"ChatConfigurationArn": id}))
    if live is None or other:
        fixed = {name: wanted[name] for name in _FIXED if name in wanted}
        made = {"ConfigurationName": id.rsplit("/", 1)[-1], **fixed, **settable}
        return [*steps, _call(f"Create{client}ChannelConfiguration", made)]
    return [_call(f"Update{client}ChannelConfiguration", {"ChatConfigurationArn": id, **settable})]


def without_topic(id: str, live: Thing, topic: str) -> list[Step]:
    """The channel as it is, but for this topic: what subscribed it goes as well."""
    params = {name: live[name] for name in _SETTABLE if name in live}
    params["SnsTopicArns"] = [each for each in live.get("SnsTopicArns") or () if each != topic]
    return [_call(f"Update{_client(id)}ChannelConfiguration", {"ChatConfigurationArn": id, **params})]


def _call(operation: str, params: Mapping[str, Any]) -> Step:
    return Call("chatbot", operation, params, REGION)


def _has_all_topics(_account: Account, wanted: Thing, live: Thing) -> bool:
    """A channel may have topics besides."""
    return set(wanted.get("SnsTopicArns") or ()) <= set(live.get("SnsTopicArns") or ())


_OWN: dict[str, Of | Harmless] = {
    **META,
    "channel_name": Harmless("what Teams calls it"),
    "chat_configuration_arn": Harmless("is its id"),
    "configuration_name": Harmless("is in its ARN"),
    "guardrail_policy_arns": Of("GuardrailPolicyArns"),
    "iam_role_arn": Of("IamRoleArn"),
    "logging_level": Harmless("what is logged of it", "LoggingLevel"),
    "slack_channel_name": Harmless("what Slack calls it"),
    "slack_team_name": Harmless("what Slack calls it"),
    "sns_topic_arns": Of("SnsTopicArns"),
    "team_name": Harmless("what Teams calls it"),
    "user_authorization_required": Of("UserAuthorizationRequired"),
}
CHANNEL = Kind(
    "chat channel",
    "chat channel",
    look,
    {
        "ChannelId": text,
        "GuardrailPolicyArns": members,
        "IamRoleArn": text,
        "SlackChannelId": text,
        "SlackTeamId": text,
        "SnsTopicArns": members,
        "TeamId": text,
        "TenantId": text,
        "UserAuthorizationRequired": bool,
    },
    restore,
    label=lambda id: id.rsplit("/", 1)[-1],
    enough={"SnsTopicArns": _has_all_topics},
    resources={
        "aws_chatbot_slack_channel_configuration": Resource(
            "chat channel",
            lambda values: str(values["chat_configuration_arn"]),
            {**_OWN, "slack_channel_id": Of("SlackChannelId"), "slack_team_id": Of("SlackTeamId")},
        ),
        "aws_chatbot_teams_channel_configuration": Resource(
            "chat channel",
            lambda values: str(values["chat_configuration_arn"]),
            {
                **_OWN,
                "channel_id": Of("ChannelId"),
                "team_id": Of("TeamId"),
                "tenant_id": Of("TenantId"),
            },
        ),
    },
)


def look_at_guardrails(looking: Looking, ids: list[str]) -> None:
    for arn in ids:
        described = looking.ask("iam", "GetPolicy", arn, PolicyArn=arn)
        if not described.ok:
            looking.note("guardrail", arn, described, None)
            continue
        version = described.answer["Policy"]["DefaultVersionId"]
        asked = looking.ask("iam", "GetPolicyVersion", arn, PolicyArn=arn, VersionId=version)
        found = asked.answer["PolicyVersion"]["Document"] if asked.ok else None
        written = unquote(found) if isinstance(found, str) else json.dumps(found)
        looking.note("guardrail", arn, asked, {"PolicyDocument": written} if asked.ok else None)


def _restore_guardrail(account: Account, id: str, wanted: Thing, live: Thing | None) -> list[Step]:
    policy = {"PolicyDocument": wanted["PolicyDocument"]}
    if live is None:
        return [Call("iam", "CreatePolicy", {"PolicyName": id.rsplit("/", 1)[-1], **policy})]
    note = "A policy has five versions: of more, an old one has to be deleted first."
    params = {"PolicyArn": id, **policy, "SetAsDefault": True}
    return [Call("iam", "CreatePolicyVersion", params, note=note)]


GUARDRAIL = Kind(
    "guardrail",
    "guardrail of chat channels",
    look_at_guardrails,
    {"PolicyDocument": document},
    _restore_guardrail,
    label=lambda id: id.rsplit("/", 1)[-1],
    resources={
        "aws_iam_policy": Resource(
            "guardrail",
            lambda values: str(values["arn"]),
            {
                **META,
                "attachment_count": Harmless("who else has it"),
                "delay_after_policy_creation_in_ms": Harmless("Terraform's own patience"),
                "description": Harmless("a text"),
                "name": Harmless("is in its ARN"),
                "path": Harmless("is in its ARN"),
                "policy": Of("PolicyDocument"),
                "policy_id": Harmless("AWS's own"),
            },
        )
    },
)


def _create(client: str) -> Effect:
    kind = {_SLACK: "slack-channel", _TEAMS: "microsoft-teams-channel"}[client]

    def create(account: Account, params: Mapping[str, Any]) -> None:
        name = params["ConfigurationName"]
        arn = account.arn("chatbot", f"chat-configuration/{kind}/{name}", region="")
        account.put("chat channel", arn, {"ChatConfigurationArn": arn, **params})
        _subscribed(account, params)

    return create


def _subscribed(account: Account, params: Mapping[str, Any], before: frozenset[str] = frozenset()) -> None:
    """Chatbot subscribes itself to topics that are new to a channel."""
    for topic in set(params.get("SnsTopicArns") or ()) - before:
        id = subscription_id(topic, "https", ENDPOINT)
        if not account.get("subscription", id):
            found = {"SubscriptionArn": f"{topic}:chat", "Protocol": "https", "Endpoint": ENDPOINT}
            account.put("subscription", id, {**found, "TopicArn": topic})


def _update(account: Account, params: Mapping[str, Any]) -> None:
    arn = params["ChatConfigurationArn"]
    before = frozenset((account.get("chat channel", arn) or {}).get("SnsTopicArns") or ())
    account.change("chat channel", arn, **params)
    _subscribed(account, params, before)


def _delete(account: Account, params: Mapping[str, Any]) -> None:
    account.put("chat channel", params["ChatConfigurationArn"], None)


def _create_policy(account: Account, params: Mapping[str, Any]) -> None:
    arn = account.arn("iam", f"policy/{params['PolicyName']}", region="")
    account.put("guardrail", arn, {"PolicyDocument": params["PolicyDocument"]})


def _new_version(account: Account, params: Mapping[str, Any]) -> None:
    account.change("guardrail", params["PolicyArn"], PolicyDocument=params["PolicyDocument"])


EFFECTS: dict[tuple[str, str], Effect] = {
    **{
        ("chatbot", f"{verb}{client}ChannelConfiguration"): effect
        for client in (_SLACK, _TEAMS)
        for verb, effect in (("Create", _create(client)), ("Update", _update), ("Delete", _delete))
    },
    ("iam", "CreatePolicy"): _create_policy,
    ("iam", "CreatePolicyVersion"): _new_version,
}
