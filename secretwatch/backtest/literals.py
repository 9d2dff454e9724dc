"""What the text of a file must hold for a pattern to match an event in it, derived from the pattern. Pure.

    required(parsed)     clauses, each a set of literals one of which must be there; [] where nothing must
    needles(patterns)    literals such that a file without any of them holds no match of any of the patterns

Only literals that every JSON writer leaves as they are: letters, digits and a few signs. A writer may also
write these as \\u0041 does; ESCAPES are how such a spelling begins, and a file with one of them is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from itertools import islice, product
from typing import Any

from secretwatch.eventpattern import EventPattern
from secretwatch.filterpattern import FilterPattern
from secretwatch.filterpattern.json_event import Condition
from secretwatch.filterpattern.operands import Text
from secretwatch.filterpattern.pattern import JsonPattern, TermsPattern

Clause = frozenset[str]
Pattern = FilterPattern | EventPattern

MOST_NEEDLES = 64
"""Above that looking for them is no quicker than decoding."""

ESCAPES = tuple(
    f"\\u00{code}".encode()
    for code in ("2d", "2D", "2e", "2E", *(f"3{digit}" for digit in "0123456789aA"), "4", "5", "6", "7")
)

_SAFE = re.compile(r"[A-Za-z0-9_.:-]{4,}")
# With a sign that no number and no address has: these may be written in several ways.
_SURE = re.compile(r"[G-HJ-Zg-hj-mo-su-xz_]")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]")
_JOINS = re.compile(r'(?:^|"):')
_EVERYWHERE = frozenset(
    [
        *("arn", "awsRegion", "accountId", "eventCategory", "eventName", "eventSource", "eventTime"),
        *(
            "eventType",
            "eventVersion",
            "managementEvent",
            "readOnly",
            "recipientAccountId",
            "requestParameters",
        ),
        *("resources", "responseElements", "sourceIPAddress", "type", "userAgent", "userIdentity"),
    ]
)
_CLAUSES = 8  # kept of a part of a pattern
_COMBINED = 64  # looked at where two parts are joined


def needles(patterns: Iterable[Pattern]) -> tuple[bytes, ...] | None:
    """The literals; None where a file may hold a match without any, or where they are too many.

    Those that stand in few files come first. Where these are too many, fewer that stand in more.
    """
    ways = [required(each) for each in patterns]
    for telling in (True, False):
        found = _chosen(ways, telling)
        if found and len(found) <= MOST_NEEDLES:
            return tuple(sorted(each.encode() for each in found))
    return None


def _chosen(ways: Iterable[Sequence[Clause]], telling: bool) -> set[str]:
    chosen: set[str] = set()
    # Who has least choice comes first, so that others can share.
    for clauses in sorted(ways, key=len):
        if not clauses:
            return set()

        def cost(clause: Set[str]) -> Any:
            more = len(_shortest(chosen | clause))  # noqa: B023
            return (_is_common(clause), more, _weight(clause)) if telling else (more, _weight(clause))

        chosen |= min(clauses, key=cost)
    return _shortest(chosen)


def required(pattern: Pattern) -> list[Clause]:
    """Clauses that all hold in a file with a match, the most telling first."""
    if isinstance(pattern, EventPattern):
        return _of_rule(pattern)
    if isinstance(pattern, JsonPattern):
        return _of_json(pattern)
    return _of_terms(pattern) if isinstance(pattern, TermsPattern) else []


def _shortest(literals: Iterable[str]) -> set[str]:
    """Without those that hold another one."""
    kept: set[str] = set()
    for each in sorted(literals, key=len):
        if not any(other in each for other in kept):
            kept.add(each)
    return kept


def _weight(clause: Set[str]) -> tuple[bool, int, int, list[str]]:
    """Less is better."""
    return (_is_common(clause), len(clause), -min(map(len, clause)), sorted(clause))


def _is_common(clause: Set[str]) -> bool:
    """Whether one of them stands in most files: names of services do, and short words."""
    return any(
        len(each) < 7 or each.endswith(("amazonaws.com", ".")) or _REGION.fullmatch(each) for each in clause
    )


def _literal(text: str) -> str | None:
    """The longest part of a text that stands in a file as it is; * in it stands for anything."""
    found = [part for part in _SAFE.findall(text.replace("*", " ")) if _SURE.search(part)]
    return max(found, key=lambda part: (part != "cloudtrail", len(part))) if found else None


def _name(name: str) -> str | None:
    """Of a member that has to be there; None of one that is in every event."""
    return None if name in _EVERYWHERE or "*" in name else _literal(name)


def _clauses(found: Iterable[Clause]) -> list[Clause]:
    return sorted(set(found), key=_weight)[:_CLAUSES]


def _or(one: Sequence[Clause], other: Sequence[Clause]) -> list[Clause]:
    return _clauses(a | b for a, b in islice(product(one, other), _COMBINED))


def _of_json(pattern: JsonPattern) -> list[Clause]:
    stack: list[list[Clause]] = []
    for step in pattern.expression:
        if isinstance(step, int):
            stack.append(_of_condition(pattern.conditions[step]))
            continue
        right, left = stack.pop(), stack.pop()
        stack.append(_clauses(left + right) if step == "and" else _or(left, right))
    return stack.pop()


def _of_condition(condition: Condition) -> list[Clause]:
    if condition.test is None:
        return []
    literal: str | None = None
    if condition.operator == "=" and isinstance(condition.operand, Text):
        literal = _literal(condition.operand.text)
    if not literal:
        names = [each for each in condition.selector.path if isinstance(each, str)]
        literal = _name(names[-1]) if names else None
    return [frozenset({literal})] if literal else []


def _of_terms(pattern: TermsPattern) -> list[Clause]:
    clauses: list[Clause] = []
    optional: list[str | None] = []
    for term in pattern.terms:
        if term.sign == "?":
            optional.append(_in_message(term.text))
        elif not term.sign and (literal := _in_message(term.text)):
            clauses.append(frozenset({literal}))
    if len(optional) == len(pattern.terms):
        known = [each for each in optional if each]
        return [frozenset(known)] if known and len(known) == len(optional) else []
    return _clauses(clauses)


def _in_message(text: str) -> str | None:
    """Of a part of a message, which may reach over what joins a name and a value: there a file has space."""
    return _literal(_JOINS.sub(" ", text))


def _of_rule(pattern: EventPattern) -> list[Clause]:
    whole: list[Clause] | None = None
    for branch in pattern.branches:
        clauses: list[Clause] = []
        for path, conditions in branch.items():
            if any(each.is_absence for each in conditions):
                continue
            in_event = path.startswith("detail.")
            if not in_event and path != "source":
                continue
            literals = [_of_value(each.source, in_event) for each in conditions]
            name = _name(path.rpartition(".")[2]) if in_event else None
            if all(literals):
                clauses.append(frozenset(each for each in literals if each))
            elif name:
                clauses.append(frozenset({name}))
        whole = _clauses(clauses) if whole is None else _or(whole, clauses)
        if not whole:
            return []
    return whole or []


def _of_value(source: Any, in_event: bool) -> str | None:
    """Of a value of a rule's pattern, or of an operator that looks for a text as it is written."""
    if isinstance(source, dict) and len(source) == 1:
        operator, operand = next(iter(source.items()))
        source = operand if operator in ("exactly", "prefix", "suffix", "wildcard") else None
        if operator == "wildcard" and "\\" in str(source):
            return None
    if not isinstance(source, str):
        return None
    if in_event:
        return _literal(source)
    # The envelope's own source is made of the event's.
    own = source.startswith("aws.") and "*" not in source
    return _literal(source.removeprefix("aws.") + ".") if own else None
