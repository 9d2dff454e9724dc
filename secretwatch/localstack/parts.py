"""What the plugin is made of: one of each in a process, and how a recorded call goes through them."""

from __future__ import annotations

from secretwatch.cloudtrail import Event
from secretwatch.localstack.cloudtrail.delivery import Delivery
from secretwatch.localstack.cloudtrail.held import Holds
from secretwatch.localstack.cloudtrail.trails import Trails
from secretwatch.localstack.events.bus import EventBridge
from secretwatch.localstack.settings import SETTINGS


def _organization_of(account_id: str) -> str | None:
    # Not at the start: few have trails of an organization.
    from secretwatch.localstack.organizations.provider import organization_of

    return organization_of(account_id)


TRAILS = Trails(_organization_of)
EVENT_BRIDGE = EventBridge(TRAILS)
DELIVERY = Delivery(TRAILS, SETTINGS.delivery_interval, SETTINGS.digest_interval)


def _settle() -> None:
    DELIVERY.flush()
    EVENT_BRIDGE.settle()


HOLDS = Holds({"trail": TRAILS.held, "events": EVENT_BRIDGE.held, "history": TRAILS.held_history}, _settle)


def record(account_id: str, event: Event) -> None:
    """Take an event to the trails that want it, and to EventBridge's rules."""
    number = TRAILS.record(account_id, event)
    EVENT_BRIDGE.offer(account_id, event, number)
