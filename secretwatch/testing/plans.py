"""What a plan would make, as assertions need it: alarms, metric filters' patterns, policies."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from secretwatch.filterpattern import FilterPattern
from secretwatch.policy import Policy


class NotPlanned(LookupError):
    """The plan has no such thing, or does not know it yet; the text says what there is."""


@dataclass(frozen=True)
class Resource:
    """A resource that the plan has: its address, type, and values as `terraform show -json` gives them."""

    address: str
    type: str
    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        """An argument. Raises NotPlanned for one that is known only after apply."""
        if name not in self.values:
            raise NotPlanned(f"{name} of {self.address} is known only after apply: look at what was applied.")
        return self.values[name]


@dataclass(frozen=True)
class Pattern:
    """A metric filter's pattern: `matches` decides as CloudWatch Logs would."""

    name: str
    text: str

    def matches(self, event: Mapping[str, Any] | str) -> bool:
        """Whether it matches an event of CloudTrail's, as an object or as text."""
        pattern = FilterPattern.parse(self.text)
        return pattern.matches(event) if isinstance(event, str) else pattern.matches_event(dict(event))

    def __repr__(self) -> str:
        return f"<pattern {self.name}: {self.text}>"


@dataclass(frozen=True)
class PlannedAlarm:
    """A metric alarm of the plan, with the filters that feed its metric."""

    resource: Resource
    patterns: tuple[Pattern, ...]

    def __getattr__(self, name: str) -> Any:
        """An argument of aws_cloudwatch_metric_alarm: `alarm.statistic`, `alarm.period`."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self.resource[name]

    def counts(self, event: Mapping[str, Any] | str) -> bool:
        """Whether one of its filters matches the event."""
        return any(each.matches(event) for each in self.patterns)

    def __repr__(self) -> str:
        return f"<planned alarm {self.resource.address}, fed by {len(self.patterns)} filters>"


class Plan:
    """A plan. shown: what `terraform show -json` prints of it."""

    def __init__(self, shown: Mapping[str, Any]) -> None:
        self.shown = shown
        self.resources = list(_resources((shown.get("planned_values") or {}).get("root_module") or {}))

    @property
    def outputs(self) -> dict[str, Any]:
        """Outputs whose values are known before the apply."""
        found = (self.shown.get("planned_values") or {}).get("outputs") or {}
        return {name: each["value"] for name, each in found.items() if "value" in each}

    def of_type(self, type_name: str) -> list[Resource]:
        """All resources of a type: `aws_sns_topic`."""
        return [each for each in self.resources if each.type == type_name]

    def resource(self, address: str) -> Resource:
        """The resource with this address. Raises NotPlanned."""
        for each in self.resources:
            if each.address == address:
                return each
        raise NotPlanned(f"The plan has no {address}. {self._there(self.resources)}")

    def alarm(self, name: str) -> PlannedAlarm:
        """The alarm of this name. Raises NotPlanned."""
        alarms = self.of_type("aws_cloudwatch_metric_alarm")
        for each in alarms:
            if each.values.get("alarm_name") == name:
                return PlannedAlarm(each, self._feeding(each.values))
        names = ", ".join(str(each.values.get("alarm_name")) for each in alarms) or "none"
        raise NotPlanned(f"The plan has no alarm {name!r}. There is: {names}.")

    def pattern(self, name: str) -> Pattern:
        """The pattern of the metric filter with this name. Raises NotPlanned."""
        filters = self.of_type("aws_cloudwatch_log_metric_filter")
        for each in filters:
            if each.values.get("name") == name:
                return Pattern(name, str(each["pattern"]))
        names = ", ".join(str(each.values.get("name")) for each in filters) or "none"
        raise NotPlanned(f"The plan has no metric filter {name!r}. There is: {names}.")

    def policy(self, address: str) -> Policy:
        """The policy of a resource, for `secretwatch.policy.evaluate`. Raises NotPlanned."""
        found = self.resource(address)
        for argument in ("policy", "assume_role_policy", "access_policy", "policy_document"):
            if isinstance(text := found.values.get(argument), str):
                return Policy.parse(json.loads(text))
        raise NotPlanned(f"{address} has no policy that is known before the apply.")

    def _feeding(self, alarm: Mapping[str, Any]) -> tuple[Pattern, ...]:
        metrics = _metrics(alarm)
        found = []
        for each in self.of_type("aws_cloudwatch_log_metric_filter"):
            for made in each.values.get("metric_transformation") or []:
                if (made.get("namespace"), made.get("name")) in metrics and "pattern" in each.values:
                    found.append(Pattern(str(each.values.get("name")), str(each["pattern"])))
        return tuple(found)

    def _there(self, resources: list[Resource]) -> str:
        shown = ", ".join(each.address for each in resources[:20]) or "nothing"
        more = f" and {len(resources) - 20} more" if len(resources) > 20 else ""
        return f"There is: {shown}{more}."

    def __repr__(self) -> str:
        return f"<plan of {len(self.resources)} resources>"


def _metrics(alarm: Mapping[str, Any]) -> set[tuple[Any, Any]]:
    """Namespaces and names of the metrics that an alarm looks at, alone or in an expression."""
    found = {(alarm.get("namespace"), alarm.get("metric_name"))}
    for query in alarm.get("metric_query") or []:
        for metric in query.get("metric") or []:
            found.add((metric.get("namespace"), metric.get("metric_name")))
    return found


def _resources(module: Mapping[str, Any]) -> Iterator[Resource]:
    for each in module.get("resources") or []:
        if each.get("mode") == "managed":
            yield Resource(each["address"], each["type"], each.get("values") or {})
    for child in module.get("child_modules") or []:
        yield from _resources(child)
