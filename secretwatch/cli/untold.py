"""Why a limit cannot be said to hold, though nothing breaks it: part was not tested, or nothing was read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from secretwatch.backtest.subject import Subject

_KEY = re.compile(r'module\.(?:watch|realtime|details)\["([^"]*)"\]')


def untold(subjects: Sequence[Subject], *, files: int, damaged: int, events: int) -> str:
    """One sentence; "" where nothing is in the way. events: that were read, or passed over as no match."""
    if damaged >= files:
        return "no history could be read."
    if not events:
        return "the history holds no event."
    return next((each for subject in subjects for each in about(subject.unknown, ())), "")


def about(sentences: Sequence[str], keys: Sequence[str]) -> tuple[str, ...]:
    """Sentences that may be about what is tested: of the watch on the watch itself none is.

    keys: of the watches that were asked for; none: of all.
    """
    wanted = {key.rpartition("/")[2] for key in keys}
    return tuple(
        each
        for each in sentences
        if "self_watch" not in each
        and (not wanted or (named := _KEY.search(each)) is None or named[1] in wanted)
    )
