"""Accounts with users and roles, whose policies allow what a test says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import clients
import pytest
from botocore.exceptions import ClientError
from deployment import wait_for

Document = Mapping[str, Any]
ACCOUNTS = iter(f"4400{number:08}" for number in range(1, 1000))


def allow(action: str | list[str], resource: str | list[str] = "*", **others: Any) -> Document:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **others}


def deny(action: str, resource: str = "*", **others: Any) -> Document:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **others}


def policy(*statements: Document) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@dataclass
class Account:
    """An account of a test's own, seen by its root user."""

    id: str

    def client(self, service: str) -> Any:
        return clients.client(service, self.id)

    def user(self, *statements: Document, name: str = "ann", **others: Any) -> User:
        iam = self.client("iam")
        iam.create_user(UserName=name, **others)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return User(
            self, f"arn:aws:iam::{self.id}:user/{name}", key["AccessKeyId"], key["SecretAccessKey"], None
        )

    def role(self, *statements: Document, trusts: str, name: str = "reader", **others: Any) -> str:
        iam = self.client("iam")
        trust = policy({"Effect": "Allow", "Principal": {"AWS": trusts}, "Action": "sts:AssumeRole"})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **others)["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
        return str(arn)

    def event(self, request_id: str) -> dict[str, Any]:
        def found() -> Any:
            pages = self.client("cloudtrail").get_paginator("lookup_events").paginate()
            events = [json.loads(each["CloudTrailEvent"]) for page in pages for each in page["Events"]]
            return [event for event in events if event["requestID"] == request_id]

        (event,) = wait_for("the event", found)
        return dict(event)


@dataclass
class User:
    """A caller with keys of its own."""

    account: Account
    arn: str
    key: str
    secret: str
    token: str | None

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            aws_session_token=self.token,
        )

    def assume(self, role_arn: str, **others: Any) -> User:
        answer = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="here", **others)
        made = answer["Credentials"]
        owner = Account(role_arn.split(":")[4])
        keys = made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]
        return User(owner, answer["AssumedRoleUser"]["Arn"], *keys)


def refused(call: Callable[[], Any]) -> Any:
    with pytest.raises(ClientError) as error:
        call()
    return error.value.response
