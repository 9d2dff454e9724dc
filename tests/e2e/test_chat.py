"""Chatbot's API, its subscription to topics, and what of a topic's messages its channels show."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from accounts import new_account_id
from botocore.exceptions import ClientError
from deployment import wait_for

REGION = "us-east-1"
ENDPOINT = "https://global.sns-api.chatbot.amazonaws.com"
TEAM = {
    "TeamId": "a" * 8 + "-0000-0000-0000-" + "b" * 12,
    "TenantId": "c" * 8 + "-0000-0000-0000-" + "d" * 12,
}
TEAMS_CHANNEL = "19%3aab6ef35dc342d56ba5654e6fc6d25a071%40thread.tacv2"
SHOWN = json.dumps(
    {"version": "1.0", "source": "custom", "content": {"title": "Hello", "description": "There"}}
)


class Account:
    """An account of the test's own with one topic."""

    def __init__(self, local_cloud: Any) -> None:
        self.cloud = local_cloud
        self.id = new_account_id()
        self.chat, self.sns = self.client("chatbot"), self.client("sns")
        self.topic = self.sns.create_topic(Name="topic")["TopicArn"]
        self.role = f"arn:aws:iam::{self.id}:role/chat"

    def client(self, service: str, region: str = REGION) -> Any:
        keys = {"aws_access_key_id": self.id, "aws_secret_access_key": "test"}
        return boto3.client(service, region_name=region, **keys)

    def slack(self, name: str = "ops", **more: Any) -> dict[str, Any]:
        given = {
            "ConfigurationName": name,
            "IamRoleArn": self.role,
            # A channel has one configuration.
            "SlackChannelId": "C07EZ1ABC23" if name == "ops" else f"C07{name.upper().replace('-', '')}",
            "SlackTeamId": "T07EA123LEP",
            "SnsTopicArns": [self.topic],
        }
        answer = self.chat.create_slack_channel_configuration(**(given | more))
        return dict(answer["ChannelConfiguration"])

    def teams(self, name: str = "ops", **more: Any) -> dict[str, Any]:
        given = {
            "ConfigurationName": name,
            "IamRoleArn": self.role,
            "ChannelId": TEAMS_CHANNEL,
            "SnsTopicArns": [self.topic],
        }
        answer = self.chat.create_microsoft_teams_channel_configuration(**(TEAM | given | more))
        return dict(answer["ChannelConfiguration"])

    def subscribed(self, topic: str = "") -> list[str]:
        answer = self.sns.list_subscriptions_by_topic(TopicArn=topic or self.topic)
        return [each["Endpoint"] for each in answer["Subscriptions"]]

    def posts(self) -> list[dict[str, Any]]:
        return [each for each in self.cloud.inbox() if each["topic_arn"].split(":")[4] == self.id]

    def drops(self) -> list[dict[str, Any]]:
        return [
            each
            for each in self.cloud.details()["drops"]
            if each["service"] == "chatbot.amazonaws.com" and self.topic in each["reason"]
        ]


@pytest.fixture
def account(local_cloud: Any, aws: dict[str, str]) -> Account:
    return Account(local_cloud)


def refusal(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_a_slack_channel_lives(account: Account) -> None:
    made = account.slack(LoggingLevel="ERROR", Tags=[{"TagKey": "team", "TagValue": "red"}])
    arn = f"arn:aws:chatbot::{account.id}:chat-configuration/slack-channel/ops"
    assert made == {
        "ChatConfigurationArn": arn,
        "ConfigurationName": "ops",
        "GuardrailPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"],
        "IamRoleArn": account.role,
        "LoggingLevel": "ERROR",
        "SlackChannelId": "C07EZ1ABC23",
        "SlackChannelName": "C07EZ1ABC23",
        "SlackTeamId": "T07EA123LEP",
        "SlackTeamName": "T07EA123LEP",
        "SnsTopicArns": [account.topic],
        "State": "ENABLED",
        "Tags": [{"TagKey": "team", "TagValue": "red"}],
        "UserAuthorizationRequired": False,
    }
    # The same from every region: it belongs to none.
    elsewhere = account.client("chatbot", "eu-west-1")
    found = elsewhere.describe_slack_channel_configurations(ChatConfigurationArn=arn)
    assert found["SlackChannelConfigurations"] == [made]
    changed = account.chat.update_slack_channel_configuration(
        ChatConfigurationArn=arn, SlackChannelId="C1", UserAuthorizationRequired=True
    )["ChannelConfiguration"]
    different = {name for name in made if made[name] != changed[name]}
    assert different == {"SlackChannelId", "SlackChannelName", "UserAuthorizationRequired"}
    account.chat.delete_slack_channel_configuration(ChatConfigurationArn=arn)
    assert account.chat.describe_slack_channel_configurations()["SlackChannelConfigurations"] == []
    assert refusal(account.chat.delete_slack_channel_configuration, ChatConfigurationArn=arn) == (
        "ResourceNotFoundException",
        f"There is no configuration {arn}.",
    )


def test_a_teams_channel_lives(account: Account) -> None:
    made = account.teams()
    arn = f"arn:aws:chatbot::{account.id}:chat-configuration/microsoft-teams-channel/ops"
    assert made["ChatConfigurationArn"] == arn
    assert made["ChannelId"] == TEAMS_CHANNEL
    get = account.chat.get_microsoft_teams_channel_configuration
    assert get(ChatConfigurationArn=arn)["ChannelConfiguration"] == made
    listed = account.chat.list_microsoft_teams_channel_configurations
    assert listed(TeamId=TEAM["TeamId"])["TeamChannelConfigurations"] == [made]
    assert listed(TeamId=TEAM["TenantId"])["TeamChannelConfigurations"] == []
    account.chat.update_microsoft_teams_channel_configuration(
        ChatConfigurationArn=arn, ChannelId=TEAMS_CHANNEL, SnsTopicArns=[]
    )
    assert account.subscribed() == []
    account.chat.delete_microsoft_teams_channel_configuration(ChatConfigurationArn=arn)
    assert refusal(get, ChatConfigurationArn=arn)[0] == "InvalidRequestException"


def test_lists_come_in_pages(account: Account) -> None:
    names = [account.slack(f"channel-{number}")["ConfigurationName"] for number in range(3)]
    first = account.chat.describe_slack_channel_configurations(MaxResults=2)
    second = account.chat.describe_slack_channel_configurations(MaxResults=2, NextToken=first["NextToken"])
    assert "NextToken" not in second
    pages = [*first["SlackChannelConfigurations"], *second["SlackChannelConfigurations"]]
    assert [each["ConfigurationName"] for each in pages] == names


def test_tags_come_and_go(account: Account) -> None:
    arn = account.slack(Tags=[{"TagKey": "a", "TagValue": "1"}])["ChatConfigurationArn"]
    account.chat.tag_resource(ResourceARN=arn, Tags=[{"TagKey": "b", "TagValue": "2"}])
    account.chat.untag_resource(ResourceARN=arn, TagKeys=["a"])
    found = account.chat.list_tags_for_resource(ResourceARN=arn)["Tags"]
    assert found == [{"TagKey": "b", "TagValue": "2"}]
    many = [{"TagKey": f"k{number}", "TagValue": ""} for number in range(50)]
    assert refusal(account.chat.tag_resource, ResourceARN=arn, Tags=many)[0] == "TooManyTagsException"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"SlackTeamId": "t07"}, "slackTeamId"),
        ({"SlackChannelId": "#ops"}, "slackChannelId"),
        ({"name": "ops channel"}, "configurationName"),
        ({"name": "x" * 129}, "configurationName"),
        ({"LoggingLevel": "DEBUG"}, "loggingLevel"),
        ({"IamRoleArn": "arn:aws-cn:iam::123456789012:role/x"}, "iamRoleArn"),
        ({"SnsTopicArns": ["the name of a topic"]}, "snsTopicArns"),
        ({"GuardrailPolicyArns": ["arn:aws:iam::aws:policy/aws-service-role/x"]}, "guardrailPolicyArns"),
    ],
)
def test_what_breaks_the_models_limits_is_refused(account: Account, given: dict[str, Any], says: str) -> None:
    code, message = refusal(account.slack, **given)
    assert code == "InvalidParameterException"
    assert says in message


def test_what_is_refused_of_teams(account: Account) -> None:
    assert refusal(account.teams, ChannelId="19:ab@thread.tacv2")[0] == "InvalidParameterException"
    assert refusal(account.teams, TenantId="c" * 36)[0] == "InvalidParameterException"


def test_a_name_is_taken_once(account: Account) -> None:
    account.slack()
    assert refusal(account.slack, SlackChannelId="C1")[0] == "ConflictException"
    account.teams()  # another kind, and so another ARN
    Account(account.cloud).slack()  # and another account


def test_a_slack_channel_has_one_configuration_in_an_account(account: Account) -> None:
    account.slack()
    code, message = refusal(account.slack, ConfigurationName="second")
    assert code == "InvalidRequestException"
    assert message.endswith(
        "Slack channel with ID C07EZ1ABC23 in Slack team T07EA123LEP has already been configured for AWS"
        f" account {account.id}."
    )
    other = account.slack("other")["ChatConfigurationArn"]
    change = account.chat.update_slack_channel_configuration
    assert refusal(change, ChatConfigurationArn=other, SlackChannelId="C07EZ1ABC23")[0] == code
    change(ChatConfigurationArn=other, SlackChannelId="C07OTHER", LoggingLevel="ERROR")
    Account(account.cloud).slack("second", SlackChannelId="C07EZ1ABC23")


def test_a_workspace_that_nobody_authorised_is_refused(account: Account) -> None:
    assert refusal(account.slack, SlackTeamId="T000000000")[0] == "InvalidRequestException"


def test_chatbot_subscribes_and_unsubscribes_itself(account: Account) -> None:
    first, second = account.slack("first"), account.slack("second")
    assert account.subscribed() == [ENDPOINT]
    account.chat.delete_slack_channel_configuration(ChatConfigurationArn=first["ChatConfigurationArn"])
    assert account.subscribed() == [ENDPOINT], "the other channel still has the topic"
    other = account.sns.create_topic(Name="other")["TopicArn"]
    account.chat.update_slack_channel_configuration(
        ChatConfigurationArn=second["ChatConfigurationArn"], SlackChannelId="C1", SnsTopicArns=[other]
    )
    assert (account.subscribed(), account.subscribed(other)) == ([], [ENDPOINT])
    account.sns.delete_topic(TopicArn=other)
    account.chat.delete_slack_channel_configuration(ChatConfigurationArn=second["ChatConfigurationArn"])


def test_what_a_channel_understands_is_posted_and_everything_else_is_dropped(account: Account) -> None:
    account.slack()
    account.teams()
    account.sns.publish(TopicArn=account.topic, Message=SHOWN)
    posts = wait_for("two posts", lambda: account.posts() if len(account.posts()) == 2 else None)
    assert sorted(each["to"] for each in posts) == [
        "slack T07EA123LEP/C07EZ1ABC23",
        f"teams {TEAM['TeamId']}/{TEAMS_CHANNEL}",
    ]
    assert {(each["kind"], each["subject"], each["body"]) for each in posts} == {("chat", "Hello", "There")}
    account.sns.publish(TopicArn=account.topic, Message="SECRET READ by ada")
    drops = wait_for("two drops", lambda: account.drops() if len(account.drops()) == 2 else None)
    assert all("it is plain text" in each["reason"] for each in drops)
    assert len(account.posts()) == 2


def test_somebody_elses_subscription_is_confirmed_and_shows_nothing_without_a_channel(
    account: Account,
) -> None:
    answer = account.sns.subscribe(TopicArn=account.topic, Protocol="https", Endpoint=ENDPOINT)
    assert answer["SubscriptionArn"].startswith(account.topic)
    account.sns.publish(TopicArn=account.topic, Message=SHOWN)
    drops = wait_for("a drop", account.drops)
    assert "no channel has this topic" in drops[0]["reason"]
    assert account.posts() == []


def test_raw_messages_are_not_read(account: Account) -> None:
    raw = {"RawMessageDelivery": "true"}
    account.sns.subscribe(TopicArn=account.topic, Protocol="https", Endpoint=ENDPOINT, Attributes=raw)
    account.slack()
    account.sns.publish(TopicArn=account.topic, Message=SHOWN)
    drops = wait_for("a drop", account.drops)
    assert "raw messages" in drops[0]["reason"]
    assert account.posts() == []
