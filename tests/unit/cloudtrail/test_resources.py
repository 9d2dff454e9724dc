"""What an event says it is about."""

from __future__ import annotations

from typing import Any

import pytest

from secretwatch.cloudtrail import Call, event_category, resources
from secretwatch.cloudtrail.classify import _DATA_EVENTS

ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"


def about(source: str, name: str, failed: bool = False, answer: Any = None, **parameters: Any) -> list[Any]:
    keys = {"1": KEY, "alias/a": KEY, KEY: KEY}
    call = Call(
        event_source=f"{source}.amazonaws.com",
        event_name=name,
        parameters=parameters,
        response=answer or {},
        failed=failed,
        account_id=ACCOUNT,
        region="us-east-1",
        partition="aws",
        key_arn=keys.get,
    )
    return resources(call)


BUCKET = {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::b"}


def test_a_bucket_is_named_by_management_events_too() -> None:
    assert about("s3", "PutBucketPolicy", Bucket="b") == [BUCKET]
    assert about("s3", "CreateBucket", Bucket="b") == []
    assert about("s3", "ListBuckets") == []
    assert about("s3", "GetObject", Bucket="b", Key="k") == [
        {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::b/k"},
        BUCKET,
    ]
    assert about("s3", "HeadBucket", Bucket="b") == [
        {"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::b/"},
        BUCKET,
    ]


KMS = {"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": KEY}


@pytest.mark.parametrize(
    ("name", "parameters", "answer"),
    [
        ("Encrypt", {"KeyId": "alias/a"}, {"KeyId": KEY}),
        ("Decrypt", {}, {"KeyId": KEY}),
        ("Decrypt", {"KeyId": "1"}, {}),
        ("CreateKey", {}, {"KeyMetadata": {"Arn": KEY}}),
        ("ReEncrypt", {"DestinationKeyId": "alias/a"}, {"SourceKeyId": KEY}),
    ],
)
def test_a_key_is_named_by_its_arn(name: str, parameters: dict[str, Any], answer: dict[str, Any]) -> None:
    assert about("kms", name, answer=answer, **parameters) == [KMS]


@pytest.mark.parametrize("name", ["CreateAlias", "UpdateAlias", "DeleteAlias"])
def test_an_alias_is_named_beside_its_key(name: str) -> None:
    target = {} if name == "DeleteAlias" else {"TargetKeyId": "1"}
    alias = {**KMS, "ARN": f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/a"}
    assert about("kms", name, AliasName="alias/a", **target) == [KMS, alias]


def test_keys_in_general_are_about_none() -> None:
    assert about("kms", "ListKeys") == []
    assert about("kms", "Decrypt", KeyId="alias/gone") == []


def test_parameters_are_named_without_a_type() -> None:
    arn = f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter"
    assert about("ssm", "GetParameters", Names=["/a/b", "c"]) == [
        {"ARN": f"{arn}/a/b", "accountId": ACCOUNT},
        {"ARN": f"{arn}/c", "accountId": ACCOUNT},
    ]
    assert about("ssm", "PutParameter", Name="/a") == [{"ARN": f"{arn}/a", "accountId": ACCOUNT}]
    assert about("ssm", "GetDocument", Name="d") == []


def test_a_role_that_was_taken_is_named_and_one_that_was_refused_is_not() -> None:
    role = "arn:aws:iam::444455556666:role/r"
    named = [{"accountId": "444455556666", "type": "AWS::IAM::Role", "ARN": role}]
    assert about("sts", "AssumeRole", RoleArn=role) == named
    assert about("sts", "AssumeRoleWithWebIdentity", RoleArn=role) == named
    assert about("sts", "AssumeRole", failed=True, RoleArn=role) == []


def test_secrets_are_named_by_no_event() -> None:
    assert about("secretsmanager", "GetSecretValue", SecretId="s") == []


@pytest.mark.parametrize("source", ["dynamodb", "lambda", "sns", "sqs"])
def test_each_data_event_names_its_resource(source: str) -> None:
    named = {"TableName": "t", "FunctionName": "t", "TopicArn": "t", "QueueUrl": "http://q/t"}
    kind, names = _DATA_EVENTS[f"{source}.amazonaws.com"]
    for name in names:
        assert event_category(f"{source}.amazonaws.com", name) == ("Data", kind)
        (resource,) = about(source, name, **named)
        assert (resource["accountId"], resource["type"]) == (ACCOUNT, kind)
        assert resource["ARN"].endswith("t")
