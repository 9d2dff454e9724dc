"""Which events belong to the same credentials, and which credentials to one chain.

Events are of the same credentials that name one access key, or one session: a principal and the time at which
its session began, as the console signs each service's calls with a key of its own. An event whose answer
hands out an access key (AssumeRole and its kin, GetSessionToken, GetFederationToken, AssumeRoot) links its
caller to all that the new key does. That is followed in both directions, so that a chain is the whole tree:
whoever holds its root can take any of its branches. A permanent key that was made (CreateAccessKey) is
followed down alone: who reads and makes one leaves a door open, but who once made a reader's key is an
administrator, whose work is no part of this. The call is named all the same.

Two keys that are known to have been given out separately stay apart, also where role, session name and second
are the same: that is how a service's processes look. What names neither of them is then `unsure`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from secretwatch.incident.act import Act

Relation = Literal["reader", "before", "after", "beside"]
Kind = Literal[
    "root", "role session", "user key", "user session", "federated user", "service", "somebody outside"
]

_AT_SIGN_IN = timedelta(seconds=2)
_KINDS: dict[str, Kind] = {
    "Root": "root",
    "AssumedRole": "role session",
    "Role": "role session",
    "FederatedUser": "federated user",
    "AWSService": "service",
}
_GIVEN_BY: dict[str, Kind] = {"GetSessionToken": "user session", "GetFederationToken": "federated user"}


@dataclass
class Credential:
    """One access key or session, and what was done with it, oldest first.

    keys: its access keys; several of a session of the console. given_by: the event that handed it out.
    parent: the number of the credential that asked for it. relation: `before` led to the reader's, `after`
    came of them, `beside` came of what led there. unsure: it may be another session's, of the same role, name
    and second.
    """

    number: int
    keys: tuple[str, ...]
    acts: list[Act] = field(default_factory=list)
    given_by: Act | None = None
    parent: int | None = None
    relation: Relation = "reader"
    unsure: bool = False

    @property
    def _one(self) -> Act | None:
        return next((each for each in self.acts if each is not self.given_by), None)

    @property
    def kind(self) -> Kind:
        one, given = self._one, self.given_by
        if one is None:
            if given is None:
                return "somebody outside"
            return "user key" if given.gives_key else _GIVEN_BY.get(given.name, "role session")
        if one.kind == "IAMUser":
            return "user session" if one.session else "user key"
        if not one.kind and one.invoked_by:
            return "service"
        return _KINDS.get(one.kind, "somebody outside")

    @property
    def reader(self) -> str:
        """Who it is, alike in each session; a bare name where only that is known."""
        one, given = self._one, self.given_by
        return one.reader if one else given.gives_to or given.arn if given else ""

    @property
    def session_name(self) -> str:
        one = self._one
        if one is None:
            return self.given_by.session_name if self.given_by else ""
        return one.principal_id.partition(":")[2] if one.kind == "AssumedRole" else ""

    @property
    def account(self) -> str:
        one = self._one
        if one is not None and one.account:
            return one.account
        parts = self.reader.split(":")
        return parts[4] if len(parts) > 5 else ""

    @property
    def is_temporary(self) -> bool:
        return any(each.startswith("ASIA") for each in self.keys) or self.kind in (
            "role session",
            "user session",
            "federated user",
        )

    @property
    def label(self) -> str:
        """Who, in a few words: `role reader, session carol`."""
        name = self.reader.rpartition("/")[2] or self.reader or "nobody named"
        words = {"role session": "role", "user key": "user", "user session": "user"}.get(self.kind, self.kind)
        if self.kind in ("root", "service"):
            return f"{words} {self.reader}" if self.kind == "service" else "root user"
        return f"{words} {name}" + (f", session {self.session_name}" if self.session_name else "")


@dataclass(frozen=True)
class Chain:
    """credentials: roots first, each before those that it asked for. acts: all of theirs, oldest first."""

    credentials: tuple[Credential, ...]
    acts: tuple[Act, ...]

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(key for each in self.credentials for key in each.keys)

    @property
    def sessions(self) -> list[tuple[str, str]]:
        """Sessions that were seen."""
        return list(dict.fromkeys(each.session for each in self.acts if each.session))

    @property
    def without_origin(self) -> tuple[Credential, ...]:
        """Temporary ones for which no event says who asked for them."""
        return tuple(each for each in self.credentials if each.is_temporary and each.given_by is None)

    def numbers(self) -> dict[str, int]:
        """Which credential did it, by the event's id."""
        return {act.event_id: each.number for each in reversed(self.credentials) for act in each.acts}


def unique(acts: Iterable[Act]) -> list[Act]:
    """Each event once, oldest first: files and histories repeat them, in any order."""
    found: dict[str, Act] = {}
    for each in acts:
        found.setdefault(each.event_id, each)
    return sorted(found.values(), key=lambda each: (each.time, each.event_id))


def follow(acts: Iterable[Act], seeds: Iterable[str]) -> Chain:
    """The chains of the events with these ids; an event that names no credentials is a chain by itself."""
    graph = _Graph(unique(acts))
    wanted = set(seeds)
    starts = [each for each in graph.acts if each.event_id in wanted]
    readers = list(dict.fromkeys(graph.node(each) for each in starts))
    reached = graph.connected(readers)
    before, after = graph.ancestors(readers), graph.descendants(readers)
    credentials: list[Credential] = []
    numbers: dict[str, int] = {}
    for node in graph.in_order(reached):
        made = graph.credential(node, len(credentials) + 1)
        numbers[node] = made.number
        parent = graph.parent(node)
        made.parent = numbers.get(parent) if parent else None
        made.relation = (
            "reader"
            if node in readers
            else "before"
            if node in before
            else "after"
            if node in after
            else "beside"
        )
        credentials.append(made)
    for node in graph.unsure(reached):
        credentials.append(graph.credential(node, len(credentials) + 1))
        credentials[-1].relation, credentials[-1].unsure = "beside", True
    found = unique(act for each in credentials for act in each.acts)
    return Chain(tuple(credentials), tuple(found))


class _Graph:
    """Nodes are texts: a key's, a session's, or an event's where it names neither; one stands for a group."""

    def __init__(self, acts: Sequence[Act]) -> None:
        self.acts = acts
        self._givers: dict[str, list[Act]] = defaultdict(list)
        self._same: dict[str, str] = {}
        self._ambiguous: dict[str, set[str]] = defaultdict(set)
        for each in acts:
            if each.gives and each.gives != each.key:
                self._givers[each.gives].append(each)
        self._join_sessions()
        self._join_sign_ins()
        self._members: dict[str, list[Act]] = defaultdict(list)
        self._keys: dict[str, dict[str, None]] = defaultdict(dict)
        self._children: dict[str, dict[str, None]] = defaultdict(dict)
        self._parents: dict[str, dict[str, Act]] = defaultdict(dict)
        self._makers: dict[str, tuple[str, Act]] = {}
        self._link()

    def node(self, act: Act) -> str:
        return self._group(self._own(act))

    def _own(self, act: Act) -> str:
        if act.key:
            return f"key {act.key}"
        return f"session {act.session}" if act.session else f"event {act.event_id}"

    def _group(self, node: str) -> str:
        return self._same.get(node, node)

    def _join_sessions(self) -> None:
        of_session: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for each in self.acts:
            if each.session:
                of_session[each.session][self._own(each)] = None
        for nodes in of_session.values():
            given = [each for each in nodes if each.startswith("key ") and each[4:] in self._givers]
            rest = [each for each in nodes if each not in given]
            joined = rest if len(given) > 1 else [*given, *rest]
            for node in joined:
                self._same[node] = joined[0]
            if len(given) > 1 and rest:
                for node in given:
                    self._ambiguous[node].add(rest[0])

    def _join_sign_ins(self) -> None:
        """A sign-in to the console has no key: its session begins with it."""
        sessions: dict[str, list[Act]] = defaultdict(list)
        signed_in = [each for each in self.acts if each.name == "ConsoleLogin" and not each.error]
        if not signed_in:
            return
        for each in self.acts:
            if each.session and each.name != "ConsoleLogin":
                sessions[each.principal_id].append(each)
        for each in signed_in:
            if each.key or each.session:
                continue
            for other in sessions[each.principal_id]:
                if other.began and abs(other.began - each.time) <= _AT_SIGN_IN:
                    self._same[self._own(each)] = self.node(other)
                    break

    def _link(self) -> None:
        for each in self.acts:
            node = self.node(each)
            self._members[node].append(each)
            if each.key:
                self._keys[node][each.key] = None
            if each.gives and each.gives != each.key:
                child = self._group(f"key {each.gives}")
                self._keys[child][each.gives] = None
                if child == node:
                    continue
                self._children[node][child] = None
                if each.gives_key:
                    self._makers[child] = (node, each)
                else:
                    self._parents[child].setdefault(node, each)

    def parent(self, node: str) -> str | None:
        """Of several copies of an event in several accounts, the one that names its caller's credentials."""
        found = self._parents.get(node, {})
        named = [each for each in found if not each.startswith("event ")]
        maker = self._makers.get(node)
        return next(iter(named or found), maker[0] if maker else None)

    def connected(self, nodes: Iterable[str]) -> set[str]:
        return self._walk(nodes, lambda node: [*self._children.get(node, ()), *self._parents.get(node, ())])

    def ancestors(self, nodes: Iterable[str]) -> set[str]:
        return self._walk(nodes, lambda node: list(self._parents.get(node, ())))

    def descendants(self, nodes: Iterable[str]) -> set[str]:
        return self._walk(nodes, lambda node: list(self._children.get(node, ())))

    def unsure(self, reached: set[str]) -> list[str]:
        found = {self._group(rest) for node in reached for rest in self._ambiguous.get(node, ())}
        return sorted(found - reached)

    @staticmethod
    def _walk(nodes: Iterable[str], next_of: Callable[[str], list[str]]) -> set[str]:
        found, todo = set(nodes), list(nodes)
        while todo:
            for each in next_of(todo.pop()):
                if each not in found:
                    found.add(each)
                    todo.append(each)
        return found

    def in_order(self, reached: set[str]) -> list[str]:
        """Parents before children, else by time; also where forged events make a circle of them."""

        def began(node: str) -> tuple[str, str]:
            times = [each.time for each in self._members.get(node, ())]
            times += [each.time for each in self._parents.get(node, {}).values()]
            return (min(times).isoformat() if times else "", node)

        order: dict[str, None] = {}
        roots = [each for each in sorted(reached, key=began) if self.parent(each) not in reached]
        for start in [*roots, *sorted(reached, key=began)]:
            todo = [start]
            while todo:
                node = todo.pop()
                if node in order:
                    continue
                order[node] = None
                todo += sorted(
                    (each for each in self._children.get(node, ()) if each in reached),
                    key=began,
                    reverse=True,
                )
        return list(order)

    def credential(self, node: str, number: int) -> Credential:
        parent = self.parent(node)
        given = self._parents.get(node, {}).get(parent) if parent else None
        if given is None and node in self._makers:
            given = self._makers[node][1]
        if given is None:
            signed_in = [each for each in self._members.get(node, ()) if each.name == "ConsoleLogin"]
            given = signed_in[0] if signed_in else None
        return Credential(number, tuple(self._keys.get(node, ())), list(self._members.get(node, ())), given)
