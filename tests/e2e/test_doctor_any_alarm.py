"""Alarms of an account that are about other things than secrets, on the local cloud: what rang is healthy.

More of them, without a cloud, stand in tests/unit/doctor/test_any_alarm.py.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from deployment import wait_for
from handmade import GROUP, REGION, Account, run_mend

from secretwatch import local
from secretwatch.pipeline.doctor.examine import Doctor
from secretwatch.pipeline.doctor.subject import NoSuchSubject, Subject
from secretwatch.pipeline.doctor.walk import Diagnosis


@pytest.fixture(scope="module")
def account(aws: dict[str, str], local_cloud: local.LocalCloud) -> Account:
    return Account()


class Alarm:
    """A filter, an alarm on its metric, and a topic with somebody who listens."""

    def __init__(self, account: Account, cloud: local.LocalCloud, pattern: str) -> None:
        self.account, self.cloud, self.pattern = account, cloud, pattern
        self.name = f"cis-{uuid.uuid4().hex[:8]}"
        self.topic = account.sns.create_topic(Name=self.name)["TopicArn"]
        account.sns.subscribe(TopicArn=self.topic, Protocol="email", Endpoint=f"{self.name}@example.com")
        cloud.confirm()
        account.logs.put_metric_filter(
            logGroupName=GROUP,
            filterName=self.name,
            filterPattern=pattern,
            metricTransformations=[{"metricName": self.name, "metricNamespace": "CIS", "metricValue": "1"}],
        )
        self.put()

    def put(self, **changes: Any) -> None:
        settings: dict[str, Any] = {
            "AlarmName": self.name,
            "Namespace": "CIS",
            "MetricName": self.name,
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [self.topic],
        }
        self.account.cloudwatch.put_metric_alarm(**settings | changes)

    def remove(self) -> None:
        self.account.cloudwatch.delete_alarms(AlarmNames=[self.name])
        with contextlib.suppress(ClientError):
            self.account.logs.delete_metric_filter(logGroupName=GROUP, filterName=self.name)

    def settle(self) -> None:
        self.cloud.release(first=0)
        self.cloud.tick()

    def mails(self) -> int:
        return len([each for each in self.cloud.inbox() if f'ALARM: "{self.name}"' in str(each["subject"])])

    def examine(self) -> Diagnosis:
        doctor = Doctor(Subject(region=REGION, alarm_name=self.name), self.account.session)

        def done() -> Diagnosis | None:
            found = doctor.examine()
            return None if found.waits else found

        found: Diagnosis = wait_for("a diagnosis", done)
        return found


def open_a_group(account: Account) -> None:
    """Refused or not, it is recorded."""
    with contextlib.suppress(ClientError):
        account.session.client("ec2").authorize_security_group_ingress(
            GroupId="sg-12345678", CidrIp="10.0.0.0/8"
        )


def make_a_policy(account: Account) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}],
    }
    account.iam.create_policy(PolicyName=f"p-{uuid.uuid4().hex[:8]}", PolicyDocument=json.dumps(document))


def stop_the_trail(account: Account) -> None:
    account.cloudtrail.stop_logging(Name=Account.trail)
    account.cloudtrail.start_logging(Name=Account.trail)


ABOUT: dict[str, tuple[str, Callable[[Account], None]]] = {
    "security groups": (
        "{ ($.eventName = AuthorizeSecurityGroupIngress) || ($.eventName = RevokeSecurityGroupIngress) }",
        open_a_group,
    ),
    "policies": ("{ ($.eventName = CreatePolicy) || ($.eventName = DeletePolicy) }", make_a_policy),
    "trails": ("{ ($.eventName = StopLogging) || ($.eventName = DeleteTrail) }", stop_the_trail),
    "root": ('{ $.userIdentity.type = "Root" && $.eventName = "CreatePolicy" }', make_a_policy),
}


@pytest.fixture(params=ABOUT)
def alarm(request: Any, account: Account, local_cloud: local.LocalCloud) -> Any:
    pattern, do = ABOUT[request.param]
    made = Alarm(account, local_cloud, pattern)
    made.do = do  # type: ignore[attr-defined]
    yield made
    made.remove()


def test_what_rang_is_healthy_and_followed(alarm: Any, account: Account) -> None:
    quiet = alarm.examine()
    assert (quiet.broken, quiet.result) == ([], "healthy")
    alarm.do(account)
    alarm.settle()
    wait_for("a mail", alarm.mails)
    found = alarm.examine()
    assert (found.broken, found.result) == ([], "healthy")
    assert found.record.read
    assert found.record.read.event["eventName"] in alarm.pattern
    said = " ".join(each.sentence for hop in found.hops for each in hop.findings)
    assert "read of a secret" not in said


def test_what_is_wrong_is_mended_and_means_the_same(alarm: Any, account: Account) -> None:
    alarm.put(MetricName=f"{alarm.name}s", AlarmActions=[])
    found = alarm.examine()
    assert {each.cause for _, each in found.broken} >= {"other-metric-name", "no-action"}
    alarm.put(ActionsEnabled=False)
    found = alarm.examine()
    assert [each.cause for _, each in found.broken] == ["actions-disabled"]
    run_mend("\n".join(each.command() for each in found.plan))
    assert alarm.examine().broken == []
    (after,) = account.logs.describe_metric_filters(logGroupName=GROUP, filterNamePrefix=alarm.name)[
        "metricFilters"
    ]
    assert after["filterPattern"] == alarm.pattern
    alarm.cloud.tick(16)
    before = alarm.mails()
    alarm.do(account)
    alarm.settle()
    wait_for("a mail", lambda: alarm.mails() > before)


def test_what_there_is_is_said_where_there_is_no_such_thing(account: Account) -> None:
    doctor = Doctor(Subject(region=REGION, alarm_name="TYPO"), account.session)
    with pytest.raises(NoSuchSubject, match="There is no metric alarm TYPO in us-east-1; there are these: "):
        doctor.examine()
    doctor = Doctor(Subject(region=REGION, log_group_name="/typo"), account.session)
    with pytest.raises(NoSuchSubject, match=f"There is no log group /typo in us-east-1; .*{GROUP}"):
        doctor.examine()


def test_a_composite_alarm_is_no_metric_alarm(account: Account) -> None:
    account.cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule='ALARM("handmade-blind")')
    try:
        with pytest.raises(NoSuchSubject, match="both is a composite alarm"):
            Doctor(Subject(region=REGION, alarm_name="both"), account.session).examine()
    finally:
        account.cloudwatch.delete_alarms(AlarmNames=["both"])


def test_a_log_group_with_a_filter_on_something_else_counts_no_reads(account: Account) -> None:
    """And no healthy trail is disconnected for it."""
    account.logs.create_log_group(logGroupName="/elsewhere")
    account.logs.put_metric_filter(
        logGroupName="/elsewhere",
        filterName="root",
        filterPattern='{ $.userIdentity.type = "Root" }',
        metricTransformations=[{"metricName": "root", "metricNamespace": "CIS", "metricValue": "1"}],
    )
    try:
        found = Doctor(Subject(region=REGION, log_group_name="/elsewhere"), account.session).examine()
    finally:
        account.logs.delete_log_group(logGroupName="/elsewhere")
    causes = {(name, each.cause) for name, each in found.broken}
    assert causes == {("trail", "log-group-not-attached"), ("filter", "filter-deleted")}
    assert "update-trail" not in " ".join(each.mend for _, each in found.broken)
