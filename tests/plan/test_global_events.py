"""What modules/global-events sends to the instance's region: what the instance hears there, and little else.

One instance in eu-west-1, and what sends from us-east-1. Each call that the table of what can silence a
watch says is heard fast, and that reaches EventBridge in us-east-1 alone, is sent and heard; so are calls
that would keep it from being sent, by a rule that they leave in place.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from secretwatch.eventpattern import EventPattern
from secretwatch.silencing import ROWS
from secretwatch.terraform import TerraformFailed

from .conftest import ACCOUNT, Plan, plan_of
from .test_silencing import GLOBAL, event_of

HOME, HERE = "eu-west-1", "us-east-1"
WITNESS = "arn:aws:events:ap-southeast-2:444455556666:event-bus/witness"
BUS = f"arn:aws:events:{HOME}:{ACCOUNT}:event-bus/default"
ROLES = [f"pay-trail-{HOME}", f"pay-events-{HERE}", f"pay-guard-{HERE}"]

ROOT = f"""
provider "aws" {{
  alias  = "home"
  region = "{HOME}"
}}

module "instance" {{
  source    = "../"
  providers = {{ aws = aws.home }}

  email_addresses = ["oncall@example.com"]
  name            = "pay"
  self_watch      = {{ global_events = module.sender["names"].rule_arn }}
  watches = {{
    names = {{
      realtime = true
      secrets  = ["arn:aws:secretsmanager:{HOME}:{ACCOUNT}:secret:db-Qx7pLm", "prod/*"]
    }}
  }}
}}

module "sender" {{
  source = "../modules/global-events"
  for_each = {{
    names   = {{ secrets = ["db", "prod/*"], witness = null }}
    all     = {{ secrets = ["*"], witness = null }}
    witness = {{ secrets = [], witness = {{ event_bus_arn = "{WITNESS}" }} }}
  }}

  home_region = "{HOME}"
  name        = "pay"
  secrets     = each.value.secrets
  tags        = {{ team = "red" }}
  witness     = each.value.witness
}}

output "sender" {{
  value = module.sender["names"]
}}
"""


@pytest.fixture(scope="module")
def plan(terraform: Any, aws: dict[str, str]) -> Plan:
    return plan_of(terraform, terraform.new_root("global-events", ROOT))


def texts(plan: Plan, module: str, within: str = "") -> dict[str, str]:
    """Event patterns by the rule's name."""
    return {
        each["name"]: text
        for address, each in plan.of(module).items()
        # That on keys is known only in the apply.
        if address.startswith(within) and (text := each.get("event_pattern"))
    }


def sent(plan: Plan, event: Mapping[str, Any], which: str = "names") -> list[str]:
    """The ends of the names of the rules that send it."""
    found = texts(plan, f'sender["{which}"]').items()
    return sorted(name.rpartition("-")[2] for name, text in found if _matches(text, event))


def heard(plan: Plan, event: Mapping[str, Any], within: str = "module.fast_self_watch") -> list[str]:
    """The rules of the instance that hear it once it is there."""
    return [name for name, text in texts(plan, "instance", within).items() if _matches(text, event)]


def _matches(text: str, event: Mapping[str, Any]) -> bool:
    return EventPattern.parse(text).matches(
        {
            "account": event["recipientAccountId"],
            "detail": event,
            "detail-type": "AWS API Call via CloudTrail",
            "region": event["awsRegion"],
            "source": f"aws.{event['eventSource'].removesuffix('.amazonaws.com')}",
        }
    )


def call(service: str, action: str, parameters: Mapping[str, Any] | None, **more: Any) -> dict[str, Any]:
    return {
        "awsRegion": HERE,
        "eventCategory": "Management",
        "eventName": action,
        "eventSource": f"{service}.amazonaws.com",
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "readOnly": False,
        "recipientAccountId": ACCOUNT,
        "requestParameters": parameters,
        "userIdentity": {"type": "IAMUser", "userName": "mallory"},
    } | more


def requests(row: Any, roles: list[str]) -> Iterator[dict[str, Any]]:
    for template in row.requests or ({},):
        for role in roles:
            text = json.dumps(template).replace("{role}", role).replace("{region}", HOME)
            yield json.loads(
                text.replace("{bus_arn}", f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default")
            )


IN_ONE_REGION = [row for row in ROWS if row.service in GLOBAL]


@pytest.mark.parametrize(
    "row", [row for row in IN_ONE_REGION if row.fast], ids=lambda row: f"{row.part}-{row.actions[0]}"
)
def test_what_is_heard_fast_is_sent_and_heard(row: Any, plan: Plan) -> None:
    for action, parameters in itertools.product(row.actions, requests(row, ROLES)):
        event = event_of(row, action, parameters)
        assert "changes" in sent(plan, event), event
        assert heard(plan, event), event
        # Once, but for what is done to the role by which the others are sent.
        twice = parameters.get("roleName") == ROLES[1]
        assert sent(plan, event) == (["changes", "guard"] if twice else ["changes"])
        assert sent(plan, event | {"readOnly": True}) == []


def test_nothing_else_is_sent(plan: Plan) -> None:
    asked = 0
    for row in ROWS:
        for action, parameters in itertools.product(row.actions, requests(row, ["payer", "app-pay-trail"])):
            is_account = row.fast and row.service in {"account", "organizations"}
            # The sending region has a bus, too, on which both rules hang.
            expected = (
                ["changes", "guard"] if row.part == "bus" and row.fast else ["changes"] if is_account else []
            )
            event = event_of(row, action, parameters)
            assert sent(plan, event) == expected, event
            asked += 1
    assert asked > 500


def test_both_modules_have_the_same_calls_of_the_account(plan: Plan) -> None:
    (here,) = (text for name, text in texts(plan, 'sender["all"]').items() if name.endswith("-changes"))
    (home,) = (text for name, text in texts(plan, "instance").items() if name == "pay-self-watch-account")
    lists = [
        set(each.get("eventName", []))
        for each in json.loads(here)["detail"]["$or"]
        if "events.amazonaws.com" not in each["eventSource"]
    ]
    lists = [each for each in lists if each]
    table = {
        action
        for row in ROWS
        if row.fast and row.service in {"account", "organizations"}
        for action in row.actions
    }
    assert lists == [table]
    assert table < set(json.loads(home)["detail"]["eventName"])


@pytest.mark.parametrize(
    ("service", "parameters", "rules"),
    [
        ("events", {"name": "pay-self-watch-global-changes"}, ["guard"]),
        ("events", {"rule": "pay-self-watch-global-changes"}, ["guard"]),
        ("events", {"name": "pay-self-watch-global-guard"}, ["changes"]),
        ("events", {"rule": "pay-self-watch-global-guard"}, ["changes"]),
        ("events", {"name": "pay-self-watch-global-reads"}, ["changes"]),
        ("iam", {"roleName": f"pay-guard-{HERE}"}, ["changes"]),
        # The first cannot send any more then.
        ("iam", {"roleName": f"pay-events-{HERE}"}, ["changes", "guard"]),
        ("events", {"name": "pay-self-watch-alarms"}, []),
        ("events", {"name": "somebody-elses"}, []),
    ],
)
def test_no_one_call_keeps_changes_from_being_sent(
    plan: Plan, service: str, parameters: dict[str, str], rules: list[str]
) -> None:
    event = call(service, "DoAnything", parameters)
    assert sent(plan, event) == rules
    assert not rules or heard(plan, event)


def test_roles_may_send_to_the_buses_and_do_nothing_else(plan: Plan) -> None:
    for which, buses in (("names", [BUS]), ("witness", [BUS, WITNESS])):
        made = plan.of(f'sender["{which}"]')
        policies = [each["policy"] for each in made.values() if each["type"] == "aws_iam_role_policy"]
        assert len(policies) == 2
        for text in policies:
            assert json.loads(text) == {
                "Version": "2012-10-17",
                "Statement": [
                    {"Sid": "Send", "Effect": "Allow", "Action": "events:PutEvents", "Resource": buses}
                ],
            }
        roles = {
            each["name"]: json.loads(each["assume_role_policy"])["Statement"]
            for each in made.values()
            if each["type"] == "aws_iam_role"
        }
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        assert roles == {name: [trust] for name in ROLES[1:]}


def test_what_goes_where(plan: Plan) -> None:
    """Each bus by the role that stands for the rule; reads to the instance alone."""
    for which, expected in (
        ("names", {("changes", BUS), ("guard", BUS), ("reads", BUS)}),
        ("witness", {("changes", BUS), ("guard", BUS), ("changes", WITNESS), ("guard", WITNESS)}),
    ):
        made = plan.of(f'sender["{which}"]').values()
        targets = [each for each in made if each["type"] == "aws_cloudwatch_event_target"]
        assert {(each["rule"].rpartition("-")[2], each["arn"]) for each in targets} == expected
        assert len(targets) == len(expected)
        # As it came: the account, the region, all of it.
        assert not any(each.get("input_transformer") or each.get("input") for each in targets)
        states = {
            each["name"].rpartition("-")[2]: each["state"]
            for each in made
            if each["type"] == "aws_cloudwatch_event_rule"
        }
        every = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
        assert states.pop("reads", every) == every
        assert set(states.values()) == {"ENABLED"}
    assert plan.outputs["sender"] == {
        "role_name": f"pay-events-{HERE}",
        "rule_arn": f"arn:aws:events:{HERE}:{ACCOUNT}:rule/pay-self-watch-global-changes",
    }


def arn(name: str, region: str) -> str:
    return f"arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:{name}"


READS = [
    ("GetSecretValue", {"secretId": "db"}),
    *(
        ("GetSecretValue", {"secretId": arn(name, region)})
        for name in ("db-Qx7pLm", "db", "prod/x-Qx7pLm", "prod/x")
        # A replica is read by an ARN of whatever region.
        for region in (HERE, HOME, "ap-southeast-2")
    ),
    ("GetSecretValue", {"secretId": "prod/x"}),
    ("GetSecretValue", None),
    ("BatchGetSecretValue", {"filters": [{"key": "name", "values": ["db"]}]}),
    ("BatchGetSecretValue", {"secretIdList": ["other", "db"]}),
    ("BatchGetSecretValue", {"secretIdList": [arn("db-Qx7pLm", HERE)]}),
    ("BatchGetSecretValue", {"secretIdList": ["prod/x"]}),
]


@pytest.mark.parametrize(("action", "parameters"), READS)
@pytest.mark.parametrize("outcome", [{}, {"errorCode": "AccessDenied"}])
def test_a_read_of_a_replica_is_sent_and_counts(
    plan: Plan, action: str, parameters: Any, outcome: dict[str, str]
) -> None:
    event = call("secretsmanager", action, parameters, readOnly=True, **outcome)
    assert sent(plan, event) == ["reads"]
    assert len(heard(plan, event, 'module.realtime["names"]')) == 1
    assert sent(plan, event, "all") == ["reads"]
    assert sent(plan, event, "witness") == []


@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        ("GetSecretValue", {"secretId": "db-replica"}),
        ("GetSecretValue", {"secretId": "production"}),
        ("BatchGetSecretValue", {"secretIdList": ["other", "more"]}),
        ("DescribeSecret", {"secretId": "db"}),
    ],
)
def test_reads_of_others_are_not_sent(plan: Plan, action: str, parameters: Any) -> None:
    event = call("secretsmanager", action, parameters, readOnly=True)
    assert sent(plan, event) == []
    assert sent(plan, event, "all") == (["reads"] if action != "DescribeSecret" else [])
    # By ARN each is sent, and decided upon at home.
    by_arn = call("secretsmanager", "GetSecretValue", {"secretId": arn("other-Qx7pLm", HERE)}, readOnly=True)
    assert (sent(plan, by_arn), heard(plan, by_arn, "module.realtime")) == (["reads"], [])


@pytest.mark.later
def test_the_rule_may_be_read_late(terraform: Any, aws: dict[str, str]) -> None:
    """As where the module waits for something of the same apply."""
    root = ROOT.replace(
        '  home_region = "',
        """  depends_on = [terraform_data.first]

  home_region = \"""",
    )
    text = root + 'resource "terraform_data" "first" {}\n'
    said = terraform.run(terraform.new_root("global-events-late", text), "plan")
    assert "to add, 0 to change, 0 to destroy" in said


FORMS = 'write names, prefixes such as "prod/*", or "*". Reads by ARN are sent in any case, of every secret.'
# Terraform reads no data, which the last ones need, where it knows of a mistake before.
MISTAKES = [
    {
        'home_region = "Ireland"': 'home_region is "Ireland": write the region that the instance is in, such'
        " as eu-west-1.",
        'name = "Pay"': 'name is "Pay": write the instance\'s, 3 to 32 lower-case letters, digits and single'
        " hyphens, beginning with a letter.",
        f'secrets = ["{arn("db", HERE)}"]': f'secrets holds "{arn("db", HERE)}": {FORMS}',
        'secrets = ["a*b"]': f'secrets holds "a*b": {FORMS}',
    },
    {
        'home_region = "us-east-1"': "home_region is us-east-1, and the provider has the same region: the"
        " instance gets events "
        "of its own region without this module. Give this module a provider of another region, as "
        "in providers = { aws = aws.us_east_1 }, or leave the module out if the instance is in the "
        "region of global events.",
        f'witness = {{ event_bus_arn = "{BUS}" }}': f'witness.event_bus_arn is "{BUS}": write the ARN of an'
        f" event bus of another account than {ACCOUNT}.",
    },
    {
        'secrets = [for n in range(60) : "a-secret-with-a-long-name-${n}"]': "EventBridge takes 2048: write a"
        ' prefix that several names share ("prod/*"), or "*".',
    },
]


@pytest.mark.parametrize("mistakes", MISTAKES, ids=["written", "looked-up", "too-much"])
def test_mistakes_are_refused_with_a_sentence(
    terraform: Any, aws: dict[str, str], mistakes: dict[str, str]
) -> None:
    lines = []
    for number, mistake in enumerate(mistakes):
        home = [] if mistake.startswith("home_region") else [f'home_region = "{HOME}"']
        lines += [f'module "m{number}" {{', 'source = "../modules/global-events"', *home, mistake, "}"]
    root = terraform.new_root(f"global-events-{len(mistakes)}-mistakes", "\n".join(lines))
    with pytest.raises(TerraformFailed) as failed:
        terraform.run(root, "plan")
    said = re.sub(r"[\s│╷╵]+", " ", failed.value.output)
    assert [sentence for sentence in mistakes.values() if sentence not in said] == []
