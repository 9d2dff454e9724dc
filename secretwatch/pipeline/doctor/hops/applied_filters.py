"""Of hop 4: metric filters that were applied: what is there has to count the same.

That is tried on events made from both patterns, not read off their texts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import chain
from typing import Any

from secretwatch.cloudtrail import Event
from secretwatch.filterpattern.examples import trials
from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.calls import Call, Step
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.differing import differing
from secretwatch.pipeline.doctor.hops.secrets import say_made_anew
from secretwatch.pipeline.doctor.kinds import filters
from secretwatch.pipeline.doctor.kinds.filters import id_of
from secretwatch.pipeline.doctor.names import calls
from secretwatch.pipeline.doctor.reads import SOURCE, real, whole
from secretwatch.pipeline.doctor.sentences import described, metric_named, said
from secretwatch.pipeline.doctor.view import Metric, View, emission, parsed

_SOME = 3


def as_applied(hop: Hop, view: View) -> None:
    assert view.intent
    ids = view.intent.of("filter", "ring")
    metric = view.applied_metric() or view.metric
    assert metric
    changed = view.differing()
    touched = [Ref("filter", id) for id in ids if Ref("filter", id) in changed]
    wanted, live = view.applied_filters(), view.emitting(metric)
    others = [each for each in live if id_of(view.group or "", each["filterName"]) not in ids]
    _fed_elsewhere(hop, view, metric)
    if not touched and not others:
        say_made_anew(hop, view)
        _left_out(hop, view, wanted)
        return
    first = touched[0] if touched else None
    steps = [*view.terraform(*touched), *(step for ref in touched for step in view.restore(ref))]
    found = _told_apart(view, metric, wanted, live)
    if found is None:
        for ref in touched:
            if any(each.member not in ("", "filterPattern") for each in changed[ref]):
                continue  # it counts the same, and emits otherwise: said below
            name = filters.parts(ref.id)[1]
            there = "is not there" if not changed[ref][0].member else "has another pattern than was applied"
            hop.warning(
                "filter-renamed",
                f"The metric filter {name} {there}; the doctor tried its events, and the count is the same.",
                *view.terraform(ref),
                ref=None,
            )
        rest = [
            ref for ref in touched if any(each.member not in ("", "filterPattern") for each in changed[ref])
        ]
        differing(hop, view, rest, stops=False)
        say_made_anew(hop, view)
        _left_out(hop, view, wanted)
        return
    event, is_missed = found
    if is_missed:
        missing = [ref for ref in touched if not changed[ref][0].member]
        if missing and len(missing) == len(touched):
            names = ", ".join(filters.parts(ref.id)[1] for ref in missing)
            elsewhere = view.emitting_elsewhere(metric)
            if elsewhere:
                hop.broken(
                    "filter-on-another-group",
                    f"The metric filter {elsewhere['filterName']} is on {elsewhere['logGroupName']}, and the "
                    f"trail delivers to {view.group}.",
                    *steps,
                    ref=first,
                )
            else:
                hop.broken(
                    "filter-deleted",
                    f"The metric filter {names} does not exist on {view.group}.",
                    *steps,
                    ref=first,
                )
            return
        _say_missed(hop, view, metric, touched, event, steps)
        return
    # More is counted than was meant: by a changed filter, or by one that somebody added.
    guilty = next((each for each in live if view.counts(each, metric, event)), None)
    name = guilty["filterName"] if guilty else "?"
    ref = Ref("filter", id_of(view.group or "", name))
    more = (
        []
        if ref in touched
        else [Call("logs", "DeleteMetricFilter", {"logGroupName": view.group, "filterName": name})]
    )
    is_own = ref in touched
    how = "was changed since it was applied" if is_own else "was not applied, and feeds the same metric"
    pattern = json.dumps((guilty or {}).get("filterPattern") or "")
    hop.broken(
        "filter-changed" if is_own else "filter-added",
        f"{name} {how}: it counts events that it should not, such as {described(event)}. Its pattern is "
        f"{pattern}.",
        *steps,
        *more,
        ref=ref if ref in touched else first,
        stops=False,
    )


def _fed_elsewhere(hop: Hop, view: View, metric: Metric) -> None:
    """A filter of another log group that feeds the alarm: what is logged there rings it, and holds it."""
    if not view.emitting(metric):
        return  # the watch's own filters are gone: said as that
    for id, found in view.account.all("filter"):
        group, name = filters.parts(id)
        if group == view.group or not emission(found, metric) or view.applied("filter", id):
            continue
        hop.broken(
            "filter-added",
            f"{name} on {group} was not applied, and feeds the same metric: what it counts rings the alarm, "
            "or keeps it in ALARM, and then a read does not ring.",
            Call("logs", "DeleteMetricFilter", {"logGroupName": group, "filterName": name}),
            ref=Ref("filter", id),
            stops=False,
        )


def _say_missed(
    hop: Hop, view: View, metric: Metric, touched: list[Ref], event: Event, steps: list[Step]
) -> None:
    """A changed filter does not count what it was applied to count: which condition is in the way."""
    for ref in touched:
        there = view.account.things.get(ref)
        if there is None:
            continue
        name, pattern = there["filterName"], parsed(there.get("filterPattern") or "")
        transformation = emission(there, metric)
        if transformation is None:
            given = (there.get("metricTransformations") or [{}])[0]
            emitted = (str(given.get("metricNamespace")), str(given.get("metricName")))
            cause = "other-namespace" if emitted[1] == metric[1] else "other-metric-name"
            hop.broken(
                cause,
                f"The metric filter {name} emits {metric_named(emitted)}, and was applied to emit "
                f"{metric_named(metric)}, which the alarm watches.",
                *steps,
                ref=ref,
            )
            return
        if pattern is None:
            continue
        text = view.text_of(event)
        if not pattern.matches(text):
            why = "; ".join(said(each) for each in pattern.obstacles(text)[:3]) or "its pattern is another"
            hop.broken(
                "pattern",
                f"{name} was changed since it was applied, and does not count {described(event)}: {why}.",
                *steps,
                ref=ref,
            )
            return
        if view.counts(there, metric, event) is None:
            hop.broken(
                "value-missing",
                f"{name} counts with the value of {transformation.get('metricValue')}, which "
                f"{described(event)} does not have: nothing is counted.",
                *steps,
                ref=ref,
            )
            return
        now = _amount(view.counts(there, metric, event))
        applied = view.applied(ref.kind, ref.id) or {}
        hop.broken(
            "filter-changed",
            f"{name} was changed since it was applied: for {described(event)} it gives the metric {now}, and "
            f"was to give {_amount(view.counts(applied, metric, event))}.",
            *steps,
            ref=ref,
        )
        return
    hop.broken(
        "filter-deleted",
        f"{', '.join(filters.parts(ref.id)[1] for ref in touched)} was changed or deleted, and "
        f"{described(event)} is not counted.",
        *steps,
        ref=touched[0] if touched else None,
    )


def _amount(given: Any) -> str:
    """What a filter gives, in words."""
    if given is None:
        return "nothing"
    value, dimensions, unit = given
    words = f"{value:g}" + (f" {unit}" if unit else " of no unit")
    if dimensions:
        given_as = ", ".join(f"{name} = {each}" for name, each in dimensions.items())
        words += f" with {given_as}, which is another metric to CloudWatch"
    return f"{words}, which lowers the count of other filters" if value < 0 else words


def _told_apart(
    view: View, metric: Metric, wanted: list[Thing], live: list[Thing]
) -> tuple[Event, bool] | None:
    """An event that the one set of filters counts and the other does not (or otherwise), and whether it is
    missed; what is missed first. None where none was found."""
    more = None
    known = {each.get("filterPattern") or "" for each in wanted} & {
        each.get("filterPattern") or "" for each in live
    }
    # Only what differs can tell them apart.
    patterns = [
        found
        for each in [*wanted, *live]
        if (each.get("filterPattern") or "") not in known or not _is_in(each, wanted, live)
        if (found := parsed(each.get("filterPattern") or "")) is not None
    ]
    base = view.examples[0] if view.examples else {}
    stranger = {**base, "eventSource": "ec2.amazonaws.com", "eventName": "DescribeInstances"}
    others = [{**base, "eventName": name} for name in calls("secretsmanager")]
    for event in chain(trials([*patterns, *_some(wanted)], [*view.examples, stranger]), others):
        seen = real(event) if may_be(event) else None
        if seen is None:
            continue
        event = seen
        here, there = _counted(view, wanted, metric, event), _counted(view, live, metric, event)
        if here and not there:
            return event, True
        if here != there and (here and there):
            return event, True
        if there and not here and more is None:
            more = event, False
    return more


def may_be(event: Event) -> bool:
    """Whether there is such a call: of a name that no call has nothing ever comes."""
    return event.get("eventSource") != SOURCE or event.get("eventName") in calls("secretsmanager")


def _some(wanted: list[Thing]) -> list[Any]:
    """A few of the patterns that are as they were: what they ask for is what others may not mind."""
    found = [parsed(each.get("filterPattern") or "") for each in wanted[:_SOME]]
    return [each for each in found if each is not None]


def _is_in(each: Thing, wanted: list[Thing], live: list[Thing]) -> bool:
    """Whether both sets have a filter that counts just so."""
    mine = (each.get("filterPattern") or "", filters.transformation(each.get("metricTransformations")))
    return all(
        any(
            (other.get("filterPattern") or "", filters.transformation(other.get("metricTransformations")))
            == mine
            for other in those
        )
        for those in (wanted, live)
    )


def _counted(view: View, those: Iterable[Thing], metric: Metric, event: Event) -> Any:
    """What an event counts: the values that filters give for it, beside defaults."""
    found = [given for each in those if (given := view.counts(each, metric, event))]
    # Of several that match, as those with parts of a watch do, one is as good as two.
    return (
        max(((value > 0, str(dimensions), unit) for value, dimensions, unit in found), default=None)
        if found
        else None
    )


def _left_out(hop: Hop, view: View, wanted: list[Thing]) -> None:
    """A read that the watch was applied to leave out."""
    metric = view.applied_metric() or view.metric
    if not view.followed or metric is None or any(each.cause == "pattern" for each in hop.findings):
        return
    read = view.examples[0]
    if any(view.counts(each, metric, read) for each in view.emitting(metric)):
        return
    if any(view.counts(each, metric, read) for each in wanted):
        return
    obstacles = [
        found
        for each in wanted
        if (pattern := parsed(each.get("filterPattern") or ""))
        for found in pattern.obstacles(view.text_of(read))
    ]
    reason = next((each for each in obstacles if "!=" in each.condition), obstacles[0] if obstacles else None)
    words = f": {said(reason)}" if reason else ""
    hop.warning("left-out", f"The watch leaves this read out, as it was applied{words}.", stops=True)


def told_apart_alone(hop: Hop, view: View, ref: Ref) -> None:
    """Says of a filter that was changed since it was applied where it counts less, or more."""
    there, wanted = view.account.things.get(ref), view.applied(ref.kind, ref.id)
    if not there or not wanted or there.get("filterPattern") == wanted.get("filterPattern"):
        return
    found, meant = parsed(there.get("filterPattern") or ""), parsed(wanted.get("filterPattern") or "")
    if meant is None:
        return
    steps = [*view.terraform(ref), *view.restore(ref)]
    name = there["filterName"]
    if found is None:
        hop.broken(
            "pattern",
            f"The pattern of {name} is invalid: CloudWatch Logs does not take it.",
            *steps,
            ref=ref,
            stops=False,
        )
        return
    for made in trials([meant, found], view.examples):
        event = whole(made)
        if meant.matches_event(event) == found.matches_event(event):
            continue
        if meant.matches_event(event):
            why = "; ".join(said(each) for each in found.obstacles(json.dumps(event))[:2])
            sentence = (
                f"{name} was changed since it was applied, and does not count {described(event)}: {why}."
            )
        else:
            what = f"it counts events that it should not, such as {described(event)}"
            sentence = f"{name} was changed since it was applied: {what}."
        hop.broken("pattern", sentence, *steps, ref=ref, stops=False)
        return
