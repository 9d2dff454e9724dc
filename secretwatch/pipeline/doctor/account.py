"""An account as far as a watch reaches into it: every thing under its kind and id, in AWS's own shape.

Used twice: for what is there, as AWS answered, and for what was applied, as Terraform's state has it. What a
thing holds stands in `kinds/`. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from secretwatch import partition
from secretwatch.pipeline.doctor.asking import Asked

Thing = dict[str, Any]


@dataclass(frozen=True, order=True)
class Ref:
    """One thing: its kind (`alarm`, `topic`, ...), and what tells it from others of this kind."""

    kind: str
    id: str


@dataclass
class Account:
    """things: None where it is known that there is none. unknown: what could not be asked, and why."""

    account_id: str
    region: str
    things: dict[Ref, Thing | None] = field(default_factory=dict)
    unknown: dict[Ref, Asked] = field(default_factory=dict)

    def get(self, kind: str, id: str | None) -> Thing | None:
        """The thing; None where it is not there, or nothing is known of it."""
        return self.things.get(Ref(kind, id)) if id else None

    def lacks(self, kind: str, id: str) -> bool:
        """Whether it is known that there is no such thing."""
        ref = Ref(kind, id)
        return ref in self.things and self.things[ref] is None

    def all(self, kind: str) -> Iterator[tuple[str, Thing]]:
        """Those that are there, in the order of their ids."""
        for ref in sorted(
            ref for ref, thing in self.things.items() if ref.kind == kind and thing is not None
        ):
            thing = self.things[ref]
            assert thing is not None
            yield ref.id, thing

    def put(self, kind: str, id: str, thing: Thing | None) -> None:
        self.things[Ref(kind, id)] = thing

    def change(self, kind: str, id: str, **members: Any) -> None:
        """Set these members of a thing, which comes to be where it is not there."""
        ref = Ref(kind, id)
        self.things[ref] = {**(self.things.get(ref) or {}), **members}

    @property
    def arns(self) -> list[str]:
        """Of what is there, and acts or is acted on under its ARN."""
        found = [
            self.arn("cloudwatch", f"alarm:{ref.id}")
            if ref.kind == "alarm"
            else self.arn("events", f"rule/{ref.id}")
            if ref.kind == "rule"
            else ref.id
            for ref, thing in self.things.items()
            if thing is not None
        ]
        return sorted(each for each in found if each.startswith("arn:"))

    def copy(self) -> Account:
        """Another account with the same things; a thing is never changed, but replaced."""
        return Account(self.account_id, self.region, dict(self.things), self.unknown)

    def arn(self, service: str, resource: str, region: str | None = None) -> str:
        where = self.region if region is None else region
        aws = partition.of_region(self.region).name
        return f"arn:{aws}:{service}:{where}:{self.account_id}:{resource}"
