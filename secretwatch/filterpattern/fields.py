r"""Patterns for space-delimited messages: `[ip, user, ..., status_code = 4*, size]`.

A message is parted at white space; what stands in `[...]` or `"..."` is one field, without these signs. A
sign that is never closed is a character like any other.

Decided here, where AWS's page leaves it open: a message with more words than the pattern has fields
matches, and the last field is the rest of the message (as AWS's own `[timestamp, request_id, event]` for
Lambda needs it); a message with fewer words does not match. `[]` has no field and numbers all words. One
`...` at most.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from secretwatch.filterpattern.operands import field_test_of
from secretwatch.filterpattern.scanner import SPACE, WORD, Scanner, Step, evaluate

_NAME = WORD | frozenset("-.")
_GAP = re.compile(f"[{SPACE}]")
_CLOSING = {'"': '"', "[": "]"}


@dataclass(frozen=True, slots=True)
class FieldCondition:
    """One comparison of a field."""

    written: str
    test: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Field:
    """One field: a name, or "" for a blank one, and what must hold for it."""

    name: str
    conditions: tuple[FieldCondition, ...] = ()
    expression: tuple[Step, ...] = ()

    def holds(self, value: str) -> bool:
        if not self.expression:
            return True
        return evaluate(self.expression, lambda i: self.conditions[i].test(value))


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields before and after the `...`; all are before where there is none."""

    before: tuple[Field, ...]
    after: tuple[Field, ...] = ()
    ellipsis: bool = False

    def assign(self, message: str) -> list[tuple[str, str, Field | None]] | None:
        """(name or number, value, field) in the message's order; None where the counts do not fit."""
        words = split(message)
        extra = len(words) - len(self.before) - len(self.after)
        if extra < 0:
            return None
        values = [value for _, value in words]
        fields: list[Field | None]
        if self.ellipsis or not self.before:
            fields = [*self.before, *[None] * extra, *self.after]
        else:
            if extra:
                last = len(self.before) - 1
                values[last:] = [message[words[last][0] :].rstrip(SPACE)]
            fields = list(self.before)
        return [
            (field.name if field and field.name else str(number), value, field)
            for number, (value, field) in enumerate(zip(values, fields, strict=True), 1)
        ]

    def match(self, message: str) -> dict[str, str] | None:
        """The value of each field by name or number, if the message satisfies all conditions."""
        assigned = self.assign(message)
        if assigned is None or not all(field is None or field.holds(value) for _, value, field in assigned):
            return None
        return {name: value for name, value, _ in assigned}


def split(message: str) -> list[tuple[int, str]]:
    """The words of a message, each with the place where it starts (its sign included)."""
    words = []
    position, end = 0, len(message)
    unclosed: set[str] = set()  # signs that no longer close, so that they are not looked for again
    while position < end:
        char = message[position]
        if char in SPACE:
            position += 1
            continue
        start = position
        if char in _CLOSING and char not in unclosed:
            close = message.find(_CLOSING[char], position + 1)
            if close >= 0:
                words.append((start, message[position + 1 : close]))
                position = close + 1
                continue
            unclosed.add(char)
        gap = _GAP.search(message, position)
        position = gap.start() if gap else end
        words.append((start, message[start:position]))
    return words


def parse_fields(scanner: Scanner) -> Fields:
    """The fields of a `[...]`."""
    start = scanner.position
    scanner.take("[")
    parts: list[list[Field]] = [[]]
    scanner.skip_space()
    empty = scanner.peek() == "]"
    while True:
        scanner.skip_space()
        here = scanner.position
        if scanner.take("..."):
            if len(parts) == 2:
                scanner.fail("A pattern holds at most one ... : name the fields between the two.", here)
            parts.append([])
        elif not empty:
            parts[-1].append(_field(scanner))
        scanner.skip_space()
        if scanner.take("]"):
            break
        if scanner.at_end():
            scanner.fail("This bracket is never closed: write ] at the end of the pattern.", start)
        if not scanner.take(","):
            scanner.fail("Fields are parted by commas, and ] ends the pattern.")
    scanner.skip_space()
    if not scanner.at_end():
        scanner.fail("The pattern ends with its ]: take away what follows.")
    return Fields(tuple(parts[0]), tuple(parts[1]) if len(parts) == 2 else (), ellipsis=len(parts) == 2)


def _field(scanner: Scanner) -> Field:
    start = scanner.position
    name = scanner.take_word(_NAME)
    scanner.skip_space()
    if scanner.peek() in ("", ",", "]"):
        return Field(name)
    scanner.position = start
    conditions: list[FieldCondition] = []
    names: list[str] = []

    def condition() -> int:
        here = scanner.position
        names.append(scanner.take_word(_NAME))
        if not names[-1]:
            scanner.fail("A field's name stands here: letters, digits and _ . - make one.")
        if names[-1] != names[0]:
            scanner.fail(
                f"&& and || join conditions of one field: this one is {names[0]}. Write a comma for another.",
                here,
            )
        scanner.skip_space()
        operator = scanner.operator()
        if operator is None:
            scanner.fail("An operator stands here: = != < > <= or >=, or a comma for the next field.")
        operand = scanner.operand(operator)
        written = scanner.pattern[here : scanner.position]
        conditions.append(FieldCondition(written, field_test_of(operator, operand)))
        return len(conditions) - 1

    expression = scanner.expression(condition)
    return Field(names[0], tuple(conditions), tuple(expression))
