"""Evidence that is kept longer than was applied is no fault: the mend of it would delete some."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from secretwatch.pipeline.doctor.account import Account, Ref
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.differing import differing
from secretwatch.pipeline.doctor.intent import Intent
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.view import View


def expiry(days: int | None, noncurrent: int | None = 30, prefix: str = "", id: str = "e") -> dict[str, Any]:
    """A lifecycle rule, as S3 answers it."""
    rule: dict[str, Any] = {"ID": id, "Status": "Enabled", "Filter": {"Prefix": prefix}}
    if days:
        rule |= {
            "Expiration": {"Days": days},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        }
    if noncurrent:
        rule["NoncurrentVersionExpiration"] = {"NoncurrentDays": noncurrent}
    return rule


COLD = {
    "ID": "cold",
    "Status": "Enabled",
    "Filter": {"And": {"Prefix": "", "ObjectSizeGreaterThan": 1}},
    "Transitions": [{"Days": 90, "StorageClass": "GLACIER"}],
}


# What masks addresses alone hides nothing that a filter looks at, and is somebody's care for these addresses.
ADDRESSES = json.dumps(
    {
        "Name": "addresses",
        "Version": "2021-06-01",
        "Statement": [
            {
                "Sid": name,
                "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"],
                "Operation": operation,
            }
            for name, operation in (
                ("audit", {"Audit": {"FindingsDestination": {}}}),
                ("mask", {"Deidentify": {"MaskConfig": {}}}),
            )
        ],
    }
)

GROUP, BUCKET = Ref("log group", "/g"), Ref("bucket", "logs")
WANTED = {GROUP: {"retentionInDays": 90}, BUCKET: {"Lifecycle": [expiry(400)]}}


def seen(ref: Ref, **live: Any) -> Hop:
    applied = Account("111122223333", "us-east-1", {ref: dict(WANTED[ref])})
    account = Account("111122223333", "us-east-1", {ref: live})
    subject = Subject(region="us-east-1", account_id="111122223333")
    view = View(subject, account, Intent(applied, {}, {}), datetime.now(UTC))
    hop = Hop("Trail")
    differing(hop, view, [ref])
    return hop


@pytest.mark.parametrize(
    ("ref", "live"),
    [
        (GROUP, {"retentionInDays": 3653}),
        (GROUP, {"retentionInDays": None}),
        (GROUP, {"retentionInDays": None, "policyDocument": ADDRESSES}),
        (BUCKET, {"Lifecycle": []}),
        (BUCKET, {"Lifecycle": [expiry(4000)]}),
    ],
)
def test_it_is_a_warning_without_a_mend(ref: Ref, live: dict[str, Any]) -> None:
    [found] = seen(ref, **live).findings
    assert (found.verdict, list(found.steps)) == ("warning", [])
    assert "keeps more than was applied" in found.sentence


@pytest.mark.parametrize(
    ("ref", "live", "operation"),
    [
        (GROUP, {"retentionInDays": 89}, "PutRetentionPolicy"),
        (GROUP, {"retentionInDays": 89, "policyDocument": ADDRESSES}, "PutRetentionPolicy"),
        (BUCKET, {"Lifecycle": [expiry(399)]}, "PutBucketLifecycleConfiguration"),
        (BUCKET, {"Lifecycle": [expiry(400, 1)]}, "PutBucketLifecycleConfiguration"),
        (
            BUCKET,
            {"Lifecycle": [expiry(400), expiry(1, None, "AWSLogs/", "soon"), COLD]},
            "PutBucketLifecycleConfiguration",
        ),
    ],
)
def test_what_keeps_less_is_broken_and_mended(ref: Ref, live: dict[str, Any], operation: str) -> None:
    [found] = seen(ref, **live).findings
    assert found.verdict == "broken"
    [call] = [each for each in found.steps if getattr(each, "operation", "") == operation]
    assert len(found.steps) == 1
    if ref == BUCKET:
        # As it was applied, beside what others have and takes nothing away sooner.
        kept = [COLD] if COLD in live["Lifecycle"] else []
        assert call.params["LifecycleConfiguration"]["Rules"] == [expiry(400), *kept]


def test_a_rule_of_others_that_takes_nothing_away_is_no_change() -> None:
    assert seen(BUCKET, Lifecycle=[expiry(400), COLD]).findings == []
