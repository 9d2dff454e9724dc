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

from localstack.aws.connect import connect_to

from secretwatch.localstack.transformation import Sample, Transformation

LOG = logging.getLogger(__name__)

Key = tuple[str, str, str, str]
"""Account, region, log group, filter name."""

_REMEMBERED_MINUTES = 30
_DATA_IN_A_PUT = 1000  # PutMetricData's limit
_TICK = 1.0


class MetricFilterEngine:
    """Turns log events into datapoints.

    A filter's default value stands for a minute in which events came and none matched. Whether none
    will match is known when the minute is over, so a thread looks for minutes that ended.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # per filter, the minutes in which events came: True once one of them matched
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
    ) -> None:
        """Count ``log_events`` (``timestamp`` in ms, ``message``) in the filters of this log group."""
        for described in metric_filters:
            if described["logGroupName"] != log_group:
                continue
            key = (account_id, region, log_group, described["filterName"])
            try:
                transformation = Transformation.of(described)
                samples = [
                    (event["timestamp"] // 1000, transformation.sample(event["message"]))
                    for event in log_events
                ]
                _publish(key, transformation, samples)
                self._note_minutes(key, transformation, samples)
            except Exception:
                # The events are stored; a filter that fails must not fail their sender.
                LOG.exception("metric filter %s of %s did not count", described["filterName"], log_group)

    def forget(self, account_id: str, region: str, log_group: str, name: str) -> None:
        """A filter was deleted or replaced: nothing more of it is published."""
        with self._lock:
            self._waiting.pop((account_id, region, log_group, name), None)
            self._minutes.pop((account_id, region, log_group, name), None)

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
            _publish_defaults(key, transformation, over)

    def _run(self) -> None:
        while not self._stop.wait(_TICK):
            try:
                self.close_minutes(time.time())
            except Exception:
                LOG.exception("default values were not published")

    def _note_minutes(
        self, key: Key, transformation: Transformation, samples: list[tuple[int, Sample]]
    ) -> None:
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
            if waiting and transformation.default_value is not None:
                self._waiting[key] = (transformation, waiting)


def _publish(key: Key, transformation: Transformation, samples: list[tuple[int, Sample]]) -> None:
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
    _put(key, transformation, data)


def _publish_defaults(key: Key, transformation: Transformation, minutes: Iterable[int]) -> None:
    _put(
        key,
        transformation,
        [
            _datum(transformation, minute * 60) | {"Value": transformation.default_value}
            for minute in sorted(minutes)
        ],
    )


def _datum(transformation: Transformation, at: int) -> dict[str, Any]:
    datum: dict[str, Any] = {
        "MetricName": transformation.metric_name,
        "Timestamp": datetime.fromtimestamp(at, UTC),
    }
    if transformation.unit:
        datum["Unit"] = transformation.unit
    return datum


def _put(key: Key, transformation: Transformation, data: list[dict[str, Any]]) -> None:
    account_id, region, _, _ = key
    cloudwatch = connect_to(aws_access_key_id=account_id, region_name=region).cloudwatch
    for start in range(0, len(data), _DATA_IN_A_PUT):
        cloudwatch.put_metric_data(
            Namespace=transformation.metric_namespace, MetricData=data[start : start + _DATA_IN_A_PUT]
        )
