from __future__ import annotations

import json

import pytest

from secretwatch.pipeline.messages import ReadFacts, channel_of, headline

READ = """SECRET READ
secret db
reader arn:aws:iam::111111111111:user/alice
from 10.0.0.1 at 2026-01-01T10:00:00Z."""


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        (READ, "realtime"),
        ("SECRET READ REFUSED\nsecret db", "realtime"),
        ('"SECRET READ"\n"secret db"', "realtime"),
        ("SECRET USED: db", "realtime"),
        ('{"SECRET READ": {"secretId": "db"}, "AlarmName": "x"}', "realtime"),
        ('{"SECRET USE REFUSED": "AccessDenied"}\n\n--\nIf you wish to stop', "realtime"),
        ('{"Event": {"SECRET READ": "forged"}}', "other"),
        ('{"SECRET READER": 1}', "other"),
        ('{"AlarmName": "watch-reads", "NewStateValue": "ALARM"}', "alarm"),
        ('{"s3Bucket": "logs", "s3ObjectKey": ["a.json.gz"]}', "trail"),
        ("Somebody wrote: SECRET READ", "other"),
        ("{}", "other"),
        ("[1]", "other"),
        ("", "other"),
    ],
)
def test_channels_are_told_apart_by_their_text(text: str, channel: str) -> None:
    assert channel_of(text) == channel


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (READ, "SECRET READ"),
        ('"SECRET READ: db"\n"Secret: db"', "SECRET READ: db"),
        (json.dumps('SECRET READ: db"\n"Secret: db'), "SECRET READ: db"),
        ('{"SECRET READ": {"secretId": "db"}}', "SECRET READ: db"),
        (
            '{"SECRET READ": {"secretIdList": ["db", "x\\n\\u001b[2J"]}}\n--',
            "SECRET READ: db, x\ufffd\ufffd[2J",
        ),
        ('{"SECRET READ": {"filters": []}}', "SECRET READ"),
        ('{"SECRET USE REFUSED": "AccessDenied"}', "SECRET USE REFUSED: AccessDenied"),
        ("{}", ""),
    ],
)
def test_the_first_line_of_a_realtime_message(text: str, line: str) -> None:
    assert headline(text) == line


EVENT = {
    "eventTime": "2026-01-01T10:00:00Z",
    "sourceIPAddress": "10.0.0.1",
    "userIdentity": {"arn": "arn:aws:iam::111111111111:user/alice", "principalId": "111111111111"},
}


def facts(secret: str = "db", *watched: str) -> ReadFacts:
    return ReadFacts.of_event(EVENT, secret, watched)


def test_a_message_may_say_all() -> None:
    assert facts().named_in(READ) == {"secret", "reader", "address", "time"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        # An alarm: the account is root's id, and the time is another.
        (json.dumps({"AWSAccountId": "111111111111", "At": "2026-01-01T10:00:00.000+0000"}), set()),
        ("from 10.0.0.12", set()),
        ("from 110.0.0.1", set()),
        ("from 10.0.0.1.", {"address"}),
        ("db-replica was read", set()),
        ("the alarm my-db rings", set()),
        ("db.", {"secret"}),
        ("arn:aws:secretsmanager:us-east-1:111111111111:secret:db-AbCdEf", {"secret"}),
        ("arn:aws:secretsmanager:us-east-1:111111111111:secret:db-replica-AbCdEf", set()),
        ("arn:aws:iam::111111111111:user/alice2", set()),
    ],
)  # fmt: skip
def test_only_whole_names_count(text: str, named: set[str]) -> None:
    assert facts().named_in(text) == named


def test_a_list_of_all_secrets_does_not_say_which_was_read() -> None:
    assert facts("db", "db", "cache").named_in("One of db, cache was read.") == set()
    assert facts("db", "db").named_in("One of db, cache was read.") == {"secret"}


def test_what_is_not_known_is_not_named() -> None:
    assert ReadFacts("db").named_in(READ) == {"secret"}


def test_an_arn_that_may_be_without_its_suffix_is_named_by_either_name() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:111111111111:secret:app-secret"
    for text in ("app-secret was read", "app was read", f"{arn}-Qx7pLm was read"):
        assert facts(arn, arn).named_in(text) == {"secret"}, text
    assert facts(arn).named_in("app-secrets was read") == set()


def test_a_prefix_beside_a_name_does_not_say_which_was_read() -> None:
    assert facts("prod/db", "prod/*").named_in("prod/db was read") == {"secret"}
    assert facts("prod/db", "prod/*").named_in("One of prod/*, such as prod/db, was read.") == set()
    assert facts("prod/db", "*").named_in("select *: prod/db was read") == {"secret"}
