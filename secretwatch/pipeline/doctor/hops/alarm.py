"""Hop 6: the alarm: would a single read ring it, can it ring again, and did this read.

Whether it would is not judged by rules of thumb: the alarm is evaluated, minute by minute, on a read between
quiet minutes and between busy ones. What is wrong is the setting that, put right, makes it ring.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any

from secretwatch.alarm import (
    AlarmConfig,
    InvalidAlarmConfig,
    Sample,
    State,
    config_of,
    datapoints,
    next_state,
    window_end,
)
from secretwatch.pipeline.doctor import mends
from secretwatch.pipeline.doctor.facts import Facts
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.filter import put

NAME = "alarm"
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)

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


def examine(facts: Facts, reached: bool) -> Hop:
    hop = Hop(NAME)
    asked, alarm = facts.alarm_asked, facts.alarm
    if alarm is None:
        _no_alarm(hop, facts)
        return hop
    assert asked
    name = alarm["AlarmName"]
    hop.saw(asked.action, name, asked.at, f"{alarm['StateValue']}: {alarm.get('StateReason', '')}")
    config = _settings(hop, facts, alarm)
    _actions(hop, facts, alarm)
    if reached and config and not hop.stops:
        _what_it_did(hop, facts, alarm, config)
    if config and _gives_zeros(facts) and _rings_again(replace(config, unit=None)):
        hop.note += (
            " With the zeros of a default value one read may ring more than once: they push it out of what "
            "the alarm looks at, and let it come back."
        )
    return hop


def _no_alarm(hop: Hop, facts: Facts) -> None:
    asked, subject = facts.alarm_asked, facts.subject
    if asked and asked.unknown:
        hop.cannot_tell("permission", f"The alarm cannot be looked at: {asked.missing}.")
        return
    if asked:
        hop.saw(asked.action, subject.alarm_name or "the metric", asked.at, "no alarm")
    if facts.metric is None:
        hop.not_reached("There is no metric that an alarm could watch.")
        return
    name = subject.alarm_name or "secret-read"
    units = {each.get("unit") for each in _feeding(facts)}
    wanted = {
        "AlarmName": name,
        "Namespace": facts.metric[0],
        "MetricName": facts.metric[1],
        "Statistic": "Maximum",
        # Where there is no filter yet, the one that is proposed gives it.
        "Unit": "Count" if not units or units == {"Count"} else None,
        "Period": 60,
        "EvaluationPeriods": 5,
        "DatapointsToAlarm": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": list(subject.topic_arns) or ["TOPIC_ARN"],
    }
    hop.broken("alarm-deleted", f"There is no alarm {name} on the metric.", mends.put_alarm(wanted))


# What is set


def _settings(hop: Hop, facts: Facts, alarm: Mapping[str, Any]) -> AlarmConfig | None:
    try:
        config = config_of(alarm)
    except (InvalidAlarmConfig, KeyError, ValueError) as error:
        hop.cannot_tell(
            "not-a-threshold", f"What {alarm['AlarmName']} decides by is not covered here: {error}."
        )
        return None
    transformations = _feeding(facts)
    unit = config.unit
    if unit in [each.get("unit") for each in transformations]:
        config = replace(config, unit=None)  # as the samples here have none
    zeros = _gives_zeros(facts)
    declared = facts.subject.declared
    config = _rings(hop, facts, alarm, config, zeros)
    config = _is_quiet(hop, alarm, config, zeros, declared)
    _recovers(hop, facts, alarm, config, zeros)
    _period(hop, facts, alarm, config)
    hop.note = f"{alarm['AlarmName']} rings for a single read; it is {alarm['StateValue']}."
    # What was counted has its unit.
    return replace(config, unit=unit)


def _feeding(facts: Facts) -> list[Mapping[str, Any]]:
    """How the log group's filters count into the alarm's metric."""
    return [
        transformation
        for each in _filters(facts)
        for transformation in each["metricTransformations"]
        if (transformation["metricNamespace"], transformation["metricName"]) == facts.metric
    ]


def _gives_zeros(facts: Facts) -> bool:
    """Whether other events are counted, too, as a default value."""
    return any(each.get("defaultValue") is not None for each in _feeding(facts))


def _filters(facts: Facts) -> list[Mapping[str, Any]]:
    """The log group's filters that count into the alarm's metric."""
    return [
        each
        for each in (facts.filters and facts.filters.answer) or ()
        if any((t["metricNamespace"], t["metricName"]) == facts.metric for t in each["metricTransformations"])
    ]


def _rings(hop: Hop, facts: Facts, alarm: Mapping[str, Any], config: AlarmConfig, zeros: bool) -> AlarmConfig:
    """The alarm as it would ring; what has to be changed for that is found wrong."""
    fixed, declared = config, facts.subject.declared
    # Where nothing but reads is counted, most statistics are as good as a sum.
    settings = _RIGHT if zeros else (*_RIGHT[1:], _RIGHT[0])
    while not all(rings(fixed, zeros=each) for each in {False, zeros}):
        wrong = next((each for each in settings if _helps(fixed, each, zeros)), None)
        # Where no single change is enough, the first that differs, and on.
        wrong = wrong or next((each for each in settings if getattr(fixed, each[0]) != each[2]), None)
        if wrong is None:
            break
        setting, member, right, said = wrong
        changes = {member: right}
        if setting == "evaluation_periods":
            changes["DatapointsToAlarm"] = None
        value = getattr(fixed, setting)
        fixed = _with(fixed, setting, right)
        sentence = f"{alarm['AlarmName']} does not ring for a read: {said.format(value)}"
        mend = mends.put_alarm(alarm, **_members(config, fixed))
        if setting == "unit" and facts.subject.known:
            # The watch's alarm looks at a unit on purpose, and its filters have lost it.
            mend = mends.lines(*(put(facts, each, unit=value) for each in _filters(facts)))
        if declared.get(setting) == value:
            hop.warning(_CAUSES[setting], f"{sentence}, as the watch was told to.", stops=True)
        else:
            hop.broken(_CAUSES[setting], f"{sentence}.", mend)
    return fixed


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


def _members(before: AlarmConfig, after: AlarmConfig) -> dict[str, Any]:
    """The changes, as PutMetricAlarm names them."""
    changes = {
        member: getattr(after, setting)
        for setting, member, _, _ in _RIGHT
        if getattr(before, setting) != getattr(after, setting)
    }
    if "Statistic" in changes:
        changes["ExtendedStatistic"] = None
    if "EvaluationPeriods" in changes:
        changes["DatapointsToAlarm"] = None
    return changes


def _is_quiet(
    hop: Hop, alarm: Mapping[str, Any], config: AlarmConfig, zeros: bool, declared: Mapping[str, Any]
) -> AlarmConfig:
    """Without a read it must not be in ALARM: it would be there already when a read comes."""
    for busy in (False, True) if zeros else (False,):
        if not _in_alarm(config, [], busy):
            continue
        fixed = replace(config, treat_missing_data="notBreaching")
        setting = "treat_missing_data"
        said = f"missing data counts as {config.treat_missing_data}"
        if _in_alarm(fixed, [], busy):
            fixed = replace(fixed, comparison_operator="GreaterThanOrEqualToThreshold", threshold=1.0)
            setting, said = (
                "comparison_operator",
                f"{config.comparison_operator} {config.threshold:g} holds for 0",
            )
        sentence = (
            f"{alarm['AlarmName']} is in ALARM without any read, as {said}: a read changes nothing, "
            "and actions run only on a change."
        )
        if declared.get(setting) == getattr(config, setting):
            hop.warning(_CAUSES[setting], f"{sentence} So the watch was told.", stops=True)
        else:
            hop.broken(_CAUSES[setting], sentence, mends.put_alarm(alarm, **_members(config, fixed)))
        return fixed
    return config


def _recovers(hop: Hop, facts: Facts, alarm: Mapping[str, Any], config: AlarmConfig, zeros: bool) -> None:
    """After a read it has to leave ALARM, for the next one to change its state."""
    if hop.findings or not _is_held(config):
        return
    updated = alarm.get("StateUpdatedTimestamp")
    window = timedelta(seconds=config.period * config.evaluation_range)
    held = alarm["StateValue"] == "ALARM" and updated is not None and facts.now - updated > window
    sentence = (
        f"{alarm['AlarmName']} stays in ALARM after a read until something else is logged, as missing data "
        f"is treated as {config.treat_missing_data}: later reads change nothing, and nothing is sent."
    )
    mend = mends.put_alarm(alarm, TreatMissingData="notBreaching")
    if zeros and not held:
        hop.warning("missing-data", sentence, mend)
    else:
        hop.broken("missing-data", sentence, mend)


def _period(hop: Hop, facts: Facts, alarm: Mapping[str, Any], config: AlarmConfig) -> None:
    mend = mends.put_alarm(alarm, Period=300)
    name = alarm["AlarmName"]
    if config.period < 60:
        hop.broken(
            "period-too-short",
            f"The period of {name} is {config.period} s: a metric filter has one value a minute, and events "
            "come minutes late.",
            mend,
        )
        return
    read = facts.read
    if read is None or read.delivered is None or read.logged is None:
        return
    late = (read.delivered - read.logged).total_seconds()
    if late > config.period * config.evaluation_range:
        hop.broken(
            "period-too-short",
            f"The read was counted {late:.0f} s late, and {name} looks back only "
            f"{config.period * config.evaluation_range} s.",
            mend,
        )


# The alarm on a read, minute by minute


def rings(config: AlarmConfig, *, zeros: bool) -> bool:
    """Whether a single read takes the alarm to ALARM; zeros: other events are counted as 0 in between."""
    return State.ALARM in _states(config, (_read_at(config),), zeros)


def _in_alarm(config: AlarmConfig, reads: list[datetime], zeros: bool) -> bool:
    return _states(config, tuple(reads), zeros)[-1] is State.ALARM


def _is_held(config: AlarmConfig) -> bool:
    return _states(config, (_read_at(config),), False)[-1] is State.ALARM


def _rings_again(config: AlarmConfig) -> bool:
    """Whether one read, with the zero of another event a little later, goes to ALARM more than once."""
    read = _read_at(config)
    later = read + timedelta(seconds=config.period - 60)
    states = _states(config, (read,), False, (later,))
    changes = pairwise((State.OK, *states))
    return sum(now is State.ALARM and before is not State.ALARM for before, now in changes) > 1


def _read_at(config: AlarmConfig) -> datetime:
    return _BEGIN + timedelta(seconds=config.period * config.evaluation_range) + 3 * _MINUTE


@lru_cache(maxsize=64)
def _states(
    config: AlarmConfig, reads: tuple[datetime, ...], zeros: bool, others: tuple[datetime, ...] = ()
) -> tuple[State, ...]:
    """The states of each minute, from a range before the reads to two ranges after them."""
    minutes = 3 * config.period * config.evaluation_range // 60 + 10
    # Longer stories tell nothing new; an evaluation a minute of a week would.
    minutes = min(minutes, 3 * 1440)
    samples = [Sample(at, 1.0) for at in reads] + [Sample(at, 0.0) for at in others]
    if zeros:
        quiet = {_BEGIN + n * _MINUTE for n in range(minutes)}.difference(reads)
        samples += [Sample(at, 0.0) for at in quiet]
    samples.sort(key=_time_of)
    longest = timedelta(seconds=config.period * config.evaluation_range) + _MINUTE
    state, states = State.OK, []
    step = max(1, minutes // 400)
    for number in range(1, minutes + 1, step):
        at = _BEGIN + number * _MINUTE
        first = bisect_left(samples, at - longest, key=_time_of)
        seen = datapoints(config, samples[first : bisect_left(samples, at, key=_time_of)], at)
        state = next_state(config, seen, state)
        states.append(state)
    return tuple(states)


def _time_of(sample: Sample) -> datetime:
    return sample.time


# What is done


def _actions(hop: Hop, facts: Facts, alarm: Mapping[str, Any]) -> None:
    name = alarm["AlarmName"]
    if alarm.get("ActionsEnabled") is False:
        hop.broken(
            "actions-disabled",
            f"The actions of {name} are switched off.",
            mends.aws("cloudwatch", "enable-alarm-actions", "--alarm-names", name),
        )
    if not alarm.get("AlarmActions"):
        topics = list(facts.subject.topic_arns) or ["TOPIC_ARN"]
        hop.broken(
            "no-action",
            f"{name} has no action for ALARM: it tells nobody.",
            mends.put_alarm(alarm, AlarmActions=topics),
        )


# What it did


def _what_it_did(hop: Hop, facts: Facts, alarm: Mapping[str, Any], config: AlarmConfig) -> None:
    read, asked = facts.read, facts.history_of_alarm
    if read is None or asked is None:
        return
    if asked.unknown:
        hop.cannot_tell("permission", f"The alarm's history cannot be looked at: {asked.missing}.")
        return
    name = alarm["AlarmName"]
    rung = [
        each
        for each in asked.answer
        if each["HistoryItemType"] == "StateUpdate"
        and each["HistorySummary"].endswith("to ALARM")
        and each["Timestamp"] >= read.time
    ]
    if rung:
        at = rung[-1]["Timestamp"].astimezone(UTC)
        hop.saw(asked.action, name, at, rung[-1]["HistorySummary"])
        hop.note = f"{name} went to ALARM {(at - read.time).total_seconds():.0f} s after the read."
        return
    if since := _in_alarm_before(alarm, asked.answer, read.time):
        hop.warning(
            "already-in-alarm",
            f"{name} was in ALARM already when the read came, since {since:%H:%M:%S} UTC: actions run "
            "only on a change, so that this read sends nothing more.",
            stops=True,
        )
        return
    ends = _rang_in_replay(config, facts)
    replayed = f"ALARM at {ends:%H:%M} UTC" if ends else "no ALARM"
    hop.saw("replay of what was counted", name, facts.now, replayed)
    if ends is None:
        hop.warning(
            "not-rung",
            f"{name} did not ring, and its evaluation over the metric of the last hours would not either: "
            "what is counted differs from what is set now.",
            facts.subject.canary,
            stops=True,
        )
    elif facts.age(ends) < (5 if facts.local else 180):
        hop.cannot_tell(
            "too-early",
            f"{name} is not in ALARM yet: it is evaluated every minute.",
            "Run it again in a while.",
            stops=True,
            waits=True,
        )
    elif facts.changed_since_the_read("monitoring", "logs"):
        hop.warning(
            "read-before-the-mend",
            "The read came before the alarm was what it is now: make a new one.",
            facts.subject.canary,
            stops=True,
        )
    else:
        hop.broken(
            "not-evaluated",
            f"By what was counted {name} should have gone to ALARM at {ends:%H:%M} UTC, and it did not.",
        )


def _in_alarm_before(
    alarm: Mapping[str, Any], history: list[Mapping[str, Any]], at: datetime
) -> datetime | None:
    """Since when the alarm was in ALARM at this time; None where it was not."""
    updates = [
        each for each in history if each["HistoryItemType"] == "StateUpdate" and each["Timestamp"] < at
    ]
    if updates:
        last = max(updates, key=lambda each: each["Timestamp"])
        to_alarm = last["HistorySummary"].endswith("to ALARM")
        return last["Timestamp"].astimezone(UTC) if to_alarm else None
    updated = alarm.get("StateUpdatedTimestamp")
    return updated if alarm["StateValue"] == "ALARM" and updated and updated <= at else None


def _rang_in_replay(config: AlarmConfig, facts: Facts) -> datetime | None:
    """When the alarm would have gone to ALARM since the read, by the samples of the last hours."""
    assert facts.read
    begin = window_end(facts.read.time, 60) - timedelta(seconds=config.period)
    state, at = State.OK, begin
    while at <= facts.now + _MINUTE:
        changed = next_state(config, datapoints(config, facts.samples, at), state)
        if changed is State.ALARM and state is not State.ALARM and at > facts.read.time:
            return at
        state, at = changed, at + _MINUTE
    return None
