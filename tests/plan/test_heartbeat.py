"""The heartbeat's alarm as planned: no late delivery rings it, and no dead chain is missed.

Under both readings of how far CloudWatch looks back (AWS does not say: tests/unit/alarm). Delays are
those of 3,872 real log files: at most 608 s. A schedule starts within a minute.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from deployed_alarms import HEARTBEATS, of_plan

from secretwatch.alarm import Sample, State, config_of, datapoints, next_state

from .conftest import Plan, plan_of

EVERY = {"15 minutes": 15, "30 minutes": 30, "1 hour": 60, "6 hours": 360, "12 hours": 720}
BEGIN = datetime(2026, 1, 17, 12, 0, tzinfo=UTC)
LATEST = 608 + 60

ROOT = """
module "heartbeat" {
  source   = "../modules/heartbeat"
  for_each = toset(["15 minutes", "30 minutes", "1 hour", "6 hours", "12 hours"])

  account         = { id = "000000000000", partition = "aws", region = "us-east-1" }
  every           = each.key
  log_group_name  = "logs"
  name            = "one"
  ping            = null
  ping_key_arns   = []
  ping_topic_arns = []
  role_names      = { read = "read", start = "start" }
  secret_name     = "one-heartbeat"
  tags            = {}
  topic_arns      = ["arn:aws:sns:us-east-1:000000000000:topic"]
}

output "none" {
  value = null
}
"""


@pytest.fixture(scope="module")
def plan(terraform: Any, aws: dict[str, str]) -> Plan:
    return plan_of(terraform, terraform.new_root("heartbeats", ROOT))


@pytest.mark.parametrize("every", HEARTBEATS)
def test_the_alarm_is_as_the_table_says(plan: Plan, every: str) -> None:
    planned = of_plan(plan.of(f'heartbeat["{every}"]')["aws_cloudwatch_metric_alarm.this"])
    metric = {"MetricName": "one-heartbeat", "Namespace": "secretwatch/one"}
    assert planned == {**HEARTBEATS[every], **metric}


@pytest.mark.parametrize("look_back", [2, 0], ids=["two older periods, too", "the newest periods only"])
@pytest.mark.parametrize("every", EVERY)
def test_late_deliveries_do_not_ring_and_silence_does(plan: Plan, every: str, look_back: int) -> None:
    made = plan.of(f'heartbeat["{every}"]')
    decided = replace(config_of(of_plan(made["aws_cloudwatch_metric_alarm.this"])), look_back=look_back)
    minutes, beats = EVERY[every], 60 if EVERY[every] < 100 else 12
    rng = random.Random(f"{every} {look_back}")
    # The worst that can come after each other, too: one at once, the next as late as can be.
    late = [0, LATEST, 0, *(rng.choice([0, LATEST, rng.randint(0, LATEST)]) for _ in range(beats - 3))]
    arrivals = [60 * minutes * number + delay for number, delay in enumerate(late)]
    samples = [Sample(BEGIN + timedelta(seconds=each), 1.0, unit="Count") for each in sorted(arrivals)]

    state, step = State.OK, 60 * max(1, minutes // 60)
    reach = timedelta(seconds=decided.period * (decided.evaluation_range + 1))
    last = 60 * minutes * (beats - 1)
    for second in range(300, last, step):
        at = BEGIN + timedelta(seconds=second)
        seen = [each for each in samples if at - reach <= each.time <= at]
        state = next_state(decided, datapoints(decided, seen, at), state)
        assert state is State.OK, f"{every}: {second // 60} minutes"

    # From the last one on nothing comes any more.
    died = max(each.time for each in samples)
    rang = next(
        minute
        for minute in range(1, 3 * minutes + 60)
        if next_state(decided, datapoints(decided, samples, died + timedelta(minutes=minute)), State.OK)
        is State.ALARM
    )
    assert rang <= minutes + 26
