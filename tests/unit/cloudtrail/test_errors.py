"""What an error is called, by the protocol of its service."""

from __future__ import annotations

from collections import defaultdict

import pytest
from apis import local_services, model

from secretwatch.cloudtrail import error_code, error_message
from secretwatch.localstack.cloudtrail.recorder import _error_code, _exceptions, _protocol


def named(service: str, code: str, status: int = 400) -> str:
    return error_code(_protocol(model(service)), code, status, _exceptions(model(service)))


@pytest.mark.parametrize(
    ("service", "answered", "recorded"),
    [
        ("ec2", "InvalidVpcID.NotFound", "Client.InvalidVpcID.NotFound"),
        ("ec2", "UnauthorizedOperation", "Client.UnauthorizedOperation"),
        ("ec2", "Client.DryRunOperation", "Client.DryRunOperation"),
        ("iam", "NoSuchEntity", "NoSuchEntityException"),
        ("iam", "EntityTemporarilyUnmodifiable", "EntityTemporarilyUnmodifiableException"),
        ("iam", "AccessDenied", "AccessDenied"),
        ("sts", "MalformedPolicyDocument", "MalformedPolicyDocumentException"),
        ("sns", "NotFound", "NotFoundException"),
        ("sns", "AuthorizationError", "AccessDenied"),
        ("rds", "DBInstanceNotFound", "DBInstanceNotFoundFault"),
        ("cloudformation", "ValidationError", "ValidationException"),
        ("cloudwatch", "ValidationError", "ValidationException"),
        ("cloudwatch", "ResourceNotFound", "ResourceNotFound"),
        ("s3", "NoSuchBucket", "NoSuchBucket"),
        ("s3", "AccessDenied", "AccessDenied"),
        ("secretsmanager", "ResourceNotFoundException", "ResourceNotFoundException"),
        ("secretsmanager", "AccessDeniedException", "AccessDenied"),
        ("organizations", "AccessDeniedException", "AccessDenied"),
    ],
)
def test_an_error_has_its_exceptions_name(service: str, answered: str, recorded: str) -> None:
    assert named(service, answered) == recorded


def test_what_ec2_did_wrong_is_the_servers() -> None:
    assert named("ec2", "InternalError", 500) == "Server.InternalError"


def test_every_error_of_every_model_has_its_exceptions_name() -> None:
    seen = 0
    for service in local_services():
        names = defaultdict(set)
        for shape in model(service).error_shapes:
            names[shape.metadata.get("error", {}).get("code") or shape.name].add(shape.name)
        for code, shapes in names.items():
            # Two errors of CloudWatch and some of RDS's kin have one code: any of them is right.
            refused = code in ("AccessDeniedException", "AuthorizationError")
            expected = {"AccessDenied"} if refused else shapes
            assert named(service, code) in expected, (service, code)
            seen += 1
    assert seen > 500


def test_an_exception_that_the_model_has_is_called_by_its_own_name() -> None:
    from localstack.aws.api.cloudwatch import DashboardNotFoundError, ResourceNotFound

    cloudwatch = model("cloudwatch")
    assert _error_code(cloudwatch, DashboardNotFoundError()) == "DashboardNotFoundError"
    assert _error_code(cloudwatch, ResourceNotFound()) == "ResourceNotFound"


def test_a_refused_decrypt_says_why() -> None:
    said = error_message("kms.amazonaws.com", "IncorrectKeyException", None)
    assert said == "The key ID in the request does not identify a CMK that can perform this operation."
    assert error_message("kms.amazonaws.com", "InvalidCiphertextException", "words of LocalStack")
    assert error_message("iam.amazonaws.com", "NoSuchEntityException", "nobody") == "nobody"
    assert error_message("iam.amazonaws.com", "NoSuchEntityException", "") is None
