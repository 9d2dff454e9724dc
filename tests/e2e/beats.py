"""An instance with all that there can be of one: heartbeat, realtime, self-watch. Applied once.

Minutes pass by ticks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from endpoints import Endpoint

from secretwatch import local

ACCOUNT = "720000000093"
NAME = "beats"
EVERY = 15

ROOT = """
module "secretwatch" {
  source = "../"

  email_addresses             = ["oncall@example.com"]
  heartbeat                   = { every = "«EVERY» minutes", ping = { url = "«URL»/beats" } }
  kms_deletion_window_in_days = 7
  name                        = "beats"
  trail                       = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
  watches                     = { all = { details = true, secrets = ["*"], realtime = true } }
}

output "watches" {
  value = module.secretwatch.watches
}
"""


@dataclass
class Account:
    cloud: local.LocalCloud
    facts: dict[str, Any]
    endpoint: Endpoint
    root: Path

    def __post_init__(self) -> None:
        self.session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="x")
        self.cloudwatch, self.states = self.session.client("cloudwatch"), self.session.client("stepfunctions")
        self.machine, self.alarm = (
            self.facts["heartbeat"]["state_machine_arn"],
            self.facts["heartbeat"]["alarm_name"],
        )

    def state(self, alarm: str) -> str:
        (found,) = self.cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
        return str(found["StateValue"])

    def executions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.states.list_executions(stateMachineArn=self.machine)["executions"]
        return found

    def minute(self) -> None:
        """A minute passes, and what was done in it has arrived, as far as it can."""
        self.cloud.hold()
        try:
            self.cloud.tick()
        finally:
            self.cloud.release()

    def minutes_until(self, condition: Callable[[], Any], most: int) -> int:
        """How many minutes pass before it holds."""
        for minute in range(most):
            if condition():
                return minute
            self.minute()
        pytest.fail(f"it did not happen within {most} minutes")

    def quiet(self) -> None:
        """Until nothing comes any more of what others did here before."""
        seen = [-1, len(self.cloud.inbox())]
        while seen[-1] != seen[-2]:
            self.cloud.release(first=0)
            time.sleep(0.5)
            seen.append(len(self.cloud.inbox()))

    def beat(self) -> None:
        """Until a new heartbeat has been counted and reported."""
        pings = len(self.endpoint.asked)
        self.minutes_until(lambda: len(self.endpoint.asked) > pings, 2 * EVERY + 5)

    def subjects(self) -> list[str]:
        # The inbox has other tests' as well.
        return [str(each["subject"]) for each in self.cloud.inbox() if ACCOUNT in str(each["topic_arn"])]
