"""Hop 5: the metric: the read was counted in its minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from secretwatch.pipeline.doctor.calls import Person
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.record import Record
from secretwatch.pipeline.doctor.sentences import what_rings
from secretwatch.pipeline.doctor.view import View

NAME = "metric"


def examine(view: View, record: Record, reached: bool) -> Hop:
    hop = Hop(NAME)
    asked, read = record.samples_asked, record.read
    if view.metric is None or asked is None:
        hop.not_reached("Nothing leads to a metric.")
        return hop
    where = f"{view.metric[0]} / {view.metric[1]}"
    if asked.unknown:
        hop.cannot_tell("permission", f"The metric cannot be looked at: {asked.missing}.")
        return hop
    total = sum(each.total for each in record.samples)
    hop.saw(asked.action, where, asked.at, f"{_minutes(record)} with data, Sum {total:g}")
    hop.note = f"{where} has {_minutes(record)} with data."
    if not reached or read is None or read.logged is None:
        return hop
    minute = read.logged.replace(second=0, microsecond=0)
    # Usually in the log event's own minute; what a service's clock makes of that may be a little off.
    begin, end = (
        minute - timedelta(minutes=1),
        max(read.logged, read.delivered or minute) + timedelta(minutes=1),
    )
    # Whatever else somebody put there.
    counted = [each for each in record.samples if begin <= each.time <= end and each.most > 0]
    if counted:
        at = counted[0].time
        hop.note = f"The {what_rings(view)} was counted in the minute of {at:%H:%M} UTC."
        return hop
    _not_counted(hop, view, record, read.logged)
    return hop


def _minutes(record: Record) -> str:
    return "1 minute" if len(record.samples) == 1 else f"{len(record.samples)} minutes"


def _not_counted(hop: Hop, view: View, record: Record, logged: datetime) -> None:
    created = [
        datetime.fromtimestamp(each["creationTime"] / 1000, UTC)
        for each in view.emitting(view.metric)
        if each.get("creationTime")
    ]
    changed = record.changed_since_the_read("logs")
    if record.age(logged) < (5 if record.local else 180):
        hop.cannot_tell(
            "too-early",
            f"The {what_rings(view)} is not counted yet: a minute is usual.",
            Person("Run it again in a while."),
            stops=True,
            waits=True,
        )
    elif (created and min(created) > logged - timedelta(seconds=1)) or changed:
        hop.warning(
            "read-before-the-mend",
            f"The {what_rings(view)} came before the metric filter was what it is now, and filters do "
            "not look back: "
            "make a new one.",
            view.subject.anew(),
            stops=True,
        )
    else:
        hop.broken(
            "not-counted",
            f"The filter matches the {what_rings(view)}, but in the minute of {logged:%H:%M} UTC nothing "
            "was counted.",
            view.subject.anew("is a new read counted?"),
        )
