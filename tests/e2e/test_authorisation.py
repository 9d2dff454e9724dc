"""What IAM does not allow is refused, and the rest is done: by which policies, and on which conditions."""

from __future__ import annotations

import json
import uuid
from typing import Any

import boto3
import pytest
from callers import ACCOUNTS, Account, Document, allow, deny, policy, refused
from handmade import ACCOUNT, REGION, Handmade
from handmade import Account as Watched

from secretwatch.pipeline.doctor.examine import Doctor
from secretwatch.pipeline.doctor.permissions import policy as policy_for
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.watch import Watch


@pytest.fixture
def account(aws: dict[str, str]) -> Account:
    return Account(next(ACCOUNTS))


def test_everybody_may_ask_who_they_are(account: Account) -> None:
    ann = account.user(deny("sts:GetCallerIdentity"))
    assert ann.client("sts").get_caller_identity()["Arn"] == ann.arn


def test_a_call_is_allowed_by_its_action_on_its_resource_alone(account: Account) -> None:
    account.client("logs").create_log_group(logGroupName="mine")
    account.client("logs").create_log_group(logGroupName="theirs")
    arn = f"arn:aws:logs:us-east-1:{account.id}:log-group:mine:*"
    logs = account.user(allow("logs:PutRetentionPolicy", arn)).client("logs")
    logs.put_retention_policy(logGroupName="mine", retentionInDays=1)
    for call in (
        lambda: logs.put_retention_policy(logGroupName="theirs", retentionInDays=1),
        lambda: logs.delete_retention_policy(logGroupName="mine"),
    ):
        assert refused(call)["Error"]["Code"] == "AccessDeniedException"


def test_managed_policies_of_a_user_and_of_its_group(account: Account) -> None:
    iam = account.client("iam")
    ann = account.user()
    made = iam.create_policy(PolicyName="read", PolicyDocument=policy(allow("secretsmanager:ListSecrets")))[
        "Policy"
    ]
    iam.create_group(GroupName="readers")
    iam.add_user_to_group(GroupName="readers", UserName="ann")
    iam.attach_group_policy(GroupName="readers", PolicyArn=made["Arn"])
    ann.client("secretsmanager").list_secrets()
    iam.create_policy_version(
        PolicyArn=made["Arn"], PolicyDocument=policy(allow("s3:ListAllMyBuckets")), SetAsDefault=True
    )
    assert refused(ann.client("secretsmanager").list_secrets)["Error"]["Code"] == "AccessDeniedException"
    ann.client("s3").list_buckets()


def test_an_explicit_deny_wins(account: Account) -> None:
    ann = account.user(allow("*"), deny("cloudtrail:StopLogging"))
    ann.client("cloudtrail").describe_trails()
    answer = refused(lambda: ann.client("cloudtrail").stop_logging(Name="trail"))
    assert answer["Error"]["Message"].endswith("with an explicit deny in an identity-based policy")


def test_a_boundary_is_the_most_that_is_allowed(account: Account) -> None:
    iam = account.client("iam")
    within = iam.create_policy(PolicyName="most", PolicyDocument=policy(allow("sqs:*")))["Policy"]["Arn"]
    ann = account.user(allow("*"), PermissionsBoundary=within)
    ann.client("sqs").create_queue(QueueName="mine")
    answer = refused(lambda: ann.client("sns").create_topic(Name="mine"))
    assert answer["Error"]["Message"].endswith(
        "because no permissions boundary allows the SNS:CreateTopic action"
    )
    role = account.role(allow("*"), trusts=ann.arn, PermissionsBoundary=within)
    iam.delete_user_permissions_boundary(UserName="ann")
    session = ann.assume(role)
    session.client("sqs").get_queue_url(QueueName="mine")
    answer = refused(lambda: session.client("sns").create_topic(Name="mine"))
    assert answer["Error"]["Message"].endswith(
        "because no permissions boundary allows the SNS:CreateTopic action"
    )


def test_a_role_is_assumed_by_whom_it_trusts(account: Account) -> None:
    ann, bob = account.user(), account.user(name="bob")
    role = account.role(allow("sqs:*"), trusts=ann.arn)
    ann.assume(role).client("sqs").list_queues()
    answer = refused(lambda: bob.assume(role))
    assert answer["Error"]["Code"] == "AccessDenied"
    assert answer["Error"]["Message"] == (
        f"User: {bob.arn} is not authorized to perform: sts:AssumeRole on resource: {role}"
    )
    account.client("iam").put_user_policy(
        UserName="bob", PolicyName="own", PolicyDocument=policy(allow("sts:AssumeRole"))
    )
    assert refused(lambda: bob.assume(role))["Error"]["Code"] == "AccessDenied"
    trust = policy({"Effect": "Allow", "Principal": {"AWS": account.id}, "Action": "sts:AssumeRole"})
    account.client("iam").update_assume_role_policy(RoleName="reader", PolicyDocument=trust)
    bob.assume(role)


def test_a_session_may_no_more_than_its_policies(account: Account) -> None:
    ann = account.user()
    role = account.role(allow(["sqs:*", "sns:*"]), trusts=ann.arn)
    inline = ann.assume(role, Policy=policy(allow("sqs:*")))
    managed = account.client("iam").create_policy(PolicyName="less", PolicyDocument=policy(allow("sqs:*")))
    by_arn = ann.assume(role, PolicyArns=[{"arn": managed["Policy"]["Arn"]}])
    for session in (inline, by_arn):
        session.client("sqs").list_queues()
        answer = refused(lambda session=session: session.client("sns").list_topics())
        assert answer["Error"]["Message"].endswith(
            "because no session policy allows the SNS:ListTopics action"
        )


def test_another_account_needs_both_policies(account: Account) -> None:
    # With AWS's own key it could not be read from elsewhere at all.
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    secret = account.client("secretsmanager").create_secret(Name="shared", SecretString="none", KmsKeyId=key)[
        "ARN"
    ]
    ann = Account(next(ACCOUNTS)).user()
    read = lambda: ann.client("secretsmanager").get_secret_value(SecretId=secret)  # noqa: E731
    own = ann.account.client("iam")

    def own_policy(*statements: Document) -> None:
        own.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=policy(*statements))

    own_policy(allow("secretsmanager:GetSecretValue"))
    answer = refused(read)
    assert answer["Error"]["Message"].endswith(
        "because no resource-based policy allows the secretsmanager:GetSecretValue action"
    )
    account.client("secretsmanager").put_resource_policy(
        SecretId=secret,
        ResourcePolicy=policy(allow("secretsmanager:GetSecretValue", Principal={"AWS": ann.account.id})),
    )
    assert read()["ARN"] == secret
    own.delete_user_policy(UserName="ann", PolicyName="own")
    assert refused(read)["Error"]["Message"].endswith(
        "because no identity-based policy allows the secretsmanager:GetSecretValue action"
    )


def test_the_root_user_may_all_that_no_resource_policy_denies(account: Account) -> None:
    s3 = account.client("s3")
    bucket = f"evidence-{uuid.uuid4()}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="log", Body=b"")
    arn = f"arn:aws:s3:::{bucket}"
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=policy(deny("s3:*", arn, Principal="*"), deny("s3:DeleteObject", f"{arn}/*", Principal="*")),
    )
    assert refused(lambda: s3.delete_object(Bucket=bucket, Key="log"))["Error"]["Code"] == "AccessDenied"
    assert refused(lambda: s3.get_bucket_versioning(Bucket=bucket))["Error"]["Code"] == "AccessDenied"
    s3.delete_bucket_policy(Bucket=bucket)
    s3.delete_object(Bucket=bucket, Key="log")


def test_a_key_is_the_accounts_only_if_its_policy_says_so(account: Account) -> None:
    kms = account.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/app", TargetKeyId=key)
    ann = account.user(allow("kms:Encrypt", key))
    encrypt = lambda: ann.client("kms").encrypt(KeyId="alias/app", Plaintext=b"none")  # noqa: E731
    sealed = encrypt()["CiphertextBlob"]
    answer = refused(lambda: ann.client("kms").decrypt(CiphertextBlob=sealed))
    assert f"kms:Decrypt on resource: {key} because" in answer["Error"]["Message"]
    root = {"AWS": f"arn:aws:iam::{account.id}:root"}
    kms.put_key_policy(
        KeyId=key, PolicyName="default", Policy=policy(allow("kms:PutKeyPolicy", Principal=root))
    )
    assert refused(encrypt)["Error"]["Message"].endswith(
        "because no resource-based policy allows the kms:Encrypt action"
    )


def test_a_batch_gives_what_may_be_read_and_names_the_rest(account: Account) -> None:
    client = account.client("secretsmanager")
    mine, theirs = (
        client.create_secret(Name=name, SecretString="none")["ARN"] for name in ("mine", "theirs")
    )
    ann = account.user(
        allow(["secretsmanager:BatchGetSecretValue", "secretsmanager:ListSecrets"]),
        allow("secretsmanager:GetSecretValue", mine),
    )
    for asked in (
        {"SecretIdList": ["mine", "theirs"]},
        {"Filters": [{"Key": "name", "Values": ["mine", "theirs"]}]},
    ):
        answer = ann.client("secretsmanager").batch_get_secret_value(**asked)
        assert [each["ARN"] for each in answer["SecretValues"]] == [mine]
        (error,) = answer["Errors"]
        assert error["SecretId"] == theirs
        assert error["ErrorCode"] == "AccessDeniedException"
    assert len(client.batch_get_secret_value(SecretIdList=["mine", "theirs"])["SecretValues"]) == 2


def test_a_role_is_handed_over_by_who_may_pass_it(account: Account) -> None:
    service = json.dumps(
        {
            "Statement": {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        }
    )
    role = account.client("iam").create_role(
        RoleName="target", Path="/app/", AssumeRolePolicyDocument=service
    )["Role"]["Arn"]
    ann = account.user(allow("events:*"))
    events = ann.client("events")
    events.put_rule(Name="reads", EventPattern=json.dumps({"source": ["app"]}))
    target = {"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{account.id}:alerts", "RoleArn": role}
    answer = refused(lambda: events.put_targets(Rule="reads", Targets=[target]))
    assert f"iam:PassRole on resource: {role} because" in answer["Error"]["Message"]
    passing = allow(
        "iam:PassRole", role, Condition={"StringEquals": {"iam:PassedToService": "events.amazonaws.com"}}
    )
    account.client("iam").put_user_policy(UserName="ann", PolicyName="pass", PolicyDocument=policy(passing))
    events.put_targets(Rule="reads", Targets=[target])


CONDITIONS = [
    ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
    (
        {"StringEquals": {"aws:RequestedRegion": "us-east-1", "aws:username": "ann"}},
        {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
    ),
    (
        {"StringEquals": {"aws:PrincipalTag/team": "blue"}, "Bool": {"aws:SecureTransport": "true"}},
        {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    ),
    (
        {
            "StringEquals": {"aws:ResourceTag/team": "blue"},
            "DateGreaterThan": {"aws:CurrentTime": "2020-01-01"},
        },
        {"DateLessThan": {"aws:CurrentTime": "2020-01-01"}},
    ),
]


@pytest.mark.parametrize(("met", "not_met"), CONDITIONS)
def test_conditions(account: Account, met: Document, not_met: Document) -> None:
    client = account.client("secretsmanager")
    client.create_secret(Name="app", SecretString="none", Tags=[{"Key": "team", "Value": "blue"}])
    ann = account.user(
        allow("secretsmanager:GetSecretValue", Condition=met),
        allow("secretsmanager:DescribeSecret", Condition=not_met),
        Tags=[{"Key": "team", "Value": "blue"}],
    )
    ann.client("secretsmanager").get_secret_value(SecretId="app")
    answer = refused(lambda: ann.client("secretsmanager").describe_secret(SecretId="app"))
    assert answer["Error"]["Code"] == "AccessDeniedException"


def test_a_prefix_of_a_bucket(account: Account) -> None:
    bucket = f"evidence-{uuid.uuid4()}"
    account.client("s3").create_bucket(Bucket=bucket)
    s3 = account.user(
        allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", Condition={"StringLike": {"s3:prefix": "home/*"}})
    ).client("s3")
    s3.list_objects_v2(Bucket=bucket, Prefix="home/ann")
    assert refused(lambda: s3.list_objects_v2(Bucket=bucket))["Error"]["Code"] == "AccessDenied"
    assert refused(lambda: s3.head_bucket(Bucket=bucket))["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_the_doctors_policy_is_all_it_takes(local_cloud: Any, aws: dict[str, str]) -> None:
    """Examined by a user who has it, nothing is missing; without one of its statements, something is."""
    watch = Handmade(Watched(), local_cloud)
    watch.rings()
    known = Subject.of_watch(Watch.from_outputs({"watch": watch.facts}))
    for number, subject in enumerate((known, Subject(region=REGION, alarm_name=watch.alarm_name))):
        statements = policy_for(subject)["Statement"]
        user = Account(ACCOUNT).user(*statements, name=f"doctor-{number}-{uuid.uuid4().hex[:8]}")
        session = boto3.Session(user.key, user.secret, region_name=REGION)
        found = Doctor(subject, session).examine()
        assert found.missing == []
        Account(ACCOUNT).client("iam").put_user_policy(
            UserName=user.arn.rsplit("/", 1)[1],
            PolicyName="own",
            PolicyDocument=policy(*(each for each in statements if each["Sid"] != "Topics")),
        )
        missing = Doctor(subject, session).examine().missing
        assert missing
