"""Hop 4: the metric filters: on the trail's log group, matching the read, emitting what the alarm watches.

Of several filters that feed one metric, one has to match. The pattern is evaluated here and by AWS
(TestMetricFilter); where the two disagree, AWS's answer holds and the disagreement is reported.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from secretwatch import secretid
from secretwatch.cloudtrail import Event, event_text
from secretwatch.filterpattern import (
    Explanation,
    FilterPattern,
    InvalidFilterPattern,
    Selector,
    metric_value,
)
from secretwatch.pipeline.doctor import mends
from secretwatch.pipeline.doctor.facts import Facts
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.gather import is_of_the_watch
from secretwatch.pipeline.doctor.reads import expected

NAME = "filter"
Filter = Mapping[str, Any]

# Conditions on who read and how it ended, not on what was read: left out on purpose, not by mistake.
_ON_PURPOSE = ("$.userIdentity.", "$.sourceIPAddress", "$.userAgent", "$.errorCode")


def examine(facts: Facts) -> Hop:
    hop = Hop(NAME)
    asked = facts.filters
    if facts.group is None:
        if facts.emitting and facts.emitting.unknown:
            hop.cannot_tell("permission", f"Metric filters cannot be looked at: {facts.emitting.missing}.")
        elif facts.metric:
            hop.broken(
                "filter-deleted",
                f"No metric filter emits {_metric(facts.metric)}, which the alarm watches.",
                mends.put_filter(
                    "LOG_GROUP",
                    "secret-reads",
                    _pattern_for(facts),
                    *facts.metric,
                    **facts.new_filter,
                ),
            )
        else:
            hop.not_reached("Nothing leads to a metric filter.")
        return hop
    if facts.log_group and facts.log_group.ok and facts.log_group.answer is None:
        hop.not_reached("Without the log group there is no metric filter on it.")
        return hop
    if asked is None or not asked.ok:
        hop.cannot_tell("permission", f"Metric filters cannot be looked at: {asked and asked.missing}.")
        return hop
    hop.saw(asked.action, facts.group, asked.at, f"{len(asked.answer)} metric filters on the log group")
    of_the_watch = [each for each in asked.answer if is_of_the_watch(facts, each)]
    _missing(hop, facts, of_the_watch)
    emitting = [each for each in of_the_watch if _transformation(each, facts)]
    if of_the_watch and not emitting:
        _other_metric(hop, facts, of_the_watch[0])
    if not of_the_watch and not hop.findings:
        _no_filter(hop, facts, asked.answer)
        return hop
    if of_the_watch:
        _match(hop, facts, emitting or of_the_watch)
    return hop


def _pattern_for(facts: Facts) -> str:
    return mends.pattern_for(facts.subject.secrets, facts.subject.event_names)


def _metric(metric: tuple[str, str]) -> str:
    return f"{metric[0]} / {metric[1]}"


def _transformation(metric_filter: Filter, facts: Facts) -> Mapping[str, Any] | None:
    """What of the filter emits the metric that the alarm watches."""
    return next(
        (
            each
            for each in metric_filter["metricTransformations"]
            if (each["metricNamespace"], each["metricName"]) == facts.metric
        ),
        None,
    )


def _missing(hop: Hop, facts: Facts, found: list[Filter]) -> None:
    """Filters that the watch should have."""
    names = {each["filterName"] for each in found}
    subject = facts.subject
    for number, name in enumerate(subject.filter_names):
        if name in names:
            continue
        patterns = subject.filter_patterns
        pattern = patterns[number] if number < len(patterns) else _pattern_for(facts)
        assert facts.group
        assert facts.metric
        mend = mends.put_filter(facts.group, name, pattern, *facts.metric, **facts.new_filter)
        elsewhere = _elsewhere(facts)
        if elsewhere:
            hop.broken(
                "filter-on-another-group",
                f"The metric filter {elsewhere['filterName']} is on {elsewhere['logGroupName']}, "
                f"and the trail delivers to {facts.group}.",
                mend,
            )
        else:
            hop.broken("filter-deleted", f"The metric filter {name} does not exist on {facts.group}.", mend)


def _elsewhere(facts: Facts) -> Filter | None:
    answers = (facts.emitting and facts.emitting.answer) or ()
    return next((each for each in answers if each.get("logGroupName") != facts.group), None)


def _no_filter(hop: Hop, facts: Facts, others: list[Filter]) -> None:
    """An account's alarm, and no filter of the log group that emits its metric."""
    assert facts.group
    if facts.metric is None:
        hop.broken(
            "filter-deleted",
            f"No metric filter on {facts.group} counts reads of secrets.",
            mends.put_filter(
                facts.group,
                "secret-reads",
                _pattern_for(facts),
                "secretwatch",
                "secret-reads",
                **facts.new_filter,
            ),
        )
        return
    if elsewhere := _elsewhere(facts):
        hop.broken(
            "filter-on-another-group",
            f"The metric filter {elsewhere['filterName']} is on {elsewhere['logGroupName']}, "
            f"and the trail delivers to {facts.group}.",
            mends.put_filter(
                facts.group,
                elsewhere["filterName"],
                elsewhere.get("filterPattern", ""),
                *facts.metric,
                **facts.new_filter,
            ),
        )
        return
    assert facts.example
    message = event_text(facts.example)
    near = [each for each in others if _matches(each.get("filterPattern", ""), message)]
    if near:
        _other_metric(hop, facts, near[0])
        return
    hop.broken(
        "filter-deleted",
        f"No metric filter on {facts.group} emits {_metric(facts.metric)}, which the alarm watches.",
        mends.put_filter(facts.group, "secret-reads", _pattern_for(facts), *facts.metric, **facts.new_filter),
    )


def _matches(pattern: str, message: str) -> bool:
    try:
        return FilterPattern.parse(pattern).matches(message)
    except InvalidFilterPattern:
        return False


def _other_metric(hop: Hop, facts: Facts, metric_filter: Filter) -> None:
    transformation = metric_filter["metricTransformations"][0]
    emitted = (transformation["metricNamespace"], transformation["metricName"])
    watched = facts.metric
    assert watched
    same_name = emitted[1] == watched[1]
    cause = "other-namespace" if same_name else "other-metric-name"
    if facts.subject.known and emitted == facts.subject.metric and facts.alarm:
        mend = mends.put_alarm(facts.alarm, Namespace=emitted[0], MetricName=emitted[1], Dimensions=None)
    else:
        mend = put(facts, metric_filter)
    hop.broken(
        cause,
        f"The metric filter {metric_filter['filterName']} emits {_metric(emitted)}, "
        f"and the alarm watches {_metric(watched)}.",
        mend,
    )


def put(facts: Facts, metric_filter: Filter, *, pattern: str | None = None, **changes: Any) -> str:
    """The filter as it is, with changes, and with the metric that the alarm watches."""
    transformation = metric_filter["metricTransformations"][0]
    assert facts.group
    assert facts.metric
    settings: dict[str, Any] = {
        "value": transformation["metricValue"],
        "default": transformation.get("defaultValue"),
        "unit": transformation.get("unit"),
        "dimensions": transformation.get("dimensions"),
    }
    return mends.put_filter(
        facts.group,
        metric_filter["filterName"],
        metric_filter.get("filterPattern", "") if pattern is None else pattern,
        *facts.metric,
        **(settings | changes),
    )


# Does it match, and what does it count


def _match(hop: Hop, facts: Facts, filters: list[Filter]) -> None:
    if facts.read is None and not facts.subject.secrets:
        hop.note = (
            f"{len(filters)} metric filters on {facts.group} emit what the alarm watches; no read to try."
        )
        return
    assert facts.example
    ours = {each["filterName"]: _ours(facts, each, facts.example) for each in filters}
    for each in filters:
        _compare(hop, facts, each, ours[each["filterName"]])
    if not any(_is_known(facts, each, ours[each["filterName"]]) for each in filters):
        hop.cannot_tell(
            "pattern-unknown", f"What the pattern of {filters[0]['filterName']} matches is not known here."
        )
        return
    matching = [each for each in filters if _holds(facts, each, ours[each["filterName"]])]
    if not matching:
        _rejected(hop, facts, filters)
        return
    if facts.read is None and (form := _form_that_is_missed(facts, filters)):
        secret, event = form
        _rejected(hop, facts, filters, event, f"a read of {secret} as it would be")
        return
    problems = [_emission(facts, each) for each in matching]
    if all(problems):
        cause, sentence, mend = next(each for each in problems if each)
        hop.broken(cause, sentence, mend)
        return
    names = ", ".join(each["filterName"] for each in matching)
    what = "the read" if facts.read else "a read as it would be"
    hop.note = f"{names} on {facts.group} matches {what}, and emits what the alarm watches."


def _ours(facts: Facts, metric_filter: Filter, event: Event) -> bool | None:
    try:
        pattern = _parsed(metric_filter.get("filterPattern", ""))
    except InvalidFilterPattern:
        return None
    return pattern.matches(event_text(event))


_parsed = lru_cache(maxsize=256)(FilterPattern.parse)


def _aws(facts: Facts, metric_filter: Filter) -> bool | None:
    asked = facts.tested.get(metric_filter.get("filterPattern", ""))
    return bool(asked.answer.get("matches")) if asked and asked.ok else None


def _is_known(facts: Facts, metric_filter: Filter, ours: bool | None) -> bool:
    return ours is not None or _aws(facts, metric_filter) is not None


def _holds(facts: Facts, metric_filter: Filter, ours: bool | None) -> bool:
    aws = _aws(facts, metric_filter)
    return bool(ours if aws is None else aws)


def _compare(hop: Hop, facts: Facts, metric_filter: Filter, ours: bool | None) -> None:
    name, aws = metric_filter["filterName"], _aws(facts, metric_filter)
    pattern = metric_filter.get("filterPattern", "")
    asked = facts.tested.get(pattern)
    if asked:
        said = {True: "matches", False: "does not match", None: asked.why}[aws]
        hop.saw(asked.action, name, asked.at, f"{said}: {pattern}")
        if asked.unknown and asked.problem == "denied":
            hop.cannot_tell("permission", f"AWS could not be asked to test the pattern: {asked.missing}.")
    if ours is not None and aws is not None and ours is not aws:
        hop.warning(
            "engines-disagree",
            f"TestMetricFilter says that {name} {'matches' if aws else 'does not match'}, "
            f"and this program says that it {'does' if ours else 'does not'}: please report the pattern.",
        )


def _form_that_is_missed(facts: Facts, filters: list[Filter]) -> tuple[str, Event] | None:
    """Where no read is there to go by: a form of naming a watched secret that no filter matches."""
    for secret in facts.subject.secrets:
        region = secretid.region(secret) or facts.subject.region
        for form in secretid.forms(secret, is_whole=secret == facts.subject.made):
            event = expected(form, facts.account_id, region, facts.now, facts.subject.kinds[0])
            if not any(_ours(facts, each, event) for each in filters):
                return form, event
    return None


def _rejected(
    hop: Hop, facts: Facts, filters: list[Filter], event: Event | None = None, what: str = "the read"
) -> None:
    event = event or facts.example
    assert event
    message = event_text(event)
    obstacles = {each["filterName"]: _obstacles(each, message) for each in filters}
    nearest = min(filters, key=lambda each: len(obstacles[each["filterName"]]) or 99)
    name, failing = nearest["filterName"], obstacles[nearest["filterName"]]
    if _is_on_purpose(failing):
        # The exception itself, where there is one, says most.
        reason = next((each for each in failing if "!=" in each.condition), failing[0])
        hop.warning(
            "left-out",
            f"{name} leaves this read out by who made it or how it ended: {_said(reason)}.",
            stops=True,
        )
        return
    if what == "the read" and facts.read is None:
        what = "a read as it would be"
    why = "; ".join(_said(each, event) for each in failing[:3]) or "AWS says that its pattern does not match"
    one_of = " one of these would have to hold:" if len(failing) > 1 else ""
    unsure = "" if facts.subject.secrets else " If another secret is watched, name it with --secret."
    unsure += "" if event is not facts.example else _made_anew(facts)
    hop.broken(
        "pattern",
        f"{name} does not match {what}:{one_of} {why}.{unsure}",
        put(facts, nearest, pattern=_better(facts, nearest, message)),
    )


def _made_anew(facts: Facts) -> str:
    """The cause behind a suffix that differs from the watched ARN's."""
    asked = secretid.asked_for(facts.read.event) if facts.read else []
    for watched in facts.subject.secrets:
        for each in asked:
            if secretid.made_anew(watched, each):
                return (
                    f" The watch has {watched}, and the caller sent {each}: was the secret deleted and "
                    "created again? Then write its ARN of today, or its name."
                )
    return ""


def _is_on_purpose(failing: list[Explanation]) -> bool:
    # A missing error with != is a usual mistake, and no purpose.
    return bool(failing) and all(
        each.condition.lstrip("( ").startswith(_ON_PURPOSE)
        and not (each.saw == () and "!=" in each.condition)
        for each in failing
    )


def is_left_out(facts: Facts) -> bool:
    """Whether the watch leaves out, on purpose, who made the read that is followed, or how it ended."""
    message = event_text(facts.example or {})
    found = [
        _obstacles(each, message)
        for each in (facts.filters and facts.filters.answer) or ()
        if is_of_the_watch(facts, each)
    ]
    return bool(found) and all(found) and any(_is_on_purpose(each) for each in found)


def _obstacles(metric_filter: Filter, message: str) -> list[Explanation]:
    try:
        return FilterPattern.parse(metric_filter.get("filterPattern", "")).obstacles(message)
    except InvalidFilterPattern:
        return []


def _better(facts: Facts, metric_filter: Filter, message: str) -> str:
    """A pattern that matches the read: the watch's own where it does, else one made for its secrets."""
    subject = facts.subject
    for name, pattern in zip(subject.filter_names, subject.filter_patterns, strict=False):
        if name == metric_filter["filterName"] and _matches(pattern, message):
            return pattern
    read = facts.read.secret if facts.read else ""
    secrets = [each for each in subject.secrets if secretid.answer(each, read).rings] or (
        [read] if read else subject.secrets
    )
    return mends.pattern_for(secrets, subject.event_names)


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


def _emission(facts: Facts, metric_filter: Filter) -> tuple[str, str, str] | None:
    """Cause, sentence and mend where a filter that matches does not count for the alarm."""
    name = metric_filter["filterName"]
    transformation = _transformation(metric_filter, facts)
    if transformation is None:
        return None  # said already
    assert facts.example
    pattern = FilterPattern.parse(metric_filter.get("filterPattern", ""))
    message = event_text(facts.example)
    written = str(transformation["metricValue"])
    text = _value(pattern, written, message)
    number = metric_value(text)
    if number is None:
        return (
            "value-missing",
            f"{name} counts with the value of {written}, which the read does not have: nothing is counted.",
            put(facts, metric_filter, value="1"),
        )
    if number <= 0:
        return (
            "value-zero",
            f"{name} counts each read as {number:g}.",
            put(facts, metric_filter, value="1"),
        )
    return _dimensions(facts, metric_filter, transformation, pattern, message)


def _value(pattern: FilterPattern, written: str, message: str) -> str | None:
    if not written.startswith("$"):
        return written
    try:
        return pattern.value_of(Selector.parse(written), message)
    except InvalidFilterPattern:
        return None


def _dimensions(
    facts: Facts,
    metric_filter: Filter,
    transformation: Mapping[str, Any],
    pattern: FilterPattern,
    message: str,
) -> tuple[str, str, str] | None:
    if facts.alarm is None:
        return None
    watched = {each["Name"]: each["Value"] for each in facts.dimensions}
    given = transformation.get("dimensions") or {}
    emitted = {key: _value(pattern, selector, message) for key, selector in given.items()}
    if watched == emitted:
        return None
    return (
        "other-dimensions",
        f"{metric_filter['filterName']} emits its metric with {_named(emitted)}, and the alarm watches it "
        f"with {_named(watched)}: for CloudWatch these are two metrics.",
        mends.put_alarm(facts.alarm, Dimensions=None)
        if not given
        else put(facts, metric_filter, dimensions=None),
    )


def _named(dimensions: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in dimensions.items()) or "no dimensions"
