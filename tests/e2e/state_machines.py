"""Accounts with state machines, and what those do."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import clients
from accounts import new_account_id
from deployment import wait_for
from sinks import allow, document

REGION = "us-east-1"
STATES, EVENTS = "states.amazonaws.com", "events.amazonaws.com"
SDK = "arn:aws:states:::aws-sdk:"


def one(state: dict[str, Any]) -> dict[str, Any]:
    """A definition with one state."""
    return {"StartAt": "One", "States": {"One": {"End": True, **state}}}


def read(secret_id: str, **more: Any) -> dict[str, Any]:
    """A state that reads a secret and keeps its name alone."""
    return {
        "Type": "Task",
        "Resource": f"{SDK}secretsmanager:getSecretValue",
        "Parameters": {"SecretId": secret_id},
        "ResultSelector": {"Name.$": "$.Name"},
        **more,
    }


class Account:
    def __init__(self) -> None:
        self.id = new_account_id()

    def client(self, service: str) -> Any:
        return clients.client(service, self.id, REGION)

    def role(self, *actions: str, trusted: Any = STATES, name: str = "machine") -> str:
        trust = allow("sts:AssumeRole", "*", trusted)
        del trust["Resource"]
        iam = self.client("iam")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
        if actions:
            statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(statement))
        return str(arn)

    def machine(self, definition: Any, role: str, name: str = "machine", **more: Any) -> str:
        text = definition if isinstance(definition, str) else json.dumps(definition)
        made = self.client("stepfunctions").create_state_machine(
            name=name, roleArn=role, definition=text, **more
        )
        return str(made["stateMachineArn"])

    def start(self, machine: str, given: Any = None) -> str:
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=machine, input=json.dumps(given or {})
        )
        return str(started["executionArn"])

    def execution(self, arn: str) -> dict[str, Any]:
        return dict(self.client("stepfunctions").describe_execution(executionArn=arn))

    def ended(self, arn: str) -> dict[str, Any]:
        """The execution, once it runs no more."""

        def end() -> dict[str, Any] | None:
            found = self.execution(arn)
            return None if found["status"] == "RUNNING" else found

        return dict(wait_for("the end of an execution", end))

    def output(self, definition: Any, role: str, given: Any = None) -> Any:
        ended = self.ended(self.start(self.machine(definition, role), given))
        assert ended["status"] == "SUCCEEDED", (ended.get("error"), ended.get("cause"))
        return json.loads(ended["output"])

    def events(self, name: str) -> list[dict[str, Any]]:
        """Recorded calls of this name, the newest first."""
        found = self.client("cloudtrail").lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}]
        )
        return [json.loads(each["CloudTrailEvent"]) for each in found["Events"]]

    def executions(self, machine: str) -> list[Any]:
        return list(self.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"])

    def sum(self, namespace: str, metric: str, **dimensions: str) -> float:
        """Of a metric's values, of today and tomorrow."""
        found = self.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=datetime.now(UTC) - timedelta(days=1),
            EndTime=datetime.now(UTC) + timedelta(days=1),
            Period=86400,
            Statistics=["Sum"],
        )["Datapoints"]
        return float(sum(each["Sum"] for each in found))
