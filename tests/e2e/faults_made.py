"""Faults made for real on the local cloud, those of which a call or two can make them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from doctor_faults import Fault
from handmade import Session
from patients import Patient

from secretwatch.pipeline.doctor.account import Account
from secretwatch.pipeline.doctor.calls import Call
from secretwatch.pipeline.doctor.kinds import BY_NAME, alarms
from secretwatch.pipeline.doctor.kinds.filters import parts
from secretwatch.pipeline.doctor.kinds.topics import subscription_parts

DELETED: dict[str, Callable[[Session, str], Any]] = {
    "alarm": lambda s, id: s.client("cloudwatch").delete_alarms(AlarmNames=[id]),
    "filter": lambda s, id: s.client("logs").delete_metric_filter(
        logGroupName=parts(id)[0], filterName=parts(id)[1]
    ),
    "queue": lambda s, id: s.client("sqs").delete_queue(
        QueueUrl=s.client("sqs").get_queue_url(QueueName=id.rsplit(":", 1)[-1])["QueueUrl"]
    ),
    "rule": lambda s, id: _delete_rule(s, id),
    "state machine": lambda s, id: s.client("stepfunctions").delete_state_machine(stateMachineArn=id),
    "subscription": lambda s, id: _unsubscribe(s, id),
    "trail": lambda s, id: s.client("cloudtrail").delete_trail(Name=id),
}


def _without_targets(session: Session, rule: str) -> None:
    events = session.client("events")
    there = [each["Id"] for each in events.list_targets_by_rule(Rule=rule)["Targets"]]
    if there:
        events.remove_targets(Rule=rule, Ids=there)


def _delete_rule(session: Session, rule: str) -> None:
    _without_targets(session, rule)
    session.client("events").delete_rule(Name=rule)


def _unsubscribe(session: Session, id: str) -> None:
    topic, protocol, endpoint = subscription_parts(id)
    sns = session.client("sns")
    for each in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]:
        if (each["Protocol"], each["Endpoint"]) == (protocol, endpoint):
            sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])


POLICIES: dict[tuple[str, str], Callable[[Session, str, str], Any]] = {
    ("bucket", "Policy"): lambda s, id, text: s.client("s3").put_bucket_policy(Bucket=id, Policy=text),
    ("key", "Policy"): lambda s, id, text: s.client("kms").put_key_policy(
        KeyId=id, PolicyName="default", Policy=text, BypassPolicyLockoutSafetyCheck=True
    ),
    ("log group", "policyDocument"): lambda s, id, text: s.client("logs").put_data_protection_policy(
        logGroupIdentifier=id, policyDocument=text
    ),
    ("role", "AssumeRolePolicyDocument"): lambda s, id, text: s.client("iam").update_assume_role_policy(
        RoleName=id, PolicyDocument=text
    ),
    ("topic", "Policy"): lambda s, id, text: s.client("sns").set_topic_attributes(
        TopicArn=id, AttributeName="Policy", AttributeValue=text
    ),
}
# What cannot be made on the local cloud in a call or two, or takes others' things along.
NOT_HERE = {
    *(("bucket", ""), ("key", ""), ("log group", ""), ("role", ""), ("topic", ""), ("role", "Boundary")),
    *(("queue", "Policy"), ("log group", "kmsKeyId"), ("topic", "KmsMasterKeyId"), ("role", "Inline")),
    *(
        ("trail", "KmsKeyId"),
        ("trail", "S3BucketName"),
        ("trail", "CloudWatchLogsRoleArn"),
        ("queue", "KmsMasterKeyId"),
    ),
    *(
        ("trail", "S3KeyPrefix"),
        ("connection", ""),
        ("connection", "AuthorizationType"),
        ("alarm", "Metrics"),
    ),
    *(("trail", "CloudWatchLogsLogGroupArn"), ("state machine", "roleArn"), ("trail", "SnsTopicName")),
}


def make(patient: Patient, live: Account, fault: Fault) -> bool:
    """Make the fault on the cloud; whether that can be done there."""
    ref, session = fault.ref, patient.session
    if (ref.kind, fault.member) in NOT_HERE:
        return False
    if not fault.member:
        DELETED[ref.kind](session, ref.id)
        return True
    if put := POLICIES.get((ref.kind, fault.member)):
        put(session, ref.id, str(fault.value))
        return True
    thing = live.things[ref]
    if (ref.kind, fault.member) == ("key", "KeyState"):
        kms = session.client("kms")
        if fault.value == "Disabled":
            kms.disable_key(KeyId=ref.id)
        else:
            kms.schedule_key_deletion(KeyId=ref.id, PendingWindowInDays=7)
        return True
    if fault.member == "EventSelectors":
        selectors = fault.value
        session.client("cloudtrail").put_event_selectors(TrailName=ref.id, EventSelectors=selectors)
        return True
    if fault.member == "IsLogging":
        session.client("cloudtrail").stop_logging(Name=ref.id)
        return True
    if fault.member == "Targets":
        _without_targets(session, ref.id)
        if not fault.value:
            return True
        thing = {**(thing or {}), "Targets": []}
    if (ref.kind, fault.member) == ("secret", "Policy"):
        session.client("secretsmanager").put_resource_policy(SecretId=ref.id, ResourcePolicy=fault.value)
        return True
    if fault.member == "ActionsEnabled":
        session.client("cloudwatch").disable_alarm_actions(AlarmNames=[ref.id])
        return True
    wanted = fault.on(live).things[ref]
    assert wanted is not None
    steps = [
        each for each in BY_NAME[ref.kind].restore(live, ref.id, wanted, thing) if isinstance(each, Call)
    ]
    if ref.kind == "alarm":
        steps = [alarms.put(wanted)]  # which keeps nothing of what is there
    for step in steps:
        step.make(session.client(step.service))
    return bool(steps)
