"""Where events land."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from secretwatch.cloudtrail import event_text, log_file_content, log_file_key, log_stream_name, notification

AT = datetime(2026, 1, 7, 9, 5, 4, tzinfo=UTC)
NAME = "111122223333_CloudTrail_eu-west-1_20260107T0905Z_abcdefghijklmnop.json.gz"


@pytest.mark.parametrize(
    ("prefix", "head"), [(None, ""), ("", ""), ("evidence", "evidence/"), ("a/b/", "a/b/")]
)
def test_a_log_files_key(prefix: str | None, head: str) -> None:
    key = log_file_key(
        prefix=prefix, account_id="111122223333", region="eu-west-1", at=AT, unique="abcdefghijklmnop"
    )
    assert key == f"{head}AWSLogs/111122223333/CloudTrail/eu-west-1/2026/01/07/{NAME}"


def test_an_organizations_files_lie_in_its_folder() -> None:
    key = log_file_key(
        prefix="evidence",
        account_id="111122223333",
        region="eu-west-1",
        at=AT,
        unique="abcdefghijklmnop",
        organization_id="o-abc",
    )
    assert key == f"evidence/AWSLogs/o-abc/111122223333/CloudTrail/eu-west-1/2026/01/07/{NAME}"


def test_a_unique_part_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="16 alphanumeric"):
        log_file_key(prefix=None, account_id="1", region="r", at=AT, unique="short")


def test_a_log_file_holds_its_records() -> None:
    events = [{"eventID": "1", "note": "é"}, {"eventID": "2"}]
    assert json.loads(log_file_content([event_text(event) for event in events])) == {"Records": events}


def test_a_notification_says_where_and_nothing_more() -> None:
    assert json.loads(notification("b", ["k"])) == {"s3Bucket": "b", "s3ObjectKey": ["k"]}


def test_the_log_stream_is_named_after_the_home_region() -> None:
    assert log_stream_name("111122223333", "eu-west-1") == "111122223333_CloudTrail_eu-west-1"


def test_an_organizations_streams_are_named_after_it_and_the_account() -> None:
    assert log_stream_name("111122223333", "eu-west-1", "o-abc") == "o-abc_111122223333_CloudTrail_eu-west-1"
