"""A report's lines in words, for a terminal and a ticket. Callers' text stands in them as it is."""

from __future__ import annotations

from datetime import datetime

from secretwatch import secretid
from secretwatch.incident.chain import Credential
from secretwatch.incident.report import Report
from secretwatch.incident.timeline import Entry, Place, SecretRead

RELATIONS = {
    "reader": "read",
    "before": "led to the reader",
    "after": "came from the reader",
    "beside": "of the same chain",
}
_WATCHED = {
    secretid.Answer.YES: "watched",
    secretid.Answer.UNSURE: "may be watched",
    secretid.Answer.NO: "not watched",
}
_AGENTS = 2
_LONGEST = 80


def about(report: Report) -> str:
    subject = report.subject
    where = ", ".join(filter(None, (subject.account and f"account {subject.account}", subject.region)))
    rang = f"; the alarm rang at {at(report.alarm_time)}" if report.alarm_time else ""
    return f"{where}; events from {day(report.begin)} to {day(report.end)} UTC{rang}."


def first(report: Report) -> str:
    one = report.first
    return f"{at(one.time)}, {one.call} from {one.address or 'no address'}"


def credential(each: Credential) -> str:
    """Who, which key, where from, when."""
    return f"{each.label} {details(each)}"


def details(each: Credential) -> str:
    """The same without who it is."""
    keys = ", ".join(each.keys) or "no access key"
    given = each.given_by
    origin = ""
    if given:
        source = f" by {each.parent or given.reader or 'nobody named'}"
        how = "made" if given.gives_key else "handed out"
        origin = f"; {how} at {at(given.time)} in {given.name}{source}"
    done = "no call of it was seen"
    if each.acts:
        count = f"{len(each.acts)} event{'s' if len(each.acts) != 1 else ''}"
        done = f"{count}, {at(each.acts[0].time)} to {at(each.acts[-1].time)}"
    unsure = "; it may be another session's" if each.unsure else ""
    mfa = "; with MFA" if any(act.mfa == "true" for act in each.acts) else ""
    identity = next((act.source_identity for act in each.acts if act.source_identity), "")
    named = f"; source identity {identity}" if identity else ""
    return f"({keys}) {RELATIONS[each.relation]}{origin}; {done}{mfa}{named}{unsure}"


def secret(each: SecretRead) -> str:
    name = each.name or f"any secret of account {each.account or 'unknown'}: it was asked for by filter"
    times = f"{len(each.acts)} read{'s' if len(each.acts) != 1 else ''}"
    refused = f", {each.refused} refused" if each.refused else ""
    watched = f", {_WATCHED[each.watched]}" if each.watched else ""
    also = f"; may also be {', '.join(each.also)}" if each.also else ""
    return f"{name}: {times}{refused}{watched}, first at {at(each.acts[0].time)}{also}"


def place(each: Place) -> str:
    agents = ", ".join(map(short, each.agents[:_AGENTS])) or "no user agent"
    more = f" and {len(each.agents) - _AGENTS} more" if len(each.agents) > _AGENTS else ""
    return (
        f"{each.address or 'no address'}: {len(each.acts)} events, {at(each.begin)} to {at(each.end)}, as "
        f"{agents}{more}"
    )


def short(text: str, most: int = _LONGEST) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def entry(each: Entry) -> str:
    """What was done, how often, with what result."""
    times = f" {len(each.acts)} times" if len(each.acts) > 1 else ""
    error = f" {each.error}" if each.error else ""
    named = f": {each.about}" if each.about else ""
    return f"{each.call}{times}{error}{named}"


def day(time: datetime) -> str:
    return f"{time:%d %b %Y %H:%M}"


def at(time: datetime | None) -> str:
    return f"{time:%d %b %H:%M:%S}" if time else "an unknown time"
