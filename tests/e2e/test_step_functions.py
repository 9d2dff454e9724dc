"""Step Functions: as whom a state machine calls, what is recorded, how its time passes, what is refused.

Each test in an account of its own. Minutes pass by ticks: nothing here waits for a Wait state.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import clients
import pytest
from accounts import new_account_id
from botocore.exceptions import ClientError
from deployment import wait_for
from endpoints import Endpoint
from sinks import allow, document, queue_for_rules

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


@pytest.fixture
def account(aws: dict[str, str]) -> Account:
    return Account()


# As whom a task calls


def test_a_read_is_the_roles(account: Account) -> None:
    account.client("secretsmanager").create_secret(Name="db", SecretString="hush")
    role = account.role("secretsmanager:GetSecretValue")
    assert account.output(one(read("db")), role) == {"Name": "db"}
    (event,) = account.events("GetSecretValue")
    identity = event["userIdentity"]
    session = identity["arn"].rpartition("/")[2]
    assert (identity["type"], identity["invokedBy"]) == ("AssumedRole", STATES)
    assert len(session) == 32
    assert session.isalpha()
    assert identity["principalId"].endswith(f":{session}")
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == role
    assert (event["sourceIPAddress"], event["userAgent"]) == (STATES, STATES)
    assert event["requestParameters"] == {"secretId": "db"}
    assert "tlsDetails" not in event
    (assumed,) = account.events("AssumeRole")
    assert assumed["userIdentity"] == {"type": "AWSService", "invokedBy": STATES}
    assert assumed["requestParameters"] == {"roleArn": role, "roleSessionName": session}
    assert assumed["responseElements"]["credentials"]["accessKeyId"] == identity["accessKeyId"]


def test_an_execution_has_one_session(account: Account) -> None:
    account.client("secretsmanager").create_secret(Name="db", SecretString="hush")
    role = account.role("secretsmanager:GetSecretValue")
    twice = {"StartAt": "A", "States": {"A": read("db", Next="B"), "B": read("db", End=True)}}
    machine = account.machine(twice, role)
    for execution in [account.start(machine) for _ in range(2)]:
        assert account.ended(execution)["status"] == "SUCCEEDED"
    sessions = [event["userIdentity"]["arn"] for event in account.events("GetSecretValue")]
    assert len(sessions) == 4
    assert len(set(sessions)) == 2


def test_a_role_that_may_not_read(account: Account) -> None:
    account.client("secretsmanager").create_secret(Name="db", SecretString="hush")
    role = account.role("secretsmanager:DescribeSecret")
    ended = account.ended(account.start(account.machine(one(read("db")), role)))
    assert (ended["status"], ended["error"]) == ("FAILED", "SecretsManager.SecretsManagerException")
    assert "is not authorized to perform: secretsmanager:GetSecretValue" in ended["cause"]
    (event,) = account.events("GetSecretValue")
    assert event["errorCode"] == "AccessDenied"
    assert event["userIdentity"]["invokedBy"] == STATES


def test_what_became_of_executions_is_counted(account: Account) -> None:
    machine = account.machine({"StartAt": "A", "States": {"A": {"Type": "Fail"}}}, account.role())
    account.ended(account.start(machine))

    def counted(metric: str) -> float:
        return account.sum("AWS/States", metric, StateMachineArn=machine)

    assert wait_for("a failure", lambda: counted("ExecutionsFailed")) == 1
    assert (counted("ExecutionsStarted"), counted("ExecutionsSucceeded")) == (1, 0)


def test_a_role_that_is_step_functions_no_more(account: Account) -> None:
    role = account.role("secretsmanager:*")
    machine = account.machine(one(read("db")), role)
    trust = allow("sts:AssumeRole", "*", "ec2.amazonaws.com")
    del trust["Resource"]
    account.client("iam").update_assume_role_policy(RoleName="machine", PolicyDocument=document(trust))
    ended = account.ended(account.start(machine))
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Permissions")
    assert account.events("GetSecretValue") == []


def test_a_role_of_another_account(account: Account) -> None:
    """A task with Credentials assumes that role with its own."""
    other = Account()
    other.client("secretsmanager").create_secret(Name="db", SecretString="hush")
    own = account.role("sts:AssumeRole")
    trust = {"Effect": "Allow", "Principal": {"AWS": own}, "Action": "sts:AssumeRole"}
    iam = other.client("iam")
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    statement = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    iam.put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=document(statement))
    definition = one(read("db", Credentials={"RoleArn": role}))
    assert account.output(definition, own) == {"Name": "db"}
    (event,) = other.events("GetSecretValue")
    assert event["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == role
    assert event["userIdentity"]["invokedBy"] == STATES
    account.client("iam").delete_role_policy(RoleName="machine", PolicyName="p")
    ended = account.ended(account.start(account.machine(definition, own, "again")))
    assert ended["error"] == "States.Permissions"


def test_what_a_watch_of_reads_does(account: Account) -> None:
    """Reading, metrics, a choice, a message, retries and errors that are caught: in one state machine."""
    sns = account.client("sns")
    topic = sns.create_topic(Name="topic")["TopicArn"]
    queue, arn = queue_for_rules(account.client("sqs"), "q")
    policy = document(allow("sqs:SendMessage", arn, "sns.amazonaws.com"))
    account.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    account.client("cloudwatch").put_metric_data(
        Namespace="tests",
        MetricData=[
            {"MetricName": "reads", "Value": 2, "Timestamp": datetime.now(UTC) - timedelta(minutes=1)}
        ],
    )
    query = {"MetricStat": {"Metric": {"Namespace": "tests", "MetricName": "reads"}}}
    query["MetricStat"] |= {"Period": 60, "Stat": "Sum"}
    definition = {
        "StartAt": "Read",
        "States": {
            "Read": read(
                "none",
                Next="Count",
                Retry=[{"ErrorEquals": ["States.Timeout"]}],
                Catch=[
                    {
                        "ErrorEquals": ["SecretsManager.ResourceNotFoundException"],
                        "ResultPath": "$.error",
                        "Next": "Count",
                    }
                ],
            ),
            "Count": {
                "Type": "Task",
                "Resource": f"{SDK}cloudwatch:getMetricData",
                "Parameters": {
                    "MetricDataQueries": [{"Id": "reads", **query}],
                    "StartTime.$": "$$.Execution.Input.since",
                    "EndTime.$": "$$.State.EnteredTime",
                },
                "ResultSelector": {"Values.$": "$.MetricDataResults[0].Values"},
                "ResultPath": "$.reads",
                "Next": "Seen?",
            },
            "Seen?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.reads.Values[0]", "IsPresent": True, "Next": "Tell"}],
                "Default": "Silent",
            },
            "Silent": {"Type": "Fail", "Error": "Silent"},
            "Tell": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sns:publish",
                "Parameters": {
                    "TopicArn": topic,
                    "Message": {
                        "of.$": "$$.Execution.Input.of",
                        "text.$": "States.Format('{} in {}', $.error.Error, $$.StateMachine.Name)",
                    },
                },
                "ResultPath": None,
                "End": True,
            },
        },
    }
    role = account.role("cloudwatch:GetMetricData", "secretsmanager:GetSecretValue", "sns:Publish")
    since = f"{datetime.now(UTC) - timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}"
    output = account.output(definition, role, {"of": "db", "since": since})
    assert output["error"]["Error"] == "SecretsManager.ResourceNotFoundException"
    (message,) = wait_for(
        "a message", lambda: account.client("sqs").receive_message(QueueUrl=queue).get("Messages")
    )
    text = "SecretsManager.ResourceNotFoundException in machine"
    assert json.loads(message["Body"]) == {"of": "db", "text": text}


def test_logs_are_called_as_aws_calls_them(account: Account) -> None:
    account.client("logs").create_log_group(logGroupName="here")
    task = {"Type": "Task", "Resource": f"{SDK}cloudwatchlogs:describeLogGroups"}
    found = account.output(one(task), account.role("logs:DescribeLogGroups"))
    assert [each["LogGroupName"] for each in found["LogGroups"]] == ["here"]


# Time


def test_a_wait_ends_with_ticks(account: Account, local_cloud: Any) -> None:
    waits = {"Type": "Wait", "Seconds": 300, "Next": "On"}
    definition = {"StartAt": "W", "States": {"W": waits, "On": {"Type": "Succeed"}}}
    execution = account.start(account.machine(definition, account.role()))
    wait_for("the wait", lambda: waiting(account, execution))
    local_cloud.tick(4)
    assert account.execution(execution)["status"] == "RUNNING"
    local_cloud.tick()
    # The tick has waited for it.
    assert account.execution(execution)["status"] == "SUCCEEDED"


def waiting(account: Account, execution: str) -> bool:
    history = account.client("stepfunctions").get_execution_history(executionArn=execution)["events"]
    return bool(history) and history[-1]["type"] in ("TaskFailed", "WaitStateEntered")


def test_an_interval_before_a_retry_ends_with_ticks(account: Account, local_cloud: Any) -> None:
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 60, "MaxAttempts": 2, "BackoffRate": 2}
    machine = account.machine(one(read("db", Retry=[retry])), account.role("secretsmanager:*"))
    execution = account.start(machine)
    wait_for("the first attempt", lambda: waiting(account, execution))
    local_cloud.tick(3)
    ended = account.execution(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "SecretsManager.ResourceNotFoundException")
    assert len(account.events("GetSecretValue")) == 3


def test_a_stopped_execution_waits_no_more(account: Account) -> None:
    execution = account.start(account.machine(one({"Type": "Wait", "Seconds": 3000}), account.role()))
    wait_for("the wait", lambda: waiting(account, execution))
    account.client("stepfunctions").stop_execution(executionArn=execution)
    assert account.ended(execution)["status"] == "ABORTED"


# Scheduled rules


def schedule(account: Account, machine: str, role: str, **more: Any) -> str:
    events = account.client("events")
    arn = events.put_rule(Name="regular", ScheduleExpression="rate(6 minutes)")["RuleArn"]
    target = {"Id": "t", "Arn": machine, "RoleArn": role, **more}
    events.put_targets(Rule="regular", Targets=[target])
    return str(arn)


def test_a_scheduled_rule_starts_a_state_machine(account: Account, local_cloud: Any) -> None:
    machine = account.machine(one({"Type": "Pass"}), account.role())
    role = account.role("states:StartExecution", trusted=EVENTS, name="rule")
    rule = schedule(account, machine, role)
    local_cloud.tick(5)
    assert account.executions(machine) == []
    local_cloud.tick(1)
    (execution,) = account.executions(machine)
    assert execution["status"] == "SUCCEEDED"
    given = json.loads(account.execution(execution["executionArn"])["input"])
    assert (given["detail-type"], given["source"]) == ("Scheduled Event", "aws.events")
    assert (given["resources"], given["detail"], given["account"]) == ([rule], {}, account.id)
    assert execution["name"].startswith(f"{given['id']}_")
    (event,) = account.events("StartExecution")
    identity = event["userIdentity"]
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == role
    assert (identity["invokedBy"], event["sourceIPAddress"], event["userAgent"]) == (EVENTS,) * 3
    assert len(identity["arn"].rpartition("/")[2]) == 32
    local_cloud.tick(12)
    assert len(account.executions(machine)) == 3
    account.client("events").disable_rule(Name="regular")
    local_cloud.tick(6)
    assert len(account.executions(machine)) == 3


def test_a_constant_is_an_executions_input(account: Account, local_cloud: Any) -> None:
    machine = account.machine(one({"Type": "Pass"}), account.role())
    role = account.role("states:StartExecution", trusted=EVENTS, name="rule")
    schedule(account, machine, role, Input='{"secret": "db"}')
    local_cloud.tick(6)
    (execution,) = account.executions(machine)
    assert account.execution(execution["executionArn"])["input"] == '{"secret":"db"}'


@pytest.mark.parametrize(
    ("actions", "trusted", "why"),
    [
        (["states:StartExecution"], STATES, "sts:AssumeRole"),
        (["states:DescribeExecution"], EVENTS, "states:StartExecution"),
    ],
    ids=["not EventBridge's", "may not start"],
)
def test_a_rule_whose_role_does_not_start_it(
    account: Account, local_cloud: Any, actions: list[str], trusted: str, why: str
) -> None:
    machine = account.machine(one({"Type": "Pass"}), account.role())
    schedule(account, machine, account.role(*actions, trusted=trusted, name="rule"))
    local_cloud.tick(6)
    assert account.executions(machine) == []
    (reason,) = [each["reason"] for each in local_cloud.details()["drops"] if each["target"] == machine]
    assert why in reason

    def failures() -> float:
        return account.sum("AWS/Events", "FailedInvocations", RuleName="regular")

    assert wait_for("a failed invocation", failures) == 1


# What is recorded of the API


def test_calls_of_the_api_are_recorded(account: Account) -> None:
    sfn = account.client("stepfunctions")
    machine = account.machine(one({"Type": "Pass"}), account.role())
    sfn.update_state_machine(
        stateMachineArn=machine, definition=json.dumps(one({"Type": "Pass", "Comment": "b"}))
    )
    sfn.tag_resource(resourceArn=machine, tags=[{"key": "a", "value": "b"}])
    account.ended(account.start(machine, {"password": "hush"}))
    sfn.delete_state_machine(stateMachineArn=machine)
    names = [
        "CreateStateMachine",
        "UpdateStateMachine",
        "TagResource",
        "StartExecution",
        "DeleteStateMachine",
    ]
    for name in names:
        (event,) = account.events(name)
        assert (event["eventSource"], event["managementEvent"], event["readOnly"]) == (STATES, True, False)
        assert "hush" not in json.dumps(event)
        assert (
            event["requestParameters"]
            .get("definition", "HIDDEN_DUE_TO_SECURITY_REASONS")
            .startswith("HIDDEN")
        )


# What is refused


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ("{", "INVALID_JSON_DESCRIPTION"),
        ({"StartAt": "One"}, "SCHEMA_VALIDATION_FAILED"),
        (one({"Type": "Nap"}), "SCHEMA_VALIDATION_FAILED"),
        (one({"Type": "Pass", "End": False}), "SCHEMA_VALIDATION_FAILED: One of Next or End is required"),
        (
            {
                "StartAt": "One",
                "States": {
                    "One": {
                        "Type": "Choice",
                        "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "Nowhere"}],
                    }
                },
            },
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: Nowhere at /States/One/Choices[0]/Next",
        ),
        (
            {"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "B": {"Type": "Succeed"}}},
            'MISSING_TRANSITION_TARGET: State "B" is not reachable. at /States/B',
        ),
        (one({"Type": "Task", "Resource": f"{SDK}logs:describeLogGroups"}), "is not recognized"),
        (one({"Type": "Task", "Resource": f"{SDK}secretsmanager:readSecret"}), "is not recognized"),
        (one({"Type": "Task", "Resource": f"{SDK}secretsmanager:GetSecretValue"}), "is not recognized"),
        (one({"Type": "Task", "Resource": f"{SDK}events:putEvents"}), "is not recognized"),
        (one({"Type": "Task", "Resource": f"{SDK}stepfunctions:startExecution"}), "is not recognized"),
        (
            one(
                {
                    "Type": "Task",
                    "Resource": f"{SDK}secretsmanager:getSecretValue",
                    "Parameters": {"secretId": "a"},
                }
            ),
            'The field "secretId" is not supported by Step Functions at /States/One/Parameters',
        ),
        (one({"Type": "Pass", "QueryLanguage": "JSONata"}), "The local cloud has no JSONata"),
    ],
    ids=str,
)
def test_create_refuses_a_definition(account: Account, definition: Any, words: str) -> None:
    with pytest.raises(ClientError) as caught:
        account.machine(definition, account.role())
    error = caught.value.response["Error"]
    assert error["Code"] == "InvalidDefinition"
    assert words in error["Message"]


@pytest.mark.parametrize(
    "name", ["sns:publish", "eventbridge:putEvents", "sfn:startExecution", "ssm:getParameter"]
)
def test_services_have_the_names_of_the_sdk(account: Account, name: str) -> None:
    assert account.machine(one({"Type": "Task", "Resource": SDK + name}), account.role())


@pytest.mark.parametrize(
    ("trusted", "changes", "code", "words"),
    [
        ("ec2.amazonaws.com", {}, "AccessDeniedException", "Neither the global service principal"),
        (STATES, {"roleArn": "nobody"}, "InvalidArn", "Invalid Role Arn: 'nobody'"),
        (
            STATES,
            {"roleArn": "arn:aws:iam::999999999999:role/r"},
            "AccessDeniedException",
            "Cross-account pass role is not allowed.",
        ),
        (STATES, {"name": "a b"}, "InvalidName", "Invalid Name: 'a b'"),
        (STATES, {"name": "a" * 81}, "ValidationException", "length less than or equal to 80"),
        (
            STATES,
            {"loggingConfiguration": {"level": "ALL"}},
            "AccessDeniedException",
            "not authorized to access",
        ),
        (
            STATES,
            {"encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY"}},
            "InvalidEncryptionConfiguration",
            "needs kmsKeyId",
        ),
    ],
    ids=str,
)
def test_create_refuses(
    account: Account, trusted: str, changes: dict[str, Any], code: str, words: str
) -> None:
    request = {"name": "machine", "roleArn": account.role(trusted=trusted)}
    request |= {"definition": json.dumps(one({"Type": "Pass"}))} | changes
    with pytest.raises(ClientError) as caught:
        account.client("stepfunctions").create_state_machine(**request)
    assert caught.value.response["Error"]["Code"] == code
    assert words in caught.value.response["Error"]["Message"]


def test_the_regional_principal_is_step_functions_too(account: Account) -> None:
    assert account.machine(one({"Type": "Pass"}), account.role(trusted=f"states.{REGION}.amazonaws.com"))


# Terraform

ROOT = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "machine" {
  name               = "machine"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "logs" {
  role = aws_iam_role.machine.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "logs:*", Resource = "*" }]
  })
}

resource "aws_cloudwatch_log_group" "machine" {
  name = "/aws/vendedlogs/states/machine"
}

variable "traced" {
  default = true
}

locals {
  definition = jsonencode({
    StartAt = "One"
    States  = { One = { Type = "Pass", Comment = "Traced: ${var.traced}", End = true } }
  })
}

resource "aws_sfn_state_machine" "silent" {
  name       = "silent"
  role_arn   = aws_iam_role.machine.arn
  definition = local.definition
  publish    = false
  tags       = { of = "tests" }

  logging_configuration {
    level = "OFF"
  }
}

resource "aws_sfn_state_machine" "logging" {
  name       = "logging"
  role_arn   = aws_iam_role.machine.arn
  definition = local.definition

  logging_configuration {
    include_execution_data = false
    level                  = "ERROR"
    log_destination        = "${aws_cloudwatch_log_group.machine.arn}:*"
  }

  tracing_configuration {
    enabled = var.traced
  }

  depends_on = [aws_iam_role_policy.logs]
}

resource "aws_cloudwatch_event_connection" "ping" {
  name               = "ping"
  authorization_type = "API_KEY"

  auth_parameters {
    api_key {
      key   = "X-Key"
      value = "hush"
    }
  }
}

data "aws_iam_policy_document" "rule" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "rule" {
  name               = "rule"
  assume_role_policy = data.aws_iam_policy_document.rule.json
}

resource "aws_cloudwatch_event_rule" "hourly" {
  name                = "hourly"
  schedule_expression = "rate(6 minutes)"
}

resource "aws_cloudwatch_event_target" "hourly" {
  rule     = aws_cloudwatch_event_rule.hourly.name
  arn      = aws_sfn_state_machine.silent.arn
  role_arn = aws_iam_role.rule.arn
  input    = jsonencode({ of = "tests" })
}
"""


def test_terraform_reads_back_what_it_made(terraform: Any, account: Account) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", account.id)
        root = terraform.new_root("state-machines", ROOT)
        terraform.run(root, "apply", "-auto-approve")
        try:
            assert "No changes" in terraform.run(root, "plan")
            patch.setenv("TF_VAR_traced", "false")
            assert "2 changed" in terraform.run(root, "apply", "-auto-approve")
            assert "No changes" in terraform.run(root, "plan")
        finally:
            terraform.run(root, "destroy", "-auto-approve")
    assert account.client("stepfunctions").list_state_machines()["stateMachines"] == []


# HTTP tasks


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    made = Endpoint(tmp_path)
    yield made
    made.close()


def ping(url: str, connection: str, **more: Any) -> dict[str, Any]:
    parameters = {"ApiEndpoint": url, "Method": "POST", "InvocationConfig": {"ConnectionArn": connection}}
    return {"Type": "Task", "Resource": "arn:aws:states:::http:invoke", "Parameters": parameters | more}


def connection(account: Account, kind: str = "API_KEY") -> str:
    given = {
        "API_KEY": {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "hush"}},
        "BASIC": {"BasicAuthParameters": {"Username": "me", "Password": "hush"}},
    }
    made = account.client("events").create_connection(
        Name="ping", AuthorizationType=kind, AuthParameters=given[kind]
    )
    return str(made["ConnectionArn"])


HTTP = ("states:InvokeHTTPEndpoint", "events:RetrieveConnectionCredentials", "secretsmanager:GetSecretValue")


def test_a_ping(account: Account, endpoint: Endpoint) -> None:
    state = ping(
        f"{endpoint.url}/ping?a=1",
        connection(account),
        QueryParameters={"b": "2"},
        RequestBody={"at.$": "$$.Execution.Name"},
    )
    found = account.output(one(state), account.role(*HTTP))
    assert (found["StatusCode"], found["ResponseBody"]) == (200, {"pong": True})
    ((method, path, headers, body),) = endpoint.asked
    assert (method, path, headers["X-Key"]) == ("POST", "/ping?a=1&b=2", "hush")
    assert headers["User-Agent"] == f"Amazon|StepFunctions|HttpInvoke|{REGION}"
    assert set(json.loads(body)) == {"at"}
    # The connection's secret was read by the role.
    (event,) = account.events("GetSecretValue")
    assert ":secret:events!connection/ping/" in event["requestParameters"]["secretId"]
    assert event["userIdentity"]["invokedBy"] == STATES


def test_a_ping_is_a_data_event(account: Account, endpoint: Endpoint) -> None:
    s3, cloudtrail, bucket = account.client("s3"), account.client("cloudtrail"), f"trail-of-{account.id}"
    s3.create_bucket(Bucket=bucket)
    arn, trail = f"arn:aws:s3:::{bucket}", "cloudtrail.amazonaws.com"
    policy = document(allow("s3:GetBucketAcl", arn, trail), allow("s3:PutObject", f"{arn}/*", trail))
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    cloudtrail.create_trail(Name="trail", S3BucketName=bucket)
    kind = {"resources.type": "AWS::StepFunctions::StateMachine", "eventCategory": "Data"}
    selector = [{"Field": name, "Equals": [value]} for name, value in kind.items()]
    cloudtrail.put_event_selectors(TrailName="trail", AdvancedEventSelectors=[{"FieldSelectors": selector}])
    cloudtrail.start_logging(Name="trail")
    queue, queue_arn = queue_for_rules(account.client("sqs"), "q")
    pattern = {"source": ["aws.states"], "detail-type": ["AWS Service Event via CloudTrail"]}
    account.client("events").put_rule(Name="pings", EventPattern=json.dumps(pattern))
    account.client("events").put_targets(Rule="pings", Targets=[{"Id": "q", "Arn": queue_arn}])
    machine = account.machine(one(ping(endpoint.url, connection(account))), account.role(*HTTP))
    assert account.ended(account.start(machine))["status"] == "SUCCEEDED"
    (message,) = wait_for(
        "an event", lambda: account.client("sqs").receive_message(QueueUrl=queue).get("Messages")
    )
    event = json.loads(message["Body"])["detail"]
    assert (event["eventName"], event["eventType"]) == ("InvokeHTTPEndpoint", "AwsServiceEvent")
    assert event["serviceEventDetails"] == {"httpMethod": "POST", "httpEndpoint": endpoint.url}
    assert [each["ARN"] for each in event["resources"]] == [machine]
    assert account.events("InvokeHTTPEndpoint") == []


def test_a_ping_with_a_password(account: Account, endpoint: Endpoint) -> None:
    account.output(one(ping(endpoint.url, connection(account, "BASIC"))), account.role(*HTTP))
    ((_, path, headers, _),) = endpoint.asked
    assert (path, headers["Authorization"]) == ("/", "Basic bWU6aHVzaA==")


def test_errors_of_a_ping_are_caught_by_their_names(account: Account, endpoint: Endpoint) -> None:
    endpoint.status = 503
    catch = [{"ErrorEquals": ["States.Http.StatusCode.503"], "Next": "Down"}]
    states = {"One": ping(endpoint.url, connection(account)) | {"End": True, "Catch": catch}}
    definition = {"StartAt": "One", "States": states | {"Down": {"Type": "Succeed"}}}
    found = account.output(definition, account.role(*HTTP))
    assert found["Error"] == "States.Http.StatusCode.503"
    assert json.loads(found["Cause"])["StatusCode"] == 503


@pytest.mark.parametrize(
    ("url", "actions", "error"),
    [
        ("https://example.com/", HTTP, "States.Http.Socket"),
        ("http://127.0.0.1/", HTTP, "States.Runtime"),
        ("{url}", HTTP[1:], "States.Permissions"),
        ("{url}", HTTP[::2], "Events.ConnectionResource.AccessDenied"),
        ("{url}", HTTP[:2], "Events.ConnectionResource.AccessDenied"),
    ],
)
def test_a_ping_that_fails(
    account: Account, endpoint: Endpoint, url: str, actions: tuple[str, ...], error: str
) -> None:
    state = ping(url.format(url=endpoint.url), connection(account))
    ended = account.ended(account.start(account.machine(one(state), account.role(*actions))))
    assert (ended["status"], ended["error"]) == ("FAILED", error)
    assert endpoint.asked == []
