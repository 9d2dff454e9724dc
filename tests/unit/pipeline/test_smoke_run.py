""""""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError, ReadTimeoutError
from fake_cloud import BEGIN, FACTS, NEVER, TOPIC, VALUE, refused
from smoked import ALL, WITH_REALTIME, mail, statuses

from secretwatch.pipeline.probes.probe import (
    ALARM,
    LOG_EVENT,
    LOG_FILE,
    METRIC,
    NOTIFICATION,
    READ,
    REALTIME,
    RECORDED,
)
from secretwatch.pipeline.smoke import LOCAL_TIMEOUT, TIMEOUT, Smoke
from secretwatch.pipeline.watch import Watch


def test_a_read_is_followed_to_the_notification(cloud, smoke, told) -> None:
    report = smoke().run()
    assert (report.result, report.exit_code, report.reason) == ("pass", 0, None)
    assert statuses(report) == dict.fromkeys(ALL, "ok")
    assert told.hops == [(name, "ok") for name in ALL]
    found = report.as_dict()
    assert (found["request_id"], found["event_id"]) == ("request-1", "event-1")
    assert report.alarm["state"] == "ALARM"
    assert report.alarm["reason"].startswith("Threshold Crossed")
    assert report.notification["action"] == f"Successfully executed action {TOPIC}"
    assert found["time"] == BEGIN.isoformat()


def test_hops_are_shown_in_the_order_they_come(cloud, smoke, told) -> None:
    # On AWS the alarm may ring before the log file and the event history show the read.
    cloud.recorded, cloud.file, cloud.log, cloud.metric, cloud.alarm, cloud.action = 300, 200, 5, 10, 20, 20
    assert smoke().run().result == "pass"
    assert [name for name, _ in told.hops] == [
        READ, LOG_EVENT, METRIC, ALARM, NOTIFICATION, LOG_FILE, RECORDED,
    ]  # fmt: skip


def test_seconds_are_since_the_read_and_not_long_after_the_hop(cloud, smoke) -> None:
    cloud.alarm = cloud.action = 100.0
    report = smoke().run()
    assert report.hop(READ).seconds == 0
    assert 100 <= report.hop(ALARM).seconds < 110
    assert report.hop(LOG_EVENT).seconds < 5


def test_it_looks_often_at_first_and_seldom_later(cloud, smoke) -> None:
    cloud.alarm = NEVER
    smoke(timeout=600).run()
    in_ten_minutes = cloud.calls.count("filter_log_events"), cloud.calls.count("describe_alarms")
    assert in_ten_minutes[0] < 12
    assert 50 < in_ten_minutes[1] < 110


def test_it_is_this_read_that_is_followed(cloud, smoke) -> None:
    real = cloud.event
    cloud.event = lambda **changes: real(**{"requestID": "another", "userAgent": "somebody"} | changes)
    report = smoke(timeout=8).run()
    assert statuses(report) | {METRIC: "ok"} == {
        READ: "ok", RECORDED: "waiting", LOG_FILE: "waiting", LOG_EVENT: "waiting",
        METRIC: "ok", ALARM: "ok", NOTIFICATION: "ok",
    }  # fmt: skip
    assert report.exit_code == 3


def test_a_read_without_a_known_request_is_followed_by_its_user_agent(cloud, smoke) -> None:
    real = cloud.event
    cloud.event = lambda **changes: real(**{"requestID": "not told"} | changes)
    assert smoke().run().result == "pass"


def test_a_log_file_of_the_next_day_is_found(cloud, smoke) -> None:
    cloud.file, cloud.file_day = 60.0, BEGIN + timedelta(minutes=1)
    report = smoke().run()
    assert report.hop(LOG_FILE).detail.startswith(
        "s3://logs/evidence/AWSLogs/111111111111/CloudTrail/us-east-1/2026/01/02/"
    )


def test_a_log_file_is_found_among_many_and_none_is_read_twice(cloud, smoke) -> None:
    cloud.noise_files = 30
    assert smoke().run().hop(LOG_FILE).status == "ok"
    assert cloud.calls.count("get_object") == 31


def test_a_stranger_bucket_is_not_looked_at(cloud, smoke) -> None:
    report = smoke({"bucket_name": None}).run()
    assert report.result == "pass"
    assert report.hop(LOG_FILE).status == "skipped"
    assert "list_objects_v2" not in cloud.calls


def test_counts_from_before_the_read_do_not_count(cloud, smoke) -> None:
    cloud.counted_before = {BEGIN.replace(second=0): 7.0}
    cloud.metric = 30.0
    report = smoke().run()
    assert report.hop(METRIC).seconds >= 30
    assert report.hop(METRIC).detail == "1 in the minute of 23:59 UTC"


def test_the_time_is_up(cloud, smoke) -> None:
    cloud.metric = cloud.alarm = NEVER
    report = smoke(timeout=90).run()
    assert (report.result, report.exit_code) == ("fail", 3)
    assert report.reason == f"After 90 s this had not come: {METRIC}, {ALARM}, {NOTIFICATION}."
    assert statuses(report)[LOG_EVENT] == "ok"
    assert report.alarm == {"name": "watch-reads", "state": "OK", "reason": report.alarm["reason"]}
    assert 90 - 0.01 <= cloud.clock.elapsed < 92


@pytest.mark.parametrize(
    ("endpoint_url", "limit"),
    [
        ("https://secretsmanager.us-east-1.amazonaws.com", TIMEOUT),
        ("http://127.0.0.1:4566", LOCAL_TIMEOUT),
        ("http://localhost:4566", LOCAL_TIMEOUT),
    ],
)
def test_a_cloud_on_this_machine_is_given_less_time(cloud, smoke, endpoint_url: str, limit: float) -> None:
    cloud.endpoint_url, cloud.alarm = endpoint_url, NEVER
    smoke().run()
    assert limit - 0.01 <= cloud.clock.elapsed < limit + 2


def test_what_is_awaited_is_told_with_what_is_usual(cloud, smoke, told) -> None:
    cloud.alarm = NEVER
    test = smoke(timeout=60)
    report = test.run()
    assert told.awaited[-1][1] == [ALARM, NOTIFICATION]
    assert all(hop.usually for hop in report.hops[1:])
    assert report.hop(ALARM).detail == "is OK"


def test_a_refused_read(cloud, smoke, told) -> None:
    cloud.errors["get_secret_value"] = refused("GetSecretValue", "AccessDeniedException", "not you")
    report = smoke().run()
    assert report.exit_code == 1
    assert (
        report.reason == "The secret cannot be read: GetSecretValue answers AccessDeniedException: not you."
    )
    assert statuses(report) == dict.fromkeys(ALL, "skipped") | {READ: "failed"}
    assert told.hops == [(READ, "failed")]


def test_a_trail_that_does_not_log_is_told_at_once(cloud, smoke) -> None:
    cloud.trail_status = {"IsLogging": False}
    cloud.file = cloud.log = cloud.metric = cloud.alarm = NEVER
    report = smoke().run()
    assert report.exit_code == 1
    assert "the trail watch does not log" in report.reason
    assert statuses(report)[LOG_EVENT] == "failed"
    assert statuses(report)[NOTIFICATION] == "skipped"
    assert cloud.clock.elapsed < 5


def test_a_delivery_that_fails_is_told_while_waiting(cloud, smoke) -> None:
    cloud.trail_status = {"IsLogging": True, "LatestDeliveryError": "AccessDenied"}
    cloud.file = NEVER
    report = smoke(timeout=30).run()
    assert report.hop(LOG_FILE).detail == "the trail's last delivery failed: AccessDenied"
    assert report.exit_code == 3


def test_a_hop_beside_the_way_may_fail_and_the_rest_is_still_seen(cloud, smoke) -> None:
    cloud.errors["list_objects_v2"] = refused("ListObjectsV2", "NoSuchBucket", "gone", 404)
    report = smoke().run()
    assert statuses(report) == dict.fromkeys(ALL, "ok") | {LOG_FILE: "failed"}
    assert report.exit_code == 1
    assert report.reason == 'The hop "log file in S3" failed: ListObjectsV2 answers NoSuchBucket: gone.'


@pytest.mark.parametrize(
    ("operation", "error", "hop", "status", "exit_code"),
    [
        ("list_objects_v2", refused("L", "AccessDenied", status=403), LOG_FILE, "skipped", 0),
        ("get_trail", refused("L", "AccessDeniedException"), LOG_FILE, "waiting", 3),
        ("lookup_events", refused("L", "AccessDeniedException"), RECORDED, "skipped", 0),
        ("lookup_events", refused("L", "InternalFailure", status=501), RECORDED, "skipped", 0),
        ("filter_log_events", refused("L", "AccessDeniedException"), LOG_EVENT, "skipped", 0),
        ("filter_log_events", refused("L", "ResourceNotFoundException"), LOG_EVENT, "failed", 1),
        ("get_metric_statistics", refused("L", "AccessDenied"), METRIC, "skipped", 0),
        ("list_subscriptions_by_topic", refused("L", "AuthorizationError"), NOTIFICATION, "ok", 0),
        ("lookup_events", refused("L", "ThrottlingException"), RECORDED, "waiting", 3),
        ("lookup_events", refused("L", "InternalError", status=500), RECORDED, "waiting", 3),
        ("lookup_events", ReadTimeoutError(endpoint_url="x"), RECORDED, "waiting", 3),
        ("lookup_events", refused("L", "ExpiredTokenException"), RECORDED, "failed", 1),
    ],
)
def test_what_errors_of_a_look_mean(cloud, smoke, operation, error, hop, status, exit_code) -> None:
    cloud.errors[operation] = error
    report = smoke(timeout=60).run()
    assert (statuses(report)[hop], report.exit_code) == (status, exit_code)


def test_an_error_that_passes_does_not_matter(cloud, smoke) -> None:
    cloud.errors["lookup_events"] = refused("LookupEvents", "ThrottlingException")
    cloud.clock.at[20.0] = cloud.errors.clear
    assert smoke().run().result == "pass"


def test_an_action_that_failed(cloud, smoke) -> None:
    cloud.action_summary = f"Failed to execute action {TOPIC}. Received error: no key"
    report = smoke().run()
    assert report.exit_code == 1
    assert statuses(report)[NOTIFICATION] == "failed"
    assert "no key" in report.reason


@pytest.mark.parametrize(
    ("summary", "data"),
    [
        (f"Successfully executed action {TOPIC}", r'{"publishedMessage":"{\"NewStateValue\":\"OK\"}"}'),
        ("Successfully executed action arn:aws:sns:us-east-1:111111111111:other", ""),
    ],
)
def test_another_action_is_not_the_notification(cloud, smoke, summary: str, data: str) -> None:
    cloud.action_summary, cloud.action_data = summary, data
    assert statuses(smoke(timeout=20).run())[NOTIFICATION] == "waiting"


@pytest.mark.parametrize(
    ("subscriptions", "warning"),
    [
        ([], "nobody is subscribed"),
        (
            [{"Protocol": "email", "Endpoint": "a@example.com", "SubscriptionArn": "PendingConfirmation"}],
            "a@example.com has not followed the link",
        ),
    ],
)
def test_a_notification_that_nobody_gets_is_warned_of(cloud, smoke, subscriptions, warning: str) -> None:
    cloud.subscriptions, cloud.mails = subscriptions, []
    cloud.endpoint_url = "http://127.0.0.1:4566"
    report = smoke().run()
    assert report.result == "pass"
    assert warning in report.notification["warning"]
    assert "nobody will receive it" in report.hop(NOTIFICATION).detail


def test_the_local_e_mail_is_waited_for(cloud, smoke) -> None:
    cloud.endpoint_url = "http://127.0.0.1:4566"
    cloud.mails = [mail(1)]
    cloud.clock.at[8.0] = lambda: cloud.mails.append(mail(2, kind="confirmation"))
    cloud.clock.at[12.0] = lambda: cloud.mails.append(mail(3, subject='ALARM: "another"'))
    cloud.clock.at[20.0] = lambda: cloud.mails.append(mail(4))
    report = smoke().run()
    assert report.result == "pass"
    assert report.notification["email"] == mail(4)
    assert report.notification["subscriptions"] == [
        {"protocol": "email", "endpoint": "ops@example.com", "confirmed": True}
    ]
    assert report.hop(NOTIFICATION).seconds >= 20


def test_a_local_e_mail_that_does_not_come(cloud, smoke) -> None:
    cloud.endpoint_url, cloud.mails = "http://127.0.0.1:4566", []
    report = smoke().run()
    assert report.exit_code == 3
    assert report.hop(NOTIFICATION).detail == "published; the e-mail is not in the inbox yet"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (NoCredentialsError(), "There are no AWS credentials to use"),
        (refused("GetCallerIdentity", "ExpiredToken", "old"), "The AWS credentials do not work"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "AWS cannot be called"),
    ],
)
def test_nothing_is_read_without_access(cloud, smoke, error, says: str) -> None:
    cloud.errors["get_caller_identity"] = error
    report = smoke().run()
    assert report.exit_code == 2
    assert report.reason.startswith(says)
    assert report.reason.count("\n") == 0
    assert cloud.read_at is None


def test_nothing_is_read_in_another_account(cloud, smoke) -> None:
    cloud.account = "222222222222"
    report = smoke().run()
    assert report.exit_code == 2
    assert "222222222222" in report.reason
    assert cloud.read_at is None


def test_a_secret_that_is_not_watched_is_not_read(cloud, smoke) -> None:
    report = smoke(secret="Other").run()
    assert (report.exit_code, report.reason) == (2, "Other is not watched; these secrets are: TopSecretInfo.")
    assert cloud.calls == []


def test_a_watch_of_a_prefix_asks_which_secret_is_meant(cloud, smoke) -> None:
    prefix = {"secret_arn": None, "secret_name": None, "secrets": ["prod/*"]}
    report = smoke(prefix).run()
    assert report.exit_code == 2
    assert report.reason.startswith("Say which secret to read with --secret; watched: prod/*.")
    assert cloud.calls == []
    report = smoke(prefix, secret="prod/db").run()
    assert (report.result, report.secret) == ("pass", "prod/db")


def test_many_reads_are_followed_together(cloud, smoke) -> None:
    cloud.metric_counts = 2.0
    cloud.clock.at[30.0] = lambda: setattr(cloud, "metric_counts", 3.0)
    report = smoke(count=3).run()
    assert report.result == "pass"
    assert cloud.calls.count("get_secret_value") == 3
    assert [read["event_id"] for read in report.as_dict()["reads"]] == ["event-1", "event-2", "event-3"]
    assert report.hop(LOG_EVENT).detail == "3 events, the last in stream stream"
    assert report.hop(METRIC).detail == "3 in the minute of 23:59 UTC"
    assert report.hop(METRIC).seconds >= 30


@pytest.mark.parametrize("hop", [RECORDED, LOG_FILE, LOG_EVENT, REALTIME])
def test_one_of_many_reads_that_is_not_seen_is_missed(cloud, smoke, hop: str) -> None:
    cloud.lost = 1
    report = smoke(WITH_REALTIME, count=3, path="both", prove_delivery=True, timeout=30).run()
    assert report.exit_code == 3
    assert (report.hop(hop).status, report.hop(hop).detail) == ("waiting", "2 of 3")


def test_an_interrupted_run_has_its_report(cloud, smoke) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    cloud.clock.at[3.5] = interrupt
    test = smoke()
    with pytest.raises(KeyboardInterrupt):
        test.run()
    assert test.report.exit_code == 130
    assert statuses(test.report)[LOG_FILE] == "ok"
    assert statuses(test.report)[ALARM] == "waiting"


def test_a_look_that_hangs_holds_up_no_other(cloud, told) -> None:
    """With real threads: the event history answers only when the alarm's message was seen."""
    answer = threading.Event()
    real = cloud.lookup_events

    def lookup_events(**request):
        assert answer.wait(60)
        return real(**request)

    class Waiter(type(told)):
        def hop(self, hop) -> None:
            super().hop(hop)
            if hop.name == NOTIFICATION:
                answer.set()

    cloud.lookup_events = lookup_events
    for name in ("recorded", "file", "log", "metric", "alarm", "action"):
        setattr(cloud, name, 0.0)
    seen = Waiter()
    watch = Watch.from_outputs({"watch": FACTS})
    report = Smoke(watch, cloud, observer=seen).run()
    assert report.result == "pass"
    names = [name for name, _ in seen.hops]
    assert names.index(RECORDED) > names.index(NOTIFICATION)


def test_the_value_is_nowhere(cloud, smoke, told) -> None:
    report = smoke().run()
    assert VALUE not in repr(report.as_dict())
    assert VALUE not in repr(vars(told))
