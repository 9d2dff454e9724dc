"""Hop 3: the read itself: recorded by CloudTrail, and in the log group; how late."""

from __future__ import annotations

from secretwatch.cloudtrail import event_text
from secretwatch.pipeline.doctor.calls import Person
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.reads import TracedRead
from secretwatch.pipeline.doctor.record import Record
from secretwatch.pipeline.doctor.sentences import what_rings
from secretwatch.pipeline.doctor.view import View

NAME = "event"
# Seconds for which an alarm's history, and a metric's minutes, are kept.
_KEPT = 14 * 86400.0


def examine(view: View, record: Record, reached: bool) -> Hop:
    hop = Hop(NAME)
    unknown = [each for each in (*record.history, record.delivered) if each and each.unknown]
    for each in unknown:
        sentence = f"Calls cannot be looked up: {each.missing}."
        if sentence not in [found.sentence for found in hop.findings]:
            hop.cannot_tell("permission", sentence)
    read = record.read
    if read is None:
        _nothing(hop, view, record, reached)
        return hop
    of_secrets = view.subject.is_about_secrets
    of = f" of {read.secret or 'no secret by name'}" if of_secrets else ""
    what = f"{read.event['eventName']}{of} by {read.reader}"
    hop.saw(
        "cloudtrail:LookupEvents" if read.recorded else "logs:FilterLogEvents",
        f"event {read.event_id}",
        read.time,
        what,
    )
    if read.delivered:
        seconds = (read.delivered - read.time).total_seconds()
        hop.saw("logs:FilterLogEvents", f"{view.group} stream {read.stream}", read.delivered, read.event_id)
        said = f"read of {read.secret or 'a secret'}" if of_secrets else read.event["eventName"]
        hop.note = (
            f"The {said} at {read.time:%H:%M:%S} UTC was in the log group {max(seconds, 0):.0f} s later."
        )
        if record.age(read.time) > _KEPT:
            hop.warning(
                "read-long-ago",
                f"The read of {read.time:%d %b} was in the log group; its traces are kept for two weeks "
                f"only: make a new one.",
                view.subject.anew(),
                stops=True,
            )
    elif not reached:
        hop.not_reached("The read is in the event history; it cannot reach the log group.")
    else:
        _not_delivered(hop, view, record, read)
    return hop


def _nothing(hop: Hop, view: View, record: Record, reached: bool) -> None:
    if record.since and not hop.findings:
        hop.saw("cloudtrail:LookupEvents", ", ".join(view.subject.regions), record.now, "no read in sight")
    if not reached:
        hop.not_reached(f"No {what_rings(view)} was seen, and none could reach the log group.")
        return
    since = f" since {record.since:%d %b %H:%M} UTC" if record.since else ""
    if not view.subject.is_about_secrets:
        what = f"No call that would ring it was seen{since}: only the settings could be examined."
        hop.warning("no-read-in-sight", what, stops=True)
        return
    hop.warning(
        "no-read-in-sight",
        f"No read of a watched secret was seen{since}: only the settings could be examined.",
        view.subject.anew("reads the secret once"),
        stops=True,
    )


def _not_delivered(hop: Hop, view: View, record: Record, read: TracedRead) -> None:
    status = (view.trail or {}).get("Status") or {}
    started = status.get("StartLoggingTime")
    changed = record.changed_since_the_read("cloudtrail", "logs", "iam")
    if started and started.timestamp() >= read.time.timestamp() + 1:
        _too_old(hop, view, f"the trail has logged only since {started:%H:%M:%S} UTC")
    elif _is_masked(view, read):
        hop.not_reached(
            "The read is in the event history; whether it is in the log group cannot be seen, as a data "
            "protection policy masks what it is known by there."
        )
    elif record.age(read.time) < record.patience:
        hop.cannot_tell(
            "too-early",
            f"The {what_rings(view)} of {record.age(read.time):.0f} s ago is not in the log group yet: "
            "usually it takes "
            f"{'seconds' if record.local else '5 minutes, and up to 15'}.",
            Person("Run it again in a while."),
            stops=True,
            waits=True,
        )
    elif changed:
        _too_old(hop, view, f"{changed['eventName']} changed the pipeline at {changed['eventTime']}")
    elif record.delivered and record.delivered.unknown:
        return
    else:
        age = record.age(read.time)
        after = f"{age:.0f} s" if age < 120 else f"{age / 60:.0f} minutes"
        hop.broken(
            "not-delivered",
            f"The {what_rings(view)} was recorded at {read.time:%H:%M:%S} UTC, but after {after} it is "
            "not in the "
            f"log group {view.group}, though the doctor found no reason.",
            view.subject.anew("does a new read arrive?"),
        )


def _is_masked(view: View, read: TracedRead) -> bool:
    """Whether the log group has the read with something masked: then it is not found by what it has."""
    return view.text_of(read.event) != event_text(read.event)


def _too_old(hop: Hop, view: View, why: str) -> None:
    hop.warning(
        "read-before-the-mend",
        f"The {what_rings(view)} was made before it could be delivered ({why}): make a new one.",
        view.subject.anew(),
        stops=True,
    )
