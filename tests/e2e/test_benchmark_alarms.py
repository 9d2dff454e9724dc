"""Other people's alarms: whatever the CIS benchmark watches for rings here, by the call that makes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from benchmark import BY_NAME, CONTROLS, REGION, Account, pattern_of, policy, trust
from benchmark_calls import buckets, config, iam, keys, organizations, trails
from benchmark_network import network
from botocore.exceptions import ClientError
from deployment import wait_for

from secretwatch.filterpattern import FilterPattern

GROUP = "trail"
ACCOUNT_ID = "750000000001"

# LocalStack's community edition does not have these: they end with an error, which is recorded all the same.
NOT_HERE = {
    *("AttachClassicLinkVpc", "DetachClassicLinkVpc"),
    *("InviteAccountToOrganization", "AcceptHandshake", "DeclineHandshake", "LeaveOrganization"),
}


SCENES = (iam, trails, keys, buckets, config, network, organizations)


@dataclass
class Scene:
    """What was called and what became of it."""

    account: Account
    errors: dict[tuple[str, str], str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)

    def named(self, name: str) -> list[str]:
        return [message for message in self.messages if json.loads(message)["eventName"] == name]


def set_up(account: Account) -> None:
    """A trail that logs into a group, and for each control a metric filter and an alarm."""
    bucket, role = f"trail-{account.id}", account.iam_arn("role/trail")
    account.made["bucket"] = bucket
    account.client("s3").create_bucket(Bucket=bucket)
    service = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    account.client("s3").put_bucket_policy(
        Bucket=bucket,
        Policy=policy(
            service | {"Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{bucket}"},
            service | {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"},
        ),
    )
    account.client("iam").create_role(RoleName="trail", AssumeRolePolicyDocument=trust("cloudtrail"))
    write = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
    account.client("iam").put_role_policy(RoleName="trail", PolicyName="write", PolicyDocument=policy(write))
    account.client("logs").create_log_group(logGroupName=GROUP)
    for control in CONTROLS:
        name = control.replace(" ", "-")
        account.client("logs").put_metric_filter(
            logGroupName=GROUP,
            filterName=name,
            filterPattern=pattern_of(control),
            metricTransformations=[
                {"metricName": name, "metricNamespace": "CIS", "metricValue": "1", "defaultValue": 0}
            ],
        )
        account.client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            EvaluationPeriods=1,
            MetricName=name,
            Namespace="CIS",
            Period=300,
            Statistic="Sum",
            Threshold=1,
            TreatMissingData="notBreaching",
        )
    account.client("cloudtrail").create_trail(
        Name="trail",
        S3BucketName=bucket,
        CloudWatchLogsLogGroupArn=f"arn:aws:logs:{REGION}:{account.id}:log-group:{GROUP}:*",
        CloudWatchLogsRoleArn=role,
    )
    account.client("cloudtrail").start_logging(Name="trail")


def log_events(account: Account) -> list[str]:
    pages = account.client("logs").get_paginator("filter_log_events").paginate(logGroupName=GROUP)
    return [event["message"] for page in pages for event in page["events"]]


@pytest.fixture(scope="module")
def scene(aws: dict[str, str], local_cloud: Any) -> Iterator[Scene]:
    made = Scene(Account(ACCOUNT_ID))
    set_up(made.account)
    for steps in SCENES:
        for name, call in steps(made.account):
            try:
                call()
            except ClientError as error:
                made.errors[steps.__name__, name] = str(error)
    as_somebody(made.account, local_cloud)
    last = made.account.client("sns").create_topic(Name="last")["ResponseMetadata"]["RequestId"]
    made.messages = wait_for(
        "the last event",
        lambda: [
            message
            for messages in [log_events(made.account)]
            if any(last in message for message in messages)
            for message in messages
        ],
    )
    yield made
    made.account.client("cloudtrail").delete_trail(Name="trail")


def as_somebody(account: Account, local_cloud: Any) -> None:
    """What no call of root can make: sign-ins, and a read that is denied."""
    account.client("iam").create_user(UserName="somebody")
    account.client("secretsmanager").create_secret(Name="none-of-yours", SecretString="x")
    keys = account.client("iam").create_access_key(UserName="somebody")["AccessKey"]
    user = Account(account.id, key=keys["AccessKeyId"], secret=keys["SecretAccessKey"])
    with pytest.raises(ClientError, match="AccessDenied"):
        user.client("secretsmanager").get_secret_value(SecretId="none-of-yours")
    local_cloud.sign_in(account_id=account.id, user="somebody")
    local_cloud.sign_in(account_id=account.id, user="somebody", mfa=True)
    local_cloud.sign_in(account_id=account.id, user="somebody", failed=True)
    local_cloud.sign_in(account_id=account.id)


EVERY_CALL = [(control, name) for control, (_, names) in BY_NAME.items() for name in names]


def test_what_cannot_be_called_here_is_known(scene: Scene) -> None:
    assert {name: error for (_, name), error in scene.errors.items() if name not in NOT_HERE} == {}
    assert {name for _, name in scene.errors} == NOT_HERE


@pytest.mark.parametrize(("control", "name"), EVERY_CALL)
def test_a_call_is_counted(scene: Scene, control: str, name: str) -> None:
    pattern = FilterPattern.parse(pattern_of(control))
    assert any(pattern.matches(message) for message in scene.named(name))


@pytest.mark.parametrize("control", CONTROLS)
def test_the_alarm_rings(scene: Scene, control: str) -> None:
    cloudwatch, name = scene.account.client("cloudwatch"), control.replace(" ", "-")

    def rings() -> bool:
        alarm = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
        return bool(alarm["StateValue"] == "ALARM")

    wait_for(f"the alarm on {control}", rings)


def counted(scene: Scene, control: str) -> list[dict[str, Any]]:
    pattern = FilterPattern.parse(pattern_of(control))
    return [json.loads(message) for message in scene.messages if pattern.matches(message)]


def test_a_sign_in_with_mfa_does_not_count_as_one_without(scene: Scene) -> None:
    (without,) = counted(scene, "sign-in without MFA")
    assert without["userIdentity"]["userName"] == "somebody"
    assert without["additionalEventData"]["MFAUsed"] == "No"


def test_only_the_failed_sign_in_counts_as_failed(scene: Scene) -> None:
    (failed,) = counted(scene, "failed sign-in")
    assert failed["responseElements"] == {"ConsoleLogin": "Failure"}


def test_a_users_call_does_not_count_as_roots(scene: Scene) -> None:
    roots = counted(scene, "root")
    assert "ConsoleLogin" in {event["eventName"] for event in roots}
    assert "GetSecretValue" not in {event["eventName"] for event in roots}
