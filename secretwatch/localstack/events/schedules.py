"""Scheduled rules: when each of them starts its targets.

A rate counts from when the rule was put: the first start is one interval later. A cron expression is in UTC.
Both go by the time of `ticks`, so that `local tick` lets an hour pass in a moment; a start that was missed is
made up for once. A rule that is disabled starts nothing, and counts on.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
AWS says that a rate begins when the rule is made, and not whether that is a start, too: here it is not.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from crontab import CronTab

from secretwatch.localstack.ticks import TICKS, Ticks

LOG = logging.getLogger(__name__)

_RATE = re.compile(r"rate\((\d+)\s+(minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
_LOOK = 1.0  # seconds between two looks at the clock


class Rule(Protocol):
    """A scheduled rule, as LocalStack has it."""

    arn: str
    state: str
    schedule_expression: str | None


def next_start(expression: str, since: float, after: float) -> float | None:
    """The first start after a time, for a rule that was put at `since` (seconds since the epoch).

    None where there is none any more. Raises ValueError for an expression that cannot be read.
    """
    if rate := _RATE.fullmatch(expression):
        interval = int(rate[1]) * _SECONDS[rate[2]]
        return since + interval * (max(0, int((after - since) // interval)) + 1)
    cron = _CRON.fullmatch(expression)
    if cron is None:
        raise ValueError(f"{expression!r} is no schedule.")
    minute, hour, day, month, weekday, year = cron.groups()
    # AWS's week begins with SUN as 1, a crontab's as 0.
    weekday = re.sub(r"(?<![#/\d])[1-7]", lambda number: str(int(number[0]) - 1), weekday)
    table = CronTab(f"{minute} {hour} {day} {month} {weekday} {year}")
    seconds = table.next(datetime.fromtimestamp(after, UTC).replace(tzinfo=None), default_utc=True)
    return None if seconds is None else after + float(seconds)


@dataclass
class _Known:
    expression: str
    next: float | None


class Schedules:
    """`rules` are all that are scheduled, `start` starts the targets of one; both called on any thread."""

    def __init__(
        self, rules: Callable[[], Iterable[Rule]], start: Callable[[Rule], None], clock: Ticks = TICKS
    ) -> None:
        self._rules, self._start, self._clock = rules, start, clock
        self._known: dict[str, _Known] = {}
        self._looking = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """Start what is due. A rule that is seen for the first time, or was changed, counts from now on."""
        with self._looking:
            now = self._clock.now()
            rules = {rule.arn: rule for rule in self._rules()}
            for gone in self._known.keys() - rules.keys():
                del self._known[gone]
            for arn, rule in rules.items():
                expression = rule.schedule_expression or ""
                known = self._known.get(arn)
                if known is None or known.expression != expression:
                    self._known[arn] = _Known(expression, _next(expression, now, now))
                elif known.next is not None and known.next <= now:
                    known.next = _next(expression, known.next, now)
                    if rule.state != "DISABLED":
                        self._start(rule)
            if self._known and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="scheduled-rules", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(_LOOK):
            try:
                self.look()
            except Exception:
                LOG.exception("scheduled rules were not looked at")


def _next(expression: str, since: float, after: float) -> float | None:
    try:
        return next_start(expression, since, after)
    except ValueError as error:
        LOG.warning("a rule never starts: %s", error)
        return None
