"""The kinds of things that a watch is made of: one file for those that belong together.

Of each: how it is asked for, which of its members decide, how it is put right (`Kind`), which of Terraform's
resources make it, attribute by attribute (`Resource`), and what a call does to it (`EFFECTS`).
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from secretwatch.pipeline.doctor.account import Account, Ref
from secretwatch.pipeline.doctor.calls import Call, Effect, Step
from secretwatch.pipeline.doctor.kinds import (
    alarms,
    beats,
    buckets,
    chats,
    filters,
    keys,
    mutes,
    roles,
    rules,
    topics,
    trails,
)
from secretwatch.pipeline.doctor.kinds.kind import Harmless, Kind, Looking, Of, Resource

# In the order in which they are put right: what is written to comes before who writes.
ALL: tuple[Kind, ...] = (
    keys.KIND,
    filters.GROUP,
    buckets.KIND,
    roles.KIND,
    topics.TOPIC,
    topics.SUBSCRIPTION,
    rules.QUEUE,
    beats.SECRET,
    beats.CONNECTION,
    beats.MACHINE,
    trails.KIND,
    filters.FILTER,
    alarms.KIND,
    rules.RULE,
    chats.GUARDRAIL,
    chats.CHANNEL,
    mutes.KIND,
)
_THREADS = 8

BY_NAME = {kind.name: kind for kind in ALL}
RESOURCES: dict[str, Resource] = {name: each for kind in ALL for name, each in kind.resources.items()}
EFFECTS: dict[tuple[str, str], Effect] = {
    key: effect
    for room in (alarms, beats, buckets, chats, filters, keys, mutes, roles, rules, topics, trails)
    for key, effect in room.EFFECTS.items()
}


def look(looking: Looking, refs: Iterable[Ref]) -> None:
    """Ask for these, kinds beside one another; subscriptions come with their topics."""
    by_kind: dict[str, list[str]] = {}
    for ref in dict.fromkeys(refs):
        if ref not in looking.account.things and ref not in looking.account.unknown:
            by_kind.setdefault(ref.kind, []).append(ref.id)
    last = by_kind.pop("subscription", [])
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="doctor-kinds") as pool:
        list(pool.map(lambda kind: BY_NAME[kind].look(looking, by_kind[kind]), by_kind))
    if last:
        BY_NAME["subscription"].look(looking, last)
    for id in by_kind.get("filter", ()):
        # The empty name asks for all filters of a group.
        if id.endswith(":"):
            looking.account.things.pop(Ref("filter", id), None)


def after(account: Account, steps: Iterable[Step]) -> Account:
    """The account as it will be after these steps, and after what a person has to do for them."""
    changed = account.copy()
    for step in steps:
        if isinstance(step, Call):
            EFFECTS[step.service, step.operation](changed, step.params)
    return changed


__all__ = [
    "ALL",
    "BY_NAME",
    "EFFECTS",
    "RESOURCES",
    "Harmless",
    "Kind",
    "Looking",
    "Of",
    "Resource",
    "after",
    "look",
]
