"""Accounts with rules, and what these send to."""

from __future__ import annotations

import json
from typing import Any

import clients
import pytest
from accounts import new_account_id
from botocore.exceptions import ClientError
from deployment import wait_for
from sinks import allow, document

REGION = "us-east-1"
EVENTS = "events.amazonaws.com"


class Account:
    def __init__(self, region: str = REGION) -> None:
        self.id = new_account_id()
        self.region = region

    def client(self, service: str, region: str | None = None) -> Any:
        return clients.client(service, self.id, region or self.region)

    def rule(
        self,
        *targets: dict[str, Any],
        name: str = "tests",
        bus: str = "default",
        pattern: dict[str, Any] | None = None,
    ) -> str:
        """A rule, for all events of tests if no pattern is given; its ARN."""
        events = self.client("events")
        text = json.dumps(pattern or {"source": ["tests"]})
        arn = events.put_rule(Name=name, EventPattern=text, EventBusName=bus)["RuleArn"]
        if targets:
            events.put_targets(Rule=name, EventBusName=bus, Targets=list(targets))
        return str(arn)

    def put(self, detail: Any, bus: str = "default") -> None:
        entry = {"Source": "tests", "DetailType": "t", "Detail": json.dumps(detail), "EventBusName": bus}
        self.client("events").put_events(Entries=[entry])

    def role(self, action: str = "*", trusted: str = EVENTS, name: str = "send") -> str:
        trust = allow("sts:AssumeRole", "*", trusted)
        del trust["Resource"]
        iam = self.client("iam")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
        statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(statement))
        return str(arn)

    def topic(self, *statements: dict[str, Any], key: str | None = None) -> tuple[str, str]:
        """A topic with this policy, and the URL of a queue that gets its messages."""
        sns, sqs = self.client("sns"), self.client("sqs")
        arn = sns.create_topic(Name="topic", Attributes={"KmsMasterKeyId": key} if key else {})["TopicArn"]
        if statements:
            sns.set_topic_attributes(
                TopicArn=arn, AttributeName="Policy", AttributeValue=document(*statements)
            )
        queue = sqs.create_queue(QueueName="messages")["QueueUrl"]
        sns.subscribe(
            TopicArn=arn,
            Protocol="sqs",
            Endpoint=f"arn:aws:sqs:{self.region}:{self.id}:messages",
            Attributes={"RawMessageDelivery": "true"},
        )
        return arn, queue

    def bodies(self, queue: str) -> list[Any]:
        found = self.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        return [json.loads(each["Body"]) for each in found.get("Messages", [])]

    def one(self, queue: str) -> Any:
        (body,) = wait_for("a message", lambda: self.bodies(queue))
        return body


def refusal(target: dict[str, Any], account: Account) -> tuple[str, str]:
    account.rule()
    with pytest.raises(ClientError) as caught:
        account.client("events").put_targets(Rule="tests", Targets=[{"Id": "t", **target}])
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]
