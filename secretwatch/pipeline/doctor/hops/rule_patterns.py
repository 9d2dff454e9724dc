"""What a rule's pattern matches, held against what it was applied to match: by events that there can be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from secretwatch.cloudtrail.sign_in import DETAIL_TYPE as SIGN_IN
from secretwatch.eventpattern import EventPattern, InvalidEventPattern
from secretwatch.eventpattern.examples import OTHER, examples, trials
from secretwatch.pipeline.doctor import names
from secretwatch.pipeline.doctor.account import Ref
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.applied_filters import may_be
from secretwatch.pipeline.doctor.reads import real, whole
from secretwatch.pipeline.doctor.view import View

_DETAIL_TYPES = {
    "AWS API Call via CloudTrail",
    "AWS Console Action via CloudTrail",
    "AWS Insight via CloudTrail",
    "AWS Service Event via CloudTrail",
    SIGN_IN,
}
"""https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-cloudtrail.html"""
_OTHERS: dict[str, frozenset[str]] = {
    "ec2.amazonaws.com": frozenset({"DescribeInstances", "RunInstances"}),
    "iam.amazonaws.com": frozenset({"CreateUser", "ListUsers"}),
}
"""Services that stand for all to which a pattern may have been widened."""
_FEW = 4
Event = dict[str, Any]


def told_apart(hop: Hop, view: View, ref: Ref) -> None:
    """A rule's pattern that does not match what it was applied to match, or more."""
    live, wanted = view.account.get("rule", ref.id), view.applied("rule", ref.id)
    if not live or not wanted or not wanted.get("EventPattern"):
        return
    there, meant = pattern_of(live.get("EventPattern") or "{}"), pattern_of(wanted["EventPattern"])
    steps = [*view.terraform(ref), *view.restore(ref)]
    if not live.get("EventPattern"):
        hop.broken(
            "rule-pattern", f"The rule {ref.id} has no pattern any more.", *steps, ref=ref, stops=False
        )
        return
    if meant is None or there == meant:
        return
    if there is None:
        hop.broken(
            "rule-pattern",
            f"The pattern of the rule {ref.id} is invalid: EventBridge does not take it.",
            *steps,
            ref=ref,
        )
        return
    here = {"account": view.account.account_id}
    own = [envelope(each, view.account.account_id) for each in view.examples]
    for event in chain(trials([meant, there], own), _neighbours(meant, there, own)):
        # To the bus that the rule is on only calls of its account come, from other regions as well.
        event = {"region": view.account.region, **here, **event}
        made = event.get("detail") or {}
        if not _there_is(event, meant, there):
            continue
        detail = real(made) if may_be(made) else None
        if detail is None:
            continue
        is_a_call = str(event.get("detail-type", "")).endswith("via CloudTrail")
        event["detail"] = whole(detail) if is_a_call else detail
        if meant.matches(event) == there.matches(event) or not here.items() <= event.items():
            continue
        missed = meant.matches(event)
        why = why_not(live["EventPattern"], event) if missed else ""
        what = str(made.get("eventName") or f"events of {made.get('eventSource') or 'others'}")
        changed = f"The rule {ref.id} was changed since it was applied"
        sentence = (
            f"{changed}, and does not match {what} any more{why}."
            if missed
            else f"{changed}: it matches events that it should not, such as {what}."
        )
        hop.broken("rule-pattern", sentence, *steps, ref=ref, stops=False)
        return


def _neighbours(meant: EventPattern, there: EventPattern, own: list[Event]) -> Iterator[Event]:
    """Calls of the same services by other names, and of others: where a pattern asks for the beginning of a
    name, for one in any letters, or for none any more, only names that there are tell what it takes in.
    """
    paths = ("detail.eventName", "detail.eventSource", "source")
    if not own or not any(_asks_otherwise(meant, there, each) for each in paths):
        return
    sources = {*_sources(meant), *_sources(there)}
    calls = {each: names.calls_of(each) for each in sorted(sources)} | _OTHERS
    # What else a pattern asks for holds in its own examples.
    for base in (own[0], *islice(examples(meant, {"detail": {}}), _FEW)):
        for source, of_it in calls.items():
            detail = {**base["detail"], "eventSource": source}
            for name in sorted(of_it):
                yield {
                    **base,
                    "source": f"aws.{source.partition('.')[0]}",
                    "detail": {**detail, "eventName": name},
                }


def _asks_otherwise(meant: EventPattern, there: EventPattern, path: str) -> bool:
    """Whether it asks for something else than values written out, or not at all where it did."""
    if any(path in branch for branch in meant.branches) and not all(
        path in branch for branch in there.branches
    ):
        return True
    return any(not isinstance(each.source, str) for branch in there.branches for each in branch.get(path, ()))


def _there_is(event: Mapping[str, Any], meant: EventPattern, there: EventPattern) -> bool:
    """Whether there may be such an event: AWS's names are what they are, in their own letters.

    What the applied pattern writes out is one, and so is what the other does, but for one in other letters.
    """
    detail = event.get("detail") or {}
    service = detail.get("eventSource")
    if service is None and str(event.get("source")).startswith("aws."):
        service = f"{str(event['source']).removeprefix('aws.')}.amazonaws.com"
    calls = names.calls_of(str(service)) if service else frozenset()
    own = [*_OTHERS, *([str(detail["eventSource"])] if "eventSource" in detail else ())]
    of_source = {f"aws.{each.partition('.')[0]}" for each in own}
    known: list[tuple[str, Any, set[str] | frozenset[str]]] = [
        ("detail-type", event.get("detail-type"), _DETAIL_TYPES),
        ("detail.eventSource", detail.get("eventSource"), {*_OTHERS, *_sources(meant)}),
        ("source", event.get("source"), of_source),
    ]
    if calls:
        known.append(("detail.eventName", detail.get("eventName"), calls))
    if not all(_is_name(*each, meant, there) for each in known):
        return False
    consistent = f"aws.{str(service).partition('.')[0]}"
    return not (str(service).endswith(".amazonaws.com") and event.get("source") not in (None, consistent))


def _sources(pattern: EventPattern) -> set[str]:
    """The event sources that a pattern writes out, by one field or the other."""
    named = {each.removeprefix("aws.") for each in _written(pattern, "source") if each.startswith("aws.")}
    return _written(pattern, "detail.eventSource") | {f"{each}.amazonaws.com" for each in named}


def _is_name(
    path: str, value: Any, usual: set[str] | frozenset[str], meant: EventPattern, there: EventPattern
) -> bool:
    # One that stands for all others is as good as theirs.
    if value in (None, OTHER) or value in usual:
        return True
    own = _written(meant, path)
    if value in own:
        return True
    letters = {each.casefold() for each in (*usual, *own)}
    return value in _written(there, path) and str(value).casefold() not in letters


def _written(pattern: EventPattern, path: str) -> set[str]:
    """The values that a pattern writes out at a path."""
    return {
        each.source
        for branch in pattern.branches
        for each in branch.get(path, ())
        if isinstance(each.source, str)
    }


@lru_cache(maxsize=256)
def pattern_of(text: str) -> EventPattern | None:
    try:
        return EventPattern.parse(text)
    except InvalidEventPattern:
        return None


def envelope(event: Mapping[str, Any], account_id: str) -> dict[str, Any]:
    """A CloudTrail event as EventBridge shows it to rules."""
    return {
        "version": "0",
        "id": event.get("eventID"),
        "detail-type": "AWS API Call via CloudTrail",
        "source": f"aws.{str(event.get('eventSource') or '').partition('.')[0]}",
        "account": account_id,
        "time": event.get("eventTime"),
        "region": event.get("awsRegion"),
        "resources": [],
        "detail": dict(event),
    }


def why_not(text: str, event: Any) -> str:
    """The first condition of a pattern that the event does not satisfy, by itself."""
    return _mismatch(json.loads(text), event)


def _mismatch(pattern: Any, event: Any, path: str = "") -> str:
    for name, wanted in pattern.items() if isinstance(pattern, dict) else ():
        here = f"{path}.{name}" if path else name
        value = event.get(name) if isinstance(event, dict) else None
        if isinstance(wanted, dict):
            if found := _mismatch(wanted, value, here):
                return found
        elif name == "$or":
            reasons = [_mismatch(each, event, path) for each in wanted]
            if all(reasons):
                return f"{'; and'.join(dict.fromkeys(reasons))}"
        elif isinstance(wanted, list) and not name.startswith("$"):
            alone = pattern_of(json.dumps({name: wanted}))
            if alone and not alone.matches({} if value is None else {name: value}):
                saw, wants = (json.dumps(each, ensure_ascii=False) for each in (value, wanted))
                return f": {here} is {saw}, and it wants {wants}"
    return ""
