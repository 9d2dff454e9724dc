"""Which commands are printed for whom; which secrets are meant; when a reader is usual."""

from __future__ import annotations

import json
import shlex
from datetime import timedelta
from typing import Any

import pytest
from events_of import ACCOUNT, BEGIN, READS, REGION, assume, event, iso, read, role, user

from secretwatch.incident.act import act_of
from secretwatch.incident.report import Report, Subject, report

NOW = BEGIN + timedelta(hours=1)


def made(*events: dict[str, Any], account: str | None = ACCOUNT, watched: tuple[str, ...] = ()) -> Report:
    acts = [act for each in events if (act := act_of(each, lambda one: one["eventName"] in READS))]
    subject = Subject("watch", account, REGION, "alarm", watched)
    return report(
        acts, ["r"], subject=subject, made=NOW, begin=BEGIN - timedelta(hours=9), end=NOW, earlier=acts
    )


def commands(found: Report) -> list[list[str]]:
    return [shlex.split(each.command) for each in found.steps if each.command]


def titles(found: Report) -> str:
    return " ".join(f"{each.title}. {each.note}" for each in found.steps)


def test_a_user_with_a_key() -> None:
    stop, look, deny, rotate = commands(made(read(user("carol", "AKIAC0000000"), BEGIN, event_id="r")))
    assert stop[1:] == shlex.split(
        "iam update-access-key --user-name carol --access-key-id AKIAC0000000 --status Inactive"
    )
    assert look[2:] == ["get-resource-policy", "--secret-id", "db", "--region", REGION]
    (statement,) = json.loads(deny[deny.index("--resource-policy") + 1])["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"]["StringEquals"]["aws:PrincipalArn"] == [
        f"arn:aws:iam::{ACCOUNT}:user/carol"
    ]
    assert rotate[1:] == ["secretsmanager", "rotate-secret", "--secret-id", "db", "--region", REGION]


def test_a_session_is_revoked_before_the_time_of_the_report_and_after_the_key_that_took_it() -> None:
    found = made(
        assume(user("carol", "AKIAC0000000"), "reader", "s", "ASIAS0000000", BEGIN, event_id="a"),
        read(role("reader", "s", "ASIAS0000000", BEGIN), BEGIN, event_id="r"),
    )
    stop, revoke, *_ = commands(found)
    assert stop[2] == "update-access-key"
    assert revoke[2:7] == [
        "put-role-policy",
        "--role-name",
        "reader",
        "--policy-name",
        "AWSRevokeOlderSessions",
    ]
    (statement,) = json.loads(revoke[-1])["Statement"]
    assert statement["Condition"] == {"DateLessThan": {"aws:TokenIssueTime": iso(NOW)}}


def test_many_sessions_of_a_role_are_revoked_once() -> None:
    carol = user("carol", "AKIAC0000000")
    events = [assume(carol, "reader", f"s{n}", f"ASIA{n:08}", BEGIN, event_id=f"a{n}") for n in range(4)]
    found = made(*events, read(carol, BEGIN, event_id="r"))
    assert [each[2] for each in commands(found)].count("put-role-policy") == 1


def identity(kind: str, **more: Any) -> dict[str, Any]:
    session = {"attributes": {"creationDate": iso(BEGIN)}}
    base = {
        "principalId": "X",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAX0000000",
        "sessionContext": session,
    }
    return {"type": kind, **base, **more}


ROLE = f"arn:aws:iam::{ACCOUNT}:role"


@pytest.mark.parametrize(
    ("who", "first", "words"),
    [
        (identity("Root", arn=f"arn:aws:iam::{ACCOUNT}:root"), None, "Secure the root user"),
        (
            identity("IAMUser", arn=f"arn:aws:iam::{ACCOUNT}:user/carol", userName="carol"),
            "put-user-policy",
            "Revoke the sessions of user carol",
        ),
        (
            identity(
                "FederatedUser",
                arn=f"arn:aws:sts::{ACCOUNT}:federated-user/guest",
                sessionContext={
                    "attributes": {"creationDate": iso(BEGIN)},
                    "sessionIssuer": {"type": "IAMUser", "userName": "carol"},
                },
            ),
            "put-user-policy",
            "Revoke the sessions of user carol",
        ),
        ({"type": "AWSService", "invokedBy": "backup.amazonaws.com"}, None, "Look at backup.amazonaws.com"),
        ({"type": "AWSAccount", "principalId": "AIDAX", "accountId": "2"}, None, "Ask who AIDAX is"),
        (role("AWSReservedSSO_admin_x", "carol", "ASIAX0000000", BEGIN), None, "IAM Identity Center keeps"),
        (
            role("r", "s", "ASIAX0000000", BEGIN)
            | {
                "sessionContext": {
                    "attributes": {"creationDate": iso(BEGIN)},
                    "sessionIssuer": {
                        "type": "Role",
                        "arn": f"{ROLE}/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
                    },
                }
            },
            None,
            "It is a service's own role",
        ),
    ],
    ids=["root", "user's session", "federated", "service", "other account", "SSO", "service-linked"],
)
def test_each_kind_of_caller(who: dict[str, Any], first: str | None, words: str) -> None:
    found = made(read(who, BEGIN, event_id="r"))
    assert words in titles(found)
    of_iam = [each[2] for each in commands(found) if each[1] == "iam"]
    assert of_iam == ([first] if first else [])


def test_a_console_user_loses_the_password_too() -> None:
    who = identity("IAMUser", arn=f"arn:aws:iam::{ACCOUNT}:user/carol", userName="carol")
    found = made(read(who, BEGIN, event_id="r", sessionCredentialFromConsole="true"))
    assert [each[2] for each in commands(found)][:2] == ["put-user-policy", "delete-login-profile"]


def test_another_accounts_credentials_are_said_to_be_so() -> None:
    found = made(read(user("carol", "AKIAC0000000"), BEGIN, event_id="r"), account="999999999999")
    assert f"To be run in account {ACCOUNT}." in titles(found)


def test_what_was_refused_is_not_rotated() -> None:
    found = made(read(user("carol", "AKIAC0000000"), BEGIN, event_id="r", errorCode="AccessDenied"))
    assert "rotate-secret" not in [each[2] for each in commands(found)]
    assert "and was refused" in found.headline


def test_one_secret_by_its_name_and_its_arn_is_one_and_is_rotated_where_it_lies() -> None:
    carol = user("carol", "AKIAC0000000")
    arn = f"arn:aws:secretsmanager:us-east-2:{ACCOUNT}:secret:db-x8Kq2Z"
    found = made(
        read(carol, BEGIN, event_id="r"),
        read(carol, BEGIN, event_id="r2", secret=arn),
        read(carol, BEGIN, event_id="r3", secret="db-replica"),
        watched=("db",),
    )
    assert [(each.name, len(each.acts), each.watched and each.watched.value) for each in found.secrets] == [
        ("db", 2, "yes"),
        ("db-replica", 1, "no"),
    ]
    assert commands(found)[-2][3:] == ["--secret-id", arn, "--region", "us-east-2"]


def test_an_arn_with_two_readings_says_so() -> None:
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app-secret"
    found = made(read(user("carol", "AKIAC0000000"), BEGIN, event_id="r", secret=arn))
    assert found.secrets[0].also == ["app-secret"]
    assert any("may also stand for a secret named app-secret" in each for each in found.unknown)


def test_a_batch_by_filter_could_be_any() -> None:
    batch = event(
        user("carol", "AKIAC0000000"), "BatchGetSecretValue", BEGIN, event_id="r",
        source="secretsmanager.amazonaws.com", request={"filters": [{"key": "all", "values": ["p"]}]},
    )  # fmt: skip
    found = made(batch, watched=("db",))
    assert [(each.name, each.watched and each.watched.value) for each in found.secrets] == [("", "unsure")]
    assert any("could be any" in each for each in found.unknown)


def test_no_value_of_a_request_gets_into_the_report() -> None:
    carol = user("carol", "AKIAC0000000")
    request = {
        "secretId": "db",
        "secretString": "3 coffees",
        "clientRequestToken": "token of 3 coffees",
        "password": "3 coffees",
        "sessionTokenId": "3 coffees",
        "parameters": {"commands": ["3 coffees"]},
        "environment": {"variables": {"key": "3 coffees"}},
        "description": "3 coffees",
    }
    put = event(
        carol, "PutSecretValue", BEGIN, event_id="p", source="secretsmanager.amazonaws.com",
        request=request, response={"credentials": {"secretAccessKey": "3 coffees", "token": "coffees"}},
    )  # fmt: skip
    found = made(put, read(carol, BEGIN, event_id="r"))
    assert "coffees" not in json.dumps(found.as_dict())
    assert "coffees" not in repr(found)


def test_who_was_seen_first_and_from_where() -> None:
    carol = user("carol", "AKIAC0000000")
    found = made(
        event(carol, "ListBuckets", BEGIN - timedelta(hours=2), event_id="0", sourceIPAddress="198.51.100.7"),
        event(carol, "ListBuckets", BEGIN - timedelta(hours=20), event_id="too early"),
        read(carol, BEGIN, event_id="r"),
    )
    assert found.first.event_id == "0"
    assert [each.address for each in found.places] == ["198.51.100.7", "192.0.2.1"]


def test_alike_acts_are_told_together_and_none_is_lost() -> None:
    carol = user("carol", "AKIAC0000000")
    reads = [
        read(carol, BEGIN + timedelta(seconds=n), event_id="r" if n == 0 else f"r{n}", secret=f"s{n}")
        for n in range(9)
    ]
    found = made(*reads, event(carol, "DeleteTrail", BEGIN + timedelta(seconds=20), event_id="d"))
    assert [(each.mark, len(each.acts)) for each in found.entries] == [
        ("rang", 1),
        ("read", 8),
        ("changed", 1),
    ]
    assert found.entries[1].about == "s1, s2, s3 and 5 more"
    assert len(found.as_dict()["events"]) == 10


def test_where_it_is_not_aws_that_is_asked_each_command_goes_there() -> None:
    found = made(read(user("carol", "AKIAC0000000"), BEGIN, event_id="r"))
    there = commands(found.at("http://127.0.0.1:4566"))
    assert there == [[*each, "--endpoint-url", "http://127.0.0.1:4566"] for each in commands(found)]
    assert found.at(None) == found
