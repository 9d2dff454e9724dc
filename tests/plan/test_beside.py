"""Instances side by side in one log group, whose names begin alike: each hears of its own parts only.

Names and keys of watches are generated from the words that names are made of, so that parts of one instance
begin or end as another's do: pay with a watch eu beside pay-eu, pay-tampering beside pay.
"""

from __future__ import annotations

import fnmatch
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from secretwatch.filterpattern import FilterPattern

from .conftest import ACCOUNT, ARN, REGION, Plan, plan_of

pytestmark = pytest.mark.later

LOG_GROUP = "beside"
_random = random.Random(11)
_WORDS = [
    "eu",
    "a",
    "r",
    "all",
    "names",
    "000",
    "tampering",
    "secret-read",
    "secret-reads",
    "2",
    "db",
    "undelivered",
]

# The secrets of a watch: one filter called all, one by its place, many of them.
SECRETS = {
    "all": ["*"],
    "prefix": ["prod/*"],
    "many": [f"{ARN}:team/service-{n}-Ab3d{n:02}" for n in range(20)],
}

Instances = dict[str, dict[str, tuple[str, bool]]]
"""By name, its watches by key: which secrets, and whether it is realtime."""


def _claims(name: str, watches: dict[str, tuple[str, bool]]) -> set[str]:
    """Names of the alarms, and what names of filters, rules and queues begin with."""
    claimed = {f"alarm {name}-{own}" for own in ("tampering", "blind", "undelivered", "undelivered-page")}
    claimed |= {f"filter {name}-tampering"}
    for key, (_, realtime) in watches.items():
        claimed |= {f"alarm {name}-{key}", f"rule {name}-{key}"}
        claimed |= {f"filter {name}-secret-reads" if key == "secret-read" else f"filter {name}-{key}"}
        claimed |= {f"alarm {name}-realtime-{key}"} if realtime else set()
    return claimed


def _generated() -> Instances:
    made: Instances = {
        "pay": {"eu": ("many", True), "eu-x": ("prefix", True), "t": ("all", False)},
        "pay-eu": {
            "db": ("many", True),
            "a": ("many", True),
            "r": ("all", True),
            "secret-read": ("prefix", False),
        },
        "pay-eu-000": {"a": ("all", True)},
        "pay-tampering": {"names": ("many", False), "all": ("all", True)},
        "pay-realtime": {"db": ("prefix", True)},
    }
    taken: set[str] = set()
    for name, watches in made.items():
        taken |= _claims(name, watches)
    while len(made) < 11:
        name = "-".join(["pay", *_random.choices(_WORDS, k=_random.randint(1, 3))])
        keys = ["-".join(_random.choices(_WORDS, k=_random.randint(1, 2))) for _ in range(3)]
        # What a plan refuses: tests/hcl.
        keys = [key for key in keys if key[0].isalpha() and not key.startswith(("undelivered", "realtime"))]
        keys = [key for key in keys if len(key) <= 20 and key != "tampering"]
        watches = {
            key: (_random.choice(list(SECRETS)), _random.random() < 0.5)
            for key in keys
            if not {"secret-read", "secret-reads"} <= set(keys)
        }
        if name in made or len(name) > 32 or not watches or _claims(name, watches) & taken:
            continue
        taken |= _claims(name, watches)
        made[name] = watches
    return made


INSTANCES = _generated()

ROOT = """
locals {
  instances = jsondecode(<<-JSON
«INSTANCES»
  JSON
  )
}

# Too many to name each of them.
module "crowd" {
  source = "../"

  email_addresses = []
  name            = "crowd"
  watches         = { for n in range(50) : "w${n}" => { realtime = n % 5 == 0, secrets = ["prod/${n}/*"] } }
}

module "beside" {
  source   = "../"
  for_each = local.instances

  name    = each.key
  watches = each.value

  topics = {
    default = { existing = { arn = "arn:aws:sns:us-east-1:000000000000:theirs", verify = false } }
    page    = {}
  }

  trail = { existing = {
    arn            = "arn:aws:cloudtrail:us-east-1:000000000000:trail/theirs"
    log_group_name = "beside"
    verify         = false
  } }
}

output "guardrails" {
  value = { for key, instance in module.beside : key => instance.guardrails }
}

output "names" {
  value = keys(local.instances)
}
"""

KINDS = {
    "aws_cloudwatch_log_metric_filter": "name",
    "aws_cloudwatch_metric_alarm": "alarm_name",
    "aws_cloudwatch_event_rule": "name",
}


@pytest.fixture(scope="module")
def plan(terraform: Any, aws: dict[str, str]) -> Iterator[Plan]:
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName=LOG_GROUP)
    given = {
        name: {
            key: {"realtime": realtime, "secrets": SECRETS[which]}
            for key, (which, realtime) in watches.items()
        }
        for name, watches in INSTANCES.items()
    }
    try:
        root = terraform.new_root("beside", ROOT.replace("«INSTANCES»", json.dumps(given)))
        yield plan_of(terraform, root)
    finally:
        logs.delete_log_group(logGroupName=LOG_GROUP)


@pytest.fixture(scope="module")
def owners(plan: Plan) -> dict[tuple[str, str], str]:
    """Whose each filter, alarm and rule is."""
    found = {}
    for name in INSTANCES:
        for values in plan.of(f'beside["{name}"]').values():
            if field := KINDS.get(values["type"]):
                part = (values["type"], values[field])
                assert part not in found, f"{part} is {found[part]}'s and {name}'s"
                found[part] = name
    return found


def tamperings(kind: str, name: str, log_group: str = LOG_GROUP) -> Iterator[dict[str, Any]]:
    """Every call that changes this part, as CloudTrail records it."""

    def event(call: str, **parameters: Any) -> dict[str, Any]:
        return {
            "awsRegion": REGION,
            "eventName": call,
            "recipientAccountId": ACCOUNT,
            "requestParameters": parameters,
            "userIdentity": {"type": "IAMUser"},
        }

    if kind == "aws_cloudwatch_log_metric_filter":
        for call in ("PutMetricFilter", "DeleteMetricFilter"):
            yield event(call, logGroupName=log_group, filterName=name)
    elif kind == "aws_cloudwatch_metric_alarm":
        for call in ("PutMetricAlarm", "SetAlarmState"):
            yield event(call, alarmName=name)
        for call in ("DeleteAlarms", "DisableAlarmActions"):
            yield event(call, alarmNames=[name])
            yield event(call, alarmNames=["cpu", "disk", "memory", name, "pa"])
    else:
        for call in ("PutRule", "DeleteRule", "DisableRule"):
            yield event(call, name=name)
        for call in ("PutTargets", "RemoveTargets"):
            yield event(call, rule=name)


@pytest.fixture(scope="module")
def patterns(plan: Plan) -> dict[str, list[FilterPattern]]:
    """What each instance's self-watch hears."""
    found = defaultdict(list)
    for name in INSTANCES:
        for address, values in plan.of(f'beside["{name}"]').items():
            # One has a key's id, which is still to come.
            if address.startswith("module.self_watch.") and (text := values.get("pattern")):
                assert len(text) <= 1024
                assert text.count("[*]") <= 3
                assert FilterPattern.parse(text).regexes == 0
                found[name].append(FilterPattern.parse(text))
    return found


def test_each_hears_of_its_own_parts_and_of_no_others(
    owners: dict[tuple[str, str], str], patterns: dict[str, list[FilterPattern]]
) -> None:
    assert len(owners) > 120
    wrong = []
    for (kind, part), owner in owners.items():
        for event in tamperings(kind, part):
            hear = {
                name
                for name, each in patterns.items()
                if any(pattern.matches_event(event) for pattern in each)
            }
            if hear != {owner}:
                wrong.append((owner, event["eventName"], part, sorted(hear)))
    assert not wrong


def test_of_many_watches_all_is_heard(plan: Plan) -> None:
    made = plan.of("crowd").items()
    patterns = [
        FilterPattern.parse(text)
        for address, values in made
        if address.startswith("module.self_watch.") and (text := values.get("pattern"))
    ]
    assert len(patterns) <= 7
    for _, values in made:
        if field := KINDS.get(values["type"]):
            for event in tamperings(values["type"], values[field], "/aws/cloudtrail/crowd"):
                assert any(pattern.matches_event(event) for pattern in patterns), event


def test_an_instance_of_the_same_name_elsewhere_is_not_heard(
    owners: dict[tuple[str, str], str], patterns: dict[str, list[FilterPattern]]
) -> None:
    """Its events come through a trail of many regions, or of an organisation."""
    for (kind, part), owner in owners.items():
        for event in tamperings(kind, part):
            for elsewhere in ({"awsRegion": "eu-west-1"}, {"recipientAccountId": "444455556666"}):
                assert not any(pattern.matches_event(event | elsewhere) for pattern in patterns[owner])


def test_policies_let_only_its_own_alarms_and_rules_in(
    plan: Plan, owners: dict[tuple[str, str], str]
) -> None:
    """As IAM compares: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"""

    def lets_in(condition: dict[str, Any], name: str) -> bool:
        def matches(operator: str) -> bool:
            arns = condition.get(operator, {}).get("aws:SourceArn", [])
            return any(fnmatch.fnmatchcase(name, arn.rsplit(":", 1)[1].removeprefix("rule/")) for arn in arns)

        return matches("ArnLike") and not matches("ArnNotLike")

    for name in INSTANCES:
        made = plan.of(f'beside["{name}"]')
        (topic,) = (made[each] for each in made if each.startswith("module.alerts.aws_sns_topic_policy."))
        condition = json.loads(topic["policy"])["Statement"][0]["Condition"]
        let_in = {
            part
            for kind, part in owners
            if kind == "aws_cloudwatch_metric_alarm" and lets_in(condition, part)
        }
        own = {
            part
            for (kind, part), owner in owners.items()
            if owner == name and kind == "aws_cloudwatch_metric_alarm"
        }
        assert let_in == own
        for address, values in made.items():
            if values["type"] == "aws_sqs_queue":
                (statement,) = json.loads(values["policy"])["Statement"]
                watch = address.split('"')[1]
                rules = {part for kind, part in owners if kind == "aws_cloudwatch_event_rule"}
                own = {
                    each["name"]
                    for other, each in made.items()
                    if other.startswith(f'module.realtime["{watch}"].')
                    and each["type"] == "aws_cloudwatch_event_rule"
                }
                assert {rule for rule in rules if lets_in(statement["Condition"], rule)} == own


def test_where_the_delivering_role_is_not_known_nothing_would_stop_it(plan: Plan) -> None:
    """On the log group of a trail that was not looked at, a guardrail would end its events."""
    guardrails = plan.outputs["guardrails"]
    assert guardrails.keys() == INSTANCES.keys()
    for name, statements in guardrails.items():
        (only,) = statements
        assert only["Sid"] == "NobodyForgesMetrics"
        assert only["Condition"] == {"StringEquals": {"cloudwatch:namespace": f"secretwatch/{name}"}}
