"""Metric filters: log events of a log group become datapoints of a metric, as AWS counts them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from secretwatch.filterpattern.json_event import load
from secretwatch.filterpattern.transformation import Sample, Transformation
from secretwatch.localstack.cloudwatch.service_metrics import PutMetricData

LOG = logging.getLogger(__name__)

Key = tuple[str, str, str, str]
"""Account, region, log group, filter name."""

_REMEMBERED_MINUTES = 24 * 60
_TICK = 1.0


class MetricFilterEngine:
    """Turns log events into datapoints.

    A filter's default value stands for a minute in which events came and none matched. Whether none
    will match is known when the minute is over, so a thread looks for minutes that ended. An event that
    comes late, with the time of a minute that is over, does not take back what was published.
    """

    def __init__(self, put_metric_data: PutMetricData) -> None:
        self._put_metric_data = put_metric_data
        self._lock = threading.Lock()
        # per filter with a default value, the minutes in which events came: True once one of them matched
        self._minutes: dict[Key, dict[int, bool]] = defaultdict(dict)
        # per filter, the minutes that get the default value when they end without a match
        self._waiting: dict[Key, tuple[Transformation, set[int]]] = {}
        self._stop = threading.Event()

    def start(self) -> None:
        self._stop.clear()
        threading.Thread(target=self._run, name="metric-filter-defaults", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def observe(
        self,
        account_id: str,
        region: str,
        log_group: str,
        metric_filters: Iterable[Mapping[str, Any]],
        log_events: Sequence[Mapping[str, Any]],
        as_read: Sequence[object] | None = None,
    ) -> None:
        """Count ``log_events`` (``timestamp`` in ms, ``message``) in these filters, all of one log group.

        ``as_read``: each message as JSON, where that is known already, and None where it is not.
        """
        parsed: list[object] | None = None
        for described in metric_filters:
            key = (account_id, region, log_group, described["filterName"])
            try:
                transformation = Transformation.of(described)
                if transformation.reads_json and parsed is None:
                    known = as_read or [None] * len(log_events)
                    parsed = [
                        load(event["message"]) if each is None else each
                        for event, each in zip(log_events, known, strict=True)
                    ]
                samples = [
                    (log_event["timestamp"] // 1000, transformation.sample(log_event["message"], event))
                    for log_event, event in zip(log_events, parsed or [None] * len(log_events), strict=True)
                ]
                self._note_minutes(key, transformation, samples)
                self._publish(key, transformation, samples)
            except Exception:
                # The events are stored; a filter that fails must not fail their sender.
                LOG.exception("metric filter %s of %s did not count", described["filterName"], log_group)

    def forget(self, account_id: str, region: str, log_group: str, name: str) -> None:
        """A filter was deleted or replaced: nothing more of it is published."""
        with self._lock:
            self._waiting.pop((account_id, region, log_group, name), None)
            self._minutes.pop((account_id, region, log_group, name), None)

    def clear(self) -> None:
        """Forget all filters."""
        with self._lock:
            self._waiting.clear()
            self._minutes.clear()

    def close_minutes(self, now: float) -> None:
        """Publish the default value for the minutes that ended before ``now`` without a match."""
        this_minute = int(now) // 60
        due = []
        with self._lock:
            for key, (transformation, minutes) in list(self._waiting.items()):
                over = {minute for minute in minutes if minute < this_minute}
                minutes -= over
                if over:
                    due.append((key, transformation, over))
                if not minutes:
                    del self._waiting[key]
        for key, transformation, over in due:
            try:
                self._publish_defaults(key, transformation, over)
            except Exception:
                LOG.exception("the default value of metric filter %s was not published", key[3])

    def _run(self) -> None:
        while not self._stop.wait(_TICK):
            self.close_minutes(time.time())

    def _note_minutes(
        self, key: Key, transformation: Transformation, samples: list[tuple[int, Sample]]
    ) -> None:
        if transformation.default_value is None:
            return
        with self._lock:
            minutes = self._minutes[key]
            _, waiting = self._waiting.get(key, (transformation, set()))
            for at, sample in samples:
                minute = at // 60
                if sample.matched:
                    minutes[minute] = True
                    waiting.discard(minute)
                elif minute not in minutes:
                    minutes[minute] = False
                    waiting.add(minute)
            while len(minutes) > _REMEMBERED_MINUTES:
                del minutes[min(minutes)]
            if waiting:
                self._waiting[key] = (transformation, waiting)
            else:
                self._waiting.pop(key, None)

    def _publish(self, key: Key, transformation: Transformation, samples: list[tuple[int, Sample]]) -> None:
        """One datum for each second, dimension set and value: how often it came."""
        counts: dict[tuple[int, Sample], int] = defaultdict(int)
        for at, sample in samples:
            if sample.value is not None:
                counts[at, sample] += 1
        data = []
        for (at, sample), count in counts.items():
            assert sample.value is not None
            datum = _datum(transformation, at)
            if count == 1:
                datum["Value"] = sample.value
            else:
                datum["StatisticValues"] = {
                    "SampleCount": count,
                    "Sum": count * sample.value,
                    "Minimum": sample.value,
                    "Maximum": sample.value,
                }
            if sample.dimensions:
                datum["Dimensions"] = [{"Name": name, "Value": value} for name, value in sample.dimensions]
            data.append(datum)
        self._put(key, transformation, data)

    def _publish_defaults(self, key: Key, transformation: Transformation, minutes: Iterable[int]) -> None:
        self._put(
            key,
            transformation,
            [
                _datum(transformation, minute * 60) | {"Value": transformation.default_value}
                for minute in sorted(minutes)
            ],
        )

    def _put(self, key: Key, transformation: Transformation, data: list[dict[str, Any]]) -> None:
        if data:
            account_id, region, _, _ = key
            self._put_metric_data(account_id, region, transformation.metric_namespace, data)


def _datum(transformation: Transformation, at: int) -> dict[str, Any]:
    datum: dict[str, Any] = {
        "MetricName": transformation.metric_name,
        "Timestamp": datetime.fromtimestamp(at, UTC),
    }
    if transformation.unit:
        datum["Unit"] = transformation.unit
    return datum
