"""What comes into a log group: it is stored, counted, and seen by the group's metric filters.

PutLogEvents comes here, and CloudTrail's delivery without that request: to write a thousand events into a
request and to read them out again takes several times as long as all that is done with them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from localstack.services.logs.models import get_moto_logs_backend

from secretwatch.localstack.cloudwatch.service_metrics import METRICS, put_metric_data
from secretwatch.localstack.logs.metric_filters import MetricFilterEngine
from secretwatch.localstack.logs.settings import masker_of

# PutLogEvents takes no events older or newer than this, and says so in its answer.
_OLDEST_EVENT = 14 * 24 * 3600 * 1000
_NEWEST_EVENT = 2 * 3600 * 1000

_EVENT_OVERHEAD = 26
"""Bytes that an event counts above its message."""

FILTERS = MetricFilterEngine(put_metric_data)


def put(
    account_id: str,
    region: str,
    group: str,
    stream: str,
    log_events: list[dict[str, Any]],
    as_read: Sequence[object] | None = None,
) -> tuple[str, dict[str, Any]]:
    """The next sequence token, and which events were too old or too new.

    log_events: ``timestamp`` (ms) and ``message``, oldest first; as_read: each message as JSON, if who puts
    them has that; None for one that has to be read. Raises moto's ResourceNotFoundException
    where there is no such group or stream.
    """
    backend = get_moto_logs_backend(account_id, region)
    token, rejected = backend.put_log_events(group, stream, log_events)
    now = int(time.time() * 1000)
    accepted = [event for event in log_events if -_OLDEST_EVENT <= event["timestamp"] - now <= _NEWEST_EVENT]
    _count(account_id, region, group, accepted)
    filters = filters_of(backend, group)
    if filters and (masker := masker_of(backend.groups[group])):
        accepted = [event | {"message": masker.mask(event["message"])} for event in accepted]
        as_read = None
    if len(accepted) < len(log_events):
        as_read = None
    FILTERS.observe(account_id, region, group, filters, accepted, as_read)
    return token, rejected


def key_of(account_id: str, region: str, group: str) -> str | None:
    """The ARN of the key that encrypts a log group; None without one, and without such a group."""
    found = get_moto_logs_backend(account_id, region).groups.get(group)
    return found.kms_key_id if found else None


def filters_of(backend: Any, group: str) -> list[dict[str, Any]]:
    """The metric filters of a log group, as DescribeMetricFilters answers them."""
    return [each for each in backend.filters.metric_filters if each["logGroupName"] == group]


def size_of(text: str) -> int:
    """Bytes of a message."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _count(account_id: str, region: str, group: str, log_events: Sequence[Mapping[str, Any]]) -> None:
    """The metrics of the log group, and of all together."""
    if not log_events:
        return
    size = sum(size_of(each["message"]) + _EVENT_OVERHEAD for each in log_events)
    for dimension in (("LogGroupName", group), None):
        for name, value, unit in (
            ("IncomingLogEvents", len(log_events), "None"),
            ("IncomingBytes", size, "Bytes"),
        ):
            METRICS.add(
                "AWS/Logs",
                name,
                value,
                dimension=dimension,
                unit=unit,
                account_id=account_id,
                region=region,
            )
