"""The smoke test proves that messages come: the alarm's and the realtime rule's, by queues of its own."""

from __future__ import annotations

import pytest
from fake_cloud import NEVER, TOPIC, refused
from smoked import ALL, WITH_REALTIME, mail, statuses

from secretwatch.pipeline.probes.probe import DELIVERY, READ, REALTIME, RECORDED


@pytest.mark.parametrize(
    ("path", "hops"),
    [
        ("alarm", [*ALL, DELIVERY]),
        ("realtime", [READ, RECORDED, REALTIME]),
        ("both", [*ALL, DELIVERY, REALTIME]),
    ],
)
def test_a_delivery_is_proved_and_nothing_is_left(cloud, smoke, path: str, hops: list[str]) -> None:
    report = smoke(WITH_REALTIME, path=path, prove_delivery=True).run()
    assert report.result == "pass", report.reason
    assert statuses(report) == dict.fromkeys(hops, "ok")
    assert (cloud.queues, cloud.subscribed, report.left_behind) == ({}, {}, [])


def test_the_queue_that_proves_is_nobody_who_is_told(cloud, smoke) -> None:
    cloud.subscriptions = []
    report = smoke(WITH_REALTIME, prove_delivery=True).run()
    assert report.result == "pass"
    assert "nobody is subscribed" in report.notification["warning"]


def test_the_realtime_path_does_not_wait_for_the_alarm(cloud, smoke) -> None:
    cloud.state_before = "ALARM"
    assert smoke(WITH_REALTIME, path="realtime", prove_delivery=True).run().result == "pass"
    assert "describe_alarms" not in cloud.calls


def test_messages_of_other_reads_and_of_the_alarm_are_not_the_realtime_message(cloud, smoke) -> None:
    cloud.realtime = NEVER
    cloud.clock.at[2.0] = lambda: cloud.publish(TOPIC, "SECRET READ\nagent somebody else")
    cloud.clock.at[3.0] = lambda: cloud.publish(TOPIC, f'{{"AlarmName": "{cloud.user_agent}"}}')
    report = smoke(WITH_REALTIME, path="realtime", prove_delivery=True, timeout=30).run()
    assert (report.exit_code, statuses(report)[REALTIME]) == (3, "waiting")


def test_the_message_of_another_alarm_or_state_is_not_the_delivery(cloud, smoke) -> None:
    cloud.delivered = NEVER
    cloud.clock.at[7.0] = lambda: cloud.publish(TOPIC, '{"AlarmName": "watch-reads", "NewStateValue": "OK"}')
    cloud.clock.at[8.0] = lambda: cloud.publish(TOPIC, '{"AlarmName": "other", "NewStateValue": "ALARM"}')
    report = smoke(WITH_REALTIME, prove_delivery=True, timeout=30).run()
    assert (report.exit_code, statuses(report)[DELIVERY]) == (3, "waiting")


def test_each_topic_has_to_deliver(cloud, smoke) -> None:
    topics = {"topic_arns": [TOPIC, f"{TOPIC}-2"]}
    report = smoke(WITH_REALTIME | topics, path="both", prove_delivery=True, timeout=30).run()
    assert report.hop(DELIVERY).detail == f"not from {TOPIC}-2"
    assert statuses(report)[REALTIME] == "waiting"
    assert cloud.subscribed == {}


def test_a_realtime_message_is_known_by_its_event_where_it_has_no_user_agent(cloud, smoke) -> None:
    cloud.realtime_text = "SECRET READ\nevent {event}"
    assert smoke(WITH_REALTIME, path="both", prove_delivery=True).run().result == "pass"


def test_the_local_inbox_serves_for_the_realtime_message(cloud, smoke) -> None:
    cloud.endpoint_url, cloud.mails = "http://127.0.0.1:4566", [mail(1, body="SECRET READ\nold")]
    cloud.clock.at[9.0] = lambda: cloud.mails.append(mail(2, body=f"SECRET READ\n{cloud.user_agent}"))
    report = smoke(WITH_REALTIME, path="realtime").run()
    assert report.result == "pass"
    assert report.hop(REALTIME).detail == '"SECRET READ" in the inbox'
    assert report.hop(REALTIME).seconds >= 9
    assert "create_queue" not in cloud.calls


@pytest.mark.parametrize(
    ("facts", "options", "says"),
    [
        ({}, {"path": "realtime", "prove_delivery": True}, "has no realtime path"),
        (WITH_REALTIME, {"path": "both"}, "add --prove-delivery"),
        ({"topic_arn": None}, {"prove_delivery": True}, "name no topic"),
    ],
)
def test_a_path_that_cannot_be_followed_is_refused(cloud, smoke, facts, options, says: str) -> None:
    report = smoke(facts, **options).run()
    assert report.exit_code == 2
    assert says in report.reason
    assert cloud.read_at is None


@pytest.mark.parametrize("operation", ["create_queue", "subscribe"])
def test_without_a_queue_nothing_is_read(cloud, smoke, operation: str) -> None:
    cloud.errors[operation] = refused(operation, "AccessDenied", "not you")
    report = smoke(WITH_REALTIME, prove_delivery=True).run()
    assert (report.exit_code, statuses(report)[DELIVERY]) == (1, "failed")
    assert (cloud.read_at, cloud.queues) == (None, {})


def test_queues_go_when_the_read_fails(cloud, smoke) -> None:
    cloud.errors["get_secret_value"] = refused("GetSecretValue", "AccessDeniedException", "not you")
    assert smoke(WITH_REALTIME, prove_delivery=True).run().exit_code == 1
    assert "create_queue" in cloud.calls
    assert (cloud.queues, cloud.subscribed) == ({}, {})


def test_queues_go_when_it_is_interrupted(cloud, smoke) -> None:
    def interrupt() -> None:
        assert cloud.queues
        raise KeyboardInterrupt

    cloud.clock.at[3.5] = interrupt
    with pytest.raises(KeyboardInterrupt):
        smoke(WITH_REALTIME, prove_delivery=True).run()
    assert (cloud.queues, cloud.subscribed) == ({}, {})


def test_what_cannot_be_removed_fails_the_run_and_is_told(cloud, smoke) -> None:
    cloud.errors["delete_queue"] = refused("DeleteQueue", "AccessDenied", "not you")
    report = smoke(WITH_REALTIME, prove_delivery=True).run()
    assert report.exit_code == 1
    (url,) = cloud.queues
    assert report.as_dict()["left_behind"] == [f"aws sqs delete-queue --region us-east-1 --queue-url {url}"]
