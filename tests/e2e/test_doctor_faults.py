"""Break one thing, read the secret: the doctor names exactly that, and after its mend the next read rings.

Long because it is one table of faults: how each is made, what the doctor says of it, and how it is mended.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from deployment import wait_for
from handmade import ACCOUNT, GROUP, REGION, Account, Handmade, allow, arn, document, run_mend, session

from secretwatch import local
from secretwatch.cloudtrail import is_read_only
from secretwatch.pipeline.doctor.asking import APP_ID
from secretwatch.pipeline.doctor.examine import Doctor
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.walk import Diagnosis
from secretwatch.pipeline.watch import Watch


@pytest.fixture(scope="module")
def cloud(workdir: Path) -> Iterator[local.LocalCloud]:
    """A local cloud of these tests' own, whose minutes they let pass."""
    state_dir = workdir / "doctors-cloud"
    with pytest.MonkeyPatch.context() as patch:
        found = local.start(state_dir, tied=True)
        try:
            for name in local.foreign_variables():
                patch.delenv(name, raising=False)
            for name, value in found.env().items():
                patch.setenv(name, value)
            yield found
        finally:
            local.stop(state_dir)


@pytest.fixture(scope="module")
def account(cloud: local.LocalCloud) -> Account:
    return Account()


@pytest.fixture
def watch(account: Account, cloud: local.LocalCloud) -> Iterator[Handmade]:
    made = Handmade(account, cloud)
    yield made
    made.remove()
    account.repair()


def examine(subject: Subject, request_id: str | None = None, **options: Any) -> Diagnosis:
    """The diagnosis when nothing is on its way any more; request_id: of the read it has to follow."""
    doctor = Doctor(subject, session(subject.region), **options)

    def done() -> Diagnosis | None:
        found = doctor.examine()
        read = found.record.read
        is_followed = request_id is None or (read and read.event["requestID"] == request_id)
        return found if is_followed and not found.waits else None

    found: Diagnosis = wait_for("a diagnosis", done, seconds=20)
    return found


def subject_of(watch: Handmade) -> Subject:
    return Subject.of_watch(Watch.from_outputs({"watch": watch.facts}))


def broken(diagnosis: Diagnosis) -> list[tuple[str, str]]:
    return [(hop, finding.cause) for hop, finding in diagnosis.broken]


@dataclass(frozen=True)
class Fault:
    """breaks: what it does to a healthy watch; by: how the secret is then named in the read.

    says: what stands in the doctor's sentence; mend: where pasting the doctor's commands is not all there is
    to do. fast: the mended path is the realtime one.
    """

    id: str
    breaks: Callable[[Handmade], Any]
    hop: str
    cause: str
    says: str = ""
    by: Callable[[Handmade], str] = lambda watch: watch.name
    mend: Callable[[Handmade, str], Any] = lambda watch, mend: run_mend(mend)
    region: str = REGION
    fast: bool = False


def with_arn(watch: Handmade) -> str:
    return watch.secret_arn


def pattern(text: str) -> Callable[[Handmade], None]:
    """Another pattern; NAME in it stands for the secret's."""
    return lambda watch: watch.put_filter(text.replace("NAME", watch.name))


def in_another_region(watch: Handmade) -> None:
    elsewhere = session("eu-west-1").client("secretsmanager")
    watch.secret_arn = elsewhere.create_secret(Name=watch.name, SecretString="x")["ARN"]
    watch.account.cloudtrail.update_trail(Name=Account.trail, IsMultiRegionTrail=False)


def without_management_events(watch: Handmade) -> None:
    data = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
    selector = {"ReadWriteType": "All", "IncludeManagementEvents": False, "DataResources": data}
    watch.account.cloudtrail.put_event_selectors(TrailName=Account.trail, EventSelectors=[selector])


def selecting(**fields: list[str]) -> Callable[[Handmade], Any]:
    chosen = [{"Field": name.replace("_", "."), "Equals": value} for name, value in fields.items()]
    return lambda watch: watch.account.cloudtrail.put_event_selectors(
        TrailName=Account.trail, AdvancedEventSelectors=[{"FieldSelectors": chosen}]
    )


def create_trail_again(watch: Handmade, mend: str) -> None:
    run_mend(mend.replace("BUCKET", Account.bucket).replace("ROLE_ARN", Account.role_arn))


def attach(watch: Handmade, mend: str) -> None:
    run_mend(mend.replace("ROLE_ARN", Account.role_arn))


def deliver_to_another_group(watch: Handmade) -> None:
    logs = watch.account.logs
    if not logs.describe_log_groups(logGroupNamePrefix="elsewhere")["logGroups"]:
        logs.create_log_group(logGroupName="elsewhere")
    may_write = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
    watch.account.iam.put_role_policy(
        RoleName=Account.role, PolicyName="write", PolicyDocument=document(may_write)
    )
    watch.account.cloudtrail.update_trail(
        Name=Account.trail,
        CloudWatchLogsLogGroupArn=arn("logs", "log-group:elsewhere:*"),
        CloudWatchLogsRoleArn=Account.role_arn,
    )


def role_denied(watch: Handmade) -> None:
    watch.account.iam.delete_role_policy(RoleName=Account.role, PolicyName="write")


def role_gone(watch: Handmade) -> None:
    role_denied(watch)
    for name in watch.account.iam.list_role_policies(RoleName=Account.role)["PolicyNames"]:
        watch.account.iam.delete_role_policy(RoleName=Account.role, PolicyName=name)
    watch.account.iam.delete_role(RoleName=Account.role)


def filter_elsewhere(watch: Handmade) -> None:
    logs = watch.account.logs
    if not logs.describe_log_groups(logGroupNamePrefix="other-group")["logGroups"]:
        logs.create_log_group(logGroupName="other-group")
    (found,) = logs.describe_metric_filters(logGroupName=GROUP, filterNamePrefix=watch.name)["metricFilters"]
    watch.delete_filter()
    logs.put_metric_filter(
        logGroupName="other-group",
        filterName=watch.name,
        filterPattern=found["filterPattern"],
        metricTransformations=found["metricTransformations"],
    )


def delete_topic(watch: Handmade) -> None:
    watch.account.sns.delete_topic(TopicArn=watch.topic)


def subscribe_and_confirm(watch: Handmade, mend: str) -> None:
    run_mend(mend.replace("you@example.com", watch.address))
    watch.cloud.confirm()


def unconfirmed(watch: Handmade) -> None:
    watch.account.sns.unsubscribe(SubscriptionArn=watch.subscription())
    watch.account.sns.subscribe(TopicArn=watch.topic, Protocol="email", Endpoint=f"new-{watch.address}")


def filter_subscription(watch: Handmade, policy: Any, scope: str = "MessageAttributes") -> None:
    for name, value in (("FilterPolicyScope", scope), ("FilterPolicy", json.dumps(policy))):
        watch.account.sns.set_subscription_attributes(
            SubscriptionArn=watch.subscription(), AttributeName=name, AttributeValue=value
        )


def encrypt_with_aws_key(watch: Handmade) -> None:
    watch.set_topic("KmsMasterKeyId", "alias/aws/sns")


def own_key(watch: Handmade) -> str:
    return str(watch.account.kms.create_key()["KeyMetadata"]["Arn"])


def disabled_key(watch: Handmade) -> None:
    key = own_key(watch)
    administrator = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    publishers = [
        allow(service, action, "*")
        for service in ("cloudwatch", "events")
        for action in ("kms:Decrypt", "kms:GenerateDataKey*")
    ]
    watch.account.kms.put_key_policy(
        KeyId=key, PolicyName="default", Policy=document(administrator, *publishers)
    )
    watch.account.kms.disable_key(KeyId=key)
    watch.set_topic("KmsMasterKeyId", key)


FAULTS = [
    # The trail
    Fault(
        "trail-stopped",
        lambda watch: watch.account.cloudtrail.stop_logging(Name=Account.trail),
        "trail",
        "trail-stopped",
        "has not logged since",
    ),
    Fault(
        "trail-deleted",
        lambda watch: watch.account.cloudtrail.delete_trail(Name=Account.trail),
        "trail",
        "trail-deleted",
        "does not exist any more",
        mend=create_trail_again,
    ),
    Fault(
        "write-only",
        lambda watch: watch.account.cloudtrail.put_event_selectors(
            TrailName=Account.trail,
            EventSelectors=[{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}],
        ),
        "trail",
        "write-only",
        "selects write events only",
    ),
    Fault(
        "write-only-advanced",
        selecting(eventCategory=["Management"], readOnly=["false"]),
        "trail",
        "write-only",
    ),
    Fault("no-management-events", without_management_events, "trail", "no-management-events"),
    Fault(
        "no-management-events-advanced",
        selecting(eventCategory=["Data"], resources_type=["AWS::S3::Object"]),
        "trail",
        "no-management-events",
    ),
    Fault(
        "wrong-region",
        in_another_region,
        "trail",
        "wrong-region",
        "records us-east-1 only",
        region="eu-west-1",
    ),
    Fault(
        "bucket-policy-lost",
        lambda watch: watch.account.s3.delete_bucket_policy(Bucket=Account.bucket),
        "trail",
        "bucket-policy",
        "does not let CloudTrail in",
    ),
    Fault(
        "log-group-deleted",
        lambda watch: watch.account.logs.delete_log_group(logGroupName=GROUP),
        "trail",
        "log-group-deleted",
    ),
    Fault(
        "log-group-not-attached",
        lambda watch: watch.account.cloudtrail.update_trail(
            Name=Account.trail, CloudWatchLogsLogGroupArn="", CloudWatchLogsRoleArn=""
        ),
        "trail",
        "log-group-not-attached",
        "delivers to no log group",
        mend=attach,
    ),
    Fault(
        "another-log-group-attached",
        deliver_to_another_group,
        "trail",
        "log-group-not-attached",
        "delivers to elsewhere instead",
    ),
    Fault("delivery-role-denied", role_denied, "trail", "delivery-role-policy", "logs:CreateLogStream"),
    Fault("delivery-role-gone", role_gone, "trail", "delivery-role-deleted"),
    Fault(
        "delivery-role-not-trusted",
        lambda watch: watch.account.iam.update_assume_role_policy(
            RoleName=Account.role, PolicyDocument=document(allow("ec2", "sts:AssumeRole"))
        ),
        "trail",
        "delivery-role-trust",
    ),
    # The metric filter
    Fault("filter-on-another-group", filter_elsewhere, "filter", "filter-on-another-group", "other-group"),
    Fault("filter-deleted", Handmade.delete_filter, "filter", "filter-deleted"),
    Fault(
        "pattern-event-name",
        lambda watch: watch.put_filter(watch.pattern_of("ReadSecretValue")),
        "filter",
        "pattern",
        '$.eventName = "ReadSecretValue" saw "GetSecretValue"',
    ),
    Fault(
        "pattern-case",
        lambda watch: watch.put_filter(watch.pattern_of("getSecretValue")),
        "filter",
        "pattern",
        "upper and lower case differ",
    ),
    Fault(
        "pattern-and-for-or",
        pattern('{ $.requestParameters.secretId = "NAME" && $.requestParameters.secretId = "arn:*NAME-*" }'),
        "filter",
        "pattern",
        '$.requestParameters.secretId = "arn:*NAME-*" saw "NAME"',
    ),
    Fault(
        "pattern-name-for-arn",
        pattern('{ $.eventName = "GetSecretValue" && $.requestParameters.secretId = "NAME" }'),
        "filter",
        "pattern",
        "the caller sent the ARN, the pattern has the name",
        by=with_arn,
    ),
    Fault(
        "pattern-boolean-as-text",
        pattern('{ $.readOnly = "true" && $.requestParameters.secretId = "NAME" }'),
        "filter",
        "pattern",
        "a boolean is no text: write IS TRUE",
    ),
    Fault(
        "pattern-wildcard",
        # The event source has an `m` before the one that it ends with.
        pattern('{ $.eventSource = "*m" }'),
        "filter",
        "pattern",
        "what follows a * is taken at its first place",
    ),
    Fault(
        "pattern-missing-field",
        pattern('{ $.errorCode != "AccessDenied" && $.requestParameters.secretId = "NAME" }'),
        "filter",
        "pattern",
        "!= is false where the field is missing",
    ),
    Fault(
        "other-metric-name",
        lambda watch: watch.put_filter(metricName="reads"),
        "filter",
        "other-metric-name",
    ),
    Fault(
        "other-namespace",
        lambda watch: watch.put_filter(metricNamespace="reads"),
        "filter",
        "other-namespace",
    ),
    Fault(
        "alarm-on-another-metric",
        lambda watch: watch.put_alarm(MetricName="others"),
        "filter",
        "other-metric-name",
    ),
    Fault(
        "filter-with-dimension",
        lambda watch: watch.put_filter(
            defaultValue=None, dimensions={"secret": "$.requestParameters.secretId"}
        ),
        "filter",
        "other-dimensions",
        "for CloudWatch these are two metrics",
    ),
    Fault(
        "alarm-with-dimension",
        lambda watch: watch.put_alarm(Dimensions=[{"Name": "secret", "Value": watch.name}]),
        "filter",
        "other-dimensions",
    ),
    Fault(
        "value-missing",
        lambda watch: watch.put_filter(metricValue="$.latency"),
        "filter",
        "value-missing",
        "$.latency",
    ),
    # The alarm
    Fault(
        "alarm-deleted",
        lambda w: w.account.cloudwatch.delete_alarms(AlarmNames=[w.alarm_name]),
        "alarm",
        "alarm-deleted",
    ),
    Fault("average", lambda watch: watch.put_alarm(Statistic="Average"), "alarm", "statistic", "Average"),
    Fault("threshold", lambda watch: watch.put_alarm(Threshold=2), "alarm", "threshold", "threshold is 2"),
    Fault(
        "comparison",
        lambda watch: watch.put_alarm(ComparisonOperator="LessThanThreshold"),
        "alarm",
        "comparison",
        "LessThanThreshold",
    ),
    Fault(
        "three-of-three",
        lambda watch: watch.put_alarm(EvaluationPeriods=3, Period=60),
        "alarm",
        "evaluation-periods",
    ),
    Fault(
        "missing-data-breaching",
        lambda watch: watch.put_alarm(TreatMissingData="breaching"),
        "alarm",
        "missing-data",
        "is in ALARM without any read",
    ),
    Fault(
        "missing-data-ignored",
        lambda watch: (watch.put_filter(defaultValue=None), watch.put_alarm(TreatMissingData="ignore")),
        "alarm",
        "missing-data",
        "stays in ALARM after a read",
    ),
    Fault("unit", lambda watch: watch.put_alarm(Unit="Count"), "alarm", "unit", "unit Count"),
    Fault("period", lambda watch: watch.put_alarm(Period=10), "alarm", "period-too-short"),
    Fault(
        "actions-disabled",
        lambda w: w.account.cloudwatch.disable_alarm_actions(AlarmNames=[w.alarm_name]),
        "alarm",
        "actions-disabled",
    ),
    Fault("no-action", lambda watch: watch.put_alarm(AlarmActions=[]), "alarm", "no-action"),
    # The topic
    Fault("topic-deleted", delete_topic, "topic", "topic-deleted", mend=subscribe_and_confirm),
    Fault(
        "topic-policy",
        lambda watch: watch.topic_policy("events"),
        "topic",
        "topic-policy",
        "does not let the alarm publish",
    ),
    Fault("aws-managed-key", encrypt_with_aws_key, "topic", "aws-managed-key", "dropped without an error"),
    Fault(
        "key-policy",
        lambda watch: watch.set_topic("KmsMasterKeyId", own_key(watch)),
        "topic",
        "topic-key",
    ),
    Fault("key-disabled", disabled_key, "topic", "topic-key", "is Disabled"),
    Fault(
        "no-subscription",
        lambda watch: watch.account.sns.unsubscribe(SubscriptionArn=watch.subscription()),
        "topic",
        "no-subscription",
        "Nobody is subscribed",
        mend=subscribe_and_confirm,
    ),
    Fault(
        "unconfirmed",
        unconfirmed,
        "topic",
        "unconfirmed",
        "has not followed the link",
        mend=lambda watch, mend: (run_mend(mend), watch.cloud.confirm()),
    ),
    Fault(
        "filtered-subscription",
        lambda watch: filter_subscription(watch, {"severity": ["high"]}),
        "topic",
        "filtered-subscription",
    ),
    Fault(
        "filtered-subscription-by-body",
        lambda watch: filter_subscription(watch, {"NewStateValue": ["OK"]}, "MessageBody"),
        "topic",
        "filtered-subscription",
    ),
    # The realtime path
    Fault(
        "rule-state", lambda w: w.put_rule("ENABLED"), "realtime", "rule-state", "state ENABLED", fast=True
    ),
    Fault("rule-disabled", lambda w: w.put_rule("DISABLED"), "realtime", "rule-disabled", fast=True),
    Fault(
        "rule-pattern",
        lambda watch: watch.put_rule(eventName=["ReadSecretValue"]),
        "realtime",
        "rule-pattern",
        'detail.eventName is "GetSecretValue"',
        fast=True,
    ),
    Fault(
        "no-target",
        lambda watch: watch.account.events.remove_targets(Rule=watch.name, Ids=["topic"]),
        "realtime",
        "no-target",
        fast=True,
    ),
    Fault(
        "target-topic-policy",
        lambda watch: watch.topic_policy("cloudwatch"),
        "realtime",
        "target-topic-policy",
        "does not let the rule publish",
        fast=True,
    ),
]
# What the topic and its key are concerns both who publish to it.
BOTH = {"aws-managed-key", "key-policy", "key-disabled", "topic-deleted"}


# The first of each hop in every run, all others with `-m later`.
QUICK = {each.hop: each.id for each in reversed(FAULTS)}.values()


@pytest.mark.parametrize(
    "fault",
    [pytest.param(each, id=each.id, marks=[] if each.id in QUICK else pytest.mark.later) for each in FAULTS],
)
def test_a_fault_is_named_and_mended(watch: Handmade, fault: Fault) -> None:
    fault.breaks(watch)
    request_id = watch.read(fault.by(watch), fault.region)
    found = examine(subject_of(watch), request_id)
    expected = [(fault.hop, fault.cause)]
    if fault.id in BOTH:
        expected.append(("realtime", f"target-{fault.cause}"))
    assert broken(found) == expected
    finding = found.hop(fault.hop).worst
    assert finding
    assert fault.says.replace("NAME", watch.name) in finding.sentence
    assert found.exit_code == 1
    for _, each in found.broken:
        fault.mend(watch, each.mend)
    watch.rings(fault.by(watch), fault.region, fast=fault.fast)
    assert broken(examine(subject_of(watch))) == []


def test_a_read_in_another_region_is_seen_though_nothing_is_delivered(watch: Handmade) -> None:
    elsewhere = session("eu-central-1").client("secretsmanager")
    elsewhere.create_secret(Name=watch.name, SecretString="x")
    try:
        for name in watch.account.iam.list_role_policies(RoleName=Account.role)["PolicyNames"]:
            watch.account.iam.delete_role_policy(RoleName=Account.role, PolicyName=name)
        request_id = watch.read(watch.name, "eu-central-1")
        found = examine(subject_of(watch), request_id)
        assert broken(found) == [("trail", "delivery-role-policy")]
        assert found.record.read
        assert found.record.read.region == "eu-central-1"
    finally:
        elsewhere.delete_secret(SecretId=watch.name, ForceDeleteWithoutRecovery=True)
        watch.account.repair()
        watch.read()  # so that the last delivery is one that succeeded


def test_a_healthy_watch_is_healthy(watch: Handmade) -> None:
    quiet = examine(subject_of(watch))
    assert quiet.broken == []
    assert quiet.result == "healthy"
    # Others have stopped the trail before, which is told for two weeks.
    causes = [(hop.name, hop.cause) for hop in quiet.hops if hop.cause not in (None, "logging-gap")]
    assert causes == [("event", "no-read-in-sight")]
    for by in (watch.name, watch.secret_arn):
        watch.rings(by)
    found = examine(subject_of(watch))
    causes = [(hop.name, hop.cause) for hop in found.hops if hop.cause not in (None, "logging-gap")]
    assert causes in ([], [("alarm", "already-in-alarm")])
    assert found.exit_code == 0


TWO_FAULTS = [
    ("trail-stopped", "average"),
    ("write-only", "unconfirmed"),
    ("pattern-case", "threshold"),
    ("average", "topic-policy"),
    ("filter-deleted", "rule-state"),
    ("log-group-not-attached", "pattern-boolean-as-text"),
]


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(each, id=" and ".join(each), marks=[] if number < 2 else pytest.mark.later)
        for number, each in enumerate(TWO_FAULTS)
    ],
)
def test_two_faults_are_both_found_in_order(watch: Handmade, names: tuple[str, str]) -> None:
    first, second = (next(fault for fault in FAULTS if fault.id == name) for name in names)
    second.breaks(watch)
    first.breaks(watch)
    found = examine(subject_of(watch), watch.read())
    assert broken(found) == [(first.hop, first.cause), (second.hop, second.cause)]
    for fault, (_, finding) in zip((first, second), found.broken, strict=True):
        fault.mend(watch, finding.mend)
    watch.rings()


@pytest.mark.parametrize("start", ["alarm", "log group"])
def test_it_starts_from_what_is_in_the_account(watch: Handmade, start: str) -> None:
    watch.rings()
    if start == "alarm":
        subject = Subject(region=REGION, alarm_name=watch.alarm_name, secrets=(watch.name,))
    else:
        subject = Subject(region=REGION, log_group_name=GROUP, secrets=(watch.name,))
    found = examine(subject)
    assert broken(found) == []
    assert (found.view.trail or {})["Name"] == Account.trail
    if start == "alarm":
        watch.put_filter(watch.pattern_of("ReadSecretValue"))
        assert broken(examine(subject, watch.read())) == [("filter", "pattern")]


def test_a_canary_is_followed(watch: Handmade) -> None:
    doctor = Doctor(subject_of(watch), session())
    found = doctor.canary(watch.name, REGION)
    assert found.record.read
    assert found.result == "healthy"
    sentence = found.hop("alarm").sentence
    assert "s after the read." in sentence
    # Made by hand, with zeros between.
    assert "one read may ring more than once" in sentence
    assert len(watch.alarm_mails()) == 1


def test_it_changes_nothing(watch: Handmade) -> None:
    """Neither healthy nor broken: what CloudTrail recorded of the doctor is read-only, all of it."""
    watch.rings()
    examine(subject_of(watch))
    watch.put_alarm(AlarmActions=[])
    watch.delete_filter()
    examine(Subject(region=REGION, alarm_name=watch.alarm_name), since=None)
    history = watch.account.cloudtrail.get_paginator("lookup_events").paginate(
        PaginationConfig={"MaxItems": 2000}
    )
    events = [json.loads(each["CloudTrailEvent"]) for page in history for each in page["Events"]]
    its_own = [each for each in events if f"app/{APP_ID}" in str(each["userAgent"])]
    assert {"DescribeAlarms", "GetTrailStatus", "TestMetricFilter"} <= {each["eventName"] for each in its_own}
    assert [each["eventName"] for each in its_own if not each["readOnly"]] == []
    assert all(is_read_only(each["eventSource"], each["eventName"]) for each in its_own)
