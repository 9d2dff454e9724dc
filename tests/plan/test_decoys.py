"""Decoys look like any other secret, and what is made to hear of them stays small however many there are."""

from __future__ import annotations

from typing import Any

from .conftest import Plan

DECOYS = ("decoy/a", "decoy/b+")


def test_nothing_about_a_decoy_says_that_it_is_one(instances: Plan) -> None:
    for name in DECOYS:
        made = instances.of(f'decoy["{name}"]')
        assert {each["type"] for each in made.values()} == {
            "aws_secretsmanager_secret",
            "aws_secretsmanager_secret_version",
        }
        secret = made["aws_secretsmanager_secret.this"]
        assert (secret["name"], secret["description"], secret["tags"]) == (name, "Billing", {"of": "its own"})
        assert "decoy" not in str({**secret, "name": ""})
        # As its neighbours, where those have a key.
        key = None if name == "decoy/a" else "arn:aws:kms:us-east-1:000000000000:alias/billing"
        assert secret.get("kms_key_id") == key


def test_a_plan_does_not_know_its_value(instances: Plan) -> None:
    version = instances.of('decoy["decoy/a"]')["aws_secretsmanager_secret_version.this"]
    assert version["secret_string_wo"] is None
    assert "{random}" not in str(instances.raw.resource_changes)


def watch_of(instances: Plan) -> dict[str, Any]:
    return {address: values for address, values in instances.of("decoys").items() if '["decoys"]' in address}


def test_all_decoys_share_two_alarms(instances: Plan) -> None:
    alarms = sorted(
        values["alarm_name"]
        for values in watch_of(instances).values()
        if values["type"] == "aws_cloudwatch_metric_alarm"
    )
    assert alarms == ["lures-decoys", "lures-realtime-decoys"]
    assert 'module.details["decoys"].aws_sfn_state_machine.this' in watch_of(instances)


def test_without_regular_expressions_though_no_arn_is_known_yet(instances: Plan) -> None:
    """Those would take a filter for each three or so, of which a log group takes five."""
    filters = [
        address
        for address, values in watch_of(instances).items()
        if values["type"] == "aws_cloudwatch_log_metric_filter"
    ]
    assert len(filters) == 5
    assert not any("names-" in address for address in filters)


def test_the_message_says_that_nobody_has_a_reason_to(instances: Plan) -> None:
    alarm = instances.of("decoys")['module.watch["decoys"].aws_cloudwatch_metric_alarm.this']
    assert "a secret that nobody has a reason to touch" in alarm["alarm_description"]
    assert "decoy/a, decoy/b+" in alarm["alarm_description"]


def test_the_watched_secret_stays_the_first_watch(instances: Plan) -> None:
    assert instances.outputs["decoys"]["watch"] == "secret-read"
