"""A read of a watched secret rings, whoever reads it and however it is named; nothing else does."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from deployment import SIBLING, Deployment, alarm_name, minutes_ago, wait_for


def arn_of(deployment: Deployment, name: str) -> str:
    return str(deployment.secretsmanager.describe_secret(SecretId=name)["ARN"])


def test_a_read_by_name_rings(deployment: Deployment) -> None:
    event = deployment.await_event(deployment.read("by-name"))
    assert event["requestParameters"] == {"secretId": "by-name"}
    deployment.await_alarm("by-name")


def test_a_read_by_arn_rings(deployment: Deployment) -> None:
    deployment.read(arn_of(deployment, "by-arn"))
    deployment.await_alarm("by-arn")


def test_a_read_by_arn_without_its_suffix_rings(deployment: Deployment) -> None:
    arn = arn_of(deployment, "by-partial-arn")
    deployment.read(arn[: -len("-AbCdEf")])
    deployment.await_alarm("by-partial-arn")


def test_the_alarm_mails_who_confirmed(deployment: Deployment, local_cloud: Any) -> None:
    deployment.read("by-name")
    deployment.await_alarm("by-name")

    def mail() -> Any:
        return [each for each in local_cloud.inbox() if alarm_name("by-name") in each["subject"]]

    (message,) = wait_for("an e-mail", mail)
    assert message["subject"] == f'ALARM: "{alarm_name("by-name")}" in US East (N. Virginia)'
    assert message["to"] == "ops@example.com"
    assert "Threshold Crossed: 1 " in message["body"]


def test_a_sibling_does_not_ring(deployment: Deployment) -> None:
    request_id = deployment.read(SIBLING)
    deployment.let_pass()
    assert deployment.event_in_logs(request_id)
    assert deployment.state(alarm_name("db")) == "OK"


def test_with_average_other_events_drown_the_read(deployment: Deployment) -> None:
    """The lesson of the field: the alarm that would not fire until AVERAGE became SUM.

    By hand, with a default value, which the module's own filters do not have.
    """
    group, namespace, metric = deployment.watch["log_group_name"], "by-hand", "average"
    deployment.logs.put_metric_filter(
        logGroupName=group,
        filterName="by-hand-average",
        filterPattern='{ $.eventName = "GetSecretValue" && $.requestParameters.secretId = "average" }',
        metricTransformations=[
            {"metricName": metric, "metricNamespace": namespace, "metricValue": "1", "defaultValue": 0}
        ],
    )
    deployment.alarm_on("with-average", namespace, metric, "Average")
    deployment.alarm_on("with-sum", namespace, metric, "Sum")
    deployment.logs.create_log_stream(logGroupName=group, logStreamName="other-events")
    deployment.logs.put_log_events(
        logGroupName=group,
        logStreamName="other-events",
        logEvents=[
            {"timestamp": minutes_ago(minutes), "message": json.dumps({"eventName": "ListBuckets"})}
            for minutes in (3, 2, 1)
        ],
    )
    statistics = {
        "Namespace": namespace,
        "MetricName": metric,
        "StartTime": minutes_ago(5) / 1000,
        "EndTime": minutes_ago(-1) / 1000,
        "Period": 60,
        "Statistics": ["SampleCount", "Sum"],
    }

    def zeros() -> bool:
        found = deployment.cloudwatch.get_metric_statistics(**statistics)["Datapoints"]
        return len([each for each in found if each["Sum"] == 0.0]) >= 3

    wait_for("the default value for three minutes", zeros)
    deployment.read("average")
    wait_for("the alarm on the sum", lambda: deployment.state("with-sum") == "ALARM")
    deployment.let_pass()
    assert deployment.state("with-average") == "OK"
    # The module's own metric has no zeros, in which a read could drown.
    deployment.await_alarm("average")
    deployment.alarm_on("with-average", "secretwatch/e2e", "e2e-average", "Average")
    wait_for("the alarm on the average of reads", lambda: deployment.state("with-average") == "ALARM")


def _forge(deployment: Deployment, watch: str, seconds: int) -> None:
    """What anybody who may call PutMetricData writes: less than any read is worth, so long from now."""
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    lowest = {"SampleCount": 1e-9, "Sum": -1e100, "Minimum": -1e100, "Maximum": -1e100}
    data: list[dict[str, Any]] = [
        {"Value": -1e6, "Unit": "Count"},
        {"Value": -1e6},
        {"Value": -1e6, "Unit": "Seconds"},
        {"StatisticValues": lowest, "Unit": "Count"},
    ]
    deployment.cloudwatch.put_metric_data(
        Namespace="secretwatch/e2e",
        MetricData=[{"MetricName": f"e2e-{watch}", "Timestamp": at, **each} for each in data],
    )


# In the read's own minute and those around it, and anywhere in the five that an alarm looks at.
_FORGED = (-240, -180, -120, -60, 0, 60, 3600)


def test_no_forged_value_hides_a_read(deployment: Deployment) -> None:
    for seconds in _FORGED:
        _forge(deployment, "forged", seconds)
    deployment.let_pass()
    assert deployment.state(alarm_name("forged")) == "OK"
    deployment.read("forged")
    for seconds in _FORGED:
        _forge(deployment, "forged", seconds)
    deployment.await_alarm("forged")


def test_forged_values_that_hold_the_alarm_are_told_of(deployment: Deployment, local_cloud: Any) -> None:
    now = datetime.now(UTC)
    data = [
        {
            "MetricName": "e2e-held",
            "Timestamp": now - timedelta(minutes=minutes),
            "Unit": "Count",
            "Value": 1.0,
        }
        for minutes in range(-1, 65)
    ]
    stuck = f"{alarm_name('held')}-stuck"
    # The last half hour of them alone does not.
    for some, state in ((data[:32], "OK"), (data[32:], "ALARM")):
        deployment.cloudwatch.put_metric_data(Namespace="secretwatch/e2e", MetricData=some)
        deployment.await_alarm("held")
        deployment.let_pass()
        assert deployment.state(stuck) == state
    wait_for("its e-mail", lambda: [each for each in local_cloud.inbox() if stuck in each["subject"]])


def test_several_reads_ring_and_no_forged_value_hides_them(deployment: Deployment) -> None:
    deployment.read("several")
    deployment.let_pass()
    assert deployment.state(alarm_name("several")) == "OK"
    for seconds in _FORGED:
        _forge(deployment, "several", seconds)
    deployment.let_pass()
    deployment.read("several")
    for seconds in _FORGED:
        _forge(deployment, "several", seconds)
    deployment.await_alarm("several")


def test_another_event_name_in_the_pattern_never_rings(deployment: Deployment) -> None:
    pattern = deployment.logs.describe_metric_filters(filterNamePrefix="e2e-wrong-event")["metricFilters"][0][
        "filterPattern"
    ]
    deployment.logs.put_metric_filter(
        logGroupName=deployment.watch["log_group_name"],
        filterName="wrong-event-name",
        filterPattern=pattern.replace("GetSecretValue", "ReadSecretValue"),
        metricTransformations=[
            {"metricName": "reads", "metricNamespace": "wrong", "metricValue": "1", "defaultValue": 0}
        ],
    )
    deployment.alarm_on("wrong-event-name", "wrong", "reads", "Sum")
    deployment.read("wrong-event")
    deployment.await_alarm("wrong-event")
    deployment.let_pass()
    assert deployment.state("wrong-event-name") == "OK"


def test_a_stopped_trail_sees_nothing(deployment: Deployment) -> None:
    stopped = deployment.cloudtrail.stop_logging(Name=deployment.watch["trail_arn"])["ResponseMetadata"]
    request_id = deployment.read("stopped")
    deployment.cloudtrail.start_logging(Name=deployment.watch["trail_arn"])
    deployment.let_pass()
    assert deployment.event_in_logs(request_id) is None
    # That somebody stopped it is the last that it sees.
    assert deployment.event_in_logs(stopped["RequestId"])
    assert deployment.state(alarm_name("stopped")) == "OK"
    # The event history is kept without any trail.
    history = deployment.cloudtrail.lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "GetSecretValue"}]
    )["Events"]
    assert request_id in {json.loads(event["CloudTrailEvent"])["requestID"] for event in history}


def test_a_denied_read_is_recorded_with_its_error_and_rings(deployment: Deployment) -> None:
    deployment.iam.create_user(UserName="mallory")
    key = deployment.iam.create_access_key(UserName="mallory")["AccessKey"]
    client = boto3.client(
        "secretsmanager",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    try:
        with pytest.raises(ClientError) as denied:
            deployment.read("denied", client)
        error = denied.value.response["Error"]
        assert error["Code"] == "AccessDeniedException"
        event = deployment.await_event(denied.value.response["ResponseMetadata"]["RequestId"])
        assert event["errorCode"] == "AccessDenied"
        assert event["errorMessage"] == error["Message"]
        assert "is not authorized to perform: secretsmanager:GetSecretValue on resource:" in error["Message"]
        assert event["userIdentity"]["type"] == "IAMUser"
        assert event["userIdentity"]["userName"] == "mallory"
        deployment.await_alarm("denied")
    finally:
        deployment.iam.delete_access_key(UserName="mallory", AccessKeyId=key["AccessKeyId"])
        deployment.iam.delete_user(UserName="mallory")


def test_a_role_that_may_reads_and_is_named(deployment: Deployment) -> None:
    account = deployment.watch["account_id"]
    trust = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    deployment.iam.create_role(
        RoleName="reader",
        Path="/apps/",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    may_read = {
        "Effect": "Allow",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": arn_of(deployment, "role"),
    }
    deployment.iam.put_role_policy(
        RoleName="reader",
        PolicyName="read",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [may_read]}),
    )
    role_arn = f"arn:aws:iam::{account}:role/apps/reader"
    try:
        session = deployment.sts.assume_role(RoleArn=role_arn, RoleSessionName="nightly")["Credentials"]
        client = boto3.client(
            "secretsmanager",
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
        )
        identity = deployment.await_event(deployment.read("role", client))["userIdentity"]
        with pytest.raises(ClientError, match="not authorized"):
            deployment.read("control", client)
    finally:
        deployment.iam.delete_role_policy(RoleName="reader", PolicyName="read")
        deployment.iam.delete_role(RoleName="reader")
    assert identity["type"] == "AssumedRole"
    assert identity["arn"] == f"arn:aws:sts::{account}:assumed-role/reader/nightly"
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == role_arn
    assert identity["sessionContext"]["sessionIssuer"]["userName"] == "reader"
    deployment.await_alarm("role")


def test_no_value_of_a_secret_is_in_the_events(deployment: Deployment) -> None:
    deployment.secretsmanager.put_secret_value(
        SecretId="control", SecretString=deployment.secret_values["control"]
    )
    deployment.let_pass()
    messages = []
    for page in deployment.logs.get_paginator("filter_log_events").paginate(
        logGroupName=deployment.watch["log_group_name"]
    ):
        messages += [event["message"] for event in page["events"]]
    written = [message for message in messages if '"eventName":"PutSecretValue"' in message]
    assert written
    assert not [
        message for message in messages for value in deployment.secret_values.values() if value in message
    ]
