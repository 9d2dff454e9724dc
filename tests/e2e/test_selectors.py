"""Trails side by side record exactly what their selectors and regions say, and nothing else."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from deployment import wait_for
from sinks import ACCOUNT, Sinks, all_sinks, allow, client, document

TRAILS: dict[str, dict[str, Any]] = {
    "everything": {"IsMultiRegionTrail": True},
    "one-region": {},
    "no-globals": {"IncludeGlobalServiceEvents": False},
    "writes": {},
    "reads": {"IsMultiRegionTrail": True},
}
EXPECTED = {
    "everything": {
        ("us-east-1", "secret written"),
        ("us-east-1", "secrets listed"),
        ("us-east-1", "key made"),
        ("us-east-1", "user made"),
        ("us-east-1", "users listed"),
        ("eu-west-1", "secret written abroad"),
        ("us-east-1", "last write"),
        ("us-east-1", "last read"),
    },
    "one-region": {
        ("us-east-1", "secret written"),
        ("us-east-1", "secrets listed"),
        ("us-east-1", "key made"),
        ("us-east-1", "user made"),
        ("us-east-1", "users listed"),
        ("us-east-1", "last write"),
        ("us-east-1", "last read"),
    },
    "no-globals": {
        ("us-east-1", "secret written"),
        ("us-east-1", "secrets listed"),
        ("us-east-1", "key made"),
        ("us-east-1", "last write"),
        ("us-east-1", "last read"),
    },
    # Without the keys' events, and with those of one bucket's objects.
    "writes": {
        ("us-east-1", "secret written"),
        ("us-east-1", "user made"),
        ("us-east-1", "object written"),
        ("us-east-1", "last write"),
    },
    "reads": {
        ("us-east-1", "secrets listed"),
        ("us-east-1", "users listed"),
        ("us-east-1", "object read"),
        ("us-east-1", "other object read"),
        ("us-east-1", "last read"),
    },
}


@pytest.fixture(scope="module")
def recorded(aws: dict[str, str]) -> Iterator[Any]:
    """What each trail has recorded of the calls made here: a question to be asked until it has all."""
    with all_sinks("selectors") as sinks:
        bucket = f"arn:aws:s3:::{sinks.bucket}"
        policy = document(allow("s3:GetBucketAcl", bucket), allow("s3:PutObject", f"{bucket}/*"))
        sinks.s3.put_bucket_policy(Bucket=sinks.bucket, Policy=policy)
        start_trails(sinks)
        calls = make_calls(sinks)
        yield lambda trail: {
            (region, calls[event["requestID"]])
            for region, event in events_of(sinks, trail)
            if event["requestID"] in calls
        }
        for trail in TRAILS:
            sinks.cloudtrail.delete_trail(Name=trail)
        for name in keys_of(sinks, ""):
            sinks.s3.delete_object(Bucket=sinks.bucket, Key=name)


def start_trails(sinks: Sinks) -> None:
    for name, settings in TRAILS.items():
        sinks.cloudtrail.create_trail(Name=name, S3BucketName=sinks.bucket, S3KeyPrefix=name, **settings)
    sinks.cloudtrail.put_event_selectors(
        TrailName="writes",
        EventSelectors=[
            {
                "ReadWriteType": "WriteOnly",
                "ExcludeManagementEventSources": ["kms.amazonaws.com"],
                "DataResources": [
                    {"Type": "AWS::S3::Object", "Values": [f"arn:aws:s3:::{sinks.name}-data/kept/"]}
                ],
            }
        ],
    )
    reads = {"Field": "readOnly", "Equals": ["true"]}
    sinks.cloudtrail.put_event_selectors(
        TrailName="reads",
        AdvancedEventSelectors=[
            {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, reads]},
            {
                "FieldSelectors": [
                    {"Field": "eventCategory", "Equals": ["Data"]},
                    {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
                    {"Field": "resources.ARN", "StartsWith": [f"arn:aws:s3:::{sinks.name}-data/"]},
                    reads,
                ]
            },
        ],
    )
    sinks.s3.create_bucket(Bucket=f"{sinks.name}-data")
    for name in TRAILS:
        sinks.cloudtrail.start_logging(Name=name)


def make_calls(sinks: Sinks) -> dict[str, str]:
    """The calls' stories by their request ids."""
    name, data = sinks.name, f"{sinks.name}-data"
    secrets, abroad = client("secretsmanager"), client("secretsmanager", "eu-west-1")
    answers = {
        "secret written": secrets.create_secret(Name=name, SecretString="none of yours"),
        "secrets listed": secrets.list_secrets(),
        "key made": (key := sinks.kms.create_key()),
        "user made": sinks.iam.create_user(UserName=name),
        "users listed": sinks.iam.list_users(),
        "secret written abroad": abroad.create_secret(Name=name, SecretString="none of yours"),
        "object written": sinks.s3.put_object(Bucket=data, Key="kept/a", Body=b""),
        "other object written": sinks.s3.put_object(Bucket=data, Key="b", Body=b""),
        "object read": sinks.s3.get_object(Bucket=data, Key="kept/a"),
        "other object read": sinks.s3.get_object(Bucket=data, Key="b"),
        "last write": secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True),
        "last read": secrets.list_secrets(),
    }
    abroad.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    sinks.kms.schedule_key_deletion(KeyId=key["KeyMetadata"]["KeyId"], PendingWindowInDays=7)
    sinks.iam.delete_user(UserName=name)
    for each in ("kept/a", "b"):
        sinks.s3.delete_object(Bucket=data, Key=each)
    sinks.s3.delete_bucket(Bucket=data)
    return {answer["ResponseMetadata"]["RequestId"]: story for story, answer in answers.items()}


def keys_of(sinks: Sinks, prefix: str) -> list[str]:
    found = sinks.s3.list_objects_v2(Bucket=sinks.bucket, Prefix=prefix).get("Contents", [])
    return [each["Key"] for each in found]


def events_of(sinks: Sinks, trail: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each event with the region under which its log file lies."""
    place = f"{trail}/AWSLogs/{ACCOUNT}/CloudTrail/"
    for key in keys_of(sinks, place):
        body = sinks.s3.get_object(Bucket=sinks.bucket, Key=key)["Body"].read()
        content = gzip.decompress(body)
        for event in json.loads(content)["Records"]:
            yield key.removeprefix(place).partition("/")[0], event


@pytest.mark.parametrize("trail", TRAILS)
def test_a_trail_records_what_it_selects(recorded: Any, trail: str) -> None:
    expected = EXPECTED[trail]
    wait_for(f"all events of {trail}", lambda: recorded(trail) >= expected)
    assert recorded(trail) == expected
