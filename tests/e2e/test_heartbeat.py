"""The heartbeat, end to end: counted, told of to nobody, missed within its time whatever has stopped.

Minutes pass by ticks. One deployment, which is put back after each test.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from beats import EVERY, NAME, Account
from deployment import wait_for


@pytest.fixture
def account(beats: Account) -> Account:
    return beats


@pytest.mark.later
def test_a_heartbeat_is_counted_and_reported_and_tells_nobody(account: Account) -> None:
    account.beat()
    account.quiet()
    account.minutes_until(lambda: account.state(account.alarm) == "OK", 2 * EVERY)
    before = account.subjects()
    account.beat()
    told = account.subjects()[len(before) :]
    assert told == [], [each["body"] for each in account.cloud.inbox()][-len(told) :]
    assert account.state("beats-all") == "OK"
    assert {path for _, path, _, _ in account.endpoint.asked} == {"/beats"}


@pytest.mark.later
def test_no_history_holds_a_value(account: Account) -> None:
    """Somebody gave the secret one; still it is never asked for."""
    account.session.client("secretsmanager").put_secret_value(
        SecretId="beats-heartbeat", SecretString="hunter2-of-the-heartbeat"
    )
    account.beat()
    histories = [
        account.states.get_execution_history(executionArn=each["executionArn"], includeExecutionData=True)
        for each in account.executions()
    ]
    assert "GetSecretValue" in str(histories) or "getSecretValue" in str(histories)
    assert "hunter2" not in str(histories)


@pytest.mark.later
def test_anybody_elses_read_of_its_secret_rings(account: Account) -> None:
    account.cloud.tick(20)
    before = len(account.subjects())
    account.session.client("secretsmanager").get_secret_value(SecretId="beats-heartbeat")
    wait_for("the alarm", lambda: 'ALARM: "beats-all"' in str(account.subjects()[before:]))


Deed = Callable[[Account], Callable[[], Any]]
"""Breaks a hop and answers how it is put back."""


def stop_the_trail(account: Account) -> Callable[[], Any]:
    client = account.session.client("cloudtrail")
    client.stop_logging(Name=NAME)
    return lambda: client.start_logging(Name=NAME)


def shut_the_role(account: Account) -> Callable[[], Any]:
    iam, role = account.session.client("iam"), "beats-trail-us-east-1"
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    kept = json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
    iam.delete_role_policy(RoleName=role, PolicyName=name)
    return lambda: iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=kept)


def disable_the_log_groups_key(account: Account) -> Callable[[], Any]:
    kms, key = account.session.client("kms"), account.facts["kms_key_arn"]
    kms.disable_key(KeyId=key)
    return lambda: kms.enable_key(KeyId=key)


def delete_the_filter(account: Account) -> Callable[[], Any]:
    logs, group = account.session.client("logs"), account.facts["log_group_name"]
    (kept,) = logs.describe_metric_filters(logGroupName=group, filterNamePrefix="beats-heartbeat")[
        "metricFilters"
    ]
    logs.delete_metric_filter(logGroupName=group, filterName=kept["filterName"])
    fields = ("filterName", "filterPattern", "metricTransformations", "logGroupName")
    return lambda: logs.put_metric_filter(**{field: kept[field] for field in fields})


def mask_what_it_reads(account: Account) -> Callable[[], Any]:
    """By a policy of the whole account."""
    logs = account.session.client("logs")
    policy = {
        "Name": "quiet",
        "Version": "2021-06-01",
        "Configuration": {"CustomDataIdentifier": [{"Name": "secret", "Regex": "beats-heartbeat"}]},
        "Statement": [
            {"Sid": "a", "DataIdentifier": ["secret"], "Operation": {"Audit": {"FindingsDestination": {}}}},
            {"Sid": "b", "DataIdentifier": ["secret"], "Operation": {"Deidentify": {"MaskConfig": {}}}},
        ],
    }
    logs.put_account_policy(
        policyName="quiet",
        policyType="DATA_PROTECTION_POLICY",
        policyDocument=json.dumps(policy),
        scope="ALL",
    )
    return lambda: logs.delete_account_policy(policyName="quiet", policyType="DATA_PROTECTION_POLICY")


def disable_its_rule(account: Account) -> Callable[[], Any]:
    events = account.session.client("events")
    events.disable_rule(Name="beats-heartbeat")
    return lambda: events.enable_rule(Name="beats-heartbeat")


def shut_out_what_starts_it(account: Account) -> Callable[[], Any]:
    iam, role = account.session.client("iam"), "beats-heartbeat-start-us-east-1"
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    kept = json.dumps(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
    iam.delete_role_policy(RoleName=role, PolicyName=name)
    return lambda: iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=kept)


STOPS: list[Deed] = [
    stop_the_trail,
    shut_the_role,
    disable_the_log_groups_key,
    delete_the_filter,
    mask_what_it_reads,
    disable_its_rule,
    shut_out_what_starts_it,
]


@pytest.mark.later
def test_while_nothing_stops_it_does_not_ring(account: Account) -> None:
    account.beat()
    account.minutes_until(lambda: account.state(account.alarm) == "OK", 3 * EVERY)
    for _ in range(4 * EVERY):
        account.minute()
        assert account.state(account.alarm) == "OK"


@pytest.mark.later
@pytest.mark.parametrize("do", STOPS, ids=lambda deed: deed.__name__)
def test_whatever_stops_it_rings_within_a_period_and_deliverys_tail(account: Account, do: Deed) -> None:
    account.beat()
    account.minutes_until(lambda: account.state(account.alarm) == "OK", 3 * EVERY)
    mails = len(account.subjects())
    undo = do(account)
    try:
        # Periods that are looked back on further than asked for are two.
        account.minutes_until(
            lambda: account.state(account.alarm) == "ALARM", account.facts["heartbeat"]["minutes"] + 12
        )
        wait_for("the mail", lambda: 'ALARM: "beats-heartbeat"' in str(account.subjects()[mails:]))
    finally:
        undo()


def close_the_topic(account: Account) -> Callable[[], Any]:
    """What arrives is counted, and nobody could be told."""
    kms, sns = account.session.client("kms"), account.session.client("sns")
    key = sns.get_topic_attributes(TopicArn=account.facts["topic_arn"])["Attributes"]["KmsMasterKeyId"]
    kms.disable_key(KeyId=key)
    return lambda: kms.enable_key(KeyId=key)


@pytest.mark.slow
def test_no_ping_goes_out_while_a_hop_is_broken(account: Account) -> None:
    """One after the other, each before the one before is put back: so no heartbeat is counted in between."""
    account.beat()
    for _ in range(2 * EVERY):
        account.minute()
    undone, pings = [stop_the_trail(account)], len(account.endpoint.asked)
    # Metrics are of minutes, and minutes of the machine's: what was counted before is in another one.
    time.sleep(61 - time.time() % 60)
    try:
        for do in (*STOPS[1:5], close_the_topic):
            undone.append(do(account))
            undone.pop(0)()
            runs = len(account.executions())
            for _ in range(3 * EVERY):
                account.minute()
            became = [each["status"] for each in account.executions()][:-runs]
            assert "FAILED" in became, do.__name__
            assert "SUCCEEDED" not in became[:-1], do.__name__
            assert len(account.endpoint.asked) == pings, do.__name__
    finally:
        for undo in undone:
            undo()
