"""What building one event costs, alone: microseconds for calls of several services.

    python benchmarks/recorder.py [--events 20000]

No local cloud is started: finished requests are made by hand, and their events built again and again. What a
call costs as a whole is load.py's to say.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import UTC, datetime
from statistics import median
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.spec import load_service
from localstack.http import Request
from localstack.utils.time import timestamp_millis
from rich.console import Console

from secretwatch.localstack.cloudtrail.recorder import event_of
from secretwatch.localstack.gateway.sent import keep_sent

ACCOUNT = "000000000000"
ROUNDS = 15
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*"}]})
ARN = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-a1b2c3"

CALLS: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "GetSecretValue": (
        "secretsmanager",
        "GetSecretValue",
        {"SecretId": "db"},
        {"ARN": ARN, "Name": "db", "SecretString": "x" * 32, "VersionId": "v"},
    ),
    "CreateSecret": (
        "secretsmanager",
        "CreateSecret",
        {
            "Name": "db",
            "SecretString": "x" * 32,
            "ClientRequestToken": "t",
            "Tags": [{"Key": "k", "Value": "v"}],
        },
        {"ARN": ARN, "Name": "db", "VersionId": "v"},
    ),
    "PutBucketPolicy": ("s3", "PutBucketPolicy", {"Bucket": "b", "Policy": POLICY}, {}),
    "CreateUser": (
        "iam",
        "CreateUser",
        {"UserName": "u"},
        {"User": {"UserName": "u", "UserId": "AIDA", "Arn": "arn", "CreateDate": datetime.now(UTC)}},
    ),
    "Decrypt": ("kms", "Decrypt", {"CiphertextBlob": b"x", "KeyId": "1"}, {"KeyId": "1", "Plaintext": b"x"}),
}


def finished(service: str, operation: str, sent: dict[str, Any], answered: dict[str, Any]) -> RequestContext:
    """A request as the recorder gets it."""
    headers = {
        "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/x/aws4_request, Signature=0",
        "User-Agent": "bench",
        "Host": "127.0.0.1:4566",
    }
    context = RequestContext(Request("POST", "/", headers=headers))
    context.service = load_service(service)
    context.operation = context.service.operation_model(operation)
    context.region, context.account_id, context.partition = "us-east-1", ACCOUNT, "aws"
    context.service_request, context.service_response = sent, answered
    context.request_id = f"bench-{timestamp_millis(datetime.now(UTC))}"
    return context


def microseconds(context: RequestContext, events: int) -> float:
    """The median of some rounds, each in a row, with who called looked up for each event."""
    rounds = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        for _ in range(events // ROUNDS):
            context.__dict__.pop("secretwatch_caller", None)
            keep_sent(None, context, None)
            event_of(context)
        rounds.append(1e6 * (time.process_time() - begin) / (events // ROUNDS))
    return median(rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--events", type=int, default=20_000)
    options = parser.parse_args()
    for name, call in CALLS.items():
        context = finished(*call)
        microseconds(context, 10 * ROUNDS)  # warm
        Console(highlight=False).print(f"{name:20}{microseconds(context, options.events):8.1f} µs")


if __name__ == "__main__":
    main()
