"""Types of options that several sub-commands share."""

from __future__ import annotations

import math
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
