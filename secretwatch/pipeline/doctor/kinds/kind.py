"""What a kind of thing is to the doctor: how it is asked for, what of it decides, how it is put right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from secretwatch.pipeline.doctor.account import Account, Ref, Thing
from secretwatch.pipeline.doctor.asking import Asked, Asking
from secretwatch.pipeline.doctor.calls import Step
from secretwatch.pipeline.doctor.same import document, members, number, text

Enough = Callable[[Account, Thing, Thing], bool]
"""Whether what is there has all that was applied: the account as it is, as applied, as it is."""
Same = Callable[[Any], Any]
"""What of a member is compared: two values with the same result are the same."""


@dataclass
class Looking:
    """Asking for things, and noting in the account what came of it."""

    ask: Asking
    account: Account
    wanted: frozenset[Ref] = frozenset()
    """What was applied: of others, where there are very many, not everything is asked."""

    def note(self, kind: str, id: str, asked: Asked, thing: Thing | None) -> None:
        """thing: as it is; None where there is none. Where nothing could be asked, that is noted."""
        if asked.unknown:
            self.account.unknown[Ref(kind, id)] = asked
        else:
            self.account.put(kind, id, thing)


@dataclass(frozen=True)
class Of:
    """Where an attribute of Terraform's stands in a thing of the account: decisive, so it is compared."""

    member: str
    read: Callable[[Any], Any] = lambda value: value


@dataclass(frozen=True)
class Harmless:
    """An attribute that is not compared, and why not. member: with which it comes back, all the same."""

    because: str
    member: str = ""

    def read(self, value: Any) -> Any:
        return value or None


@dataclass(frozen=True)
class Resource:
    """A type of Terraform's: which thing of the account it is (or is a part of), attribute by attribute."""

    kind: str
    id: Callable[[Mapping[str, Any]], str]
    attributes: Mapping[str, Of | Harmless]
    whole: bool = True
    """Whether the thing itself is made by it; a part alone makes none."""
    merge: Callable[[Thing, Mapping[str, Any]], None] | None = None
    """Where a member has several of these resources in it: adds one."""


@dataclass(frozen=True)
class Kind:
    """One kind. said: what people call it. decisive: members that are compared, and how."""

    name: str
    said: str
    look: Callable[[Looking, list[str]], None]
    decisive: Mapping[str, Same]
    restore: Callable[[Account, str, Thing, Thing | None], list[Step]]
    """Steps that make it as it was applied: account (as it is), id, as it was applied, as it is."""
    label: Callable[[str], str] = lambda id: id
    identity: str = ""
    """The member that AWS gives it when it is made: with another value it is another thing of its name."""
    enough: Mapping[str, Enough] = field(default_factory=dict)
    """Of members that may be others, and be as good: whether they are."""
    resources: Mapping[str, Resource] = field(default_factory=dict)
    """By Terraform's type."""

    def differs(self, member: str, one: Any, other: Any) -> bool:
        same = self.decisive[member]
        return bool(same(one) != same(other))


def same_key(*path: str) -> Enough:
    """Whether both name the same key: by its ARN, its id or an alias. path: to the name of the key."""

    def enough(account: Account, wanted: Thing, live: Thing) -> bool:
        names: list[Any] = [wanted, live]
        for step in path:
            names = [(each or {}).get(step) for each in names]
        arns = [(account.get("key", str(each)) or {}).get("Arn") or each for each in names]
        return bool(arns[0]) and arns[0] == arns[1]

    return enough


def each(ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(ids))


META = (
    {
        name: Harmless("says who and where it is, as its id does")
        for name in (
            "arn",
            "id",
            "owner_id",
            "region",
            "name_prefix",
            "creation_date",
            "url",
            "creation_time",
        )
    }
    | {name: Harmless("tags decide nothing here") for name in ("tags", "tags_all")}
    | {"timeouts": Harmless("Terraform's own patience")}
)
"""Attributes that most types have."""

__all__ = [
    "META",
    "Enough",
    "Harmless",
    "Kind",
    "Looking",
    "Of",
    "Resource",
    "document",
    "each",
    "members",
    "number",
    "same_key",
    "text",
]
