"""The trails of the local cloud: their configuration, status and event history. No I/O here."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from secretwatch.cloudtrail import (
    DEFAULT_EVENT_SELECTORS,
    Event,
    SelectedBy,
    event_text,
    is_global_service,
)
from secretwatch.localstack.cloudtrail.held import HeldQueue
from secretwatch.partition import of_region

HISTORY_LIMIT = 50_000
"""Events kept for LookupEvents in each account, oldest dropped first."""

PENDING_LIMIT = 100_000
"""Events kept for a sink of a trail that refuses them; more are dropped."""


@dataclass
class Trail:
    """A trail, with AWS's names.

    account_id: whose it is. A trail of an organization is its management account's, also if a delegated
    administrator made it. Where a topic is whose bare name that gave, AWS does not say: here it is the
    trail's account.
    """

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
    insight_selectors: list[dict[str, Any]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    is_logging: bool = False
    stopped_by: str | None = None
    """The request that stopped logging: its own event is the last that the trail records."""
    first_started_at: int | None = None
    """The number of the last event before logging was first started."""
    started_at: int = 0
    """The same of the last start."""
    stopped_at: int = 0
    """The same of the last stop, by StopLogging or DeleteTrail."""
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

    def logs(self, event: Event, number: int) -> bool:
        """Whether the trail takes this event, which arrives now.

        A trail that was stopped still gets what was called before it was last stopped, and StopLogging
        itself, but not what came after. It is the last stop that counts, not whether the trail was logging
        at the time of the call (AWS: "Turning off logging for a trail").

        AWS does not say what becomes of calls from before the first start, or from between a stop and the
        next start, when they arrive while the trail logs: here they are not delivered. AWS does not say what
        a deleted trail still delivers: here the same as a stopped one, but not DeleteTrail itself. AWS says
        that a stopped trail may get what its selectors leave out: here they are minded, as they are when the
        event arrives.

        https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-turning-off-logging.html
        """
        if self.is_logging and number > self.started_at:
            return True
        if self.stopped_by is not None and event.get("requestID") == self.stopped_by:
            return True
        return (self.first_started_at or 0) < number <= self.stopped_at

    def is_in(self, region: str) -> bool:
        """Whether the trail records what happens there, which a multi-region one does in its partition."""
        if not self.is_multi_region_trail:
            return region == self.home_region
        return of_region(region).name == self.partition

    def sees(self, event: Event) -> bool:
        """Whether the event happened where this trail looks, and its selectors want it."""
        if is_global_service(event["eventSource"]) and not self.include_global_service_events:
            return False
        if not self.is_in(event["awsRegion"]):
            return False
        return SelectedBy(self.event_selectors, self.advanced_event_selectors)(event)


Recorded = tuple[int, str, Event]
"""A call on its way to the trails: its number, the account and the event."""


class PendingEvent:
    """An event that waits for its sinks."""

    __slots__ = ("_event", "_text")

    def __init__(self, event: Event) -> None:
        self._event = event
        self._text: str | None = None

    @property
    def time(self) -> str:
        return str(self._event["eventTime"])

    @property
    def text(self) -> str:
        """Written out once for all sinks of all trails, and by delivery: the caller does not wait for it."""
        if self._text is None:
            self._text = event_text(self._event)
        return self._text

    def as_read(self) -> Event | None:
        """What the text is as JSON; None where that is to be found out by reading it.

        An event is JSON already, but for the numbers that JSON does not have.
        """
        return None if "NaN" in self.text or "Infinity" in self.text else self._event


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
        self._pending: dict[int, Pending] = {}
        """By the trail itself: one that was deleted may leave its name to another."""
        self._leaving: list[Trail] = []
        """Deleted, but not before what was held: when that arrives, a part of it is still theirs."""
        self._history: dict[str, deque[Event]] = defaultdict(lambda: deque(maxlen=HISTORY_LIMIT))
        self.number = 0
        """Of the newest event. Times of events are whole seconds, too coarse to tell what came first."""
        self.held: HeldQueue[Recorded] = HeldQueue(self._arrive, self.lock)
        self.held_history: HeldQueue[tuple[str, Event]] = HeldQueue(self._remember, self.lock)

    def all(self) -> list[Trail]:
        with self.lock:
            return list(self._trails.values())

    def of(self, account_id: str) -> list[Trail]:
        return [trail for trail in self.all() if trail.account_id == account_id]

    def leaving(self) -> list[Trail]:
        """The trails that were deleted and may still have something to deliver."""
        with self.lock:
            return list(self._leaving)

    def over(self, account_id: str) -> list[Trail]:
        """The trails that record this account: its own, and those of its organization."""
        return [trail for trail in self.all() if self.is_over(trail, account_id)]

    def is_logged(self, account_id: str, event: Event, number: int) -> bool:
        """Whether some trail logs where the event happened: what EventBridge asks.

        AWS does not say how EventBridge treats events from before StopLogging: here as the trail itself.
        """
        return any(
            trail.logs(event, number)
            and trail.is_in(event["awsRegion"])
            and (event["managementEvent"] or trail.sees(event))
            for trail in (*self.all(), *self.leaving())
            if self.is_over(trail, account_id)
        )

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
            self._pending[id(trail)] = Pending()

    def start(self, trail: Trail) -> None:
        """The trail logs, from StartLogging's own event on."""
        with self.lock:
            if not trail.is_logging:
                trail.is_logging, trail.started_at = True, self.number
                if trail.first_started_at is None:
                    trail.first_started_at = self.number

    def stop(self, trail: Trail, request_id: str | None = None) -> None:
        """The trail logs no more, but for the event of this request."""
        with self.lock:
            if trail.is_logging:
                trail.is_logging = False
                trail.stopped_by, trail.stopped_at = request_id, self.number

    def remove(self, trail: Trail) -> int:
        """The trail is deleted; how many deliveries are lost that no sink took.

        While calls are held none is: the trail still waits for its part of them.
        """
        with self.lock:
            self.stop(trail)
            self._trails.pop(trail.arn, None)
            if not self.held.is_settled:
                self._leaving.append(trail)
                return 0
            return self.forget(trail)

    def forget(self, trail: Trail) -> int:
        """A deleted trail has had its part; how many deliveries are left that no sink took."""
        with self.lock:
            self._leaving = [each for each in self._leaving if each is not trail]
            return len(self._pending.pop(id(trail), ()))

    def pending(self, trail: Trail) -> Pending:
        with self.lock:
            return self._pending.get(id(trail)) or Pending()

    def record(self, account_id: str, event: Event) -> int:
        """Take the event for the account's history and for the trails; its number."""
        with self.lock:
            self.number = number = self.number + 1
            # This is done for every call: what is not held does not go through the queues.
            if event["managementEvent"]:
                if self.held_history.since is None:
                    self._history[account_id].append(event)
                else:
                    self.held_history.take((account_id, event))
            if self.held.since is not None:
                self.held.take((number, account_id, event))
            elif self._trails:
                self._arrive((number, account_id, event))
            return number

    def _remember(self, item: tuple[str, Event]) -> None:
        account_id, event = item
        self._history[account_id].append(event)

    def _arrive(self, recorded: Recorded) -> None:
        """Every trail that wants the event has it to deliver."""
        number, account_id, event = recorded
        waiting = None
        for trail in (*self._trails.values(), *self._leaving) if self._leaving else self._trails.values():
            if self.is_over(trail, account_id) and trail.logs(event, number) and trail.sees(event):
                waiting = waiting or PendingEvent(event)
                pending = self._pending[id(trail)]
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
            self._leaving.clear()
            self._pending.clear()
            self._history.clear()
            self.held.drop()
            self.held_history.drop()


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
