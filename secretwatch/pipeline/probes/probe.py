"""What a probe of a hop is: the names of the hops, what all probes look at, and what a look finds.

How long hops usually take on AWS: delivery to S3 and to the log group is measured on recorded log files
(half of them within 191 s, 95 % within 455 s, the slowest 608 s after the event).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from secretwatch.pipeline.aws import Aws
from secretwatch.pipeline.post import Post
from secretwatch.pipeline.reading import Read
from secretwatch.pipeline.smoke_report import SmokeReport, Status
from secretwatch.pipeline.watch import Watch

READ = "read"
RECORDED = "recorded by CloudTrail"
LOG_FILE = "log file in S3"
LOG_EVENT = "event in the log group"
METRIC = "metric counted"
ALARM = "alarm ALARM"
NOTIFICATION = "notification sent"
DELIVERY = "alarm message received"
REALTIME = "realtime message received"

Path = Literal["alarm", "realtime", "both"]

# This machine's clock may be off: AWS takes signed requests within 5 minutes of its own.
SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class Look:
    """What a look found. again: there is more to look at already, so do not wait."""

    status: Status
    detail: str = ""
    again: bool = False


@dataclass
class Scene:
    """What all probes look at.

    now: this machine's clock, seconds since 1970. reads: made one right after another. post: the queues on
    the watch's topics, where delivery is proved.
    """

    watch: Watch
    aws: Aws
    report: SmokeReport
    now: Callable[[], float]
    reads: list[Read] = field(default_factory=list)
    post: Post | None = None
    mails_before: set[str] | None = None
    counted_before: dict[datetime, float] = field(default_factory=dict)

    @property
    def first(self) -> Read:
        return self.reads[0]


class Probe:
    """A hop of the pipeline: seen when all reads are. vital: without it, nothing that follows can come."""

    name: str
    usually: str
    vital = False
    after: str | None = None
    """The hop that comes before it for certain; there is nothing to look for until then."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.watch = scene.watch
        self.open = list(scene.reads)
        """The reads that were not seen here yet."""

    def look(self) -> Look:
        raise NotImplementedError

    def take(self, event: dict[str, Any] | None) -> bool:
        """Whether a CloudTrail event is of an open read, which then is no longer open."""
        for read in self.open if event else ():
            assert event is not None
            if read.made(event):
                self.open.remove(read)
                self.scene.report.event_ids[read.marker] = event.get("eventID")
                return True
        return False

    def seen(self, detail: str, many: str) -> Look:
        """ok, with what one read shows, or what many do."""
        count = len(self.scene.reads)
        return Look("ok", detail if count == 1 else f"{count} {many}")

    def waiting(self) -> Look:
        """waiting, with how many of several reads were seen."""
        count = len(self.scene.reads)
        return Look("waiting", f"{count - len(self.open)} of {count}" if count > 1 else "")
