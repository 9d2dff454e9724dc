"""Alarms about other things than secrets, broken: named, and mended without a change of what they mean."""

from __future__ import annotations

from typing import Any

import pytest
from about_others import about, broken
from cis import PATTERNS
from healthy import ACCOUNT, NOW, REGION, TOPIC

from secretwatch.pipeline.doctor import patterns
from secretwatch.pipeline.doctor.account import Account
from secretwatch.pipeline.doctor.calls import Call
from secretwatch.pipeline.doctor.kinds import after
from secretwatch.pipeline.doctor.reads import expected
from secretwatch.pipeline.doctor.slips import is_slip


@pytest.mark.parametrize(
    ("pattern", "mended"),
    [
        ('{ $.eventName = "getSecretValue" }', '{ $.eventName = "GetSecretValue" }'),
        ("{ $.eventname = GETSECRETVALUE }", '{ $.eventName = "GetSecretValue" }'),
        ('{ $.eventName = "G*" && $.readOnly = "true" }', '{ $.eventName = "G*" && $.readOnly IS TRUE }'),
        ('{ $.eventName = "DeleteSecret" }', None),
    ],
)
def test_only_the_slip_is_put_right(pattern: str, mended: str | None) -> None:
    event = expected("app/db", ACCOUNT, REGION, NOW)
    assert patterns.mended(pattern, event) == mended


@pytest.mark.parametrize(
    ("written", "meant", "is_one"),
    [
        (("CIS", "RootAccess"), ("CIS", "RootAccessCount"), True),
        (("CIS ", "Root"), ("CIS", "Root"), True),
        (("CIS", "NACLChange"), ("CIS", "NACLChanges"), True),
        (("CIS", "VPNChanges"), ("CIS", "RootUsage"), False),
        (("CISBenchmark", "IAMRoleChanges"), ("CISBenchmark", "IAMPolicyChanges"), False),
        (("CISBenchmark", "GwChanges"), ("CISBenchmark", "VPCChanges"), False),
        (("other", "Root"), ("CIS", "Root"), False),
    ],
)
def test_slips_in_names(written: tuple[str, str], meant: tuple[str, str], is_one: bool) -> None:
    assert is_slip(written, meant) is is_one


def _stopped(account: Account) -> None:
    for id, _ in account.all("trail"):
        account.change("trail", id, IsLogging=False)


def _nothing_selected(account: Account) -> None:
    for id, _ in account.all("trail"):
        account.change("trail", id, EventSelectors=[{"IncludeManagementEvents": False}])


CLOSED = '{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}'

FAULTS: dict[str, Any] = {
    "average among zeros": lambda a: a.change("alarm", "payments-secret-read", Statistic="Average"),
    "actions off": lambda a: a.change("alarm", "payments-secret-read", ActionsEnabled=False),
    "no action": lambda a: a.change("alarm", "payments-secret-read", AlarmActions=[]),
    "below": lambda a: a.change("alarm", "payments-secret-read", ComparisonOperator="LessThanThreshold"),
    "breaching": lambda a: a.change("alarm", "payments-secret-read", TreatMissingData="breaching"),
    "another unit": lambda a: a.change("alarm", "payments-secret-read", Unit="Bytes"),
    "trail stopped": _stopped,
    "nothing selected": _nothing_selected,
    "topic closed": lambda a: a.change("topic", TOPIC, Policy=CLOSED),
    "nobody subscribed": lambda a: [a.put("subscription", id, None) for id, _ in list(a.all("subscription"))],
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", PATTERNS)
def test_a_broken_one_is_named_and_keeps_its_meaning(name: str, fault: str) -> None:
    view = about(PATTERNS[name])
    FAULTS[fault](view.account)
    found, plan = broken(view)
    assert found
    calls = [each for each in plan if isinstance(each, Call)]
    if fault in ("no action", "nobody subscribed"):
        # Whom to tell only a person knows: it is shown, and never done.
        assert all(each.steps for _, each in found)
        assert calls == []
        return
    assert calls
    assert all(
        each.operation != "PutMetricFilter" or each.params["filterPattern"] == PATTERNS[name]
        for each in calls
    )
    assert broken(view.after(after(view.account, plan)))[0] == []
