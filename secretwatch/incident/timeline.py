"""What was done, in order and alike acts together; which secrets were read; from where it came."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from secretwatch import secretid
from secretwatch.incident.act import Act

Mark = Literal["rang", "read", "refused", "gave", "changed", "looked"]
"""rang: a read that rang. read: another read of a secret. refused: it was denied, or failed. gave: its answer
handed out credentials. changed: a write. looked: anything else."""

_NAMED = 3


def is_secret_read(act: Act) -> bool:
    """Whether it is a read of a secret, watched or not."""
    return act.is_read or (act.source == secretid.SOURCE and act.name in secretid.READS)


def mark(act: Act, rang: Collection[str]) -> Mark:
    """rang: ids of the events that rang."""
    if act.event_id in rang:
        return "rang"
    if act.error:
        return "refused"
    if is_secret_read(act):
        return "read"
    if act.gives:
        return "gave"
    return "looked" if act.read_only else "changed"


@dataclass
class Entry:
    """Acts of one credential that follow each other and are alike but for what they are about."""

    credential: int
    mark: Mark
    call: str
    error: str
    address: str
    acts: list[Act] = field(default_factory=list)

    @property
    def begin(self) -> datetime:
        return self.acts[0].time

    @property
    def end(self) -> datetime:
        return self.acts[-1].time

    @property
    def about(self) -> str:
        """What was named, the first three of it."""
        named = list(dict.fromkeys(each.about for each in self.acts if each.about))
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        return ", ".join(named[:_NAMED]) + more


def timeline(acts: Sequence[Act], numbers: Mapping[str, int], rang: Collection[str]) -> list[Entry]:
    """acts: oldest first. numbers: each event's credential."""
    found: list[Entry] = []
    for act in acts:
        alike = (numbers.get(act.event_id, 0), mark(act, rang), act.call, act.error, act.address)
        last = found[-1] if found else None
        if last is None or (last.credential, last.mark, last.call, last.error, last.address) != alike:
            found.append(Entry(*alike))
        found[-1].acts.append(act)
    return found


@dataclass
class SecretRead:
    """Reads of one secret. name: "" where it could be any of the account. watched: whether it is one of the
    watch's; None where no watch is known. ids: as callers named it. also: other names that the ids may stand
    for, where their ends look like words."""

    name: str
    account: str
    watched: secretid.Answer | None
    ids: list[str] = field(default_factory=list)
    also: list[str] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)

    @property
    def refused(self) -> int:
        return sum(bool(each.error) for each in self.acts)

    @property
    def got(self) -> int:
        """How often its value was handed out; of one that could be any, how often something was."""
        return len(self.acts) - self.refused

    @property
    def arn(self) -> str | None:
        return next((each for each in self.ids if each.startswith("arn:")), None)


def secrets_read(
    acts: Iterable[Act],
    watched: Sequence[str] = (),
    account: str | None = None,
    *,
    organization: bool = False,
) -> list[SecretRead]:
    """Each secret that was read, in the order of the first reads. watched, account: the watch's, if known."""
    found: dict[tuple[str, str], SecretRead] = {}
    for act in acts:
        if not is_secret_read(act):
            continue
        for asked in act.asked or ("",):
            names = secretid.names(asked) if asked else ("",)
            owner = secretid.account(asked) or act.recipient or act.account
            key = (names[0], owner)
            if key not in found:
                of_watch = (
                    secretid.answer_of_any(
                        watched,
                        [asked] if asked else [],
                        account,
                        organization=organization,
                        caller=act.recipient or account,
                    )
                    if watched
                    else None
                )
                found[key] = SecretRead(names[0], owner, of_watch)
            one = found[key]
            one.acts.append(act)
            if asked and asked not in one.ids:
                one.ids.append(asked)
            one.also += [
                each
                for each in names[1:]
                if each not in one.also and secretid.looks_like_a_word(each.rpartition("-")[2])
            ]
    return list(found.values())


@dataclass
class Place:
    """An address, and what came from it."""

    address: str
    agents: list[str] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)

    @property
    def begin(self) -> datetime:
        return self.acts[0].time

    @property
    def end(self) -> datetime:
        return self.acts[-1].time


def places(acts: Iterable[Act]) -> list[Place]:
    """Where acts came from, in the order in which addresses were first seen. acts: oldest first."""
    found: dict[str, Place] = {}
    for act in acts:
        place = found.setdefault(act.address, Place(act.address))
        place.acts.append(act)
        if act.agent and act.agent not in place.agents:
            place.agents.append(act.agent)
    return list(found.values())
