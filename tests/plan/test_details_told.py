"""What the state machine of details tells, run in memory as it was planned: each call once, in two messages
where all come within ten minutes, whatever the order, the delays and the copies in which they come."""

from __future__ import annotations

import json
import shlex
import uuid
from typing import Any

import botocore.session
import click
import pytest
from deep import deep
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from secretwatch.cli import main

from .conftest import Plan
from .details import PATTERNS, T0, TOPIC, Logged, World, definition_of, in_all, told
from .machines import iso

# How long after the last count an alarm of 300 seconds ends.
HOLDS = 300
RINGS = 40


@pytest.fixture(scope="module")
def definition(details_plan: Plan) -> dict[str, Any]:
    return definition_of(details_plan.of('details["one"]'))


def changes_of(counted: list[float], holds: float = HOLDS) -> list[tuple[float, str]]:
    """Of an alarm that rings as soon as something is counted, and ends so long after the last count."""
    changes: list[tuple[float, str]] = []
    until = 0.0
    for at in sorted(counted):
        if not changes or at > until:
            if changes:
                changes.append((until, "OK"))
            changes.append((at, "ALARM"))
        until = at + holds
    return [*changes, (until, "OK")]


def read(number: int, at: float) -> Logged:
    """One whose group is its own, so that a message has its id."""
    return Logged(at, str(uuid.UUID(int=number)), agent=f"agent-{number}")


def test_one_read_is_one_message(definition: dict[str, Any]) -> None:
    world = World(definition, [read(1, T0 - RINGS)], changes_of([T0]))
    (message,) = world.run()
    assert told(message) == [str(uuid.UUID(int=1))]
    assert float(message["at"]) - T0 < 1


def test_the_next_commands_can_be_pasted(definition: dict[str, Any]) -> None:
    (message,) = World(definition, [read(1, T0 - RINGS)], changes_of([T0])).run()
    lines = [shlex.split(line) for line in message["Message"].splitlines() if line.startswith("  ")]
    assert [line[:2] for line in lines] == [
        ["secretwatch", "incident"],
        ["secretwatch", "doctor"],
        ["aws", "cloudtrail"],
    ]
    for line in lines[:2]:
        command = main.get_command(click.Context(main), line[1])
        assert command
        with command.make_context("secretwatch", line[2:]) as context:
            assert "." in [
                str(each)
                for value in context.params.values()
                for each in (value if isinstance(value, tuple) else [value])
            ]
    session = botocore.session.get_session()
    members = session.get_service_model("cloudtrail").operation_model("LookupEvents").input_shape.members
    assert {"LookupAttributes", "EndTime"} <= set(members)
    assert lines[2][-1] == iso(T0)[:19] + "Z"


def test_three_pieces_out_of_order_and_twice_are_two_messages(definition: dict[str, Any]) -> None:
    first, second, third = (
        [read(n, at) for n in ids]
        for ids, at in (((1, 5), T0 - RINGS), ((2, 9, 1), T0 + 70), ((3, 5, 2, 4), T0 + 430))
    )
    log = [*first, *second, *third, read(3, T0 + 431), read(9, T0 + 200)]
    counts = [T0, T0 + 110, T0 + 240, T0 + 471]
    world = World(definition, log, changes_of(counts, holds=HOLDS))
    messages = world.run()
    assert len(messages) == 2
    assert [sorted(told(each)) for each in messages] == [
        [str(uuid.UUID(int=n)) for n in (1, 5)],
        [str(uuid.UUID(int=n)) for n in (2, 3, 4, 9)],
    ]


def test_reads_for_an_hour_are_three_messages(definition: dict[str, Any]) -> None:
    log = [Logged(T0 + minute * 60 - RINGS, str(uuid.UUID(int=minute))) for minute in range(60)]
    world = World(definition, log, changes_of([each.at + RINGS for each in log]))
    messages = world.run()
    assert [in_all(each) for each in messages] == [1, 10, 49]
    end = world.changes[-1][0]
    assert float(messages[1]["at"]) - T0 == pytest.approx(630, abs=2)
    assert float(messages[2]["at"]) - end == pytest.approx(30, abs=2)


def test_ok_and_alarm_again_within_ten_minutes_tells_nothing_twice(definition: dict[str, Any]) -> None:
    log = [read(1, T0 - RINGS), read(2, T0 + 30), read(3, T0 + 420), read(2, T0 + 421), read(4, T0 + 500)]
    counts = [T0, T0 + 60, T0 + 450, T0 + 530]
    world = World(definition, log, changes_of(counts))
    assert [each for _, each in world.changes] == ["ALARM", "OK", "ALARM", "OK"]
    messages = world.run()
    assert [told(each) for each in messages] == [[str(uuid.UUID(int=n))] for n in (1, 3, 2, 4)]


def test_an_alarm_for_what_came_just_before_the_end_of_another_says_so(definition: dict[str, Any]) -> None:
    log = [read(1, T0 - RINGS), read(2, T0 + HOLDS - 20)]
    world = World(
        definition, log, [(T0, "ALARM"), (T0 + HOLDS, "OK"), (T0 + HOLDS + 60, "ALARM"), (T0 + 700, "OK")]
    )
    messages = world.run()
    assert str(uuid.UUID(int=2)) in told(messages[1])
    assert not any("no call that it counts" in each["Message"] for each in messages)


def test_whatever_is_posted_of_an_alarm_is_one_thread(details_plan: Plan) -> None:
    """Also where the log group cannot be read, or not to its end: at the beginning, later, at the end."""
    log = [Logged(T0 + minute * 60 - RINGS, str(uuid.UUID(int=minute))) for minute in range(60)]
    chat = definition_of(details_plan.of('details["chat"]'))
    refused = "CloudWatchLogs.ResourceNotFoundException!"
    threads: dict[str, list[str]] = {}
    for name in ("told", "refused", "refused at its end", "nobody"):
        world = World(chat, [] if name == "nobody" else log, changes_of([each.at + RINGS for each in log]))
        world.patterns = PATTERNS
        (rang, ended) = world.changes
        world.failing = {"search": [refused]} if name == "refused" else {}
        world.execute(rang, (T0 - 86_400, "OK"))
        world.failing = {"search": [refused]} if name.startswith("refused") else {}
        world.execute(ended, rang)
        posts = [json.loads(each["Message"]) for each in world.sent if each["TopicArn"] == TOPIC]
        threads[name] = [each["metadata"]["threadId"] for each in posts]
    assert {name: len(each) for name, each in threads.items()} == {
        "told": 3,
        "refused": 2,
        "refused at its end": 3,
        "nobody": 1,
    }
    assert len({thread for each in threads.values() for thread in each}) == 1


SECONDS = st.integers(min_value=-5_000, max_value=3_600_000).map(lambda each: each / 1000)


@deep(100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first=st.integers(min_value=1, max_value=3),
    later=st.lists(
        st.tuples(SECONDS, st.integers(min_value=4, max_value=9)), max_size=6, unique_by=lambda each: each[1]
    ),
    again=st.lists(st.tuples(st.integers(min_value=1, max_value=9), st.integers(0, 800)), max_size=5),
    counting=st.lists(st.integers(min_value=5, max_value=110), min_size=30, max_size=30),
    lag=st.sampled_from([0.0, 3.0, 20.0]),
    begin=st.integers(min_value=0, max_value=400 * 86_400_000).map(lambda each: each / 1000),
)
def test_whatever_comes_is_told_once(
    definition: dict[str, Any],
    first: int,
    later: list[tuple[float, int]],
    again: list[tuple[int, int]],
    counting: list[int],
    lag: float,
    begin: float,
) -> None:
    zero = T0 + begin
    log = [read(number + 1, zero - 60) for number in range(first)]
    log += [read(number, zero + at) for at, number in later]
    came = {each.id: each.at for each in log}
    # What comes twice comes within a quarter of an hour after the first time.
    log += [
        read(number, came[key] + after)
        for number, after in again
        if (key := str(uuid.UUID(int=number))) in came
    ]
    counts = sorted(max(zero, each.at + wait) for each, wait in zip(log, counting, strict=False))
    # What has come is found before it has been counted, or soon after.
    changes = changes_of([each + lag for each in counts])
    world = World(definition, log, changes, lag=lag)
    messages = world.run()
    assert {each for message in messages for each in told(message)} == set(came), "missing"
    # An alarm that rings for nothing new says so, and names it all the same.
    ids = [each for message in messages if "rang again" not in message["Message"] for each in told(message)]
    ends = [at for at, state in changes if state == "OK"]
    twice = {each for each in ids if ids.count(each) > 1}
    assert not twice
    for start in (at for at, state in changes if state == "ALARM"):
        end = min(each for each in ends if each > start)
        own = [
            each
            for each in messages
            if abs(float(each["of"]) - start) < 0.01 or abs(float(each["of"]) - end) < 0.01
        ]
        late = any(start + 600 < each.at <= end for each in log)
        assert len(own) <= (3 if late else 2)
