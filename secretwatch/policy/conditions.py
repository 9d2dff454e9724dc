"""The Condition element: operators, set operators, missing keys.

Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
and .../reference_policies_condition-single-vs-multi-valued-context-keys.html.
- Every operator and every key must hold; any of several values will do; with a negated operator, none may.
- A key that the request lacks: false, but true for negated operators and with IfExists; `Null` asks for it.
- `ForAllValues:` is true for a missing key, `ForAnyValue:` false, with IfExists too (observed).
- A key with several values and no set operator is documented only as a mistake: not understood here.
- ArnEquals and ArnLike are the same; each of the six parts of an ARN is matched by itself.
- Not understood: BinaryEquals, and operators in another case than AWS writes them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from secretwatch.policy import wildcards
from secretwatch.policy.verdict import Verdict, every, no, unknown, yes

Keys = Mapping[str, Sequence[str]]
Compare = Callable[[str, str, Keys | None], bool]


class _NotUnderstood(Exception):
    """A value in the policy that is none for its operator."""


def conditions_hold(element: object, keys: Keys, *, variables: bool) -> Verdict:
    """Whether a Condition element holds.

    keys: the request's, names in lower case; variables: whether `${...}` has a meaning in this policy.
    """
    if not isinstance(element, Mapping):
        return unknown("its Condition is not an object")
    verdicts = []
    for operator, tests in element.items():
        if not isinstance(tests, Mapping):
            verdicts.append(unknown(f"the Condition {operator} is not an object"))
            continue
        verdicts += [
            _holds(str(operator), str(key), wanted, keys, variables) for key, wanted in tests.items()
        ]
    return every(verdicts)


def _holds(operator: str, key: str, element: Any, keys: Keys, variables: bool) -> Verdict:
    wanted = _strings(element)
    if wanted is None:
        return unknown(f"the value of {operator} {key} is not a string or a list of strings")
    found = keys.get(key.lower(), ())
    if operator == "Null":
        return _null(key, wanted, bool(found))
    quantifier, name, if_exists = _parts(operator)
    known = _OPERATORS.get(name)
    if known is None:
        return unknown(f"the condition operator {operator} is not understood")
    compare, negated = known
    if not found:
        return _missing(quantifier, negated or if_exists, operator, key)
    if len(found) > 1 and not quantifier:
        return unknown(f"{key} has several values and {operator} is not a set operator")
    try:
        one_by_one = [
            _any(compare, wanted, value, keys if variables else None) is not negated for value in found
        ]
    except _NotUnderstood as why:
        return unknown(f"{operator} {key}: {why}")
    holds = all(one_by_one) if quantifier == "ForAllValues" else any(one_by_one)
    return yes() if holds else no(f"{operator} {key} wants {_or(wanted)} and it is {_or(found)}")


def _any(compare: Compare, wanted: Sequence[str], value: str, variables: Keys | None) -> bool:
    # All are tried, so that a value that is not understood is noticed wherever it stands.
    found = [_one(compare, each, value, variables) for each in wanted]
    return any(found)


def _one(compare: Compare, wanted: str, value: str, variables: Keys | None) -> bool:
    try:
        return compare(wanted, value, variables)
    except wildcards.Unresolved:
        return False


def _null(key: str, wanted: Sequence[str], exists: bool) -> Verdict:
    if any(each.lower() not in ("true", "false") for each in wanted):
        return unknown(f'Null {key} is "true" or "false"')
    if ("false" if exists else "true") in (each.lower() for each in wanted):
        return yes()
    return no(f"Null {key} wants {_or(wanted)} and the request {'has it' if exists else 'lacks it'}")


def _missing(quantifier: str, holds: bool, operator: str, key: str) -> Verdict:
    if quantifier:
        holds = quantifier == "ForAllValues"
    return yes() if holds else no(f"the request has no {key}, which {operator} asks for")


def _parts(operator: str) -> tuple[str, str, bool]:
    quantifier, _, rest = operator.rpartition(":")
    if quantifier not in ("", "ForAllValues", "ForAnyValue"):
        return "", operator, False
    name = rest.removesuffix("IfExists")
    return quantifier, name, name != rest


def _strings(element: Any) -> list[str] | None:
    values = element if isinstance(element, list | tuple) else [element]
    if not values or any(not isinstance(each, str | bool | int | float) for each in values):
        return None
    return [str(each).lower() if isinstance(each, bool) else str(each) for each in values]


def _or(values: Sequence[str]) -> str:
    return " or ".join(f'"{each}"' for each in values)


def _string_equals(wanted: str, value: str, variables: Keys | None) -> bool:
    return wildcards.resolve(wanted, variables) == value


def _string_equals_ignore_case(wanted: str, value: str, variables: Keys | None) -> bool:
    return wildcards.resolve(wanted, variables).casefold() == value.casefold()


def _arn_like(wanted: str, value: str, variables: Keys | None) -> bool:
    # `*` alone is documented nowhere as an ARN, but policies are written with it for "any".
    if wanted == "*":
        return True
    patterns, parts = wanted.split(":", 5), value.split(":", 5)
    if len(patterns) != 6 or len(parts) != 6:
        return False
    return all(
        wildcards.matches(pattern, part, variables) for pattern, part in zip(patterns, parts, strict=True)
    )


def _bool(wanted: str, value: str, variables: Keys | None) -> bool:
    text = wildcards.resolve(wanted, variables).lower()
    if text not in ("true", "false"):
        raise _NotUnderstood(f'{wanted!r} is neither "true" nor "false"')
    return text == value.lower()


def _ip_address(wanted: str, value: str, variables: Keys | None) -> bool:
    try:
        network = ipaddress.ip_network(wildcards.resolve(wanted, variables), strict=False)
    except ValueError:
        raise _NotUnderstood(f"{wanted!r} is not an address or a range in CIDR notation") from None
    try:
        return ipaddress.ip_address(value) in network
    except ValueError:
        return False


def _ordered(parse: Callable[[str], Any], what: str, holds: Callable[[Any, Any], bool]) -> Compare:
    def compare(wanted: str, value: str, variables: Keys | None) -> bool:
        limit = parse(wildcards.resolve(wanted, variables))
        if limit is None:
            raise _NotUnderstood(f"{wanted!r} is not a {what}")
        actual = parse(value)
        return actual is not None and holds(actual, limit)

    return compare


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _date(text: str) -> datetime | None:
    """An ISO 8601 date and time, UTC where it names no zone, or seconds since 1970."""
    try:
        if text.isdigit():
            return datetime.fromtimestamp(int(text), UTC)
        date = datetime.fromisoformat(text)
        return date if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None


_ORDERS: tuple[tuple[str, Callable[[Any, Any], bool], bool], ...] = (
    ("Equals", lambda actual, limit: bool(actual == limit), False),
    ("NotEquals", lambda actual, limit: bool(actual == limit), True),
    ("LessThan", lambda actual, limit: bool(actual < limit), False),
    ("LessThanEquals", lambda actual, limit: bool(actual <= limit), False),
    ("GreaterThan", lambda actual, limit: bool(actual > limit), False),
    ("GreaterThanEquals", lambda actual, limit: bool(actual >= limit), False),
)
_OPERATORS: dict[str, tuple[Compare, bool]] = {
    "StringEquals": (_string_equals, False),
    "StringNotEquals": (_string_equals, True),
    "StringEqualsIgnoreCase": (_string_equals_ignore_case, False),
    "StringNotEqualsIgnoreCase": (_string_equals_ignore_case, True),
    "StringLike": (wildcards.matches, False),
    "StringNotLike": (wildcards.matches, True),
    "ArnEquals": (_arn_like, False),
    "ArnNotEquals": (_arn_like, True),
    "ArnLike": (_arn_like, False),
    "ArnNotLike": (_arn_like, True),
    "Bool": (_bool, False),
    "IpAddress": (_ip_address, False),
    "NotIpAddress": (_ip_address, True),
    **{f"Numeric{name}": (_ordered(_number, "number", order), neg) for name, order, neg in _ORDERS},
    **{f"Date{name}": (_ordered(_date, "date", order), neg) for name, order, neg in _ORDERS},
}
