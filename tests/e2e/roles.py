"""Roles that may do what `secretwatch policy` prints, and what their calls asked of it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import botocore.session
import pytest
from clients import REGION, client
from commands import Runner

from secretwatch.cli import main
from secretwatch.cloudtrail import event_name, event_source
from secretwatch.policy import Principal, Request, evaluate
from secretwatch.policy.actions import SERVICES, Where, needs
from secretwatch.policy.operators import parts

Document = dict[str, Any]

# What no event history tells of: Secrets Manager uses a key in the caller's name, which the local cloud does
# not look at, and deleting objects is a data event.
NOT_SEEN = {"SecretKey", "Evidence"}

CHATS = "us-west-2"
"""Where the provider calls Chatbot, which has few endpoints."""


def printed(*arguments: str) -> Document:
    """What `secretwatch policy` prints."""
    done = Runner().invoke(main, ["policy", *arguments])
    assert done.exit_code == 0, done.stderr
    return dict(json.loads(done.stdout))


def without(document: Document, sid: str) -> Document:
    """The policy without one of its statements."""
    return document | {"Statement": [each for each in document["Statement"] if each["Sid"] != sid]}


def sids(document: Document) -> list[str]:
    return [each["Sid"] for each in document["Statement"]]


@dataclass
class Role:
    """A role of an account, which the root user there lets assume it."""

    account: str
    name: str
    keys: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._iam = client("iam", self.account)
        trust = {"Effect": "Allow", "Principal": {"AWS": self.account}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": trust})
        made = self._iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=document)
        self.arn = made["Role"]["Arn"]
        answer = client("sts", self.account).assume_role(RoleArn=self.arn, RoleSessionName="terraform")
        given = answer["Credentials"]
        self.keys = {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }

    def may(self, name: str, document: Document) -> None:
        """Attach managed policies, as many as it takes, in place of those that have that name."""
        for each in self._iam.list_attached_role_policies(RoleName=self.name)["AttachedPolicies"]:
            if each["PolicyName"].startswith(f"{self.name}-{name}-"):
                self._iam.detach_role_policy(RoleName=self.name, PolicyArn=each["PolicyArn"])
                self._iam.delete_policy(PolicyArn=each["PolicyArn"])
        for number, part in enumerate(parts(document), 1):
            made = self._iam.create_policy(
                PolicyName=f"{self.name}-{name}-{number}", PolicyDocument=json.dumps(part)
            )
            self._iam.attach_role_policy(RoleName=self.name, PolicyArn=made["Policy"]["Arn"])

    @contextlib.contextmanager
    def environment(self) -> Iterator[None]:
        """Whoever makes calls meanwhile makes them as this role."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.keys.items():
                patch.setenv(name, value)
            yield

    def asked(self) -> list[Request]:
        """What its calls asked of its policies, by the event history."""
        events = [
            json.loads(each["CloudTrailEvent"])
            for region in (REGION, CHATS)
            for page in client("cloudtrail", self.account, region).get_paginator("lookup_events").paginate()
            for each in page["Events"]
        ]
        return [
            request
            for event in events
            if event["userIdentity"].get("sessionContext", {}).get("sessionIssuer", {}).get("arn") == self.arn
            and "AccessDenied" not in event.get("errorCode", "")
            for request in _requests(event)
        ]


def refused(document: Document, asked: list[Request]) -> set[tuple[str, str]]:
    """The actions and resources that were asked for and that a policy does not allow."""
    return {
        (each.action, each.resource) for each in asked if not evaluate(document, each, "identity").allowed
    }


def _requests(event: Mapping[str, Any]) -> Iterator[Request]:
    service, operation = _operations()[event["eventSource"], event["eventName"]]
    shape = _session().get_service_model(service).operation_model(operation).input_shape
    written = {
        "Bucket" if name == "bucketName" else name: value
        for name, value in (event["requestParameters"] or {}).items()
    }
    given = _as_named(shape, written)
    where = Where("aws", event["awsRegion"], event["recipientAccountId"])
    identity = event["userIdentity"]
    principal = Principal.of(identity["arn"], issuer=identity["sessionContext"]["sessionIssuer"]["arn"])
    for need in needs(service, operation, given, where):
        yield Request(principal, need.action, need.resource, need.context)


def _as_named(shape: Any, value: Any) -> Any:
    """As the API calls what the event writes otherwise; without what the API does not know."""
    # What a trail does not show is a text.
    if isinstance(value, dict) and (shape is None or shape.type_name == "structure"):
        named = {name.lower(): name for name in (shape.members if shape else ())}
        return {
            named[name.lower()]: _as_named(shape.members[named[name.lower()]], each)
            for name, each in value.items()
            if name.lower() in named
        }
    if isinstance(value, list) and shape.type_name == "list":
        return [_as_named(shape.member, each) for each in value]
    return value


@cache
def _session() -> Any:
    return botocore.session.get_session()


@cache
def _operations() -> dict[tuple[str, str], tuple[str, str]]:
    """Events' sources and names to botocore's services and operations."""
    found = {}
    for service in SERVICES:
        model = _session().get_service_model(service)
        for operation in model.operation_names:
            found[event_source(model.signing_name), event_name(service, operation)] = service, operation
    return found
