"""The alarm says who: one message about the calls that it rang for, one about what came later, none without.

One deployment in an account of its own. Minutes pass by ticks.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
import clients
import pytest
from deployment import wait_for

from secretwatch import local

ACCOUNT = "720000000088"
NAME = "said"
GROUP = f"/aws/cloudtrail/{NAME}"
WATCHES = ("dumb", "hand", "late", "long", "many", "odd", "one", "shut", "slices")

ROOT = """
module "secretwatch" {
  source = "../"

  email_addresses             = ["oncall@example.com"]
  kms_deletion_window_in_days = 7
  name                        = "said"
  self_watch                  = { blindness = false, tampering = false }
  trail                       = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
  watches = { for watch in «WATCHES» : watch => {
    alarm   = { threshold = watch == "odd" ? 2 : 1 }
    details = true
    secrets = ["${watch}*"]
  } }
}

output "watches" {
  value = module.secretwatch.watches
}
"""


@dataclass
class Account:
    cloud: local.LocalCloud
    watches: dict[str, Any]

    def client(self, service: str) -> Any:
        return clients.client(service, ACCOUNT)

    def told(self, watch: str) -> list[dict[str, Any]]:
        """The messages of details about a watch, the oldest first."""
        return [
            each
            for each in self.cloud.inbox()
            if ACCOUNT in str(each["topic_arn"])
            and str(each["subject"]).startswith(f'DETAILS: "{NAME}-{watch}"')
        ]

    def await_told(self, watch: str, number: int = 1) -> list[str]:
        wait_for("the message", lambda: len(self.told(watch)) >= number)
        return [str(each["body"]) for each in self.told(watch)]

    def state(self, watch: str) -> str:
        (found,) = self.client("cloudwatch").describe_alarms(AlarmNames=[f"{NAME}-{watch}"])["MetricAlarms"]
        return str(found["StateValue"])

    def until(self, watch: str, state: str, most: int = 12) -> None:
        for _ in range(most):
            if self.state(watch) == state:
                return
            self.cloud.tick()
        pytest.fail(f"{watch} is not {state} after {most} minutes")

    def user(self, name: str) -> Any:
        """Secrets Manager as this user."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        policy = {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}
        iam.put_user_policy(
            UserName=name,
            PolicyName="p",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [policy]}),
        )
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return boto3.Session(
            aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
        ).client("secretsmanager")

    def in_logs(self, pattern: str) -> list[dict[str, Any]]:
        found = self.client("logs").filter_log_events(logGroupName=GROUP, filterPattern=pattern)["events"]
        return [json.loads(each["message"]) for each in found]

    def read_and_ring(self, watch: str) -> None:
        self.client("secretsmanager").get_secret_value(SecretId=watch)
        wait_for("the alarm", lambda: self.state(watch) == "ALARM")

    def forge(self, watch: str, number: int, **more: Any) -> None:
        """Events of reads as CloudTrail writes them, put into the log group by hand."""
        now = datetime.now(UTC)
        event = {
            "eventTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "eventSource": "secretsmanager.amazonaws.com",
            "eventName": "GetSecretValue",
            "eventType": "AwsApiCall",
            "awsRegion": "us-east-1",
            "recipientAccountId": ACCOUNT,
            "requestParameters": {"secretId": watch},
            "sourceIPAddress": "203.0.113.7",
            "userAgent": "aws-cli/2",
            "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/mallory"},
            **more,
        }
        self.put([{**event, "eventID": str(uuid.uuid4())} for _ in range(number)])

    def put(self, events: list[dict[str, Any]]) -> None:
        """Into the log group by hand, as they are."""
        logs, stream = self.client("logs"), f"forged-{uuid.uuid4()}"
        logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
        at = int(time.time() * 1000)
        logs.put_log_events(
            logGroupName=GROUP,
            logStreamName=stream,
            logEvents=[{"timestamp": at, "message": json.dumps(each)} for each in events],
        )

    def ring(self, watch: str) -> None:
        self.client("cloudwatch").set_alarm_state(
            AlarmName=f"{NAME}-{watch}", StateValue="ALARM", StateReason="by hand"
        )

    def role(self, watch: str) -> str:
        """Name of the role of a watch's state machine."""
        arn = self.watches[watch]["details"]["state_machine_arn"]
        found = self.client("stepfunctions").describe_state_machine(stateMachineArn=arn)["roleArn"]
        return str(found.rpartition("/")[2])

    def slices(self, watch: str) -> list[list[tuple[int, int]]]:
        """What each execution asked FilterLogEvents for, the oldest execution first."""
        states, found = self.client("stepfunctions"), []
        for execution in self.ended(watch):
            pages = states.get_paginator("get_execution_history").paginate(
                executionArn=execution["executionArn"], includeExecutionData=True
            )
            asked = [
                json.loads(event["taskScheduledEventDetails"]["parameters"])
                for page in pages
                for event in page["events"]
                if event["type"] == "TaskScheduled"
            ]
            # A slice has several pages.
            slices = list(
                dict.fromkeys((each["StartTime"], each["EndTime"]) for each in asked if "StartTime" in each)
            )
            if slices:
                found.append(slices)
        return found

    def changes(self, watch: str, state: str) -> list[int]:
        """When its alarm came into this state, in milliseconds: as its executions were told."""
        states, found = self.client("stepfunctions"), []
        for execution in self.ended(watch):
            given = states.describe_execution(executionArn=execution["executionArn"])["input"]
            detail = json.loads(given)["detail"]
            if detail["state"]["value"] == state:
                at = datetime.strptime(detail["state"]["timestamp"], "%Y-%m-%dT%H:%M:%S.%f%z")
                found.append(round(at.timestamp() * 1000))
        return found

    def running(self, watch: str) -> list[str]:
        """The executions of a watch's state machine that run."""
        states, machine = self.client("stepfunctions"), self.watches[watch]["details"]["state_machine_arn"]
        found = states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
        return [each["executionArn"] for each in found]

    def waits(self, watch: str) -> bool:
        """Whether one of them is in a Wait state, or before another try of what failed."""
        states = self.client("stepfunctions")
        for execution in self.running(watch):
            pages = states.get_paginator("get_execution_history").paginate(executionArn=execution)
            *_, last = ["", *(event["type"] for page in pages for event in page["events"])]
            if last in ("WaitStateEntered", "TaskFailed"):
                return True
        return False

    def ended(self, watch: str) -> list[dict[str, Any]]:
        """The executions of a watch's state machine, the oldest first, once none runs."""
        states, machine = self.client("stepfunctions"), self.watches[watch]["details"]["state_machine_arn"]

        def found() -> Any:
            executions = states.list_executions(stateMachineArn=machine)["executions"]
            done = all(each["status"] != "RUNNING" for each in executions)
            return sorted(executions, key=lambda each: each["startDate"]) if done else None

        return list(wait_for("the end of the executions", found))


@pytest.fixture(scope="module")
def account(terraform: Any, aws: dict[str, str], local_cloud: local.LocalCloud) -> Account:
    root = terraform.new_root("details", ROOT.replace("«WATCHES»", json.dumps(WATCHES)))
    for name in WATCHES:
        clients.client("secretsmanager", ACCOUNT).create_secret(Name=name, SecretString="hunter2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
        terraform.run(root, "apply", "-auto-approve")
        planned = terraform.run(root, "plan")
        assert "No changes" in planned, planned
        watches = json.loads(terraform.run(root, "output", "-json", "watches"))
    local_cloud.confirm()
    return Account(local_cloud, watches)


def test_one_message_names_who_and_what_and_from_where(account: Account) -> None:
    account.user("alice").get_secret_value(SecretId="one")
    wait_for("the alarm", lambda: account.state("one") == "ALARM")
    (message,) = wait_for("the message", lambda: account.told("one"))
    body, subject = str(message["body"]), str(message["subject"])
    assert f'Who     IAMUser "arn:aws:iam::{ACCOUNT}:user/alice"' in body
    assert 'Call    GetSecretValue {"secretId":"one"}' in body
    assert 'Error   "none: it was allowed"' in body
    assert 'From    "127.0.0.1"' in body
    assert 'Agent   "Boto3/' in body
    assert "In all: 1 calls" in body
    (event,) = account.in_logs('{ $.requestParameters.secretId = "one" }')
    assert f"Times   1, at {event['eventTime']}" in body
    assert f"region=us-east-1#/events/{event['eventID']}" in body
    assert subject.isascii()
    assert len(subject) <= 100
    (execution,) = account.running("one")
    pages = (
        account.client("stepfunctions")
        .get_paginator("get_execution_history")
        .paginate(executionArn=execution, includeExecutionData=True)
    )
    history = [event for page in pages for event in page["events"]]
    # A value is in no event, and so nowhere.
    assert "hunter2" not in body + json.dumps(history, default=str)
    assert len(history) < 250


def test_what_arrives_in_pieces_is_told_twice_at_most_and_each_of_it_once(account: Account) -> None:
    bob = account.user("bob")
    with local.held_delivery(account.cloud) as held:
        for _ in range(9):
            bob.get_secret_value(SecretId="late")
        held.release(first=3, reordered=True)
        wait_for("the alarm", lambda: account.state("late") == "ALARM")
        account.await_told("late")
        # What was told arrives once more.
        account.put(account.in_logs('{ $.requestParameters.secretId = "late" }'))
        held.release(first=3, twice=True)
        held.release(reordered=True, twice=True)
    account.cloud.tick(11)
    account.until("late", "OK")
    account.ended("late")
    bodies = [str(each["body"]) for each in account.told("late")]
    assert len(bodies) == 2
    counts = [int(re.findall(r"In all: (\d+) calls", body)[0]) for body in bodies]
    assert counts == [3, 6]
    assert [body.count("user/bob") for body in bodies] == [1, 1]
    told = [set(re.findall(r"#/events/([0-9a-f-]{36})", body)) for body in bodies]
    assert told[0].isdisjoint(told[1])


def test_an_alarm_that_ends_and_rings_again_tells_nothing_twice(account: Account) -> None:
    """And asks for slices of time that have no gap."""
    account.read_and_ring("slices")
    account.await_told("slices")
    account.client("secretsmanager").get_secret_value(SecretId="slices")
    wait_for(
        "the second read", lambda: len(account.in_logs('{ $.requestParameters.secretId = "slices" }')) == 2
    )
    account.until("slices", "OK")
    account.read_and_ring("slices")
    account.await_told("slices", 2)
    # What was told arrives once more.
    account.put(account.in_logs('{ $.requestParameters.secretId = "slices" }')[:2])
    account.cloud.tick(12)
    account.ended("slices")
    bodies = [str(each["body"]) for each in account.told("slices")]
    assert [re.findall(r"In all: (\d+) calls", body) for body in bodies] == [["1"]] * 3
    ids = [each for body in bodies for each in re.findall(r"#/events/([0-9a-f-]{36})", body)]
    assert len(set(ids)) == 3
    (rang, rang_again), (end, *_) = account.changes("slices", "ALARM"), account.changes("slices", "OK")
    # The alarm is new, so that the first execution recalls, too.
    (*_, first, late), (recalled, again, *_), *_ = account.slices("slices")
    assert (first[1], late[1]) == (rang, end)
    assert rang - late[0] == 60_000
    assert (recalled, again) == ((end - 900_000, end), (end, rang_again))


# In memory each run tries a thousand.
@pytest.mark.later
def test_many_reads_by_one_reader_are_one_group_with_a_count(account: Account) -> None:
    account.forge("many", 300)
    (body,) = account.await_told("many")
    assert "In all: 300 calls, 0 of them by others than these." in body
    assert body.count("Who  ") == 1
    assert "Times   300" in body


def test_what_callers_send_stands_in_quotation_marks_on_one_line(account: Account) -> None:
    hostile = "x\"'{}\\ $(reboot) `id` <b>\nWho     root\u0000\r\n\n."
    account.forge(
        "odd",
        2,
        errorCode=hostile,
        requestParameters={"secretId": "odd", "versionStage": hostile},
        sourceIPAddress=hostile,
        userAgent=hostile,
        userIdentity={"type": "AssumedRole", "arn": hostile, "invokedBy": hostile},
    )
    (body,) = account.await_told("odd")
    lines = body.split("Watch odd of said")[0].splitlines()
    assert [line for line in lines if line.startswith("Who")] == [
        f"Who     AssumedRole {json.dumps(hostile)}"
    ]
    assert f"Agent   {json.dumps(hostile)}" in lines
    assert f'Call    GetSecretValue {{"secretId":"odd","versionStage":{json.dumps(hostile)}}}' in lines


def test_what_is_too_long_is_left_out_and_who_it_was_is_not(account: Account) -> None:
    account.forge("long", 1, requestParameters={"secretId": "long", "versionStage": "y" * 60_000})
    (body,) = account.await_told("long")
    assert "left out: too long, see the event" in body
    assert "user/mallory" in body


def test_where_the_log_group_cannot_be_read_the_message_says_so(account: Account) -> None:
    iam, role = account.client("iam"), account.role("shut")
    deny = {"Effect": "Deny", "Action": "logs:*", "Resource": "*"}
    iam.put_role_policy(
        RoleName=role,
        PolicyName="deny",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny]}),
    )
    account.read_and_ring("shut")
    (body,) = account.await_told("shut")
    assert "The details could not be read" in body
    assert "AccessDenied" in body
    assert all(each["status"] == "SUCCEEDED" for each in account.ended("shut"))


def test_a_state_set_by_hand_is_told_as_that(account: Account) -> None:
    account.client("cloudwatch").set_alarm_state(
        AlarmName=f"{NAME}-hand", StateValue="ALARM", StateReason="drill\n\nWho root"
    )
    # It looks once more after a minute.
    wait_for("the execution to wait", lambda: account.waits("hand"))
    account.cloud.tick(2)
    (body,) = account.await_told("hand")
    assert "no call that it counts" in body
    assert '"drill\\n\\nWho root"' in body


def test_where_a_topic_takes_nothing_the_execution_fails_and_an_alarm_rings(account: Account) -> None:
    iam, role = account.client("iam"), account.role("dumb")
    deny = {"Effect": "Deny", "Action": "sns:*", "Resource": "*"}
    iam.put_role_policy(
        RoleName=role,
        PolicyName="deny",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny]}),
    )
    account.read_and_ring("dumb")
    # Before each of two more tries it waits.
    for _ in range(2):
        wait_for("the execution to wait", lambda: account.waits("dumb"))
        account.cloud.tick()
    assert [each["status"] for each in account.ended("dumb")] == ["FAILED"]
    assert account.told("dumb") == []
    account.until("details-dumb", "ALARM")
