"""LocalStack's reading and matching of event patterns, replaced by `eventpattern`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from localstack.aws.api.events import InvalidEventPatternException
from localstack.utils import event_matcher

from secretwatch.eventpattern import MOST_COMPLEX, EventPattern, InvalidEventPattern
from secretwatch.eventpattern.complexity import TOO_COMPLEX


def install() -> None:
    """For rules, archives, pipes and TestEventPattern, wherever LocalStack asks `matches_event`."""
    event_matcher._event_pattern_compiler = PatternCompiler()
    event_matcher._event_rule_engine = PatternEngine()


def compiled(pattern: str | Mapping[str, Any]) -> EventPattern:
    """Raises InvalidEventPatternException, also for a pattern that is too complex."""
    try:
        return _read(pattern) if isinstance(pattern, str) else _checked(pattern)
    except InvalidEventPattern as error:
        raise InvalidEventPatternException(str(error)) from error


class PatternCompiler:
    """Takes the place of LocalStack's."""

    def compile_event_pattern(self, event_pattern: str | Mapping[str, Any]) -> EventPattern:
        return compiled(event_pattern)


class PatternEngine:
    """Takes the place of LocalStack's."""

    def evaluate_pattern_on_event(
        self, compiled_event_pattern: EventPattern, event: str | Mapping[str, Any]
    ) -> bool:
        """What is no JSON object matches no pattern."""
        if isinstance(event, str):
            try:
                event = json.loads(event)
            except ValueError:
                return False
        return isinstance(event, Mapping) and compiled_event_pattern.matches(event)


def _checked(pattern: str | Mapping[str, Any]) -> EventPattern:
    made = EventPattern.parse(pattern)
    if made.complexity > MOST_COMPLEX:
        raise InvalidEventPattern(TOO_COMPLEX)
    return made


_read = lru_cache(maxsize=1024)(_checked)
