"""Amazon Q Developer in chat applications, whose API is called AWS Chatbot: the channels of Slack and Teams.

A configuration belongs to an account, and to no region. AWS takes the ids of workspaces and teams that
somebody authorised in its console; here there is nobody who could, and any that is well formed is taken, but
for T000000000, which stands for a workspace that nobody authorised. What would be posted is in
`secretwatch local inbox`; nothing leaves the machine.
https://docs.aws.amazon.com/chatbot/latest/APIReference/Welcome.html

An account has one configuration for a channel of Slack:
https://github.com/hashicorp/terraform-provider-awscc/issues/1011

AWS does not say whether a name is one for both kinds of chat: here it is one of its kind, as ARNs have it.
Operations whose pages have no ResourceNotFoundException answer with an empty list where nothing is there, and
GetMicrosoftTeamsChannelConfiguration with InvalidRequestException.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.spec import load_service

from secretwatch.localstack.chatbot import channels as chat
from secretwatch.localstack.gateway.constraints import validation_message, violations

_MOST_TAGS = 50
_NOBODYS_WORKSPACE = "T000000000"
_PAGE = 100


@dataclass(frozen=True)
class Client:
    """A kind of chat. settable: what an update may change; named: what the answer has besides."""

    kind: str
    lists: str
    settable: tuple[str, ...]
    fixed: tuple[str, ...]
    names: Mapping[str, str]


_ALWAYS = ("GuardrailPolicyArns", "IamRoleArn", "LoggingLevel", "SnsTopicArns", "UserAuthorizationRequired")
SLACK = Client(
    "slack-channel",
    "SlackChannelConfigurations",
    (*_ALWAYS, "SlackChannelId", "SlackChannelName"),
    ("SlackTeamId",),
    # What Slack would say that they are called.
    {"SlackChannelName": "SlackChannelId", "SlackTeamName": "SlackTeamId"},
)
TEAMS = Client(
    "microsoft-teams-channel",
    "TeamChannelConfigurations",
    (*_ALWAYS, "ChannelId", "ChannelName"),
    ("TeamId", "TeamName", "TenantId"),
    {},
)
_DEFAULT_GUARDRAIL = "arn:aws:iam::aws:policy/AdministratorAccess"


class ChatbotProvider:
    """LocalStack's provider for the service ``chatbot``."""

    service = "chatbot"

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def create(self, client: Client, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        name = request["ConfigurationName"]
        arn = f"arn:aws:chatbot::{context.account_id}:chat-configuration/{client.kind}/{name}"
        tags = _tags(request.get("Tags") or [])
        made = {
            "GuardrailPolicyArns": [_DEFAULT_GUARDRAIL],
            "LoggingLevel": "NONE",
            "SnsTopicArns": [],
            "State": "ENABLED",
            "UserAuthorizationRequired": False,
            "ConfigurationName": name,
            "ChatConfigurationArn": arn,
            **_given(request, (*client.settable, *client.fixed)),
        }
        with self._lock:
            if arn in chat.CONFIGURATIONS:
                raise _refusal("ConflictException", f"A configuration named {name} exists already.", 409)
            _require_free(client, context.account_id, made)
            chat.set_topics(arn, made["SnsTopicArns"])
            chat.CONFIGURATIONS[arn] = made
            chat.TAGS[arn] = tags
            return {"ChannelConfiguration": _answer(client, made)}

    def update(self, client: Client, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            found = self._find(client, context, request)
            changed = {**found, **_given(request, client.settable)}
            _require_free(client, context.account_id, changed)
            chat.set_topics(found["ChatConfigurationArn"], changed["SnsTopicArns"])
            found.update(changed)
            return {"ChannelConfiguration": _answer(client, found)}

    def delete(self, client: Client, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            arn = self._find(client, context, request)["ChatConfigurationArn"]
            chat.set_topics(arn, [])
            del chat.CONFIGURATIONS[arn], chat.TAGS[arn]
        return {}

    def get(self, client: Client, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            found = self._find(client, context, request, "InvalidRequestException")
            return {"ChannelConfiguration": _answer(client, found)}

    def list(self, client: Client, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        start = f"arn:aws:chatbot::{context.account_id}:chat-configuration/{client.kind}/"
        asked = _given(request, ("ChatConfigurationArn", "TeamId"))
        first = request.get("NextToken") or ""
        with self._lock:
            found = [
                _answer(client, each)
                for arn, each in sorted(chat.CONFIGURATIONS.items())
                if arn.startswith(start)
                and arn > first
                and all(each.get(name) == value for name, value in asked.items())
            ]
        size = request.get("MaxResults") or _PAGE
        more = {"NextToken": found[size - 1]["ChatConfigurationArn"]} if len(found) > size else {}
        return {client.lists: found[:size], **more}

    def tag(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            there = self._tags_of(context, request)
            added = there | _tags(request["Tags"])
            if len(added) > _MOST_TAGS:
                raise _refusal("TooManyTagsException", f"A resource has at most {_MOST_TAGS} tags.")
            there.update(added)
        return {}

    def untag(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            there = self._tags_of(context, request)
            for key in request["TagKeys"]:
                there.pop(key, None)
        return {}

    def list_tags(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            return {"Tags": _listed(self._tags_of(context, request))}

    def _find(
        self,
        client: Client,
        context: RequestContext,
        request: Mapping[str, Any],
        missing: str = "ResourceNotFoundException",
    ) -> dict[str, Any]:
        arn = request["ChatConfigurationArn"]
        start = f"arn:aws:chatbot::{context.account_id}:chat-configuration/{client.kind}/"
        found = chat.CONFIGURATIONS.get(arn) if arn.startswith(start) else None
        if found is None:
            status = 404 if missing == "ResourceNotFoundException" else 400
            raise _refusal(missing, f"There is no configuration {arn}.", status)
        return found

    def _tags_of(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, str]:
        arn = request["ResourceARN"]
        if arn not in chat.TAGS or arn.split(":")[4] != context.account_id:
            raise _refusal("ResourceNotFoundException", f"There is no configuration {arn}.", 404)
        return chat.TAGS[arn]


def _require_free(client: Client, account_id: str, wanted: Mapping[str, Any]) -> None:
    """A channel that nobody else has, of a workspace that is authorised."""
    if client is not SLACK:
        return
    team, channel = wanted["SlackTeamId"], wanted["SlackChannelId"]
    if team == _NOBODYS_WORKSPACE:
        raise _refusal("InvalidRequestException", f"Slack team {team} is not authorized.")
    for arn, each in chat.CONFIGURATIONS.items():
        if (
            arn != wanted["ChatConfigurationArn"]
            and arn.split(":")[4] == account_id
            and (each.get("SlackTeamId"), each.get("SlackChannelId")) == (team, channel)
        ):
            message = f"Slack channel with ID {channel} in Slack team {team} has already been configured"
            raise _refusal("InvalidRequestException", f"{message} for AWS account {account_id}.")


_Call = Callable[[RequestContext, Mapping[str, Any]], dict[str, Any]]


def dispatch_table(provider: ChatbotProvider) -> dict[str, Any]:
    """The operations that are here; LocalStack answers for all others that they are not."""

    def of(method: Callable[..., dict[str, Any]], client: Client) -> _Call:
        return lambda context, request: method(client, context, request)

    calls: dict[str, _Call] = {
        "CreateMicrosoftTeamsChannelConfiguration": of(provider.create, TEAMS),
        "CreateSlackChannelConfiguration": of(provider.create, SLACK),
        "DeleteMicrosoftTeamsChannelConfiguration": of(provider.delete, TEAMS),
        "DeleteSlackChannelConfiguration": of(provider.delete, SLACK),
        "DescribeSlackChannelConfigurations": of(provider.list, SLACK),
        "GetMicrosoftTeamsChannelConfiguration": of(provider.get, TEAMS),
        "ListMicrosoftTeamsChannelConfigurations": of(provider.list, TEAMS),
        "ListTagsForResource": provider.list_tags,
        "TagResource": provider.tag,
        "UntagResource": provider.untag,
        "UpdateMicrosoftTeamsChannelConfiguration": of(provider.update, TEAMS),
        "UpdateSlackChannelConfiguration": of(provider.update, SLACK),
    }
    return {name: _checked(name, call) for name, call in calls.items()}


def _checked(operation: str, call: _Call) -> _Call:
    shape = load_service(ChatbotProvider.service).operation_model(operation).input_shape

    def checked(context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        found = list(violations(shape, request))
        if found:
            # The calls that are about tags name no such error, and AWS's gateway refuses before they begin.
            code = (
                "ValidationException" if "TagKeys" in shape.members or "ResourceARN" in shape.members else ""
            )
            raise _refusal(code or "InvalidParameterException", validation_message(found))
        return call(context, request)

    return checked


def _given(request: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: copy.deepcopy(request[name]) for name in names if request.get(name) is not None}


def _answer(client: Client, configuration: Mapping[str, Any]) -> dict[str, Any]:
    named = {name: configuration.get(name) or configuration[source] for name, source in client.names.items()}
    tags = _listed(chat.TAGS.get(configuration["ChatConfigurationArn"], {}))
    return copy.deepcopy({**configuration, **named, "Tags": tags})


def _tags(given: list[Mapping[str, str]]) -> dict[str, str]:
    return {each["TagKey"]: each["TagValue"] for each in given}


def _listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in sorted(tags.items())]


def _refusal(code: str, message: str, status: int = 400) -> CommonServiceException:
    return CommonServiceException(code=code, message=message, status_code=status, sender_fault=True)
