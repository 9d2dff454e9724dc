"""Alarm mute rules: when is an alarm's action muted?

A rule has a schedule (`cron(minutes hours day-of-month month day-of-week)` or `at(yyyy-MM-ddThh:mm)`), a
duration and perhaps a first and a last day. Cron is standard cron, without steps: `*`, numbers, names of
months and weekdays, ranges with `-`, lists with `,`; where both days are restricted, either is enough.

AWS does not say what becomes of a window that is open at the rule's StartDate: here it mutes from then on.
AWS does not say what status a one-time rule has when its window is over: here EXPIRED. AWS does not say
which numbers stand for weekdays: here those of cron, 0 to 7 with Sunday as 0 and 7.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutAlarmMuteRule.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-mute-rules.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=15)
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minutes", 0, 59, {}),
    ("hours", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    ("day of week", 0, 7, {name: number for number, name in enumerate(_DAYS)}),
)
_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2})\)")
_CRON = re.compile(r"cron\(([^()]*)\)")
_DURATION = re.compile(r"P(?=.)(?:(\d{1,5})D)?(?:T(?=.)(?:(\d{1,5})H)?(?:(\d{1,5})M)?)?")


class InvalidMuteRule(ValueError):
    """A rule that CloudWatch refuses, with a sentence that says why."""


class MuteStatus(StrEnum):
    SCHEDULED = "SCHEDULED"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Cron:
    """The minutes at which windows open, in the rule's time zone."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 to 6, from Sunday."""
    either_day: bool
    """Both days are restricted: one of them is enough."""

    def opens_on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_month, by_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_month or by_week if self.either_day else by_month and by_week

    def last_before(self, local: datetime, reach: timedelta) -> datetime | None:
        """The last opening (naive) not after the naive ``local`` and not longer ago than ``reach``."""
        day = local.date()
        while day >= (local - reach).date():
            if self.opens_on(day):
                for hour in sorted(self.hours, reverse=True):
                    for minute in sorted(self.minutes, reverse=True):
                        opening = datetime.combine(day, time(hour, minute))
                        if opening <= local:
                            return opening
            day -= timedelta(days=1)
        return None


@dataclass(frozen=True, slots=True)
class MuteRule:
    """A rule that was read. Times are aware."""

    opening: Cron | datetime
    """Cron, or the one (naive) time of an at expression."""
    duration: timedelta
    zone: tzinfo
    start_date: datetime | None = None
    expire_date: datetime | None = None

    @classmethod
    def parse(
        cls,
        expression: str,
        duration: str,
        zone: tzinfo = UTC,
        *,
        start_date: datetime | None = None,
        expire_date: datetime | None = None,
    ) -> MuteRule:
        """InvalidMuteRule where PutAlarmMuteRule refuses the schedule."""
        if start_date and expire_date and expire_date <= start_date:
            raise InvalidMuteRule("The ExpireDate of a mute rule is after its StartDate.")
        return cls(_opening(expression), _duration(duration), zone, start_date, expire_date)

    @property
    def mute_type(self) -> str:
        return "RECURRING" if isinstance(self.opening, Cron) else "ONE_TIME"

    def mutes(self, at: datetime) -> bool:
        """Whether the rule mutes at this (aware) time."""
        if (self.start_date and at < self.start_date) or (self.expire_date and at >= self.expire_date):
            return False
        opened = self._last_opening(at)
        return opened is not None and opened <= at < opened + self.duration

    def status(self, at: datetime) -> MuteStatus:
        if self.mutes(at):
            return MuteStatus.ACTIVE
        over = self.expire_date is not None and at >= self.expire_date
        if not isinstance(self.opening, Cron):
            over = over or at >= self._aware(self.opening) + self.duration
        return MuteStatus.EXPIRED if over else MuteStatus.SCHEDULED

    def _last_opening(self, at: datetime) -> datetime | None:
        if not isinstance(self.opening, Cron):
            return self._aware(self.opening)
        # An hour more than the duration: clocks are set back once a year.
        local = at.astimezone(self.zone).replace(tzinfo=None)
        opening = self.opening.last_before(local, self.duration + timedelta(hours=1))
        return None if opening is None else self._aware(opening)

    def _aware(self, naive: datetime) -> datetime:
        return naive.replace(tzinfo=self.zone).astimezone(UTC)


def _opening(expression: str) -> Cron | datetime:
    if found := _AT.fullmatch(expression):
        try:
            return datetime.fromisoformat(found.group(1))
        except ValueError as error:
            raise InvalidMuteRule(f"There is no such time as {found.group(1)}.") from error
    found = _CRON.fullmatch(expression)
    if not found:
        raise InvalidMuteRule(
            f"The schedule expression {expression} is neither cron(Minutes Hours Day-of-month Month "
            "Day-of-week) nor at(yyyy-MM-ddThh:mm)."
        )
    written = found.group(1).split()
    if len(written) != len(_FIELDS):
        raise InvalidMuteRule(f"A cron expression has 5 fields, {expression} has {len(written)}.")
    minutes, hours, days, months, weekdays = (
        _numbers(text, *field) for text, field in zip(written, _FIELDS, strict=True)
    )
    return Cron(
        minutes,
        hours,
        days,
        months,
        frozenset(day % 7 for day in weekdays),
        either_day=written[2] != "*" and written[4] != "*",
    )


def _numbers(text: str, field: str, least: int, most: int, names: dict[str, int]) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        if part == "*":
            found.update(range(least, most + 1))
            continue
        ends = [names.get(end.upper(), int(end) if _is_number(end) else -1) for end in part.split("-")]
        if len(ends) > 2 or any(not least <= end <= most for end in ends) or ends[0] > ends[-1]:
            raise InvalidMuteRule(f"In a cron expression {part} is no {field}.")
        found.update(range(ends[0], ends[-1] + 1))
    return frozenset(found)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 2


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if not found:
        raise InvalidMuteRule(f"The duration {text} is no ISO 8601 duration in days, hours and minutes.")
    days, hours, minutes = (int(number or 0) for number in found.groups())
    duration = timedelta(days=days, hours=hours, minutes=minutes)
    if not SHORTEST <= duration <= LONGEST:
        raise InvalidMuteRule(f"A mute rule mutes for PT1M to P15D, not for {text}.")
    return duration
