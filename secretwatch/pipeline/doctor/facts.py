"""Everything that was found of a watch, as AWS answered it. No decision stands here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from secretwatch.alarm import Sample, metric_of, unit_of
from secretwatch.cloudtrail import Event
from secretwatch.pipeline.doctor.asking import Asked
from secretwatch.pipeline.doctor.reads import Seen
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.policy import services


@dataclass
class RoleFacts:
    """The role that carries events into the log group. policies: documents, inline and attached."""

    role: Asked
    policies: list[Any] = field(default_factory=list)
    unknown: Asked | None = None
    """What could not be asked of its policies."""


@dataclass
class TopicFacts:
    """A topic. key: DescribeKey's answer; subscriptions: each with its attributes, where those are known."""

    arn: str
    attributes: Asked
    subscriptions: Asked
    subscription_attributes: dict[str, Asked] = field(default_factory=dict)
    key: Asked | None = None
    key_policy: Asked | None = None
    failures: Asked | None = None
    """Datapoints of NumberOfNotificationsFailed."""


@dataclass
class RuleFacts:
    """A rule of EventBridge. matches: TestEventPattern's answer on the read."""

    name: str
    rule: Asked
    targets: Asked | None = None
    matches: Asked | None = None
    failures: Asked | None = None


@dataclass
class AlarmOn:
    """An alarm that watches the watch. what: the fault it tells of."""

    name: str | None
    alarms: list[Mapping[str, Any]]
    unknown: Asked | None = None


@dataclass
class Facts:
    """Found for a subject. Where an answer is None it was not asked, as there was nothing to ask about.

    group: the log group's name, from the subject or found; trail: as DescribeTrails answers it.
    example: the event of the read that is followed, or where there is none, of a read as it would be.
    """

    subject: Subject
    now: datetime
    local: bool
    identity: Asked
    clock_is_off: float = 0.0
    """Seconds that this machine's clock is ahead of AWS's."""
    account_id: str = ""
    since: datetime | None = None

    trails: Asked | None = None
    trail: Mapping[str, Any] | None = None
    trail_asked: Asked | None = None
    trail_status: Asked | None = None
    selectors: Asked | None = None
    bucket_policy: Asked | None = None
    trail_key: Asked | None = None
    trail_key_policy: Asked | None = None
    role: RoleFacts | None = None

    group: str | None = None
    log_group: Asked | None = None
    """Of the list of groups with this prefix, the answer is the group itself, or None."""
    history: list[Asked] = field(default_factory=list)
    delivered: Asked | None = None
    reads: list[Seen] = field(default_factory=list)
    read: Seen | None = None
    example: Event | None = None
    changes: list[Event] = field(default_factory=list)
    """Calls since the read that changed something in a service of the pipeline."""

    filters: Asked | None = None
    """All metric filters of the log group."""
    emitting: Asked | None = None
    """Those of any log group that emit the alarm's metric."""
    tested: dict[str, Asked] = field(default_factory=dict)
    """By pattern, TestMetricFilter's answer on the example."""

    alarm: Mapping[str, Any] | None = None
    alarm_asked: Asked | None = None
    other_alarms: list[str] = field(default_factory=list)
    """Where the subject is a log group: what else counts reads there."""
    history_of_alarm: Asked | None = None
    samples: list[Sample] = field(default_factory=list)
    samples_asked: Asked | None = None

    topics: list[TopicFacts] = field(default_factory=list)
    rules: list[RuleFacts] = field(default_factory=list)
    rules_asked: Asked | None = None
    rule_topics: dict[str, TopicFacts] = field(default_factory=dict)
    dead_letters: Asked | None = None
    realtime_alarms: Asked | None = None
    stuck: AlarmOn | None = None
    tamper: AlarmOn | None = None
    blind: AlarmOn | None = None

    @property
    def metric(self) -> tuple[str, str] | None:
        """Namespace and name of the metric that the alarm watches."""
        metric = metric_of(self.alarm or {})
        if metric:
            return str(metric["Namespace"]), str(metric["MetricName"])
        return self.subject.metric

    @property
    def dimensions(self) -> list[Mapping[str, str]]:
        """Those with which the alarm watches its metric."""
        return list((metric_of(self.alarm or {}) or {}).get("Dimensions") or ())

    @property
    def new_filter(self) -> dict[str, Any]:
        """Unit and default value of a filter that the alarm needs.

        An alarm that looks at a unit is as the module's, on matches alone; one that does not may be made for
        zeros.
        """
        unit = unit_of(self.alarm) if self.alarm else "Count"
        return {"unit": unit, "default": None if unit else 0}

    def publishers(self, topic_arn: str) -> list[tuple[str, str]]:
        """Who publishes to a topic: service and ARN of the alarm or rule."""
        found = []
        alarm = self.alarm or {}
        arns = [each.arn for each in self.topics]
        if topic_arn in (alarm.get("AlarmActions") or arns):
            name = alarm.get("AlarmName") or self.subject.alarm_name
            arn = alarm.get("AlarmArn") or self.subject.arn("cloudwatch", f"alarm:{name}")
            found.append((services.CLOUDWATCH, str(arn)))
        for rule in self.rules:
            targets = (rule.targets and rule.targets.answer) or ()
            if any(each["Arn"] == topic_arn for each in targets):
                arn = rule.rule.answer.get("Arn") or self.subject.arn("events", f"rule/{rule.name}")
                found.append((services.EVENTS, str(arn)))
        return found

    @property
    def patience(self) -> float:
        """Seconds after which what a read sets off should have come to the log group."""
        return 10.0 if self.local else 900.0

    def age(self, at: datetime) -> float:
        return (self.now - at).total_seconds()

    def changed_since_the_read(self, *services: str) -> Event | None:
        """The newest change of one of these services (as `cloudtrail`) since the read."""
        sources = {f"{service}.amazonaws.com" for service in services}
        return next((each for each in self.changes if each.get("eventSource") in sources), None)
