"""The command `incident` after an alarm: a user took a role, the role read the secret."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from deployment import Deployment, alarm_name
from roles import Role

COMMAND = str(Path(sys.executable).with_name("secretwatch"))
STORY = "incident"
ALLOW_ALL = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)


@pytest.fixture(autouse=True)
def environment(terraform: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in terraform.env.items():
        monkeypatch.setenv(name, value)


def incident(*arguments: str) -> tuple[int, dict[str, Any], str]:
    ended = subprocess.run(
        [COMMAND, "incident", *arguments, "--json", "-"],
        env=os.environ,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended.returncode, json.loads(ended.stdout) if ended.stdout else {}, ended.stderr


@dataclass
class Theft:
    """What was done: a user's key took a role, whose session read the secret, after another one."""

    user_key: str
    role_key: str
    role: str
    request_id: str
    event_id: str
    listed: str
    """Request of something else that the session did."""


def keys(credentials: dict[str, Any]) -> dict[str, str]:
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        **({"aws_session_token": credentials["SessionToken"]} if "SessionToken" in credentials else {}),
    }


@pytest.fixture(scope="module")
def theft(deployment: Deployment, terraform: Any) -> Iterator[Theft]:
    iam = deployment.iam
    iam.create_user(UserName="carol")
    iam.put_user_policy(UserName="carol", PolicyName="all", PolicyDocument=ALLOW_ALL)
    user_key = iam.create_access_key(UserName="carol")["AccessKey"]
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(
        RoleName="reader", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust})
    )["Role"]
    iam.put_role_policy(RoleName="reader", PolicyName="all", PolicyDocument=ALLOW_ALL)
    carol = boto3.client("sts", **keys(user_key))
    session = carol.assume_role(RoleArn=role["Arn"], RoleSessionName="holiday")["Credentials"]
    listed = boto3.client("s3", **keys(session)).list_buckets()["ResponseMetadata"]["RequestId"]
    request_id = deployment.read(STORY, boto3.client("secretsmanager", **keys(session)))
    event = deployment.await_event(request_id)
    deployment.await_alarm(STORY)
    yield Theft(
        user_key["AccessKeyId"],
        session["AccessKeyId"],
        role["Arn"],
        request_id,
        event["eventID"],
        listed,
    )
    iam.delete_access_key(UserName="carol", AccessKeyId=user_key["AccessKeyId"])
    iam.delete_user_policy(UserName="carol", PolicyName="all")
    iam.delete_user(UserName="carol")
    iam.delete_role_policy(RoleName="reader", PolicyName="all")
    iam.delete_role(RoleName="reader")


@pytest.mark.parametrize("start", ["the last alarm", "the event"])
def test_from_the_alarm_to_the_user(deployment: Deployment, theft: Theft, tmp_path: Path, start: str) -> None:
    page, ticket = tmp_path / "incident.html", tmp_path / "incident.md"
    given = [] if start == "the last alarm" else ["--event-id", theft.event_id]
    shown = ["--html", str(page), "--markdown", str(ticket)]
    code, found, terminal = incident(str(deployment.root), "--watch", STORY, *given, *shown)
    assert code == 0, terminal
    assert found["alarm"] == alarm_name(STORY)
    assert found["alarm_time"]
    assert found["rang"] == [theft.event_id]
    chain = {each["access_keys"][0]: each for each in found["credentials"]}
    reader, user = chain[theft.role_key], chain[theft.user_key]
    assert (reader["relation"], user["relation"]) == ("reader", "before")
    assert reader["from"] == user["number"]
    assert reader["reader"] == theft.role
    assert "holiday" in reader["who"]
    assert "carol" in user["who"]
    calls = [(each["accessKeyId"], each["eventName"]) for each in found["events"]]
    assert (theft.user_key, "AssumeRole") in calls
    assert (theft.role_key, "ListBuckets") in calls
    assert [each["name"] for each in found["secrets"]] == [STORY]
    # Nobody else's.
    assert {key for key, _ in calls} == {theft.user_key, theft.role_key}
    words = [shlex.split(each["command"]) for each in found["steps"] if each["command"]]
    assert [each[1:3] for each in words] == [
        ["iam", "update-access-key"],
        ["iam", "put-role-policy"],
        ["secretsmanager", "get-resource-policy"],
        ["secretsmanager", "put-resource-policy"],
        ["secretsmanager", "rotate-secret"],
    ]
    assert theft.user_key in words[0]
    assert "reader" in words[1]
    for text in (terminal, page.read_text(), ticket.read_text()):
        for each in (theft.user_key, theft.role_key, "carol", "holiday", "put-role-policy"):
            assert each in text
    value = deployment.secret_values[STORY]
    assert value not in json.dumps(found) + terminal + page.read_text() + ticket.read_text()


def test_the_commands_contain(deployment: Deployment, theft: Theft, tmp_path: Path) -> None:
    """As printed, in a shell: then the key is inactive, the session may do nothing, the secret is closed."""
    _, found, _ = incident(str(deployment.root), "--watch", STORY, "--event-id", theft.event_id)
    stop, revoke, _, deny, _ = [each["command"] for each in found["steps"] if each["command"]]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    del environment["AWS_ENDPOINT_URL"]  # the commands say themselves where they go
    for each in (stop, revoke, deny):
        done = subprocess.run(
            ["bash", "-c", each], env=environment, text=True, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
    try:
        (key,) = deployment.iam.list_access_keys(UserName="carol")["AccessKeyMetadata"]
        assert key["Status"] == "Inactive"
        document = deployment.iam.get_role_policy(RoleName="reader", PolicyName="AWSRevokeOlderSessions")
        condition = document["PolicyDocument"]["Statement"][0]["Condition"]
        assert condition == {"DateLessThan": {"aws:TokenIssueTime": found["made"]}}
        policy = json.loads(deployment.secretsmanager.get_resource_policy(SecretId=STORY)["ResourcePolicy"])
        assert policy["Statement"][0]["Condition"]["StringEquals"]["aws:PrincipalArn"] == [theft.role]
    finally:
        deployment.iam.delete_role_policy(RoleName="reader", PolicyName="AWSRevokeOlderSessions")
        deployment.secretsmanager.delete_resource_policy(SecretId=STORY)


def test_the_permissions_that_it_prints_are_enough_and_none_is_too_much(
    deployment: Deployment, theft: Theft
) -> None:
    printed = subprocess.run(
        [COMMAND, "incident", str(deployment.root), "--watch", STORY, "--policy"],
        env=os.environ,
        text=True,
        capture_output=True,
        check=True,
    )
    document = json.loads(printed.stdout)
    auditor = Role(deployment.watch["account_id"], "auditor")
    auditor.may("incident", document)
    with auditor.environment():
        code, found, told = incident(str(deployment.root), "--watch", STORY)
        assert code == 0, told
        assert not [each for each in found["unknown"] if "ermission" in each]
        assert len(found["credentials"]) == 2
    for without in range(len(document["Statement"])):
        fewer = document | {"Statement": [s for n, s in enumerate(document["Statement"]) if n != without]}
        auditor.may("incident", fewer)
        with auditor.environment():
            code, found, told = incident(str(deployment.root), "--watch", STORY, "--event-id", theft.event_id)
        action = document["Statement"][without]["Action"]
        assert any(action in each for each in found["unknown"]), (action, code, told)


def test_an_alarm_that_never_rang_and_an_event_that_nobody_has(deployment: Deployment) -> None:
    code, found, told = incident(str(deployment.root), "--watch", STORY, "--event-id", "no-such-event")
    assert (code, found) == (1, {})
    assert "No event with the id no-such-event was found" in told
    code, found, told = incident(str(deployment.root), "--watch", STORY, "--alarm-time", "2020-01-01")
    assert (code, found) == (1, {})
    assert "No read that the watch counts arrived" in told
