"""What bounds details: states of 256 KiB, a history of 25,000 events, a message of 256 KB. And that a message
or an alarm comes, whatever breaks. The state machine runs in memory as it was planned."""

from __future__ import annotations

import json
import random
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hostile import hostile

from .conftest import Plan
from .details import MOST_PATTERNS, T0, TOPIC, Logged, World, definition_of, in_all, logged, told
from .machines import MOST_EVENTS, Failed

RANG = [(T0, "ALARM")]


@pytest.fixture(scope="module")
def one(details_plan: Plan) -> dict[str, Any]:
    return definition_of(details_plan.of('details["one"]'))


@pytest.fixture(scope="module")
def most(details_plan: Plan) -> dict[str, Any]:
    return definition_of(details_plan.of('details["most"]'))


def test_a_thousand_reads_by_one_reader_are_one_line_with_a_count(one: dict[str, Any]) -> None:
    world = World(one, logged(1000), RANG)
    (message,) = world.run()
    assert message["Message"].count("Who  ") == 1
    assert "Times   1000" in message["Message"]
    assert in_all(message) == 1000
    assert "more, which are not" not in message["Message"]
    assert len(message["Message"]) < 4_000
    assert world.machines[0].events <= 14_500


@pytest.mark.parametrize(
    "size",
    [pytest.param(1_800, marks=pytest.mark.later), pytest.param(2_300, marks=pytest.mark.later), 5_000],
)
def test_a_thousand_reads_by_ten_readers_with_long_words_are_told(one: dict[str, Any], size: int) -> None:
    log = [Logged(T0 - 100, str(uuid.UUID(int=n)), agent=str(n % 10) * size) for n in range(1000)]
    (message,) = World(one, log, RANG).run()
    assert in_all(message) >= 500
    assert ("left out" in message["Message"]) == (size == 5_000)
    assert len(message["Message"].encode()) < 60_000


def test_a_batch_of_twenty_secrets_names_them(one: dict[str, Any]) -> None:
    arns = [f"arn:aws:secretsmanager:eu-central-1:000000000000:secret:payments/{n}-Ab3dE9" for n in range(20)]
    more = (("eventName", "BatchGetSecretValue"), ("requestParameters", {"secretIdList": arns}))
    (message,) = World(one, [Logged(T0 - 100, str(uuid.UUID(int=1)), more=more)], RANG).run()
    assert all(arn in message["Message"] for arn in arns)


def test_what_is_beyond_a_message_is_counted(one: dict[str, Any]) -> None:
    log = [Logged(T0 - 100, str(uuid.UUID(int=n)), agent=f"agent-{n % 12}") for n in range(1700)]
    world = World(one, log, RANG)
    (message,) = world.run()
    assert message["Message"].count("Who  ") == 10
    (more,) = re.findall(r"And (\d+) more, which", message["Message"])
    assert in_all(message) + int(more) == 1700
    assert in_all(message) >= 960


def test_75_patterns_are_asked_for_one_after_another(most: dict[str, Any]) -> None:
    log = [Logged(T0 - 100, str(uuid.UUID(int=n)), pattern=n) for n in (0, 37, 74)]
    world = World(most, log, RANG, patterns=MOST_PATTERNS)
    (message,) = world.run()
    assert in_all(message) == 3
    assert len(json.dumps(most)) < 1_000_000


def padded(size: int) -> tuple[tuple[str, Any], ...]:
    return (("requestParameters", {"secretId": "db", "versionStage": "y" * size}),)


WORST: dict[str, Callable[[], list[Logged]]] = {
    "many": lambda: many(2500, 2500, 2500),
    "long": lambda: many(1100, 500, 500, more=padded(9_000)),
    "few": lambda: many(600, 300, 300, more=padded(7_000)),
    "scattered": lambda: many(1100, 500, 500, spread=75),
}


def many(before: int, first: int, late: int, spread: int = 1, **more: Any) -> list[Logged]:
    """Events that were told before, those for which an alarm rings again, and those that come late."""
    slices = ((before, T0 - 300), (first, T0 - 100), (late, T0 + 100))
    counts = [(at, number) for count, at in slices for number in range(count)]
    return [
        Logged(at, str(uuid.UUID(int=n)), agent=f"agent-{n % 14}", pattern=number % spread, **more)
        for n, (at, number) in enumerate(counts)
    ]


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name == "many" else pytest.mark.later) for name in sorted(WORST)],
)
def test_the_history_of_an_execution_stays_within_its_limit(most: dict[str, Any], name: str) -> None:
    """The worst execution: rings again, asks for 75 patterns, recalls, tells twice."""
    world = World(most, WORST[name](), [(T0, "ALARM")], patterns=MOST_PATTERNS)
    machine = world.execute((T0, "ALARM"), (T0 - 200, "OK"))
    print(f"{name}: {machine.events} events, {machine.largest} bytes, {len(world.sent)} published")
    assert machine.events < MOST_EVENTS
    assert len(world.sent) == 4
    assert all("could not be read" not in each["Subject"] for each in world.sent)


@pytest.mark.parametrize("since", [86_400, 200])
def test_pages_without_events_are_not_asked_for_without_an_end(most: dict[str, Any], since: int) -> None:
    """FilterLogEvents may answer nothing, and that there is more: then nobody knows that there is no call."""
    world = World(most, [], RANG, patterns=MOST_PATTERNS)
    world._search = lambda machine, given: {"Events": [], "NextToken": "on"}  # type: ignore[method-assign]
    machine = world.execute((T0, "ALARM"), (T0 - since, "OK"))
    print(f"{machine.events} events")
    assert machine.events < MOST_EVENTS
    messages = [each["Message"] for each in world.sent if each["TopicArn"] == TOPIC]
    assert len(messages) == 2
    for message in messages:
        assert "no call that it counts" not in message
        assert "more events of that time than could be searched" in message


def test_one_call_behind_many_empty_pages_is_told(most: dict[str, Any]) -> None:
    world = World(most, [], RANG, patterns=MOST_PATTERNS)
    first = {"Events": [{"Message": each.message()} for each in logged(1)], "NextToken": "on"}
    answers = [*({"Events": [], "NextToken": "on"} for _ in range(900)), first]
    world._search = lambda machine, given: (  # type: ignore[method-assign]
        answers.pop(0) if answers else {"Events": [], "NextToken": "on"}
    )
    world.execute((T0, "ALARM"), (T0 - 86_400, "OK"))
    assert in_all(world.sent[0]) == 1


def test_an_event_of_250_kb_is_told_without_its_words(one: dict[str, Any]) -> None:
    (message,) = World(
        one, [*logged(3), Logged(T0 - 90, str(uuid.UUID(int=9)), more=padded(250_000))], RANG
    ).run()
    assert in_all(message) == 4
    assert "left out: too long, see the event" in message["Message"]


def test_an_event_that_is_too_much_for_a_state_is_a_message_without_details(one: dict[str, Any]) -> None:
    more = (("requestParameters", {"secretId": '"' * 100_000}),)
    (message,) = World(one, [*logged(3), Logged(T0 - 90, str(uuid.UUID(int=9)), more=more)], RANG).run()
    assert "could not be read" in message["Subject"]
    assert "States.DataLimitExceeded" in message["Message"]


@pytest.mark.later
def test_late_calls_behind_many_that_were_told_are_not_lost(one: dict[str, Any]) -> None:
    """A thousand just before the alarm rang, and copies of five hundred of them before what is new."""
    first = [Logged(T0 - 5, str(uuid.UUID(int=n))) for n in range(1000)]
    copies = [Logged(T0 + 60, each.id) for each in first[:500]]
    for late, expected in (
        ([*first, Logged(T0 + 90, str(uuid.UUID(int=5000)))], 1),
        (first + copies + [Logged(T0 + 90, str(uuid.UUID(int=5000)))], 0),
    ):
        messages = World(one, late, RANG).run()
        assert [in_all(each) for each in messages] == [1000, expected]
    assert re.findall(r"And (\d+) more", messages[1]["Message"])


def test_a_long_call_takes_the_words_of_no_other(one: dict[str, Any]) -> None:
    log = [*logged(3), Logged(T0 - 100, str(uuid.UUID(int=9)), agent="z", more=padded(60_000))]
    (message,) = World(one, log, RANG).run()
    assert in_all(message) == 4
    assert "left out: too long, see the event" in message["Message"]
    assert 'Call    GetSecretValue {"secretId":"db"}' in message["Message"]


def test_long_calls_are_not_told_twice(one: dict[str, Any]) -> None:
    log = [Logged(at, str(uuid.UUID(int=9)), more=padded(20_000)) for at in (T0 - 100, T0 + 60)]
    (message,) = World(one, log, RANG).run()
    assert len(told(message)) == 1


# What breaks


@pytest.mark.parametrize("error", ["ThrottlingException", "CloudWatchLogsException", "SdkClientException"])
def test_throttled_searches_are_tried_again(one: dict[str, Any], error: str) -> None:
    """FilterLogEvents declares no error for throttling: then its name is the service's."""
    failing = {"search": [f"CloudWatchLogs.{error}"] * 5}
    (message,) = World(one, logged(1), RANG, failing=failing).run()
    assert in_all(message) == 1
    assert 60 < message["at"] - T0 < 70


BROKEN = {
    "search throttled": {"search": ["CloudWatchLogs.ThrottlingException!"]},
    "search refused": {"search": ["CloudWatchLogs.CloudWatchLogsException!"]},
    "log group deleted": {"search": ["CloudWatchLogs.ResourceNotFoundException!"]},
    "too much": {"search": ["States.DataLimitExceeded!"]},
    "no answer": {"search": ["States.Timeout!"]},
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_where_nothing_can_be_read_a_message_says_so(one: dict[str, Any], name: str) -> None:
    (message,) = World(one, logged(1), RANG, failing=dict(BROKEN[name])).run()
    assert "The details could not be read" in message["Message"]
    assert BROKEN[name]["search"][0].removesuffix("!") in message["Message"]


def test_where_nobody_may_ask_when_it_ended_what_came_late_is_told(one: dict[str, Any]) -> None:
    failing = {"history": ["CloudWatch.CloudWatchException!"]}
    log = [*logged(1), Logged(T0 + 100, str(uuid.UUID(int=5)))]
    assert [in_all(each) for each in World(one, log, RANG, failing=failing).run()] == [1, 1]


@pytest.mark.parametrize("search", [[], ["CloudWatchLogs.ResourceNotFoundException!"]])
def test_where_a_topic_takes_nothing_the_execution_fails(one: dict[str, Any], search: list[str]) -> None:
    """Which the alarm on details that could not be told counts."""
    world = World(
        one, logged(1), RANG, failing={"publish": ["SNS.AuthorizationErrorException!"], "search": search}
    )
    with pytest.raises(Failed) as caught:
        world.run()
    assert caught.value.error == "NotTold"


# What callers send

DICE = random.Random(25)
# Lone surrogates are in no event: its JSON is UTF-8. What is too long is left out.
HOSTILE = list(
    {text: None for _ in range(2000) if "\ud800" not in (text := hostile(DICE)) and len(text) < 300}
)[:1000]


@pytest.mark.later
def test_a_thousand_hostile_texts_stand_in_quotation_marks_on_one_line(one: dict[str, Any]) -> None:
    lines = 0
    for start in range(0, 1000, 10):
        values = HOSTILE[start : start + 10]
        log = [
            Logged(
                T0 - 100,
                str(uuid.UUID(int=n)),
                agent=value,
                more=(
                    ("errorCode", value),
                    ("requestParameters", {"secretId": value, value: [value]}),
                    ("sourceIPAddress", value),
                    ("userIdentity", {"type": "AssumedRole", "arn": value, "invokedBy": value}),
                ),
            )
            for n, value in enumerate(values)
        ]
        (message,) = World(one, log, RANG).run()
        assert in_all(message) == len(values)
        body = message["Message"].split("\n\nIn all:")[0]
        for value in values:
            shown = json.dumps(value, ensure_ascii=False)
            for line in (
                f"Who     AssumedRole {shown}",
                f"Service {shown}",
                f"Error   {shown}",
                f"From    {shown}",
                f"Agent   {shown}",
            ):
                assert f"\n{line}\n" in body, value
                lines += 1
        labels = {line.split(" ")[0] for line in body.split("\n")}
        assert labels <= {
            "The",
            "",
            "Who",
            "Service",
            "Call",
            "Error",
            "From",
            "Agent",
            "Where",
            "Times",
            "Event",
        }, values
    assert lines == 5 * len(HOSTILE)
