"""Hop 5: the metric: the read was counted in its minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from secretwatch.pipeline.doctor.facts import Facts
from secretwatch.pipeline.doctor.findings import Hop

NAME = "metric"


def examine(facts: Facts, reached: bool) -> Hop:
    hop = Hop(NAME)
    asked, read = facts.samples_asked, facts.read
    if facts.metric is None or asked is None:
        hop.not_reached("Nothing leads to a metric.")
        return hop
    where = f"{facts.metric[0]} / {facts.metric[1]}"
    if asked.unknown:
        hop.cannot_tell("permission", f"The metric cannot be looked at: {asked.missing}.")
        return hop
    total = sum(each.total for each in facts.samples)
    hop.saw(asked.action, where, asked.at, f"{len(facts.samples)} minutes with data, Sum {total:g}")
    hop.note = f"{where} has {len(facts.samples)} minutes with data."
    if not reached or read is None or read.logged is None:
        return hop
    minute = read.logged.replace(second=0, microsecond=0)
    # Usually in the log event's own minute; what a service's clock makes of that may be a little off.
    begin, end = (
        minute - timedelta(minutes=1),
        max(read.logged, read.delivered or minute) + timedelta(minutes=1),
    )
    # Whatever else somebody put there.
    counted = [each for each in facts.samples if begin <= each.time <= end and each.most > 0]
    if counted:
        at = counted[0].time
        hop.note = f"The read was counted in the minute of {at:%H:%M} UTC."
        return hop
    _not_counted(hop, facts, read.logged)
    return hop


def _not_counted(hop: Hop, facts: Facts, logged: datetime) -> None:
    created = [
        datetime.fromtimestamp(each["creationTime"] / 1000, UTC)
        for each in (facts.filters and facts.filters.answer) or ()
        if each.get("creationTime")
        and any(
            (t["metricNamespace"], t["metricName"]) == facts.metric for t in each["metricTransformations"]
        )
    ]
    changed = facts.changed_since_the_read("logs")
    if facts.age(logged) < (5 if facts.local else 180):
        hop.cannot_tell(
            "too-early",
            "The read is not counted yet: a minute is usual.",
            "Run it again in a while.",
            stops=True,
            waits=True,
        )
    elif (created and min(created) > logged - timedelta(seconds=1)) or changed:
        hop.warning(
            "read-before-the-mend",
            "The read came before the metric filter was what it is now, and filters do not look back: "
            "make a new one.",
            facts.subject.canary,
            stops=True,
        )
    else:
        hop.broken(
            "not-counted",
            f"The filter matches the read, but in the minute of {logged:%H:%M} UTC nothing was counted.",
            f"{facts.subject.canary}    # is a new read counted?",
        )
