"""What CloudTrail keeps of a call, along the real service models."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest

from secretwatch.cloudtrail import request_parameters, response_elements
from secretwatch.cloudtrail.parameters import HIDDEN

SESSION = botocore.session.get_session()


def shown(service: str, operation: str, **parameters: Any) -> dict[str, Any] | None:
    model = SESSION.get_service_model(service).operation_model(operation)
    return request_parameters(
        f"{model.service_model.endpoint_prefix}.amazonaws.com", model.input_shape, parameters
    )


def test_names_begin_in_lower_case_and_nothing_else_changes() -> None:
    assert shown("secretsmanager", "GetSecretValue", SecretId="db", VersionStage="AWSCURRENT") == {
        "secretId": "db",
        "versionStage": "AWSCURRENT",
    }


@pytest.mark.parametrize("operation", ["CreateSecret", "PutSecretValue", "UpdateSecret"])
def test_a_secrets_value_is_left_out(operation: str) -> None:
    identifier = "Name" if operation == "CreateSecret" else "SecretId"
    kept = shown(
        "secretsmanager", operation, **{identifier: "db"}, SecretString="3 coffees", SecretBinary=b"3 coffees"
    )
    assert kept == {identifier[:1].lower() + identifier[1:]: "db"}


def test_a_parameters_value_is_hidden() -> None:
    kept = shown("ssm", "PutParameter", Name="p", Value="3 coffees", Type="SecureString")
    assert kept == {"name": "p", "value": HIDDEN, "type": "SecureString"}


@pytest.mark.parametrize("operation", ["CreateLoginProfile", "UpdateLoginProfile"])
def test_a_password_is_left_out(operation: str) -> None:
    assert shown("iam", operation, UserName="u", Password="3 coffees") == {"userName": "u"}


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("sns", "Publish", {"TopicArn": "t", "Message": "3 coffees", "Subject": "3 coffees"}),
        ("sqs", "SendMessageBatch", {"QueueUrl": "q", "Entries": [{"Id": "1", "MessageBody": "3 coffees"}]}),
        (
            "logs",
            "PutLogEvents",
            {"logGroupName": "g", "logEvents": [{"message": "3 coffees"}]},
        ),
        ("events", "PutEvents", {"Entries": [{"Source": "s", "Detail": "3 coffees"}]}),
        ("dynamodb", "PutItem", {"TableName": "t", "Item": {"k": {"S": "3 coffees"}}}),
        (
            "cloudformation",
            "CreateStack",
            {
                "StackName": "s",
                "TemplateBody": "3 coffees",
                "Parameters": [{"ParameterKey": "p", "ParameterValue": "3 coffees"}],
            },
        ),
        ("elasticache", "CreateReplicationGroup", {"ReplicationGroupId": "r", "AuthToken": "3 coffees"}),
        ("ec2", "RunInstances", {"MinCount": 1, "MaxCount": 1, "UserData": "3 coffees"}),
    ],
)
def test_what_a_call_carries_is_not_shown(service: str, operation: str, parameters: dict[str, Any]) -> None:
    kept = shown(service, operation, **parameters)
    assert kept
    assert "3 coffees" not in str(kept)


def test_bodies_are_left_out_and_buckets_have_their_own_name() -> None:
    kept = shown("s3", "PutObject", Bucket="b", Key="k", Body=b"3 coffees")
    assert kept == {"bucketName": "b", "key": "k"}


def test_lists_maps_and_times() -> None:
    kept = shown(
        "cloudtrail",
        "LookupEvents",
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "GetSecretValue"}],
        StartTime=datetime(2026, 1, 7, 9, 5, 4, tzinfo=UTC),
    )
    assert kept == {
        "lookupAttributes": [{"attributeKey": "EventName", "attributeValue": "GetSecretValue"}],
        "startTime": "Jan 7, 2026, 9:05:04 AM",
    }
    assert shown("logs", "CreateLogGroup", logGroupName="g", tags={"Team": "x"}) == {
        "logGroupName": "g",
        "tags": {"Team": "x"},
    }


def test_nothing_sent_is_none() -> None:
    assert shown("secretsmanager", "ListSecrets") is None


def test_new_credentials_are_not_shown_whole() -> None:
    model = SESSION.get_service_model("iam").operation_model("CreateAccessKey")
    answer = {"AccessKey": {"UserName": "u", "AccessKeyId": "AKIA", "SecretAccessKey": "3 coffees"}}
    kept = response_elements("iam.amazonaws.com", model.output_shape, answer)
    assert kept == {"accessKey": {"userName": "u", "accessKeyId": "AKIA"}}
