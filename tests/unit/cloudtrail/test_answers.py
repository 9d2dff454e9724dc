"""Answers and requests of services that write them in their own way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from apis import local_services, model, operations

from secretwatch.cloudtrail import event_source, named_key, request_parameters, response_elements
from secretwatch.cloudtrail.parameters import HIDDEN

ARN = "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3"
NOON = datetime(2023, 7, 10, 12, 7, 59, tzinfo=UTC)


def answered(service: str, operation: str, **values: Any) -> dict[str, Any] | None:
    shape = model(service).operation_model(operation).output_shape
    return response_elements(event_source(model(service).signing_name), shape, values, operation)


@pytest.mark.parametrize("operation", ["CreateSecret", "PutSecretValue", "UpdateSecret"])
def test_what_set_a_secret_answers_its_arn_alone(operation: str) -> None:
    assert answered("secretsmanager", operation, ARN=ARN, Name="db", VersionId="1") == {"arn": ARN}


@pytest.mark.parametrize("moment", [NOON, NOON.timestamp(), NOON.astimezone(timezone(timedelta(hours=5)))])
def test_a_deleted_secret_says_when_it_will_be_gone(moment: Any) -> None:
    assert answered("secretsmanager", "DeleteSecret", ARN=ARN, Name="db", DeletionDate=moment) == {
        "aRN": ARN,
        "name": "db",
        "deletionDate": "Jul 10, 2023, 12:07:59 PM",
    }


def test_iams_times_have_one_comma_less() -> None:
    user = {"UserName": "u", "UserId": "AIDA", "CreateDate": NOON}
    assert answered("iam", "CreateUser", User=user) == {
        "user": {"userName": "u", "userId": "AIDA", "createDate": "Jul 10, 2023 12:07:59 PM"}
    }


@pytest.mark.parametrize(
    "operation",
    [
        "AssumeRole",
        "AssumeRoleWithSAML",
        "AssumeRoleWithWebIdentity",
        "GetFederationToken",
        "GetSessionToken",
    ],
)
def test_a_session_can_be_traced_and_not_used(operation: str) -> None:
    credentials = {
        "AccessKeyId": "ASIAEXAMPLE",
        "SecretAccessKey": "3 coffees",
        "SessionToken": "3 coffees",
        "Expiration": NOON,
    }
    assert answered("sts", operation, Credentials=credentials) == {
        "credentials": {
            "accessKeyId": "ASIAEXAMPLE",
            "sessionToken": HIDDEN,
            "expiration": "Jul 10, 2023, 12:07:59 PM",
        }
    }


def test_what_proves_an_identity_is_left_out() -> None:
    shape = model("sts").operation_model("AssumeRoleWithWebIdentity").input_shape
    sent = {"RoleArn": "r", "RoleSessionName": "s", "WebIdentityToken": "3 coffees"}
    kept = request_parameters("sts.amazonaws.com", shape, sent)
    assert kept == {"roleArn": "r", "roleSessionName": "s"}


def test_kms_shows_what_was_left_to_it() -> None:
    shape = model("kms").operation_model("Decrypt").input_shape
    kept = request_parameters("kms.amazonaws.com", shape, {"CiphertextBlob": b"x"}, "Decrypt")
    assert kept == {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"}
    chosen = {"EncryptionAlgorithm": "RSAES_OAEP_SHA_1"}
    kept = request_parameters("kms.amazonaws.com", shape, chosen, "Decrypt")
    assert kept == {"encryptionAlgorithm": "RSAES_OAEP_SHA_1"}


def test_what_changed_a_key_names_it() -> None:
    assert named_key("DisableKey", "arn") == {"keyId": "arn"}
    assert named_key("PutKeyPolicy", "arn") is None
    assert named_key("DeleteAlias", None) is None


def test_a_functions_variables_are_left_out_and_their_place_is_not() -> None:
    environment = {"Variables": {"ORDER": "3 coffees"}}
    assert answered("lambda", "CreateFunction", FunctionName="f", Environment=environment) == {
        "functionName": "f",
        "environment": {},
    }


@pytest.mark.later
def test_no_operation_shows_what_its_model_marks_as_secret() -> None:
    """Over every operation, both ways: a request or an answer full of one word never shows it whole."""
    seen = 0
    for _service, operation in operations(local_services()):
        source = event_source(operation.service_model.signing_name)
        for shape, write in (
            (operation.input_shape, request_parameters),
            (operation.output_shape, response_elements),
        ):
            if shape is None:
                continue
            kept = write(source, shape, _full(shape, 0), operation.name)
            assert "3 coffees" not in str(kept), (source, operation.name)
            seen += 1
    assert seen > 4_000


def _full(shape: Any, depth: int) -> Any:
    """A value of the shape in which only what is secret, or binary, says "3 coffees"."""
    if shape.metadata.get("sensitive") or shape.type_name == "blob":
        return "3 coffees"
    if shape.type_name == "structure":
        return {name: _full(each, depth + 1) for name, each in shape.members.items()} if depth < 4 else {}
    if shape.type_name == "list":
        return [_full(shape.member, depth + 1)] if depth < 4 else []
    if shape.type_name == "map":
        return {"k": _full(shape.value, depth + 1)} if depth < 4 else {}
    return {"boolean": True, "string": "s"}.get(shape.type_name, 1)
