"""What was applied, or is meant: Terraform's state of an instance, as an account of its own. Pure.

A state is what was read, or what a plan would make of it (`meant.py`). A resource of a type that `kinds`
does not know is left out; of those of the module a test knows that there is none.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from secretwatch.pipeline.doctor import kinds, whole
from secretwatch.pipeline.doctor.account import Account, Ref, Thing
from secretwatch.pipeline.watch import Watch

Purpose = Literal["ring", "realtime", "self-watch", "heartbeat", "details", "chat", "evidence"]
"""What a thing serves: that a read rings; the fast path; ... evidence: the log files in the bucket."""

# The module's own rooms, by the purpose of what is in them.
_PURPOSES: dict[str, Purpose] = {
    "chat": "chat",
    "details": "details",
    "fast_self_watch": "self-watch",
    "fast_topic": "self-watch",
    "heartbeat": "heartbeat",
    "realtime": "realtime",
    "self_watch": "self-watch",
}
_OF_A_WATCH = ("watch", "realtime", "details")
_ROOMS = {*_PURPOSES, *_OF_A_WATCH, "alerts", "existing_topic", "existing_trail", "secret", "trail"}
"""The modules that an instance consists of: beside them a root module may have things of its own."""
_STEP = re.compile(r"module\.([A-Za-z0-9_-]+)(?:\[(?:\"((?:[^\"\\]|\\.)*)\"|(\d+))\])?")


@dataclass
class Intent:
    """account: as it was applied. address: Terraform's, of each thing; the first is the thing's own.

    configured: whether it is as the configuration says, too; else the state may hold what is wrong.
    instance: the address of the module that is the instance, "" for the root itself. absent: addresses of
    what the state lacks, though others in it hang on that, or the configuration has it.
    stated: the account as Terraform's state has it, where the configuration would change that.
    """

    account: Account
    address: dict[Ref, list[str]] = field(default_factory=dict)
    serves: dict[Ref, Purpose] = field(default_factory=dict)
    configured: bool = False
    instance: str = ""
    absent: list[str] = field(default_factory=list)
    stated: Account | None = None

    def get(self, kind: str, id: str | None) -> Thing | None:
        """The thing as it was applied; None for what is somebody else's."""
        return self.account.get(kind, id)

    @property
    def all_addresses(self) -> set[str]:
        """Terraform's, of all that is known here."""
        return {address for addresses in self.address.values() for address in addresses}

    def owners(self, ref: Ref, members: Iterable[str]) -> list[str]:
        """Terraform's addresses of what sets these members of a thing; else the address of the thing."""
        there = self.address.get(ref, [])
        wanted = set(members)
        found = [each for each in there if wanted & _members(each)]
        # Of what none of them sets Terraform knows nothing: it would leave that as it is.
        return found if found or wanted - {""} else there[:1]

    def absent_of(self, kind: str) -> list[str]:
        """Of what the state lacks, what is of this kind."""
        types = {name for name, each in kinds.RESOURCES.items() if each.kind == kind and each.whole}
        return [each for each in self.absent if whole.type_of(each) in types]

    def of(self, kind: str, *purposes: Purpose) -> list[str]:
        """Ids of a kind that serve one of these, in their order."""
        return [id for id, _ in self.account.all(kind) if self.serves[Ref(kind, id)] in purposes]

    @classmethod
    def of_state(cls, state: Mapping[str, Any], watch: Watch) -> Intent | None:
        """The intent of the instance that has this watch, without what belongs to other watches alone.

        state: as `terraform state pull` prints it. None where the watch's alarm is not in it.
        """
        prefix = instance_of(state, watch)
        if prefix is None:
            return None
        found = cls(Account(watch.account_id, watch.region), instance=prefix)
        for resource in _resources(state, prefix):
            if _is_of_another_watch(resource.rooms, watch.watch):
                continue
            found._add(resource)
        found._keep_topics_of(watch)
        found.absent = whole.absent(state, prefix)
        return found

    def _add(self, resource: _Resource) -> None:
        known = kinds.RESOURCES.get(resource.type)
        if known is None:
            return
        id = known.id(resource.values)
        if "None" in re.split("[|:]", id):
            return  # not made yet: AWS gives it its ARN
        ref = Ref(known.kind, id)
        thing = self.account.things.setdefault(ref, {}) or {}
        for name, attribute in known.attributes.items():
            if attribute.member and name in resource.values and not known.merge:
                value = attribute.read(resource.values[name])
                if value is not None:
                    thing[attribute.member] = value
        if known.merge:
            known.merge(thing, resource.values)
        self.account.things[ref] = thing
        self.address.setdefault(ref, []).append(resource.address)
        if known.whole:
            self.address[ref].sort(key=lambda each: each != resource.address)
        self.serves.setdefault(ref, _purpose(resource))

    def _keep_topics_of(self, watch: Watch) -> None:
        """Of the instance's topics, those that this watch, or the watch on the watch, tells."""
        wanted = {*watch.topic_arns, *watch.realtime_topic_arns, *watch.self_watch_topic_arns}
        for _, alarm in self.account.all("alarm"):
            wanted.update(each for each in alarm.get("AlarmActions") or ())
        if watch.notifications_topic_arn:
            wanted.add(watch.notifications_topic_arn)
        for ref in list(self.account.things):
            topic = ref.id if ref.kind == "topic" else ref.id.partition("|")[0]
            if ref.kind in ("topic", "subscription") and topic not in wanted:
                del self.account.things[ref]


_TYPE = re.compile(r"(?:^|\.)(aws_[a-z0-9_]+)\.[^.]+$")


def _members(address: str) -> set[str]:
    """What a resource of this address's type sets of its thing."""
    found = _TYPE.search(re.sub(r"\[[^\]]*\]$", "", address))
    known = kinds.RESOURCES.get(found[1]) if found else None
    return (
        {each.member for each in known.attributes.values() if isinstance(each, kinds.Of)} if known else set()
    )


@dataclass(frozen=True)
class _Resource:
    type: str
    address: str
    rooms: tuple[tuple[str, str | None], ...]
    """The modules that it stands in, below the instance: name and key."""
    values: Mapping[str, Any]


def instance_of(state: Mapping[str, Any], watch: Watch) -> str | None:
    """The address of the module that is the watch's instance; "" for the root itself; None without one."""
    for resource in state.get("resources") or ():
        if resource.get("type") != "aws_cloudwatch_metric_alarm" or resource.get("mode") != "managed":
            continue
        for instance in resource.get("instances") or ():
            if (instance.get("attributes") or {}).get("alarm_name") == watch.alarm_name:
                address = str(resource.get("module") or "")
                last = list(_STEP.finditer(address))
                if last and last[-1][1] == "watch":
                    return address[: last[-1].start()].rstrip(".")
    return None


def _resources(state: Mapping[str, Any], prefix: str) -> Iterable[_Resource]:
    for resource in state.get("resources") or ():
        address = str(resource.get("module") or "")
        if resource.get("mode") != "managed" or not is_below(address, prefix):
            continue
        rooms = tuple(
            (step[1], step[2] if step[2] is not None else step[3])
            for step in _STEP.finditer(address[len(prefix) :])
        )
        if not rooms or rooms[0][0] not in _ROOMS:
            continue
        for instance in resource.get("instances") or ():
            if instance.get("deposed"):
                continue
            name = ".".join(filter(None, (address, f"{resource['type']}.{resource['name']}")))
            key = instance.get("index_key")
            if key is not None:
                name += f"[{key}]" if isinstance(key, int) else f'["{key}"]'
            yield _Resource(resource["type"], name, rooms, instance.get("attributes") or {})


def is_below(address: str, prefix: str) -> bool:
    """Whether a resource or module of this address is in the module `prefix`; "" is the root."""
    return not prefix or address == prefix or address.startswith((f"{prefix}.", f"{prefix}["))


def _is_of_another_watch(rooms: Iterable[tuple[str, str | None]], key: str | None) -> bool:
    return any(name in _OF_A_WATCH and of is not None and of != key for name, of in rooms)


def _purpose(resource: _Resource) -> Purpose:
    for name, _ in resource.rooms:
        if name in _PURPOSES:
            return _PURPOSES[name]
    if resource.type.startswith("aws_s3_"):
        return "evidence"
    return "ring"


# What differs


@dataclass(frozen=True)
class Difference:
    """One member of a thing that is not as it was applied; member: "" where the thing is not there at all."""

    ref: Ref
    member: str = ""
    wanted: Any = None
    live: Any = None


def differences(intent: Intent, live: Account) -> list[Difference]:
    """All that is known to differ; what could not be asked is not among it."""
    found: list[Difference] = []
    for ref, wanted in intent.account.things.items():
        if wanted is None or ref in live.unknown:
            continue
        kind = kinds.BY_NAME[ref.kind]
        if ref not in live.things:
            continue
        there = live.things[ref]
        if there is None:
            found.append(Difference(ref))
            continue
        for member, same in kind.decisive.items():
            if member not in there and member in ASKED_APART.get(ref.kind, ()):
                continue  # not known
            if member not in wanted and member not in there:
                continue
            value = there.get(member)
            if wanted.get(member) == value or same(wanted.get(member)) == same(value):
                continue
            enough = kind.enough.get(member)
            if not (enough and enough(live, wanted, there)):
                found.append(Difference(ref, member, wanted.get(member), value))
    return found


# Members with a call of their own: without an answer they are not there.
ASKED_APART: dict[str, tuple[str, ...]] = {
    "bucket": ("Encryption", "Lifecycle", "Ownership", "Policy", "PublicAccessBlock", "Versioning"),
    "key": ("Policy",),
    "log group": ("policyDocument",),
    "rule": ("Targets",),
    "trail": ("AdvancedEventSelectors", "EventSelectors", "IsLogging"),
}


def by_ref(found: Iterable[Difference]) -> dict[Ref, list[Difference]]:
    grouped: dict[Ref, list[Difference]] = defaultdict(list)
    for each in found:
        grouped[each.ref].append(each)
    return dict(grouped)
