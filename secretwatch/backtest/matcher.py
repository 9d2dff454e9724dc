"""Events in, hits out: which filters and rules of all subjects match, decided by their own engines.

Few events match. `sinks_for` says from an event's name, its source and whether it only reads, which sinks it
could match at all; a reader that has decoded only these leaves the others alone. It errs on the safe side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from secretwatch.backtest.hit import Hit, hit_of
from secretwatch.backtest.literals import Pattern, needles
from secretwatch.backtest.subject import Filter, Rule, Sink, Subject, sinks
from secretwatch.cloudtrail import eventbridge, is_read_only
from secretwatch.eventpattern import EventPattern
from secretwatch.filterpattern.json_event import load
from secretwatch.filterpattern.pattern import JsonPattern
from secretwatch.filterpattern.scanner import evaluate
from secretwatch.filterpattern.transformation import Transformation

GATE = ("eventSource", "eventName", "readOnly")
"""Members that `sinks_for` looks at."""

FACTS = (
    *("awsRegion", "errorCode", "errorMessage", "eventID", "eventTime", "eventType", "managementEvent"),
    *("recipientAccountId", "requestParameters", "sourceIPAddress", "userAgent", "userIdentity"),
)
"""Members that a hit is made of, beside those of GATE."""

MISSING: Any = object()
"""Stands for a member of GATE that an event does not have."""

_MOST_KEYS = 200_000


class Matcher:
    """All filters and rules of these subjects. InvalidFilterPattern, InvalidEventPattern or
    InvalidTransformation for one that AWS would refuse."""

    def __init__(self, subjects: tuple[Subject, ...]) -> None:
        self.subjects = subjects
        self.sinks = sinks(subjects)
        self._tests = [_test_of(sink, subjects[sink.subject].excluded_sources) for sink in self.sinks]
        self._possible: dict[tuple[Any, ...], tuple[int, ...]] = {}

    @property
    def needs_text(self) -> bool:
        """Whether a pattern looks at a message as text, or at all members: then it has to be whole."""
        return any(each.members is None for each in self._tests)

    @property
    def needs_every_event(self) -> bool:
        """Whether a filter counts events that do not match: it has a default value."""
        return any(
            isinstance(each.what, Filter) and each.what.default_value is not None for each in self.sinks
        )

    @property
    def members(self) -> tuple[str, ...]:
        """The members of an event that matching and a hit need, where `needs_text` is False."""
        found = {name for test in self._tests for name in test.members or ()}
        return tuple(sorted(found | {*GATE, *FACTS}))

    @property
    def needles(self) -> tuple[bytes, ...] | None:
        """Literals one of which is in every file with a match; None where that cannot be said."""
        return None if self.needs_every_event else needles(test.pattern for test in self._tests)

    def sinks_for(self, source: Any, name: Any, read_only: Any) -> tuple[int, ...]:
        """The sinks that an event with these members could match; MISSING for one that it does not have."""
        # True is 1 to a dict.
        key = (source, name, read_only, type(read_only))
        try:
            return self._possible[key]
        except (KeyError, TypeError):
            pass
        event = {
            member: value
            for member, value in zip(GATE, (source, name, read_only), strict=True)
            if value is not MISSING
        }
        found = tuple(number for number, test in enumerate(self._tests) if test.may_match(event))
        if len(self._possible) < _MOST_KEYS and isinstance(source, str) and isinstance(name, str):
            self._possible[key] = found
        return found

    def matched(
        self, event: Mapping[str, Any], text: str | None = None, among: tuple[int, ...] | None = None
    ) -> Iterator[tuple[int, float | None]]:
        """The sinks that match, each with what it counts for. text: needed where `needs_text`.

        among: what `sinks_for` said, where that was asked already.
        """
        if among is None:
            among = self.sinks_for(*(event.get(name, MISSING) for name in GATE))
        for number in among:
            matches, value = self._tests[number].value(event, text)
            if matches:
                yield number, value

    def hit(
        self,
        event: Mapping[str, Any],
        arrival: int,
        *,
        text: str | None = None,
        among: tuple[int, ...] | None = None,
    ) -> Hit | None:
        """The hit of an event; None where nothing matches. arrival: in seconds since 1970.

        Raises Unusable.
        """
        found = list(self.matched(event, text, among))
        if not found:
            return None
        return hit_of(event, [number for number, _ in found], [value for _, value in found], arrival)

    def hit_of_message(self, message: str, arrival: int) -> Hit | None:
        """The same of a message as a log group holds it."""
        event = load(message)
        return None if event is None else self.hit(event, arrival, text=message)


@dataclass(frozen=True)
class _FilterTest:
    transformation: Transformation
    excluded: frozenset[str]

    @property
    def pattern(self) -> Pattern:
        return self.transformation.pattern

    @property
    def members(self) -> tuple[str, ...] | None:
        pattern = self.transformation.pattern
        if not isinstance(pattern, JsonPattern) or not self.transformation.constant:
            return None
        first = [each.selector.path[0] for each in pattern.conditions]
        names = tuple(each for each in first if isinstance(each, str))
        return names if len(names) == len(first) else None

    def may_match(self, event: Mapping[str, Any]) -> bool:
        if event.get("eventSource") in self.excluded:
            return False
        pattern = self.transformation.pattern
        if not isinstance(pattern, JsonPattern):
            return True
        conditions = pattern.conditions
        return evaluate(
            pattern.expression,
            lambda number: conditions[number].selector.path[0] not in GATE or conditions[number].holds(event),
        )

    def value(self, event: Mapping[str, Any], text: str | None) -> tuple[bool, float | None]:
        sample = self.transformation.sample(text or "", event)
        return sample.matched, sample.value


@dataclass(frozen=True)
class _RuleTest:
    pattern: EventPattern
    rule: Rule
    excluded: frozenset[str]

    @property
    def members(self) -> tuple[str, ...] | None:
        paths = {path.split(".")[1] for branch in self.pattern.branches for path in branch if "." in path}
        whole = any(path == "detail" for branch in self.pattern.branches for path in branch)
        return None if whole else tuple(paths)

    def may_match(self, event: Mapping[str, Any]) -> bool:
        source = event.get("eventSource")
        if not isinstance(source, str) or source in self.excluded:
            return False
        known = {f"detail.{name}": event.get(name, MISSING) for name in GATE}
        known["source"] = eventbridge.source_of(source)
        for branch in self.pattern.branches:
            for path, conditions in branch.items():
                if path not in known:
                    continue
                value = known[path]
                if isinstance(value, (dict, list)):
                    continue
                if not any(each.is_absence if value is MISSING else each.holds(value) for each in conditions):
                    break
            else:
                return True
        return False

    def value(self, event: Mapping[str, Any], text: str | None) -> tuple[bool, None]:
        source, region = event.get("eventSource"), event.get("awsRegion")
        if not isinstance(source, str) or not isinstance(region, str):
            return False, None
        if self.rule.region is not None and region != self.rule.region:
            return False, None
        read_only = event.get("readOnly")
        if not isinstance(read_only, bool):
            read_only = is_read_only(source, str(event.get("eventName")))
        management = event.get("managementEvent") is not False
        if not eventbridge.is_for(self.rule.state, management=management, read_only=read_only):
            return False, None
        account = str(event.get("recipientAccountId") or "")
        kind = event.get("eventType")
        detail = {"eventTime": "", **event, "eventType": kind if isinstance(kind, str) else ""}
        wrapped = eventbridge.envelope(account, detail, "") | {"detail": event}
        return self.pattern.matches(wrapped), None


def _test_of(sink: Sink, excluded: tuple[str, ...]) -> _FilterTest | _RuleTest:
    what = sink.what
    if isinstance(what, Rule):
        return _RuleTest(EventPattern.parse(what.pattern), what, frozenset(excluded))
    described = {
        "filterPattern": what.pattern,
        "metricTransformations": [
            {
                "metricName": what.metric,
                "metricNamespace": what.namespace,
                "metricValue": what.value,
                "defaultValue": what.default_value,
                "unit": what.unit,
            }
        ],
    }
    return _FilterTest(Transformation.of(described), frozenset(excluded))
