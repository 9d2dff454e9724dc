"""The smoke test before its read: the alarm it would ring is there, speaks, and is not in ALARM already."""

from __future__ import annotations

import pytest
from fake_cloud import refused
from smoked import ALL, statuses

from secretwatch.pipeline.probes.probe import ALARM


def test_an_alarm_in_alarm_is_waited_for_before_the_read(cloud, smoke, told) -> None:
    cloud.state_before, cloud.ok_again = "ALARM", 200.0
    report = smoke().run()
    assert report.result == "pass"
    assert cloud.read_at >= 200
    assert report.hop(ALARM).seconds < 10
    assert "in ALARM already" in told.notes[0]
    assert len(told.notes) == 1


def test_an_alarm_that_stays_in_alarm_is_not_read_against(cloud, smoke) -> None:
    cloud.state_before = "ALARM"
    report = smoke(timeout=100).run()
    assert report.exit_code == 3
    assert "stayed in ALARM for 100 s" in report.reason
    assert cloud.read_at is None
    assert statuses(report) == dict.fromkeys(ALL, "skipped") | {ALARM: "waiting"}


@pytest.mark.parametrize("state", ["OK", "ALARM"])
def test_a_muted_alarm_is_not_read_against(cloud, smoke, state) -> None:
    cloud.state_before, cloud.muted_by = state, "nightly"
    report = smoke().run()
    assert report.exit_code == 1
    assert "The mute rule nightly mutes" in report.reason
    assert cloud.read_at is None


def test_whoever_may_not_look_for_mute_rules_reads(cloud, smoke) -> None:
    cloud.errors["list_alarm_mute_rules"] = refused("ListAlarmMuteRules", "AccessDenied")
    assert smoke().run().result == "pass"


def test_a_local_alarm_is_waited_for_as_long_as_its_own_window(cloud, smoke) -> None:
    cloud.endpoint_url = "http://127.0.0.1:4566"
    cloud.state_before, cloud.ok_again = "ALARM", 400.0
    assert smoke().run().result == "pass"


def test_without_its_alarm_nothing_is_read(cloud, smoke) -> None:
    cloud.describe_alarms = lambda **_: {"MetricAlarms": []}
    report = smoke().run()
    assert (report.exit_code, report.reason) == (1, "There is no alarm watch-reads in us-east-1.")
    assert cloud.read_at is None


@pytest.mark.parametrize(
    ("pattern", "is_followed"),
    [
        ('{ $.eventName = "GetSecretValue" }', True),
        ('{ $.eventName = "*SecretValue" && $.errorCode NOT EXISTS }', True),
        ('{ $.eventName = "GetSecretValue" && $.errorCode = "*AccessDenied*" }', False),
        ('{ $.eventName = "PutSecretValue" || $.eventName = "DeleteSecret" }', False),
        ('{ $.requestParameters.secretId = "another" }', True),  # whatever that is about: the read shows it
    ],
)
def test_nothing_is_read_where_a_read_cannot_ring(cloud, smoke, pattern: str, is_followed: bool) -> None:
    report = smoke({"filter_patterns": [pattern], "watch": "mine"}).run()
    if is_followed:
        assert report.result == "pass"
    else:
        assert (report.exit_code, cloud.reads) == (2, [])
        assert "The watch mine does not count reads that succeed" in report.reason
