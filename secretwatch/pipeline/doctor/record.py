"""What was seen: who asks, the last reads and what came of them. No decision stands here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from secretwatch.alarm import Sample
from secretwatch.cloudtrail import Event
from secretwatch.pipeline.doctor.asking import Asked
from secretwatch.pipeline.doctor.log_files import Files
from secretwatch.pipeline.doctor.reads import TracedRead


@dataclass
class Record:
    """Where an answer is None it was not asked, as there was nothing to ask about."""

    now: datetime
    local: bool
    identity: Asked
    since: datetime | None = None
    clock_is_off: float = 0.0
    """Seconds that this machine's clock is ahead of AWS's."""
    account_id: str = ""

    history: list[Asked] = field(default_factory=list)
    delivered: Asked | None = None
    reads: list[TracedRead] = field(default_factory=list)
    read: TracedRead | None = None
    changes: list[Event] = field(default_factory=list)
    """Calls since the read, or since what failed, that changed something in a service of the pipeline."""
    missing_event: str = ""
    """The event that was asked for, where it was not found."""

    tested: dict[str, Asked] = field(default_factory=dict)
    """By pattern, TestMetricFilter's answer on the read."""
    samples: list[Sample] = field(default_factory=list)
    samples_asked: Asked | None = None
    history_of_alarm: Asked | None = None
    failures: dict[str, Asked] = field(default_factory=dict)
    """By topic or rule, datapoints of what could not be delivered."""
    invoked: dict[tuple[str, str], Asked] = field(default_factory=dict)
    """By rule and metric, what else is counted of a rule of which something could not be delivered."""
    executions: dict[str, Asked] = field(default_factory=dict)
    """By state machine, its last executions, newest first."""
    ended: dict[str, Asked] = field(default_factory=dict)
    """By state machine, its last execution, where that failed."""
    stops: list[Event] = field(default_factory=list)
    """Calls that stopped, deleted or started the trail lately."""
    files: Files | None = None
    """Log files of the time of the read."""
    other_alarms: list[str] = field(default_factory=list)
    """Where the subject is a log group: what else counts there."""

    @property
    def patience(self) -> float:
        """Seconds after which what a read sets off should have come to the log group."""
        return 10.0 if self.local else 900.0

    def age(self, at: datetime) -> float:
        return (self.now - at).total_seconds()

    def changed_since_the_read(self, *services: str) -> Event | None:
        """The newest change of one of these services (as `cloudtrail`) since the read."""
        sources = {f"{service}.amazonaws.com" for service in services}
        if self.read is None:
            return None
        began = self.read.time.replace(microsecond=0)
        return next(
            (
                each
                for each in self.changes
                if each.get("eventSource") in sources
                and datetime.fromisoformat(str(each["eventTime"])) >= began
            ),
            None,
        )

    def actions(self) -> list[Mapping[str, Any]]:
        """What the alarm did since the read, newest first."""
        if self.history_of_alarm is None or not self.history_of_alarm.ok or self.read is None:
            return []
        return [
            each
            for each in self.history_of_alarm.answer
            if each["HistoryItemType"] == "Action" and each["Timestamp"] >= self.read.time
        ]
