"""Patterns for JSON messages: `{ $.eventName = "GetSecretValue" && $.errorCode NOT EXISTS }`.

A pattern becomes one generated Python function, which makes over a million decisions a second on parsed
events. The generated text holds nothing of the pattern's: its names and values are bound as constants
beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from secretwatch.filterpattern.operands import Operand, Test, Text, read_number, test_of
from secretwatch.filterpattern.scanner import Scanner, Step
from secretwatch.filterpattern.selector import Selector

_MAX_WILDCARDS = 3
_MISSING = object()
_IS: dict[str, object] = {"NULL": None, "TRUE": True, "FALSE": False}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on the values that a selector points to."""

    written: str
    selector: Selector
    test: Test | None = None
    """What one of the values must satisfy; None for NOT EXISTS."""
    equals: str | None = None
    """The text it must be, where the test is that and no more (no number can have this text)."""
    constant: str | None = None
    """NULL, TRUE or FALSE for IS."""
    operator: str | None = None
    """As = or <, with its operand; None for NOT EXISTS and IS."""
    operand: Operand | None = None

    def holds(self, event: object) -> bool:
        values = self.selector.values(event)
        return not values if self.test is None else any(map(self.test, values))


def parse_json_pattern(scanner: Scanner) -> tuple[list[Condition], list[Step]]:
    """The conditions of a `{...}` and how they are joined."""
    start = scanner.position
    scanner.take("{")
    conditions: list[Condition] = []
    wildcards = 0

    def condition() -> int:
        nonlocal wildcards
        here = scanner.position
        conditions.append(_condition(scanner))
        wildcards += conditions[-1].selector.has_wildcard
        if wildcards > _MAX_WILDCARDS:
            scanner.fail(f"A pattern holds at most {_MAX_WILDCARDS} wildcards in its selectors.", here)
        return len(conditions) - 1

    scanner.skip_space()
    if scanner.peek() == "}":
        scanner.fail('A condition stands between the braces, as in { $.eventName = "*" }.')
    expression = scanner.expression(condition)
    if scanner.at_end():
        scanner.fail("This brace is never closed: write } at the end of the pattern.", start)
    if not scanner.take("}"):
        scanner.fail("Another condition is joined by && or ||, and } ends the pattern.")
    scanner.skip_space()
    if not scanner.at_end():
        scanner.fail("The pattern ends with its }: take away what follows.")
    return conditions, expression


def _condition(scanner: Scanner) -> Condition:
    start = scanner.position
    selector = Selector.scan(scanner)
    scanner.skip_space()

    def written() -> str:
        return scanner.pattern[start : scanner.position].rstrip()

    operator = scanner.operator()
    if operator is not None:
        operand = scanner.operand(operator)
        plain = isinstance(operand, Text) and "*" not in operand.text and read_number(operand.text) is None
        return Condition(
            written(),
            selector,
            test_of(operator, operand),
            equals=operand.text if plain and operator == "=" and isinstance(operand, Text) else None,
            operator=operator,
            operand=operand,
        )
    if scanner.take_keyword("IS"):
        for word, value in _IS.items():
            if scanner.take_keyword(word):
                return Condition(written(), selector, _is(value), constant=word)
        scanner.skip_space()
        scanner.fail("IS compares with NULL, TRUE or FALSE; there is no IS NOT.")
    if scanner.take_keyword("NOT", "EXISTS"):
        return Condition(written(), selector)
    if not scanner.peek() or scanner.peek() in "})&|":
        scanner.fail("A condition follows the selector: = != < > <= >=, IS, or NOT EXISTS.")
    scanner.fail(
        "An operator stands here: = != < > <= >=, IS NULL, IS TRUE, IS FALSE or NOT EXISTS, in capitals. "
        "For EXISTS write = \"*\"; a name with other characters is written as ['name']."
    )


def _is(value: object) -> Test:
    return lambda found: found is value


def load(message: str) -> dict[str, object] | None:
    """The JSON object that a message is; None for any other message, however broken."""
    try:
        try:
            event = _DECODER.decode(message)
        except json.JSONDecodeError:
            return None
        except ValueError:  # a number of more digits than Python reads into an integer, or NaN
            event = _DECODER_OF_LONG_NUMBERS.decode(message)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _integer(digits: str) -> float:
    number = read_number(digits)
    return float(digits) if number is None else number


_DECODER = json.JSONDecoder(parse_constant=_no_constant)
_DECODER_OF_LONG_NUMBERS = json.JSONDecoder(parse_int=_integer, parse_constant=_no_constant)


def compile_condition_tree(
    conditions: list[Condition], expression: Sequence[Step]
) -> Callable[[object], bool]:
    """One function that decides whether a parsed event satisfies the joined conditions."""
    names: dict[str, object] = {"MISSING": _MISSING, "dict": dict, "list": list, "type": type, "len": len}

    def constant(value: object) -> str:
        name = f"c{len(names)}"
        names[name] = value
        return name

    stack: list[tuple[str, str]] = []  # code, and what joins it
    for step in expression:
        if isinstance(step, int):
            stack.append((_code(conditions[step], constant), "one"))
            continue
        right, left = stack.pop(), stack.pop()
        # 1,024 characters hold some 60 of these parentheses at most; Python reads 200.
        sides = [f"({code})" if step == "and" and join == "or" else code for code, join in (left, right)]
        stack.append((f" {step} ".join(sides), step))
    source = f"def test(e):\n    return isinstance(e, dict) and ({stack.pop()[0]})\n"
    exec(compile(source, "<filter pattern>", "exec"), names)
    test: Callable[[object], bool] = names["test"]  # type: ignore[assignment]
    return test


def _code(condition: Condition, constant: Callable[[object], str]) -> str:
    """A Python expression over the event `e`, a dict, that is true where the condition holds."""
    selector = condition.selector
    if selector.has_wildcard:
        return f"{constant(condition.holds)}(e)"
    guards: list[str] = []
    place = "e"
    for position, step in enumerate(selector.path):
        last = position == len(selector.path) - 1
        key = constant(step)
        if isinstance(step, int):
            guards.append(f"len({place}) > {key}")
            value = f"{place}[{key}]"
        elif condition.test is None and last:
            guards.append(f"{key} in {place}")
            value = ""
        else:
            value = f"{place}.get({key}, MISSING)" if condition.constant and last else f"{place}.get({key})"
        if not last:
            kind = "list" if isinstance(selector.path[position + 1], int) else "dict"
            guards.append(f"isinstance(v := {value}, {kind})")
            place = "v"
    if condition.test is None:
        return f"not ({' and '.join(guards)})"
    if condition.constant:
        final = f"{value} is {condition.constant.capitalize().replace('Null', 'None')}"
    elif condition.equals is not None:
        final = f"{value} == {constant(condition.equals)}"
    else:
        final = f"{constant(condition.test)}({value})"
    return " and ".join([*guards, final])
