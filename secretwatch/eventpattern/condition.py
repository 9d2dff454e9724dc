"""One condition on a field: a value itself, or an operator.

The sentences are AWS's: what TestEventPattern was seen to answer, else those of event-ruler's compiler.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from secretwatch.eventpattern.errors import InvalidEventPattern
from secretwatch.eventpattern.wildcard import Wildcard

Test = Callable[[Any], bool]

OPERATORS = frozenset(
    [
        "anything-but",
        "cidr",
        "equals-ignore-case",
        "exactly",
        "exists",
        "numeric",
        "prefix",
        "suffix",
        "wildcard",
    ]
)
# "Numeric matching works with values between -5.0e9 and +5.0e9 inclusive".
_LARGEST = 5_000_000_000


@dataclass(frozen=True)
class Condition:
    """`holds`: for a value that is there (text, number, boolean, null).

    identity: equal for conditions that AWS's matcher takes for the same one.
    is_absence: it asks for the field to be missing, and holds for no value.
    wildcards: those that add to the complexity, of this one condition.
    """

    identity: str
    holds: Test = field(compare=False)
    is_absence: bool = False
    wildcards: tuple[tuple[int, ...], ...] = ()
    source: Any = field(default=None, compare=False)
    """As the pattern has it: a value, or an operator with its operand."""


def condition_of(element: Any) -> Condition:
    """A member of a field's list. Raises InvalidEventPattern."""
    return replace(_condition_of(element), source=element)


def _condition_of(element: Any) -> Condition:
    if isinstance(element, list):
        raise InvalidEventPattern("Match value must be String, number, true, false, or null")
    if not isinstance(element, dict):
        return _value(element)
    if not element:
        raise InvalidEventPattern("Match expression name not found")
    operator, operand = next(iter(element.items()))
    if operator not in OPERATORS:
        raise InvalidEventPattern(f"Unrecognized match type {operator}")
    made = _OPERATORS[operator](operand)
    if len(element) > 1:
        many = "Too many elements in numeric expression" if operator in ("numeric", "anything-but") else None
        raise InvalidEventPattern(many or "Only one key allowed in match expression")
    return Condition(f"{operator}:{_identity(operand)}", made.holds, made.is_absence, made.wildcards)


def _value(wanted: Any) -> Condition:
    if isinstance(wanted, str) and (address := _address(wanted)):
        return _made(
            lambda value: value == wanted or (isinstance(value, str) and _address(value) == address), wanted
        )
    if is_number(wanted):
        return _made(lambda value: is_number(value) and value == wanted, wanted)
    return _made(lambda value: type(value) is type(wanted) and value == wanted, wanted)


def _exactly(operand: Any) -> Condition:
    return _value(_text(operand, "exact"))


def _prefix(operand: Any) -> Condition:
    if isinstance(operand, dict):
        wanted = _ignoring_case("prefix", operand).lower()
        return _of_text(lambda text: text.lower().startswith(wanted))
    wanted = _text(operand, "prefix")
    return _of_text(lambda text: text.startswith(wanted))


def _suffix(operand: Any) -> Condition:
    if isinstance(operand, dict):
        wanted = _ignoring_case("suffix", operand).lower()
        return _of_text(lambda text: text.lower().endswith(wanted))
    wanted = _text(operand, "suffix")
    return _of_text(lambda text: text.endswith(wanted))


def _equals_ignore_case(operand: Any) -> Condition:
    wanted = _text(operand, "equals-ignore-case").lower()
    return _of_text(lambda text: text.lower() == wanted)


def _wildcard(operand: Any) -> Condition:
    wildcard = Wildcard(_text(operand, "wildcard"))
    return _of_text(wildcard.matches, wildcards=(wildcard.tokens,))


def _exists(operand: Any) -> Condition:
    if not isinstance(operand, bool):
        raise InvalidEventPattern("exists match pattern must be either true or false.")
    return Condition("", (lambda _: True) if operand else (lambda _: False), is_absence=not operand)


def _cidr(operand: Any) -> Condition:
    # AWS says prefix here, too.
    network = _network(_text(operand, "prefix"))
    return _of_text(lambda text: (address := _address(text)) is not None and address in network)


def _numeric(operand: Any) -> Condition:
    if not isinstance(operand, list):
        raise InvalidEventPattern("Value of numeric must be an array.")
    tests = _range(list(operand))
    return Condition(
        "",
        lambda value: is_number(value) and abs(value) <= _LARGEST and all(test(value) for test in tests),
    )


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, wanted: bool(value == wanted),
    "<": lambda value, wanted: bool(value < wanted),
    "<=": lambda value, wanted: bool(value <= wanted),
    ">": lambda value, wanted: bool(value > wanted),
    ">=": lambda value, wanted: bool(value >= wanted),
}


def _range(operand: list[Any]) -> list[Test]:
    def comparison(operator: str, wanted: Any) -> Test:
        if not is_number(wanted):
            name = "equals" if operator == "=" else operator
            raise InvalidEventPattern(f"Value of {name} must be numeric")
        if abs(wanted) > _LARGEST:
            raise InvalidEventPattern("Value must be between -5.0E9 and 5.0E9, inclusive")
        compare = _COMPARISONS[operator]
        return lambda value: compare(value, wanted)

    if not operand or not isinstance(operand[0], str):
        raise InvalidEventPattern(
            f"Invalid member in numeric match: {_shown(operand[0]) if operand else ']'}"
        )
    operator, *rest = operand
    if operator not in _COMPARISONS:
        raise InvalidEventPattern(f"Unrecognized numeric range operator: {operator}")
    tests = [comparison(operator, rest[0] if rest else None)]
    if len(rest) < 2:
        return tests
    if operator not in (">", ">="):
        raise InvalidEventPattern("Too many elements in numeric expression")
    if not isinstance(rest[1], str):
        raise InvalidEventPattern(f"Bad value in numeric range: {_shown(rest[1])}")
    if rest[1] not in ("<", "<="):
        raise InvalidEventPattern(f"Bad numeric range operator: {rest[1]}")
    tests.append(comparison(rest[1], rest[2] if len(rest) > 2 else None))
    if len(rest) > 3:
        raise InvalidEventPattern("Too many terms in numeric range expression")
    if rest[2] <= rest[0]:
        raise InvalidEventPattern("Bottom must be less than top")
    return tests


# anything-but


def _anything_but(operand: Any) -> Condition:
    if isinstance(operand, dict):
        return _anything_but_operator(operand)
    values = operand if isinstance(operand, list) else [operand]
    if not isinstance(operand, list) and not isinstance(operand, str) and not is_number(operand):
        raise InvalidEventPattern(_NO_ANYTHING_BUT)
    if any(not isinstance(each, str) and not is_number(each) for each in values):
        raise InvalidEventPattern("Inside anything but list, start|null|boolean is not supported.")
    if len({isinstance(each, str) for each in values}) != 1:
        raise InvalidEventPattern(
            "Inside anything but list, either all values are number or string, mixed type is not supported"
        )
    excluded = frozenset(values)
    # In Python true is 1.
    return Condition("", lambda value: isinstance(value, bool) or value not in excluded)


_NO_ANYTHING_BUT = "Value of anything-but must be an array or single string/number value."


def _anything_but_operator(operand: dict[str, Any]) -> Condition:
    """Anything but what one of the texts fits, also what is no text."""
    if not operand:
        raise InvalidEventPattern("Anything-But expression name not found")
    operator, inner = next(iter(operand.items()))
    if operator not in ("equals-ignore-case", "prefix", "suffix", "wildcard"):
        raise InvalidEventPattern(f"Unsupported anything-but pattern: {operator}")
    if not isinstance(inner, list | str) and not is_number(inner):
        raise InvalidEventPattern(_NO_ANYTHING_BUT)
    texts = inner if isinstance(inner, list) else [inner]
    if any(not isinstance(each, str) for each in texts):
        raise InvalidEventPattern(
            {
                "equals-ignore-case": "Inside anything-but/equals-ignore-case list, "
                "number|start|null|boolean is not supported.",
                "wildcard": "wildcard match pattern must be a string",
            }.get(operator, "prefix/suffix match pattern must be a string")
        )
    if operator in ("prefix", "suffix") and "" in texts:
        raise InvalidEventPattern("Null prefix/suffix not allowed")
    if not texts:
        # AWS does not say what an empty list is.
        raise InvalidEventPattern("Empty arrays are not allowed")
    excluded = [_OPERATORS[operator](each) for each in texts]
    if len(operand) > 1:
        raise InvalidEventPattern("Too many elements in numeric expression")
    return Condition(
        "",
        lambda value: not any(each.holds(value) for each in excluded),
        wildcards=tuple(dict.fromkeys(tokens for each in excluded for tokens in each.wildcards)),
    )


_OPERATORS: dict[str, Callable[[Any], Condition]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _equals_ignore_case,
    "exactly": _exactly,
    "exists": _exists,
    "numeric": _numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}

# What they share


def _made(holds: Test, wanted: Any) -> Condition:
    return Condition(_identity(wanted), holds)


def _of_text(holds: Callable[[str], bool], wildcards: tuple[tuple[int, ...], ...] = ()) -> Condition:
    return Condition("", lambda value: isinstance(value, str) and holds(value), wildcards=wildcards)


def _text(operand: Any, operator: str) -> str:
    if not isinstance(operand, str):
        raise InvalidEventPattern(f"{operator} match pattern must be a string")
    return operand


def _ignoring_case(operator: str, operand: dict[str, Any]) -> str:
    if not operand:
        raise InvalidEventPattern(f"{operator.capitalize()} expression name not found")
    name = next(iter(operand))
    if name != "equals-ignore-case":
        raise InvalidEventPattern(f"Unsupported {operator} pattern: {name}")
    text = _text(operand[name], "equals-ignore-case")
    if len(operand) > 1:
        raise InvalidEventPattern("Only one key allowed in match expression")
    return text


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    address, slash, mask = text.partition("/")
    if not slash or "/" in mask:
        raise InvalidEventPattern("Malformed CIDR, one '/' required")
    if not (mask.isascii() and mask.removeprefix("-").isdigit()):
        raise InvalidEventPattern("Malformed CIDR, mask bits must be an integer")
    if _address(address) is None:
        raise InvalidEventPattern(f"Nonstandard IP address: {address}")
    try:
        return ipaddress.ip_network(f"{address}/{int(mask)}", strict=False)
    except ValueError:
        raise InvalidEventPattern(f"Malformed CIDR, {mask} mask bits are none of {address}") from None


def _identity(element: Any) -> str:
    if is_number(element):
        return f"number {float(element)!r}"
    return json.dumps(element, sort_keys=True)


def _shown(element: Any) -> str:
    return element if isinstance(element, str) else json.dumps(element)
