"""When an alarm rings, asked again and again of slightly different reads. Pure; `replay` decides.

What an evaluation decides hangs on how old the reads are that it sees. So reads with a long enough silence on
both sides are replayed by themselves, and each constellation once: what a lone read does is known after the
first. That holds for alarms that are OK in silence; others are replayed whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from secretwatch.alarm import AlarmConfig
from secretwatch.backtest.replay import Cell, Counted, replay

_REMEMBERED = 50_000

Values = tuple[tuple[float, int], ...]
"""How often each value came, rising."""


class Rings:
    """Of one alarm. counted, unit: as `replay` has them."""

    def __init__(self, config: AlarmConfig, counted: Counted, unit: str | None = None) -> None:
        self._config, self._counted, self._unit = config, counted, unit
        # A read is seen for so long; then one evaluation sees nothing, and the alarm is OK.
        self._silence = config.evaluation_range * config.period // 60 + 2
        self._rests = config.treat_missing_data == "notBreaching" and config.fill is None
        self._known: dict[tuple[tuple[int, int, Values], ...], tuple[int, ...]] = {}

    def __call__(self, cells: Iterable[tuple[Cell, float]]) -> list[int]:
        """Minutes of the changes to ALARM, rising. cells: one for each read, with its value."""
        found: dict[Cell, dict[float, int]] = {}
        for (minute, arrival), value in cells:
            # Counted at delivery, it does not matter when a call was made.
            cell = (arrival, arrival) if self._counted is Counted.DELIVERY else (minute, arrival)
            values = found.setdefault(cell, {})
            values[value] = values.get(value, 0) + 1
        if not self._rests:
            run = replay(self._config, found, self._counted, self._unit, reasons=False)
            return [ring.minute for ring in run.rings]
        counts = {cell: tuple(sorted(values.items())) for cell, values in found.items()}
        return sorted(minute for group in self._groups(counts) for minute in self._of(group))

    def _groups(self, counts: dict[Cell, Values]) -> Iterator[list[tuple[Cell, Values]]]:
        """Parted by silence: of reads that are made and of reads that arrive."""
        group: list[tuple[Cell, Values]] = []
        until = 0
        for cell in sorted(counts, key=min):
            if group and min(cell) > until + self._silence:
                yield group
                group = []
            until = max(until, *cell) if group else max(cell)
            group.append((cell, counts[cell]))
        if group:
            yield group

    def _of(self, group: list[tuple[Cell, Values]]) -> Iterator[int]:
        base = min(min(cell) for cell, _ in group)
        shape = tuple(sorted((cell[0] - base, cell[1] - base, values) for cell, values in group))
        rings = self._known.get(shape)
        if rings is None:
            # Somewhere in the middle of time: replay looks at what was before.
            far = 1_000_000
            cells = {(minute + far, arrival + far): dict(values) for minute, arrival, values in shape}
            run = replay(self._config, cells, self._counted, self._unit, reasons=False)
            rings = tuple(ring.minute - far for ring in run.rings)
            if len(self._known) < _REMEMBERED:
                self._known[shape] = rings
        return (base + minute for minute in rings)
