"""What AWS refuses is refused, with its codes and words; each call is made in an account of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from accounts import new_account_id
from botocore.exceptions import ClientError
from refused import CASES, QUERY_CODES, TRUST, WRITE, Account, Case, policy


@pytest.fixture
def account(aws: dict[str, str]) -> Account:
    return Account(new_account_id())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_call_is_refused(account: Account, case: Case) -> None:
    with pytest.raises(ClientError) as error:
        case.make(account)
    answer = error.value.response["Error"]
    code = case.answered or QUERY_CODES.get(case.code, case.code)
    assert (error.value.operation_name, answer["Code"]) == (case.operation, code), answer
    if case.words is not None:
        assert answer["Message"].startswith(case.words)


def test_what_is_right_is_taken(account: Account) -> None:
    """The nearest calls that AWS takes: a check that refuses everything would not be noticed above."""
    role = account.put_role_policy()
    other = policy(
        Effect="Allow", Principal={"AWS": f"arn:aws:iam::{account.id}:role/{role}"}, Action="sts:AssumeRole"
    )
    account.role(
        "other", AssumeRolePolicyDocument=other, PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess"
    )
    account.iam.put_role_policy(RoleName="other", PolicyName="p", PolicyDocument=" " * 11000 + WRITE)
    account.iam.update_assume_role_policy(RoleName="other", PolicyDocument=TRUST)
    key = account.key(Policy=account.key_policy(), Tags=[{"TagKey": "team", "TagValue": ""}])
    account.kms.put_key_policy(
        KeyId=key,
        PolicyName="default",
        Policy=account.key_policy(Principal={"Service": "logs.us-east-1.amazonaws.com"}),
        BypassPolicyLockoutSafetyCheck=True,
    )
    account.kms.create_alias(AliasName="alias/a/b_c-1", TargetKeyId=key)
    account.kms.describe_key(KeyId="alias/a/b_c-1")
    account.kms.list_aliases(Limit=1)
    for _ in range(2):  # us-east-1 alone takes it twice
        account.s3.create_bucket(Bucket=f"taken-{account.id}")
    account.bucket_policy(
        Effect="Allow", Condition={"StringEquals": {"aws:SourceAccount": account.id}}, Action=["s3:GetObject"]
    )
    account.s3.put_bucket_lifecycle_configuration(
        Bucket=f"refusals-{account.id}",
        LifecycleConfiguration={
            "Rules": [{"ID": "x", "Filter": {}, "Status": "Enabled", "Expiration": {"Days": 1}}]
        },
    )
    queue = account.queue(DelaySeconds="900", Policy="", VisibilityTimeout="0", SqsManagedSseEnabled="true")
    redrive = {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{account.id}:x", "maxReceiveCount": "1000"}
    account.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": json.dumps(redrive)})
    account.sns.list_tags_for_resource(ResourceArn=account.topic())
    account.log_group()
    account.logs.list_tags_for_resource(resourceArn=f"arn:aws:logs:us-east-1:{account.id}:log-group:x")
    secret = account.secret(KmsKeyId=key, Tags=[{"Key": "team", "Value": "payments @ 1+1=2"}])
    account.secret_policy(
        secret,
        policy(Effect="Allow", Principal={"AWS": account.arn}, Action="secretsmanager:*", Resource="*"),
        BlockPublicPolicy=True,
    )
    assert account.secretsmanager.get_secret_value(SecretId=secret)["SecretString"] == "value"


def test_pages_of_aliases_and_tags_are_walked(account: Account) -> None:
    key = account.key(Tags=[{"TagKey": str(n), "TagValue": ""} for n in range(3)])
    for number in range(3):
        account.kms.create_alias(AliasName=f"alias/{number}", TargetKeyId=key)
    for operation, field, arguments in (
        ("list_aliases", "Aliases", {}),
        ("list_resource_tags", "Tags", {"KeyId": key}),
    ):
        found: list[Any] = []
        page = getattr(account.kms, operation)(Limit=1, **arguments)
        while page.get("Truncated"):
            found += page[field]
            page = getattr(account.kms, operation)(Limit=1, Marker=page["NextMarker"], **arguments)
        assert len(found + page[field]) >= 3


def test_the_name_of_a_trail_that_another_region_has_can_be_used_once_it_is_gone(account: Account) -> None:
    account.trail(region="eu-west-1", IsMultiRegionTrail=True)
    account.client("cloudtrail", "eu-west-1").delete_trail(Name="trail")
    account.cloudtrail.create_trail(Name="trail", S3BucketName=f"trails-{account.id}")


def test_a_refused_secret_is_not_in_the_answer_nor_in_the_event(account: Account) -> None:
    value = "s3cr3t" * 11000
    with pytest.raises(ClientError) as error:
        account.secretsmanager.create_secret(Name="x", SecretString=value)
    assert "s3cr3t" not in str(error.value)
    events = account.cloudtrail.lookup_events()["Events"]
    assert "s3cr3t" not in json.dumps(events, default=str)
