"""What a stranger writes into log group and metrics: it hides no read, and the guardrails keep it out.

docs/permissions.md and docs/operations.md say what these tests show.
"""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from deployment import Deployment, alarm_name, minutes_ago, wait_for

EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def policy(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


class Stranger:
    """A user who may everything that no boundary takes away."""

    def __init__(self, deployment: Deployment, boundary: str | None = None) -> None:
        self.iam, self.name = deployment.iam, f"stranger-{uuid.uuid4().hex[:8]}"
        bound = {"PermissionsBoundary": boundary} if boundary else {}
        self.iam.create_user(UserName=self.name, **bound)
        self.iam.put_user_policy(
            UserName=self.name, PolicyName="everything", PolicyDocument=policy(EVERYTHING)
        )
        key = self.iam.create_access_key(UserName=self.name)["AccessKey"]
        self.group = deployment.watch["log_group_name"]
        session = boto3.Session(
            aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
        )
        self.logs, self.cloudwatch = session.client("logs"), session.client("cloudwatch")

    def make_stream(self) -> str:
        name = f"720000000001_CloudTrail_us-east-1_{uuid.uuid4().hex[:4]}"
        self.logs.create_log_stream(logGroupName=self.group, logStreamName=name)
        return name

    def write(self, stream: str, messages: Iterable[str]) -> None:
        """As many in a call as PutLogEvents takes: 10,000 events, a megabyte."""
        batch: list[dict[str, Any]] = []
        size = 0
        for message in messages:
            if batch and (len(batch) == 10_000 or size + len(message) + 26 > 1_000_000):
                self._put(stream, batch)
                batch, size = [], 0
            batch.append({"timestamp": minutes_ago(0), "message": message})
            size += len(message) + 26
        self._put(stream, batch)

    def _put(self, stream: str, batch: list[dict[str, Any]]) -> None:
        self.logs.put_log_events(logGroupName=self.group, logStreamName=stream, logEvents=batch)

    def measure(self, namespace: str) -> None:
        data = [{"MetricName": "e2e-guarded", "Value": 1.0, "Unit": "Count"}]
        self.cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)


@pytest.fixture(scope="module")
def guardrails(deployment: Deployment, terraform: Any) -> str:
    """A managed policy that is a boundary of the statements that the module puts out."""
    statements = json.loads(terraform.run(deployment.root, "output", "-json", "guardrails"))
    made = deployment.iam.create_policy(
        PolicyName=f"guardrails-{uuid.uuid4().hex[:8]}", PolicyDocument=policy(EVERYTHING, *statements)
    )
    return str(made["Policy"]["Arn"])


def denied(call: Any, *arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(*arguments)
    assert "explicit deny in a permissions boundary" in refused.value.response["Error"]["Message"]
    return str(refused.value.response["Error"]["Code"])


def streams(deployment: Deployment, request_id: str) -> set[str]:
    found = deployment.logs.filter_log_events(
        logGroupName=deployment.watch["log_group_name"],
        filterPattern=f'{{ $.requestID = "{request_id}" }}',
    )["events"]
    return {each["logStreamName"] for each in found}


def count(deployment: Deployment, story: str) -> int:
    now = datetime.now(UTC)
    found = deployment.cloudwatch.get_metric_statistics(
        Namespace="secretwatch/e2e",
        MetricName=f"e2e-{story}",
        StartTime=now - timedelta(minutes=60),
        EndTime=now + timedelta(minutes=2),
        Period=60,
        Statistics=["SampleCount"],
        Unit="Count",
    )["Datapoints"]
    return round(sum(each["SampleCount"] for each in found))


def test_guardrails_keep_a_stranger_out(deployment: Deployment, guardrails: str) -> None:
    free, bound = Stranger(deployment), Stranger(deployment, guardrails)
    stream = free.make_stream()
    free.write(stream, ["{}"])

    assert denied(bound.measure, "secretwatch/e2e") in ("AccessDenied", "AccessDeniedException")
    assert denied(bound.make_stream) == "AccessDeniedException"
    assert denied(bound.write, stream, ["{}"]) == "AccessDeniedException"
    # Nothing else is taken away: other metrics, other groups, and to read in this one.
    bound.measure("somebody-else")
    other = f"/other-{uuid.uuid4().hex[:8]}"
    bound.logs.create_log_group(logGroupName=other)
    bound.logs.create_log_stream(logGroupName=other, logStreamName="own")
    bound.logs.filter_log_events(logGroupName=bound.group, limit=1)


def test_cloudtrail_and_the_filters_go_on_under_them(deployment: Deployment, guardrails: str) -> None:
    """An SCP holds for the role that delivers, too; here it is that role's boundary."""
    role = "e2e-trail-us-east-1"
    deployment.iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=guardrails)
    try:
        deployment.await_event(deployment.read("guarded"))
        deployment.await_alarm("guarded")
        assert count(deployment, "guarded") == 1
    finally:
        deployment.iam.delete_role_permissions_boundary(RoleName=role)


def test_forged_events_hide_no_read(deployment: Deployment) -> None:
    stranger = Stranger(deployment)
    own = stranger.make_stream()
    sample = deployment.await_event(deployment.read("control"))
    (real_stream,) = streams(deployment, sample["requestID"])

    def event(secret: str, **changes: Any) -> str:
        made = copy.deepcopy(sample) | {"eventID": str(uuid.uuid4()), "requestID": str(uuid.uuid4())}
        made["requestParameters"] = {"secretId": secret}
        return json.dumps(made | changes)

    whole = event("impostor")
    broken = [whole[:-1], whole[:200], f"[{whole}", "{", "", "null", "[]", '"impostor"', "\u0000", "}" * 1000]
    nested = "{" + '"a":{' * 2000 + "}" * 2001
    huge = event("nobody", padding="x" * 200_000)
    twisted = [
        event("impostor", eventName="getSecretValue"),
        event("impostor", eventSource=["secretsmanager.amazonaws.com"]),
        event("impostor", requestParameters={"secretId": {"impostor": "impostor"}}),
        event("impostor", requestParameters=None),
    ]

    # Before a read: thousands that are not about it, in a stream of one's own and in CloudTrail's.
    for stream in (own, real_stream):
        stranger.write(stream, [event(f"nobody-{number % 7}") for number in range(2500)])
        stranger.write(stream, [*(each for each in broken if each), nested, huge, twisted[0], twisted[1]])
    deployment.let_pass()
    assert deployment.state(alarm_name("impostor")) == "OK"
    assert count(deployment, "impostor") == 0

    # With it, some with its own eventID, in which all else says that nothing was.
    request_id = deployment.read("impostor")
    real = deployment.await_event(request_id)
    same = {"eventID": real["eventID"], "requestID": request_id}
    stranger.write(
        real_stream,
        [event("nobody", **same), event("nobody", eventName="ListSecrets", **same), huge, *broken[:3]],
    )
    deployment.await_alarm("impostor")
    assert count(deployment, "impostor") == 1

    # After it: false alarms of one's own, among which another read counts as before.
    stranger.write(own, [event("impostor") for _ in range(2000)])
    stranger.write(real_stream, [event("impostor", **same)])
    again = deployment.await_event(deployment.read("impostor"))
    wait_for("all of them counted", lambda: count(deployment, "impostor") == 1 + 2000 + 1 + 1)

    # What tells them apart: the event history has no forged one. CloudTrail's stream may have.
    def history(event_id: str) -> list[Any]:
        found = deployment.cloudtrail.lookup_events(
            LookupAttributes=[{"AttributeKey": "EventId", "AttributeValue": event_id}]
        )["Events"]
        return [json.loads(each["CloudTrailEvent"])["requestParameters"] for each in found]

    assert history(real["eventID"]) == [{"secretId": "impostor"}]
    assert history(again["eventID"]) == [{"secretId": "impostor"}]
    assert history(json.loads(whole)["eventID"]) == []
    assert streams(deployment, request_id) == {real_stream}
