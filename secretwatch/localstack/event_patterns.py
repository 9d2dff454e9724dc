"""Event patterns as EventBridge matches them, where LocalStack's engine does otherwise.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-arrays.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from localstack.services.events.event_rule_engine import EventRuleEngine

_IGNORING_CASE = "equals-ignore-case"


class PatternEngine(EventRuleEngine):
    """Takes the place of LocalStack's engine, for rules and for TestEventPattern."""

    def _evaluate_nested_event_pattern_on_dict(
        self, event_pattern: dict[str, Any], payload: dict[str, Any]
    ) -> bool:
        """All fields of an object in an array match in the same object, and not each in another one.

        A field does not exist where it is in none of them.
        """
        if not event_pattern:
            return True
        patterns = self.flatten_pattern(event_pattern)
        events = self.flatten_payload(payload, patterns)
        present = set().union(*events)

        def matches(event: Mapping[str, Any], key: str, condition: Any) -> bool:
            is_absence = isinstance(condition, dict) and condition.get("exists") is False
            exists = key in (present if is_absence else event)
            return self._evaluate_condition(event.get(key), condition, exists)

        return any(
            all(
                any(matches(event, key, condition) for condition in conditions)
                for key, conditions in pattern.items()
            )
            for pattern in patterns
            for event in events
        )

    def _evaluate_condition(self, value: Any, condition: Any, field_exists: bool) -> bool:
        if not isinstance(condition, dict):
            # In Python true is 1.
            return (
                field_exists and value == condition and isinstance(value, bool) == isinstance(condition, bool)
            )
        if not isinstance(value, str):
            inner = condition.get("prefix", condition.get("suffix"))
            if isinstance(inner, dict) and _IGNORING_CASE in inner:
                return False
        return bool(super()._evaluate_condition(value, condition, field_exists))

    @staticmethod
    def _evaluate_wildcard(condition: str, value: Any) -> bool:
        return isinstance(value, str) and _wildcard(condition).fullmatch(value) is not None


@lru_cache(maxsize=256)
def _wildcard(text: str) -> re.Pattern[str]:
    r"""``*`` stands for any characters, also for none; ``\*`` is a star and ``\\`` a backslash."""
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+|\\", text)
    return re.compile(
        "".join(".*" if part == "*" else re.escape(part[-1] if part[0] == "\\" else part) for part in parts),
        re.DOTALL,
    )
