"""A call that nobody allows is refused in answer and event, as each service writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from callers import ACCOUNTS, Account, allow, policy, refused


@pytest.fixture
def account(aws: dict[str, str]) -> Account:
    return Account(next(ACCOUNTS))


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
