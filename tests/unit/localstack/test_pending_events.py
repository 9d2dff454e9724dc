"""An event on its way to the log group is what somebody who read its text would have."""

from __future__ import annotations

import json

import pytest

from secretwatch.localstack.cloudtrail.trails import PendingEvent


@pytest.mark.parametrize("value", ["text", "\u00e9\ud800\n", True, None, 1.5, 10**30, [{"a": 1e-7}], {}])
def test_an_event_is_not_read_again(value: object) -> None:
    event = {"requestParameters": {"value": value}}
    pending = PendingEvent(event)
    assert pending.as_read() is event
    assert json.loads(pending.text) == event


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_not_json_are_left_to_who_reads(value: float) -> None:
    assert PendingEvent({"requestParameters": {"value": value}}).as_read() is None
