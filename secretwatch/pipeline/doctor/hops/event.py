"""Hop 3: the read itself: recorded by CloudTrail, and in the log group; how late."""

from __future__ import annotations

from secretwatch.pipeline.doctor.facts import Facts
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.reads import Seen

NAME = "event"
# Seconds for which an alarm's history, and a metric's minutes, are kept.
_KEPT = 14 * 86400.0


def examine(facts: Facts, reached: bool) -> Hop:
    hop = Hop(NAME)
    unknown = [each for each in (*facts.history, facts.delivered) if each and each.unknown]
    for each in unknown:
        hop.cannot_tell("permission", f"Reads cannot be looked for: {each.missing}.")
    read = facts.read
    if read is None:
        _nothing(hop, facts, reached)
        return hop
    what = f"{read.event['eventName']} of {read.secret or 'no secret by name'} by {read.reader}"
    hop.saw(
        "cloudtrail:LookupEvents" if read.recorded else "logs:FilterLogEvents",
        f"event {read.event_id}",
        read.time,
        what,
    )
    if read.delivered:
        seconds = (read.delivered - read.time).total_seconds()
        hop.saw("logs:FilterLogEvents", f"{facts.group} stream {read.stream}", read.delivered, read.event_id)
        hop.note = (
            f"The read of {read.secret or 'a secret'} at {read.time:%H:%M:%S} UTC was in the log group "
            f"{max(seconds, 0):.0f} s later."
        )
        if facts.age(read.time) > _KEPT:
            hop.warning(
                "read-long-ago",
                f"The read of {read.time:%d %b} came to the log group; what it set off is kept for two weeks "
                "only: make a new one.",
                facts.subject.canary,
                stops=True,
            )
    elif not reached:
        hop.not_reached("The read is in the event history; it cannot reach the log group.")
    else:
        _not_delivered(hop, facts, read)
    return hop


def _nothing(hop: Hop, facts: Facts, reached: bool) -> None:
    if facts.since and not hop.findings:
        hop.saw("cloudtrail:LookupEvents", ", ".join(facts.subject.regions), facts.now, "no read in sight")
    if not reached:
        hop.not_reached("No read was seen, and none could reach the log group.")
        return
    since = f" since {facts.since:%d %b %H:%M} UTC" if facts.since else ""
    hop.warning(
        "no-read-in-sight",
        f"No read of a watched secret was seen{since}: only what is configured could be examined.",
        f"{facts.subject.canary}    # reads the secret once",
        stops=True,
    )


def _not_delivered(hop: Hop, facts: Facts, read: Seen) -> None:
    status = (facts.trail_status and facts.trail_status.answer) or {}
    started = status.get("StartLoggingTime")
    changed = facts.changed_since_the_read("cloudtrail", "logs", "iam")
    if started and started.timestamp() >= read.time.timestamp() + 1:
        _too_old(hop, facts, f"the trail has logged only since {started:%H:%M:%S} UTC")
    elif facts.age(read.time) < facts.patience:
        hop.cannot_tell(
            "too-early",
            f"The read of {facts.age(read.time):.0f} s ago is not in the log group yet: usually it takes "
            f"{'seconds' if facts.local else '5 minutes, and up to 15'}.",
            "Run it again in a while.",
            stops=True,
            waits=True,
        )
    elif changed:
        _too_old(hop, facts, f"{changed['eventName']} changed the pipeline at {changed['eventTime']}")
    elif facts.delivered and facts.delivered.unknown:
        return
    else:
        hop.broken(
            "not-delivered",
            f"The read was recorded at {read.time:%H:%M:%S} UTC, but after {facts.age(read.time) / 60:.0f} "
            f"minutes it is not in the log group {facts.group}, though nothing in its way was found.",
            f"{facts.subject.canary}    # does a new read arrive?",
        )


def _too_old(hop: Hop, facts: Facts, why: str) -> None:
    hop.warning(
        "read-before-the-mend",
        f"The read was made before it could be delivered ({why}): make a new one.",
        facts.subject.canary,
        stops=True,
    )
