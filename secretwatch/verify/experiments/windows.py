"""In which windows an alarm finds a datapoint, and how long one holds it."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime

from secretwatch.verify.experiments.datapoints import (
    METRICS,
    MISSING,
    Metric,
    await_shown,
    described_alarm,
    first_state,
    put_values,
)
from secretwatch.verify.lab import Lab
from secretwatch.verify.model import Experiment, Number, Seen, cannot_tell, confirmed, refuted

# Two in each window, so that one of them is a minute from its ends whenever the alarm looks.
_AGES = (6, 8, 11, 13, 16, 18, 21, 23)
_WINDOWS = (1, 2, 3)


def _looks_back(lab: Lab) -> Seen:
    metrics = [Metric.put(lab, (1, minutes)) for minutes in _AGES]
    await_shown(lab, *metrics)
    alarms = [lab.alarm(metric.namespace) for metric in metrics]
    rang: dict[int, set[bool]] = defaultdict(set)
    for metric, name in zip(metrics, alarms, strict=True):
        first_state(lab, name)
        described = described_alarm(lab, name)
        (window,) = metric.windows(described)
        if window is not None:
            rang[window].add(described["StateValue"] == "ALARM")
    numbers: dict[str, Number] = {f"window {each}": True in rang[each] for each in _WINDOWS if rang[each]}
    if any(len(rang[each]) != 1 for each in _WINDOWS):
        return Seen("drifted", numbers)
    if not numbers["window 1"]:
        return Seen("newest only", numbers)
    return Seen("three" if numbers["window 2"] and not numbers["window 3"] else "other", numbers)


def _double_alarm(lab: Lab) -> Seen:
    # Both stand in the window before the newest, in which there is nothing.
    quiet = Metric.put(lab, (1, 7), (0, 6))
    # The same read, and a later event that matches nothing.
    followed = Metric.put(lab, (1, 7), (0, 1))
    await_shown(lab, quiet, followed)
    alarms = [lab.alarm(metric.namespace) for metric in (quiet, followed)]
    first, second = (first_state(lab, name) for name in alarms)
    numbers = {"quiet": first == "ALARM", "followed": second == "ALARM"}
    read, zero = quiet.windows(described_alarm(lab, alarms[0]))
    later = followed.windows(described_alarm(lab, alarms[1]))[1]
    if read is None or read != zero or read == 0 or later != 0:
        return Seen("drifted", numbers)
    return Seen("again" if first == "ALARM" and second == "OK" else "not again", numbers)


def _filled(lab: Lab) -> Seen:
    # Where an alarm on the metric itself finds it: in one of the two windows before the newest.
    metrics = [Metric.put(lab, (1, minutes)) for minutes in (8, 13)]
    newest = Metric.put(lab, (1, 2))
    await_shown(lab, *metrics, newest)
    alarms = [lab.alarm_on_filled(metric.namespace) for metric in (*metrics, newest)]
    states = [first_state(lab, name) == "ALARM" for name in alarms]
    windows = [
        metric.windows(described_alarm(lab, name))[0]
        for metric, name in zip((*metrics, newest), alarms, strict=True)
    ]
    numbers: dict[str, Number] = {"older": any(states[:2]), "newest": states[2]}
    if windows[2] != 0 or not all(windows[:2]):
        return Seen("drifted", numbers)
    return Seen("newest only" if states == [False, False, True] else "other", numbers)


_PERIODS = (3540, 3480)
"""Minutes of which the clock's fives, or hours, are seldom multiples: two windows that begin at multiples of
both are no chance."""


def _slides(lab: Lab) -> Seen:
    namespace = put_values(lab, (1, 2))
    alarms = [lab.alarm(namespace, Period=period) for period in _PERIODS]
    offsets = []
    for name, period in zip(alarms, _PERIODS, strict=True):
        first_state(lab, name)
        start = json.loads(described_alarm(lab, name)["StateReasonData"])["startDate"]
        offsets.append(int(datetime.fromisoformat(start.replace("+0000", "+00:00")).timestamp()) % period)
    numbers = {"first": offsets[0], "second": offsets[1]}
    if any(offset % 60 for offset in offsets):
        return Seen("no full minute", numbers)
    return Seen("slides" if any(offsets) else "boundary", numbers)


_DRIFTED = cannot_tell("The alarms looked so late that the datapoints stood in other windows.")

EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment(
        id="alarm-looks-back",
        claim="If the newest window is empty, an alarm of 1 of 1 (missing data not breaching) finds "
        "a datapoint in the two windows before it. It finds none in older windows.",
        why="It decides how long one read holds an alarm in a quiet account. The module's alarms "
        "ring once in either case.",
        source="AWS says that an alarm retrieves more than the evaluation periods, and not how many: "
        f"{MISSING}",
        outcomes={
            "three": confirmed(
                "The alarms found a datapoint in each of the two windows before the newest, and none "
                "in the window before these."
            ),
            "newest only": refuted("The alarms found no datapoint in the window before the newest."),
            "other": refuted("The alarms look back another number of windows."),
            "drifted": _DRIFTED,
        },
        run=_looks_back,
        makes={"metric": len(_AGES), "alarm": len(_AGES)},
        numbers={
            f"window {each}": "whether a datapoint in this window rang; the newest window is window 0"
            for each in _WINDOWS
        },
        **METRICS,
    ),
    Experiment(
        id="double-alarm",
        claim="The zero of a later event ends a read's alarm. When that zero leaves the newest "
        "window, too, the read rings again.",
        why="If so, one read can send several e-mails. Therefore the module's metric filters write no zeros.",
        source=f"It follows from how far alarms look back; AWS does not say it: {MISSING}",
        outcomes={
            "again": confirmed(
                "The read rang with a zero after it in the same window. It did not ring with a zero "
                "in the newest window."
            ),
            "not again": refuted("At least one alarm did something else."),
            "drifted": _DRIFTED,
        },
        run=_double_alarm,
        makes={"metric": 2, "alarm": 2},
        numbers={
            "quiet": "whether the read rang with nothing in the newest window",
            "followed": "whether the read rang with a zero in the newest window",
        },
        **METRICS,
    ),
    Experiment(
        id="filled-alarm",
        claim="An alarm of 1 of 1 on FILL(metric, 0) finds no datapoint before the newest window.",
        why="If the alarm looked at older windows again, one burst of reads would ring more than once.",
        source=f"It follows because no data is missing then; AWS does not say it: {MISSING}",
        outcomes={
            "newest only": confirmed(
                "A 1 in the newest window rang. A 1 in either of the two windows before did not."
            ),
            "other": refuted("At least one alarm did something else."),
            "drifted": _DRIFTED,
        },
        run=_filled,
        makes={"metric": 3, "alarm": 3},
        numbers={
            "older": "whether a 1 in a window before the newest rang",
            "newest": "whether a 1 in the newest window rang",
        },
        **METRICS,
    ),
    Experiment(
        id="windows-slide",
        claim="An alarm's windows end at the last full minute, not at multiples of the period.",
        why="It decides how long a read holds an alarm, and whether two reads are one alarm.",
        source=f"Observed; AWS's page shows windows without times: {MISSING}",
        outcomes={
            "slides": confirmed("A window began at a full minute that is no multiple of the period."),
            "boundary": refuted("Both windows began at multiples of their periods."),
            "no full minute": refuted("A window began in the middle of a minute."),
        },
        run=_slides,
        makes={"metric": 1, "alarm": 2},
        numbers={
            "first": "how many seconds after a multiple of the first alarm's period its window began",
            "second": "the same for the second alarm",
        },
        **METRICS,
    ),
)
