"""CloudTrail's events on their way to EventBridge: which of them, and for which rules. Beside them alarms'.

As on AWS they come to the default bus of the region in which they happened, while a trail of the account,
or of its organization, logs there; read-only management events come only to rules that ask for all
management events. What a rule does with an event is LocalStack's part, behind `Bus`.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Protocol

from secretwatch.cloudtrail import EVENT_BYTES, Event, eventbridge
from secretwatch.localstack.cloudtrail.held import HeldQueue
from secretwatch.localstack.cloudtrail.trails import Trails
from secretwatch.localstack.gateway.request_ids import new_id

LOG = logging.getLogger(__name__)


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


@dataclass(slots=True)
class Offered:
    """An event on its way to EventBridge."""

    account_id: str
    event: Event
    number: int
    id: str = ""
    """Of EventBridge's own, the same where it comes twice."""


@dataclass(frozen=True, slots=True)
class Announced:
    """An event that needs no trail, as a rule sees it."""

    account_id: str
    region: str
    event: dict[str, Any]


class EventBridge:
    """Takes every recorded event, and carries on those that a rule could want.

    Sending happens on a thread of its own, in the order of the events: the caller of an API does not wait
    for it. Without a bus, that is before anybody has used EventBridge, nothing happens at all.
    """

    def __init__(self, trails: Trails) -> None:
        self._trails = trails
        self._bus: Bus | None = None
        self._queue: SimpleQueue[Offered | Announced | threading.Event | None] = SimpleQueue()
        self.held: HeldQueue[Offered] = HeldQueue(self._arrive)
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

    def settle(self) -> None:
        """Return when everything that arrived so far was sent."""
        if self._thread.is_alive():
            self._queue.put(sent := threading.Event())
            sent.wait(timeout=30)

    def announce(self, account_id: str, region: str, event: dict[str, Any]) -> None:
        """A service's own event (a rule's whole one): at once, whatever is held of CloudTrail's."""
        if self._bus is not None:
            self._queue.put(Announced(account_id, region, event))

    def offer(self, account_id: str, event: Event, number: int) -> None:
        """An event was recorded, as the trails' event of this number."""
        if self.held.since is not None:
            self.held.take(Offered(account_id, event, number))
        elif self._bus is not None and self._is_wanted(account_id, event, number):
            self._queue.put(Offered(account_id, event, number))

    def _arrive(self, offered: Offered) -> None:
        if self._is_wanted(offered.account_id, offered.event, offered.number):
            self._queue.put(offered)

    def _is_wanted(self, account_id: str, event: Event, number: int) -> bool:
        rules = self._bus.rules(account_id, event["awsRegion"]) if self._bus else []
        return any(_is_for(rule, event) for rule in rules) and self._trails.is_logged(
            account_id, event, number
        )

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            if isinstance(item, threading.Event):
                item.set()
            elif isinstance(item, Announced):
                self._to_rules(item.account_id, item.region, item.event, _is_enabled)
            else:
                self._send(item)

    def _send(self, offered: Offered) -> None:
        account_id, event = offered.account_id, offered.event
        offered.id = offered.id or new_id()
        envelope = envelope_of(account_id, event, offered.id)
        if envelope is None or self._bus is None:
            return
        self._to_rules(account_id, event["awsRegion"], envelope, lambda rule: _is_for(rule, event))

    def _to_rules(
        self, account_id: str, region: str, envelope: dict[str, Any], wants: Callable[[Rule], bool]
    ) -> None:
        if (bus := self._bus) is None:
            return
        # Asked anew: there may have been much to send before this one.
        for rule in bus.rules(account_id, region):
            if not wants(rule):
                continue
            try:
                bus.send(rule, account_id, region, envelope)
            except Exception:
                LOG.exception("rule %s did not get %s", rule.name, envelope["detail-type"])


def _is_for(rule: Rule, event: Event) -> bool:
    return eventbridge.is_for(rule.state, management=event["managementEvent"], read_only=event["readOnly"])


def _is_enabled(rule: Rule) -> bool:
    return eventbridge.is_enabled(rule.state)


def envelope_of(account_id: str, event: Event, event_id: str = "") -> dict[str, Any] | None:
    """What a rule sees of a CloudTrail event; None where it is too large for EventBridge."""
    envelope = eventbridge.envelope(account_id, event, event_id or new_id())
    text = json.dumps(envelope, separators=(",", ":"), ensure_ascii=False)
    if len(text.encode("utf-8", "surrogatepass")) > _MOST_BYTES:
        return None
    # A copy: the event itself is still to be delivered, and targets may change what they get.
    copied: dict[str, Any] = json.loads(text)
    return copied
