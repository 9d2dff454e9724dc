"""Which datapoints a metric filter publishes, minute by minute, and when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from secretwatch.localstack.logs.metric_filters import MetricFilterEngine

START = 1_800_000_000  # a full minute


class Published:
    """An engine, and what it published: (seconds after START, value, samples)."""

    def __init__(self, **transformation: Any) -> None:
        self.data: list[tuple[float, float, int]] = []
        self.engine = MetricFilterEngine(self._put)
        self.filter = {
            "filterName": "f",
            "filterPattern": "ERROR",
            "metricTransformations": [
                {"metricName": "m", "metricNamespace": "n", "metricValue": "2", **transformation}
            ],
        }

    def _put(self, account_id: str, region: str, namespace: str, data: list[dict[str, Any]]) -> None:
        assert (account_id, region, namespace) == ("1", "r", "n")
        for datum in data:
            after = (datum["Timestamp"] - datetime.fromtimestamp(START, UTC)).total_seconds()
            statistics = datum.get("StatisticValues") or {"Sum": datum["Value"], "SampleCount": 1}
            self.data.append((after, statistics["Sum"], statistics["SampleCount"]))

    def observe(self, *events: tuple[float, str]) -> None:
        self.engine.observe(
            "1",
            "r",
            "group",
            [self.filter],
            [{"timestamp": int((START + at) * 1000), "message": message} for at, message in events],
        )

    def close(self, at: float) -> None:
        self.engine.close_minutes(START + at)


def test_matches_are_published_at_once_by_the_second() -> None:
    published = Published()
    published.observe((0.2, "ERROR"), (0.9, "ERROR"), (1.0, "fine"), (2.5, "ERROR"))
    assert published.data == [(0, 4.0, 2), (2, 2.0, 1)]


def test_a_minute_gets_the_default_value_once_when_it_is_over() -> None:
    published = Published(defaultValue=0.5)
    published.observe((10, "fine"), (70, "fine"))
    published.observe((20, "fine"))
    published.close(59.9)
    assert published.data == []
    published.close(60)
    assert published.data == [(0, 0.5, 1)]
    published.close(200)
    published.close(300)
    assert published.data == [(0, 0.5, 1), (60, 0.5, 1)]


@pytest.mark.parametrize("first", ["fine", "ERROR"])
def test_a_match_anywhere_in_the_minute_takes_the_default_value_away(first: str) -> None:
    published = Published(defaultValue=0)
    published.observe((10, first))
    published.observe((50, "ERROR" if first == "fine" else "fine"))
    published.close(120)
    assert [value for _, value, _ in published.data] == [2.0]


def test_events_that_come_late_do_not_repeat_the_default_value() -> None:
    published = Published(defaultValue=0)
    published.observe((10, "fine"))
    published.close(60)
    published.observe((20, "fine"))
    published.close(120)
    assert published.data == [(0, 0, 1)]
    published.observe((30, "ERROR"))
    assert published.data == [(0, 0, 1), (30, 2.0, 1)]


def test_without_a_default_value_nothing_is_kept_or_published() -> None:
    published = Published()
    published.observe((10, "fine"))
    published.close(120)
    assert published.data == []


def test_a_filter_that_was_forgotten_publishes_nothing_more() -> None:
    published = Published(defaultValue=0)
    published.observe((10, "fine"))
    published.engine.forget("1", "r", "group", "f")
    published.close(120)
    assert published.data == []


def test_a_filter_that_fails_does_not_stop_the_others() -> None:
    published = Published()
    broken = {**published.filter, "filterPattern": "{ broken", "filterName": "broken"}
    event = {"timestamp": START * 1000, "message": "ERROR"}
    published.engine.observe("1", "r", "group", [broken, published.filter], [event])
    assert published.data == [(0, 2.0, 1)]
