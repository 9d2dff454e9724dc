"""An event that several filters count is one read of several values; an alarm sees values of its own unit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from history import PATTERN, SINGLE, read, write

from secretwatch.backtest.limit import Limit
from secretwatch.backtest.result import AlarmResult, WatchResult
from secretwatch.backtest.subject import Alarm, Filter, Subject, Watch
from secretwatch.pipeline.backtest.run import backtest
from secretwatch.pipeline.backtest.scan import Setting, scan
from secretwatch.pipeline.backtest.sources import items
from secretwatch.pipeline.backtest.store import Store
from secretwatch.pipeline.backtest.suggest import suggestions

BY_NAME = '{ $.eventName = "GetSecretValue" }'
WITHIN_300 = {"Statistic": "Sum", "Period": 300, "EvaluationPeriods": 1}


def made_of(filters: Sequence[Filter], **alarm: Any) -> Subject:
    described = {**SINGLE, **alarm}
    return Subject("plan", (Watch("w", tuple(filters), (Alarm("a", described),)),))


def history(folder: Path, reads: int) -> Path:
    write(folder, "2026-03-01T10:05", [read(f"e{n}", "2026-03-01T10:00:00Z") for n in range(reads)])
    return folder


def run(folder: Path, subject: Subject) -> tuple[WatchResult, AlarmResult]:
    store = Store()
    tally = scan(items((str(folder),)), store, Setting((subject,)), 1)
    (found,) = backtest((subject,), store, tally).subjects
    store.close()
    (watch,) = found.watches
    return watch, watch.alarms[0]


@pytest.mark.parametrize(("reads", "threshold", "rings"), [(2, 4, 1), (2, 5, 0), (3, 6, 1), (1, 3, 0)])
def test_two_filters_count_a_read_twice_and_it_is_told_once(
    reads: int, threshold: float, rings: int, tmp_path: Path
) -> None:
    filters = [Filter(name, text, "n", "m", unit="Count") for name, text in (("a", PATTERN), ("b", BY_NAME))]
    subject = made_of(filters, **WITHIN_300, Threshold=threshold)
    watch, alarm = run(history(tmp_path, reads), subject)
    assert (watch.reads, sum(alarm.fates.values())) == (reads, reads)
    assert [ring.reads for ring in alarm.rings] == [reads] * rings
    # What is suggested is held against the same alarm.
    store = Store()
    scan(items((str(tmp_path),)), store, Setting((subject,)), 1)
    (found,) = suggestions((subject,), store, Limit(0, "week"), 0, 4_000_000_000)
    store.close()
    assert found.suggestion is not None
    assert found.suggestion.seen.before == rings


@pytest.mark.parametrize(
    ("units", "unit", "counted"),
    [
        (("Count", None), "Count", 1),
        (("Seconds", None), "Count", 0),
        (("Count", "Seconds"), "Seconds", 1),
        (("Count", None), None, 2),
    ],
)
def test_an_alarm_sees_its_own_unit(
    units: tuple[str | None, ...], unit: str | None, counted: int, tmp_path: Path
) -> None:
    filters = [Filter(f"f{n}", PATTERN, "n", "m", unit=each) for n, each in enumerate(units)]
    for threshold in (1, 2):
        subject = made_of(filters, **WITHIN_300, Threshold=threshold, Unit=unit)
        _, alarm = run(history(tmp_path, 1), subject)
        assert len(alarm.rings) == (threshold <= counted)


def test_a_metric_of_the_same_name_elsewhere_takes_nothing_away(tmp_path: Path) -> None:
    mine, others = Filter("f", PATTERN, "n", "m", unit="Count"), Filter("g", PATTERN, "other", "m")
    _, alarm = run(history(tmp_path, 1), made_of([mine, others]))
    assert len(alarm.rings) == 1
