"""Single calls whose events are not what the rule for their service would make of them."""

from __future__ import annotations

from typing import Any

import pytest
from apis import model

from secretwatch.cloudtrail import is_read_only, request_parameters


def shown(service: str, operation: str, **parameters: Any) -> dict[str, Any] | None:
    shape = model(service).operation_model(operation).input_shape
    return request_parameters(f"{service}.amazonaws.com", shape, parameters, operation)


def test_deleted_keys_of_a_bucket_are_not_listed() -> None:
    found = shown("s3", "DeleteObjects", Bucket="b", Delete={"Objects": [{"Key": "k"}]})
    assert found == {"bucketName": "b"}


def test_random_bytes_are_asked_for_without_parameters() -> None:
    assert shown("kms", "GenerateRandom", NumberOfBytes=32) is None


@pytest.mark.parametrize(
    ("operation", "document"),
    [
        ("PutBucketNotificationConfiguration", "NotificationConfiguration"),
        ("PutBucketLogging", "BucketLoggingStatus"),
    ],
)
def test_an_empty_document_that_was_sent_is_shown(operation: str, document: str) -> None:
    found = shown("s3", operation, Bucket="b", **{document: {}})
    assert found == {"bucketName": "b", document: {"xmlns": "http://s3.amazonaws.com/doc/2006-03-01/"}}
    assert shown("s3", "CreateBucket", Bucket="b", CreateBucketConfiguration={}) == {"bucketName": "b"}


@pytest.mark.parametrize("name", ["VerifyDomainDkim", "VerifyEmailIdentity"])
def test_what_makes_an_identity_writes(name: str) -> None:
    assert not is_read_only("ses.amazonaws.com", name)
    assert is_read_only("kms.amazonaws.com", "Verify")
