"""The shape of the table: for a service, which permissions its calls need.

A row says which parameters name a resource, and which operations need something else than the action of
their own name on that resource. Not here: the rows, which stand in the modules beside, a service each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

Parameters = Mapping[str, Any]

ANY = ""
"""A resource that the table does not know: every Allow of the action is taken to be about it."""


class Where(NamedTuple):
    """Where a call is made, for the ARNs that its parameters stand for.

    user: the name of the calling IAM user, for calls that mean the caller if they name none.
    """

    partition: str
    region: str
    account: str
    user: str = "*"


Resource = str | Callable[[Parameters, Where], Sequence[str]]
"""An ARN with `{Parameter}` in it, or a function that gives ARNs.

A parameter is a path: `A.B`, `List[]` and `List[].B` for each of a list; `{Path=/}` has a default. One that
is not given is `*`. One that is an ARN itself stands for the whole.
"""


@dataclass(frozen=True)
class Ask:
    """One permission that an operation needs.

    action: of the service, or with another's prefix (`iam:PassRole`); "A|B" is B where the call names a
    VersionId, else A.
    on: the resource; None for the one that the service's `named` finds.
    when: the parameter (a path) without which this is not needed.
    keys: condition keys with their values.
    """

    action: str
    on: Resource | None = None
    when: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Service:
    """A service's calls.

    prefix: of its actions. source: its page in the Service Authorization Reference.
    named: (parameter, resource); the first parameter that is given decides.
    otherwise: the resource of calls that give none of them: `*`, or ANY where nobody has looked them up.
    operations: those that need other permissions; () for none at all.
    keys: condition keys to the parameters that their values come from.
    tagging: the action that tags given on creation need on what is created, as AWS documents it.
    """

    prefix: str
    source: str
    named: tuple[tuple[str, Resource], ...] = ()
    otherwise: Resource = "*"
    operations: Mapping[str, tuple[Ask, ...]] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    tagging: str = ""


def same(operations: str, *asks: Ask) -> dict[str, tuple[Ask, ...]]:
    """The same permissions for several operations, whose names stand in one string.

    An Ask whose action is "" needs the action of the operation's own name.
    """
    return {
        name: tuple(Ask(each.action or name, each.on, each.when, each.keys) for each in asks)
        for name in operations.split()
    }


def on(operations: str, *resources: Resource) -> dict[str, tuple[Ask, ...]]:
    """Operations whose action is their name, on resources that `named` would not find."""
    return same(operations, *(Ask("", resource) for resource in resources))


def passing(parameter: str, to: str) -> Ask:
    """A role is handed to a service: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html."""
    role = "arn:{partition}:iam::{account}:role/{%s}" % parameter  # noqa: UP031
    return Ask("iam:PassRole", role, when=parameter, keys={"iam:PassedToService": to})


def values(parameters: Parameters, path: str) -> list[Any]:
    """What stands at a path of the parameters; nothing that is None or empty."""
    if path.isalnum():
        value = parameters.get(path)
        return [] if value is None or value in ("", [], {}) else [value]
    found: list[Any] = [parameters]
    for name, each in _steps(path):
        found = [one.get(name) for one in found if isinstance(one, Mapping)]
        if each:
            found = [inner for one in found if isinstance(one, list | tuple) for inner in one]
    return [one for one in found if one is not None and one not in ("", [], {})]


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[tuple[str, bool], ...]:
    """(name, whether each of its list is meant)."""
    return tuple((step.removesuffix("[]"), step.endswith("[]")) for step in path.split("."))


def arns(resource: Resource, parameters: Parameters, where: Where) -> Sequence[str]:
    """The ARNs that a resource stands for in a call."""
    return resource(parameters, where) if callable(resource) else _filled(resource, parameters, where)


def _filled(template: str, parameters: Parameters, where: Where) -> list[str]:
    ready = [""]
    for literal, name, default in _parts(template, where):
        if not name:
            ready = [each + literal for each in ready]
            continue
        given = [str(value) for value in values(parameters, name)] or [default]
        if given[0].startswith("arn:"):
            return given
        ready = [each + value for each in ready for value in given]
    return ready


_PLACES = ("partition", "region", "account", "user")
_FIELD = re.compile(r"\{([^{}=]+)(?:=([^{}]*))?\}")


def parameters_of(template: str) -> list[str]:
    """The paths of the parameters that an ARN takes its parts from."""
    return [found[1] for found in _FIELD.finditer(template) if found[1] not in _PLACES]


@lru_cache(maxsize=4096)
def _parts(template: str, where: Where) -> tuple[tuple[str, str, str], ...]:
    """(literal text, "", "") or ("", parameter, its default); where the call is made stands in the text."""
    for place in _PLACES:
        template = template.replace(f"{{{place}}}", getattr(where, place))
    parts: list[tuple[str, str, str]] = []
    end = 0
    for found in _FIELD.finditer(template):
        default = "*" if found[2] is None else found[2]
        parts += [(template[end : found.start()], "", ""), ("", found[1], default)]
        end = found.end()
    return tuple(part for part in (*parts, (template[end:], "", "")) if any(part))
