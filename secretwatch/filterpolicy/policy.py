"""A whole filter policy, on message attributes or on the message's body.

A policy on attributes has flat keys; one on the body may nest them. All keys have to be satisfied, of each
key's conditions one; `$or` over two or more objects wants one of them. At most 5 keys and 150 combinations
of values; in a nested policy each level multiplies.

AWS does not say whether keys below an array have to be satisfied by one element: here any will do for each
key. AWS does not say what `exists: false` wants of an array of objects: here that none has the key.

https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from secretwatch.filterpolicy.conditions import InvalidFilterPolicy, Test, parse_condition

ATTRIBUTES, BODY = "MessageAttributes", "MessageBody"
_MAX_KEYS = 5
_MAX_COMBINATIONS = 150
_MAX_BYTES = 256 * 1024
_OR = "$or"

Alternative = dict[str, list[Test | bool]]
"""The conditions of each place, which a message has to satisfy all."""


class FilterPolicy:
    """A policy that was read. Immutable; safe to share between threads."""

    __slots__ = ("_alternatives", "scope")

    def __init__(self, alternatives: list[Alternative], scope: str) -> None:
        self._alternatives = alternatives
        self.scope = scope

    @classmethod
    def parse(cls, text: str, scope: str = ATTRIBUTES) -> FilterPolicy:
        """The policy in a JSON text; InvalidFilterPolicy for one that SNS refuses."""
        try:
            policy = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidFilterPolicy("failed to parse JSON.") from error
        if not isinstance(policy, dict):
            raise InvalidFilterPolicy("failed to parse JSON.")
        if len(text.encode("utf-8", "surrogatepass")) > _MAX_BYTES:
            raise InvalidFilterPolicy("Filter policy is too large")
        if len(policy) > _MAX_KEYS:
            raise InvalidFilterPolicy(f"Filter policy can not have more than {_MAX_KEYS} keys")
        if _combinations(policy, scope) > _MAX_COMBINATIONS:
            raise InvalidFilterPolicy("Filter policy is too complex")
        return cls(_alternatives(policy, "", [{}]), scope)

    def matches(self, attributes: Mapping[str, Mapping[str, Any]] | None, body: str) -> bool:
        """Whether a message is wanted. attributes: as Publish takes them (DataType, StringValue)."""
        found = _attribute_values(attributes or {}) if self.scope == ATTRIBUTES else _body_values(body)
        if found is None:
            return False
        return any(
            all(_satisfied(conditions, found.get(place)) for place, conditions in alternative.items())
            for alternative in self._alternatives
        )


def _satisfied(conditions: list[Test | bool], values: list[object] | None) -> bool:
    for condition in conditions:
        if isinstance(condition, bool):
            if condition is (values is not None):
                return True
        elif values is not None and any(condition(value) for value in values):
            return True
    return False


def _is_or(key: str, value: Any) -> bool:
    return (
        key == _OR and isinstance(value, list) and len(value) > 1 and all(isinstance(v, dict) for v in value)
    )


def _combinations(policy: Mapping[str, Any], scope: str, depth: int = 1, so_far: int = 1) -> int:
    for key, value in policy.items():
        if _is_or(key, value):
            so_far = sum(_combinations(each, scope, depth, so_far) for each in value)
        elif isinstance(value, dict):
            if scope == ATTRIBUTES:
                raise InvalidFilterPolicy(
                    "Filter policy scope MessageAttributes does not support nested filter policy", whole=True
                )
            so_far = _combinations(value, scope, depth + 1, so_far)
        elif isinstance(value, list):
            if not value:
                raise InvalidFilterPolicy("Empty arrays are not allowed")
            so_far *= len(value) * depth
        else:
            raise InvalidFilterPolicy(f'"{key}" must be an object or an array')
    return so_far


def _alternatives(policy: Mapping[str, Any], above: str, so_far: list[Alternative]) -> list[Alternative]:
    for key, value in policy.items():
        place = f"{above}.{key}" if above else key
        if _is_or(key, value):
            so_far = [made for each in value for made in _alternatives(each, above, so_far)]
        elif isinstance(value, dict):
            so_far = _alternatives(value, place, so_far)
        else:
            conditions = [parse_condition(each) for each in value]
            so_far = [each | {place: conditions} for each in so_far]
    return so_far


def _attribute_values(attributes: Mapping[str, Mapping[str, Any]]) -> dict[str, list[object]]:
    """Binary attributes are there, and have no value that could match."""
    return {name: list(_values_of(attribute)) for name, attribute in attributes.items()}


def _values_of(attribute: Mapping[str, Any]) -> Iterator[object]:
    kind = attribute.get("DataType") or attribute.get("Type") or ""
    text = attribute.get("StringValue") or attribute.get("Value")
    if not isinstance(text, str):
        return
    if kind == "String.Array":
        try:
            listed = json.loads(text)
        except ValueError:
            return
        yield from listed if isinstance(listed, list) else [listed]
    elif kind.partition(".")[0] == "Number":
        try:
            yield float(text)
        except ValueError:
            return
    elif kind.partition(".")[0] == "String":
        yield text


def _body_values(body: str) -> dict[str, list[object]] | None:
    """The leaves of a JSON object by their places; None for any other body."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, dict):
        return None
    found: dict[str, list[object]] = {}
    waiting: list[tuple[str, object]] = [("", parsed)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{place}.{key}" if place else key, member) for key, member in value.items()]
        elif isinstance(value, list):
            waiting += [(place, member) for member in value]
        else:
            found.setdefault(place, []).append(value)
    return found
