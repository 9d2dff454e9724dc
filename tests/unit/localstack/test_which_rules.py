"""Which of an account's rules get which CloudTrail event."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from secretwatch.cloudtrail.eventbridge import ALL_MANAGEMENT_EVENTS
from secretwatch.localstack.cloudtrail.trails import Trail, Trails
from secretwatch.localstack.events.bus import EventBridge

ACCOUNT = "111122223333"


@dataclass
class Rule:
    name: str
    state: str


@dataclass
class Bus:
    """Rules in us-east-1, and the (rule, event name) that were sent."""

    states: tuple[str, ...] = ("ENABLED", ALL_MANAGEMENT_EVENTS, "DISABLED")
    sent: list[tuple[str, str]] = field(default_factory=list)
    broken: str = ""

    def rules(self, account_id: str, region: str) -> list[Any]:
        here = (account_id, region) == (ACCOUNT, "us-east-1")
        return [Rule(state, state) for state in self.states] if here else []

    def send(self, rule: Any, account_id: str, region: str, event: dict[str, Any]) -> None:
        if rule.name == self.broken:
            raise RuntimeError("broken")
        self.sent.append((rule.name, event["detail"]["eventName"]))


def event(name: str = "PutSecretValue", **more: Any) -> dict[str, Any]:
    return {
        "eventSource": "secretsmanager.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "eventTime": "2026-01-01T00:00:00Z",
        "managementEvent": True,
        "readOnly": False,
        **more,
    }


def sent(bus: Bus, *events: dict[str, Any], **trail: Any) -> list[tuple[str, str]]:
    trails = Trails()
    made = {"home_region": "us-east-1", "is_logging": True, **trail}
    trails.add(Trail(name="t", account_id=ACCOUNT, partition="aws", s3_bucket_name="b", **made))
    bridge = EventBridge(trails)
    bridge.attach(bus)
    for each in events:
        bridge.offer(ACCOUNT, each, trails.record(ACCOUNT, each))
    bridge.stop()
    return bus.sent


def test_reads_go_only_to_rules_for_all_management_events() -> None:
    read = event("GetSecretValue", readOnly=True)
    assert sent(Bus(), event(), read) == [
        ("ENABLED", "PutSecretValue"),
        (ALL_MANAGEMENT_EVENTS, "PutSecretValue"),
        (ALL_MANAGEMENT_EVENTS, "GetSecretValue"),
    ]


@pytest.mark.parametrize(
    ("trail", "comes"),
    [
        ({}, True),
        ({"is_logging": False}, False),
        ({"home_region": "eu-west-1"}, False),
        ({"home_region": "eu-west-1", "is_multi_region_trail": True}, True),
    ],
)
def test_a_trail_has_to_log_there(trail: dict[str, Any], comes: bool) -> None:
    assert bool(sent(Bus(), event(), **trail)) is comes


def test_the_bus_of_the_region_of_the_event() -> None:
    elsewhere = event(awsRegion="eu-west-1")
    assert sent(Bus(), elsewhere, is_multi_region_trail=True) == []


def test_an_event_over_256_kb_does_not_come() -> None:
    def padded(size: int) -> dict[str, Any]:
        return event(requestParameters={"x": "é" * size})

    assert sent(Bus(("ENABLED",)), padded(127 * 1024)) == [("ENABLED", "PutSecretValue")]
    assert sent(Bus(("ENABLED",)), padded(128 * 1024)) == []


def test_a_rule_that_fails_does_not_stop_the_others() -> None:
    bus = Bus(broken="ENABLED")
    assert sent(bus, event(), event()) == [(ALL_MANAGEMENT_EVENTS, "PutSecretValue")] * 2


def test_the_event_itself_is_not_given_away() -> None:
    given: list[Any] = []

    class Keeping(Bus):
        def send(self, rule: Any, account_id: str, region: str, event: dict[str, Any]) -> None:
            given.append(event["detail"])

    own = event()
    sent(Keeping(("ENABLED",)), own)
    assert given == [own]
    assert given[0] is not own
