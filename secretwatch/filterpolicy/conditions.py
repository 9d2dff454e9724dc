"""One condition of a filter policy: what stands in a key's array, what is refused of it, what it wants.

Values are those of JSON: text, numbers, booleans, null. The sentences are SNS's own, where a public test
recorded them.
https://docs.aws.amazon.com/sns/latest/dg/example-filter-policies.html
https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html
https://docs.aws.amazon.com/sns/latest/dg/numeric-value-matching.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

Test = Callable[[object], bool]
"""Whether a value that is there satisfies a condition."""

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
}
_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "equals-ignore-case": lambda found, wanted: found.lower() == wanted.lower(),
    "prefix": str.startswith,
    "suffix": str.endswith,
}
_DIGITS = 5  # of accuracy behind the decimal point


class InvalidFilterPolicy(ValueError):
    """A filter policy that SNS refuses. The sentence is what SNS says after ``FilterPolicy: ``, or all of
    it."""

    def __init__(self, reason: str, *, whole: bool = False) -> None:
        super().__init__(reason if whole else f"FilterPolicy: {reason}")


def parse_condition(condition: Any) -> Test | bool:
    """A test of values; or, for ``exists``, whether there has to be one. InvalidFilterPolicy if it is
    none."""
    if isinstance(condition, dict):
        return _matcher(condition)
    _require_simple(condition)
    return _equals(condition)


def _require_simple(value: Any) -> None:
    if isinstance(value, (list, dict)):
        raise InvalidFilterPolicy("Match value must be String, number, true, false, or null")


def _equals(wanted: Any) -> Test:
    if _is_number(wanted):
        rounded = round(wanted, _DIGITS)
        return lambda found: _is_number(found) and round(found, _DIGITS) == rounded  # type: ignore[call-overload]
    return lambda found: type(found) is type(wanted) and found == wanted


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _matcher(condition: dict[str, Any]) -> Test | bool:
    if len(condition) != 1:
        raise InvalidFilterPolicy("Only one key allowed in match expression")
    ((kind, value),) = condition.items()
    if kind in _TEXT_TESTS:
        return _text_test(kind, value)
    match kind:
        case "exists":
            if not isinstance(value, bool):
                raise InvalidFilterPolicy("exists match pattern must be either true or false.")
            return value
        case "anything-but":
            return _anything_but(value)
        case "numeric":
            return _numeric(value)
        case "cidr":
            return _cidr(value)
    raise InvalidFilterPolicy(f"Unrecognized match type {kind}")


def _text_test(kind: str, value: Any) -> Test:
    if not isinstance(value, str):
        raise InvalidFilterPolicy(f"{kind} match pattern must be a string")
    holds = _TEXT_TESTS[kind]
    return lambda found: isinstance(found, str) and holds(found, value)


def _anything_but(value: Any) -> Test:
    if isinstance(value, dict):
        for kind in value:
            if kind != "prefix":
                raise InvalidFilterPolicy(f"Unsupported anything-but pattern: {kind}")
        excluded = _matcher(value)
        assert callable(excluded)
        return lambda found: not excluded(found)
    listed = value if isinstance(value, list) else [value]
    for each in listed:
        _require_simple(each)
    tests = [_equals(each) for each in listed]
    return lambda found: not any(test(found) for test in tests)


def _numeric(value: Any) -> Test:
    if not isinstance(value, list) or not value:
        raise InvalidFilterPolicy("Invalid member in numeric match: ]")
    first, limit = _comparison(
        value[0], value[1:2], "Invalid member in numeric match: {}", tuple(_COMPARISONS)
    )
    limits = [(first, limit)]
    if len(value) > 2:
        if value[0] not in (">", ">="):
            raise InvalidFilterPolicy("Too many elements in numeric expression")
        second, top = _comparison(value[2], value[3:4], "Bad value in numeric range: {}", ("<", "<="))
        if top <= limit:
            raise InvalidFilterPolicy("Bottom must be less than top")
        if len(value) > 4:
            raise InvalidFilterPolicy("Too many terms in numeric range expression")
        limits.append((second, top))

    def test(found: object) -> bool:
        if not _is_number(found):
            return False
        number = round(float(found), _DIGITS)  # type: ignore[arg-type]
        return all(compare(number, round(wanted, _DIGITS)) for compare, wanted in limits)

    return test


def _comparison(
    sign: Any, values: list[Any], no_text: str, known: tuple[str, ...]
) -> tuple[Callable[[float, float], bool], float]:
    if not isinstance(sign, str):
        raise InvalidFilterPolicy(no_text.format(sign))
    if sign not in known:
        said = "Bad numeric range operator" if len(known) == 2 else "Unrecognized numeric range operator"
        raise InvalidFilterPolicy(f"{said}: {sign}")
    if not values or not _is_number(values[0]):
        raise InvalidFilterPolicy(f"Value of {'equals' if sign == '=' else sign} must be numeric")
    return _COMPARISONS[sign], float(values[0])


def _cidr(value: Any) -> Test:
    if not isinstance(value, str):
        raise InvalidFilterPolicy("prefix match pattern must be a string")
    address, slash, bits = value.partition("/")
    if not slash or "/" in bits:
        raise InvalidFilterPolicy("Malformed CIDR, one '/' required")
    if not bits.lstrip("-").isdecimal():
        raise InvalidFilterPolicy("Malformed CIDR, mask bits must be an integer")
    try:
        network = ip_network(value)
    except ValueError as error:
        raise InvalidFilterPolicy(f"Nonstandard IP address: {address}") from error

    def test(found: object) -> bool:
        try:
            return isinstance(found, str) and ip_address(found) in network
        except ValueError:
            return False

    return test
