"""CreateTrail and UpdateTrail refuse what AWS refuses, with AWS's codes; then nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sinks import ACCOUNT, REGION, Sinks, all_sinks, allow, client, document


@pytest.fixture
def sinks(aws: dict[str, str]) -> Iterator[Sinks]:
    with all_sinks("refusals") as made:
        yield made


def refused(call: Callable[..., Any], **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    answer = error.value.response["Error"]
    return answer["Code"], answer["Message"]


def test_a_trail_whose_sinks_all_let_it_is_made(sinks: Sinks) -> None:
    assert sinks.create()["KmsKeyId"] == sinks.key


def test_a_bucket_policy_for_another_trail(sinks: Sinks) -> None:
    sinks.bucket_policy(trail_arn=f"{sinks.trail_arn}-other")
    message = f"Incorrect S3 bucket policy is detected for bucket: {sinks.bucket}"
    assert refused(sinks.create) == ("InsufficientS3BucketPolicyException", message)


def test_a_bucket_without_a_policy(sinks: Sinks) -> None:
    sinks.s3.delete_bucket_policy(Bucket=sinks.bucket)
    assert refused(sinks.create)[0] == "InsufficientS3BucketPolicyException"


def test_a_bucket_policy_that_wants_another_acl(sinks: Sinks) -> None:
    sinks.bucket_policy(acl="private")
    assert refused(sinks.create)[0] == "InsufficientS3BucketPolicyException"


@pytest.mark.parametrize(
    "half",
    [
        [("s3:GetBucketAcl", "")],
        [("s3:PutObject", "/*")],
        # The trail validates its log files: digests have to be let in as well.
        [("s3:GetBucketAcl", ""), ("s3:PutObject", f"/AWSLogs/{ACCOUNT}/CloudTrail/*")],
    ],
)
def test_a_bucket_policy_that_gives_only_half(sinks: Sinks, half: list[tuple[str, str]]) -> None:
    statements = [allow(action, f"arn:aws:s3:::{sinks.bucket}{place}") for action, place in half]
    sinks.s3.put_bucket_policy(Bucket=sinks.bucket, Policy=document(*statements))
    assert refused(sinks.create)[0] == "InsufficientS3BucketPolicyException"


def test_a_bucket_policy_that_denies(sinks: Sinks) -> None:
    everybody = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "*"}
    sinks.bucket_policy(more=[everybody])
    assert refused(sinks.create)[0] == "InsufficientS3BucketPolicyException"


def test_a_bucket_policy_without_the_prefix(sinks: Sinks) -> None:
    assert refused(sinks.create, S3KeyPrefix="evidence")[0] == "InsufficientS3BucketPolicyException"
    sinks.bucket_policy(prefix="evidence/")
    assert sinks.create(S3KeyPrefix="evidence")["S3KeyPrefix"] == "evidence"


def test_no_such_bucket(sinks: Sinks) -> None:
    name = f"{sinks.name}-none"
    expected = ("S3BucketDoesNotExistException", f"S3 bucket {name} does not exist!")
    assert refused(sinks.create, S3BucketName=name) == expected


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"S3BucketName": "No_Bucket"}, "InvalidS3BucketNameException"),
        ({"S3KeyPrefix": "x" * 201}, "InvalidS3PrefixException"),
        ({"SnsTopicName": "no topic"}, "InvalidSnsTopicNameException"),
        ({"SnsTopicName": "queue.fifo"}, "InvalidSnsTopicNameException"),
        ({"KmsKeyId": "no key"}, "InvalidKmsKeyIdException"),
        ({"KmsKeyId": "alias/nobody"}, "KmsKeyNotFoundException"),
        ({"KmsKeyId": "arn:aws:kms:us-east-1:222233334444:key/" + "0" * 36}, "KmsKeyNotFoundException"),
        ({"CloudWatchLogsRoleArn": None}, "InvalidCloudWatchLogsRoleArnException"),
        ({"CloudWatchLogsLogGroupArn": None}, "InvalidCloudWatchLogsLogGroupArnException"),
        ({"CloudWatchLogsRoleArn": "arn:aws:iam::1:role/x"}, "InvalidCloudWatchLogsRoleArnException"),
        ({"Name": "ab"}, "InvalidTrailNameException"),
        ({"Name": "a" * 129}, "InvalidTrailNameException"),
        ({"Name": "-abc"}, "InvalidTrailNameException"),
        ({"Name": "abc-"}, "InvalidTrailNameException"),
        ({"Name": "a/bc"}, "InvalidTrailNameException"),
        ({"Name": "a-_bc"}, "InvalidTrailNameException"),
        ({"Name": "192.168.5.4"}, "InvalidTrailNameException"),
        ({"IsOrganizationTrail": True}, "OrganizationsNotInUseException"),
        (
            {"IsMultiRegionTrail": True, "IncludeGlobalServiceEvents": False},
            "InvalidParameterCombinationException",
        ),
        ({"TagsList": [{"Key": "a"}, {"Key": "a"}]}, "InvalidTagParameterException"),
        ({"TagsList": [{"Key": str(number)} for number in range(51)]}, "TagsLimitExceededException"),
    ],
)
def test_what_is_none(sinks: Sinks, settings: dict[str, Any], code: str) -> None:
    assert refused(sinks.create, **settings)[0] == code


def test_a_key_policy_for_another_trail(sinks: Sinks) -> None:
    sinks.key_policy(trail_arn=sinks.trail_arn + "-other")
    message = f"Insufficient permissions to access S3 bucket {sinks.bucket} or KMS key {sinks.key}."
    assert refused(sinks.create) == ("InsufficientEncryptionPolicyException", message)


@pytest.mark.parametrize("action", ["kms:GenerateDataKey*", "kms:DescribeKey"])
def test_a_key_policy_that_gives_only_half(sinks: Sinks, action: str) -> None:
    sinks.key_policy(action)
    assert refused(sinks.create)[0] == "InsufficientEncryptionPolicyException"


def test_a_key_that_is_disabled(sinks: Sinks) -> None:
    sinks.kms.disable_key(KeyId=sinks.key)
    assert refused(sinks.create)[0] == "KmsException"


def test_a_key_in_another_region_than_the_bucket(sinks: Sinks) -> None:
    kms = client("kms", "eu-west-1")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    assert refused(sinks.create, KmsKeyId=key)[0] == "KmsKeyNotFoundException"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)


def test_a_topic_that_does_not_let_cloudtrail(sinks: Sinks) -> None:
    sinks.topic_policy("cloudwatch.amazonaws.com")
    message = "SNS Topic does not exist or the topic policy is incorrect!"
    assert refused(sinks.create) == ("InsufficientSnsTopicPolicyException", message)
    assert refused(sinks.create, SnsTopicName="none")[0] == "InsufficientSnsTopicPolicyException"


def test_the_policy_that_a_topic_has_at_first_is_not_for_cloudtrail(sinks: Sinks) -> None:
    sinks.sns.create_topic(Name="as-it-comes")
    try:
        assert refused(sinks.create, SnsTopicName="as-it-comes")[0] == "InsufficientSnsTopicPolicyException"
    finally:
        sinks.sns.delete_topic(TopicArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:as-it-comes")


@pytest.mark.parametrize("key", ["alias/aws/sns", "the trail's"])
def test_a_topic_whose_key_cloudtrail_may_not_use(sinks: Sinks, key: str) -> None:
    sinks.sns.set_topic_attributes(
        TopicArn=sinks.topic,
        AttributeName="KmsMasterKeyId",
        AttributeValue=sinks.key if key == "the trail's" else key,
    )
    assert refused(sinks.create)[0] == "InsufficientSnsTopicPolicyException"


@pytest.mark.parametrize(
    "group",
    [
        "arn:aws:logs:{region}:{account}:log-group:{name}",
        "arn:aws:logs:{region}:{account}:log-group:{name}:stream",
        "arn:aws:logs:{region}:{account}:log-group:{name}-none:*",
        "arn:aws:logs:eu-west-1:{account}:log-group:{name}:*",
        "arn:aws:logs:{region}:333344445555:log-group:{name}:*",
        "{name}",
    ],
)
def test_a_log_group_that_is_none(sinks: Sinks, group: str) -> None:
    arn = group.format(region=REGION, account=ACCOUNT, name=sinks.name)
    code, message = refused(sinks.create, CloudWatchLogsLogGroupArn=arn)
    assert code == "InvalidCloudWatchLogsLogGroupArnException"
    assert message == "CloudTrail cannot validate the specified log group ARN."


def test_a_role_that_trusts_another(sinks: Sinks) -> None:
    sinks.iam.update_assume_role_policy(RoleName=sinks.name, PolicyDocument=sinks.trust("lambda"))
    code, message = refused(sinks.create)
    assert code == "InvalidCloudWatchLogsRoleArnException"
    assert message == "Access denied. Verify in IAM that the role has adequate trust relationships."
    assert refused(sinks.create, CloudWatchLogsRoleArn=sinks.role + "-none") == (code, message)


@pytest.mark.parametrize("action", ["logs:CreateLogStream", "logs:PutLogEvents"])
def test_a_role_that_may_only_half(sinks: Sinks, action: str) -> None:
    sinks.role_policy(action)
    code, message = refused(sinks.create)
    assert code == "InvalidCloudWatchLogsLogGroupArnException"
    assert message == "Access denied. Verify in IAM that the role has adequate permissions."


def test_a_role_that_may_write_to_other_streams(sinks: Sinks) -> None:
    sinks.role_policy(stream="other")
    assert refused(sinks.create)[0] == "InvalidCloudWatchLogsLogGroupArnException"


def test_a_policy_that_is_attached_counts_as_one_that_is_written_into_the_role(sinks: Sinks) -> None:
    sinks.iam.delete_role_policy(RoleName=sinks.name, PolicyName="write")
    assert refused(sinks.create)[0] == "InvalidCloudWatchLogsLogGroupArnException"
    every = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
    arn = sinks.iam.create_policy(PolicyName=sinks.name, PolicyDocument=document(every))["Policy"]["Arn"]
    sinks.iam.attach_role_policy(RoleName=sinks.name, PolicyArn=arn)
    try:
        sinks.create()
    finally:
        sinks.iam.detach_role_policy(RoleName=sinks.name, PolicyArn=arn)
        sinks.iam.delete_policy(PolicyArn=arn)
        sinks.role_policy()


def test_an_update_that_is_refused_changes_nothing(sinks: Sinks) -> None:
    sinks.create()
    before = sinks.cloudtrail.get_trail(Name=sinks.name)["Trail"]
    sinks.bucket_policy(trail_arn="another")
    update = sinks.cloudtrail.update_trail
    assert refused(update, Name=sinks.name, SnsTopicName="")[0] == "InsufficientS3BucketPolicyException"
    sinks.bucket_policy()
    assert refused(update, Name=sinks.name, KmsKeyId="alias/none")[0] == "KmsKeyNotFoundException"
    code = refused(update, Name=sinks.name, CloudWatchLogsLogGroupArn=sinks.group[:-2])[0]
    assert code == "InvalidCloudWatchLogsLogGroupArnException"
    assert sinks.cloudtrail.get_trail(Name=sinks.name)["Trail"] == before


def test_taking_the_log_group_away_takes_the_role_away(sinks: Sinks) -> None:
    sinks.create()
    sinks.cloudtrail.update_trail(Name=sinks.name, CloudWatchLogsLogGroupArn="")
    trail = sinks.cloudtrail.get_trail(Name=sinks.name)["Trail"]
    assert not {"CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn"} & trail.keys()
    assert trail["KmsKeyId"] == sinks.key
