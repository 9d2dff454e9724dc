"""What stands at the right of an operator, and how it compares with a value that was found.

A value found in JSON is whatever `json.loads` gives; a field of a space-delimited message is text.
Only text and numbers compare: true, false, null, objects and arrays satisfy neither = nor !=. A text is
unequal to every number, and neither equal to one nor more or less, whatever digits it has.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import ge, gt, le, lt

from secretwatch.filterpattern.regex import Regex

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_ORDERINGS: dict[str, Callable[[float, float], bool]] = {"<": lt, ">": gt, "<=": le, ">=": ge}
_LONGEST_INTEGER = 4000  # digits; Python refuses to read more than 4,300

Test = Callable[[object], bool]


@dataclass(frozen=True, slots=True)
class Text:
    """A text; each * in it stands for any run of characters, also for none."""

    text: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number written without quotation marks."""

    value: float


Operand = Text | Number | Regex


def read_number(text: str) -> float | None:
    """The number that a text is, whole, signed, decimal or scientific; None for any other text."""
    if len(text) > _LONGEST_INTEGER or not _NUMBER.fullmatch(text):
        return None
    return int(text) if _INTEGER.fullmatch(text) else float(text)


def number_text(value: float) -> str:
    """A JSON number as text: 12 is "12" and 12.0 is "12.0"."""
    try:
        return repr(value)
    except ValueError:  # an integer of more digits than Python writes
        return "Infinity" if value > 0 else "-Infinity"


def value_text(value: object) -> str | None:
    """A text or a number as the text it compares as; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number_text(value)
    return None


def text_matcher(text: str) -> Callable[[str], bool]:
    """Whether a text is the given one, where * stands for anything.

    As observed on AWS, what stands between two * is sought from the left and never given back:
    `*111.111.111` is not `111.111.111.111`, because the first `111.111.111` found does not end it.
    """
    first, *rest = text.split("*")
    if not rest:
        return text.__eq__
    *middle, last = rest
    if not middle and not last:
        return lambda found: found.startswith(first)

    def matches(found: str) -> bool:
        if not found.startswith(first):
            return False
        position = len(first)
        for part in middle:
            position = found.find(part, position)
            if position < 0:
                return False
            position += len(part)
        if not last:
            return True
        position = found.find(last, position)
        return position >= 0 and position + len(last) == len(found)

    return matches


def test_of(operator: str, operand: Operand) -> Test:
    """Whether a JSON value satisfies an operator and operand."""
    negated = operator == "!="
    if isinstance(operand, Number):
        return _number_test(operator, operand.value)
    matches = operand.search if isinstance(operand, Regex) else text_matcher(operand.text)

    def test(found: object) -> bool:
        text = found if type(found) is str else value_text(found)
        return text is not None and matches(text) is not negated

    return test


def _number_test(operator: str, wanted: float) -> Test:
    if operator in _ORDERINGS:
        ordered = _ORDERINGS[operator]
        return lambda found: type(found) in (int, float) and ordered(found, wanted)  # type: ignore[arg-type]
    if operator == "=":
        return lambda found: type(found) in (int, float) and found == wanted
    # Observed on AWS: a text is unequal to any number, so `$.port != 22` matches "ssh".
    return lambda found: type(found) is str or (type(found) in (int, float) and found != wanted)


def field_test_of(operator: str, operand: Operand) -> Callable[[str], bool]:
    """Whether a field of a space-delimited message satisfies an operator and operand.

    Beside a number, a field that is one compares as number; a field that is none is only unequal to it.
    """
    test = test_of(operator, operand)
    if not isinstance(operand, Number):
        return test

    def numeric(found: str) -> bool:
        number = read_number(found)
        return operator == "!=" if number is None else test(number)

    return numeric
