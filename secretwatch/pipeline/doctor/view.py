"""What a hop looks at: a watch in an account, as it is or as it would be after a mend. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from secretwatch.alarm import metric_of
from secretwatch.cloudtrail import Event, event_text
from secretwatch.dataprotection import DataProtectionPolicy, InvalidDataProtectionPolicy
from secretwatch.filterpattern import FilterPattern, InvalidFilterPattern, Selector, metric_value
from secretwatch.pipeline.doctor.account import Account, Ref, Thing
from secretwatch.pipeline.doctor.calls import Run, Step
from secretwatch.pipeline.doctor.intent import Difference, Intent, by_ref, differences
from secretwatch.pipeline.doctor.kinds import BY_NAME
from secretwatch.pipeline.doctor.kinds.filters import parts
from secretwatch.pipeline.doctor.kinds.trails import group_of
from secretwatch.pipeline.doctor.subject import Subject

Metric = tuple[str, str]
"""Namespace and name."""


@dataclass
class View:
    """account: as it is. intent: what was applied, where that is known. examples: events that have to ring.

    trail_arn, group, alarm_name: the watch's own, given or found.
    """

    subject: Subject
    account: Account
    intent: Intent | None
    now: datetime
    examples: list[Event] = field(default_factory=list)
    followed: bool = False
    """Whether the first example is a read that was seen."""
    trail_arn: str | None = None
    group: str | None = None
    alarm_name: str | None = None
    tested: dict[str, bool] = field(default_factory=dict)
    """By pattern, AWS's own answer on the read that is followed: where it has one, that holds."""
    _differing: dict[Ref, list[Difference]] | None = field(default=None, repr=False)

    def after(self, account: Account) -> View:
        return dataclasses.replace(self, account=account, _differing=None)

    # Things

    @property
    def trail(self) -> Thing | None:
        return self.account.get("trail", self.trail_arn)

    @property
    def alarm(self) -> Thing | None:
        return self.account.get("alarm", self.alarm_name)

    @property
    def metric(self) -> Metric | None:
        """What the alarm watches; of an alarm on several metrics none."""
        found = metric_of(self.alarm or {})
        if found:
            return str(found["Namespace"]), str(found["MetricName"])
        return None if self.alarm else self.subject.metric

    @property
    def dimensions(self) -> dict[str, str]:
        found = (metric_of(self.alarm or {}) or {}).get("Dimensions") or ()
        return {each["Name"]: each["Value"] for each in found}

    def filters(self) -> list[Thing]:
        """All metric filters of the log group."""
        return [each for id, each in self.account.all("filter") if parts(id)[0] == self.group]

    def emitting(self, metric: Metric | None) -> list[Thing]:
        """The log group's filters that emit this metric."""
        return [each for each in self.filters() if metric and emission(each, metric)]

    def emitting_elsewhere(self, metric: Metric) -> Thing | None:
        """A filter of another log group that emits this metric."""
        there = (each for id, each in self.account.all("filter") if parts(id)[0] != self.group)
        return next((each for each in there if emission(each, metric)), None)

    def applied_filters(self) -> list[Thing]:
        """The watch's own, as they were applied; none where that is not known."""
        if self.intent is None:
            return []
        return [
            self.intent.account.things[Ref("filter", id)] or {} for id in self.intent.of("filter", "ring")
        ]

    def applied_metric(self) -> Metric | None:
        """What the watch's alarm was applied to look at."""
        found = metric_of((self.intent and self.intent.get("alarm", self.alarm_name)) or {})
        return (str(found["Namespace"]), str(found["MetricName"])) if found else self.subject.metric

    def topics_of(self, alarm: Mapping[str, Any] | None) -> list[str]:
        return [each for each in (alarm or {}).get("AlarmActions") or () if ":sns:" in each]

    # Intent

    def differing(self) -> dict[Ref, list[Difference]]:
        """What is not as it was applied, by thing; found once: the account of a view is not changed."""
        if self._differing is None:
            self._differing = by_ref(differences(self.intent, self.account)) if self.intent else {}
        return self._differing

    def leads_elsewhere(self, ref: Ref, member: str) -> bool:
        """Whether a thing names another one in this member than was applied.

        That is said, and put right there: the other one is somebody's, and not for a mend to open.
        """
        return any(each.member == member for each in self.differing().get(ref, ()))

    def applied(self, kind: str, id: str | None) -> Thing | None:
        return self.intent.get(kind, id) if self.intent else None

    def restore(self, ref: Ref) -> list[Step]:
        """Steps that make a thing as it was applied."""
        wanted = self.applied(ref.kind, ref.id)
        if wanted is None:
            return []
        return BY_NAME[ref.kind].restore(self.account, ref.id, wanted, self.account.things.get(ref))

    def terraform(self, *refs: Ref) -> list[Step]:
        """Terraform's own way to the same end; nothing where it does not own these things."""
        if self.intent is None or self.subject.directory is None:
            return []
        changed = self.differing()
        addresses = [
            address
            for ref in refs
            for address in self.intent.owners(ref, _not_only_added(changed.get(ref, ())))
        ]
        if not addresses:
            return []
        listed = ", ".join(dict.fromkeys(addresses))
        return [Run(f"terraform -chdir={self.subject.directory} apply    # would put right {listed}")]

    # Messages

    def text_of(self, event: Event) -> str:
        """The event as the log group's metric filters see it: masked where a policy says so."""
        group = self.account.get("log group", self.group) or {}
        return masked(
            event_text(event), group.get("policyDocument"), (group.get("accountPolicies") or {}).values()
        )

    def matches(self, metric_filter: Mapping[str, Any], event: Event) -> bool | None:
        """Whether a filter's pattern matches the event; None where that is not known."""
        written = metric_filter.get("filterPattern") or ""
        text = self.text_of(event)
        if (
            self.followed
            and event is self.examples[0]
            and written in self.tested
            and text == event_text(event)
        ):
            return self.tested[written]  # which AWS was asked of it as it was, with nothing masked
        pattern = parsed(written)
        return None if pattern is None else pattern.matches(text)

    def counts(self, metric_filter: Thing, metric: Metric, event: Event) -> Any:
        """What a filter gives a metric for the event: (value, dimensions, unit); None where it gives none."""
        given = emission(metric_filter, metric)
        pattern = parsed(metric_filter.get("filterPattern") or "")
        if given is None or pattern is None or not self.matches(metric_filter, event):
            return None
        text = self.text_of(event)
        value = metric_value(read(pattern, str(given["metricValue"]), text))
        if value is None:
            return None
        dimensions = {
            name: read(pattern, selector, text) for name, selector in (given.get("dimensions") or {}).items()
        }
        unit = given.get("unit")
        return value, dimensions, None if unit in (None, "", "None") else unit


def _not_only_added(found: Iterable[Difference]) -> list[str]:
    """The members that differ in what was applied of them: beside that somebody may have put his own."""
    return [
        each.member
        for each in found
        if not (
            isinstance(each.wanted, Mapping)
            and isinstance(each.live, Mapping)
            and each.wanted.items() <= each.live.items()
        )
    ] or ["?" for each in found]


def emission(metric_filter: Mapping[str, Any], metric: Metric) -> Mapping[str, Any] | None:
    """What of a filter emits a metric."""
    for each in metric_filter.get("metricTransformations") or ():
        if (each.get("metricNamespace"), each.get("metricName")) == metric:
            return dict(each)
    return None


def read(pattern: FilterPattern, written: str, text: str) -> str | None:
    """A metric value or a dimension: itself, or what its selector reads from the message."""
    if not written.startswith("$"):
        return written
    try:
        return pattern.value_of(Selector.parse(written), text)
    except InvalidFilterPattern:
        return None


@lru_cache(maxsize=1024)
def parsed(text: str) -> FilterPattern | None:
    """None for what CloudWatch Logs would refuse."""
    try:
        return FilterPattern.parse(text)
    except InvalidFilterPattern:
        return None


@lru_cache(maxsize=64)
def _masker(document: str) -> Any:
    try:
        return DataProtectionPolicy.parse(document).masker
    except (InvalidDataProtectionPolicy, ValueError):
        return None


def masked(text: str, policy: str | None, account_policies: Iterable[str] = ()) -> str:
    for document in (policy, *account_policies):
        if document and (masker := _masker(document)):
            text = masker.mask(text)
    return text


__all__ = ["Metric", "View", "emission", "group_of", "masked", "parsed", "read"]
