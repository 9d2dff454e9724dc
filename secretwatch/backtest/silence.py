"""Alarms that ring when nothing comes: a heartbeat's, and that of a log group without events. Pure.

What was before the history is not known, nor what came after it: such an alarm is replayed from the first
thing that came to the end of the history, and only a silence between them is one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from secretwatch.alarm import AlarmConfig, State, next_state
from secretwatch.backtest.replay import Cells, Counted, Ring, replay


def is_of_silence(config: AlarmConfig) -> bool:
    """Whether it rings when nothing comes, and never because of what does."""
    nothing = [config.fill] * config.evaluation_range
    return next_state(config, nothing, State.OK) == State.ALARM and not config.breaches(math.inf)


def is_kept_quiet_by_anything(config: AlarmConfig) -> bool:
    """Whether whatever comes, be it one or a thousand, keeps it from ringing as long as it is looked at."""
    if not is_of_silence(config) or config.fill is not None or config.breaches(1.0):
        return False
    size = config.evaluation_range
    one = ([1.0 if each == place else None for each in range(size)] for place in range(size))
    return all(next_state(config, points, state) == State.OK for points in one for state in State)


def silences(
    config: AlarmConfig,
    cells: Cells,
    end: int,
    counted: Counted = Counted.DELIVERY,
    unit: str | None = None,
) -> list[Ring]:
    """Its rings. cells: what came, as `replay` has them; end: minute in which the history ends."""
    if not cells:
        return []
    plain = all(values.keys() == {1.0} for values in cells.values())
    if counted is Counted.DELIVERY and plain and is_kept_quiet_by_anything(config):
        return list(_between(config, sorted({arrival for _, arrival in cells}), end, unit))
    # Before this an evaluation looks at what was before the history.
    first = min(map(max, cells)) + config.evaluation_range * config.period // 60
    rings = replay(config, cells, counted, unit).rings
    return [_ended(ring, end) for ring in rings if first < ring.minute <= end]


def _between(config: AlarmConfig, minutes: list[int], end: int, unit: str | None) -> Iterator[Ring]:
    """Only what lies far from the next can be followed by a ring: each such gap is replayed by itself."""
    least = (config.evaluation_periods - 1) * config.period // 60
    decided: dict[object, State] = {}
    for begin, after in pairwise([*minutes, end + 1]):
        if after - begin < least:
            continue
        cells = {(each, each): {1.0: 1} for each in (begin, after)}
        for ring in replay(config, cells, Counted.DELIVERY, unit, decided).rings:
            if begin < ring.minute <= min(after, end):
                yield _ended(ring, end)


def _ended(ring: Ring, end: int) -> Ring:
    is_over = ring.until is not None and ring.until <= end + 1
    return replace(ring, cells=(), reads=0, until=ring.until if is_over else None)
