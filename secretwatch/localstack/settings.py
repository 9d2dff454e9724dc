"""The knobs that make waiting short, read once from the environment of the LocalStack process."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

AlarmTick = float | Literal["minute"]


@dataclass(frozen=True)
class Settings:
    """All times in seconds."""

    delivery_interval: float
    """How often a trail delivers what it recorded. AWS takes about 300."""
    digest_interval: float
    """How often the log files delivered since are signed for. Looked at with each delivery. AWS: 3600."""
    alarm_tick: AlarmTick
    """How often it is looked whether an alarm has something new to evaluate; "minute": only at full minutes,
    as on AWS."""

    @classmethod
    def from_environment(cls) -> Settings:
        return cls(
            delivery_interval=_seconds("SECRETWATCH_DELIVERY_INTERVAL", 1.0),
            digest_interval=_seconds("SECRETWATCH_DIGEST_INTERVAL", 3600.0),
            alarm_tick=_tick("SECRETWATCH_ALARM_TICK", 1.0),
        )


def _tick(name: str, default: float) -> AlarmTick:
    return "minute" if os.environ.get(name) == "minute" else _seconds(name, default)


def _seconds(name: str, default: float) -> float:
    text = os.environ.get(name, "")
    if not text:
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ValueError(f"{name} is a number of seconds above 0, not {text!r}.")
    return seconds


SETTINGS = Settings.from_environment()
