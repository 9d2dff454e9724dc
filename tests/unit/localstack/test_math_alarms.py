"""Metric math as the local cloud evaluates it, beside the rules' own view of what the module deploys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from deployed_alarms import several
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.alarm import Sample, config_of, datapoints, next_state
from secretwatch.localstack.cloudwatch import math_alarms

BEGIN = datetime(2026, 1, 17, 12, 0, tzinfo=UTC)
METRIC = {"Namespace": "n", "MetricName": "reads"}

samples = st.lists(
    st.builds(
        lambda second, value, unit: Sample(BEGIN + timedelta(seconds=second), value, unit=unit),
        st.integers(0, 1500),
        st.sampled_from([1.0, 1.0, -1e6]),
        st.sampled_from(["Count", None]),
    ),
    max_size=12,
)


@pytest.mark.parametrize("stat", ["SampleCount", "Maximum"])
@given(samples=samples, minute=st.integers(0, 30))
def test_gaps_are_filled_alike(stat: str, samples: list[Sample], minute: int) -> None:
    alarm: dict[str, Any] = several(METRIC, stat=stat, period=300, EvaluationPeriods=2, Threshold=2.0)
    assert math_alarms.is_evaluated(alarm)
    at = BEGIN + timedelta(minutes=minute)
    rules, local = config_of(alarm), math_alarms.configuration_of(alarm)
    described = SimpleNamespace(account_id="1", region="r", alarm=alarm)

    def between(_: Any, start: datetime, end: datetime) -> list[Sample]:
        return [each for each in samples if start <= each.time < end]

    there = math_alarms.datapoints_of(described, local, between, at)
    here = datapoints(rules, samples, at)
    assert here == there
    assert None not in [each.value for each in here]
    for state in ("OK", "ALARM", "INSUFFICIENT_DATA"):
        assert next_state(rules, here, state) == next_state(local, there, state)
