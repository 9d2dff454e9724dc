"""The pattern itself: text in, decision out, for all three kinds."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from secretwatch.filterpattern import json_event
from secretwatch.filterpattern.errors import InvalidFilterPattern
from secretwatch.filterpattern.fields import Fields, parse_fields
from secretwatch.filterpattern.operands import read_number, value_text
from secretwatch.filterpattern.regex import Regex
from secretwatch.filterpattern.scanner import Scanner, Step, evaluate
from secretwatch.filterpattern.selector import Selector
from secretwatch.filterpattern.terms import Term, parse_terms, terms_match

MAX_LENGTH = 1024


class Kind(StrEnum):
    """What a pattern expects a message to be."""

    TERMS = "terms"
    JSON = "JSON"
    FIELDS = "space-delimited"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One condition of a pattern beside a message."""

    condition: str
    """As the pattern has it."""
    holds: bool
    saw: tuple[object, ...] | None
    """The values it was held against, as JSON has them; empty where nothing stands at its place.
    None for a term, which has no place of its own."""


class FilterPattern:
    """A CloudWatch Logs filter pattern, ready to match. Immutable; safe to share between threads."""

    __slots__ = ("kind", "matches_event", "regexes", "text")

    text: str
    kind: Kind
    regexes: int
    """How many regular expressions it holds: AWS allows 5 filters with any on one log group."""
    matches_event: Callable[[object], bool]
    """Whether a message matches that was already parsed as JSON (by `json.loads`; never parsed again).

    Patterns of terms and of fields look at the text that `json.dumps` gives without spaces.
    """

    @staticmethod
    def parse(text: str) -> FilterPattern:
        """The pattern written in the text; InvalidFilterPattern where AWS would refuse it.

        The length limit of 1,024 counts characters, as CloudWatch Logs' API has it (Terraform's AWS provider
        counts UTF-8 bytes at plan, and refuses some more).
        """
        if len(text) > MAX_LENGTH:
            raise InvalidFilterPattern(
                text,
                MAX_LENGTH,
                f"A filter pattern has at most {MAX_LENGTH:,} characters, this one {len(text):,}.",
            )
        scanner = Scanner(text)
        scanner.skip_space()
        pattern: FilterPattern
        if scanner.peek() == "{":
            pattern = JsonPattern(*json_event.parse_json_pattern(scanner))
        elif scanner.peek() == "[":
            pattern = FieldsPattern(parse_fields(scanner))
        else:
            pattern = TermsPattern(parse_terms(scanner))
        pattern.text = text
        pattern.regexes = scanner.regexes
        return pattern

    def __repr__(self) -> str:
        return f"FilterPattern.parse({self.text!r})"

    @property
    def supports_dimensions(self) -> bool:
        """Whether a metric filter with this pattern may have dimensions and a value from the message."""
        return self.kind is not Kind.TERMS

    def matches(self, message: str) -> bool:
        """Whether a log event's message matches. Takes time linear in the message."""
        raise NotImplementedError

    def _matches_text_of(self, parsed: object) -> bool:
        try:
            message = json.dumps(parsed, ensure_ascii=False, separators=(",", ":"))
        except (TypeError, ValueError, RecursionError):
            return False  # it never was JSON
        return self.matches(message)

    def extract(self, message: str) -> dict[str, str]:
        """TestMetricFilter's extractedValues: `$name` or `$1` of each field, `$.path` of each JSON selector.

        Empty where the message does not match, and for patterns of terms.
        """
        raise NotImplementedError

    def explain(self, message: str) -> list[Explanation]:
        """For each condition, in the pattern's order, whether it holds and what it saw."""
        raise NotImplementedError

    def obstacles(self, message: str) -> list[Explanation]:
        """Why a message does not match: the conditions any one of which would be enough if it held.

        Where no single one would, all that do not hold. Empty where the message matches.
        """
        if self.matches(message):
            return []
        return [each for each in self.explain(message) if not each.holds]

    def value_of(self, selector: Selector, message: str) -> str | None:
        """What a metric filter's selector reads from a matching message, as text.

        None where the selector is not of this pattern's kind, nothing stands at its place, or what does is
        neither text nor number (true and false count as text here). Of several values the first.
        """
        raise NotImplementedError


class TermsPattern(FilterPattern):
    __slots__ = ("_regex", "terms")

    def __init__(self, terms: list[Term] | Regex) -> None:
        self.kind = Kind.TERMS
        self.matches_event = self._matches_text_of
        self._regex = terms if isinstance(terms, Regex) else None
        self.terms = [] if isinstance(terms, Regex) else terms

    def matches(self, message: str) -> bool:
        return self._regex.search(message) if self._regex else terms_match(self.terms, message)

    @property
    def example(self) -> str:
        """A message with all that has to be in one."""
        if self._regex:
            return self._regex.example
        return " ".join(term.text for term in self.terms if term.sign != "-")

    def extract(self, message: str) -> dict[str, str]:
        return {}

    def explain(self, message: str) -> list[Explanation]:
        if self._regex:
            return [Explanation(f"%{self._regex.text}%", self.matches(message), None)]
        return [
            Explanation(term.written, term.found_in(message) is not (term.sign == "-"), None)
            for term in self.terms
        ]

    def value_of(self, selector: Selector, message: str) -> str | None:
        return None


class JsonPattern(FilterPattern):
    """conditions, and how they are joined: `expression` in postfix order, a condition by its number."""

    __slots__ = ("conditions", "expression")

    def __init__(self, conditions: list[json_event.Condition], expression: Sequence[Step]) -> None:
        self.kind = Kind.JSON
        self.conditions = conditions
        self.expression = expression
        self.matches_event = json_event.compile_condition_tree(conditions, expression)

    def matches(self, message: str) -> bool:
        return self.matches_event(json_event.load(message))

    def extract(self, message: str) -> dict[str, str]:
        event = json_event.load(message)
        if not self.matches_event(event):
            return {}
        found = {}
        for condition in self.conditions:
            text = _first_text(condition.selector, event)
            if text is not None:
                found[condition.selector.text] = text
        return found

    def explain(self, message: str) -> list[Explanation]:
        event = json_event.load(message)
        return [
            Explanation(
                condition.written,
                event is not None and condition.holds(event),
                tuple(condition.selector.values(event)),
            )
            for condition in self.conditions
        ]

    def obstacles(self, message: str) -> list[Explanation]:
        seen = self.explain(message)
        failing = super().obstacles(message)
        decisive = [
            each
            for number, each in enumerate(seen)
            if each in failing
            and evaluate(self.expression, lambda i, number=number: i == number or seen[i].holds)  # type: ignore[misc]
        ]
        return decisive or failing

    def value_of(self, selector: Selector, message: str) -> str | None:
        return _first_text(selector, json_event.load(message))


class FieldsPattern(FilterPattern):
    __slots__ = ("_fields",)

    def __init__(self, fields: Fields) -> None:
        self.kind = Kind.FIELDS
        self.matches_event = self._matches_text_of
        self._fields = fields

    def matches(self, message: str) -> bool:
        return self._fields.match(message) is not None

    def extract(self, message: str) -> dict[str, str]:
        return {f"${name}": value for name, value in (self._fields.match(message) or {}).items()}

    def explain(self, message: str) -> list[Explanation]:
        assigned = self._fields.assign(message)
        if assigned is None:
            conditions = [c for field in self._fields.before + self._fields.after for c in field.conditions]
            return [Explanation(condition.written, False, ()) for condition in conditions]
        return [
            Explanation(condition.written, condition.test(value), (value,))
            for _, value, field in assigned
            if field is not None
            for condition in field.conditions
        ]

    def value_of(self, selector: Selector, message: str) -> str | None:
        if selector.field is None:
            return None
        return (self._fields.match(message) or {}).get(selector.field)


def _first_text(selector: Selector, event: object) -> str | None:
    for value in selector.values(event):
        text = str(value).lower() if isinstance(value, bool) else value_text(value)
        if text is not None:
            return text
    return None


def metric_value(text: str | None) -> float | None:
    """The number that a metric filter publishes for what its selector read; None where that is no number."""
    number = None if text is None else read_number(text.strip())
    try:
        return None if number is None else float(number)
    except OverflowError:
        return None
