"""What is wrong with a state machine's definition, and AWS's names of services in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secretwatch.localstack.states import sdk
from secretwatch.localstack.states.definition import asks_for_jsonata, problems


def members(service: str, operation: str) -> frozenset[str] | None:
    return frozenset(["A", "B"]) if (service, operation) == ("good", "call") else None


def found(definition: Any) -> list[str]:
    return [str(each) for each in problems(json.dumps(definition), members)]


def scope(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


END = {"Type": "Pass", "End": True}


@pytest.mark.parametrize(
    "definition",
    [
        scope(A=END),
        scope(A={"Type": "Pass", "Next": "B"}, B={"Type": "Fail"}),
        scope(
            A={"Type": "Choice", "Choices": [{"And": [], "Next": "B"}], "Default": "C"},
            B={"Type": "Succeed"},
            C=END,
        ),
        scope(A={**END, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B"}]}, B=END),
        scope(A={"Type": "Parallel", "Branches": [scope(A=END), scope(A=END)], "End": True}),
        scope(A={"Type": "Map", "ItemProcessor": scope(A=END), "End": True}),
        scope(
            A={
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:good:call.waitForTaskToken",
                "Parameters": {"A": 1, "B.$": "$.b"},
                "End": True,
            }
        ),
        scope(A={"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": True}),
    ],
    ids=str,
)
def test_nothing_is_wrong(definition: Any) -> None:
    assert found(definition) == []


@pytest.mark.parametrize(
    ("definition", "kind", "where"),
    [
        ([], "SCHEMA_VALIDATION_FAILED", "/"),
        ({"StartAt": "B", "States": {"A": END}}, "MISSING_TRANSITION_TARGET", "/StartAt"),
        (scope(A={"Type": "Pass", "Next": "B"}), "MISSING_TRANSITION_TARGET", "/States/A/Next"),
        (
            scope(A={"Type": "Choice", "Choices": [], "Default": "B"}),
            "MISSING_TRANSITION_TARGET",
            "/States/A/Default",
        ),
        (scope(A={**END, "Catch": [{"Next": "B"}]}), "MISSING_TRANSITION_TARGET", "/States/A/Catch[0]/Next"),
        (scope(A=END, B=END), "MISSING_TRANSITION_TARGET", "/States/B"),
        (scope(A={"Type": "Wait", "Seconds": 1}), "SCHEMA_VALIDATION_FAILED", "/States/A"),
        (
            scope(A={"Type": "Parallel", "Branches": [scope(A={"Type": "Pass"})], "End": True}),
            "SCHEMA_VALIDATION_FAILED",
            "/States/A/Branches[0]/States/A",
        ),
        (
            scope(A={"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:bad:call", "End": True}),
            "SCHEMA_VALIDATION_FAILED",
            "/States/A/Resource",
        ),
        (
            scope(
                A={
                    "Type": "Task",
                    "Resource": "arn:aws:states:::aws-sdk:good:call",
                    "Parameters": {"a.$": "$.a"},
                    "End": True,
                }
            ),
            "SCHEMA_VALIDATION_FAILED",
            "/States/A/Parameters",
        ),
    ],
    ids=str,
)
def test_what_is_wrong(definition: Any, kind: str, where: str) -> None:
    (problem,) = [
        each for each in problems(json.dumps(definition), members) if "not reachable" not in each.message
    ] or problems(json.dumps(definition), members)
    assert (problem.kind, problem.where) == (kind, where)


def test_what_is_no_json() -> None:
    (problem,) = problems("{", members)
    assert problem.kind == "INVALID_JSON_DESCRIPTION"


def test_who_asks_for_jsonata() -> None:
    assert asks_for_jsonata(json.dumps({"QueryLanguage": "JSONata"}))
    assert asks_for_jsonata(json.dumps(scope(A={"Branches": [scope(B={"QueryLanguage": "JSONata"})]})))
    assert not asks_for_jsonata(json.dumps(scope(A={"QueryLanguage": "JSONPath", "Comment": "JSONata"})))
    assert not asks_for_jsonata("{")


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("cloudwatch", "cloudwatch"),
        ("cloudwatchlogs", "logs"),
        ("eventbridge", "events"),
        ("secretsmanager", "secretsmanager"),
        ("sfn", "stepfunctions"),
        ("sns", "sns"),
        ("costexplorer", "ce"),
        ("acmpca", "acm-pca"),
        ("logs", None),
        ("events", None),
        ("stepfunctions", None),
        ("acm-pca", None),
        ("monitoring", None),
    ],
)
def test_names_of_services(name: str, service: str | None) -> None:
    assert sdk.service_of(name) == service


@pytest.mark.parametrize(
    ("service_id", "prefix"),
    [
        ("CloudWatch", "CloudWatch"),
        ("CloudWatch Logs", "CloudWatchLogs"),
        ("Secrets Manager", "SecretsManager"),
        ("SFN", "Sfn"),
        ("SNS", "Sns"),
        ("DynamoDB", "DynamoDb"),
        ("ACM PCA", "AcmPca"),
        ("S3", "S3"),
        ("EC2", "Ec2"),
        ("CloudHSM V2", "CloudHsmV2"),
        ("SESv2", "SesV2"),
        ("Cost and Usage Report Service", "CostAndUsageReport"),
    ],
)
def test_prefixes_of_errors(service_id: str, prefix: str) -> None:
    assert sdk.error_prefix(service_id) == prefix
