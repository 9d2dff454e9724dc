"""What is tested: filters, alarms and rules in what `terraform show -json` prints of a plan or a state.

Any root module's, not only this module's: what feeds one metric, and the alarms on it, is a watch. What is
known only after an apply is told (`Subject.unknown`), and not tested.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from secretwatch.alarm import statechange
from secretwatch.backtest.subject import Alarm, Channel, Filter, Rule, Subject, Watch
from secretwatch.eventpattern import EventPattern, InvalidEventPattern
from secretwatch.filterpattern import FilterPattern, InvalidFilterPattern
from secretwatch.pipeline.backtest.elsewhere import counted_elsewhere, log_group_of
from secretwatch.pipeline.backtest.untested import is_made_of, untested
from secretwatch.pipeline.doctor import kinds

_FILTER = "aws_cloudwatch_log_metric_filter"
_ALARM = "aws_cloudwatch_metric_alarm"
_COMPOSITE = "aws_cloudwatch_composite_alarm"
_RULE = "aws_cloudwatch_event_rule"
_TARGET = "aws_cloudwatch_event_target"
_TRAIL = "aws_cloudtrail"
# The module's rooms whose rules are of another channel, and whose alarms are not a watch's.
_OF_ITSELF = re.compile(r"module\.(self_watch|fast_self_watch|fast_topic|heartbeat)\b")
_KEY = re.compile(r'module\.(?:watch|realtime|details)\["([^"]*)"\]')


class NothingToTest(Exception):
    """A plan or state without anything to try; the message is one sentence."""


@dataclass(frozen=True)
class _Resource:
    address: str
    type: str
    values: Mapping[str, Any]

    @property
    def module(self) -> str:
        return self.address.rpartition(f".{self.type}.")[0] if "." in self.address else ""


def subject_of(shown: Mapping[str, Any], label: str) -> Subject:
    """shown: what `terraform show -json` prints, of a plan or of a state. Raises NothingToTest."""
    values = shown.get("planned_values") or shown.get("values")
    root = values.get("root_module") if isinstance(values, Mapping) else None
    if not isinstance(root, Mapping):
        raise NothingToTest(
            f"{label} is neither a plan nor a state: write `terraform show -json` of one into a "
            "file, or name a folder."
        )
    found = list(_resources(root))
    subject = _Reading(found).subject(label)
    if not subject.watches:
        raise NothingToTest(
            f"{label} has no alarm on a metric filter and no rule for CloudTrail's events that is known "
            f"before an apply{': ' + subject.unknown[0] if subject.unknown else '.'}"
        )
    return subject


def read(text: str, label: str) -> Subject:
    """The same of the text. Raises NothingToTest."""
    try:
        shown = json.loads(text)
    except (ValueError, RecursionError):
        shown = None
    if not isinstance(shown, Mapping):
        raise NothingToTest(f"{label} is no JSON object: write `terraform show -json` of a plan into it.")
    return subject_of(shown, label)


def _resources(module: Mapping[str, Any]) -> Iterator[_Resource]:
    for each in module.get("resources") or ():
        if each.get("mode", "managed") == "managed" and isinstance(each.get("values"), Mapping):
            yield _Resource(str(each.get("address", "")), str(each.get("type", "")), each["values"])
    for child in module.get("child_modules") or ():
        yield from _resources(child)


class _Reading:
    def __init__(self, resources: list[_Resource]) -> None:
        self._resources = resources
        self._unknown: list[str] = []

    def _of(self, kind: str) -> list[_Resource]:
        return [each for each in self._resources if each.type == kind]

    def subject(self, label: str) -> Subject:
        watches: dict[str, Watch] = {}
        details = set(self._detailed())
        fed = self._filters()
        groups = {str(each.values.get("log_group_name")) for each in self._of(_FILTER)}
        elsewhere = []
        for resource in self._of(_ALARM):
            alarm = self._alarm(resource)
            if not alarm:
                continue
            if why := untested(alarm, resource.values, fed):
                self._unknown.append(f"{resource.address} {why}: it is not tested.")
            filters = fed.get(alarm.metric, ()) if alarm.metric else ()
            alarm = replace(alarm, details=alarm.name in details, log_group=log_group_of(alarm, groups))
            if filters or alarm.log_group:
                self._put(watches, resource, Watch("", filters=filters, alarms=(alarm,)))
            elif what := counted_elsewhere(alarm):
                elsewhere.append(
                    f"{alarm.name} counts {what}: CloudTrail's history does not have these "
                    f"({resource.address})."
                )
        tested = {alarm.name for watch in watches.values() for alarm in watch.alarms}
        for resource in self._of(_COMPOSITE):
            if is_made_of(resource.values.get("alarm_rule"), tested):
                self._unknown.append(f"{resource.address} combines alarms: it is not tested.")
        for resource in self._of(_RULE):
            rule = self._rule(resource)
            if rule:
                self._put(watches, resource, Watch("", rules=(rule,)))
        trails = self._of(_TRAIL)
        return Subject(
            label,
            tuple(_sorted(watches[name]) for name in sorted(watches)),
            trail_topics=tuple(str(t) for each in trails if (t := each.values.get("sns_topic_name"))),
            excluded_sources=tuple(sorted({name for each in trails for name in _excluded(each.values)})),
            unknown=tuple(self._unknown),
            elsewhere=tuple(elsewhere),
        )

    @staticmethod
    def _put(watches: dict[str, Watch], resource: _Resource, part: Watch) -> None:
        """Add a part to the watch that it belongs to: its module's key, else what it stands on."""
        own = bool(_OF_ITSELF.search(resource.module)) or any(each.log_group for each in part.alarms)
        key = _KEY.search(resource.module)
        instance = re.split(
            r"\.?module\.(?:watch|realtime|details|self_watch|fast_self_watch|heartbeat)\b", resource.module
        )[0]
        room = instance.removeprefix("module.")
        metric = part.filters[0].key if part.filters else None
        name = "the watch itself" if own else key[1] if key else metric[1] if metric else "rules"
        label = f"{room}/{name}" if room else name
        if metric and not own and not key and label in watches and watches[label].filters[0].key != metric:
            # Another metric of the same name.
            label = f"{label} of {metric[0]}"
        before = watches.get(label, Watch(label, kind="self-watch" if own else "watch"))
        watches[label] = replace(
            before,
            filters=tuple(dict.fromkeys((*before.filters, *part.filters))),
            alarms=(*before.alarms, *part.alarms),
            rules=(*before.rules, *part.rules),
        )

    def _filters(self) -> dict[tuple[str, str], tuple[Filter, ...]]:
        fed: dict[tuple[str, str], list[Filter]] = {}
        for each in self._of(_FILTER):
            pattern = each.values.get("pattern")
            if pattern is None:
                self._unknown.append(f"The pattern of {each.address} is known only after an apply.")
                continue
            try:
                FilterPattern.parse(pattern)
            except InvalidFilterPattern as error:
                self._unknown.append(f"AWS would refuse the pattern of {each.address}: {error}")
                continue
            transformations: Sequence[Mapping[str, Any]] = each.values.get("metric_transformation") or ({},)
            for made in transformations:
                if not made.get("name") or not made.get("namespace"):
                    self._unknown.append(f"The metric of {each.address} is known only after an apply.")
                    continue
                if made.get("dimensions"):
                    self._unknown.append(f"{each.address} counts by dimensions: it is not tested.")
                    continue
                found = Filter(
                    name=str(each.values.get("name")),
                    pattern=pattern,
                    namespace=str(made.get("namespace")),
                    metric=str(made.get("name")),
                    value=str(made.get("value", "1")),
                    default_value=float(made["default_value"]) if made.get("default_value") else None,
                    unit=made.get("unit") if made.get("unit") not in (None, "", "None") else None,
                )
                fed.setdefault(found.key, []).append(found)
        return {key: tuple(filters) for key, filters in fed.items()}

    def _alarm(self, resource: _Resource) -> Alarm | None:
        attributes = kinds.RESOURCES[_ALARM].attributes
        described: dict[str, Any] = {}
        try:
            for name, value in resource.values.items():
                known = attributes.get(name)
                if known and known.member and (read := known.read(value)) is not None:
                    described[known.member] = read
            alarm = Alarm(
                str(described["AlarmName"]),
                described,
                topics=_topics(described, "AlarmActions"),
                ok_topics=_topics(described, "OKActions"),
            )
        except (KeyError, TypeError, ValueError):
            self._unknown.append(f"{resource.address} is known only after an apply.")
            return None
        if alarm.metric and alarm.metric[0].startswith("AWS/"):
            return None
        if "alarm_actions" not in resource.values and not alarm.topics:
            self._unknown.append(f"The receivers of {resource.address} are known only after an apply.")
        return alarm

    def _rule(self, resource: _Resource) -> Rule | None:
        values = resource.values
        if values.get("schedule_expression"):
            return None
        pattern = values.get("event_pattern")
        if not pattern:
            self._unknown.append(f"The pattern of {resource.address} is known only after an apply.")
            return None
        try:
            parsed = EventPattern.parse(pattern)
        except InvalidEventPattern as error:
            self._unknown.append(f"AWS would refuse the pattern of {resource.address}: {error}")
            return None
        if not any(path.startswith("detail.event") for branch in parsed.branches for path in branch) and (
            "via CloudTrail" not in pattern
        ):
            return None
        topics = [
            str(target.values["arn"])
            for target in self._of(_TARGET)
            if target.values.get("rule") == values.get("name")
            and str(target.values.get("arn", "")).split(":")[2:3] == ["sns"]
        ]
        channel: Channel = "self-watch" if _OF_ITSELF.search(resource.module) else "realtime"
        regions = {topic.split(":")[3] for topic in topics}
        return Rule(
            str(values.get("name")),
            pattern,
            state=str(values.get("state") or "ENABLED"),
            topics=tuple(topics),
            channel=channel,
            region=regions.pop() if len(regions) == 1 else None,
        )

    def _detailed(self) -> Iterator[str]:
        """Names of alarms whose ring starts what says who."""
        for each in self._of(_RULE):
            try:
                pattern = json.loads(each.values.get("event_pattern") or "{}")
            except ValueError:
                continue
            if isinstance(pattern, dict) and statechange.DETAIL_TYPE in (pattern.get("detail-type") or ()):
                for arn in pattern.get("resources") or ():
                    yield str(arn).partition(":alarm:")[2]


def _sorted(watch: Watch) -> Watch:
    """The alarm itself before the one that tells that it does not end."""
    return replace(watch, alarms=tuple(sorted(watch.alarms, key=lambda each: each.name)))


def _topics(described: Mapping[str, Any], member: str) -> tuple[str, ...]:
    if described.get("ActionsEnabled") is False:
        return ()
    return tuple(str(each) for each in described.get(member) or () if str(each).split(":")[2:3] == ["sns"])


def _excluded(trail: Mapping[str, Any]) -> list[str]:
    return [
        str(name)
        for selector in trail.get("event_selector") or ()
        for name in selector.get("exclude_management_event_sources") or ()
    ]
