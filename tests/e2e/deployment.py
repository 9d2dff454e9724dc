"""The deployment of the end-to-end tests: a trail, and a watch of its own for every story.

The secrets are made by hand, not by Terraform: nothing but the tests reads them.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

STORIES = (
    *(
        "average",
        "by-arn",
        "by-cli",
        "by-name",
        "by-partial-arn",
        "control",
        "db",
        "denied",
        "doctor",
        "incident",
        "role",
    ),
    *("forged", "guarded", "held", "impostor", "several", "smoke", "stopped", "wrong-event"),
)
SIBLING = "db-replica"
NAME = "e2e"

ROOT = """
variable "stories" {
  type = set(string)
}

module "secretwatch" {
  source = "../"

  email_addresses             = ["ops@example.com"]
  kms_deletion_window_in_days = 7
  look_up_secrets             = true
  name                        = "e2e"
  # What has tests of its own, and would take an apply a third longer.
  self_watch = { fast = false }
  trail                       = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
  watches                     = { for story in var.stories : story => {
    alarm   = { threshold = story == "several" ? 2 : 1 }
    secrets = [story]
  } }
}

output "guardrails" {
  value = module.secretwatch.guardrails
}

output "watch" {
  value = module.secretwatch.watches["smoke"]
}

output "watches" {
  value = module.secretwatch.watches
}
"""


def wait_for(what: str, condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    """The first true answer of ``condition``; a failure that names ``what`` when it never comes."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(0.2)
    return answer


def delete_alarms(session: Any) -> None:
    """All of an account that is done with: whatever lets minutes pass later would evaluate them in each."""
    client = session.client("cloudwatch")
    pages = client.get_paginator("describe_alarms").paginate()
    names = [each["AlarmName"] for page in pages for each in page["MetricAlarms"]]
    for first in range(0, len(names), 100):
        client.delete_alarms(AlarmNames=names[first : first + 100])


@dataclass
class Deployment:
    """The applied root, and its account through boto3."""

    root: Any
    watch: dict[str, Any]
    secret_values: dict[str, str]

    def __post_init__(self) -> None:
        self.cloudtrail = boto3.client("cloudtrail")
        self.cloudwatch = boto3.client("cloudwatch")
        self.iam = boto3.client("iam")
        self.logs = boto3.client("logs")
        self.s3 = boto3.client("s3")
        self.secretsmanager = boto3.client("secretsmanager")
        self.sts = boto3.client("sts")

    def read(self, secret_id: str, client: Any = None) -> str:
        """Read the secret; the request's id."""
        answer = (client or self.secretsmanager).get_secret_value(SecretId=secret_id)
        return str(answer["ResponseMetadata"]["RequestId"])

    def event_in_logs(self, request_id: str) -> dict[str, Any] | None:
        found = self.logs.filter_log_events(
            logGroupName=self.watch["log_group_name"],
            filterPattern=f'{{ $.requestID = "{request_id}" }}',
        )["events"]
        return json.loads(found[0]["message"]) if found else None

    def await_event(self, request_id: str) -> dict[str, Any]:
        return wait_for(f"delivery of {request_id}", lambda: self.event_in_logs(request_id))

    def state(self, alarm_name: str) -> str:
        (alarm,) = self.cloudwatch.describe_alarms(AlarmNames=[alarm_name])["MetricAlarms"]
        return str(alarm["StateValue"])

    def await_alarm(self, story: str) -> None:
        name = alarm_name(story)
        wait_for(f"alarm {name}", lambda: self.state(name) == "ALARM")

    def let_pass(self) -> None:
        """Wait until every alarm was evaluated with all that happened before this call.

        A secret is read, and when that is counted a new alarm on its metric has to ring: events are
        delivered in order, and each evaluation goes through all alarms.
        """
        self.await_event(self.read("control"))
        marker = f"marker-{uuid.uuid4()}"
        self.alarm_on(marker, "secretwatch/e2e", "e2e-control", "Maximum")
        wait_for("an evaluation", lambda: self.state(marker) == "ALARM")
        self.cloudwatch.delete_alarms(AlarmNames=[marker])

    def alarm_on(self, name: str, namespace: str, metric: str, statistic: str) -> None:
        """An alarm as one makes it by hand, with a statistic of the test's choice."""
        self.cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace=namespace,
            MetricName=metric,
            Statistic=statistic,
            Period=300,
            EvaluationPeriods=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            Threshold=1.0,
            TreatMissingData="notBreaching",
        )


def alarm_name(story: str) -> str:
    return f"{NAME}-{story}"


def minutes_ago(minutes: int) -> int:
    """Milliseconds since the epoch."""
    return int((datetime.now(UTC) - timedelta(minutes=minutes)).timestamp() * 1000)


def run_cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["secretwatch", *arguments], env=os.environ, text=True, capture_output=True, timeout=120, check=False
    )
