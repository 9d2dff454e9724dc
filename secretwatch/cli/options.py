"""Types of options that several sub-commands share."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click


class _Time(click.FloatRange):
    """A time that ends. `nan` and `inf` are numbers to click."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        time = super().convert(value, param, ctx)
        if not math.isfinite(time):
            self.fail(f"{value!r} is not a number of {self.name}.", param, ctx)
        return time


class _Seconds(_Time):
    name = "seconds"


class _Minutes(_Time):
    name = "minutes"


SECONDS = _Seconds(min=0, min_open=True)
MINUTES = _Minutes(min=0, max=24 * 60)

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class _Past(click.ParamType):  # type: ignore[type-arg]
    """`30m`, `1h`, or a time in ISO 8601 (UTC where it names no zone)."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        now = datetime.now(UTC)
        # More digits than these are more than Python reads as a number, and more than anybody means.
        if found := re.fullmatch(r"([0-9]{1,9})([smhd])", value):
            ago = timedelta(seconds=min(int(found[1]) * _UNITS[found[2]], 90 * 86400))
            return now - ago
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value[:40]!r} is neither a time like 30m or 1h nor one like 2026-01-31T12:00.", param, ctx
            )
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        if at > now:
            self.fail(f"{value!r} is still to come.", param, ctx)
        return at


PAST = _Past()
