"""S3's requests as they stand in events: the wire's names, along every operation's model."""

from __future__ import annotations

import json
from typing import Any

import pytest
from apis import model

from secretwatch.cloudtrail import request_parameters, s3_additional_event_data, s3_wire

XMLNS = {"xmlns": "http://s3.amazonaws.com/doc/2006-03-01/"}
S3 = "s3.amazonaws.com"


def shown(operation: str, **parameters: Any) -> dict[str, Any] | None:
    shape = model("s3").operation_model(operation).input_shape
    return request_parameters(S3, shape, {"Bucket": "b", **parameters}, operation)


def test_a_lifecycle_rule_is_under_the_names_of_its_document() -> None:
    rule = {"ID": "i", "Status": "Enabled", "Filter": {"Prefix": "*"}, "Expiration": {"Days": 1}}
    assert shown("PutBucketLifecycleConfiguration", LifecycleConfiguration={"Rules": [rule]}) == {
        "bucketName": "b",
        "LifecycleConfiguration": {**XMLNS, "Rule": rule},
    }


def test_several_elements_are_a_list_and_one_is_not() -> None:
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    assert shown("PutBucketTagging", Tagging={"TagSet": tags}) == {
        "bucketName": "b",
        "Tagging": {**XMLNS, "TagSet": {"Tag": tags}},
    }
    assert shown("PutBucketTagging", Tagging={"TagSet": tags[:1]}) == {
        "bucketName": "b",
        "Tagging": {**XMLNS, "TagSet": {"Tag": tags[0]}},
    }


def test_a_notification_has_the_elements_of_its_document() -> None:
    function = {"LambdaFunctionArn": "arn", "Events": ["s3:ObjectCreated:*"], "Id": "i"}
    kept = shown(
        "PutBucketNotificationConfiguration",
        NotificationConfiguration={"LambdaFunctionConfigurations": [function]},
    )
    assert kept == {
        "bucketName": "b",
        "NotificationConfiguration": {
            **XMLNS,
            "CloudFunctionConfiguration": {"CloudFunction": "arn", "Event": "s3:ObjectCreated:*", "Id": "i"},
        },
    }


def test_an_access_block_keeps_its_answers() -> None:
    block = {"BlockPublicAcls": True, "BlockPublicPolicy": False}
    assert shown("PutPublicAccessBlock", PublicAccessBlockConfiguration=block) == {
        "bucketName": "b",
        "PublicAccessBlockConfiguration": {**XMLNS, **block},
    }


def test_a_grantee_has_its_kind_as_an_attribute() -> None:
    grant = {"Grantee": {"Type": "Group", "URI": "all"}, "Permission": "READ"}
    kept = shown("PutBucketAcl", AccessControlPolicy={"Grants": [grant]})
    assert kept == {
        "bucketName": "b",
        "AccessControlPolicy": {
            **XMLNS,
            "AccessControlList": {
                "Grant": {
                    "Grantee": {
                        "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
                        "xsi:type": "Group",
                        "URI": "all",
                    },
                    "Permission": "READ",
                }
            },
        },
    }


def test_a_canned_acl_is_a_header() -> None:
    assert shown("PutBucketAcl", ACL="private", AccessControlPolicy={}) == {
        "bucketName": "b",
        "x-amz-acl": "private",
    }


def test_a_bucket_policy_is_an_object() -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}
    assert shown("PutBucketPolicy", Policy=json.dumps(policy)) == {"bucketName": "b", "bucketPolicy": policy}
    assert shown("PutBucketPolicy", Policy="{") == {"bucketName": "b", "bucketPolicy": "{"}


def test_what_an_object_holds_and_what_locks_it_stands_nowhere() -> None:
    kept = shown(
        "PutObject",
        Key="k",
        Body=b"3 coffees",
        Metadata={"order": "3 coffees"},
        SSECustomerKey="3 coffees",
        SSECustomerAlgorithm="AES256",
        StorageClass="GLACIER",
    )
    assert kept == {
        "bucketName": "b",
        "key": "k",
        "x-amz-server-side-encryption-customer-algorithm": "AES256",
        "x-amz-storage-class": "GLACIER",
    }


@pytest.mark.parametrize("service", ["s3", "s3control"])
def test_every_operation_writes_names_of_the_wire(service: str) -> None:
    """No member's own name is left over: each is a path's, a header's, or an element's."""
    seen = 0
    for operation in model(service).operation_names:
        shape = model(service).operation_model(operation).input_shape
        for name, member in (shape.members if shape else {}).items():
            value = _sample(member)
            kept = request_parameters(S3, shape, {name: value}, operation) or {}
            wire = str(member.serialization.get("name", name))
            path = {"bucketName" if name == "Bucket" else name[:1].lower() + name[1:]}
            place = member.serialization.get("location")
            allowed = path if place == "uri" else {wire, "bucketPolicy"}
            assert set(kept) <= allowed, (operation, name, kept)
            seen += 1
    assert seen > 100


def _sample(shape: Any, depth: int = 0) -> Any:
    if shape.type_name == "structure":
        members = {} if depth > 4 else shape.members
        return {name: _sample(member, depth + 1) for name, member in members.items()}
    if shape.type_name == "list":
        return [_sample(shape.member, depth + 1)]
    if shape.type_name == "map":
        return {"k": _sample(shape.value, depth + 1)}
    return {"boolean": True, "blob": b"x"}.get(shape.type_name, 1 if shape.type_name != "string" else "s")


def test_the_query_and_the_host_but_no_signature() -> None:
    arguments = [("lifecycle", ""), ("X-Amz-Date", "20260101"), ("X-Amz-Signature", "s"), ("Signature", "s")]
    assert s3_wire("b.s3.amazonaws.com", arguments) == {
        "lifecycle": "",
        "X-Amz-Date": "20260101",
        "Host": "b.s3.amazonaws.com",
    }


@pytest.mark.parametrize(
    ("authorization", "arguments", "known"),
    [
        (
            "AWS4-HMAC-SHA256 Credential=x",
            [],
            {"SignatureVersion": "SigV4", "AuthenticationMethod": "AuthHeader"},
        ),
        ("AWS x:y", [], {"SignatureVersion": "SigV2", "AuthenticationMethod": "AuthHeader"}),
        (
            "AWS x:y",
            ["X-Amz-Signature"],
            {"SignatureVersion": "SigV4", "AuthenticationMethod": "QueryString"},
        ),
        (None, ["Signature"], {"SignatureVersion": "SigV2", "AuthenticationMethod": "QueryString"}),
        (None, ["X-Amz-Signature"], {"SignatureVersion": "SigV4", "AuthenticationMethod": "QueryString"}),
        (None, [], {}),
    ],
)
def test_how_a_call_was_signed(
    authorization: str | None, arguments: list[str], known: dict[str, str]
) -> None:
    data = s3_additional_event_data(
        authorization=authorization, arguments=arguments, bytes_in=1, bytes_out=2, id_2="i"
    )
    assert data == {**known, "bytesTransferredIn": 1, "bytesTransferredOut": 2, "x-amz-id-2": "i"}
