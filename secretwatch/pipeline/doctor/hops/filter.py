"""Hop 4: the metric filters: on the trail's log group, matching what has to ring, feeding the alarm.

Of several filters that feed one metric, one has to match. Where it is known what was applied, what is there
has to count the same (`applied_filters`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from secretwatch import secretid
from secretwatch.cloudtrail import Event
from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.calls import Person, Step
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops import never
from secretwatch.pipeline.doctor.hops.applied_filters import as_applied
from secretwatch.pipeline.doctor.hops.filter_masking import masks
from secretwatch.pipeline.doctor.hops.filter_missing import (
    say_missing,
    say_no_filter,
    say_no_group,
    say_other_metric,
)
from secretwatch.pipeline.doctor.hops.secrets import are_there, made_anew
from secretwatch.pipeline.doctor.kinds import alarms, filters
from secretwatch.pipeline.doctor.kinds.filters import id_of
from secretwatch.pipeline.doctor.patterns import mended, pattern_for
from secretwatch.pipeline.doctor.sentences import described, is_on_purpose, metric_named, said, what_rings
from secretwatch.pipeline.doctor.view import Metric, View, emission, parsed

NAME = "filter"
SERVICES_OWN = "AWS/"


def examine(view: View) -> Hop:
    hop = Hop(NAME)
    metric = view.metric
    if metric and metric[0].startswith(SERVICES_OWN):
        hop.note = f"{metric_named(metric)} is a service's own metric: no filter has to feed it."
        return hop
    if view.alarm and metric is None:
        hop.note = "The alarm is on several metrics."
        hop.not_reached("The doctor does not follow the filters of an alarm on several metrics.")
        return hop
    if metric is None and (unknown := view.account.unknown.get(Ref("alarm", view.alarm_name or ""))):
        hop.cannot_tell("permission", f"What the alarm watches cannot be told: {unknown.missing}.")
        return hop
    if view.group is None:
        say_no_group(hop, view)
        return hop
    if view.account.lacks("log group", view.group):
        hop.not_reached("Without the log group there is no metric filter on it.")
        return hop
    if unknown := view.account.unknown.get(Ref("filters", view.group)):
        hop.cannot_tell("permission", f"Metric filters cannot be looked at: {unknown.missing}.")
        return hop
    if view.intent and view.applied_filters():
        as_applied(hop, view)
    else:
        _as_found(hop, view)
    if masks(hop, view):
        return hop
    are_there(hop, view)
    names = ", ".join(each["filterName"] for each in view.emitting(metric)[:4])
    is_read = view.followed and view.subject.is_about_secrets
    what = "the read" if is_read else described(view.examples[0]) if view.followed else "what has to ring"
    hop.note = f"{names} on {view.group} matches {what}, and emits what the alarm watches."
    return hop


def _as_found(hop: Hop, view: View) -> None:
    metric = view.metric
    assert view.group
    subject = view.subject
    own = [each for each in view.filters() if each["filterName"] in subject.filter_names]
    emitting = view.emitting(metric)
    of_the_watch = [*own, *(each for each in emitting if each not in own)]
    say_missing(hop, view, own, metric)
    if own and not emitting and metric:
        say_other_metric(hop, view, own[0], metric)
    if not of_the_watch and not hop.findings:
        say_no_filter(hop, view, metric)
        return
    if of_the_watch:
        _match(hop, view, emitting or of_the_watch, metric)


def _match(hop: Hop, view: View, those: list[Thing], metric: Metric | None) -> None:
    of_secrets = view.subject.is_about_secrets
    is_unknown = not view.examples or (of_secrets and not view.followed and not view.subject.secrets)
    if is_unknown or not of_secrets:
        never.examine(hop, view, those)
    if is_unknown:
        return
    known = [each for each in those if view.matches(each, view.examples[0]) is not None]
    if not known:
        hop.cannot_tell(
            "pattern-unknown", f"The doctor does not understand the pattern of {those[0]['filterName']}."
        )
        return
    for event in view.examples:
        matching = [each for each in known if view.matches(each, event)]
        if not matching and not view.subject.is_about_secrets:
            continue  # an example of another filter of it
        if matching:
            problems = [_emission(view, each, metric, event) for each in matching]
            if metric and all(problems):
                cause, sentence, steps, ref = next(each for each in problems if each)
                hop.broken(cause, sentence, *steps, ref=ref)
                return
        else:
            _rejected(hop, view, known, event)
            return


def _rejected(hop: Hop, view: View, those: list[Thing], event: Event) -> None:
    text = view.text_of(event)
    obstacles = {}
    for each in those:
        pattern = parsed(each.get("filterPattern") or "")
        obstacles[each["filterName"]] = pattern.obstacles(text) if pattern else []
    nearest = min(those, key=lambda each: len(obstacles[each["filterName"]]) or 99)
    name, failing = nearest["filterName"], obstacles[nearest["filterName"]]
    is_the_read = view.followed and event is view.examples[0]
    applied = dict(zip(view.subject.filter_names, view.subject.filter_patterns, strict=False)).get(name)
    was = parsed(applied) if applied else None
    if is_on_purpose(failing) and not (was and was.matches(text)):
        # The exception itself, where there is one, says most.
        reason = next((each for each in failing if "!=" in each.condition), failing[0])
        hop.warning(
            "left-out",
            f"{name} leaves this read out because of its caller or its outcome: {said(reason)}.",
            stops=True,
        )
        return
    what = "the read" if is_the_read else f"a read of {', '.join(secretid.asked_for(event))} as it would be"
    why = "; ".join(said(each) for each in failing[:3]) or "its pattern is about something else"
    one_of = " one of these would have to hold:" if len(failing) > 1 else ""
    unsure = "" if view.subject.secrets else " If another secret is watched, name it with --secret."
    unsure += made_anew(view, event) if is_the_read else ""
    hop.broken(
        "pattern",
        f"{name} does not match {what}:{one_of} {why}.{unsure}",
        filters.put(nearest, filterPattern=better)
        if (better := _better(view, nearest, event)) is not None
        else Person("Which secret is meant? Say it with --secret."),
        ref=Ref("filter", id_of(view.group or "", name)),
    )


def _better(view: View, metric_filter: Thing, event: Event) -> str | None:
    """A pattern that matches the read: the watch's own where it does, else one with its slip put right.

    Else one made for the watched secrets, where those are said. None where nobody knows what was meant.
    """
    subject = view.subject
    text = view.text_of(event)
    for name, written in zip(subject.filter_names, subject.filter_patterns, strict=False):
        pattern = parsed(written)
        if name == metric_filter["filterName"] and pattern and pattern.matches(text):
            return written
    if put_right := mended(metric_filter.get("filterPattern") or "", event):
        return put_right
    asked = secretid.asked_for(event)
    secrets = [each for each in subject.secrets if any(secretid.answer(each, one).rings for one in asked)]
    if secrets or subject.secrets:
        return pattern_for(secrets or subject.secrets, subject.event_names)
    names_none = "secretId" not in (metric_filter.get("filterPattern") or "")
    return pattern_for((), subject.event_names) if names_none else None


def is_left_out(view: View) -> bool:
    """Whether the watch leaves out, on purpose, who made the read that is followed, or how it ended."""
    if not view.examples:
        return False
    text = view.text_of(view.examples[0])
    metric = view.applied_metric() or view.metric
    those = view.applied_filters() or view.emitting(metric)
    patterns = [found for each in those if (found := parsed(each.get("filterPattern") or ""))]
    if view.intent:
        return bool(patterns) and not any(each.matches(text) for each in patterns)
    failing = [each.obstacles(text) for each in patterns]
    return bool(failing) and all(failing) and any(is_on_purpose(each) for each in failing)


Problem = tuple[str, str, list[Step], Ref]


def _emission(view: View, each: Thing, metric: Metric | None, event: Event) -> Problem | None:
    """Cause, sentence, mend and thing where a filter that matches does not count for the alarm."""
    name = each["filterName"]
    given = emission(each, metric) if metric else None
    if given is None or metric is None:
        return None  # said already
    ref = Ref("filter", id_of(view.group or "", name))
    counted = view.counts(each, metric, event)
    if counted is None:
        return (
            "value-missing",
            f"{name} counts with the value of {given['metricValue']}, which the read does not have: nothing "
            "is counted.",
            [filters.put(each, metricValue="1")]
            if view.subject.is_about_secrets
            else [Person(f"Is {given['metricValue']} written as the event has it, in upper and lower case?")],
            ref,
        )
    value, emitted, _ = counted
    # Below zero something may be counted on purpose, for an alarm on what is less.
    below = str((view.alarm or {}).get("ComparisonOperator")).startswith("LessThan")
    if value <= 0 and not (value < 0 and below and not view.subject.known):
        sentence = f"{name} counts each {what_rings(view)} as {value:g}."
        return "value-zero", sentence, [filters.put(each, metricValue="1")], ref
    watched = view.dimensions
    if view.alarm is None or watched == emitted:
        return None
    step: Step
    if not given.get("dimensions"):
        step = alarms.put(view.alarm, Dimensions=None)
    elif view.subject.known:
        step = filters.put(each, dimensions=None)
    else:
        # Another alarm may watch it with its dimensions.
        step = Person("Give this alarm the dimensions that the filter emits, or a filter of its own.")
    return (
        "other-dimensions",
        f"{name} emits its metric with {_named(emitted)}, and the alarm watches it with {_named(watched)}: "
        "for CloudWatch these are two metrics.",
        [step],
        ref if given.get("dimensions") else Ref("alarm", view.alarm_name or ""),
    )


def _named(dimensions: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in dimensions.items()) or "no dimensions"
