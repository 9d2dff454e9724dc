"""In which window of an alarm a value stood, which was put some minutes ago."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from secretwatch.verify.experiments import windows
from secretwatch.verify.experiments.datapoints import Metric

AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "later", "window"),
    [
        (2, 0, 0),
        (2, 119, 0),  # still within the next minute
        (2, 120, 0),
        (2, 180, None),  # five minutes ago: at a window's end
        (2, 240, 1),
        (7, 0, 1),
        (7, 120, 1),
        (7, 180, None),
        (12, 0, 2),
        (10, 0, None),
    ],
)
def test_a_value_stands_in_a_window(minutes: float, later: float, window: int | None) -> None:
    alarm = {"StateUpdatedTimestamp": AT + timedelta(seconds=later)}
    assert Metric("n", AT, ((1, minutes),)).windows(alarm) == [window]


@pytest.mark.parametrize("later", range(0, 300, 60))
def test_however_late_the_alarm_looks_every_window_has_a_value(later: int) -> None:
    alarm = {"StateUpdatedTimestamp": AT + timedelta(seconds=later)}
    (found,) = (Metric("n", AT, tuple((1, age) for age in windows._AGES)).windows(alarm),)
    # Whichever are too near a window's end, four windows or three have one that is not.
    assert {2, 3} <= {each for each in found if each is not None}
