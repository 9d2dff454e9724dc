"""Of hop 6: an alarm on a read, minute by minute, between quiet minutes and between busy ones."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from secretwatch.alarm import AlarmConfig, Sample, State, datapoints, next_state

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


def rings(config: AlarmConfig, *, zeros: bool) -> bool:
    """Whether a single read takes the alarm to ALARM; zeros: other events are counted as 0 in between."""
    return State.ALARM in _states(config, (_read_at(config),), zeros)


def is_in_alarm(config: AlarmConfig, zeros: bool, default: float) -> bool:
    return _states(config, (), zeros, (), default)[-1] is State.ALARM


def is_held(config: AlarmConfig) -> bool:
    return _states(config, (_read_at(config),), False)[-1] is State.ALARM


def may_ring_again(config: AlarmConfig) -> bool:
    """Whether one read, with the zero of another event a little later, goes to ALARM more than once."""
    at = _read_at(config)
    later = at + timedelta(seconds=config.period - 60)
    states = _states(config, (at,), False, (later,))
    changes = pairwise((State.OK, *states))
    return sum(now is State.ALARM and before is not State.ALARM for before, now in changes) > 1


def _read_at(config: AlarmConfig) -> datetime:
    return _BEGIN + timedelta(seconds=config.period * config.evaluation_range) + 3 * _MINUTE


@lru_cache(maxsize=256)
def _states(
    config: AlarmConfig,
    reads: tuple[datetime, ...],
    zeros: bool,
    others: tuple[datetime, ...] = (),
    default: float = 0.0,
) -> tuple[State, ...]:
    """The states of each minute, from a range before the reads to two ranges after them."""
    minutes = 3 * config.period * config.evaluation_range // 60 + 10
    # Longer stories tell nothing new; an evaluation a minute of a week would.
    minutes = min(minutes, 3 * 1440)
    samples = [Sample(at, 1.0) for at in reads] + [Sample(at, 0.0) for at in others]
    if zeros:
        quiet = {_BEGIN + n * _MINUTE for n in range(minutes)}.difference(reads)
        samples += [Sample(at, default) for at in quiet]
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
