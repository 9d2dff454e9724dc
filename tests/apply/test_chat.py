"""Chat channels, applied: alarms and messages of rules are posted, the doctor knows them, nothing is left."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from accounts import new_account_id
from around_examples import left
from deployment import wait_for
from doctor_faults import faults

from secretwatch.pipeline.applied import watches_of
from secretwatch.pipeline.doctor.account import Ref
from secretwatch.pipeline.doctor.calls import Call
from secretwatch.pipeline.doctor.examine import Doctor
from secretwatch.pipeline.doctor.intent import Intent
from secretwatch.pipeline.doctor.kinds import after
from secretwatch.pipeline.doctor.kinds.chats import ENDPOINT
from secretwatch.pipeline.doctor.mend import proved
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.walk import configured

# The provider waits half a minute whenever it makes or ends a channel.
pytestmark = pytest.mark.later

ROOT = """
resource "aws_sns_topic" "given" {
  name = "given"
}

resource "aws_sns_topic_policy" "given" {
  arn    = aws_sns_topic.given.arn
  policy = jsonencode({ Version = "2012-10-17", Statement = module.talk.policy_statements.topics.given })
}

module "talk" {
  source = "../"

  name = "talk"
  topics = {
    mail = {
      chat            = { slack = { channel_id = "C00000MAIL", workspace_id = "T07EA123LEP" } }
      email_addresses = ["ops@example.com"]
    }
    talk = { chat = { slack = { channel_id = "C00000TALK", workspace_id = "T07EA123LEP" } } }
    given = {
      chat = { teams = {
        channel_id = "19%3agiven%40thread.tacv2"
        team_id    = "12345678-90ab-cdef-1234-567890abcdef"
        tenant_id  = "87654321-90ab-cdef-1234-567890abcdef"
      } }
      existing = { arn = aws_sns_topic.given.arn, verify = false }
    }
  }
  # Nobody looks at the rest of it here.
  self_watch = { topics = ["talk"] }
  tags       = { team = "red" }
  trail      = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
  watches = {
    db = { secrets = ["*"], realtime = true, realtime_topics = ["talk"] }
  }
}

output "watches" {
  value = module.talk.watches
}
"""
SLACK = "arn:aws:chatbot::{}:chat-configuration/slack-channel/talk-{}-us-east-1"
CHANNELS = {"slack T07EA123LEP/C00000MAIL", "slack T07EA123LEP/C00000TALK"}
GIVEN = "teams 12345678-90ab-cdef-1234-567890abcdef/19%3agiven%40thread.tacv2"


@pytest.fixture
def account(aws: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """An account of this test's own."""
    account = new_account_id()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", account)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it remembers the credentials that it was made with
    return account


class Talk:
    def __init__(self, terraform: Any, cloud: Any, account: str) -> None:
        self.terraform, self.cloud, self.account = terraform, cloud, account
        self.root = terraform.new_root("talk", ROOT)

    def run(self, *arguments: str) -> str:
        return str(self.terraform.run(self.root, *arguments))

    def posts(self, kind: str = "chat") -> list[dict[str, Any]]:
        return [
            each
            for each in self.cloud.inbox()
            if each["kind"] == kind and each["topic_arn"].split(":")[4] == self.account
        ]

    def told(self, subject: str, kind: str = "chat") -> set[str]:
        """Who got a message whose subject has this in it."""
        return {each["to"] for each in self.posts(kind) if subject in each["subject"]}


def test_an_alarm_is_posted_where_people_talk(
    terraform: Any, local_cloud: Any, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = left()
    talk = Talk(terraform, local_cloud, account)
    talk.run("apply", "-auto-approve")
    try:
        talk.run("plan", "-detailed-exitcode")  # any change would be a failure
        assert_channels_are_guarded(account)
        local_cloud.confirm()
        secrets = boto3.client("secretsmanager")
        arn = secrets.create_secret(Name="db", SecretString="x")["ARN"]
        local_cloud.release()
        secrets.get_secret_value(SecretId="db")
        alarmed = CHANNELS | {GIVEN}
        wait_for("the alarm's posts", lambda: talk.told("CloudWatch Alarm | talk-db |") == alarmed, 60)
        assert talk.told('ALARM: "talk-db"', "notification") == {"ops@example.com"}
        # The rules' message went to the channel that is alone on its topic.
        wait_for("the read's post", lambda: talk.told("SECRET READ: GetSecretValue"), 30)
        assert talk.told("SECRET READ: GetSecretValue") == {"slack T07EA123LEP/C00000TALK"}
        drops = [
            each for each in local_cloud.details()["drops"] if each["service"] == "chatbot.amazonaws.com"
        ]
        assert not [each for each in drops if f":{account}:" in each["reason"]]
        secrets.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
        the_doctor_knows_the_parts(talk)
        a_channel_moves(talk)
    finally:
        talk.run("destroy", "-auto-approve")
    assert left() == before
    chat, iam = boto3.client("chatbot"), boto3.client("iam")
    assert chat.describe_slack_channel_configurations()["SlackChannelConfigurations"] == []
    assert chat.list_microsoft_teams_channel_configurations()["TeamChannelConfigurations"] == []
    assert iam.list_policies(Scope="Local")["Policies"] == []
    assert boto3.client("sns").list_subscriptions()["Subscriptions"] == []


def assert_channels_are_guarded(account: str) -> None:
    chat = boto3.client("chatbot")
    found = chat.describe_slack_channel_configurations()["SlackChannelConfigurations"]
    found += chat.list_microsoft_teams_channel_configurations()["TeamChannelConfigurations"]
    assert len(found) == 3
    for each in found:
        assert each["GuardrailPolicyArns"] == [f"arn:aws:iam::{account}:policy/talk-chat-us-east-1"]
        assert each["IamRoleArn"] == f"arn:aws:iam::{account}:role/talk-chat-us-east-1"
        assert each["UserAuthorizationRequired"] is True
        assert each["Tags"] == [{"TagKey": "team", "TagValue": "red"}]


def the_doctor_knows_the_parts(talk: Talk) -> None:
    """What was applied is healthy; each change of a channel, role or guardrail is found and mended."""
    state = json.loads(talk.run("state", "pull"))
    (watch,) = watches_of(state, talk.root)
    intent = Intent.of_state(state, watch)
    assert intent
    subject = Subject.of_watch(watch, talk.root)

    def view() -> Any:
        return Doctor(subject, boto3.Session(region_name="us-east-1"), intent=intent).examine().view

    def broken(seen: Any) -> set[Ref]:
        return {each.ref for hop in configured(seen) for each in hop.findings if each.verdict == "broken"}

    healthy = view()
    assert broken(healthy) == set()
    parts = [each for each in faults(intent.account) if intent.serves[each.ref] == "chat"]
    assert {each.ref.kind for each in parts} == {"chat channel", "guardrail", "role"}
    for fault in parts:
        hurt = healthy.after(fault.on(healthy.account))
        assert fault.ref in broken(hurt), fault
        plan = proved(hurt, configured(hurt), configured)
        assert broken(hurt.after(after(hurt.account, plan))) == set(), fault
    # Chatbot's own subscriptions, of which Terraform knows nothing: one goes, one hears nothing of an alarm.
    theirs = [
        ref for ref in healthy.account.things if ref.kind == "subscription" and ref.id.endswith(ENDPOINT)
    ]
    assert len(theirs) == 3
    for ref in theirs:
        subscribed = healthy.account.things[ref]
        for other in (None, {**subscribed, "FilterPolicy": '{"NewStateValue":["OK"]}'}):
            hurt = healthy.after(healthy.account.copy())
            hurt.account.put("subscription", ref.id, other)
            assert broken(hurt) == {ref}
            plan = proved(hurt, configured(hurt), configured)
            assert broken(hurt.after(after(hurt.account, plan))) == set(), ref
    # For real: somebody deletes a channel, and takes the guardrail from another.
    chat = boto3.client("chatbot")
    gone, changed = SLACK.format(talk.account, "talk"), SLACK.format(talk.account, "mail")
    chat.delete_slack_channel_configuration(ChatConfigurationArn=gone)
    chat.update_slack_channel_configuration(
        ChatConfigurationArn=changed,
        SlackChannelId="C00000MAIL",
        GuardrailPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"],
    )
    hurt = view()
    # Beside them its subscription to the topic.
    silent = next(ref for ref in theirs if ":talk-talk|" in ref.id)
    assert broken(hurt) == {Ref("chat channel", gone), Ref("chat channel", changed), silent}
    plan = [step for step in proved(hurt, configured(hurt), configured) if isinstance(step, Call)]
    assert {step.service for step in plan} == {"chatbot"}, [step.command() for step in plan]
    for step in plan:
        step.make(boto3.client(step.service, region_name=step.region or "us-east-1"))
    assert broken(view()) == set()


def a_channel_moves(talk: Talk) -> None:
    """To another channel by an update; to another workspace, to which none can be, by a new one."""
    text = (talk.root / "main.tf").read_text()
    moved = text.replace("C00000MAIL", "C00000POST").replace(
        'C00000TALK", workspace_id = "T07EA123LEP', 'C00000TALK", workspace_id = "T00000OTHER'
    )
    (talk.root / "main.tf").write_text(moved)
    talk.run("apply", "-auto-approve")
    found = boto3.client("chatbot").describe_slack_channel_configurations()["SlackChannelConfigurations"]
    where = {(each["SlackTeamId"], each["SlackChannelId"]) for each in found}
    assert where == {("T07EA123LEP", "C00000POST"), ("T00000OTHER", "C00000TALK")}
    talk.run("plan", "-detailed-exitcode")
