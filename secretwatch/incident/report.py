"""An incident as data: what a terminal, a page, a ticket and a program are shown of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from secretwatch import secretid
from secretwatch.incident import contain
from secretwatch.incident.act import Act, iso
from secretwatch.incident.chain import Chain, Credential, follow, unique
from secretwatch.incident.timeline import (
    Entry,
    Place,
    SecretRead,
    is_secret_read,
    places,
    secrets_read,
    timeline,
)
from secretwatch.incident.usual import Usual, usual


@dataclass(frozen=True)
class Subject:
    """What is known of the watch; all of it may be empty, as where files are read. watched: its secrets."""

    name: str = ""
    account: str | None = None
    region: str | None = None
    alarm_name: str = ""
    watched: tuple[str, ...] = ()
    organization: bool = False


@dataclass(frozen=True)
class Report:
    """made: when; begin, end: between which times events were looked at. rang: the reads that rang, oldest
    first. unknown: sentences, each about something that this report does not know."""

    subject: Subject
    made: datetime
    begin: datetime
    end: datetime
    alarm_time: datetime | None
    rang: tuple[Act, ...]
    chain: Chain
    entries: tuple[Entry, ...]
    secrets: tuple[SecretRead, ...]
    places: tuple[Place, ...]
    usual: tuple[Usual, ...]
    steps: tuple[contain.Step, ...]
    unknown: tuple[str, ...] = field(default=())

    @property
    def first(self) -> Act:
        """The first act of any of these credentials."""
        return self.chain.acts[0]

    @property
    def headline(self) -> str:
        """What somebody who reads no further has to know."""
        who = ", ".join(dict.fromkeys(each.label for each in self.readers)) or "somebody unknown"
        count = len(self.rang)
        times = "read a secret once" if count == 1 else f"read secrets {count} times"
        if not all(map(is_secret_read, self.rang)):
            calls = ", ".join(dict.fromkeys(each.call for each in self.rang))
            times = f"called {calls} {'once' if count == 1 else f'{count} times'}"
        got = sum(not each.error for each in self.rang)
        end = "" if got == len(self.rang) else f" and was refused {len(self.rang) - got} of these"
        if not got:
            end = ", and was refused"
        return f"{who} {times}{end}, first at {self.rang[0].time:%d %b %Y %H:%M:%S} UTC"

    @property
    def readers(self) -> tuple[Credential, ...]:
        return tuple(each for each in self.chain.credentials if each.relation == "reader")

    def as_dict(self) -> dict[str, Any]:
        """JSON types only. Each event of the chain is in `events`, by its id."""
        numbers = self.chain.numbers()
        return {
            "made": _iso(self.made),
            "watch": self.subject.name,
            "account_id": self.subject.account,
            "region": self.subject.region,
            "alarm": self.subject.alarm_name,
            "alarm_time": _iso(self.alarm_time),
            "begin": _iso(self.begin),
            "end": _iso(self.end),
            "summary": self.headline,
            "rang": [each.event_id for each in self.rang],
            "first_seen": {
                "time": _iso(self.first.time),
                "address": self.first.address,
                "call": self.first.call,
            },
            "credentials": [_credential(each) for each in self.chain.credentials],
            "secrets": [_secret(each) for each in self.secrets],
            "places": [
                {
                    "address": each.address,
                    "user_agents": each.agents,
                    "events": len(each.acts),
                    "first": _iso(each.begin),
                    "last": _iso(each.end),
                }
                for each in self.places
            ],
            "usual": [
                {
                    "reader": each.reader,
                    "verdict": each.verdict,
                    "since": _iso(each.since),
                    "reads": each.count,
                    "days": each.days,
                    "first": _iso(each.first),
                    "last": _iso(each.last),
                    "addresses": list(each.addresses),
                    "new_addresses": list(each.new),
                }
                for each in self.usual
            ],
            "events": [
                {
                    "eventID": act.event_id,
                    "eventTime": _iso(act.time),
                    "awsRegion": act.region,
                    "eventSource": act.source,
                    "eventName": act.name,
                    "errorCode": act.error or None,
                    "sourceIPAddress": act.address,
                    "userAgent": act.agent,
                    "accessKeyId": act.key or None,
                    "about": act.about,
                    "mark": entry.mark,
                    "credential": numbers.get(act.event_id),
                }
                for entry in self.entries
                for act in entry.acts
            ],
            "steps": [
                {"title": each.title, "note": each.note, "command": each.command or None}
                for each in self.steps
            ],
            "unknown": list(self.unknown),
        }

    def at(self, endpoint: str | None) -> Report:
        """With commands that go there, if that is not AWS itself, from any shell."""
        return replace(self, steps=tuple(each.at(endpoint) for each in self.steps)) if endpoint else self


def report(
    acts: Iterable[Act],
    rang: Iterable[str],
    *,
    subject: Subject,
    made: datetime,
    begin: datetime,
    end: datetime,
    alarm_time: datetime | None = None,
    earlier: Iterable[Act] = (),
    since: datetime | None = None,
    unknown: Sequence[str] = (),
) -> Report:
    """acts: all that is known, in any order, also twice. rang: ids of the events that rang; one of them at
    least is among the acts. begin, end: what happened outside is left out, but for what rang and what handed
    out a session that was used inside. earlier: reads of the past, since then."""
    wanted = set(rang)
    known = unique(acts)
    kept = _within(known, wanted, begin, end)
    chain = follow(kept, wanted)
    seeds = tuple(each for each in chain.acts if each.event_id in wanted)
    secrets = secrets_read(chain.acts, subject.watched, subject.account, organization=subject.organization)
    return Report(
        subject,
        made,
        begin,
        end,
        alarm_time,
        seeds,
        chain,
        tuple(timeline(chain.acts, chain.numbers(), {each.event_id for each in seeds})),
        tuple(secrets),
        tuple(places(chain.acts)),
        tuple(usual(seeds, earlier, since, {each.event_id for each in chain.acts})),
        tuple(contain.steps(chain.credentials, secrets, made, subject.account)),
        (*unknown, *_unknown(chain, secrets)),
    )


def _within(acts: Sequence[Act], rang: Collection[str], begin: datetime, end: datetime) -> list[Act]:
    """The acts of a time, and before it those that handed out the sessions in it."""
    kept = {each.event_id: each for each in acts if begin <= each.time <= end or each.event_id in rang}
    givers: dict[str, list[Act]] = {}
    for each in acts:
        if each.gives and not each.gives_key and each.time < begin:
            givers.setdefault(each.gives, []).append(each)
    todo = [each.key for each in kept.values()]
    while todo:
        for giver in givers.pop(todo.pop(), ()):
            kept[giver.event_id] = giver
            todo.append(giver.key)
    return list(kept.values())


def _unknown(chain: Chain, secrets: Sequence[SecretRead]) -> list[str]:
    """What the events themselves leave open."""
    found = []
    for each in chain.without_origin:
        key = ", ".join(each.keys) or "no key"
        found.append(
            f"It is not known who took {each.label} ({key}): no event that was looked at handed it out."
        )
    for each in chain.credentials:
        if each.given_by and each.given_by.gives_key and each.parent is None:
            made = each.given_by
            found.append(
                f"{each.keys[0]} was made by {made.reader or 'nobody named'} at "
                f"{made.time:%d %b %H:%M:%S} UTC. This report does not look at that caller's other "
                f"calls: begin with --event-id {made.event_id} if that key should not exist."
            )
    if any(each.unsure for each in chain.credentials):
        found.append(
            "Two sessions of one role began in the same second under the same name: an event that "
            "names no access key can be of either session, and is marked."
        )
    if any(each.kind == "somebody outside" and not each.keys for each in chain.credentials):
        found.append(
            "If a caller is of another account or identity provider, its calls there are not recorded here."
        )
    if any(not each.name for each in secrets):
        found.append("Reads by filter do not say which secrets they returned: it could be any secret.")
    for one in secrets:
        if one.also:
            found.append(
                f"{one.ids[0]} may also stand for a secret named {', '.join(one.also)}: its end may be the "
                "suffix, or part of the name."
            )
        elif one.watched is secretid.Answer.UNSURE and one.name:
            found.append(f"It is not certain whether {one.name} is one of the watch's secrets.")
    return found


def _credential(each: Credential) -> dict[str, Any]:
    return {
        "number": each.number,
        "who": each.label,
        "kind": each.kind,
        "reader": each.reader,
        "access_keys": list(each.keys),
        "account_id": each.account,
        "relation": each.relation,
        "unsure": each.unsure,
        "from": each.parent,
        "given_by": _given(each.given_by),
        "events": len(each.acts),
        "first": _iso(each.acts[0].time) if each.acts else None,
        "last": _iso(each.acts[-1].time) if each.acts else None,
        "source_identity": next((act.source_identity for act in each.acts if act.source_identity), ""),
    }


def _given(act: Act | None) -> dict[str, Any] | None:
    if act is None:
        return None
    named = {"eventID": act.event_id, "eventName": act.name, "eventTime": _iso(act.time)}
    return {**named, "by": act.reader, "sourceIPAddress": act.address}


def _secret(each: SecretRead) -> dict[str, Any]:
    return {
        "name": each.name or None,
        "account_id": each.account,
        "ids": each.ids,
        "also": each.also,
        "watched": each.watched.value if each.watched else None,
        "reads": len(each.acts),
        "refused": each.refused,
        "first": _iso(each.acts[0].time),
        "last": _iso(each.acts[-1].time),
    }


def _iso(at: datetime | None) -> str | None:
    return iso(at) if at else None
