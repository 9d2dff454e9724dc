"""Event patterns: what matches, by TestEventPattern and by rules."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from deployment import wait_for

ACCOUNT = "740000000001"
REGION = "us-east-1"

READ = {
    "eventName": "GetSecretValue",
    "errorCode": "AccessDenied",
    "readOnly": True,
    "count": 1,
    "requestParameters": {"secretId": "payments/database"},
    "responseElements": None,
    "userIdentity": {
        "arn": "arn:aws:sts::111122223333:assumed-role/deploy/ci",
        "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::111122223333:role/deploy"}},
    },
    "resources": [
        {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::bucket/a"},
        {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::bucket", "accountId": "1"},
    ],
    "ids": ["a", "b"],
    "none": [],
}


def client(service: str) -> Any:
    return boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="test").client(
        service, region_name=REGION
    )


def matches(detail_pattern: dict[str, Any], detail: dict[str, Any] = READ) -> bool:
    event = {
        "id": "1",
        "account": ACCOUNT,
        "source": "aws.secretsmanager",
        "time": "2026-01-07T09:05:04Z",
        "region": REGION,
        "resources": [],
        "detail-type": "AWS API Call via CloudTrail",
        "detail": detail,
    }
    pattern = {"source": ["aws.secretsmanager"], "detail": detail_pattern}
    answer = client("events").test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))
    return bool(answer["Result"])


def secret(*conditions: Any) -> dict[str, Any]:
    return {"requestParameters": {"secretId": list(conditions)}}


def issuer(*conditions: Any) -> dict[str, Any]:
    return {"userIdentity": {"sessionContext": {"sessionIssuer": {"arn": list(conditions)}}}}


@pytest.mark.parametrize(
    "pattern",
    [
        secret("payments/database"),
        secret("other", "payments/database"),
        secret({"prefix": "payments/"}),
        secret({"suffix": "/database"}),
        secret({"wildcard": "pay*/data*"}),
        secret({"wildcard": "*payments/database*"}),  # a star may stand for nothing
        secret({"wildcard": "*"}),
        secret({"equals-ignore-case": "Payments/Database"}),
        secret({"anything-but": ["a", "b"]}),
        secret({"anything-but": "a"}),
        secret({"anything-but": {"prefix": "orders/"}}),
        secret({"anything-but": {"suffix": "-replica"}}),
        secret({"anything-but": {"wildcard": "*/replica*"}}),
        secret({"anything-but": {"wildcard": ["a*", "b*"]}}),
        secret({"exists": True}),
        {"requestParameters": {"filters": [{"exists": False}]}},
        {"responseElements": {"secret": [{"exists": False}]}},
        {"responseElements": {"secret": {"id": [{"exists": False}]}}},
        {"nothing": {"secret": [{"exists": False}]}},
        {"requestParameters": [{"exists": False}]},  # exists is asked of leaves only
        {"none": [{"exists": False}]},
        {"responseElements": [None]},
        issuer({"exists": False}, {"anything-but": ["arn:aws:iam::111122223333:role/other"]}),
        {"userIdentity": {"invokedBy": [{"exists": False}, {"anything-but": ["x"]}]}},
        {"$or": [secret("other"), {"eventName": ["GetSecretValue"]}]},
        {"$or": [secret("other"), secret({"prefix": "payments"})], "readOnly": [True]},
        {
            "requestParameters": {
                "$or": [{"secretId": ["payments/database"]}, {"filters": [{"exists": True}]}]
            }
        },
        {"$or": [{"eventName": ["A"], "readOnly": [True]}, {"eventName": ["GetSecretValue"], "count": [1]}]},
        {"ids": ["b"]},
        {"ids": [{"anything-but": ["a"]}]},  # any element matches
        {"resources": {"ARN": ["arn:aws:s3:::bucket"]}},
        {"resources": {"type": ["AWS::S3::Bucket"], "ARN": ["arn:aws:s3:::bucket"]}},
    ],
    ids=json.dumps,
)
def test_matches(aws: dict[str, str], pattern: dict[str, Any]) -> None:
    assert matches(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        secret("payments"),
        secret("Payments/database"),
        secret({"prefix": "database"}),
        secret({"suffix": "payments"}),
        secret({"wildcard": "payments*replica"}),
        secret({"anything-but": ["payments/database"]}),
        secret({"anything-but": {"prefix": "payments/"}}),
        secret({"anything-but": {"wildcard": "*database*"}}),
        secret({"anything-but": {"wildcard": ["a*", "payments*"]}}),
        secret({"exists": False}),
        {"responseElements": {"secret": [{"anything-but": "a"}]}},  # what is missing is not anything
        {"requestParameters": [{"exists": True}]},
        issuer({"exists": False}, {"anything-but": ["arn:aws:iam::111122223333:role/deploy"]}),
        {"$or": [secret("other"), {"eventName": ["PutSecretValue"]}]},
        {"$or": [secret("other"), secret({"prefix": "payments"})], "readOnly": [False]},
        {"$or": [{"eventName": ["GetSecretValue"], "readOnly": [False]}, {"eventName": ["A"]}]},
        {"readOnly": ["true"]},
        {"readOnly": [1]},
        {"count": [True]},
        {"count": [{"prefix": {"equals-ignore-case": "a"}}]},
        {"ids": ["c"]},
        {"none": [None]},
        # Of two objects in one array.
        {"resources": {"type": ["AWS::S3::Object"], "ARN": ["arn:aws:s3:::bucket"]}},
        {"resources": {"accountId": [{"exists": False}]}},
    ],
    ids=json.dumps,
)
def test_does_not_match(aws: dict[str, str], pattern: dict[str, Any]) -> None:
    assert not matches(pattern)


def test_a_star_and_a_backslash_by_themselves(aws: dict[str, str]) -> None:
    assert matches({"a": [{"wildcard": "x\\*y\\\\*"}]}, {"a": "x*y\\z"})
    assert not matches({"a": [{"wildcard": "x\\*y"}]}, {"a": "x1y"})


def test_rules_match_alike(aws: dict[str, str]) -> None:
    events, sqs = client("events"), client("sqs")
    queue = sqs.create_queue(QueueName="patterns")["QueueUrl"]
    pattern = {
        "source": ["tests"],
        "detail": {
            "eventName": ["GetSecretValue"],
            "$or": [
                {"requestParameters": {"secretId": [{"wildcard": "payments*"}]}},
                {"requestParameters": {"filters": [{"exists": True}]}},
                {"errorCode": ["AccessDenied"], "requestParameters": {"secretId": [{"exists": False}]}},
            ],
            **issuer({"exists": False}, {"anything-but": ["deploy"]}),
        },
    }
    events.put_rule(Name="patterns", EventPattern=json.dumps(pattern))
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:patterns"
    events.put_targets(Rule="patterns", Targets=[{"Id": "queue", "Arn": arn, "InputPath": "$.detail.number"}])
    details: list[dict[str, Any]] = [
        {"requestParameters": {"secretId": "payments"}},
        {"requestParameters": {"secretId": "other"}},
        {"requestParameters": None, "errorCode": "AccessDenied"},
        {"requestParameters": None},
        {"requestParameters": {"filters": [{"key": "name", "values": ["x"]}]}},
        {"requestParameters": {"filters": []}},
        {"requestParameters": {"secretId": "payments"}, **issuer("deploy")},
        {"requestParameters": {"secretId": "payments"}, **issuer("somebody")},
    ]
    for number, detail in enumerate(details, 1):
        text = json.dumps({"eventName": "GetSecretValue", "number": number, **detail})
        events.put_events(Entries=[{"Source": "tests", "DetailType": "read", "Detail": text}])
    seen: set[int] = set()

    def all_seen() -> bool:
        for each in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            seen.add(json.loads(each["Body"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
        return seen >= {1, 3, 8}

    wait_for("what matches", all_seen)
    # `filters` holds objects, or nothing: it is no leaf, and does not exist for a pattern.
    assert seen == {1, 3, 8}
