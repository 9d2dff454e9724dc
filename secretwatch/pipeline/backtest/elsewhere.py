"""Alarms of a watch on what AWS's services count of themselves: what history tells of it, and what not.

That nothing comes into the log group of all events is told by log files: a trail writes one where it has an
event, at about the time at which it sends that to the log group. How many events these are is not looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from secretwatch.alarm import metric_of
from secretwatch.backtest.replay import can_replay
from secretwatch.backtest.silence import is_kept_quiet_by_anything
from secretwatch.backtest.subject import Alarm

_INCOMING = ("IncomingLogEvents", "IncomingBytes")
_COUNTED = {
    "AWS/Events": "events that EventBridge could not deliver",
    "AWS/Logs": "events that come into a log group",
    "AWS/SNS": "messages that SNS could not deliver",
    "AWS/States": "executions of Step Functions that failed",
}
"""What the alarms of a watch count of the services by which it tells."""


def log_group_of(alarm: Alarm, groups: Collection[str]) -> str | None:
    """The log group of which an alarm tells that nothing comes; None of any other alarm.

    groups: those that filters read, which the trail writes to.
    """
    metric, config = metric_of(alarm.described), alarm.config
    if not metric or not config or not can_replay(config) or not is_kept_quiet_by_anything(config):
        return None
    if metric.get("Namespace") != "AWS/Logs" or metric.get("MetricName") not in _INCOMING:
        return None
    dimensions = [(each.get("Name"), each.get("Value")) for each in metric.get("Dimensions") or ()]
    group = dimensions[0][1] if len(dimensions) == 1 and dimensions[0][0] == "LogGroupName" else None
    return group if group in groups else None


def counted_elsewhere(alarm: Alarm) -> str:
    """What an alarm counts of which CloudTrail has no event; "" of alarms on anything else."""
    return " and ".join(sorted({_COUNTED[each] for each in _namespaces(alarm.described) if each in _COUNTED}))


def _namespaces(described: Mapping[str, Any]) -> Iterator[str]:
    yield str(described.get("Namespace"))
    for each in described.get("Metrics") or ():
        yield str(each.get("MetricStat", {}).get("Metric", {}).get("Namespace"))
