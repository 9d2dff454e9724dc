"""Slips in names: what was written for what was meant. Pure."""

from __future__ import annotations

from difflib import SequenceMatcher

Metric = tuple[str, str]
NEARLY = 0.9
_SHORTEST = 6


def is_slip(written: Metric, meant: Metric) -> bool:
    """Whether one metric's name is nearly the other's: of one namespace, or of nearly one with the same name.

    Names of one family, as IAMRoleChanges and IAMPolicyChanges, are none.
    """
    if written == meant:
        return False
    if _same(written[0], meant[0]):
        return _same(written[1], meant[1]) or _is_part(written[1], meant[1]) or nearly(written[1], meant[1])
    return _same(written[1], meant[1]) and nearly(written[0], meant[0])


def nearly(written: str, meant: str) -> bool:
    return likeness(written, meant) >= NEARLY


def likeness(one: str, other: str) -> float:
    """From 0 to 1, whatever their letters' case."""
    return SequenceMatcher(None, one.lower(), other.lower()).ratio()


def _same(one: str, other: str) -> bool:
    return one.strip().lower() == other.strip().lower()


def _is_part(one: str, other: str) -> bool:
    """Whether one is the beginning of the other, and most of it, as RootAccess of RootAccessCount."""
    short, long = sorted((one.lower(), other.lower()), key=len)
    return len(short) >= _SHORTEST and long.startswith(short) and len(long) - len(short) <= len(short) // 2
