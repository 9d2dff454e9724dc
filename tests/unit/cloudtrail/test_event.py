"""Events: shape, read or write, who."""

from __future__ import annotations

import pytest

from secretwatch.cloudtrail import (
    assumed_role_identity,
    event_category,
    is_global_service,
    is_read_only,
    make_event,
    root_identity,
)


def event(**changes: object) -> dict[str, object]:
    known: dict[str, object] = {
        "event_id": "6f1b0c66-1f0e-4b5e-a8f2-3d0b7c9a2e11",
        "event_time": "2026-01-17T17:02:03Z",
        "event_source": "secretsmanager.amazonaws.com",
        "event_name": "GetSecretValue",
        "aws_region": "eu-west-1",
        "account_id": "111122223333",
        "user_identity": root_identity("111122223333", "aws", "AKIAEXAMPLE"),
        "source_ip_address": "192.0.2.7",
        "user_agent": "aws-cli/2.15",
        "request_id": "0a1b2c3d",
        "request_parameters": {"secretId": "db"},
        "response_elements": {"aRN": "x"},
    }
    return make_event(**(known | changes))  # type: ignore[arg-type]


def test_a_read_of_a_secret() -> None:
    read = event()
    assert read["eventVersion"] == "1.11"
    assert read["readOnly"] is True
    assert read["managementEvent"] is True
    assert read["eventCategory"] == "Management"
    assert read["eventType"] == "AwsApiCall"
    assert read["responseElements"] is None, "a read-only call has no response elements"
    assert read["recipientAccountId"] == "111122223333"
    assert "errorCode" not in read
    assert "resources" not in read


def test_a_write_shows_what_it_answered() -> None:
    assert event(event_name="CreateSecret")["responseElements"] == {"aRN": "x"}


def test_a_read_that_hands_out_a_session_shows_it() -> None:
    taken = event(event_source="sts.amazonaws.com", event_name="AssumeRole")
    assert (taken["readOnly"], taken["responseElements"]) == (True, {"aRN": "x"})
    refused = event(event_source="sts.amazonaws.com", event_name="AssumeRole", error_code="AccessDenied")
    assert refused["responseElements"] is None


def test_what_is_known_of_the_connection_and_the_transport_stands_there() -> None:
    plain = event(tls_details={"clientProvidedHostHeader": "h"}, additional_event_data={"n": 1})
    assert plain["tlsDetails"] == {"clientProvidedHostHeader": "h"}
    assert plain["additionalEventData"] == {"n": 1}
    assert not {"tlsDetails", "additionalEventData"} & set(event())


def test_a_failed_call_has_its_error_and_no_answer() -> None:
    failed = event(event_name="CreateSecret", error_code="AccessDenied", error_message="no")
    assert (failed["errorCode"], failed["errorMessage"]) == ("AccessDenied", "no")
    assert failed["responseElements"] is None


def test_nothing_sent_is_null_and_not_empty() -> None:
    assert event(request_parameters={})["requestParameters"] is None


@pytest.mark.parametrize(
    ("source", "name", "read_only"),
    [
        ("secretsmanager", "GetSecretValue", True),
        ("secretsmanager", "BatchGetSecretValue", True),
        ("secretsmanager", "PutSecretValue", False),
        ("secretsmanager", "DeleteSecret", False),
        ("kms", "Decrypt", True),
        ("kms", "GenerateDataKey", True),
        ("kms", "ScheduleKeyDeletion", False),
        ("sts", "AssumeRole", True),
        ("sts", "GetCallerIdentity", True),
        ("sts", "GetFederationToken", False),
        ("bedrock", "InvokeModel", True),
        ("lambda", "GetFunction20150331v2", True),
        ("lambda", "CheckpointDurableExecution", False),
        ("iam", "GenerateCredentialReport", False),
        ("logs", "FilterLogEvents", True),
        ("logs", "TestMetricFilter", True),
        ("cloudtrail", "StopLogging", False),
        ("s3", "HeadBucket", True),
    ],
)
def test_read_or_write(source: str, name: str, read_only: bool) -> None:
    assert is_read_only(f"{source}.amazonaws.com", name) is read_only


@pytest.mark.parametrize(
    ("source", "name", "category"),
    [
        ("s3", "GetObject", ("Data", "AWS::S3::Object")),
        ("s3", "CreateBucket", ("Management", None)),
        ("s3", "HeadBucket", ("Data", "AWS::S3::Object")),
        ("dynamodb", "Query", ("Data", "AWS::DynamoDB::Table")),
        ("dynamodb", "CreateTable", ("Management", None)),
        ("sns", "Publish", ("Data", "AWS::SNS::Topic")),
        ("monitoring", "PutMetricData", ("Data", "AWS::CloudWatch::Metric")),
        ("secretsmanager", "GetSecretValue", ("Management", None)),
    ],
)
def test_management_or_data(source: str, name: str, category: tuple[str, str | None]) -> None:
    assert event_category(f"{source}.amazonaws.com", name) == category


def test_a_data_event_says_so() -> None:
    put = event(event_source="s3.amazonaws.com", event_name="PutObject")
    assert (put["managementEvent"], put["eventCategory"]) == (False, "Data")


def test_global_services_belong_to_no_region() -> None:
    assert is_global_service("iam.amazonaws.com")
    assert not is_global_service("secretsmanager.amazonaws.com")


def test_a_session_names_the_role_behind_it() -> None:
    identity = assumed_role_identity(
        arn="arn:aws:sts::111122223333:assumed-role/reader/nightly",
        assumed_role_id="AROAEXAMPLE:nightly",
        role_arn="arn:aws:iam::111122223333:role/apps/reader",
        access_key_id="ASIAEXAMPLE",
        creation_date="2026-01-17T17:00:00Z",
    )
    assert identity["principalId"] == "AROAEXAMPLE:nightly"
    issuer = identity["sessionContext"]["sessionIssuer"]
    assert issuer["principalId"] == "AROAEXAMPLE"
    assert issuer["arn"] == "arn:aws:iam::111122223333:role/apps/reader"
    assert issuer["userName"] == "reader"
    assert identity["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"
