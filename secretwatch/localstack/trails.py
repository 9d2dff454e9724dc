"""The trails of the local cloud: their configuration, status and event history. No I/O here."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from secretwatch.cloudtrail import (
    DEFAULT_EVENT_SELECTORS,
    Event,
    SelectedBy,
    event_text,
    is_global_service,
)

HISTORY_LIMIT = 50_000
"""Events kept for LookupEvents in each account, oldest dropped first."""

PENDING_LIMIT = 100_000
"""Events kept for a sink of a trail that refuses them; more are dropped."""


@dataclass
class Trail:
    """A trail, with AWS's names; ``pending`` are the recorded events that are still to be delivered."""

    name: str
    account_id: str
    home_region: str
    partition: str
    s3_bucket_name: str
    s3_key_prefix: str | None = None
    sns_topic_name: str | None = None
    include_global_service_events: bool = True
    is_multi_region_trail: bool = False
    log_file_validation_enabled: bool = False
    cloud_watch_logs_log_group_arn: str | None = None
    cloud_watch_logs_role_arn: str | None = None
    kms_key_id: str | None = None
    is_organization_trail: bool = False
    organization_id: str | None = None
    """Of an organization's trail; None for others."""
    event_selectors: list[dict[str, Any]] = field(default_factory=lambda: list(DEFAULT_EVENT_SELECTORS))
    advanced_event_selectors: list[dict[str, Any]] = field(default_factory=list)
    has_custom_event_selectors: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    is_logging: bool = False
    stopped_by: str | None = None
    """The request that stopped logging: its own event is the last that the trail records."""
    status: dict[str, Any] = field(default_factory=dict)
    """GetTrailStatus's times and errors, by AWS's names."""
    events_delivered: int = 0

    @property
    def arn(self) -> str:
        return f"arn:{self.partition}:cloudtrail:{self.home_region}:{self.account_id}:trail/{self.name}"

    @property
    def sns_topic_arn(self) -> str | None:
        if not self.sns_topic_name:
            return None
        if self.sns_topic_name.startswith("arn:"):
            return self.sns_topic_name
        return f"arn:{self.partition}:sns:{self.home_region}:{self.account_id}:{self.sns_topic_name}"

    def records(self, event: Event) -> bool:
        """Whether the event is this trail's, now."""
        logging = self.is_logging or event["requestID"] == self.stopped_by
        return logging and self.sees(event)

    def sees(self, event: Event) -> bool:
        """Whether the event happened where this trail looks, and its selectors want it."""
        if is_global_service(event["eventSource"]) and not self.include_global_service_events:
            return False
        if not self.is_multi_region_trail and event["awsRegion"] != self.home_region:
            return False
        return SelectedBy(self.event_selectors, self.advanced_event_selectors)(event)


class PendingEvent(NamedTuple):
    """All that delivery needs of an event."""

    time: str
    text: str


@dataclass
class Pending:
    """What a trail recorded and each of its sinks has not yet taken."""

    s3: dict[tuple[str, str], deque[PendingEvent]] = field(default_factory=lambda: defaultdict(deque))
    """By account and region: a log file holds the events of one."""
    logs: dict[str, deque[PendingEvent]] = field(default_factory=lambda: defaultdict(deque))
    """By account: each has a log stream of its own."""
    dropped: int = 0
    """How many were too many for a sink, since this was last looked at."""

    def add(self, event: PendingEvent, sink: deque[PendingEvent]) -> None:
        if len(sink) < PENDING_LIMIT:
            sink.append(event)
        else:
            self.dropped += 1

    def __len__(self) -> int:
        return sum(len(events) for events in (*self.logs.values(), *self.s3.values()))


class Trails:
    """All trails of all accounts, and what was recorded for them. Safe to use from any thread.

    ``organization_of`` answers the id of an account's organization, None where it is in none.
    """

    def __init__(self, organization_of: Callable[[str], str | None] = lambda _: None) -> None:
        self._organization_of = organization_of
        self.lock = threading.RLock()
        self._trails: dict[str, Trail] = {}
        self._pending: dict[str, Pending] = {}
        self._history: dict[str, deque[Event]] = defaultdict(lambda: deque(maxlen=HISTORY_LIMIT))

    def all(self) -> list[Trail]:
        with self.lock:
            return list(self._trails.values())

    def of(self, account_id: str) -> list[Trail]:
        return [trail for trail in self.all() if trail.account_id == account_id]

    def over(self, account_id: str) -> list[Trail]:
        """The trails that record this account: its own, and those of its organization."""
        return [trail for trail in self.all() if self.is_over(trail, account_id)]

    def is_over(self, trail: Trail, account_id: str) -> bool:
        return trail.account_id == account_id or (
            trail.organization_id is not None and trail.organization_id == self._organization_of(account_id)
        )

    def find(self, name_or_arn: str, account_id: str, region: str) -> Trail | None:
        """By ARN, or by name where the trail is at home: shadows in other regions have only their ARN.

        https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html (trailNameList),
        API_GetTrailStatus.html; of selectors it was observed (TrailNotFoundException with the ARN that the
        trail would have here). AWS does not say it of GetTrail, which is taken to do the same.
        """
        with self.lock:
            if name_or_arn.startswith("arn:"):
                return self._trails.get(name_or_arn)
            mine = self.of(account_id)
        return next((each for each in mine if (each.name, each.home_region) == (name_or_arn, region)), None)

    def add(self, trail: Trail) -> None:
        with self.lock:
            self._trails[trail.arn] = trail
            self._pending[trail.arn] = Pending()

    def remove(self, trail: Trail) -> None:
        with self.lock:
            self._trails.pop(trail.arn, None)
            self._pending.pop(trail.arn, None)

    def pending(self, trail: Trail) -> Pending:
        with self.lock:
            return self._pending.setdefault(trail.arn, Pending())

    def record(self, account_id: str, event: Event) -> None:
        """Keep the event in the account's history, and for every trail that wants it."""
        with self.lock:
            if event["managementEvent"]:
                self._history[account_id].append(event)
            waiting = None
            for trail in self._trails.values():
                if self.is_over(trail, account_id) and trail.records(event):
                    # Written out once, for all sinks of all trails.
                    waiting = waiting or PendingEvent(event["eventTime"], event_text(event))
                    pending = self._pending[trail.arn]
                    pending.add(waiting, pending.s3[account_id, event["awsRegion"]])
                    if trail.cloud_watch_logs_log_group_arn:
                        pending.add(waiting, pending.logs[account_id])

    def history(self, account_id: str, region: str) -> Iterable[Event]:
        """Management events of the region, newest first."""
        with self.lock:
            events = list(self._history[account_id])
        return (event for event in reversed(events) if event["awsRegion"] == region)

    def clear(self) -> None:
        with self.lock:
            self._trails.clear()
            self._pending.clear()
            self._history.clear()


def set_time(trail: Trail, name: str, at: datetime) -> None:
    """Note a time in the status, in both of the forms that GetTrailStatus answers."""
    text = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    trail.status[name] = at
    also = {
        "StartLoggingTime": "TimeLoggingStarted",
        "StopLoggingTime": "TimeLoggingStopped",
        "LatestDeliveryTime": "LatestDeliveryAttemptTime",
        "LatestNotificationTime": "LatestNotificationAttemptTime",
    }.get(name)
    if also:
        trail.status[also] = text
