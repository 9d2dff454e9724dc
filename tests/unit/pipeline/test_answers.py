"""Answers are held against the form that their API has: what answers may be a proxy, or half of AWS."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.session import get_session

from secretwatch.pipeline.answers import OddAnswer, in_form

ARN = "arn:aws:sns:us-east-1:111111111111:topic"


def operation(service: str, name: str) -> Any:
    return get_session().get_service_model(service).operation_model(name)


@pytest.mark.parametrize(
    ("service", "name", "answer"),
    [
        ("sts", "GetCallerIdentity", {"Account": "111111111111", "Arn": "arn:aws:iam::111111111111:root"}),
        ("sns", "ListSubscriptionsByTopic", {"Subscriptions": [{"SubscriptionArn": "PendingConfirmation"}]}),
        ("cloudwatch", "DescribeAlarms", {"MetricAlarms": [{"Period": 60, "Threshold": 1.0}]}),
        # What botocore has made of a policy by then.
        ("iam", "GetRole", {"Role": {"AssumeRolePolicyDocument": {"Statement": []}}}),
        ("iam", "GetPolicyVersion", {"PolicyVersion": {"Document": {"Statement": []}}}),
        ("iam", "GetRolePolicy", {"PolicyDocument": {"Statement": []}}),
        ("s3", "DeleteObject", {}),
    ],
)
def test_what_aws_answers_is_in_form(service: str, name: str, answer: dict[str, Any]) -> None:
    model = operation(service, name)
    whole = answer | {"ResponseMetadata": {"HTTPStatusCode": 200}}
    if name == "GetRole":
        whole["Role"] |= {"Path": "/", "RoleName": "r", "RoleId": "A", "Arn": ARN, "CreateDate": "2026-01-01"}
    if name == "GetRolePolicy":
        whole |= {"RoleName": "r", "PolicyName": "p"}
    assert in_form(whole, model) is whole


@pytest.mark.parametrize(
    ("service", "name", "answer", "place"),
    [
        ("cloudwatch", "DescribeAlarms", {"MetricAlarms": "none"}, "MetricAlarms"),
        ("cloudwatch", "DescribeAlarms", {"MetricAlarms": [{"Period": "60 s"}]}, "Period"),
        ("sns", "ListSubscriptionsByTopic", {"Subscriptions": [{"TopicArn": "topic"}]}, "TopicArn"),
        ("secretsmanager", "GetSecretValue", {"SecretString": ["3 coffees"]}, "SecretString"),
    ],
)
def test_what_is_of_another_form_is_refused_and_not_shown(
    service: str, name: str, answer: dict[str, Any], place: str
) -> None:
    with pytest.raises(OddAnswer, match=place) as refused:
        in_form(answer, operation(service, name))
    assert "coffees" not in str(refused.value)
