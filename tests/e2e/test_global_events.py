"""Events of other regions: an instance in eu-west-1 is told of IAM's calls and of reads of a replica.

Both are in us-east-1. Each thing is done while delivery is held, then released, as on AWS: what tells is what
is left by then. Mallory does it, an IAM user who may do everything. The witness is another account, with a
queue on its bus.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import clients
import pytest
from accounts import new_account_id
from deployment import wait_for
from sinks import queue_for_rules

from secretwatch import local

pytestmark = pytest.mark.later

HOME, GLOBAL = "eu-west-1", "us-east-1"

ROOT = """
variable "bus" {
  type = string
}

provider "aws" {
  region = "eu-west-1"
}

provider "aws" {
  alias  = "global"
  region = "us-east-1"
}

module "secretwatch" {
  source = "../"

  email_addresses             = ["oncall@example.com"]
  kms_deletion_window_in_days = 7
  name                        = "far"
  trail                       = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
  watches                     = { app = { secrets = ["app/*"], realtime = true } }

  self_watch = {
    global_events = module.global_events.rule_arn
    witness       = { event_bus_arn = var.bus }
  }
}

module "global_events" {
  source    = "../modules/global-events"
  providers = { aws = aws.global }

  home_region = "eu-west-1"
  name        = "far"
  secrets     = ["app/*"]
  witness     = { event_bus_arn = var.bus }
}
"""


class Account:
    """Mallory's account, and what others were told of her."""

    def __init__(self, cloud: local.LocalCloud) -> None:
        self.cloud, self.id, self.witness = cloud, new_account_id(), new_account_id()
        root = clients.client("iam", self.id)
        root.create_user(UserName="mallory")
        root.attach_user_policy(UserName="mallory", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        key = root.create_access_key(UserName="mallory")["AccessKey"]
        self._key = key["AccessKeyId"], key["SecretAccessKey"]
        self.bus = f"arn:aws:events:{HOME}:{self.witness}:event-bus/witness"
        self.queue = self._make_the_bus()
        self._witnessed: list[dict[str, Any]] = []

    def _make_the_bus(self) -> str:
        events = clients.client("events", self.witness, HOME)
        events.create_event_bus(Name="witness")
        events.put_permission(
            EventBusName="witness", StatementId="let", Action="events:PutEvents", Principal=self.id
        )
        url, arn = queue_for_rules(clients.client("sqs", self.witness, HOME), "witness")
        pattern = json.dumps({"source": [{"prefix": "aws."}]})
        events.put_rule(Name="witness", EventBusName="witness", EventPattern=pattern)
        events.put_targets(Rule="witness", EventBusName="witness", Targets=[{"Id": "q", "Arn": arn}])
        return url

    def client(self, service: str, region: str = HOME) -> Any:
        """Mallory's."""
        return clients.made(service, self._key[0], region, self._key[1])

    def messages(self, title: str) -> list[dict[str, Any]]:
        """E-mails that are one object of JSON with this in it, without what SNS writes below it."""
        mine = [each for each in self.cloud.inbox() if f":{self.id}:" in str(each["topic_arn"])]
        return [
            json.JSONDecoder().raw_decode(str(each["body"]))[0]
            for each in mine
            if f'"{title}"' in each["body"]
        ]

    def told(self) -> list[tuple[str, str]]:
        """What e-mails say that Mallory changed, and where."""
        return [
            (each["WATCH CHANGED"], each["Where"])
            for each in self.messages("WATCH CHANGED")
            if each["By"].get("userName") == "mallory"
        ]

    def witnessed(self) -> list[tuple[str, str]]:
        """The same of what the witness has got."""
        sqs = clients.client("sqs", self.witness, HOME)
        while found := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for each in found:
                self._witnessed.append(json.loads(each["Body"]))
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=each["ReceiptHandle"])
        return [
            (each["detail"]["eventName"], f"{each['region']}, account {each['account']}")
            for each in self._witnessed
            if each["detail"]["userIdentity"].get("userName") == "mallory"
        ]

    def where(self, region: str) -> str:
        return f"{region}, account {self.id}"


@pytest.fixture(scope="module")
def account(terraform: Any, aws: dict[str, str], local_cloud: local.LocalCloud) -> Iterator[Account]:
    account = Account(local_cloud)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", account.id)
        patch.setenv("TF_VAR_bus", account.bus)
        root = terraform.new_root("far", ROOT)
        with local.held_delivery(local_cloud):
            said = terraform.run(root, "apply", "-auto-approve")
            local_cloud.confirm()
        assert "Warning" not in said
        terraform.run(root, "plan", "-detailed-exitcode")  # any change would be a failure
        yield account
        terraform.run(root, "destroy", "-auto-approve")


Held = Callable[..., local.HeldDelivery]


def new(told: Callable[[], list[tuple[str, str]]], before: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return told()[len(before) :]


def test_a_change_of_the_trails_role_is_told_at_home_and_to_the_witness(
    account: Account, held_delivery: Held
) -> None:
    iam, role = account.client("iam"), f"far-trail-{HOME}"
    (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    kept = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    told, witnessed = account.told(), account.witnessed()
    with held_delivery() as held:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
        held.release()
        expected = [("DeleteRolePolicy", account.where(GLOBAL))]
        wait_for("the e-mail", lambda: new(account.told, told) == expected)
        wait_for("the witness's", lambda: new(account.witnessed, witnessed) == expected)
    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(kept))
    expected.append(("PutRolePolicy", account.where(GLOBAL)))
    wait_for("the second e-mail", lambda: new(account.told, told) == expected)
    wait_for("the witness's", lambda: new(account.witnessed, witnessed) == expected)


def by_its_rule(account: Account) -> Callable[[], Any]:
    events, rule = account.client("events", GLOBAL), "far-self-watch-global-changes"
    events.disable_rule(Name=rule)
    return lambda: events.enable_rule(Name=rule)


def by_its_role(account: Account) -> Callable[[], Any]:
    iam, named = account.client("iam"), {"RoleName": f"far-events-{GLOBAL}", "PolicyName": "send-events"}
    kept = iam.get_role_policy(**named)["PolicyDocument"]
    iam.delete_role_policy(**named)
    return lambda: iam.put_role_policy(**named, PolicyDocument=json.dumps(kept))


@pytest.mark.parametrize(
    ("stop", "told_of", "undone"),
    [
        (by_its_rule, "DisableRule", ["EnableRule"]),
        # Both rules hear of this role, and only one can send when its policy is gone.
        (by_its_role, "DeleteRolePolicy", ["PutRolePolicy", "PutRolePolicy"]),
    ],
)
def test_who_stops_events_from_being_sent_is_named(
    account: Account,
    held_delivery: Held,
    stop: Callable[[Account], Callable[[], Any]],
    told_of: str,
    undone: list[str],
) -> None:
    told, witnessed = account.told(), account.witnessed()
    expected = [(told_of, account.where(GLOBAL))]
    with held_delivery() as held:
        undo = stop(account)
        try:
            held.release()
            wait_for("the e-mail", lambda: new(account.told, told) == expected)
            wait_for("the witness's", lambda: new(account.witnessed, witnessed) == expected)
        finally:
            undo()
    expected += [(name, account.where(GLOBAL)) for name in undone]
    wait_for("the last e-mail", lambda: new(account.told, told) == expected)
    wait_for("the witness's", lambda: new(account.witnessed, witnessed) == expected)


def test_the_witness_is_told_where_nobody_in_the_account_is(account: Account, held_delivery: Held) -> None:
    """The fast way's topic is closed, and the slow way's alarm deleted, before either event arrives."""
    cloudwatch, sns = account.client("cloudwatch"), account.client("sns")
    topic = f"arn:aws:sns:{HOME}:{account.id}:far-self-watch"
    kept = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    (described,) = cloudwatch.describe_alarms(AlarmNames=["far-tampering"])["MetricAlarms"]
    members = cloudwatch.meta.service_model.shape_for("PutMetricAlarmInput").members
    alarm = {key: value for key, value in described.items() if key in members}
    owner = {"Effect": "Allow", "Principal": {"AWS": account.id}, "Action": "sns:*", "Resource": topic}
    closed = json.dumps({"Version": "2012-10-17", "Statement": [owner]})

    def set_policy(policy: str) -> None:
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)

    def tampering() -> list[Any]:
        return [
            each
            for each in account.cloud.inbox()
            if f":{account.id}:" in str(each["topic_arn"]) and '"far-tampering"' in str(each["subject"])
        ]

    # What came before has rung, and is out of the alarm's sight.
    account.cloud.tick(16)
    told, witnessed, rang = account.told(), account.witnessed(), tampering()
    with held_delivery() as held:
        set_policy(closed)
        cloudwatch.delete_alarms(AlarmNames=["far-tampering"])
        try:
            held.release()
            account.cloud.tick()
            expected = sorted((name, account.where(HOME)) for name in ("DeleteAlarms", "SetTopicAttributes"))
            wait_for("the witness's", lambda: sorted(new(account.witnessed, witnessed)) == expected)
            assert (new(account.told, told), tampering()) == ([], rang)
        finally:
            set_policy(kept)
            cloudwatch.put_metric_alarm(**alarm)
    wait_for("an e-mail of the undoing", lambda: len(new(account.told, told)) == 2)


def test_a_read_of_a_replica_sends_the_realtime_message(account: Account, held_delivery: Held) -> None:
    made = account.client("secretsmanager").create_secret(
        Name="app/db", SecretString="x", AddReplicaRegions=[{"Region": GLOBAL}]
    )
    reads = account.messages("SECRET READ")
    replica = account.client("secretsmanager", GLOBAL)
    ids = ["app/db", str(made["ARN"]), str(made["ARN"]).replace(HOME, GLOBAL)]
    with held_delivery() as held:
        for each in ids:
            replica.get_secret_value(SecretId=each)
        held.release()
        wait_for("three messages", lambda: len(account.messages("SECRET READ")) == len(reads) + len(ids))
    found = account.messages("SECRET READ")[len(reads) :]
    assert sorted(each["SECRET READ"]["secretId"] for each in found) == sorted(ids)
    for each in found:
        assert each["Reader"]["userName"] == "mallory"
        assert each["Where"] == account.where(GLOBAL)
        # The link leads to where the event is.
        assert f"region={GLOBAL}#/events/{each['Event']['detail']['eventID']}" in each["Look"]
