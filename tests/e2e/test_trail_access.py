"""Keys, boundaries and trusts that shut CloudTrail out: what CreateTrail says, what delivery does later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from deployment import wait_for
from sinks import ACCOUNT, Sinks, all_sinks, allow, client, document

CREATE_STREAMS = {"Effect": "Allow", "Action": "logs:CreateLogStream", "Resource": "*"}
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@pytest.fixture
def sinks(aws: dict[str, str]) -> Iterator[Sinks]:
    with all_sinks("access") as made:
        yield made


def refused(sinks: Sinks, **settings: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        sinks.create(**settings)
    answer = error.value.response["Error"]
    return answer["Code"], answer["Message"]


def encrypt_by_default(sinks: Sinks, bucket_key: bool) -> None:
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": sinks.key},
        "BucketKeyEnabled": bucket_key,
    }
    sinks.s3.put_bucket_encryption(Bucket=sinks.bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def key_lets(sinks: Sinks, *actions: str) -> None:
    account = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    statements = [account] + [allow(list(actions), "*")] * bool(actions)
    sinks.kms.put_key_policy(KeyId=sinks.key, PolicyName="default", Policy=document(*statements))


def awaits(sinks: Sinks, name: str, value: str | None) -> None:
    def status() -> Any:
        return sinks.cloudtrail.get_trail_status(Name=sinks.name).get(name)

    wait_for(f"{name} = {value}", lambda: status() == value)


def start(sinks: Sinks, **settings: Any) -> None:
    sinks.create(SnsTopicName=None, **settings)
    sinks.cloudtrail.start_logging(Name=sinks.name)
    sinks.undo.insert(0, lambda: sinks.cloudtrail.stop_logging(Name=sinks.name))
    sinks.undo.append(lambda: empty(sinks))


def empty(sinks: Sinks) -> None:
    for each in sinks.s3.list_objects_v2(Bucket=sinks.bucket).get("Contents", []):
        sinks.s3.delete_object(Bucket=sinks.bucket, Key=each["Key"])


@pytest.mark.parametrize(
    ("bucket_key", "actions", "taken"),
    [
        (False, (), False),
        (False, ("kms:GenerateDataKey*",), False),
        (False, ("kms:GenerateDataKey*", "kms:DescribeKey"), True),
        (True, ("kms:GenerateDataKey*", "kms:DescribeKey"), False),
        (True, ("kms:GenerateDataKey*", "kms:DescribeKey", "kms:Decrypt"), True),
    ],
)
def test_a_bucket_that_encrypts_by_default(
    sinks: Sinks, bucket_key: bool, actions: tuple[str, ...], taken: bool
) -> None:
    encrypt_by_default(sinks, bucket_key)
    key_lets(sinks, *actions)
    if taken:
        sinks.create(KmsKeyId=None)
        return
    message = f"Insufficient permissions to access S3 bucket {sinks.bucket} or KMS key {sinks.key}."
    assert refused(sinks, KmsKeyId=None) == ("InsufficientEncryptionPolicyException", message)


def test_a_bucket_key_wants_decrypt_of_the_trails_own_key_too(sinks: Sinks) -> None:
    encrypt_by_default(sinks, bucket_key=True)
    key_lets(sinks, "kms:GenerateDataKey*", "kms:DescribeKey")
    assert refused(sinks)[0] == "InsufficientEncryptionPolicyException"
    key_lets(sinks, "kms:GenerateDataKey*", "kms:DescribeKey", "kms:Decrypt")
    sinks.create()


def test_log_files_wait_for_the_buckets_key(sinks: Sinks) -> None:
    encrypt_by_default(sinks, bucket_key=True)
    key_lets(sinks, "kms:GenerateDataKey*", "kms:DescribeKey", "kms:Decrypt")
    start(sinks, KmsKeyId=None)
    key_lets(sinks)
    client("sts").get_caller_identity()
    awaits(sinks, "LatestDeliveryError", "AccessDenied")
    key_lets(sinks, "kms:GenerateDataKey*", "kms:DescribeKey", "kms:Decrypt")
    awaits(sinks, "LatestDeliveryError", None)
    name = sinks.s3.list_objects_v2(Bucket=sinks.bucket)["Contents"][0]["Key"]
    assert sinks.s3.head_object(Bucket=sinks.bucket, Key=name)["SSEKMSKeyId"] == sinks.key


def boundary(sinks: Sinks, *statements: Any) -> str:
    arn = sinks.iam.create_policy(PolicyName=sinks.name, PolicyDocument=document(*statements))["Policy"][
        "Arn"
    ]
    sinks.undo.append(lambda: sinks.iam.delete_policy(PolicyArn=arn))
    sinks.iam.put_role_permissions_boundary(RoleName=sinks.name, PermissionsBoundary=arn)
    return str(arn)


def test_a_boundary_that_leaves_the_log_group_out(sinks: Sinks) -> None:
    boundary(sinks, CREATE_STREAMS)
    code, message = refused(sinks)
    assert code == "InvalidCloudWatchLogsLogGroupArnException"
    assert message == "Access denied. Verify in IAM that the role has adequate permissions."
    sinks.iam.delete_role_permissions_boundary(RoleName=sinks.name)
    sinks.create()


def test_a_boundary_gives_nothing(sinks: Sinks) -> None:
    boundary(sinks, EVERYTHING)
    sinks.create()
    sinks.iam.delete_role_policy(RoleName=sinks.name, PolicyName="write")
    try:
        with pytest.raises(ClientError) as error:
            sinks.cloudtrail.update_trail(Name=sinks.name, IsMultiRegionTrail=True)
        assert error.value.response["Error"]["Code"] == "InvalidCloudWatchLogsLogGroupArnException"
    finally:
        sinks.role_policy()


def test_events_wait_for_the_boundary_and_for_the_trust(sinks: Sinks) -> None:
    start(sinks, KmsKeyId=None)
    error = "LatestCloudWatchLogsDeliveryError"
    boundary(sinks, CREATE_STREAMS)
    client("sts").get_caller_identity()
    awaits(sinks, error, "AccessDenied")
    sinks.iam.delete_role_permissions_boundary(RoleName=sinks.name)
    awaits(sinks, error, None)
    sinks.iam.update_assume_role_policy(RoleName=sinks.name, PolicyDocument=sinks.trust("lambda"))
    request_id = client("sts").get_caller_identity()["ResponseMetadata"]["RequestId"]
    awaits(sinks, error, "AccessDenied")
    sinks.iam.update_assume_role_policy(RoleName=sinks.name, PolicyDocument=sinks.trust("cloudtrail"))

    def arrived() -> Any:
        pattern = f'{{ $.requestID = "{request_id}" }}'
        found = sinks.logs.filter_log_events(logGroupName=sinks.name, filterPattern=pattern)
        return found["events"]

    wait_for("the event that waited", arrived)


def test_a_padded_policy_leaves_the_event_without_its_parameters(sinks: Sinks) -> None:
    """IAM does not count white space, CloudTrail does: whom it was about is not in the event."""
    padded = " " * 110_000 + document(CREATE_STREAMS)
    sinks.iam.put_role_policy(RoleName=sinks.name, PolicyName="padded", PolicyDocument=padded)
    sinks.undo.append(lambda: sinks.iam.delete_role_policy(RoleName=sinks.name, PolicyName="padded"))
    found = sinks.cloudtrail.lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "PutRolePolicy"}], MaxResults=1
    )["Events"]
    parameters = json.loads(found[0]["CloudTrailEvent"])["requestParameters"]
    assert parameters.pop("originalSize") > 110_000
    assert parameters == {"reason": "requestParameters too large", "omitted": True}
