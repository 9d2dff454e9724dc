"""The fixture `secretwatch`, on an alarm that somebody made by hand, in an account of the test's own."""

from __future__ import annotations

import json
from collections.abc import Iterator

import boto3
import pytest

from secretwatch.local import LocalCloud
from secretwatch.testing import Alarm, Harness, NoSuchCaller
from secretwatch.testing.harness import harness

READS = "secretsmanager:GetSecretValue"
PATTERN = '{ $.eventName = "GetSecretValue" && $.requestParameters.secretId = "prod/db" }'


@pytest.fixture
def secretwatch(
    local_cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory, told: list[str]
) -> Iterator[Harness]:
    """The plugin's, on this run's cloud, and what it tells of a test that fails."""
    with harness(local_cloud, tmp_path_factory.mktemp("harness"), told.append) as made:
        yield made


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def alarm(secretwatch: Harness) -> Alarm:
    """A watch on one secret as people click it together, and its alarm."""
    account = secretwatch.account_id
    secretwatch.client("secretsmanager").create_secret(Name="prod/db", SecretString="three coffees")
    s3 = secretwatch.client("s3")
    bucket = f"trail-{account}"
    s3.create_bucket(Bucket=bucket)
    service = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=_policy(
            service | {"Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{bucket}"},
            service | {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"},
        ),
    )
    logs = secretwatch.client("logs")
    logs.create_log_group(logGroupName="trail")
    group = f"arn:aws:logs:us-east-1:{account}:log-group:trail:*"
    iam = secretwatch.client("iam")
    trust = _policy(service | {"Action": "sts:AssumeRole"})
    role = iam.create_role(RoleName="trail", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    may = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": group}
    iam.put_role_policy(RoleName="trail", PolicyName="logs", PolicyDocument=_policy(may))
    trail = secretwatch.client("cloudtrail")
    trail.create_trail(
        Name="trail", S3BucketName=bucket, CloudWatchLogsLogGroupArn=group, CloudWatchLogsRoleArn=role
    )
    trail.start_logging(Name="trail")
    sns = secretwatch.client("sns")
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
    logs.put_metric_filter(
        logGroupName="trail",
        filterName="reads",
        filterPattern=PATTERN,
        metricTransformations=[{"metricName": "reads", "metricNamespace": "prod", "metricValue": "1"}],
    )
    secretwatch.client("cloudwatch").put_metric_alarm(
        AlarmName="prod-db-read",
        AlarmActions=[topic],
        MetricName="reads",
        Namespace="prod",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )
    return secretwatch.alarm("prod-db-read")


def _policy(*statements: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def test_a_read_rings_it_late_and_out_of_order(secretwatch: Harness, alarm: Alarm) -> None:
    secretwatch.confirm()
    app = secretwatch.role("app", allow=[READS])
    with secretwatch.held_delivery() as held:
        app.secretsmanager.get_secret_value(SecretId="prod/db")
        early = alarm.rang()
        assert not early
        assert "delivery is held" in early.why
        held.release(reordered=True, twice=True)
    assert alarm.rang(within_minutes=10)
    assert "prod-db-read" in secretwatch.inbox.last.text
    assert [each.to for each in secretwatch.inbox] == ["ops@example.com"]
    assert not alarm.ended(within_minutes=1)
    assert alarm.ended()


def test_it_says_where_a_read_stopped(secretwatch: Harness, alarm: Alarm, told: list[str]) -> None:
    secretwatch.confirm()
    arn = secretwatch.client("secretsmanager").describe_secret(SecretId="prod/db")["ARN"]
    secretwatch.role("app", allow=[READS]).secretsmanager.get_secret_value(SecretId=arn)
    rang = alarm.rang(within_minutes=1)
    assert not rang
    assert rang.why.startswith("prod-db-read did not ring: it stopped at filter.")
    # With the mend, for whoever looks at the failed test.
    assert told == [f"prod-db-read did not ring.\n\n{rang.walk}"]
    assert "aws logs put-metric-filter" in rang.walk
    with pytest.raises(LookupError, match="No e-mail came"):
        secretwatch.inbox.last.text  # noqa: B018


def test_nobody_who_has_not_confirmed_is_told(secretwatch: Harness, alarm: Alarm) -> None:
    secretwatch.user("bob", allow=[READS]).secretsmanager.get_secret_value(SecretId="prod/db")
    assert alarm.rang()
    assert len(secretwatch.inbox) == 0
    assert [each.to for each in secretwatch.inbox.confirmations] == ["ops@example.com"]


def test_plain_clients_are_in_the_tests_account(secretwatch: Harness) -> None:
    assert boto3.client("sts").get_caller_identity()["Account"] == secretwatch.account_id


def test_who_is_not_there_is_answered_with_who_is(secretwatch: Harness) -> None:
    secretwatch.role("app")
    with pytest.raises(NoSuchCaller, match=r"no role 'ap'\. There is: app"):
        secretwatch.as_role("ap")
    with pytest.raises(NoSuchCaller, match="no user 'bob'"):
        secretwatch.as_user("bob")
    with pytest.raises(LookupError, match=r"no alarm 'x' in us-east-1\. There is: none"):
        secretwatch.alarm("x")
    with pytest.raises(AttributeError, match="nor a service"):
        secretwatch.as_role("app").secretmanager  # noqa: B018


def test_nothing_goes_on_in_an_account_that_is_done_with(
    local_cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with harness(local_cloud, tmp_path_factory.mktemp("harness")) as made:
        made.client("cloudwatch").put_metric_alarm(
            AlarmName="left",
            MetricName="m",
            Namespace="n",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        client = made.client("cloudwatch")
    assert client.describe_alarms()["MetricAlarms"] == []
