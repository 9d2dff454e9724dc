"""Every call that silences, made by Mallory on the local cloud with delivery held: the fast way names her.

All of them on one deployment, one after the other, and nothing is put back but what the fast way itself
needs. Each takes away a part, or tries: an attempt that AWS refuses is told of as well. Calls of services
that are not here are held against the rules' patterns alone (tests/plan/test_silencing.py).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
import botocore.exceptions
import botocore.session
import pytest
from deployment import wait_for

from secretwatch import local
from secretwatch.cloudtrail.names import event_name
from secretwatch.silencing import ROWS, Row, Verdict

# A minute: with `scripts/test -m slow`.
pytestmark = pytest.mark.slow

ACCOUNT = "720000000095"
ROOT = """
module "secretwatch" {
  source = "../"

  email_addresses             = ["oncall@example.com"]
  heartbeat                   = {}
  kms_deletion_window_in_days = 7
  name                        = "replay"
  trail                       = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
  watches                     = { app = { secrets = ["app"] } }
}

output "watches" {
  value = module.secretwatch.watches
}
"""

SERVICES = {"monitoring": "cloudwatch", "states": "stepfunctions"}
# Not on the local cloud, or not in the pinned models.
NOT_HERE = {"account", "observabilityadmin", "organizations"}
# What a call needs beside the name of the part.
NEEDS: dict[str, dict[str, Any]] = {
    "AssociateKmsKey": {
        "kmsKeyId": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/0f3c8a5e-1b2d-4c6f-9a7b-5d4e3f2a1b0c"
    },
    "AttachRolePolicy": {"PolicyArn": "arn:aws:iam::aws:policy/AWSDenyAll"},
    "DeleteRolePolicy": {"PolicyName": "any"},
    "DisconnectCustomKeyStore": {"CustomKeyStoreId": "cks-1"},
    "DetachRolePolicy": {"PolicyArn": "arn:aws:iam::aws:policy/AWSDenyAll"},
    "PutAccountPolicy": {
        "policyName": "quiet",
        "policyType": "DATA_PROTECTION_POLICY",
        "policyDocument": "{}",
    },
    "PutAlarmMuteRule": {
        "Name": "quiet",
        "Rule": {"Schedule": {"Expression": "cron(* * * * *)", "Duration": "PT1H"}},
    },
    "PutBucketEncryption": {
        "ServerSideEncryptionConfiguration": {
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        }
    },
    "PutBucketPolicy": {"Policy": "{}"},
    "PutCompositeAlarm": {"AlarmRule": "FALSE"},
    "PutDataProtectionPolicy": {"policyDocument": "{}", "DataProtectionPolicy": "{}"},
    "PutKeyPolicy": {"PolicyName": "default", "Policy": "{}"},
    "PutMetricAlarm": {
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 1e9,
    },
    "PutMetricFilter": {
        "filterPattern": "nothing",
        "metricTransformations": [{"metricName": "x", "metricNamespace": "x", "metricValue": "1"}],
    },
    "PutPermission": {"Action": "events:PutEvents", "Principal": ACCOUNT, "StatementId": "x"},
    "PutResourcePolicy": {"ResourcePolicy": "{}"},
    "PutRolePermissionsBoundary": {"PermissionsBoundary": "arn:aws:iam::aws:policy/AWSDenyAll"},
    "PutRolePolicy": {"PolicyName": "x", "PolicyDocument": "{}"},
    "PutRule": {"ScheduleExpression": "rate(1 day)"},
    "PutTargets": {"Targets": [{"Id": "x", "Arn": f"arn:aws:sns:us-east-1:{ACCOUNT}:elsewhere"}]},
    "RemovePermission": {"Label": "AlarmsPublish"},
    "RemoveTargets": {"Ids": ["x"]},
    "SetAlarmState": {"StateValue": "ALARM", "StateReason": "quiet"},
    "SetSubscriptionAttributes": {"AttributeName": "FilterPolicy", "AttributeValue": '{"never": ["x"]}'},
    "SetTopicAttributes": {"AttributeName": "Policy", "AttributeValue": "{}"},
    "UpdateAssumeRolePolicy": {"PolicyDocument": "{}"},
    "UpdateCustomKeyStore": {"CustomKeyStoreId": "cks-1"},
    "UpdateConnection": {"Description": "x"},
    "UpdateStateMachine": {"definition": "{}"},
}


@dataclass
class Scene:
    cloud: local.LocalCloud
    watch: dict[str, Any]
    session: Any = field(init=False)

    def __post_init__(self) -> None:
        iam = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="x").client("iam")
        iam.create_user(UserName="mallory")
        iam.attach_user_policy(UserName="mallory", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        key = iam.create_access_key(UserName="mallory")["AccessKey"]
        self.session = boto3.Session(
            aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
        )
        topic = self.watch["topic_arn"]
        (subscription,) = self.session.client("sns").list_subscriptions_by_topic(TopicArn=topic)[
            "Subscriptions"
        ]
        self.parts = {
            "alarm": self.watch["alarm_name"],
            "bucket": self.watch["bucket_name"],
            "bus_arn": f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default",
            "connection": "replay-heartbeat",
            "filter": self.watch["metric_filter_name"],
            "heartbeat": "replay-heartbeat",
            "key_arn": self.watch["kms_key_arn"],
            "key_id": self.watch["kms_key_arn"].split("/")[-1],
            "log_group": self.watch["log_group_name"],
            "log_group_arn": self.watch["log_group_arn"],
            "role": "replay-trail-us-east-1",
            "rule": "replay-heartbeat",
            "state_machine_arn": self.watch["heartbeat"]["state_machine_arn"],
            "topic_arn": topic,
            "trail": "replay",
            "trail_arn": self.watch["trail_arn"],
        }
        self.subscription = subscription["SubscriptionArn"]

    def changes(self) -> list[dict[str, Any]]:
        bodies = [str(each["body"]) for each in self.cloud.inbox()]
        told = [json.JSONDecoder().raw_decode(body)[0] for body in bodies if '"WATCH CHANGED"' in body]
        return [each for each in told if each["Where"].endswith(ACCOUNT)]

    def make(self, row: Row, action: str) -> None:
        """The call, whatever becomes of it."""
        client = self.session.client(SERVICES.get(row.service, row.service))
        model = client.meta.service_model
        service = SERVICES.get(row.service, row.service)
        (operation,) = (each for each in model.operation_names if event_name(service, each) == action)
        members = model.operation_model(operation).input_shape.members
        names = {("bucketname" if name == "Bucket" else name.lower()): name for name in members}
        text = json.dumps(row.requests[0])
        for part, value in self.parts.items():
            text = text.replace("{" + part + "}", value)
        given = {names[key.lower()]: value for key, value in json.loads(text).items() if key.lower() in names}
        if "SubscriptionArn" in given:
            given["SubscriptionArn"] = self.subscription
        if action == "PutEventSelectors":
            given["EventSelectors"] = [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}]
        if action == "PutAlarmMuteRule":
            given["MuteTargets"] = {"AlarmNames": [self.parts["alarm"]]}
        given |= {name: value for name, value in NEEDS.get(action, {}).items() if name in members}
        with contextlib.suppress(botocore.exceptions.ClientError):
            client._make_api_call(operation, given)


@pytest.fixture(scope="module")
def scene(terraform: Any, aws: dict[str, str], local_cloud: local.LocalCloud) -> Iterator[Scene]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
        boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="x").client(
            "secretsmanager"
        ).create_secret(Name="app", SecretString="x")
        root = terraform.new_root("replay", ROOT)
        terraform.run(root, "apply", "-auto-approve")
        local_cloud.confirm()
        watches = json.loads(terraform.run(root, "output", "-json", "watches"))
        yield Scene(local_cloud, watches["app"])


def _is_known(row: Row, action: str) -> bool:
    """To the pinned models, with the local cloud's additions."""
    return action in _known(SERVICES.get(row.service, row.service))


@cache
def _known(service: str) -> frozenset[str]:
    model = botocore.session.get_session().get_service_model(service)
    return frozenset(event_name(service, each) for each in model.operation_names)


# What is gone for good comes last.
CASES = sorted(
    (
        (row, action)
        for row in ROWS
        if row.verdict is Verdict.SILENCES and row.fast and row.service not in NOT_HERE
        for action in row.actions
        if _is_known(row, action) and action != "DeleteTrail"
    ),
    key=lambda case: case[1].startswith(("Delete", "Schedule")),
)


@pytest.mark.parametrize(("row", "action"), CASES, ids=[f"{row.service}-{action}" for row, action in CASES])
def test_she_is_named(
    scene: Scene, held_delivery: Callable[..., local.HeldDelivery], row: Row, action: str
) -> None:
    cloudtrail = scene.session.client("cloudtrail")
    with held_delivery() as held:
        scene.make(row, action)
        held.release()
        wait_for(
            "the message",
            lambda: [
                each
                for each in scene.changes()
                if each["WATCH CHANGED"] == action and each["By"].get("userName") == "mallory"
            ],
            seconds=10,
        )
    if row.part in ("trail", "selectors"):
        selector = {"ReadWriteType": "All", "IncludeManagementEvents": True}
        cloudtrail.start_logging(Name="replay")
        cloudtrail.put_event_selectors(TrailName="replay", EventSelectors=[selector])


def test_a_deleted_trail_is_told_of_by_silence(scene: Scene) -> None:
    """AWS does not say whether DeleteTrail's own event still comes: here it does not."""
    scene.session.client("cloudtrail").delete_trail(Name="replay")
    minutes = scene.watch["heartbeat"]["minutes"] + 12
    scene.cloud.tick(minutes)
    cloudwatch = scene.session.client("cloudwatch")
    alarms = cloudwatch.describe_alarms(AlarmNames=["replay-blind", "replay-heartbeat"])["MetricAlarms"]
    assert {each["AlarmName"]: each["StateValue"] for each in alarms} == {
        "replay-blind": "ALARM",
        "replay-heartbeat": "ALARM",
    }
