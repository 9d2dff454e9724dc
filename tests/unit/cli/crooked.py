"""What is crooked: texts, contents of files, and what AWS answers, by botocore's models; made by dice."""

from __future__ import annotations

import contextlib
import io
import json
import random
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import botocore.client
import botocore.httpsession
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from fake_cloud import FACTS

ACCOUNT, REGION = "111111111111", "us-east-1"
ARN = str(FACTS["secret_arn"])
HOSTILE = [
    *("", " ", "-", "--", "a" * 5000, "ü秘\u202e", "\x1b[31mred", "a\nb", "'; rm -rf /; '", "$(id)", "%s%n"),
    *("{}", "<script>alert(1)</script>", "../../etc/passwd", "~nosuchuser/x", "nul\0l", "\udcff", "1e309"),
    *("-1", "0", "null", "true", "[]", "arn:", "arn:aws:", ARN, "*", "**", "9" * 5000, "nan", "inf"),
]
NAMES = ["watch", "watch-reads", "/watch", "db", "prod/*", "secretwatch", "reads", "TopSecretInfo", "trail"]
WATCH: dict[str, Any] = FACTS | {
    "realtime": {"rule_names": ["watch"]},
    "metric_filter_names": ["watch"],
    "filter_patterns": ['{ $.eventName = "GetSecretValue" }'],
}
EVENT: dict[str, Any] = {
    "eventVersion": "1.11",
    "eventID": "e-1",
    "eventTime": "2026-01-01T00:00:00Z",
    "awsRegion": REGION,
    "eventSource": "secretsmanager.amazonaws.com",
    "eventName": "GetSecretValue",
    "requestParameters": {"secretId": FACTS["secret_name"]},
    "userIdentity": {"type": "Root", "arn": "arn:aws:iam::1:root"},
}
PATTERNS = ['{ $.eventName = "GetSecretValue" }', "abc", "", "{ $.a = ", '"', "{ $.a = %(% }", "[a, b=1]"]


def crooked(content: Any, dice: random.Random, chance: float = 0.12) -> Any:
    """A copy in which parts are missing, or are something else."""
    if dice.random() < chance:
        return dice.choice([None, 1, -1.5, True, "", "x", [], {}, ["x"], {"a": "b"}, 1e300, *HOSTILE[4:9]])
    if isinstance(content, dict):
        return {
            name: crooked(value, dice, chance)
            for name, value in content.items()
            if dice.random() > chance / 3
        }
    if isinstance(content, list):
        return [crooked(value, dice, chance) for value in content]
    return content


# AWS


@contextlib.contextmanager
def answering(dice: random.Random) -> Iterator[None]:
    """Answers of every kind, at two levels: what the client reads, and what comes over the line."""
    lock = threading.Lock()
    whole = dice.random() < 0.7
    chance = dice.choice([0.0, 0.0, 0.02, 0.1])
    failing = dice.choice([0.0, 0.0, 0.1, 0.5])

    def answered(self: Any, name: str, kwargs: Any) -> Any:
        with lock:
            if dice.random() < failing:
                raise _failure(dice, name)
            shape = self._service_model.operation_model(name).output_shape
            made = _made(shape, dice, name, 0) if shape else {}
            if dice.random() < 0.3 and chance:
                made = crooked(made, dice, chance)
            made = made if isinstance(made, dict) else {}
            made["ResponseMetadata"] = {
                "HTTPHeaders": {"date": dice.choice([_now(), _now(), "never"])},
                "HTTPStatusCode": 200,
                "RequestId": "r",
            }
        # As every answer, it is held against its form.
        from secretwatch.pipeline.answers import in_form

        return in_form(made, self._service_model.operation_model(name))

    def sent(self: Any, request: Any) -> Any:
        with lock:
            if dice.random() < 0.2:
                raise EndpointConnectionError(endpoint_url=request.url)
            body = dice.choice(
                [b"", b"<html>no</html>", b"{}", b"[", b'{"Account": 1}', b"<a/>", b"\xff" * 9]
            )
            status = dice.choice([200, 200, 400, 403, 404, 429, 500, 503])
        return AWSResponse(request.url, status, {"date": _now()}, _Raw(body))

    before = botocore.client.BaseClient._make_api_call, botocore.httpsession.URLLib3Session.send
    if whole:
        botocore.client.BaseClient._make_api_call = answered
    botocore.httpsession.URLLib3Session.send = sent
    try:
        yield
    finally:
        botocore.client.BaseClient._make_api_call, botocore.httpsession.URLLib3Session.send = before


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _now() -> str:
    return f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S GMT}"


def _failure(dice: random.Random, name: str) -> Exception:
    codes = [
        "AccessDenied",
        "ThrottlingException",
        "ResourceNotFoundException",
        "ExpiredToken",
        "InternalError",
        "ValidationException",
        "NoSuchBucket",
        "",
        "Weird",
    ]
    code = dice.choice(codes)
    answer: Any = {
        "Error": {"Code": code, "Message": dice.choice(["no", "", HOSTILE[6], HOSTILE[7]])},
        "ResponseMetadata": {"HTTPStatusCode": dice.choice([400, 403, 500, 503])},
    }
    return dice.choice(
        [
            ClientError(answer, name),
            ClientError(answer, name),
            EndpointConnectionError(endpoint_url="http://x"),
            ReadTimeoutError(endpoint_url="http://x"),
            ConnectionClosedError(endpoint_url="http://x"),
        ]
    )


_TEXTS = [
    *NAMES,
    ARN,
    WATCH["trail_arn"],
    WATCH["topic_arn"],
    ACCOUNT,
    REGION,
    json.dumps(EVENT),
    "Enabled",
    "OK",
    "ALARM",
    '{"Statement": []}',
    '{"Statement": [{"Effect": "Allow", "Action": 1}]}',
    "not json",
    "email",
    '{ $.eventName = "GetSecretValue" }',
    "secretwatch-doctor",
    "300",
    "true",
]


def _made(shape: Any, dice: random.Random, name: str, depth: int) -> Any:
    """An answer of this form, of names that belong here."""
    kind = shape.type_name
    if kind == "structure":
        return {
            each: _made(member, dice, each, depth + 1)
            for each, member in shape.members.items()
            if depth < 5
            and each not in ("nextToken", "NextToken", "Marker", "NextMarker")
            and dice.random() < 0.85
        }
    if kind == "list":
        return [_made(shape.member, dice, name, depth + 1) for _ in range(dice.choice([0, 1, 1, 2]))]
    if kind == "map":
        return {
            dice.choice(_TEXTS): _made(shape.value, dice, name, depth + 1)
            for _ in range(dice.choice([0, 1, 2]))
        }
    if kind in ("integer", "long"):
        return dice.choice([0, 1, 60, 300, int(time.time() * 1000)])
    if kind in ("double", "float"):
        return dice.choice([0.0, 1.0, 1e300])
    if kind == "timestamp":
        return datetime.fromtimestamp(dice.choice([0, time.time(), time.time() - 60]), UTC)
    if kind == "boolean":
        return dice.random() < 0.5
    if kind == "blob":
        return io.BytesIO(b"x") if shape.metadata.get("streaming") else b"x"
    if name == "Account":
        return ACCOUNT
    if shape.enum if hasattr(shape, "enum") else False:
        return dice.choice(shape.enum)
    return dice.choice(_TEXTS)
