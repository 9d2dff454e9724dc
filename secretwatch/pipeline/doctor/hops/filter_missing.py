"""Of hop 4: the filter that is not there: on another group, for another metric, or nowhere."""

from __future__ import annotations

from typing import Any

from secretwatch.alarm import metric_of, unit_of
from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.calls import Step
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.kinds import alarms, filters
from secretwatch.pipeline.doctor.kinds.filters import id_of
from secretwatch.pipeline.doctor.patterns import pattern_for
from secretwatch.pipeline.doctor.sentences import metric_named
from secretwatch.pipeline.doctor.slips import is_slip
from secretwatch.pipeline.doctor.view import Metric, View


def say_no_group(hop: Hop, view: View) -> None:
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
        f"No metric filter emits {metric_named(metric)}, which the alarm watches.",
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


def say_missing(hop: Hop, view: View, own: list[Thing], metric: Metric | None) -> None:
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
        if elsewhere := view.emitting_elsewhere(metric):
            hop.broken(
                "filter-on-another-group",
                f"The metric filter {elsewhere['filterName']} is on {elsewhere['logGroupName']}, "
                f"and the trail delivers to {group}.",
                *steps,
            )
        else:
            hop.broken("filter-deleted", f"The metric filter {name} does not exist on {group}.", *steps)


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


def say_no_filter(hop: Hop, view: View, metric: Metric | None) -> None:
    """An account's alarm, and no filter of the log group that emits its metric."""
    group = view.group
    assert group
    if metric is None:
        hop.broken(
            "filter-deleted",
            f"No metric filter on {group} counts "
            f"{'reads of secrets' if view.subject.is_about_secrets else 'it'}.",
            *_new(view, group, ("secretwatch", "secret-reads")),
        )
        return
    if elsewhere := view.emitting_elsewhere(metric):
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
        "filter-deleted", f"{what} on {group} emits {metric_named(metric)}, which the alarm watches.", *steps
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
        f"Nothing emits {metric_named(metric)}, which the alarm watches; the metric filter "
        f"{found['filterName']} emits {metric_named(other)}.",
        *steps,
        ref=Ref("alarm", view.alarm_name or ""),
    )


def say_other_metric(hop: Hop, view: View, metric_filter: Thing, metric: Metric) -> None:
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
        f"The metric filter {metric_filter['filterName']} emits {metric_named(emitted)}, "
        f"and the alarm watches {metric_named(metric)}.",
        step,
        ref=Ref("filter", id_of(view.group or "", metric_filter["filterName"])),
    )
