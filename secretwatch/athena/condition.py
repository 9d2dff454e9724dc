"""A condition in SQL, and how several join.

Each holds wherever the pattern's own condition does: an event that matches is never lost. `exact` says that
it holds nowhere else. NULL, which SQL's comparisons give for what is not there, counts as not holding, and
nothing here negates a condition that can be NULL into one that holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlglot import exp

Sql: TypeAlias = exp.Expr
"""A piece of a query."""


@dataclass(frozen=True, slots=True)
class Condition:
    tree: Sql
    exact: bool = True

    @property
    def always(self) -> bool:
        return _is_constant(self.tree, True)

    @property
    def never(self) -> bool:
        return _is_constant(self.tree, False)


def _is_constant(tree: Sql, value: bool) -> bool:
    return isinstance(tree, exp.Boolean) and tree.this is value


def always(*, exact: bool = True) -> Condition:
    return Condition(exp.true(), exact)


def never() -> Condition:
    return Condition(exp.false())


def join(how: Literal["and", "or"], conditions: Iterable[Condition]) -> Condition:
    """All of them, or any."""
    found = list(conditions)
    if how == "and":
        if any(each.never for each in found):
            return never()
        left = [each for each in found if not each.always]
        exact = all(each.exact for each in found)
        return Condition(exp.and_(*_trees(left, exp.And)), exact) if left else always(exact=exact)
    if constant := [each for each in found if each.always]:
        return always(exact=any(each.exact for each in constant))
    left = [each for each in found if not each.never]
    return Condition(exp.or_(*_trees(left, exp.Or)), all(each.exact for each in left)) if left else never()


def _trees(conditions: Sequence[Condition], kind: type[exp.Connector]) -> list[Sql]:
    """Each once, and those that are joined in the same way without their parentheses."""
    flat: dict[Sql, None] = {}
    for each in conditions:
        flat |= dict.fromkeys(each.tree.flatten() if isinstance(each.tree, kind) else [each.tree])
    return list(flat)
