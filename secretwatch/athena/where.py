"""A filter pattern as a condition on a table's columns.

What the table cannot answer is refused (`Unanswerable`): a pattern of terms or of fields, as the text of an
event is not kept; a field that no column holds; whether a field is null or is not there, where events have
both. The rest is at least pre-filtered: the condition holds for every event that matches (`Condition`).

The events are taken to be as CloudTrail writes them: each field of the type that its page says, and no name
twice in one object.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NoReturn

from sqlglot import exp

from secretwatch.athena.condition import Condition, Sql, always, join, never
from secretwatch.athena.errors import Unanswerable
from secretwatch.athena.fields import FIELDS, Field, Form
from secretwatch.athena.rule import rule_where
from secretwatch.athena.text import is_there, matcher
from secretwatch.eventpattern import EventPattern
from secretwatch.filterpattern import FilterPattern
from secretwatch.filterpattern.json_event import Condition as Asked
from secretwatch.filterpattern.operands import Number, Text
from secretwatch.filterpattern.pattern import JsonPattern
from secretwatch.filterpattern.selector import AnyIndex, PathStep, Selector

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_RUN = re.compile(r"[A-Za-z0-9_-]+")
"""Signs that stand in JSON as they are, whoever writes it."""
_LARGE = 1e300
"""Beyond this a number may be none to SQL."""


def where(pattern: FilterPattern | EventPattern, fields: Sequence[Field] = FIELDS) -> Condition:
    """The condition that holds for every event that the pattern matches. Raises Unanswerable."""
    if isinstance(pattern, EventPattern):
        return rule_where(pattern, fields)
    if not isinstance(pattern, JsonPattern):
        raise Unanswerable(
            f"A table does not keep the text of an event, and {pattern.text!r} looks for something in it: "
            "write it as a JSON pattern, { $.field = … }."
        )
    stack: list[Condition] = []
    for step in pattern.expression:
        if isinstance(step, int):
            stack.append(_condition(pattern.conditions[step], fields))
        else:
            right, left = stack.pop(), stack.pop()
            stack.append(join(step, (left, right)))
    return stack.pop()


def check_selector(selector: Selector, fields: Sequence[Field] = FIELDS) -> None:
    """Raises Unanswerable where the table does not hold what a metric filter reads by this."""
    if selector.path:
        where(FilterPattern.parse(f'{{ {selector.text} = "*" }}'), fields)


def _condition(asked: Asked, fields: Sequence[Field]) -> Condition:
    path = asked.selector.path
    field, column, rest = _resolve(asked, fields)
    if field.form is Form.JSON and rest:
        return _in_json(asked, column, rest)
    if field.form in (Form.LIST, Form.MAP) and rest:
        # A look inside is not worth its SQL: hardly any event has these.
        return always(exact=False) if asked.operator is None and not asked.constant else _there(column)
    if rest:
        # Below a text there is nothing.
        return always() if _is_absence(asked) else never()
    if _is_absence(asked) or asked.constant == "NULL":
        return _nothing(asked, field, column, is_nested=len(path) > 1)
    if field.form is Form.FLAG:
        wanted = {"TRUE": "true", "FALSE": "false"}.get(asked.constant or "")
        return Condition(exp.EQ(this=column, expression=exp.Literal.string(wanted))) if wanted else never()
    if field.form is Form.JSON:
        # It is an object or null, mostly; what it is else decides the event itself.
        return _there(column)
    if asked.constant or field.form is not Form.TEXT:
        return never()
    if isinstance(asked.operand, Number):
        # A text is unequal to every number.
        return Condition(is_there(column)) if asked.operator == "!=" else never()
    assert asked.operand is not None
    return matcher(asked.operand).condition(column, negated=asked.operator == "!=")


def _is_absence(asked: Asked) -> bool:
    return asked.test is None


def _there(column: Sql) -> Condition:
    return Condition(is_there(column), exact=False)


def _nothing(asked: Asked, field: Field, column: Sql, *, is_nested: bool) -> Condition:
    """NOT EXISTS and IS NULL."""
    if field.is_null or field.may_be_null or (asked.constant == "NULL" and not is_nested):
        raise Unanswerable(
            f"{asked.written}: a table cannot tell null from a field that is not there. "
            "Ask for something inside it, or for another field."
        )
    # Nothing of userIdentity is null, nor of the other structs.
    return never() if asked.constant else Condition(exp.Is(this=column, expression=exp.null()))


def _resolve(asked: Asked, fields: Sequence[Field]) -> tuple[Field, Sql, tuple[PathStep, ...]]:
    """The field that the selector leads to, its SQL, and what of the path lies below it."""
    path = asked.selector.path
    column: Sql | None = None
    here: Iterable[Field] = fields
    everywhere: Iterable[Field] = FIELDS
    for position, step in enumerate(path):
        field = next((each for each in here if each.name == step), None) or _refused(
            asked, step, everywhere, is_top=not position
        )
        name = exp.to_identifier(field.column, quoted=True)
        column = exp.Column(this=name) if column is None else exp.Dot(this=column, expression=name)
        below = path[position + 1 :]
        if not below or field.form is not Form.STRUCT:
            if field.form is Form.LIST:
                _check_elements(asked, field, below)
            return field, column, below
        if isinstance(below[0], int) or below[0] is AnyIndex:
            # A struct is no array: there is nothing.
            return Field(field.name), column, below
        known = next((each for each in everywhere if each.name == step), field)
        here, everywhere = field.parts, known.parts
    raise AssertionError("A selector has a path.")


def _check_elements(asked: Asked, field: Field, below: tuple[PathStep, ...]) -> None:
    """Of an array's structs only fields that the table holds can be asked for."""
    for step in below[1:2]:
        if not any(part.name == step for part in field.parts):
            _refused(asked, step, field.parts, is_top=False)


def _refused(asked: Asked, step: PathStep, known: Iterable[Field], *, is_top: bool) -> NoReturn:
    """known: what a table could hold here, if it was defined so."""
    known = tuple(known)
    selector = asked.selector.text
    if not isinstance(step, str):
        raise Unanswerable(
            f"{selector}: a table holds only the fields that it declares, so that nobody can tell what else "
            "an event has there. Name the field."
        )
    if any(each.name == step for each in known):
        what = f"column {step.lower()}" if is_top else f"field {step.lower()} in a column's struct"
        raise Unanswerable(
            f"{selector}: the table has no {what} that can be read. Define it as --print-sql shows."
        )
    near = next(iter(get_close_matches(step.lower(), [each.column for each in known], 1, 0.8)), None)
    meant = next((f" Did you mean {each.name}?" for each in known if each.column == near), "")
    raise Unanswerable(
        f"{selector}: no column of a CloudTrail table holds {step}, so that what events have there is lost."
        f"{meant}"
    )


def _in_json(asked: Asked, column: Sql, path: tuple[PathStep, ...]) -> Condition:
    """On a place inside a column of JSON."""
    if _is_absence(asked):
        # By Trino an index is also the name of a property: more than the pattern finds there.
        if not all(isinstance(step, str) for step in path) or (scalar := _scalar(column, path)) is None:
            return always(exact=False)
        return Condition(exp.Is(this=scalar, expression=exp.null()), exact=False)
    scalar = _scalar(column, path)
    if scalar is None:
        return Condition(exp.and_(is_there(column), *_runs(asked, column)), exact=False)
    if asked.constant == "NULL":
        return Condition(exp.and_(is_there(column), exp.Is(this=scalar, expression=exp.null())), exact=False)
    if asked.constant:
        wanted = exp.Literal.string(asked.constant.lower())
        return Condition(exp.EQ(this=scalar, expression=wanted), exact=False)
    if isinstance(asked.operand, Number):
        return Condition(_number(scalar, asked.operator or "", asked.operand.value), exact=False)
    assert asked.operand is not None
    wanted_text = matcher(asked.operand)
    negated = asked.operator == "!="
    found = wanted_text.condition(scalar, negated=negated)
    # true and false are texts to SQL, and match nothing.
    exact = found.exact and not negated and not any(map(wanted_text.matches, ("true", "false")))
    # An index may be a property's name.
    exact = exact and all(isinstance(step, str) for step in path)
    if not wanted_text.is_number:
        return Condition(found.tree, exact)
    # A number is written in many ways, and compares in one.
    number = exp.RegexpLike(this=scalar.copy(), expression=exp.Literal.string("\\A-?[0-9]"))
    return Condition(exp.or_(found.tree, number), exact=False)


def _scalar(column: Sql, path: Sequence[PathStep]) -> Sql | None:
    """The text, number or truth at a path, as text; None where the path cannot be said."""
    steps: list[Sql] = [exp.JSONPathRoot()]
    for step in path:
        if isinstance(step, int):
            steps.append(exp.JSONPathSubscript(this=step))
        elif isinstance(step, str) and _NAME.fullmatch(step):
            steps.append(exp.JSONPathKey(this=step))
        else:
            return None
    return exp.JSONExtractScalar(this=column.copy(), expression=exp.JSONPath(expressions=steps))


def _runs(asked: Asked, column: Sql) -> list[Sql]:
    """What has to stand somewhere in the JSON for a text to be in it."""
    if asked.operator != "=" or not isinstance(asked.operand, Text) or matcher(asked.operand).is_number:
        return []
    longest = sorted(set(_RUN.findall(asked.operand.text)), key=lambda run: (-len(run), run))[:2]
    return [
        exp.GT(
            this=exp.StrPosition(this=column.copy(), substr=exp.Literal.string(run)),
            expression=exp.Literal.number(0),
        )
        for run in longest
    ]


def _number(scalar: Sql, operator: str, wanted: float) -> Sql:
    """Whether what is there may be a number that compares so: rounded, and a text of digits is one, too."""
    if operator == "!=" or not abs(wanted) < _LARGE:
        return is_there(scalar)
    double = exp.TryCast(this=scalar.copy(), to=exp.DataType.build("double"), safe=True)
    value = exp.cast(exp.Literal.string(repr(float(wanted))), "double")
    if operator == "=":
        return exp.EQ(this=double, expression=value)
    kind = exp.LTE if operator in ("<", "<=") else exp.GTE
    compared = exp.func("COALESCE", kind(this=double, expression=value), exp.true())
    return exp.and_(is_there(scalar), compared)
