"""An event pattern of EventBridge's as a condition on a table's columns: coarse, and never too narrow.

Only what stands at an event's top as text is compared, and the envelope's source; what else the pattern asks
for is decided on the event that comes back. So these conditions are never exact.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Any

from sqlglot import exp

from secretwatch.athena.condition import Condition, Sql, always, join
from secretwatch.athena.errors import Unanswerable
from secretwatch.athena.fields import Field, Form
from secretwatch.athena.text import is_sayable, starting_with
from secretwatch.eventpattern import EventPattern
from secretwatch.eventpattern.condition import Condition as Asked

NEEDED = ("awsRegion", "eventType", "managementEvent", "readOnly", "recipientAccountId")
"""Fields by which it is decided whether a rule gets an event at all, and what its envelope says."""

_DETAIL = "detail."


def rule_where(pattern: EventPattern, fields: Sequence[Field]) -> Condition:
    """A condition that holds for every event that the rule matches. Raises Unanswerable."""
    held = {field.name: field for field in fields}
    if missing := [name for name in NEEDED if name not in held]:
        raise Unanswerable(
            f"A rule of EventBridge looks at {missing[0]}, and the table has no column {missing[0].lower()}: "
            "define it as --print-sql shows."
        )
    branches = []
    for branch in pattern.branches:
        parts = [_on(path, asked, held) for path, asked in branch.items()]
        branches.append(join("and", parts))
    found = join("or", branches)
    return Condition(found.tree, exact=False)


def _on(path: str, asked: Sequence[Asked], held: dict[str, Field]) -> Condition:
    if path == "source":
        return _source(asked)
    if path == "detail" or not path.startswith(_DETAIL):
        return always(exact=False)
    names = path.removeprefix(_DETAIL).split(".")
    field = _held(path, names, held, asked)
    if len(names) > 1 or field.form is not Form.TEXT:
        return always(exact=False)
    column = exp.column(field.column, quoted=True)
    return _any(column, [each.source for each in asked])


def _held(path: str, names: Sequence[str], held: dict[str, Field], asked: Iterable[Asked]) -> Field:
    """The field that decides, which the table has to hold."""
    here, field = held, None
    for name in names:
        field = here.get(name)
        if field is None:
            raise Unanswerable(f"{path}: the table does not hold {name}, which a rule asks for.")
        if field.form is not Form.STRUCT:
            break
        here = {part.name: part for part in field.parts}
    assert field is not None
    is_whole = field.column == names[-1].lower()
    about_nothing = any(each.source is None or each.is_absence for each in asked)
    if is_whole and about_nothing and (field.is_null or field.may_be_null):
        raise Unanswerable(f"{path}: a table cannot tell null from a field that is not there.")
    return field


def _source(asked: Sequence[Asked]) -> Condition:
    """`aws.secretsmanager` is of what has eventSource secretsmanager.amazonaws.com."""
    column = exp.column("eventsource", quoted=True)
    wanted: list[Sql] = []
    for each in asked:
        source = each.source
        if not isinstance(source, str) or not source.startswith("aws.") or not is_sayable(source):
            return always(exact=False)
        name = source.removeprefix("aws.")
        wanted += [starting_with(column, f"{name}."), _equals(column, name)]
    return Condition(exp.or_(*wanted), exact=False)


def _any(column: exp.Column, sources: Sequence[Any]) -> Condition:
    wanted: list[Sql] = []
    for source in sources:
        if isinstance(source, str) and is_sayable(source) and not _is_address(source):
            wanted.append(_equals(column, source))
            continue
        prefix = source.get("prefix") if isinstance(source, dict) else None
        if not isinstance(prefix, str) or not is_sayable(prefix):
            return always(exact=False)
        wanted.append(starting_with(column, prefix))
    return Condition(exp.or_(*wanted), exact=False)


def _equals(column: exp.Column, text: str) -> Sql:
    return exp.EQ(this=column.copy(), expression=exp.Literal.string(text))


def _is_address(text: str) -> bool:
    """An address is equal to any other way to write it."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
