"""The evaluation itself: datapoints and the present state → the new state, and AWS's reason for it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html

With N or more real datapoints in the evaluation range the newest N decide, and missing ones do not matter.
With fewer, all real ones count, and as few missing ones as N needs are filled in as treat_missing_data
says. `missing` and `ignore` fill nothing in: the real ones decide alone, where they can.

The page's rule against premature alarms, read literally, contradicts its own second table. It reproduces
every cell where it is applied to `missing` and to fewer than M real datapoints: ALARM if the oldest
breaching one is at least M periods old and everything newer is breaching or missing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from secretwatch.alarm.config import COMPARISONS, AlarmConfig, State, TreatMissingData
from secretwatch.alarm.statistics import percentile_of
from secretwatch.alarm.window import Datapoint


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The outcome. Where `kept`, the alarm stays as it is, and so do its reason and reason data."""

    state: State
    reason: str
    """StateReason; "" where kept."""
    reason_data: str
    """StateReasonData, JSON; "" where kept."""
    kept: bool = False


@dataclass(frozen=True, slots=True)
class _Point:
    value: float
    breaching: bool
    age: int
    """1 for the newest period of the range, 2 for the one before."""
    time: datetime | None
    sample_count: float | None


def evaluate(
    config: AlarmConfig,
    datapoints: Sequence[Datapoint | float | None],
    state: State | str,
    *,
    at: datetime | None = None,
) -> Evaluation:
    """The alarm's state after these datapoints: the evaluation range, oldest first, None for a missing one.

    `Datapoint`s carry the times and sample counts that AWS's reasons mention; `at` (aware) is the query's
    time for the reason data. ValueError for a state that is none.
    """
    present = State(state)
    points = _real(config, datapoints)
    decided = _next(config, points)
    if decided is None:
        return Evaluation(present, "", "", kept=True)
    evaluated = points[-config.evaluation_periods :]
    filled = config.evaluation_periods - len(evaluated)
    reason = _reason(config, decided, evaluated, filled)
    return Evaluation(decided, reason, _reason_data(config, datapoints, evaluated, filled, at))


def next_state(
    config: AlarmConfig, datapoints: Sequence[Datapoint | float | None], state: State | str
) -> State:
    """The state of `evaluate` alone, for who has many evaluations and reads no reasons."""
    present = State(state)
    return _next(config, _real(config, datapoints)) or present


def _next(config: AlarmConfig, points: Sequence[_Point]) -> State | None:
    """The new state; None to keep the present one."""
    wanted = config.evaluation_periods
    evaluated = points[-wanted:]
    if _too_few_samples(config, evaluated):
        return None
    return _decide(config, points, evaluated, wanted - len(evaluated))


def _real(config: AlarmConfig, datapoints: Sequence[Datapoint | float | None]) -> list[_Point]:
    points = []
    for index, given in enumerate(datapoints):
        point = given if isinstance(given, Datapoint) else None
        value = point.value if point else given
        if isinstance(value, (int, float)):
            points.append(
                _Point(
                    float(value),
                    config.breaches(value),
                    len(datapoints) - index,
                    point.time if point else None,
                    point.sample_count if point else None,
                )
            )
    return points


def _too_few_samples(config: AlarmConfig, points: Sequence[_Point]) -> bool:
    """Whether a percentile is to be ignored: of fewer than 10/(1 - p) samples, or 10/p below the median."""
    percentile = percentile_of(config.statistic)
    if config.evaluate_low_sample_count_percentile != "ignore" or percentile is None or not points:
        return False
    tail = min(percentile, 100 - percentile) / 100
    samples = sum(point.sample_count or 0 for point in points)
    return tail == 0 or samples * tail < 10


def _decide(
    config: AlarmConfig, points: Sequence[_Point], evaluated: Sequence[_Point], filled: int
) -> State | None:
    """The new state; None to keep the present one."""
    breaching = sum(point.breaching for point in evaluated)
    if filled and config.treat_missing_data == TreatMissingData.BREACHING:
        breaching += filled
        return State.ALARM if breaching >= config.needed else State.OK
    if breaching >= config.needed:
        return State.ALARM
    if not filled or config.treat_missing_data == TreatMissingData.NOT_BREACHING:
        return State.OK
    if config.treat_missing_data == TreatMissingData.MISSING and _breached_long_enough(config, points):
        return State.ALARM
    if breaching < len(evaluated):
        return State.OK
    # Nothing, or too little that all breaches.
    return None if config.treat_missing_data == TreatMissingData.IGNORE else State.INSUFFICIENT_DATA


def _breached_long_enough(config: AlarmConfig, points: Sequence[_Point]) -> bool:
    if len(points) >= config.needed:
        return False
    oldest = max((point.age for point in points if point.breaching), default=0)
    return oldest >= config.needed and all(point.breaching for point in points if point.age < oldest)


def _reason(config: AlarmConfig, state: State, evaluated: Sequence[_Point], filled: int) -> str:
    """AWS's sentence. It lists, newest first, the datapoints that speak for the state."""
    periods = config.evaluation_periods
    if state == State.INSUFFICIENT_DATA:
        return f"Insufficient Data: {_count(filled, 'datapoint')} {_was(filled)} unknown."
    alarm = state == State.ALARM
    listed = [point for point in reversed(evaluated) if point.breaching is alarm]
    treated = ""
    if filled and config.treat_missing_data in (TreatMissingData.BREACHING, TreatMissingData.NOT_BREACHING):
        name = "Breaching" if config.treat_missing_data == TreatMissingData.BREACHING else "NonBreaching"
        treated = f" and {_count(filled, 'missing datapoint')} {_was(filled)} treated as [{name}]"
    if not listed:
        received = _count(len(evaluated), "datapoint") if evaluated else "no datapoints"
        verb = _was(len(evaluated)) if evaluated else "were"
        return f"Threshold Crossed: {received} {verb} received for {_count(periods, 'period')}{treated}."
    values = ", ".join(_shown(point) for point in listed)
    compared = (
        f"{_was(len(listed))}{'' if alarm else ' not'} {COMPARISONS[config.comparison_operator]} "
        f"the threshold ({double_text(config.threshold)})"
    )
    if config.datapoints_to_alarm is None:
        return f"Threshold Crossed: {_count(len(listed), 'datapoint')} [{values}] {compared}{treated}."
    needed = config.needed if alarm else periods - config.needed + 1
    change = "OK -> ALARM" if alarm else "ALARM -> OK"
    return (
        f"Threshold Crossed: {len(listed)} out of the last {periods} datapoints [{values}] {compared}"
        f"{treated} (minimum {_count(needed, 'datapoint')} for {change} transition)."
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _shown(point: _Point) -> str:
    text = double_text(point.value)
    return text if point.time is None else f"{text} ({point.time.astimezone(UTC):%d/%m/%y %H:%M:%S})"


def _reason_data(
    config: AlarmConfig,
    datapoints: Sequence[Datapoint | float | None],
    evaluated: Sequence[_Point],
    filled: int,
    at: datetime | None,
) -> str:
    """AWS's JSON: recentDatapoints oldest first; evaluatedDatapoints newest first, missing ones valueless."""
    data: dict[str, object] = {"version": "1.0"}
    if at is not None:
        data["queryDate"] = _timestamp(at)
    if evaluated and evaluated[0].time is not None:
        data["startDate"] = _timestamp(evaluated[0].time)
    if config.unit is not None:
        data["unit"] = config.unit
    data |= {
        "statistic": config.statistic,
        "period": config.period,
        "recentDatapoints": [point.value for point in evaluated],
        "threshold": float(config.threshold),
    }
    shown: list[tuple[datetime | None, dict[str, object]]] = []
    for point in evaluated:
        entry: dict[str, object] = {"timestamp": _timestamp(point.time)} if point.time else {}
        if point.sample_count is not None:
            entry["sampleCount"] = float(point.sample_count)
        shown.append((point.time, entry | {"value": point.value}))
    missing = [point for point in datapoints if isinstance(point, Datapoint) and point.value is None]
    for gap in missing[len(missing) - filled :] if filled else []:
        shown.append((gap.time, {"timestamp": _timestamp(gap.time)}))
    if all(time is not None for time, _ in shown):
        shown.sort(key=lambda entry: entry[0] or datetime.min, reverse=True)
    else:
        shown.reverse()
    data["evaluatedDatapoints"] = [entry for _, entry in shown]
    return json.dumps(data, separators=(",", ":"))


def _timestamp(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}+0000"


def double_text(value: float) -> str:
    """A number as AWS's reasons write it: 3.0, 0.25; from ten million on 1.5E7, below a thousandth 2.0E-4."""
    value = float(value)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    exact = Decimal(repr(value)).normalize()
    first, *rest = exact.as_tuple().digits
    fraction = "".join(map(str, rest)) or "0"
    return f"{'-' if value < 0 else ''}{first}.{fraction}E{exact.adjusted()}"
