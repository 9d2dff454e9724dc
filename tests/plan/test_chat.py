"""Channels of Slack and Teams: what they may, and what rules publish where a channel is alone on a topic."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings

from secretwatch.chat import Dropped, Shown, shown
from secretwatch.inputtransformer import check_input, input_of
from secretwatch.localstack.events.bus import envelope_of
from secretwatch.pipeline.messages import channel_of, headline

from .conftest import ACCOUNT, REGION, Plan, arn, plan_of
from .test_message import DENIED, FIELDS, hostile
from .test_pattern import event

RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/talk-db-a-1"
SLACK = 'module.chat["this"].aws_chatbot_slack_channel_configuration.this["quiet"]'
TEAMS = 'module.chat["this"].aws_chatbot_teams_channel_configuration.this["teams"]'
ROOT = """
module "talk" {
  source = "../"

  name = "talk"
  topics = {
    mail = { email_addresses = ["ops@example.com"] }
    talk = { chat = { slack = { channel_id = "C07EZ1ABC23", workspace_id = "T07EA123LEP" } } }
    both = {
      chat            = { slack = { channel_id = "G07EZ1ABC23", workspace_id = "T07EA123LEP" } }
      email_addresses = ["ops@example.com"]
    }
    given = {
      chat     = { slack = { channel_id = "C17EZ1ABC23", workspace_id = "T07EA123LEP" } }
      existing = { arn = "arn:aws:sns:us-east-1:000000000000:given", verify = false }
    }
  }
  self_watch = { topics = ["mail", "talk"] }
  watches = {
    db    = { secrets = ["*"], realtime = true, realtime_topics = ["mail", "talk"] }
    other = { secrets = ["*"], events = ["changes"], realtime = true, topics = ["talk"] }
  }
}

output "watch" {
  value = module.talk.watch
}
"""


@pytest.fixture(scope="module")
def talk(terraform: Any, aws: dict[str, str]) -> Plan:
    return plan_of(terraform, terraform.new_root("talk", ROOT))


def statements(text: str) -> list[dict[str, Any]]:
    return list(json.loads(text)["Statement"])


SEE = [
    {
        "Sid": "SeeAlarms",
        "Effect": "Allow",
        "Action": ["cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms"],
        "Resource": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:many-*",
    },
    {"Sid": "SeeGraphs", "Effect": "Allow", "Action": "cloudwatch:GetMetricWidgetImage", "Resource": "*"},
]


def test_a_channel_may_look_at_alarms_and_nothing_else(instances: Plan) -> None:
    made = instances.of("many")
    role = made['module.chat["this"].aws_iam_role.this']
    assert role["name"] == f"many-chat-{REGION}"
    assert statements(role["assume_role_policy"]) == [
        {
            "Sid": "ChatsAssume",
            "Effect": "Allow",
            "Principal": {"Service": "chatbot.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ]
    assert statements(made['module.chat["this"].aws_iam_role_policy.this']["policy"]) == SEE
    assert statements(made['module.chat["this"].aws_iam_policy.guardrail']["policy"]) == SEE


def test_each_channel_has_the_guardrail_and_nobody_acts_without_a_role_of_their_own(instances: Plan) -> None:
    made = instances.of("many")
    for address, topic in ((SLACK, "quiet"), (TEAMS, "teams")):
        assert made[address]["user_authorization_required"] is True
        assert made[address]["logging_level"] == "ERROR"
        assert made[address]["configuration_name"] == f"many-{topic}-{REGION}"
        assert made[address]["sns_topic_arns"] == [f"arn:aws:sns:{REGION}:{ACCOUNT}:many-{topic}"]
    modules = instances.raw.configuration["root_module"]["module_calls"]["many"]["module"]["module_calls"]
    for resource in modules["chat"]["module"]["resources"]:
        if resource["type"].startswith("aws_chatbot_"):
            # Without one AWS takes AdministratorAccess.
            references = resource["expressions"]["guardrail_policy_arns"]["references"]
            assert references[0] == "aws_iam_policy.guardrail.arn"


def test_names_are_within_their_limits_wherever_it_is(instances: Plan) -> None:
    longest = len("a" * 32 + "-" + "b" * 32 + "-ap-northeast-1")
    assert longest <= 128
    assert len("a" * 32 + "-chat-ap-northeast-1") <= 64


def test_a_topics_policy_needs_nothing_for_a_channel(instances: Plan) -> None:
    made = instances.of("many")
    policy = made['module.alerts.aws_sns_topic_policy.this["quiet"]']["policy"]
    assert {each["Principal"]["Service"] for each in statements(policy)} == {"cloudwatch.amazonaws.com"}


def test_without_chat_there_is_nothing_of_it(instances: Plan) -> None:
    assert not [address for address in instances.of("one") if "chat" in address]


class Target:
    """A planned target as PutTargets gets it."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.topic = values["arn"].rsplit(":", 1)[1]
        transformer = values["input_transformer"][0]
        self.given = {
            "Id": values["target_id"],
            "InputTransformer": {
                "InputPathsMap": transformer["input_paths"],
                "InputTemplate": transformer["input_template"],
            },
        }

    def message(self, parameters: Any, **fields: Any) -> str:
        envelope = envelope_of(ACCOUNT, event("GetSecretValue", parameters, **FIELDS | fields))
        assert envelope
        return input_of(self.given, envelope, rule_arn=RULE, ingestion_time="2026-01-01T00:00:00Z")


@pytest.fixture(scope="module")
def targets(talk: Plan) -> dict[str, Target]:
    found = {
        address: Target(values)
        for address, values in talk.of("talk").items()
        if values["type"] == "aws_cloudwatch_event_target" and "module.details" not in address
    }
    assert found
    for each in found.values():
        check_input(each.given)
    return found


def test_a_channel_alone_gets_what_it_shows_and_mail_what_people_read(targets: dict[str, Target]) -> None:
    seen = set()
    for address, target in targets.items():
        found = shown(target.message({"secretId": arn("db")}, **(DENIED if "refused" in address else {})))
        assert isinstance(found, Shown if target.topic == "talk-talk" else Dropped), address
        seen.add((address.split(".")[1].split("[")[0], type(found)))
    assert seen == {(module, kind) for module in ("realtime", "fast_self_watch") for kind in (Shown, Dropped)}


@pytest.mark.parametrize(
    ("outcome", "title"),
    [
        ("allowed", "SECRET READ: GetSecretValue"),
        ("refused", "SECRET READ REFUSED: GetSecretValue, AccessDenied"),
    ],
)
def test_a_post_says_what_aws_knows_and_leads_to_the_rest(
    targets: dict[str, Target], outcome: str, title: str
) -> None:
    (target,) = [
        each
        for address, each in targets.items()
        if f'realtime["db"].aws_cloudwatch_event_target.this["{outcome}' in address
        and each.topic == "talk-talk"
    ]
    identity = {"userIdentity": {"type": "IAMUser", "accessKeyId": "AKIAIOSFODNN7EXAMPLE"}}
    text = target.message({"secretId": arn("db")}, **identity, **(DENIED if outcome == "refused" else {}))
    link = f"https://{REGION}.console.aws.amazon.com/cloudtrailv2/home?region={REGION}#/events/1"
    assert shown(text) == Shown(
        title,
        "Watch db of talk\nBy: IAMUser\nFrom: 192.0.2.1\nWhen: 2026-01-01T00:00:00Z\n"
        f"Where: {REGION}, account {ACCOUNT}\nNext steps:\n- Who, and which secret: {link}",
        "talk AKIAIOSFODNN7EXAMPLE",
    )
    assert (channel_of(text), headline(text)) == ("realtime", title)
    assert json.loads(text)["metadata"]["additionalContext"] == {"Watch": "db of talk", "Rule": RULE}


def test_other_calls_are_said_to_be_others(targets: dict[str, Target]) -> None:
    texts = [each.message({}) for address, each in targets.items() if 'realtime["other"]' in address]
    titles = {found.title for text in texts if isinstance(found := shown(text), Shown)}
    assert titles == {"SECRET USED: GetSecretValue", "SECRET USE REFUSED: GetSecretValue, "}


def test_a_change_of_the_watch_says_how_to_undo_it(targets: dict[str, Target]) -> None:
    (target,) = [each for address, each in targets.items() if 'topic["trail/talk"]' in address]
    found = shown(target.message({"name": "talk"}))
    assert isinstance(found, Shown)
    assert found.title == "WATCH CHANGED: GetSecretValue"
    assert found.text.startswith("Part: trail, of talk\nBy: IAMUser\n")
    assert (
        f"- Undo: aws cloudtrail start-logging --name arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/talk"
        in found.text
    )


def test_no_post_has_a_text_of_the_callers(targets: dict[str, Target]) -> None:
    """EventBridge escapes nothing that it puts into a text."""
    aws_alone = {
        *(
            "$.detail.recipientAccountId",
            "$.detail.sourceIPAddress",
            "$.detail.eventName",
            "$.detail.awsRegion",
        ),
        *("$.detail.errorCode", "$.detail.eventID", "$.detail.eventTime", "$.detail.userIdentity.type"),
        "$.detail.userIdentity.accessKeyId",
    }
    for target in targets.values():
        if target.topic == "talk-talk":
            transformer = target.given["InputTransformer"]
            assert set(transformer["InputPathsMap"].values()) <= aws_alone
            used = set(re.findall(r"<([^<>]*)>", transformer["InputTemplate"]))
            assert used <= {*transformer["InputPathsMap"], "aws.events.rule-arn"}


@settings(max_examples=50, deadline=None)
@given(text=hostile)
def test_whatever_a_caller_writes_the_post_says_the_same(targets: dict[str, Target], text: str) -> None:
    identity = {
        "type": "AssumedRole",
        "accountId": ACCOUNT,
        "arn": text,
        "principalId": text,
        "userName": text,
    }
    for address, target in targets.items():
        if target.topic == "talk-talk" and "allowed" in address:
            plain = target.message({"secretId": "db"}, userIdentity={"type": "AssumedRole"})
            assert target.message({"secretId": text}, userIdentity=identity, userAgent=text) == plain
