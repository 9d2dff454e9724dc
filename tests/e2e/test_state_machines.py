"""State machines as the API and Terraform have them: what is refused, and what is read back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from state_machines import REGION, SDK, STATES, Account, one


@pytest.fixture
def account(aws: dict[str, str]) -> Account:
    return Account()


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
