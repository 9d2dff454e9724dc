"""Events and log files of these tests, made by hand."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from secretwatch.backtest.subject import Alarm, Filter, Rule, Subject, Watch

ACCOUNT, REGION = "111122223333", "eu-central-1"
PATTERN = '{ $.eventSource = "secretsmanager.amazonaws.com" && $.eventName = "*GetSecretValue" }'
SINGLE = {
    "AlarmName": "reads",
    "Namespace": "n",
    "MetricName": "m",
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
    "Statistic": "Maximum",
    "Unit": "Count",
    "Period": 60,
    "EvaluationPeriods": 5,
    "DatapointsToAlarm": 1,
    "Threshold": 1.0,
}
"""One read within 300 s, as the module deploys it."""


def read(event_id: str, time: str, **more: Any) -> dict[str, Any]:
    """A read of a secret. time: 2026-03-29T00:59:00Z."""
    return {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/ada", "accountId": ACCOUNT},
        "eventTime": time,
        "eventSource": "secretsmanager.amazonaws.com",
        "eventName": "GetSecretValue",
        "awsRegion": REGION,
        "sourceIPAddress": "192.0.2.7",
        "userAgent": "aws-cli/2",
        "requestParameters": {"secretId": "db"},
        "responseElements": None,
        "eventID": event_id,
        "readOnly": True,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        **more,
    }


def other(event_id: str, time: str, **more: Any) -> dict[str, Any]:
    """An event that no pattern here is about."""
    return read(event_id, time, eventSource="s3.amazonaws.com", eventName="ListBuckets", **more)


def name(arrival: str, unique: str = "0123456789abcdef") -> str:
    """A log file's name. arrival: 2026-03-29T01:05."""
    at = datetime.fromisoformat(arrival).replace(tzinfo=UTC)
    return f"{ACCOUNT}_CloudTrail_{REGION}_{at:%Y%m%dT%H%MZ}_{unique}.json.gz"


def write(
    folder: Path, arrival: str, events: Sequence[dict[str, Any]], unique: str = "0123456789abcdef"
) -> Path:
    """A log file as a trail writes it."""
    file = folder / name(arrival, unique)
    file.write_bytes(gzip.compress(json.dumps({"Records": events}, separators=(",", ":")).encode()))
    return file


def subject(
    pattern: str = PATTERN, *, alarm: dict[str, Any] | None = None, rules: Sequence[Rule] = (), **more: Any
) -> Subject:
    described = {**SINGLE, **(alarm or {})}
    watch = Watch(
        "db",
        (Filter("f", pattern, "n", "m", unit="Count"),),
        (Alarm("reads", described, topics=("arn:aws:sns:eu-central-1:111122223333:ops",)),),
        tuple(rules),
    )
    return Subject("plan", (watch,), **more)
