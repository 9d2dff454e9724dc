"""The table of what can silence a watch, held against the plan: each row is heard by the ways that it says.

For each row, each way in which its calls name the part, and each of the instance's parts of the kind there is
an event that has to ring; the same of another instance, whose name begins alike, and of another region or
account, must not, and no read does.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import botocore.session
import pytest

from secretwatch.cloudtrail.classify import is_read_only
from secretwatch.cloudtrail.names import event_name
from secretwatch.eventpattern import EventPattern
from secretwatch.filterpattern import FilterPattern
from secretwatch.silencing import ROWS, Row, Verdict

from .conftest import ACCOUNT, REGION, Plan, plan_of

KEYS = {
    kind: f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{number * 8}-0000-4000-8000-000000000000"
    for kind, number in (("trail", "1"), ("topics", "2"))
}

ROOT = f"""
locals {{
  watches = {{
    app    = {{ secrets = ["*"], realtime = true, details = true }}
    # Its alarm's name begins as all of instance pay-eu's do.
    eu-db  = {{ secrets = ["prod/*"], realtime = true }}
  }}
}}

# Keys are known only where they are somebody else's.
module "instance" {{
  source   = "../"
  for_each = toset(["pay", "pay-eu"])

  email_addresses = ["oncall@example.com"]
  heartbeat       = {{ ping = {{ url = "https://hc-ping.com/0f3c8a5e" }} }}
  name            = each.key
  watches         = {{ for key, watch in local.watches : key => watch if each.key == "pay" || key == "app" }}
}}

module "given" {{
  source   = "../"
  for_each = toset(["given", "given-eu"])

  kms_keys   = {{ topics = {{ arn = "{KEYS["topics"]}" }}, trail = {{ arn = "{KEYS["trail"]}" }} }}
  name       = each.key
  self_watch = {{
    except  = ["arn:aws:iam::{ACCOUNT}:role/deploy", "arn:aws:iam::{ACCOUNT}:role/ci/*"]
    topics  = ["page"]
    witness = {{ event_bus_arn = "arn:aws:events:{REGION}:444455556666:event-bus/witness" }}
  }}
  topics = {{
    page   = {{}}
    theirs = {{ existing = {{ arn = "arn:aws:sns:{REGION}:{ACCOUNT}:their-${{each.key}}", verify = false }} }}
  }}
  watches    = local.watches
}}

output "names" {{
  value = keys(module.instance)
}}
"""
INSTANCES = ('instance["pay"]', 'instance["pay-eu"]', 'given["given"]', 'given["given-eu"]')


@pytest.fixture(scope="module")
def plan(terraform: Any, aws: dict[str, str]) -> Plan:
    return plan_of(terraform, terraform.new_root("silencing", ROOT))


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


class Instance:
    """An instance as planned: its parts by name, and what its two ways hear."""

    def __init__(self, plan: Plan, module: str) -> None:
        self.name = module.split('"')[1]
        made = plan.of(module)

        def of(kind: str, field: str) -> list[str]:
            return [each[field] for each in made.values() if each["type"] == kind]

        topics = [_arn("sns", name) for name in of("aws_sns_topic", "name")]
        topics += [_arn("sns", f"their-{self.name}")] if "given" in module else []
        group, trail = f"/aws/cloudtrail/{self.name}", _arn("cloudtrail", f"trail/{self.name}")
        self.parts: dict[str, list[str]] = {
            "account": [ACCOUNT],
            "connection": of("aws_cloudwatch_event_connection", "name"),
            "heartbeat": [
                name for name in of("aws_secretsmanager_secret", "name") if name.endswith("heartbeat")
            ],
            "alarm": of("aws_cloudwatch_metric_alarm", "alarm_name"),
            "bucket": of("aws_s3_bucket", "bucket"),
            "bus_arn": [_arn("events", "event-bus/default")],
            "filter": of("aws_cloudwatch_log_metric_filter", "name"),
            "key_arn": list(KEYS.values()) if "given" in module else [],
            "key_id": [arn.split("/")[1] for arn in KEYS.values()] if "given" in module else [],
            "log_group": [group],
            "log_group_arn": [_arn("logs", f"log-group:{group}")],
            "region": [REGION],
            "role": of("aws_iam_role", "name"),
            "rule": of("aws_cloudwatch_event_rule", "name"),
            "topic_arn": topics,
            "state_machine_arn": [
                _arn("states", f"stateMachine:{name}") for name in of("aws_sfn_state_machine", "name")
            ],
            "details_arn": [
                _arn("states", f"stateMachine:{name}")
                for name in of("aws_sfn_state_machine", "name")
                if "-details-" in name
            ],
            "execution_arn": [
                _arn("states", f"execution:{name}:0f3c8a5e")
                for name in of("aws_sfn_state_machine", "name")
                if "-details-" in name
            ],
            "trail": [self.name],
            "trail_arn": [trail],
        }
        self.parts["heartbeat_arn"] = [
            _arn("secretsmanager", f"secret:{name}-Ab3dE9") for name in self.parts["heartbeat"]
        ]
        self.slow = [
            FilterPattern.parse(text)
            for address, each in made.items()
            if address.startswith("module.self_watch.") and (text := each.get("pattern"))
        ]
        self.fast = [
            EventPattern.parse(text)
            for address, each in made.items()
            if address.startswith("module.fast_self_watch") and (text := each.get("event_pattern"))
        ]
        self.texts = [
            text
            for address, each in made.items()
            if address.startswith("module.fast_self_watch") and (text := each.get("event_pattern"))
        ]

    def requests(self, row: Row) -> Iterator[dict[str, Any]]:
        """Each request of the row with each of the instance's parts in it."""
        for template in row.requests:
            text = json.dumps(template)
            fields = [field for field in self.parts if "{" + field + "}" in text]
            for values in itertools.product(*(self.parts[field] for field in fields)):
                filled = text
                for field, value in zip(fields, values, strict=True):
                    filled = filled.replace("{" + field + "}", value)
                if "{" not in filled.replace("{}", "").replace('{"', "").replace("[{", ""):
                    yield json.loads(filled)

    def hears(self, event: Mapping[str, Any]) -> tuple[bool, bool]:
        """Fast, slow."""
        sent = {
            "source": f"aws.{event['eventSource'].removesuffix('.amazonaws.com')}",
            "detail-type": "AWS API Call via CloudTrail",
            "account": event["recipientAccountId"],
            "region": event["awsRegion"],
            "detail": event,
        }
        return (
            any(pattern.matches(sent) for pattern in self.fast),
            any(pattern.matches_event(event) for pattern in self.slow),
        )


@pytest.fixture(scope="module")
def instances(plan: Plan) -> dict[str, Instance]:
    return {(made := Instance(plan, module)).name: made for module in INSTANCES}


# botocore's names of services, where events have others.
MODELS = {"monitoring": "cloudwatch", "states": "stepfunctions"}
GLOBAL = {"account", "iam", "organizations"}


def event_of(row: Row, action: str, parameters: Mapping[str, Any] | None, **more: Any) -> dict[str, Any]:
    return {
        "awsRegion": "us-east-1" if row.service in GLOBAL else REGION,
        "eventCategory": "Management",
        "eventName": action,
        "eventSource": row.event_source,
        "managementEvent": True,
        "readOnly": False,
        "recipientAccountId": ACCOUNT,
        "requestParameters": parameters,
        "userIdentity": {"type": "IAMUser", "userName": "mallory"},
    } | more


HEARD = [row for row in ROWS if row.fast or row.slow]
# Whose names no other region's have, or which belong to none.
NO_REGION = {"bucket", "bus", "details", "keys", "topics", "subscriptions"}
REGIONAL = [row for row in HEARD if row.slow and row.service not in GLOBAL and row.part not in NO_REGION]


def _names_no_instance(row: Row) -> bool:
    return not any(
        "{" + field in json.dumps(row.requests)
        for field in ("trail", "log_group", "filter", "alarm", "topic", "rule", "bucket", "key", "role")
    )


@pytest.mark.parametrize("row", HEARD, ids=lambda row: f"{row.part}-{row.actions[0]}")
def test_each_row_is_heard_by_the_ways_that_it_says(row: Row, instances: dict[str, Instance]) -> None:
    wrong, events = [], 0
    for name, instance in instances.items():
        if row.part == "keys" and not name.startswith("given"):
            continue
        for action, parameters in itertools.product(row.actions, instance.requests(row)):
            events += 1
            event = event_of(row, action, parameters)
            heard = instance.hears(event)
            if (row.fast and not heard[0]) or (row.slow and not heard[1]):
                wrong.append((name, action, parameters, heard))
            if _names_no_instance(row):
                continue
            for other, neighbour in instances.items():
                # Both of these have the same given keys.
                if other == name or row.part == "keys":
                    continue
                fast, slow = neighbour.hears(event)
                # Said in the table: a mute rule for a neighbour whose name begins alike.
                if fast or (slow and row.part != "mute rules"):
                    wrong.append((f"{other} of {name}'s", action, parameters, (fast, slow)))
    assert events > 0
    assert not wrong, wrong[:5]


@pytest.mark.parametrize("row", REGIONAL, ids=lambda row: f"{row.part}-{row.actions[0]}")
def test_an_instance_of_the_same_name_elsewhere_is_not_heard(
    row: Row, instances: dict[str, Instance]
) -> None:
    """A trail of all regions brings what is done to an instance of this name in another one."""
    instance = instances["pay"]
    for action, parameters in itertools.product(row.actions, instance.requests(row)):
        event = event_of(row, action, parameters, awsRegion="eu-west-1")
        assert not instance.hears(event)[1], (action, parameters)


def test_a_padded_call_whose_parameters_were_omitted_is_heard(instances: dict[str, Instance]) -> None:
    """CloudTrail writes no name then: it could be about any part."""
    omitted = {"reason": "requestParameters too large", "omitted": True, "originalSize": 102500}
    unheard = {"account", "observabilityadmin", "organizations", "secretsmanager"}
    for row in (row for row in HEARD if row.service not in unheard):
        for name, instance in instances.items():
            # Whose keys are its own has a pattern that is known after the apply.
            if row.part == "keys" and not name.startswith("given"):
                continue
            fast, slow = instance.hears(event_of(row, row.actions[0], omitted))
            assert fast or not row.fast, (name, row)
            assert slow, (name, row)


def test_no_read_is_heard(instances: dict[str, Instance]) -> None:
    """Whatever it names."""
    models, asked = botocore.session.get_session(), 0
    for row in HEARD:
        service = MODELS.get(row.service, row.service)
        model = models.get_service_model(service)
        for operation in model.operation_names:
            action = event_name(service, operation)
            shape = model.operation_model(operation).input_shape
            takes = (
                {"bucketname" if name == "Bucket" else name.lower() for name in shape.members}
                if shape
                else set()
            )
            if not is_read_only(row.event_source, action):
                continue
            for parameters in instances["pay"].requests(row):
                if not {name.lower() for name in parameters} & takes:
                    continue
                asked += 1
                event = event_of(row, action, parameters, readOnly=True)
                assert instances["pay"].hears(event) == (False, False), event
    assert asked > 300


def test_roles_left_out_are_not_heard_and_session_names_do_not_count(instances: dict[str, Instance]) -> None:
    def identity(role: str, session: str) -> dict[str, Any]:
        return {
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.split('/')[-1]}/{session}",
            "sessionContext": {"sessionIssuer": {"arn": f"arn:aws:iam::{ACCOUNT}:role/{role}"}},
        }

    instance = instances["given"]
    for row in HEARD:
        for action, parameters in itertools.product(row.actions, instance.requests(row)):
            for role in ("deploy", "ci/any"):
                event = event_of(row, action, parameters, userIdentity=identity(role, "x"))
                assert instance.hears(event) == (False, False)
            # Whoever may choose a session's name is not thereby the role.
            for role, session in (("mallory", "deploy"), ("mallory", "ci"), ("deploy2", "deploy")):
                event = event_of(row, action, parameters, userIdentity=identity(role, session))
                fast, slow = instance.hears(event)
                assert fast or not row.fast, event
                assert slow or not row.slow, event


def test_patterns_are_within_what_aws_takes(instances: dict[str, Instance]) -> None:
    for instance in instances.values():
        assert len(instance.fast) >= 9
        assert max(map(len, instance.texts)) <= 2048


def test_what_silences_is_heard_in_one_way_at_least() -> None:
    """But for calls that reach no trail of the account."""
    silent = [row for row in ROWS if row.verdict is Verdict.SILENCES and not row.fast and not row.slow]
    assert silent == []
