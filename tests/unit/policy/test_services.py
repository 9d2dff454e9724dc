"""What services ask for is let through by the policies that AWS's pages print for it, and by no less."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secretwatch.policy import Request, authorize, services

ACCOUNT, REGION = "111122223333", "us-east-1"
TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/t"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"
ALARM = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:a"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/path/to-logs"
GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g:*"


def policy(service: str, action: Any, resource: str | None = "*", **condition: str) -> str:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action}
    if resource:
        statement["Resource"] = resource
    if condition:
        statement["Condition"] = {
            "StringEquals": {key.replace("_", ":"): value for key, value in condition.items()}
        }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allowed(requests: list[Request], document: str) -> bool:
    return all(authorize(each, resource_policy=document).allowed for each in requests)


@pytest.mark.parametrize(
    ("requests", "document"),
    [
        (
            services.publishing(services.CLOUDWATCH, TOPIC, ALARM),
            policy(services.CLOUDWATCH, "sns:Publish", TOPIC, aws_SourceAccount=ACCOUNT, aws_SourceArn=ALARM),
        ),
        (
            services.publishing(services.EVENTS, TOPIC, RULE),
            policy(services.EVENTS, "sns:Publish", TOPIC),
        ),
        (
            services.using_topic_key(services.CLOUDWATCH, TOPIC, ALARM, KEY),
            policy(services.CLOUDWATCH, ["kms:Decrypt", "kms:GenerateDataKey*"], aws_SourceAccount=ACCOUNT),
        ),
        (
            services.using_topic_key(services.EVENTS, TOPIC, RULE, KEY),
            policy(services.EVENTS, ["kms:Decrypt", "kms:GenerateDataKey*"]),
        ),
        (
            services.storing_log_files(TRAIL, "b", prefix="p"),
            policy(services.CLOUDTRAIL, ["s3:GetBucketAcl", "s3:PutObject"], aws_SourceArn=TRAIL),
        ),
        (services.using_trail_key(TRAIL, KEY), policy(services.CLOUDTRAIL, "kms:GenerateDataKey*")),
        (services.assuming(ROLE), policy(services.CLOUDTRAIL, "sts:AssumeRole", None)),
    ],
)
def test_it_is_let_through_by_its_policy_alone(requests: list[Request], document: str) -> None:
    assert allowed(requests, document)
    assert not allowed(requests, document.replace("amazonaws.com", "amazonaws.com.cn"))


CONDITIONS: list[dict[str, Any]] = [
    {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    {"ArnLike": {"aws:SourceArn": RULE}},
    {"ArnLike": {"aws:SourceArn": "*"}},
    # These would hold, if they were looked at.
    {"Null": {"aws:SourceArn": "true"}},
    {"StringNotEquals": {"aws:PrincipalAccount": "999999999999"}},
    {"Bool": {"aws:PrincipalIsAWSService": "true"}},
    {},
]


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_eventbridge_is_let_through_by_no_condition(condition: dict[str, Any]) -> None:
    for requests, actions in (
        (services.publishing(services.EVENTS, TOPIC, RULE), "sns:Publish"),
        (
            services.using_topic_key(services.EVENTS, TOPIC, RULE, KEY),
            ["kms:Decrypt", "kms:GenerateDataKey*"],
        ),
    ):
        document = json.loads(policy(services.EVENTS, actions))
        assert allowed(requests, json.dumps(document))
        document["Statement"][0]["Condition"] = condition
        assert not allowed(requests, json.dumps(document))
        # Another statement without one is enough, and a denial that does not hold denies nothing.
        document["Statement"].append(json.loads(policy(services.EVENTS, actions))["Statement"][0])
        insecure = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
        insecure["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}
        document["Statement"].append(insecure)
        assert allowed(requests, json.dumps(document))


@pytest.mark.parametrize(
    "condition",
    [
        {"ArnLike": {"aws:SourceArn": RULE}},
        {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}},
        {"Null": {"aws:SourceArn": "true"}},
    ],
    ids=str,
)
def test_a_denial_that_may_hold_for_eventbridge_denies(condition: dict[str, Any]) -> None:
    """What keys it sends is not said: whoever writes such a denial may silence it."""
    for requests, actions in (
        (services.publishing(services.EVENTS, TOPIC, RULE), "sns:Publish"),
        (
            services.using_topic_key(services.EVENTS, TOPIC, RULE, KEY),
            ["kms:Decrypt", "kms:GenerateDataKey*"],
        ),
    ):
        document = json.loads(policy(services.EVENTS, actions))
        denied = {"Effect": "Deny", "Principal": "*", "Action": actions, "Resource": "*"}
        document["Statement"].append({**denied, "Condition": condition})
        assert not allowed(requests, json.dumps(document))


def test_the_reason_names_the_condition() -> None:
    conditioned = policy(services.EVENTS, "sns:Publish", TOPIC, aws_SourceAccount=ACCOUNT)
    decision = authorize(services.publishing(services.EVENTS, TOPIC, RULE)[0], resource_policy=conditioned)
    assert "events.amazonaws.com is let through by no statement with a Condition" in decision.reason


def test_the_delivery_role_writes_to_the_trails_stream() -> None:
    requests = services.writing_log_events(ROLE, GROUP, "s")
    statement = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"{GROUP.removesuffix(':*')}:log-stream:s*",
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    assert all(authorize(each, identity_policies=[document]).allowed for each in requests)
    statement["Resource"] = "arn:aws:logs:*:*:log-group:other:*"
    assert not any(authorize(each, identity_policies=[document]).allowed for each in requests)
