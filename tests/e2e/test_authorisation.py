"""What IAM does not allow is refused, in answer and event, as each service writes it; the rest is done."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import clients
import pytest
from botocore.exceptions import ClientError
from deployment import wait_for
from handmade import ACCOUNT, REGION, Handmade
from handmade import Account as Watched

from secretwatch.pipeline.doctor.examine import Doctor
from secretwatch.pipeline.doctor.permissions import policy as policy_for
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.watch import Watch

Document = Mapping[str, Any]
ACCOUNTS = iter(f"4400{number:08}" for number in range(1, 1000))


def allow(action: str | list[str], resource: str | list[str] = "*", **others: Any) -> Document:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **others}


def deny(action: str, resource: str = "*", **others: Any) -> Document:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **others}


def policy(*statements: Document) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@dataclass
class Account:
    """An account of a test's own, seen by its root user."""

    id: str

    def client(self, service: str) -> Any:
        return clients.client(service, self.id)

    def user(self, *statements: Document, name: str = "ann", **others: Any) -> User:
        iam = self.client("iam")
        iam.create_user(UserName=name, **others)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return User(
            self, f"arn:aws:iam::{self.id}:user/{name}", key["AccessKeyId"], key["SecretAccessKey"], None
        )

    def role(self, *statements: Document, trusts: str, name: str = "reader", **others: Any) -> str:
        iam = self.client("iam")
        trust = policy({"Effect": "Allow", "Principal": {"AWS": trusts}, "Action": "sts:AssumeRole"})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **others)["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
        return str(arn)

    def event(self, request_id: str) -> dict[str, Any]:
        def found() -> Any:
            pages = self.client("cloudtrail").get_paginator("lookup_events").paginate()
            events = [json.loads(each["CloudTrailEvent"]) for page in pages for each in page["Events"]]
            return [event for event in events if event["requestID"] == request_id]

        (event,) = wait_for("the event", found)
        return dict(event)


@dataclass
class User:
    """A caller with keys of its own."""

    account: Account
    arn: str
    key: str
    secret: str
    token: str | None

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            aws_session_token=self.token,
        )

    def assume(self, role_arn: str, **others: Any) -> User:
        answer = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="here", **others)
        made = answer["Credentials"]
        owner = Account(role_arn.split(":")[4])
        keys = made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]
        return User(owner, answer["AssumedRoleUser"]["Arn"], *keys)


@pytest.fixture
def account(aws: dict[str, str]) -> Account:
    return Account(next(ACCOUNTS))


def refused(call: Callable[[], Any]) -> Any:
    with pytest.raises(ClientError) as error:
        call()
    return error.value.response


Call = Callable[[Any], Any]
SOME_POLICY = policy(allow("s3:GetObject"))
# service, call, what the action and resource are called, code and status of the answer
CASES: list[tuple[str, Call, str, str, str, int]] = [
    (
        "secretsmanager",
        lambda c: c.get_secret_value(SecretId="db"),
        "secretsmanager:GetSecretValue",
        "db",
        "AccessDeniedException",
        400,
    ),
    (
        "secretsmanager",
        lambda c: c.list_secrets(),
        "secretsmanager:ListSecrets",
        "",
        "AccessDeniedException",
        400,
    ),
    (
        "cloudtrail",
        lambda c: c.stop_logging(Name="trail"),
        "cloudtrail:StopLogging",
        "arn:aws:cloudtrail:us-east-1:{account}:trail/trail",
        "AccessDeniedException",
        400,
    ),
    (
        "logs",
        lambda c: c.delete_metric_filter(logGroupName="group", filterName="reads"),
        "logs:DeleteMetricFilter",
        "arn:aws:logs:us-east-1:{account}:log-group:group:log-stream:",
        "AccessDeniedException",
        400,
    ),
    (
        "kms",
        lambda c: c.list_keys(),
        "kms:ListKeys",
        "*",
        "AccessDeniedException",
        400,
    ),
    (
        "events",
        lambda c: c.delete_rule(Name="reads"),
        "events:DeleteRule",
        "arn:aws:events:us-east-1:{account}:rule/reads",
        "AccessDeniedException",
        400,
    ),
    (
        "organizations",
        lambda c: c.leave_organization(),
        "organizations:LeaveOrganization",
        "*",
        "AccessDeniedException",
        400,
    ),
    (
        "ssm",
        lambda c: c.get_parameter(Name="/app/key"),
        "ssm:GetParameter",
        "arn:aws:ssm:us-east-1:{account}:parameter/app/key",
        "AccessDeniedException",
        400,
    ),
    (
        "lambda",
        lambda c: c.delete_function(FunctionName="job"),
        "lambda:DeleteFunction",
        "arn:aws:lambda:us-east-1:{account}:function:job",
        "AccessDeniedException",
        403,
    ),
    (
        "iam",
        lambda c: c.attach_role_policy(
            RoleName="admin", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
        ),
        "iam:AttachRolePolicy",
        "arn:aws:iam::{account}:role/admin",
        "AccessDenied",
        403,
    ),
    (
        "cloudwatch",
        lambda c: c.set_alarm_state(AlarmName="reads", StateValue="OK", StateReason="none"),
        "cloudwatch:SetAlarmState",
        "arn:aws:cloudwatch:us-east-1:{account}:alarm:reads",
        "AccessDenied",
        403,
    ),
    (
        "cloudwatch",
        lambda c: c.describe_alarms_for_metric(Namespace="app", MetricName="reads"),
        "cloudwatch:DescribeAlarmsForMetric",
        "",
        "AccessDenied",
        403,
    ),
    (
        "sns",
        lambda c: c.delete_topic(TopicArn=f"arn:aws:sns:us-east-1:{c.account}:alerts"),
        "SNS:DeleteTopic",
        "arn:aws:sns:us-east-1:{account}:alerts",
        "AuthorizationError",
        403,
    ),
    (
        "sqs",
        lambda c: c.create_queue(QueueName="alerts"),
        "sqs:createqueue",
        "arn:aws:sqs:us-east-1:{account}:alerts",
        "AccessDenied",
        403,
    ),
    (
        "s3",
        lambda c: c.put_bucket_policy(Bucket="bucket-of-nobody", Policy=SOME_POLICY),
        "s3:PutBucketPolicy",
        '"arn:aws:s3:::bucket-of-nobody"',
        "AccessDenied",
        403,
    ),
    (
        "s3",
        lambda c: c.list_buckets(),
        "s3:ListAllMyBuckets",
        "",
        "AccessDenied",
        403,
    ),
]


@pytest.mark.parametrize(
    ("service", "call", "action", "resource", "code", "status"), CASES, ids=[each[2] for each in CASES]
)
def test_who_may_nothing_is_refused_as_the_service_does(
    account: Account, service: str, call: Call, action: str, resource: str, code: str, status: int
) -> None:
    ann = account.user()
    client = ann.client(service)
    client.account = account.id
    answer = refused(lambda: call(client))
    named = f" on resource: {resource.format(account=account.id)}" if resource else ""
    assert answer["Error"]["Message"] == (
        f"User: {ann.arn} is not authorized to perform: {action}{named}"
        f" because no identity-based policy allows the {action} action"
    )
    assert answer["Error"]["Code"] == code
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    event = account.event(answer["ResponseMetadata"]["RequestId"])
    assert event["errorMessage"] == answer["Error"]["Message"]
    assert event["userIdentity"]["userName"] == "ann"
    assert event["errorCode"] == "AccessDenied"


def test_ec2_has_words_of_its_own(account: Account) -> None:
    ann = account.user(allow("ec2:Describe*"))
    ec2 = ann.client("ec2")
    ec2.describe_vpcs()
    answer = refused(lambda: ec2.create_vpc(CidrBlock="10.0.0.0/16"))
    assert answer["Error"]["Code"] == "UnauthorizedOperation"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert answer["Error"]["Message"].startswith(
        f"You are not authorized to perform this operation. User: {ann.arn} is not authorized to perform:"
        f" ec2:CreateVpc on resource: arn:aws:ec2:us-east-1:{account.id}:vpc/*"
        " because no identity-based policy allows the ec2:CreateVpc action"
    )
    event = account.event(answer["ResponseMetadata"]["RequestId"])
    assert event["errorCode"].endswith("UnauthorizedOperation")


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
