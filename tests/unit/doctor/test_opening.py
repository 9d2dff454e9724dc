"""Policies told apart by what they decide, and opened without losing what others have in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from healthy import TOPIC, alarm

from secretwatch.pipeline.doctor.account import Account
from secretwatch.pipeline.doctor.opening import opened, refusal
from secretwatch.pipeline.doctor.policy_differences import Place, completed, denials, lacking, strangers
from secretwatch.policy import Principal, Request, evaluate, services

PUBLISHING = services.publishing(services.CLOUDWATCH, TOPIC, alarm()["AlarmArn"])
FOREIGN = {
    "Sid": "Foreign",
    "Effect": "Allow",
    "Principal": {"Service": "s3.amazonaws.com"},
    "Action": "sns:Publish",
    "Resource": TOPIC,
}
DENY = {
    "Sid": "Deny",
    "Effect": "Deny",
    "Principal": {"Service": "cloudwatch.amazonaws.com"},
    "Action": "sns:*",
    "Resource": TOPIC,
}


HERE = Place(Account("111122223333", "us-east-1"), "sns")


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.mark.parametrize("before", [None, document(FOREIGN), document(FOREIGN, DENY), document(DENY)])
def test_a_policy_is_opened_and_nothing_else_in_it_is_lost(before: str | None) -> None:
    after = opened(before, PUBLISHING)
    assert refusal(PUBLISHING, resource=before)
    assert refusal(PUBLISHING, resource=after) == ""
    kept = json.loads(after)["Statement"]
    assert DENY not in kept
    assert (FOREIGN in kept) is bool(before and "Foreign" in before)
    assert opened(after, PUBLISHING) == after


@pytest.mark.parametrize("head", [{"Version": "2008-10-17", "Id": "theirs"}, {}, {"Version": "2012-10-17"}])
def test_a_policys_version_and_id_stay(head: dict[str, str]) -> None:
    """`${aws:username}` is a variable in one version, and text in the other."""
    before = json.dumps({**head, "Statement": [FOREIGN, DENY]})
    wanted = document(FOREIGN | {"Sid": "Ours", "Action": "sns:Subscribe"})
    for after in (opened(before, PUBLISHING), completed(before, wanted, HERE)):
        assert {name: each for name, each in json.loads(after).items() if name != "Statement"} == head


def test_a_policy_goes_back_to_what_was_applied() -> None:
    wanted = document(FOREIGN | {"Sid": "Ours", "Principal": {"Service": "cloudwatch.amazonaws.com"}})
    after = opened(document(DENY), PUBLISHING, wanted=wanted)
    assert json.loads(after) == json.loads(wanted)


def bound(statement: dict[str, Any], operator: str, key: str, value: str) -> dict[str, Any]:
    return {**statement, "Condition": {operator: {key: value}}}


@pytest.mark.parametrize(
    ("live", "is_enough"),
    [
        ([FOREIGN | {"Sid": "Other", "Action": "sns:*", "Resource": "*"}], True),
        ([FOREIGN | {"Action": "SNS:publish"}, FOREIGN | {"Action": "sns:GetTopicAttributes"}], True),
        ([FOREIGN], False),
        ([FOREIGN | {"Principal": {"Service": "sqs.amazonaws.com"}, "Action": "sns:*"}], False),
        ([bound(FOREIGN | {"Action": "sns:*"}, "Bool", "aws:SecureTransport", "true")], True),
        ([bound(FOREIGN | {"Action": "sns:*"}, "StringEquals", "aws:SourceAccount", "444455556666")], False),
        ([FOREIGN | {"Action": "sns:*"}, FOREIGN | {"Effect": "Deny", "Sid": "No"}], False),
    ],
)
def test_what_a_policy_lacks_is_seen_whatever_its_words(live: list[dict[str, Any]], is_enough: bool) -> None:
    wanted = document(FOREIGN | {"Action": ["sns:Publish", "sns:GetTopicAttributes"]})
    assert [each["Sid"] for each in lacking(document(*live), wanted, HERE)] == ["Foreign"] * (not is_enough)
    assert lacking(completed(document(*live), wanted, HERE), wanted, HERE) == []


OWN, OTHER = "arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:root"


@pytest.mark.parametrize(
    ("principal", "action", "whom"),
    [
        ({"AWS": OTHER}, "sns:*", "the account 444455556666"),
        ({"AWS": "444455556666"}, "sns:Publish", "the account 444455556666"),
        ("*", "sns:SetTopicAttributes", "everybody"),
        ({"AWS": "*"}, "sns:GetTopicAttributes", "everybody"),
        ({"AWS": OTHER}, "sns:GetTopicAttributes", None),
        ({"AWS": OWN}, "sns:*", None),
        ({"Service": "events.amazonaws.com"}, "sns:Publish", None),
    ],
)
def test_a_stranger_is_found_and_sent_away(principal: Any, action: str, whom: str | None) -> None:
    wanted = document(FOREIGN)
    added = FOREIGN | {"Sid": "Added", "Principal": principal, "Action": action}
    live = document(FOREIGN, added)
    assert [who for _, who in strangers(live, wanted, HERE)] == [whom] * bool(whom)
    # One that was applied is none.
    assert strangers(live, live, HERE) == []
    kept = json.loads(completed(live, wanted, HERE))["Statement"]
    assert (added in kept) is (whom is None)
    own_account = bound(added, "StringEquals", "aws:SourceOwner", "111122223333")
    if whom == "everybody":
        assert strangers(document(FOREIGN, own_account), wanted, HERE) == []


def test_a_guard_against_others_stays_and_lets_services_through() -> None:
    """A denial on an address also denies what has none."""
    guard = bound(DENY | {"Principal": "*"}, "NotIpAddress", "aws:SourceIp", "192.0.2.0/24")
    before = document(FOREIGN, guard)
    assert refusal(PUBLISHING, resource=before)
    after = opened(before, PUBLISHING)
    assert refusal(PUBLISHING, resource=after) == ""
    stranger = Request(
        Principal.of("arn:aws:iam::111122223333:user/x"),
        "sns:Publish",
        TOPIC,
        {"aws:SourceIp": "203.0.113.9"},
    )
    assert evaluate(after, stranger).effect == "Deny"


def test_a_statement_may_ask_for_the_time() -> None:
    past, future = "2020-01-01T00:00:00Z", "2120-01-01T00:00:00Z"
    allowed = FOREIGN | {"Principal": {"Service": "cloudwatch.amazonaws.com"}}
    until_past, until_future = (
        bound(allowed, "DateLessThan", "aws:CurrentTime", each) for each in (past, future)
    )
    assert refusal(PUBLISHING, resource=document(until_past))
    assert not refusal(PUBLISHING, resource=document(until_future))
    since_past = bound(DENY, "DateGreaterThan", "aws:CurrentTime", past)
    assert refusal(PUBLISHING, resource=document(allowed, since_past))


def test_a_denial_that_begins_next_month_is_one() -> None:
    """It is not in force when it is looked at, and nobody looks when it is."""
    allowed = FOREIGN | {"Principal": {"Service": "cloudwatch.amazonaws.com"}}
    soon = f"{datetime.now(UTC) + timedelta(days=27):%Y-%m-%dT%H:%M:%SZ}"
    freeze = bound(DENY, "DateGreaterThan", "aws:CurrentTime", soon)
    why = refusal(PUBLISHING, resource=document(allowed, freeze))
    assert why.startswith(f"From {soon[:10]}")
    after = opened(document(allowed, freeze), PUBLISHING, wanted=document(allowed))
    assert refusal(PUBLISHING, resource=after) == ""
    ends = bound(allowed, "DateLessThan", "aws:CurrentTime", soon)
    assert refusal(PUBLISHING, resource=document(ends)).startswith(f"From {soon[:10]}")
    assert lacking(document(allowed, freeze), document(allowed), HERE) == [allowed]


ROOT = {
    "Sid": "Account",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    "Action": "kms:*",
    "Resource": "*",
}
KEY = Place(Account("111122223333", "us-east-1"), "kms")
NOBODY = {
    "Sid": "Nobody",
    "Effect": "Deny",
    "Principal": {"AWS": "*"},
    "Action": "kms:Decrypt",
    "Resource": "*",
}


@pytest.mark.parametrize(
    "condition",
    [None, {"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": "*"}}],
)
def test_log_files_that_nobody_can_open_are_no_evidence(condition: dict[str, Any] | None) -> None:
    denied = NOBODY | ({"Condition": condition} if condition else {})
    found = denials(document(ROOT, denied), document(ROOT), KEY)
    assert [(each["Sid"], what) for each, what in found] == [("Nobody", "kms:Decrypt")]
    assert json.loads(completed(document(ROOT, denied), document(ROOT), KEY))["Statement"] == [ROOT]


@pytest.mark.parametrize(
    "guard",
    [
        bound(NOBODY, "StringNotEqualsIfExists", "aws:PrincipalOrgID", "o-1"),
        bound(NOBODY, "StringNotEquals", "aws:SourceVpce", "vpce-1"),
        NOBODY | {"Action": "kms:ScheduleKeyDeletion"},
        NOBODY | {"Principal": {"AWS": "arn:aws:iam::999999999999:root"}},
    ],
)
def test_a_guard_on_a_key_is_no_such_denial(guard: dict[str, Any]) -> None:
    assert denials(document(ROOT, guard), document(ROOT), KEY) == []


@pytest.mark.parametrize("sid", [{}, {"Sid": "Own"}])
@pytest.mark.parametrize("way", ["completed", "opened"])
def test_what_was_made_narrower_is_not_left_beside_what_comes_back(sid: dict[str, str], way: str) -> None:
    """A second statement that allows less would be told as a change for ever; another's stays."""
    own = {
        **sid,
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": TOPIC,
        "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}},
    }
    month = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}"
    ends = {"DateLessThan": {"aws:CurrentTime": month}}
    dated = {**own, "Condition": {**own["Condition"], **ends}}
    other = {**own, "Sid": "Theirs", "Condition": ends}
    before, wanted = document(FOREIGN, other, dated), document(own)
    if way == "completed":
        after = completed(before, wanted, HERE)
    else:
        after = opened(before, PUBLISHING, wanted=wanted)
    assert json.loads(after)["Statement"] == [FOREIGN, other, own]
