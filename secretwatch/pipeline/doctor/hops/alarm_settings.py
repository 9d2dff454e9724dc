"""Of hop 6: what is set: which setting keeps a read from ringing the alarm, and what puts it right.

What is wrong is the setting that, put right, makes it ring.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from secretwatch.alarm import AlarmConfig, InvalidAlarmConfig, config_of
from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.calls import Step
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.alarm_minutes import is_held, is_in_alarm, rings
from secretwatch.pipeline.doctor.kinds import alarms, filters
from secretwatch.pipeline.doctor.kinds.filters import id_of
from secretwatch.pipeline.doctor.reads import EVENT_NAMES
from secretwatch.pipeline.doctor.sentences import what_rings
from secretwatch.pipeline.doctor.view import View, emission

_FEW = 5.0
"""A threshold above it is no slip of somebody who wants to hear of each read."""

# Setting, its name in PutMetricAlarm, what makes a single read ring, and how it is said.
_RIGHT: tuple[tuple[str, str, Any, str], ...] = (
    (
        "statistic",
        "Statistic",
        "Sum",
        "its statistic is {}: among zeros one read does not reach the threshold",
    ),
    (
        "threshold",
        "Threshold",
        1.0,
        "its threshold is {:g}: a single read, which counts 1, does not reach it",
    ),
    (
        "comparison_operator",
        "ComparisonOperator",
        "GreaterThanOrEqualToThreshold",
        "it compares by {}, which a read does not satisfy",
    ),
    (
        "evaluation_periods",
        "EvaluationPeriods",
        1,
        "it wants more than one of its {} evaluation periods to have a read",
    ),
    ("unit", "Unit", None, "it looks only at data of unit {}, which the metric filter does not give"),
    ("treat_missing_data", "TreatMissingData", "notBreaching", "it treats missing data as {}"),
)
_CAUSES = {
    "statistic": "statistic",
    "threshold": "threshold",
    "comparison_operator": "comparison",
    "evaluation_periods": "evaluation-periods",
    "treat_missing_data": "missing-data",
    "unit": "unit",
}


def alarm_ref(view: View) -> Ref:
    return Ref("alarm", view.alarm_name or "")


def examine_settings(hop: Hop, view: View, alarm: Thing) -> AlarmConfig | None:
    try:
        config = config_of(alarm)
    except (InvalidAlarmConfig, KeyError, ValueError) as error:
        if view.intent and alarm_ref(view) in view.differing():
            return None  # it was another alarm, which is said
        why = str(error) if isinstance(error, InvalidAlarmConfig) else "it has no threshold on one metric"
        hop.cannot_tell(
            "not-a-threshold",
            f"The doctor cannot evaluate {alarm['AlarmName']} ({why.rstrip('.')}): make the call once that "
            "should ring it, and see whether it does.",
        )
        return None
    transformations = feeding(view)
    unit = config.unit
    if unit in [each.get("unit") for each in transformations]:
        config = replace(config, unit=None)  # as the samples here have none
    zeros = gives_zeros(view)
    if view.metric and view.metric[0].startswith("AWS/"):
        hop.note = f"{alarm['AlarmName']} watches a service's own metric; it is {alarm['StateValue']}."
        return replace(config, unit=unit)
    if not view.subject.is_about_secrets and _is_on_absence(config):
        hop.note = f"{alarm['AlarmName']} rings when nothing is counted; it is {alarm['StateValue']}."
        return replace(config, unit=unit)
    counted = {str(each.get("metricValue")) for each in transformations}
    if counted and counted != {"1"} and not view.subject.known and "0" not in counted:
        hop.note = (
            f"{alarm['AlarmName']} is on values of {', '.join(sorted(counted))}; it is {alarm['StateValue']}."
        )
        return replace(config, unit=unit)
    config = _rings(hop, view, alarm, config, zeros)
    config = _is_quiet(hop, view, alarm, config, zeros)
    _recovers(hop, view, alarm, config, zeros)
    _period(hop, view, alarm, config)
    hop.note = f"{alarm['AlarmName']} rings for a single {what_rings(view)}; it is {alarm['StateValue']}."
    # What was counted has its unit.
    return replace(config, unit=unit)


def _is_on_absence(config: AlarmConfig) -> bool:
    """Whether it is made for what does not come: too little rings it, and nothing as well."""
    return config.comparison_operator.startswith("LessThan") and config.treat_missing_data == "breaching"


def feeding(view: View) -> list[Mapping[str, Any]]:
    """How the log group's filters count into the alarm's metric."""
    metric = view.metric
    return [found for each in view.filters() if metric and (found := emission(each, metric))]


def gives_zeros(view: View) -> bool:
    """Whether other events are counted, too, as a default value."""
    return any(each.get("defaultValue") is not None for each in feeding(view))


def _is_declared(view: View, member: str, setting: str, value: Any) -> bool:
    """Whether the watch was given this setting: deliberate, whatever it is."""
    applied = view.applied("alarm", view.alarm_name)
    if applied is not None:
        live = view.alarm or {}
        same = alarms.DECISIVE[member]
        if applied.get("Metrics"):
            return alarms.DECISIVE["Metrics"](applied["Metrics"]) == alarms.DECISIVE["Metrics"](
                live.get("Metrics")
            ) and (member not in live or same(applied.get(member)) == same(live.get(member)))
        if member == "EvaluationPeriods" and not _is_declared(view, "DatapointsToAlarm", setting, value):
            return False  # how many of them is the other half of it
        return bool(same(applied.get(member)) == same(live.get(member)))
    if view.subject.declared:
        return bool(view.subject.declared.get(setting) == value)
    # Nobody says what was meant: a number above 1 is written on purpose, on alarms about other things.
    of_reads = any(name in EVENT_NAMES for name, _ in view.subject.kinds)
    if of_reads and not (member == "Threshold" and value > _FEW):
        return False
    # Only these add up: no number of matches makes the largest, or the mean, of ones more than one.
    adds_up = (view.alarm or {}).get("Statistic") in ("Sum", "SampleCount")
    return member in ("EvaluationPeriods", "DatapointsToAlarm") or (member == "Threshold" and adds_up)


def _rings(hop: Hop, view: View, alarm: Thing, config: AlarmConfig, zeros: bool) -> AlarmConfig:
    """The alarm as it would ring; what has to be changed for that is found wrong."""
    fixed = config
    # Where nothing but reads is counted, most statistics are as good as a sum.
    settings = _RIGHT if zeros else (*_RIGHT[1:], _RIGHT[0])
    found: list[tuple[str, str, Any, str]] = []
    while not all(rings(fixed, zeros=each) for each in {False, zeros}):
        wrong = next((each for each in settings if _helps(fixed, each, zeros)), None)
        # Where no single change is enough, the first that differs, and on.
        wrong = wrong or next((each for each in settings if getattr(fixed, each[0]) != each[2]), None)
        if wrong is None:
            break
        found.append((wrong[0], wrong[1], getattr(fixed, wrong[0]), wrong[3]))
        fixed = _with(fixed, wrong[0], wrong[2])
    # One command puts all of it right.
    whole = alarms.put(alarm, **_members(alarm, config, fixed))
    for setting, member, value, said in found:
        said = said.replace("read", what_rings(view)).format(value)
        sentence = f"{alarm['AlarmName']} does not ring for a single {what_rings(view)}: {said}"
        if _is_declared(view, member, setting, value):
            if setting == "unit" and any(ref.kind == "filter" for ref in view.differing()):
                continue  # the filter that gave it was changed, which is said there
            if alarm_ref(view) in view.differing():
                continue  # something else of it was changed, which is what stops it
            hop.warning(_CAUSES[setting], f"{sentence}. It is set so on purpose.", stops=True)
            continue
        steps: list[Step] = [whole]
        if setting == "unit" and view.subject.known:
            # The watch's alarm looks at a unit on purpose, and its filters have lost it.
            steps = [filters.put(each, unit=value) for each in view.emitting(view.metric)]
        hop.broken(_CAUSES[setting], f"{sentence}.", *steps, ref=_guilty(view, setting))
    return fixed


def _guilty(view: View, setting: str) -> Ref:
    """The alarm, or where that is as it was applied, the filter that feeds it otherwise."""
    if setting in ("unit", "statistic") and view.intent:
        changed = view.differing()
        for each in view.emitting(view.metric):
            ref = Ref("filter", id_of(view.group or "", each["filterName"]))
            if ref in changed and alarm_ref(view) not in changed:
                return ref
    return alarm_ref(view)


def _with(config: AlarmConfig, setting: str, right: Any) -> AlarmConfig:
    if setting == "evaluation_periods":
        return replace(config, evaluation_periods=right, datapoints_to_alarm=None)
    return replace(config, **{setting: right})


def _helps(config: AlarmConfig, each: tuple[str, str, Any, str], zeros: bool) -> bool:
    setting, _, right, _ = each
    if getattr(config, setting) == right:
        return False
    fixed = _with(config, setting, right)
    return all(rings(fixed, zeros=busy) for busy in {False, zeros})


def _members(alarm: Thing, before: AlarmConfig, after: AlarmConfig) -> dict[str, Any]:
    """The changes, as PutMetricAlarm names them; of an alarm on metric math, in its only metric."""
    changes = {
        member: getattr(after, setting)
        for setting, member, _, _ in _RIGHT
        if getattr(before, setting) != getattr(after, setting)
    }
    if "Statistic" in changes:
        changes["ExtendedStatistic"] = None
    if "EvaluationPeriods" in changes:
        changes["DatapointsToAlarm"] = None
    if alarm.get("Metrics"):
        inner: dict[str, Any] = {name: changes.pop(name) for name in ("Statistic", "Unit") if name in changes}
        changes.pop("ExtendedStatistic", None)
        if inner:
            changes["Metrics"] = [_changed(each, inner) for each in alarm["Metrics"]]
    return changes


def _changed(query: Mapping[str, Any], inner: Mapping[str, Any]) -> dict[str, Any]:
    if not query.get("MetricStat"):
        return dict(query)
    stat = dict(query["MetricStat"])
    if "Statistic" in inner:
        stat["Stat"] = inner["Statistic"]
    if "Unit" in inner:
        stat.pop("Unit", None)
    return {**query, "MetricStat": stat}


def _is_quiet(hop: Hop, view: View, alarm: Thing, config: AlarmConfig, zeros: bool) -> AlarmConfig:
    """Without a read it must not be in ALARM: it would be there already when a read comes."""
    for busy in (False, True) if zeros else (False,):
        default = _default(view) if busy else 0.0
        if not is_in_alarm(config, busy, default):
            continue
        if default > 0 and not is_in_alarm(config, busy, 0.0):
            guilty = next(each for each in view.emitting(view.metric) if _default_of(view, each) > 0)
            ref = Ref("filter", id_of(view.group or "", guilty["filterName"]))
            hop.broken(
                "default-value",
                f"{alarm['AlarmName']} is in ALARM without any {what_rings(view)}, as {guilty['filterName']} "
                f"counts every other event as {default:g}: a {what_rings(view)} does not change its state, "
                f"and actions run only when the state changes.",
                *(view.restore(ref) or [filters.put(guilty, defaultValue=0.0)]),
                ref=ref,
            )
            return config
        summed = replace(config, statistic="Sum")
        if busy and config.statistic == "SampleCount" and not is_in_alarm(summed, busy, default):
            sentence = (
                f"{alarm['AlarmName']} is in ALARM without any {what_rings(view)}, as its statistic is "
                "SampleCount, and zeros are samples, too: actions run only when the state changes."
            )
            step = alarms.put(alarm, **_members(alarm, config, summed))
            if _is_declared(view, "Statistic", "statistic", config.statistic):
                hop.warning("statistic", f"{sentence} It is set so on purpose.", stops=True)
            else:
                hop.broken("statistic", sentence, step, ref=alarm_ref(view))
            return summed
        fixed = replace(config, treat_missing_data="notBreaching")
        member, setting, said = (
            "TreatMissingData",
            "treat_missing_data",
            f"missing data counts as {config.treat_missing_data}",
        )
        if is_in_alarm(fixed, busy, default):
            fixed = replace(fixed, comparison_operator="GreaterThanOrEqualToThreshold", threshold=1.0)
            member, setting = "ComparisonOperator", "comparison_operator"
            said = f"{config.comparison_operator} {config.threshold:g} holds for 0"
        sentence = (
            f"{alarm['AlarmName']} is in ALARM without any {what_rings(view)}, as {said}: a "
            f"{what_rings(view)} does not change its state, and actions run only when the state changes."
        )
        if _is_declared(view, member, setting, getattr(config, setting)):
            hop.warning(_CAUSES[setting], f"{sentence} It is set so on purpose.", stops=True)
        else:
            hop.broken(
                _CAUSES[setting],
                sentence,
                alarms.put(alarm, **_members(alarm, config, fixed)),
                ref=alarm_ref(view),
            )
        return fixed
    return config


def _default_of(view: View, metric_filter: Thing) -> float:
    metric = view.metric
    given = emission(metric_filter, metric) if metric else None
    return float((given or {}).get("defaultValue") or 0)


def _default(view: View) -> float:
    return max((float(each.get("defaultValue") or 0) for each in feeding(view)), default=0.0)


def _recovers(hop: Hop, view: View, alarm: Thing, config: AlarmConfig, zeros: bool) -> None:
    """After a read it has to leave ALARM, for the next one to change its state."""
    if hop.findings or not is_held(config):
        return
    updated = alarm.get("StateUpdatedTimestamp")
    window = timedelta(seconds=config.period * config.evaluation_range)
    held = alarm["StateValue"] == "ALARM" and updated is not None and view.now - updated > window
    until = "until something else is logged" if zeros else "for good"
    sentence = (
        f"{alarm['AlarmName']} stays in ALARM after a {what_rings(view)} {until}, as missing data is treated "
        f"as {config.treat_missing_data}: later ones do not change its state, so it sends no message."
    )
    step = alarms.put(alarm, TreatMissingData="notBreaching")
    declared = view.intent is not None and _is_declared(
        view, "TreatMissingData", "treat_missing_data", config.treat_missing_data
    )
    if (zeros and not held) or declared:
        hop.warning("missing-data", sentence, step)
    else:
        hop.broken("missing-data", sentence, step, ref=alarm_ref(view))


def _period(hop: Hop, view: View, alarm: Thing, config: AlarmConfig) -> None:
    if config.period >= 60:
        return
    if alarm.get("Metrics"):
        return
    hop.broken(
        "period-too-short",
        f"The period of {alarm['AlarmName']} is {config.period} s: a metric filter has one value a minute, "
        "and events come minutes late.",
        alarms.put(alarm, Period=300),
        ref=alarm_ref(view),
    )
