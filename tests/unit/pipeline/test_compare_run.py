from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fake_cloud import BEGIN, FACTS, FILES, NEVER, TOPIC, VALUE, AtOnce, Cloud, refused

from secretwatch.pipeline.compare import LOCAL_TIMEOUT, TIMEOUT, Compare, schedule
from secretwatch.pipeline.watch import Watch

ALL_ON = {
    "topic_arns": [TOPIC],
    "realtime": {"rule_names": ["watch"]},
    "notifications_topic_arn": FILES,
}
FULL_TEXT = """SECRET READ
TopSecretInfo by arn:aws:iam::111111111111:user/alice
from 10.0.0.1 at 2026-01-01T23:59:50Z {agent}"""


class Seen:
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.complete: list[str] = []
        self.states: list[tuple[float, dict[str, str]]] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def channel(self, channel: Any) -> None:
        self.complete.append(channel.channel)

    def progress(self, state: Any, seconds: float) -> None:
        self.states.append((seconds, dict(state)))


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def compare(cloud: Cloud, seen: Seen) -> Callable[..., Compare]:
    cloud.realtime_text = FULL_TEXT
    real = cloud.event
    cloud.event = lambda **changes: real(
        userIdentity={"arn": "arn:aws:iam::111111111111:user/alice"},
        sourceIPAddress="10.0.0.1",
        eventTime="2026-01-01T23:59:50Z",
        **changes,
    )

    def make(facts: dict[str, Any] | None = None, **options: Any) -> Compare:
        watch = Watch.from_outputs({"watch": FACTS | ALL_ON | (facts or {})})
        return Compare(
            watch, cloud, clock=cloud.clock, executor=AtOnce(), observer=seen, **{"minutes": 0.0} | options
        )

    return make


def test_each_channel_is_measured(cloud, compare, seen) -> None:
    found = compare(reads=2, noise=3).run()
    assert (found.result, found.exit_code, found.reason) == ("pass", 0, None)
    assert (found.made("read"), found.made("noise")) == (2, 3)
    assert cloud.calls.count("get_secret_value") == 2
    alarm, trail, realtime = found.channels
    assert [each.messages for each in found.channels] == [1, 1, 2]
    assert seen.complete == ["realtime", "trail", "alarm"]
    assert 6 <= alarm.first_seconds < 7
    assert 4 <= trail.first_seconds < 5
    assert 3 <= realtime.first_seconds < 4
    nothing = {"secret": 0, "reader": 0, "address": 0, "time": 0}
    assert alarm.names == trail.names == nothing
    assert realtime.names == {"secret": 2, "reader": 2, "address": 2, "time": 2}
    size = len(FULL_TEXT.format(agent=cloud.reads[0]["userAgent"]))
    assert realtime.bytes == 2 * size
    assert (cloud.queues, cloud.subscribed) == ({}, {})


def test_calls_are_spread_and_messages_counted_from_the_first_read(cloud, compare) -> None:
    found = compare(reads=3, noise=2, minutes=1.0).run()
    times = [(call["kind"], round(call["seconds"])) for call in found.calls]
    assert times == [("read", 0), ("noise", 15), ("read", 30), ("noise", 45), ("read", 60)]
    realtime = found.channel("realtime")
    assert [round(at) for at in realtime.arrivals] == [3, 33, 63]
    assert found.channel("trail").messages == 3


@pytest.mark.parametrize(
    ("reads", "noise", "seconds", "calls"),
    [
        (1, 0, 60, [(0, "read")]),
        (2, 1, 60, [(0, "read"), (30, "noise"), (60, "read")]),
        (2, 2, 0, [(0, "read"), (0, "read"), (0, "noise"), (0, "noise")]),
    ],
)
def test_the_schedule(reads: int, noise: int, seconds: float, calls: list[tuple[float, str]]) -> None:
    assert schedule(reads, noise, seconds) == calls


@pytest.mark.parametrize(
    ("facts", "left"),
    [
        ({"realtime": None}, ["alarm", "trail"]),
        ({"notifications_topic_arn": None}, ["alarm", "realtime"]),
        ({"topic_arns": [], "topic_arn": None}, ["trail"]),
    ],
)
def test_what_is_not_deployed_is_said_and_the_others_are_compared(compare, facts, left: list[str]) -> None:
    found = compare(facts).run()
    assert found.result == "pass"
    assert [each.channel for each in found.channels if each.deployed] == left
    assert all(each.why for each in found.channels if not each.deployed)
    (line,) = [row for row in found.rows() if row[1] == "not deployed"][:1]
    assert set(line[2:]) == {""}


def test_a_watch_of_a_prefix_is_compared_by_the_secret_that_is_named(cloud, compare) -> None:
    prefix = {"secret_arn": None, "secret_name": None, "secrets": ["Top*"]}
    refused = compare(prefix).run()
    assert (refused.exit_code, cloud.read_at) == (2, None)
    assert "--secret; watched: Top*." in refused.reason
    found = compare(prefix, secret="TopSecretInfo", reads=1).run()
    assert found.result == "pass"
    # A prefix among what is watched does not hide that a message says which secret was read.
    assert found.channel("realtime").names["secret"] == 1


def test_a_watch_without_its_alarm_is_compared_without_it(cloud, compare) -> None:
    cloud.describe_alarms = lambda **_: {"MetricAlarms": []}
    found = compare().run()
    assert found.result == "pass"
    assert found.channel("alarm").why == "There is no alarm watch-reads in us-east-1."


def test_nothing_deployed_is_nothing_to_compare(cloud, compare) -> None:
    found = compare({"topic_arns": [], "topic_arn": None, "notifications_topic_arn": None}).run()
    assert found.exit_code == 2
    assert "None of the three channels is deployed" in found.reason
    assert cloud.read_at is None


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ("delivered", "CloudWatch alarm"),
        ("notified", "CloudTrail's notifications"),
        ("realtime", "realtime rule"),
        ("log", "the events in the log group"),
    ],
)
@pytest.mark.parametrize(
    ("endpoint_url", "limit"),
    [("https://secretsmanager.us-east-1.amazonaws.com", TIMEOUT), ("http://127.0.0.1:4566", LOCAL_TIMEOUT)],
)
def test_what_does_not_come_is_named(cloud, compare, change, missing, endpoint_url, limit) -> None:
    cloud.endpoint_url = endpoint_url
    setattr(cloud, change, NEVER)
    found = compare().run()
    assert (found.exit_code, found.reason) == (3, f"After {limit:g} s this was not complete: {missing}.")
    assert limit <= cloud.clock.elapsed < limit + 5
    assert (cloud.queues, cloud.subscribed) == ({}, {})


def test_a_lost_read_is_missed(cloud, compare) -> None:
    cloud.lost = 1
    found = compare(reads=3, timeout=30).run()
    assert found.exit_code == 3
    assert not found.channel("realtime").complete
    assert found.channel("realtime").messages == 2


def test_other_peoples_messages_are_counted_and_name_nothing_of_ours(cloud, compare) -> None:
    cloud.realtime = NEVER
    cloud.clock.at[2.0] = lambda: cloud.publish(TOPIC, "SECRET READ\nanother by bob")
    cloud.clock.at[2.5] = lambda: cloud.publish(TOPIC, '{"AlarmName": "another", "NewStateValue": "ALARM"}')
    found = compare(timeout=30).run()
    realtime = found.channel("realtime")
    assert (realtime.messages, realtime.first_seconds, realtime.names["secret"]) == (1, None, 0)
    assert found.channel("alarm").messages == 1


def test_a_message_that_names_the_event_only_is_known_when_the_event_is(cloud, compare) -> None:
    cloud.realtime_text, cloud.log = "SECRET READ\nevent {event}", 40.0
    found = compare(reads=2).run()
    assert found.result == "pass"
    # It came before it was known.
    assert found.channel("realtime").first_seconds < 5


def test_the_same_message_through_two_topics_is_one(cloud, compare) -> None:
    second = f"{TOPIC}-2"
    cloud.realtime = NEVER
    for at, topic in ((2.0, TOPIC), (3.0, second)):
        cloud.clock.at[at] = lambda to=topic: cloud.publish(to, FULL_TEXT.format(agent=cloud.user_agent))
    (arrival,) = compare({"topic_arns": [TOPIC, second]}, reads=1).run().channel("realtime").arrivals
    assert 2 <= arrival < 3


def test_an_alarm_that_is_ok_again_tells_of_no_read(cloud, compare) -> None:
    cloud.clock.at[2.0] = lambda: cloud.publish(TOPIC, '{"AlarmName": "watch-reads", "NewStateValue": "OK"}')
    alarm = compare().run().channel("alarm")
    assert alarm.messages == 2
    assert 6 <= alarm.first_seconds < 7


def test_log_files_that_cannot_be_read_are_taken_for_ones_with_the_reads(cloud, compare, seen) -> None:
    cloud.errors["get_object"] = refused("GetObject", "AccessDenied", "not you")
    found = compare().run()
    assert found.result == "pass"
    assert found.channel("trail").first_seconds is not None
    assert "cannot be read" in seen.notes[0]


def test_a_month_is_taken_from_what_was_before(cloud, compare) -> None:
    cloud.counted_before = {BEGIN - timedelta(days=2): 5.0, BEGIN - timedelta(days=1): 1.0}
    cloud.events_before = [BEGIN - timedelta(hours=30)]
    cloud.older_alarms = 4
    cloud.older_files = [BEGIN - timedelta(hours=hours) for hours in (1, 23, 25)]
    found = compare().run()
    assert (found.observed.days, found.observed.reads, found.observed.alarms, found.observed.files) == (
        2,
        6,
        4,
        2,
    )
    months = {each.channel: each.month["messages"] for each in found.channels}
    assert months == {"alarm": 60, "trail": 60, "realtime": 90}
    realtime = found.channel("realtime")
    assert realtime.month["bytes"] == 90 * realtime.bytes / realtime.messages
    assert found.observed.sentence() == (
        "The numbers for a month come from the time before this run: "
        "6 reads and 4 alarms in 2 days, 2 log files in a day."
    )


def test_a_month_without_reads_is_known_where_other_events_came(cloud, compare) -> None:
    cloud.events_before = [BEGIN - timedelta(days=4), BEGIN - timedelta(days=1)]
    found = compare().run().observed
    assert (found.days, found.reads) == (4, 0)


def test_without_anything_before_a_month_is_not_known(compare) -> None:
    found = compare().run()
    assert [each.month for each in found.channels] == [None] * 3
    assert [row[-1] for row in found.rows()[1:]] == ["not known"] * 3
    assert found.observed.sentence().startswith("The numbers for a month are not known")


def test_what_a_young_watch_saw_is_taken_as_a_day(cloud, compare) -> None:
    cloud.counted_before = {BEGIN - timedelta(hours=1): 2.0}
    assert compare().run().channel("realtime").month["messages"] == 60


@pytest.mark.parametrize("operation", ["get_metric_statistics", "describe_alarm_history", "list_objects_v2"])
def test_what_may_not_be_looked_at_is_not_known(cloud, compare, operation: str) -> None:
    cloud.errors[operation] = refused(operation, "AccessDenied")
    assert compare().run().result == "pass"


def test_calls_beside_the_reads_may_be_denied(cloud, compare) -> None:
    cloud.errors["describe_secret"] = refused("DescribeSecret", "AccessDeniedException")
    assert compare(noise=6).run().made("noise") == 6


def test_a_refused_read_ends_it_and_leaves_nothing(cloud, compare) -> None:
    cloud.errors["get_secret_value"] = refused("GetSecretValue", "AccessDeniedException", "not you")
    found = compare().run()
    assert (found.exit_code, "not you" in found.reason) == (1, True)
    assert "create_queue" in cloud.calls
    assert (cloud.queues, cloud.subscribed) == ({}, {})


@pytest.mark.parametrize("operation", ["create_queue", "subscribe", "receive_message"])
def test_a_queue_that_fails_ends_it_and_leaves_nothing(cloud, compare, operation: str) -> None:
    cloud.errors[operation] = refused(operation, "AccessDenied", "not you")
    found = compare().run()
    assert (found.exit_code, "not you" in found.reason) == (1, True)
    assert (cloud.queues, cloud.subscribed) == ({}, {})


def test_a_look_into_a_queue_that_fails_once_is_made_again(cloud, compare) -> None:
    cloud.errors["receive_message"] = refused("ReceiveMessage", "InternalError", status=500)
    cloud.clock.at[2.0] = cloud.errors.clear
    assert compare().run().result == "pass"


@pytest.mark.parametrize("at", [1.0, 20.0])
def test_an_interrupt_leaves_nothing(cloud, compare, at: float) -> None:
    def interrupt() -> None:
        assert cloud.queues
        raise KeyboardInterrupt

    cloud.clock.at[at] = interrupt
    test = compare(minutes=0.1, timeout=60)
    cloud.realtime = NEVER
    with pytest.raises(KeyboardInterrupt):
        test.run()
    assert test.result.exit_code == 130
    assert (cloud.queues, cloud.subscribed) == ({}, {})


def test_what_cannot_be_removed_fails_it(cloud, compare) -> None:
    cloud.errors["unsubscribe"] = refused("Unsubscribe", "AuthorizationError")
    found = compare().run()
    assert found.exit_code == 1
    assert len(found.left_behind) == 2


def test_an_alarm_in_alarm_is_waited_for(cloud, compare, seen) -> None:
    cloud.state_before, cloud.ok_again = "ALARM", 200.0
    assert compare().run().result == "pass"
    assert "in ALARM already" in seen.notes[0]
    assert cloud.read_at >= 200


def test_an_alarm_that_stays_in_alarm_is_not_read_against(cloud, compare) -> None:
    cloud.state_before = "ALARM"
    found = compare(timeout=60).run()
    assert found.exit_code == 3
    assert cloud.read_at is None


def test_credentials_of_another_account_are_refused(cloud, compare) -> None:
    cloud.account = "222222222222"
    assert compare().run().exit_code == 2
    assert cloud.read_at is None


def test_progress_is_told(compare, seen) -> None:
    compare(reads=2, noise=0, minutes=0.5).run()
    first, last = seen.states[0], seen.states[-1]
    assert first[1]["calls"] == "1 of 2 reads, 0 of 0 others"
    assert first[1]["realtime rule"] == "0 messages; 0 of 2 reads"
    assert "realtime rule" not in last[1]
    assert last[0] >= 30


def test_the_value_is_nowhere(compare, seen) -> None:
    found = compare().run()
    assert VALUE not in repr(found.as_dict()) + found.markdown() + repr(vars(seen))
