"""What is tested: filters, alarms and rules, as a plan, a state or a person gives them. Names are AWS's.

A `Subject` is one plan, stack or set of options; several are tested side by side on the same events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from secretwatch.alarm import AlarmConfig, InvalidAlarmConfig, config_of, metric_of

Channel = Literal["alarm", "realtime", "details", "self-watch", "trail"]
"""By which way a message comes: `details` is the second e-mail of an alarm, `trail` that of a log file."""

Metric = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True)
class Filter:
    """A metric filter. value: a number, or a selector as `$.latency`; None of default_value: none is set."""

    name: str
    pattern: str
    namespace: str
    metric: str
    value: str = "1"
    default_value: float | None = None
    unit: str | None = None

    @property
    def key(self) -> Metric:
        return (self.namespace, self.metric)


@dataclass(frozen=True)
class Alarm:
    """described: as DescribeAlarms answers it. topics: whom it tells; ok_topics: whom, that it ended."""

    name: str
    described: Mapping[str, Any]
    topics: tuple[str, ...] = ()
    ok_topics: tuple[str, ...] = ()
    details: bool = False
    """Whether each ring is followed by a message that says who."""
    log_group: str | None = None
    """Where it tells that nothing comes into the log group of all events: its name."""

    @property
    def metric(self) -> Metric | None:
        """The only metric that it looks at, where that has no dimensions; None of any other."""
        found = metric_of(self.described)
        if not found or found.get("Dimensions"):
            return None
        return (str(found.get("Namespace")), str(found.get("MetricName")))

    @cached_property
    def config(self) -> AlarmConfig | None:
        """Its rules; None where they are not evaluated here, such as other metric math than FILL."""
        try:
            return config_of(self.described)
        except (InvalidAlarmConfig, KeyError, TypeError, ValueError):
            return None

    def is_fed_by(self, filter: Filter) -> bool:
        """Whether it looks at what the filter counts: of another unit than its own nothing is seen."""
        unit = self.config.unit if self.config else None
        return filter.key == self.metric and unit in (None, filter.unit)


@dataclass(frozen=True)
class Rule:
    """A rule of EventBridge. pattern: JSON text. region: whose events it sees; None: of any."""

    name: str
    pattern: str
    state: str = "ENABLED"
    topics: tuple[str, ...] = ()
    channel: Channel = "realtime"
    region: str | None = None


@dataclass(frozen=True)
class Watch:
    """What belongs together: filters of one metric, alarms on it, and rules for the same events."""

    label: str
    filters: tuple[Filter, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    rules: tuple[Rule, ...] = ()
    kind: Literal["watch", "self-watch"] = "watch"


@dataclass(frozen=True)
class Subject:
    """One thing that is tested. unknown: sentences on what it does not say, and so is not tested."""

    label: str
    watches: tuple[Watch, ...]
    trail_topics: tuple[str, ...] = ()
    """Topics that hear of each log file."""
    excluded_sources: tuple[str, ...] = ()
    """Event sources whose management events its trail leaves out."""
    unknown: tuple[str, ...] = field(default=())
    elsewhere: tuple[str, ...] = ()
    """Sentences on alarms that no history of CloudTrail's can try, and why."""


@dataclass(frozen=True)
class Sink:
    """Where a matching event goes: a filter or a rule of a watch. Sinks are numbered by `sinks`."""

    subject: int
    watch: int
    what: Filter | Rule


def sinks(subjects: tuple[Subject, ...]) -> tuple[Sink, ...]:
    """All of them, in their order: a `Hit` names them by their number here."""
    return tuple(_sinks(subjects))


def _sinks(subjects: tuple[Subject, ...]) -> Iterator[Sink]:
    for number, subject in enumerate(subjects):
        for place, watch in enumerate(subject.watches):
            for each in watch.filters:
                yield Sink(number, place, each)
            for rule in watch.rules:
                yield Sink(number, place, rule)
