"""The metrics that AWS's services publish of themselves: log events that come in, rules that match.

Values are gathered for a moment and put together: a busy log group would otherwise pay for a second call
with each of its own.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from localstack.aws.connect import connect_to

LOG = logging.getLogger(__name__)

PutMetricData = Callable[[str, str, str, list[dict[str, Any]]], None]
"""Account, region, namespace, and MetricData as PutMetricData takes it, in one call as many as there are."""

_DATA_IN_A_PUT = 1000  # PutMetricData's limit
_TICK = 1.0
_NEWS = 60.0  # seconds for which values that were not taken are tried again


def put_metric_data(account_id: str, region: str, namespace: str, data: list[dict[str, Any]]) -> None:
    cloudwatch = connect_to(aws_access_key_id=account_id, region_name=region).cloudwatch
    for start in range(0, len(data), _DATA_IN_A_PUT):
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=data[start : start + _DATA_IN_A_PUT])


class ServiceMetrics:
    """``add`` takes a value from any thread; a thread of its own puts what was added."""

    def __init__(self, put: PutMetricData) -> None:
        self._put = put
        self._lock = threading.Lock()
        self._values: dict[tuple[Any, ...], list[float]] = defaultdict(list)
        self._is_running = False

    def add(
        self,
        namespace: str,
        name: str,
        value: float,
        *,
        account_id: str,
        region: str,
        dimension: tuple[str, str] | None = None,
        more_dimensions: tuple[tuple[str, str], ...] = (),
        unit: str = "Count",
    ) -> None:
        """A value of now, of the metric with this dimension (name and value) and, with it, these."""
        dimensions = (*((dimension,) if dimension else ()), *more_dimensions)
        with self._lock:
            key = (account_id, region, namespace, name, dimensions, unit, int(time.time()))
            self._values[key].append(value)
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="service-metrics", daemon=True).start()

    def flush(self) -> None:
        """Put what was added so far."""
        with self._lock:
            values, self._values = self._values, defaultdict(list)
        puts: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
        taken: dict[tuple[str, str, str], list[tuple[Any, ...]]] = defaultdict(list)
        for key, each in values.items():
            account_id, region, namespace, name, dimensions, unit, at = key
            taken[account_id, region, namespace].append(key)
            datum = {
                "MetricName": name,
                "Timestamp": datetime.fromtimestamp(at, UTC),
                "Unit": unit,
                "StatisticValues": {
                    "SampleCount": len(each),
                    "Sum": sum(each),
                    "Minimum": min(each),
                    "Maximum": max(each),
                },
            }
            if dimensions:
                datum["Dimensions"] = [{"Name": each, "Value": value} for each, value in dimensions]
            puts[account_id, region, namespace].append(datum)
        for (account_id, region, namespace), data in puts.items():
            try:
                self._put(account_id, region, namespace, data)
            except Exception:
                # The store of metrics may be busy: again at the next tick, for as long as they are news.
                LOG.warning("metrics of %s were not published yet", namespace, exc_info=True)
                with self._lock:
                    for key in taken[account_id, region, namespace]:
                        if time.time() - key[-1] < _NEWS:
                            self._values[key].extend(values[key])

    def clear(self) -> None:
        with self._lock:
            self._values.clear()

    def _run(self) -> None:
        while True:
            time.sleep(_TICK)
            self.flush()


METRICS = ServiceMetrics(put_metric_data)
