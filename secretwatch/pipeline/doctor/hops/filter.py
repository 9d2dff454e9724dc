"""Hop 4: the metric filters: on the trail's log group, matching what has to ring, feeding the alarm.

Of several filters that feed one metric, one has to match. Where it is known what was applied, what is there
has to count the same: that is tried on events made from both patterns, not read off their texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from secretwatch import secretid
from secretwatch.alarm import metric_of, unit_of
from secretwatch.cloudtrail import Event
from secretwatch.filterpattern import Explanation, Kind
from secretwatch.filterpattern.examples import examples, variations
from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.calls import Call, Person, Step
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.differing import differing
from secretwatch.pipeline.doctor.kinds import alarms, filters
from secretwatch.pipeline.doctor.kinds.filters import id_of
from secretwatch.pipeline.doctor.patterns import mended, pattern_for
from secretwatch.pipeline.doctor.reads import expected
from secretwatch.pipeline.doctor.slips import is_slip
from secretwatch.pipeline.doctor.view import Metric, View, emission, parsed

NAME = "filter"
_MOST_TRIED = 4000
_SOME = 3
SERVICES_OWN = "AWS/"

# Conditions on who read and how it ended, not on what was read: left out on purpose, not by mistake.
_ON_PURPOSE = ("$.userIdentity.", "$.sourceIPAddress", "$.userAgent", "$.errorCode")


def examine(view: View) -> Hop:
    hop = Hop(NAME)
    metric = view.metric
    if metric and metric[0].startswith(SERVICES_OWN):
        hop.note = f"{_metric(metric)} is a service's own metric: no filter has to feed it."
        return hop
    if view.alarm and metric is None:
        hop.note = "The alarm is on several metrics."
        hop.not_reached("Which filters feed an alarm on several metrics is not followed here.")
        return hop
    if metric is None and (unknown := view.account.unknown.get(Ref("alarm", view.alarm_name or ""))):
        hop.cannot_tell("permission", f"What the alarm watches cannot be told: {unknown.missing}.")
        return hop
    if view.group is None:
        _no_group(hop, view)
        return hop
    if view.account.lacks("log group", view.group):
        hop.not_reached("Without the log group there is no metric filter on it.")
        return hop
    if unknown := view.account.unknown.get(Ref("filters", view.group)):
        hop.cannot_tell("permission", f"Metric filters cannot be looked at: {unknown.missing}.")
        return hop
    if view.intent and view.applied_filters():
        _as_applied(hop, view)
    else:
        _as_found(hop, view)
    if _masks(hop, view):
        return hop
    _are_there(hop, view)
    names = ", ".join(each["filterName"] for each in view.emitting(metric)[:4])
    what = "the read" if view.followed else "what has to ring"
    hop.note = f"{names} on {view.group} matches {what}, and emits what the alarm watches."
    return hop


def _metric(metric: Metric) -> str:
    return f"{_shown(metric[0])} / {_shown(metric[1])}"


def _shown(name: str) -> str:
    """A name, in quotation marks where blanks would not be seen."""
    return name if name == name.strip() and "  " not in name else json.dumps(name, ensure_ascii=False)


# Where it is known what was applied


def _as_applied(hop: Hop, view: View) -> None:
    assert view.intent
    ids = view.intent.of("filter", "ring")
    metric = view.applied_metric() or view.metric
    assert metric
    changed = view.differing()
    touched = [Ref("filter", id) for id in ids if Ref("filter", id) in changed]
    wanted, live = view.applied_filters(), view.emitting(metric)
    others = [each for each in live if id_of(view.group or "", each["filterName"]) not in ids]
    if not touched and not others:
        _made_anew(hop, view)
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
            there = "is not there" if not changed[ref][0].member else "has another pattern"
            hop.warning(
                "filter-renamed",
                f"The metric filter {name} {there} as it was applied; what is counted is the same.",
                *view.terraform(ref),
                ref=None,
            )
        rest = [
            ref for ref in touched if any(each.member not in ("", "filterPattern") for each in changed[ref])
        ]
        differing(hop, view, rest, stops=False)
        _made_anew(hop, view)
        _left_out(hop, view, wanted)
        return
    event, is_missed = found
    if is_missed:
        missing = [ref for ref in touched if not changed[ref][0].member]
        if missing and len(missing) == len(touched):
            names = ", ".join(filters.parts(ref.id)[1] for ref in missing)
            elsewhere = _elsewhere(view, metric)
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
        f"{name} {how}: it counts what was not meant, such as {_described(event)}. Its pattern is {pattern}.",
        *steps,
        *more,
        ref=ref if ref in touched else first,
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
                f"The metric filter {name} emits {_metric(emitted)}, and was applied to emit "
                f"{_metric(metric)}, which the alarm watches.",
                *steps,
                ref=ref,
            )
            return
        if pattern is None:
            continue
        text = view.text_of(event)
        if not pattern.matches(text):
            why = (
                "; ".join(_said(each, event) for each in pattern.obstacles(text)[:3])
                or "its pattern is another"
            )
            hop.broken(
                "pattern",
                f"{name} was changed since it was applied, and does not count {_described(event)}: {why}.",
                *steps,
                ref=ref,
            )
            return
        if view.counts(there, metric, event) is None:
            hop.broken(
                "value-missing",
                f"{name} counts with the value of {transformation.get('metricValue')}, which "
                f"{_described(event)} does not have: nothing is counted.",
                *steps,
                ref=ref,
            )
            return
        hop.broken(
            "filter-changed",
            f"{name} was changed since it was applied: it gives the metric another value, unit or dimension.",
            *steps,
            ref=ref,
        )
        return
    hop.broken(
        "filter-deleted",
        f"{', '.join(filters.parts(ref.id)[1] for ref in touched)} was changed or deleted, and "
        f"{_described(event)} is not counted.",
        *steps,
        ref=touched[0] if touched else None,
    )


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
    for event in _events(view, [*patterns, *_some(wanted)]):
        here, there = _counted(view, wanted, metric, event), _counted(view, live, metric, event)
        if here and not there:
            return event, True
        if here != there and (here and there):
            return event, True
        if there and not here and more is None:
            more = event, False
    return more


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


def _events(view: View, patterns: list[Any]) -> Iterator[Event]:
    """Events to try: what has to ring, what the patterns are about, and each with one value changed."""
    tried = 0
    base = view.examples[0] if view.examples else {}
    stranger = {**base, "eventSource": "ec2.amazonaws.com", "eventName": "DescribeInstances"}
    starts = [*view.examples, stranger, *(each for pattern in patterns for each in examples(pattern, base))]
    for event in starts:
        yield event
    for event in starts:
        for changed in variations(event, patterns):
            tried += 1
            if tried > _MOST_TRIED:
                return
            yield changed


def _described(event: Event) -> str:
    who = (event.get("userIdentity") or {}).get("arn")
    asked = ", ".join(secretid.asked_for(event)) if event.get("requestParameters") else ""
    words = [str(event.get("eventName") or "an event")]
    if asked:
        words.append(f"of {asked}")
    if event.get("errorCode"):
        words.append(f"({event['errorCode']})")
    if who:
        words.append(f"by {who}")
    if event.get("userAgent"):
        words.append(f"with {event['userAgent']}")
    return " ".join(words)


def _made_anew(hop: Hop, view: View) -> None:
    """A watched ARN whose secret was deleted and created again: its suffix is another."""
    if not view.followed:
        return
    read = view.examples[0]
    metric = view.applied_metric() or view.metric
    if metric is None or any(view.counts(each, metric, read) for each in view.emitting(metric)):
        return
    words = made_anew(view, read)
    if words:
        hop.broken(
            "pattern",
            f"The metric filters do not match the read of {', '.join(secretid.asked_for(read))}.{words}",
            *view.terraform(*(Ref("filter", id) for id in view.intent.of("filter", "ring")))
            if view.intent
            else (),
        )


def made_anew(view: View, read: Event) -> str:
    """The cause behind a suffix that differs from the watched ARN's."""
    for watched in view.subject.secrets:
        for each in secretid.asked_for(read):
            if secretid.made_anew(watched, each):
                return (
                    f" The watch has {watched}, and the caller sent {each}: was the secret deleted and "
                    "created again? Then write its ARN of today, or its name, in the watch's secrets."
                )
    return ""


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
    words = f": {_said(reason)}" if reason else ""
    hop.warning("left-out", f"The watch leaves this read out, as it was told to{words}.", stops=True)


def _are_there(hop: Hop, view: View) -> None:
    """Watched secrets that do not exist, and so are read by nobody; or under another ARN than is watched."""
    if not view.subject.is_about_secrets or any(each.cause == "pattern" for each in hop.findings):
        return
    for each in view.subject.secrets:
        if secretid.is_prefix(each):
            continue
        if unknown := view.account.unknown.get(Ref("secret", each)):
            hop.cannot_tell("permission", f"Whether {each} is there cannot be told: {unknown.missing}.")
            continue
        found = view.account.get("secret", each)
        if found and found.get("DeletedDate"):
            hop.warning("secret-deleted", f"The watched secret {each} is to be deleted: nobody can read it.")
        if not view.account.lacks("secret", each):
            continue
        anew = view.account.get("secret", secretid.names(each)[0]) if each.startswith("arn:") else None
        what = (
            f"; there is {anew['ARN']} of its name: was it deleted and created again? That one is not watched"
            if anew
            else ": was it renamed or deleted? Nobody can read it under this name"
        )
        hop.broken(
            "secret-gone",
            f"The watched secret {each} is not there{what}.",
            Person("Write the name or ARN that it has today in the watch's secrets, and apply."),
            ref=Ref("secret", each),
            stops=False,
        )


# Where it is not known


def _no_group(hop: Hop, view: View) -> None:
    metric = view.metric
    if unknown := view.account.unknown.get(Ref("filters", "")):
        hop.cannot_tell("permission", f"Metric filters cannot be looked at: {unknown.missing}.")
        return
    if metric is None:
        hop.not_reached("Nothing leads to a metric filter.")
        return
    if near := _nearly(view, metric):
        _repoint(hop, view, metric, near)
        return
    group = "LOG_GROUP"
    hop.broken(
        "filter-deleted",
        f"No metric filter emits {_metric(metric)}, which the alarm watches.",
        *(_new(view, group, metric) if view.subject.is_about_secrets else ()),
    )


def _new(
    view: View, group: str, metric: Metric, name: str = "secret-reads", pattern: str | None = None
) -> list[Step]:
    text = pattern_for(view.subject.secrets, view.subject.event_names) if pattern is None else pattern
    unit = _alarm_unit(view)
    transformation: dict[str, Any] = {
        "metricName": metric[1],
        "metricNamespace": metric[0],
        "metricValue": "1",
    }
    # As the module's, matches alone and of one unit; an alarm that looks at no unit may be made for zeros.
    transformation |= {"unit": unit} if unit else {"defaultValue": 0.0}
    made = {"logGroupName": group, "filterName": name, "metricTransformations": [transformation]}
    return [filters.put({**made, "filterPattern": text})]


def _alarm_unit(view: View) -> str | None:
    return unit_of(view.alarm) if view.alarm else "Count"


def _as_found(hop: Hop, view: View) -> None:
    metric = view.metric
    assert view.group
    subject = view.subject
    own = [each for each in view.filters() if each["filterName"] in subject.filter_names]
    emitting = view.emitting(metric)
    of_the_watch = [*own, *(each for each in emitting if each not in own)]
    _missing(hop, view, own, metric)
    if own and not emitting and metric:
        _other_metric(hop, view, own[0], metric)
    if not of_the_watch and not hop.findings:
        _no_filter(hop, view, metric)
        return
    if of_the_watch:
        _match(hop, view, emitting or of_the_watch, metric)


def _missing(hop: Hop, view: View, own: list[Thing], metric: Metric | None) -> None:
    """Filters that the watch should have, by its outputs."""
    names = {each["filterName"] for each in own}
    subject, group = view.subject, view.group
    assert group
    for number, name in enumerate(subject.filter_names):
        if name in names or metric is None:
            continue
        patterns = subject.filter_patterns
        pattern = patterns[number] if number < len(patterns) else None
        steps = _new(view, group, metric, name, pattern)
        if elsewhere := _elsewhere(view, metric):
            hop.broken(
                "filter-on-another-group",
                f"The metric filter {elsewhere['filterName']} is on {elsewhere['logGroupName']}, "
                f"and the trail delivers to {group}.",
                *steps,
            )
        else:
            hop.broken("filter-deleted", f"The metric filter {name} does not exist on {group}.", *steps)


def _elsewhere(view: View, metric: Metric) -> Thing | None:
    return next(
        (
            each
            for id, each in view.account.all("filter")
            if filters.parts(id)[0] != view.group and emission(each, metric)
        ),
        None,
    )


def _nearly(view: View, metric: Metric) -> tuple[Thing, Metric] | None:
    """A filter that emits a metric of nearly this name."""
    watched = {
        (str(found["Namespace"]), str(found["MetricName"]))
        for name, alarm in view.account.all("alarm")
        if name != view.alarm_name and (found := metric_of(alarm))
    }
    near = [
        (each, other)
        for _, each in view.account.all("filter")
        for given in each.get("metricTransformations") or ()
        if is_slip(metric, other := (str(given["metricNamespace"]), str(given["metricName"])))
        and other not in watched
    ]
    # Of several none is known to be the one that was meant.
    return near[0] if len({other for _, other in near}) == 1 else None


def _no_filter(hop: Hop, view: View, metric: Metric | None) -> None:
    """An account's alarm, and no filter of the log group that emits its metric."""
    group = view.group
    assert group
    if metric is None:
        hop.broken(
            "filter-deleted",
            f"No metric filter on {group} counts reads of secrets.",
            *_new(view, group, ("secretwatch", "secret-reads")),
        )
        return
    if elsewhere := _elsewhere(view, metric):
        hop.broken(
            "filter-on-another-group",
            f"The metric filter {elsewhere['filterName']} is on {elsewhere['logGroupName']}, "
            f"and the trail delivers to {group}.",
            *_new(view, group, metric, elsewhere["filterName"], elsewhere.get("filterPattern") or ""),
        )
        return
    if near := _nearly(view, metric):
        _repoint(hop, view, metric, near)
        return
    steps = _new(view, group, metric) if view.subject.is_about_secrets and view.subject.secrets else []
    what = "No metric filter"
    hop.broken(
        "filter-deleted", f"{what} on {group} emits {_metric(metric)}, which the alarm watches.", *steps
    )


def _repoint(hop: Hop, view: View, metric: Metric, near: tuple[Thing, Metric]) -> None:
    found, other = near
    steps = (
        [alarms.put(view.alarm, Namespace=other[0], MetricName=other[1])]
        if view.alarm and not view.alarm.get("Metrics")
        else []
    )
    cause = "other-namespace" if other[1] == metric[1] else "other-metric-name"
    hop.broken(
        cause,
        f"Nothing emits {_metric(metric)}, which the alarm watches; the metric filter {found['filterName']} "
        f"emits {_metric(other)}.",
        *steps,
        ref=Ref("alarm", view.alarm_name or ""),
    )


def _other_metric(hop: Hop, view: View, metric_filter: Thing, metric: Metric) -> None:
    given = metric_filter["metricTransformations"][0]
    emitted = (given["metricNamespace"], given["metricName"])
    cause = "other-namespace" if emitted[1] == metric[1] else "other-metric-name"
    applied = view.subject.metric
    if applied and emitted == applied and view.alarm and not view.alarm.get("Metrics"):
        step = alarms.put(view.alarm, Namespace=emitted[0], MetricName=emitted[1], Dimensions=None)
    else:
        step = filters.put(metric_filter, metricNamespace=metric[0], metricName=metric[1])
    hop.broken(
        cause,
        f"The metric filter {metric_filter['filterName']} emits {_metric(emitted)}, "
        f"and the alarm watches {_metric(metric)}.",
        step,
        ref=Ref("filter", id_of(view.group or "", metric_filter["filterName"])),
    )


def _match(hop: Hop, view: View, those: list[Thing], metric: Metric | None) -> None:
    if not view.subject.is_about_secrets:
        _never(hop, view, those)
    if not view.examples or (
        not view.followed and not view.subject.secrets and view.subject.is_about_secrets
    ):
        return
    known = [each for each in those if view.matches(each, view.examples[0]) is not None]
    if not known:
        hop.cannot_tell(
            "pattern-unknown", f"What the pattern of {those[0]['filterName']} matches is not known here."
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


def _never(hop: Hop, view: View, those: list[Thing]) -> None:
    """Patterns that no event can match: conditions that contradict one another, names that no call has."""
    for each in those:
        pattern = parsed(each.get("filterPattern") or "")
        if pattern is None or pattern.kind is not Kind.JSON:
            continue
        name, ref = each["filterName"], Ref("filter", id_of(view.group or "", each["filterName"]))
        made = examples(pattern)
        if not made:
            hop.broken(
                "pattern",
                f"No event can match {name}: its conditions contradict one another.",
                Person("See its conditions: which have to hold together, and of which is one enough?"),
                ref=ref,
            )
        names = {str(event["eventName"]) for event in made if isinstance(event.get("eventName"), str)}
        names = {one for one in names if f"*{one[1:]}" not in pattern.text}
        if names and all(one[:1].islower() for one in names):
            hop.broken(
                "pattern",
                f"{name} asks for {', '.join(sorted(names)[:3])}: CloudTrail's names begin with "
                "a capital letter, and upper and lower case differ.",
                Person("Write the event's name as CloudTrail has it."),
                ref=ref,
            )


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
            f"{name} leaves this read out by who made it or how it ended: {_said(reason)}.",
            stops=True,
        )
        return
    what = "the read" if is_the_read else f"a read of {', '.join(secretid.asked_for(event))} as it would be"
    why = "; ".join(_said(each, event) for each in failing[:3]) or "its pattern is about something else"
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


def is_on_purpose(failing: list[Explanation]) -> bool:
    # A missing error with != is a usual mistake, and no purpose.
    return bool(failing) and all(
        each.condition.lstrip("( ").startswith(_ON_PURPOSE)
        and not (each.saw == () and "!=" in each.condition)
        for each in failing
    )


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
    if value <= 0:
        sentence = f"{name} counts each read as {value:g}."
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


def _masks(hop: Hop, view: View) -> bool:
    """Whether masking of the log group is why nothing matches."""
    group = view.account.get("log group", view.group) or {}
    if unknown := view.account.unknown.get(Ref("masking", view.group or "")):
        hop.cannot_tell("permission", f"Whether events are masked cannot be told: {unknown.missing}.")
    if not group.get("policyDocument") and not group.get("accountPolicies"):
        return False
    bare = view.after(view.account.copy())
    bare.account.change("log group", view.group or "", policyDocument=None, accountPolicies=None)
    metric = view.metric
    if metric is None:
        return False
    hidden = next(
        (
            event
            for event in view.examples
            if any(bare.counts(each, metric, event) for each in view.emitting(metric))
            and not any(view.counts(each, metric, event) for each in view.emitting(metric))
        ),
        None,
    )
    if hidden is None:
        return False
    own = bool(group.get("policyDocument"))
    what = "The log group's data protection policy" if own else "A data protection policy of the account"
    hop.findings = [each for each in hop.findings if each.cause not in ("pattern", "left-out")]
    steps = [Call("logs", "DeleteDataProtectionPolicy", {"logGroupIdentifier": view.group})] if own else []
    ref = Ref("log group", view.group or "")
    hop.broken(
        "masked",
        f"{what} masks what the metric filters look at: {_described(hidden)} does not match any more.",
        *(view.restore(ref) if view.intent and own else steps),
        ref=ref,
    )
    return True


def _said(each: Explanation, event: Event | None = None) -> str:
    condition = each.condition.strip()
    if each.saw is None:
        return f"{condition} is not in it" if not condition.startswith("-") else f"{condition[1:]} is in it"
    saw = ", ".join(json.dumps(value, ensure_ascii=False) for value in each.saw) or "nothing"
    return f"{condition} saw {saw}{_hint(condition, each.saw)}"


_EQUALS = re.compile(r"(!?=)\s*(.+?)\s*$", re.DOTALL)


def _hint(condition: str, saw: tuple[object, ...]) -> str:
    """The mistake behind a condition, where it is a usual one."""
    found = _EQUALS.search(condition)
    if not found or not saw:
        if not saw and "!=" in condition:
            return " (!= is false where the field is missing: add NOT EXISTS)"
        return ""
    value, text = found[2].strip('"'), saw[0]
    if isinstance(text, bool):
        return " (a boolean is no text: write IS TRUE or IS FALSE)"
    if isinstance(text, dict | list):
        return " (an object satisfies nothing: select a value in it)"
    if not isinstance(text, str) or found[1] != "=":
        return ""
    if text != value and text.lower() == value.lower():
        return " (upper and lower case differ)"
    if text.startswith("arn:") and value in secretid.names(text):
        return " (the caller sent the ARN, the pattern has the name)"
    if value.startswith("arn:") and text in secretid.names(value):
        return " (the caller sent the name, the pattern has the ARN)"
    if "*" in value and "%" not in found[2]:
        return " (what follows a * is taken at its first place; use a regular expression)"
    return ""


__all__ = ["NAME", "examine", "expected", "is_left_out", "is_on_purpose", "made_anew"]


def told_apart_alone(hop: Hop, view: View, ref: Ref) -> None:
    """Says of a filter that was changed since it was applied where it counts less, or more."""
    there, wanted = view.account.things.get(ref), view.applied(ref.kind, ref.id)
    if not there or not wanted:
        return
    found, meant = parsed(there.get("filterPattern") or ""), parsed(wanted.get("filterPattern") or "")
    if meant is None:
        return
    steps = [*view.terraform(ref), *view.restore(ref)]
    name = there["filterName"]
    if found is None:
        hop.broken(
            "pattern",
            f"The pattern of {name} is none that CloudWatch Logs takes.",
            *steps,
            ref=ref,
            stops=False,
        )
        return
    base = view.examples[0] if view.examples else {}
    starts = [*examples(meant), *examples(found), *examples(meant, base), *view.examples]
    tried = [*starts, *(changed for event in starts for changed in variations(event, [meant, found]))]
    for event in tried[:_MOST_TRIED]:
        if meant.matches_event(event) == found.matches_event(event):
            continue
        if meant.matches_event(event):
            why = "; ".join(_said(each, event) for each in found.obstacles(json.dumps(event))[:2])
            sentence = (
                f"{name} was changed since it was applied, and does not count {_described(event)}: {why}."
            )
        else:
            what = f"it counts what was not meant, such as {_described(event)}"
            sentence = f"{name} was changed since it was applied: {what}."
        hop.broken("pattern", sentence, *steps, ref=ref, stops=False)
        return
