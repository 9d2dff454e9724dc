"""Who makes a call: a role or a user of the account, with clients of their own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import boto3
from botocore.exceptions import ClientError


class NoSuchCaller(LookupError):
    """There is nobody of that name, or nobody may be them; the text says what to do."""


class Caller:
    """Clients with somebody's keys: `caller.secretsmanager`, or `caller.client("secretsmanager")`.

    What they may do their policies decide, and what they do CloudTrail writes down as theirs.
    """

    def __init__(self, session: Any, arn: str) -> None:
        self.session, self.arn = session, arn
        self._clients: dict[str, Any] = {}

    def client(self, service: str, **options: Any) -> Any:
        """boto3's client of a service, in the region of the test unless another is given."""
        return self.session.client(service, **options)

    def __getattr__(self, name: str) -> Any:
        # A private name is asked for by what copies or shows objects.
        if name.startswith("_"):
            raise AttributeError(name)
        service = name.replace("_", "-")
        if service not in self.session.get_available_services():
            raise AttributeError(f"{name!r} is neither of a caller nor a service that boto3 knows.")
        if service not in self._clients:
            self._clients[service] = self.client(service)
        return self._clients[service]

    def __repr__(self) -> str:
        return f"<caller {self.arn}>"


def as_role(root: Any, name: str, session_name: str) -> Caller:
    """A session of the role ``name`` (or its ARN). root: a boto3 session that may assume it.

    Raises NoSuchCaller where there is no such role, or its trust policy lets nobody of the account in.
    """
    __tracebackhide__ = True
    iam = root.client("iam")
    role_name = name.rpartition("/")[2]
    try:
        arn = iam.get_role(RoleName=role_name)["Role"]["Arn"]
    except iam.exceptions.NoSuchEntityException:
        pages = iam.get_paginator("list_roles").paginate()
        there = ", ".join(sorted(each["RoleName"] for page in pages for each in page["Roles"])) or "none"
        raise NoSuchCaller(
            f"The account has no role {role_name!r}. There is: {there}. "
            f"`role({role_name!r}, allow=…)` makes one."
        ) from None
    try:
        keys = root.client("sts").assume_role(RoleArn=arn, RoleSessionName=session_name)["Credentials"]
    except ClientError as error:
        raise NoSuchCaller(
            f"Nobody of the account may be {arn}: {error.response['Error']['Message']}"
        ) from error
    made = boto3.Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        region_name=root.region_name,
    )
    return Caller(made, arn)


def as_user(root: Any, name: str) -> Caller:
    """A user of the account with an access key of the test's. Raises NoSuchCaller."""
    __tracebackhide__ = True
    iam = root.client("iam")
    try:
        arn = iam.get_user(UserName=name)["User"]["Arn"]
        key = iam.create_access_key(UserName=name)["AccessKey"]
    except iam.exceptions.NoSuchEntityException:
        raise NoSuchCaller(
            f"The account has no user {name!r}. `user({name!r}, allow=…)` makes one."
        ) from None
    made = boto3.Session(
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        region_name=root.region_name,
    )
    return Caller(made, arn)


def make_role(root: Any, name: str, allow: Sequence[str], account_id: str) -> None:
    """A role that everybody of the account may assume, and that may do ``allow`` on everything."""
    iam = root.client("iam")
    trust = _document("sts:AssumeRole", Principal={"AWS": account_id})
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    if allow:
        iam.put_role_policy(
            RoleName=name, PolicyName="test", PolicyDocument=_document(list(allow), Resource="*")
        )


def make_user(root: Any, name: str, allow: Sequence[str]) -> None:
    """A user that may do ``allow`` on everything."""
    iam = root.client("iam")
    iam.create_user(UserName=name)
    if allow:
        iam.put_user_policy(
            UserName=name, PolicyName="test", PolicyDocument=_document(list(allow), Resource="*")
        )


def _document(action: str | list[str], **rest: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, **rest}]})
