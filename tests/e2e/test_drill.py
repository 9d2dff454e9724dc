"""`secretwatch drill` against the local cloud, as an operator runs it: one deployment, drilled as anna."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from deployment import delete_alarms, wait_for

from secretwatch import local
from secretwatch.filterpattern import FilterPattern

pytestmark = pytest.mark.later

COMMAND = Path(sys.executable).with_name("secretwatch")
ACCOUNT = "720000000092"
VALUE = "we need 3 coffees a day to function"
SECRETS = ("app", "calm", "held", "lonely")

ROOT = """
module "secretwatch" {
  source = "../"

  kms_deletion_window_in_days = 7
  look_up_secrets             = true
  name                        = "drill"
  trail                       = { bucket_expiration_in_days = 0, bucket_force_destroy = true }

  topics = {
    lonely = { email_addresses = ["nobody@example.com"] }
    people = { email_addresses = ["late@example.com", "ops@example.com"] }
  }

  watches = {
    app = {
      except   = ["arn:aws:iam::720000000092:role/app"]
      realtime = true
      secrets  = ["app"]
      topics   = ["people"]
    }
    calm    = { secrets = ["calm"], topics = ["people"] }
    changes = { events = ["changes"], secrets = ["app"], topics = ["people"] }
    held    = { secrets = ["held"], topics = ["people"] }
    lonely  = { secrets = ["lonely"], topics = ["lonely"] }
  }
}

resource "aws_sqs_queue" "this" {
  for_each = toset(["filtered", "letters"])

  name = each.key
  policy = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect    = "Allow"
    Principal = { Service = "sns.amazonaws.com" }
    Action    = "sqs:SendMessage"
    Resource  = "arn:aws:sqs:us-east-1:720000000092:${each.key}"
  }] })
}

resource "aws_sns_topic_subscription" "this" {
  for_each = { filtered = { team = ["database"] }, letters = null }

  endpoint      = aws_sqs_queue.this[each.key].arn
  filter_policy = each.value == null ? null : jsonencode(each.value)
  protocol      = "sqs"
  topic_arn     = module.secretwatch.watches["app"].topic_arn
}

output "watches" {
  value = module.secretwatch.watches
}
"""


@dataclass
class Deployed:
    root: Path
    watches: dict[str, Any]
    cloud: local.LocalCloud
    keys: dict[str, str]

    @property
    def session(self) -> Any:
        return boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="x")

    def let_alarms_end(self) -> None:
        """What rang is OK again, without waiting for its period to pass."""
        self.cloud.tick(16)
        alarms = self.session.client("cloudwatch")
        names = [each["alarm_name"] for each in self.watches.values()]

        def ringing() -> list[str]:
            found = alarms.describe_alarms(AlarmNames=names)["MetricAlarms"]
            return [each["AlarmName"] for each in found if each["StateValue"] == "ALARM"]

        wait_for("all alarms to be OK", lambda: not ringing())

    def notices(self) -> list[dict[str, Any]]:
        """The inbox's DRILL messages of this account's topics."""
        mails = [each for each in self.cloud.inbox() if f":{ACCOUNT}:" in str(each["topic_arn"])]
        return [each for each in mails if str(each["subject"]).startswith("DRILL: ")]


@pytest.fixture(scope="module")
def deployed(terraform: Any, aws: dict[str, str], local_cloud: local.LocalCloud) -> Iterator[Deployed]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
        session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="x")
        for name in SECRETS:
            session.client("secretsmanager").create_secret(Name=name, SecretString=VALUE)
        iam = session.client("iam")
        iam.create_user(UserName="anna")
        iam.attach_user_policy(UserName="anna", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        key = iam.create_access_key(UserName="anna")["AccessKey"]
        trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
        iam.create_role(
            RoleName="app",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        iam.attach_role_policy(RoleName="app", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        root = terraform.new_root("drilled", ROOT)
        with local.held_delivery(local_cloud):
            terraform.run(root, "apply", "-auto-approve")
        for mail in local_cloud.inbox():
            if mail["to"] == "ops@example.com" and mail["confirm_url"] and ACCOUNT in mail["topic_arn"]:
                topic = mail["topic_arn"]
                token = mail["confirm_url"].split("Token=")[1].split("&")[0]
                session.client("sns").confirm_subscription(TopicArn=topic, Token=token)
        watches = json.loads(terraform.run(root, "output", "-json", "watches"))
        keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        # Not destroyed, which the examples are: the cloud ends with the run, and all that is in it.
        made = Deployed(root, watches, local_cloud, terraform.env | keys)
        yield made
        delete_alarms(made.session)


@pytest.fixture
def start(deployed: Deployed) -> Callable[..., subprocess.Popen[str]]:
    def start(*options: str, **keys: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [COMMAND, "drill", str(deployed.root), *options],
            env=os.environ | deployed.keys | keys,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return start


def ended(process: subprocess.Popen[str], answers: str = "") -> tuple[int, str, str]:
    out, err = process.communicate(answers, timeout=300)
    return process.returncode, out, err


def states(topic: dict[str, Any]) -> dict[str, str]:
    return {each["endpoint"].rsplit(":", 1)[-1]: each["state"] for each in topic["subscriptions"]}


def test_a_drill_of_all_watches(start: Any, deployed: Deployed, tmp_path: Path) -> None:
    """Topics, subscriptions and alarms in every state; nobody is told of the watch `lonely`."""
    sqs = deployed.session.client("sqs")
    url = sqs.get_queue_url(QueueName="letters")["QueueUrl"]
    for number in range(12):
        sqs.send_message(QueueUrl=url, MessageBody=f"somebody else's {number}")
    reports = [tmp_path / "drill.json", tmp_path / "drill.html"]
    code, out, err = ended(start("--json", *(f"--report={each}" for each in reports)))
    assert code == 1, out + err
    record = json.loads(out)
    assert json.loads(reports[0].read_text()) == record
    assert record["reasons"] == [
        "Nobody got a message through drill-lonely: email nobody@example.com is pending."
    ], err
    assert record["caller"] == f"arn:aws:iam::{ACCOUNT}:user/anna"

    watches = {each["watch"]: each for each in record["watches"]}
    assert not watches["drill/changes"]["drilled"]
    for name in SECRETS:
        assert {hop["status"] for hop in watches[f"drill/{name}"]["hops"]} == {"ok"}, name
    assert watches["drill/app"]["hops"][-1]["name"] == "realtime message received"

    topics = {each["arn"].rsplit(":", 1)[-1]: each for each in record["topics"]}
    assert topics.keys() == {"drill-lonely", "drill-people", "drill-self-watch"}
    people = topics["drill-people"]
    assert states(people) == {
        "filtered": "filtered",
        "late@example.com": "pending",
        "letters": "seen",
        "ops@example.com": "seen",
    }
    assert states(topics["drill-lonely"]) == {"nobody@example.com": "pending"}
    assert states(topics["drill-self-watch"])["ops@example.com"] == "seen"
    assert all(str(each).startswith("Success") for each in people["alarms"].values())
    (letters,) = (each for each in people["subscriptions"] if each["endpoint"].endswith(":letters"))
    assert letters["seen"].keys() == {
        "DRILL message",
        "alarm of drill/app",
        "alarm of drill/calm",
        "alarm of drill/held",
        "realtime message of drill/app",
    }

    # The receivers' messages.
    notices = [each for each in deployed.notices() if record["drill"] in each["body"]]
    sent_to = sorted((each["topic_arn"].rsplit(":", 1)[-1], each["to"]) for each in notices)
    assert sent_to == [("drill-people", "ops@example.com"), ("drill-self-watch", "ops@example.com")]
    for words in ("user/anna", record["drill"], "drill-app", "rehearsal"):
        assert words in notices[0]["body"]

    # Others' messages were not deleted, and are there to be received.
    bodies: list[str] = []
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        bodies += [each["Body"] for each in found]
    assert {f"somebody else's {number}" for number in range(12)} <= set(bodies)
    assert sum(record["drill"] in each for each in bodies) == 2, bodies

    html = reports[1].read_text()
    assert record["drill"] in html
    assert watches["drill/app"]["read"]["event_id"] in html
    assert VALUE not in out + err + html + reports[0].read_text()


def events_of(deployed: Deployed, agent: str) -> list[dict[str, Any]]:
    found = deployed.session.client("logs").filter_log_events(
        logGroupName=deployed.watches["app"]["log_group_name"], filterPattern=f'"{agent}"'
    )["events"]
    return [json.loads(each["message"]) for each in found]


def test_the_trail_knows_the_drill_and_no_alarm_of_the_self_watch_rings(
    start: Any, deployed: Deployed
) -> None:
    deployed.let_alarms_end()
    code, out, err = ended(start("--watch", "calm", "--json"))
    record = json.loads(out)
    assert code == 0, out + err
    assert (record["result"], record["reasons"]) == ("pass", [])
    (watch,) = record["watches"]
    events = events_of(deployed, record["user_agent"])
    reads = [each for each in events if each["eventName"] == "GetSecretValue"]
    assert [each["eventID"] for each in reads] == [watch["read"]["event_id"]]
    assert {"ListSubscriptionsByTopic", "GetSubscriptionAttributes"} <= {each["eventName"] for each in events}
    filters = deployed.session.client("logs").describe_metric_filters(
        logGroupName=deployed.watches["calm"]["log_group_name"], filterNamePrefix="drill-tampering"
    )["metricFilters"]
    assert filters
    for each in filters:
        pattern = FilterPattern.parse(each["filterPattern"])
        assert [event["eventName"] for event in events if pattern.matches_event(event)] == []
    changes = [each["body"] for each in deployed.cloud.inbox() if '"WATCH CHANGED"' in each["body"]]
    assert [body for body in changes if record["user_agent"] in body] == []


def test_who_is_excepted_sends_nothing(start: Any, deployed: Deployed, tmp_path: Path) -> None:
    sts = deployed.session.client("sts")
    given = sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/app", RoleSessionName="web")["Credentials"]
    before = len(deployed.notices())
    code, out, err = ended(
        start(
            "--watch=app",
            f"--report={tmp_path / 'drill.json'}",
            AWS_ACCESS_KEY_ID=given["AccessKeyId"],
            AWS_SECRET_ACCESS_KEY=given["SecretAccessKey"],
            AWS_SESSION_TOKEN=given["SessionToken"],
        )
    )
    assert code == 2, out + err
    assert "leaves out reads by" in err
    assert len(deployed.notices()) == before
    record = json.loads((tmp_path / "drill.json").read_text())
    assert [topic["message_id"] for topic in record["topics"]] == []


def test_another_account_is_refused(start: Any, deployed: Deployed) -> None:
    before = len(deployed.notices())
    code, out, err = ended(start("--watch=app", AWS_ACCESS_KEY_ID="720000000093"))
    assert code == 2, out + err
    assert "The credentials are of account 720000000093" in err
    assert len(deployed.notices()) == before


def test_an_interrupt_says_what_was_sent(
    start: Any, deployed: Deployed, local_cloud: local.LocalCloud, tmp_path: Path
) -> None:
    deployed.let_alarms_end()
    report = tmp_path / "drill.json"
    with local.held_delivery(local_cloud):
        process = start("--watch=held", f"--report={report}")
        said = ""
        while "  ok " not in said:
            said += process.stdout.readline()
            assert process.poll() is None, said + process.stderr.read()
        process.send_signal(signal.SIGINT)
        code, out, err = ended(process)
    assert code == 130, out + err
    assert "The DRILL message went to drill-people, drill-self-watch. The secret held was read." in out
    record = json.loads(report.read_text())
    assert record["result"] == "fail"
    assert record["watches"][0]["read"]["request_id"]
