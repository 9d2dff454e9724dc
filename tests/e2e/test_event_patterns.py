"""Event patterns: what matches, by TestEventPattern and by rules."""

from __future__ import annotations

import json
from typing import Any

import clients
from deployment import wait_for
from sinks import queue_for_rules

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
    return clients.client(service, ACCOUNT)


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


def test_it_is_asked_of_the_event(aws: dict[str, str]) -> None:
    assert matches(secret({"wildcard": "pay*/data*"}, {"exists": False}))
    assert not matches(secret({"anything-but": {"prefix": "payments/"}}))


def test_rules_match_alike(aws: dict[str, str]) -> None:
    events, sqs = client("events"), client("sqs")
    queue, arn = queue_for_rules(sqs, "patterns")
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
