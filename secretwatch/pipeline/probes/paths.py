"""Which hops a read passes on each of its paths, in the order they come."""

from __future__ import annotations

from secretwatch.pipeline.probes.alarm import Alarm, Metric
from secretwatch.pipeline.probes.notification import Notification
from secretwatch.pipeline.probes.probe import Path, Probe
from secretwatch.pipeline.probes.received import Delivery, Realtime
from secretwatch.pipeline.probes.trail import LogEvent, LogFile, Recorded

HOPS: tuple[type[Probe], ...] = (Recorded, LogFile, LogEvent, Metric, Alarm, Notification)


def probes_of(path: Path, *, prove_delivery: bool) -> tuple[type[Probe], ...]:
    """The hops after the read on a path, in the order they come."""
    alarm = (*HOPS, Delivery) if prove_delivery else HOPS
    return {"alarm": alarm, "realtime": (Recorded, Realtime), "both": (*alarm, Realtime)}[path]
