"""CloudTrail's events on their way to EventBridge: which of them, and for which rules.

As on AWS they come to the default bus of the region in which they happened, while a trail of the account,
or of its organization, logs there; read-only management events come only to rules that ask for all
management events. What a rule does with an event is LocalStack's part, behind `Bus`.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
"""

from __future__ import annotations

import json
import logging
import threading
import uuid
from queue import SimpleQueue
from typing import Any, Protocol

from secretwatch.cloudtrail import EVENT_BYTES, Event
from secretwatch.localstack.trails import Trails

LOG = logging.getLogger(__name__)

ALL_MANAGEMENT_EVENTS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"

_MOST_BYTES = EVENT_BYTES


class Rule(Protocol):
    """A rule of an event bus, as LocalStack has it."""

    name: str
    state: str


class Bus(Protocol):
    """The default event buses of all accounts and regions."""

    def rules(self, account_id: str, region: str) -> list[Rule]:
        """The rules that match events (others have a schedule)."""

    def send(self, rule: Rule, account_id: str, region: str, event: dict[str, Any]) -> None:
        """Send the event to the rule's targets, if the rule's pattern matches it."""


class EventBridge:
    """Takes every recorded event, and carries on those that a rule could want.

    Sending happens on a thread of its own, in the order of the events: the caller of an API does not wait
    for it. Without a bus, that is before anybody has used EventBridge, nothing happens at all.
    """

    def __init__(self, trails: Trails) -> None:
        self._trails = trails
        self._bus: Bus | None = None
        self._queue: SimpleQueue[tuple[str, Event, list[Rule]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="cloudtrail-to-eventbridge", daemon=True)

    def attach(self, bus: Bus) -> None:
        """Send to this bus from now on."""
        self._bus = bus
        if not self._thread.is_alive():
            self._thread.start()

    def stop(self) -> None:
        """Send what was offered so far, then end."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(timeout=30)

    def offer(self, account_id: str, event: Event) -> None:
        """An event was recorded."""
        if self._bus is None:
            return
        rules = [rule for rule in self._bus.rules(account_id, event["awsRegion"]) if _is_for(rule, event)]
        if rules and self._is_logged(account_id, event):
            self._queue.put((account_id, event, rules))

    def _is_logged(self, account_id: str, event: Event) -> bool:
        return any(
            trail.is_logging
            and (trail.is_multi_region_trail or trail.home_region == event["awsRegion"])
            and (event["managementEvent"] or trail.sees(event))
            for trail in self._trails.over(account_id)
        )

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            account_id, event, rules = item
            envelope = envelope_of(account_id, event)
            if envelope is None or self._bus is None:
                continue
            for rule in rules:
                try:
                    self._bus.send(rule, account_id, event["awsRegion"], envelope)
                except Exception:
                    LOG.exception("rule %s did not get %s", rule.name, event["eventName"])


def _is_for(rule: Rule, event: Event) -> bool:
    if event["managementEvent"] and event["readOnly"]:
        return rule.state == ALL_MANAGEMENT_EVENTS
    return rule.state in ("ENABLED", ALL_MANAGEMENT_EVENTS)


def envelope_of(account_id: str, event: Event) -> dict[str, Any] | None:
    """What a rule sees of a CloudTrail event; None where it is too large for EventBridge."""
    envelope = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "AWS API Call via CloudTrail",
        "source": f"aws.{event['eventSource'].partition('.')[0]}",
        "account": account_id,
        "time": event["eventTime"],
        "region": event["awsRegion"],
        "resources": [],
        "detail": event,
    }
    text = json.dumps(envelope, separators=(",", ":"), ensure_ascii=False)
    if len(text.encode("utf-8", "surrogatepass")) > _MOST_BYTES:
        return None
    # A copy: the event itself is still to be delivered, and targets may change what they get.
    copied: dict[str, Any] = json.loads(text)
    return copied
