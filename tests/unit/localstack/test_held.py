"""Held delivery: whatever is recorded, held, released and stopped, nothing is lost and nothing comes early.

Played on the queues themselves, with a trail, a rule and a history, and without LocalStack.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.cloudtrail.eventbridge import ALL_MANAGEMENT_EVENTS
from secretwatch.localstack.cloudtrail.held import CHANNELS, HeldQueue, Holds
from secretwatch.localstack.cloudtrail.trails import Trail, Trails
from secretwatch.localstack.events.bus import EventBridge

ACCOUNT = "111122223333"
REGION = "us-east-1"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def event(number: int, request_id: str | None = None) -> dict[str, Any]:
    return {
        "eventSource": "secretsmanager.amazonaws.com",
        "eventName": "GetSecretValue",
        "eventID": str(number),
        "requestID": request_id or f"request-{number}",
        "awsRegion": REGION,
        "eventTime": "2026-01-01T00:00:00Z",
        "managementEvent": True,
        "readOnly": True,
    }


class Rule:
    name, state = "rule", ALL_MANAGEMENT_EVENTS


class Bus:
    """One rule, which can be deleted, and the ids of the events that came to it."""

    def __init__(self) -> None:
        self.has_rule = True
        self.came: list[str] = []
        self.ids: list[str] = []

    def rules(self, account_id: str, region: str) -> list[Any]:
        return [Rule()] if self.has_rule else []

    def send(self, rule: Any, account_id: str, region: str, envelope: dict[str, Any]) -> None:
        self.came.append(envelope["detail"]["eventID"])
        self.ids.append(envelope["id"])


class Cloud:
    """What the plugin puts together, with sinks that only remember."""

    def __init__(self) -> None:
        self.trails = Trails()
        self.trail = self.new_trail()
        self.bus = Bus()
        self.bridge = EventBridge(self.trails)
        self.bridge.attach(self.bus)
        self.holds = Holds(
            {"trail": self.trails.held, "events": self.bridge.held, "history": self.trails.held_history},
            self.settle,
        )
        self.delivered: list[str] = []
        self.files: list[list[str]] = []
        self.count = 0

    def new_trail(self) -> Trail:
        trail = Trail(name="t", account_id=ACCOUNT, home_region=REGION, partition="aws", s3_bucket_name="b")
        self.trails.add(trail)
        self.trails.start(trail)
        return trail

    def settle(self) -> None:
        for trail in (*self.trails.all(), *self.trails.leaving()):
            for queue in self.trails.pending(trail).s3.values():
                if queue:
                    self.files.append([json.loads(each.text)["eventID"] for each in queue])
                    self.delivered += self.files[-1]
                    queue.clear()
        if self.trails.held.is_settled:
            for trail in self.trails.leaving():
                assert self.trails.forget(trail) == 0
        self.bridge.settle()

    def call(self, request_id: str | None = None) -> str:
        self.count += 1
        made = event(self.count, request_id)
        self.bridge.offer(ACCOUNT, made, self.trails.record(ACCOUNT, made))  # type: ignore[arg-type]
        return str(made["eventID"])

    def hold(self, *channels: str) -> None:
        self.settle()
        self.holds.hold(channels or CHANNELS, NOW)

    def release(self, *channels: str, **how: Any) -> dict[str, int]:
        return self.holds.release(channels or CHANNELS, **how)

    def history(self) -> list[str]:
        return [each["eventID"] for each in self.trails.history(ACCOUNT, REGION)][::-1]

    def arrived(self) -> dict[str, list[str]]:
        self.settle()
        return {"trail": self.delivered, "events": self.bus.came, "history": self.history()}

    def close(self) -> None:
        self.bridge.stop()


@pytest.fixture
def cloud() -> Any:
    made = Cloud()
    yield made
    made.close()


CHANNEL_SETS = st.lists(st.sampled_from(CHANNELS), max_size=3, unique=True)
STEPS = st.one_of(
    st.just(("call",)),
    st.just(("call",)),
    st.tuples(st.just("hold"), CHANNEL_SETS),
    st.tuples(
        st.just("release"),
        CHANNEL_SETS,
        st.none() | st.integers(0, 4),
        st.booleans(),
        st.booleans(),
    ),
    st.just(("drop",)),
)


@given(st.lists(STEPS, max_size=40))
def test_nothing_lost_nothing_early_and_twice_only_when_asked(steps: list[tuple[Any, ...]]) -> None:
    """Against a model that is a list for each channel of what waits and of what has come."""
    cloud = Cloud()
    waits: dict[str, list[str] | None] = dict.fromkeys(CHANNELS)
    comes: dict[str, list[str]] = {name: [] for name in CHANNELS}
    dropped: Counter[str] = Counter()
    try:
        for step, *arguments in steps:
            if step == "call":
                number = cloud.call()
                for name in CHANNELS:
                    held = waits[name]
                    (comes[name] if held is None else held).append(number)
            elif step == "hold":
                names = arguments[0] or CHANNELS
                cloud.hold(*names)
                for name in names:
                    waits[name] = waits[name] or []
            elif step == "release":
                names, first, reordered, twice = arguments
                released = cloud.release(*names, first=first, reordered=reordered, twice=twice)
                for name in names or CHANNELS:
                    held = waits[name] or []
                    going, rest = (held, []) if first is None else (held[:first], held[first:])
                    assert released[name] == len(going)
                    if first is None:
                        waits[name] = None
                    elif waits[name] is not None:
                        waits[name] = rest
                    plain = name == "history"
                    if reordered and not plain:
                        going = going[::-1]
                    comes[name] += going * (2 if twice and not plain else 1)
            else:
                for name, count in cloud.holds.drop().items():
                    assert count == len(waits[name] or [])
                    dropped[name] += count
                    waits[name] = []
            assert cloud.arrived() == comes
            assert {each["channel"]: each["calls"] for each in cloud.holds.status()} == {
                name: len(held) for name, held in waits.items() if held is not None
            }
        for name in CHANNELS:
            assert len(set(comes[name])) + len(waits[name] or []) + dropped[name] == cloud.count
    finally:
        cloud.close()


def test_what_was_called_before_the_hold_still_arrives(cloud: Cloud) -> None:
    before = cloud.call()
    cloud.holds.hold(CHANNELS, NOW)  # and nothing was delivered yet
    cloud.call()
    assert cloud.arrived() == {name: [before] for name in CHANNELS}


def test_duplicates_come_in_a_second_file_and_with_the_same_id(cloud: Cloud) -> None:
    cloud.hold()
    calls = [cloud.call(), cloud.call()]
    cloud.release(twice=True)
    assert cloud.files == [calls, calls]
    assert cloud.bus.ids[:2] == cloud.bus.ids[2:]


def test_a_rule_that_is_deleted_before_the_event_arrives_gets_none(cloud: Cloud) -> None:
    cloud.hold()
    cloud.call()
    cloud.bus.has_rule = False
    cloud.release()
    assert cloud.arrived()["events"] == []


def test_a_rule_that_is_made_after_the_call_gets_its_event(cloud: Cloud) -> None:
    cloud.bus.has_rule = False
    cloud.hold()
    call = cloud.call()
    cloud.bus.has_rule = True
    cloud.release()
    assert cloud.arrived()["events"] == [call]


def test_a_bus_that_is_used_after_the_call_gets_its_event() -> None:
    trails = Trails()
    trails.add(
        Trail(
            name="t",
            account_id=ACCOUNT,
            home_region=REGION,
            partition="aws",
            s3_bucket_name="b",
            is_logging=True,
        )
    )
    bridge, bus = EventBridge(trails), Bus()
    bridge.held.hold(NOW)
    bridge.offer(ACCOUNT, event(1), 1)  # type: ignore[arg-type]
    bridge.attach(bus)
    bridge.held.release()
    bridge.stop()
    assert bus.came == ["1"]


@pytest.mark.parametrize("delete", [False, True])
def test_a_trail_that_is_stopped_or_deleted_gets_what_was_called_before(cloud: Cloud, delete: bool) -> None:
    cloud.hold()
    before = cloud.call()
    if delete:
        assert cloud.trails.remove(cloud.trail) == 0
        last = []
    else:
        cloud.trails.stop(cloud.trail, "stop")
        last = [cloud.call("stop")]  # StopLogging itself
    cloud.call()
    cloud.release(twice=True)
    assert cloud.arrived()["trail"] == [before, *last] * 2
    assert cloud.arrived()["events"] == [before, *last] * 2


def test_a_deleted_trail_waits_until_nothing_is_held_and_is_then_forgotten(cloud: Cloud) -> None:
    cloud.hold()
    calls = [cloud.call(), cloud.call()]
    cloud.trails.remove(cloud.trail)
    cloud.release(first=1)
    assert cloud.arrived()["trail"] == calls[:1]
    assert cloud.trails.leaving() == [cloud.trail]
    cloud.release()
    assert cloud.arrived()["trail"] == calls
    assert cloud.trails.leaving() == []


def test_a_new_trail_of_the_same_name_is_another(cloud: Cloud) -> None:
    cloud.hold()
    call = cloud.call()
    cloud.trails.remove(cloud.trail)
    cloud.new_trail()
    cloud.release()
    assert cloud.arrived()["trail"] == [call]


def test_what_was_called_while_a_trail_was_stopped_never_comes(cloud: Cloud) -> None:
    cloud.hold()
    before = cloud.call()
    cloud.trails.stop(cloud.trail, "stop")
    last = cloud.call("stop")
    gap = cloud.call()
    cloud.trails.start(cloud.trail)
    after = cloud.call()
    cloud.release()
    assert cloud.arrived()["trail"] == cloud.arrived()["events"] == [before, last, after]
    assert cloud.history() == [before, last, gap, after]


def test_what_was_called_before_the_last_stop_comes_whether_or_not_the_trail_logged_then(
    cloud: Cloud,
) -> None:
    cloud.hold()
    for stop in ("first stop", "last stop"):
        cloud.trails.stop(cloud.trail, stop)
        cloud.call(stop)
        cloud.call()
        cloud.trails.start(cloud.trail)
    cloud.trails.stop(cloud.trail, "end")
    cloud.release()
    assert cloud.arrived()["trail"] == ["1", "2", "3", "4"]


def test_a_queue_that_is_full_says_what_it_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secretwatch.localstack.cloudtrail.held.HELD_LIMIT", 2)
    came: list[int] = []
    queue: HeldQueue[int] = HeldQueue(came.append)
    queue.hold(NOW)
    for number in range(5):
        queue.take(number)
    assert (len(queue), queue.dropped) == (2, 3)
    queue.release()
    assert came == [0, 1]


def test_what_cannot_be_meant_is_refused(cloud: Cloud) -> None:
    with pytest.raises(ValueError, match="'logs' is no channel: name some of trail, events, history"):
        cloud.hold("logs")
    with pytest.raises(ValueError, match="-1"):
        cloud.release(first=-1)
