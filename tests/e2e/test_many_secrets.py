"""Lists and batches of more secrets than a page holds: filters, pages, and the events of batches."""

from __future__ import annotations

import json
from typing import Any

import clients
import pytest
from botocore.exceptions import ClientError

ACCOUNT = "760000000001"
PAY = [f"pay/{number:03}" for number in range(200)]
OTHER = [f"orders-{number:03}" for number in range(100)]


def client(service: str) -> Any:
    return clients.client(service, ACCOUNT)


@pytest.fixture(scope="module")
def secretsmanager(aws: dict[str, str]) -> Any:
    made = client("secretsmanager")
    for name in (*PAY, *OTHER):
        made.create_secret(Name=name, SecretString="x")
    return made


def listed(secretsmanager: Any, *names: str) -> list[str]:
    filters = {"Filters": [{"Key": "name", "Values": list(names)}]} if names else {}
    pages = secretsmanager.get_paginator("list_secrets").paginate(**filters)
    found = [[each["Name"] for each in page["SecretList"]] for page in pages]
    assert all(len(page) <= 100 for page in found)
    return [name for page in found for name in page]


def batch_by(name: str) -> dict[str, Any]:
    return {"Filters": [{"Key": "name", "Values": [name]}]}


def refused(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return str(error.value.response["Error"]["Code"])


def test_all_are_listed_once(secretsmanager: Any) -> None:
    assert sorted(listed(secretsmanager)) == sorted([*PAY, *OTHER])


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["pay/"], PAY),
        (["pay/00"], PAY[:10]),
        (["pay/000", "orders-"], [PAY[0], *OTHER]),
        (["!pay/"], OTHER),
        (["Pay/"], []),
        (["ay/"], []),
    ],
)
def test_a_name_in_a_filter_is_a_prefix(secretsmanager: Any, names: list[str], expected: list[str]) -> None:
    assert sorted(listed(secretsmanager, *names)) == sorted(expected)


def test_a_batch_by_filter_comes_in_pages(secretsmanager: Any) -> None:
    answer, found = secretsmanager.batch_get_secret_value(**batch_by("pay/")), []
    while True:
        assert len(answer["SecretValues"]) <= 20
        found += [each["Name"] for each in answer["SecretValues"]]
        if not (token := answer.get("NextToken")):
            break
        answer = secretsmanager.batch_get_secret_value(**batch_by("pay/"), NextToken=token)
    assert found == PAY


def test_a_batch_tells_what_it_could_not_read(secretsmanager: Any) -> None:
    answer = secretsmanager.batch_get_secret_value(SecretIdList=["pay/001", "nobody"])
    assert [each["Name"] for each in answer["SecretValues"]] == ["pay/001"]
    assert [(each["SecretId"], each["ErrorCode"]) for each in answer["Errors"]] == [
        ("nobody", "ResourceNotFoundException")
    ]


@pytest.mark.parametrize(
    "request_",
    [{"SecretIdList": ["pay/001", "nobody"]}, {**batch_by("pay/"), "MaxResults": 5}],
)
def test_a_batch_is_one_event_that_says_what_was_asked(secretsmanager: Any, request_: dict[str, Any]) -> None:
    answer = secretsmanager.batch_get_secret_value(**request_)
    found = client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "BatchGetSecretValue"}]
    )["Events"]
    (event,) = (
        event
        for event in (json.loads(each["CloudTrailEvent"]) for each in found)
        if event["requestID"] == answer["ResponseMetadata"]["RequestId"]
    )
    expected = (
        {"secretIdList": ["pay/001", "nobody"]}
        if "SecretIdList" in request_
        else {"filters": [{"key": "name", "values": ["pay/"]}], "maxResults": 5}
    )
    assert (event["requestParameters"], event["responseElements"]) == (expected, None)
    assert event["readOnly"] is True


def test_what_is_refused(secretsmanager: Any) -> None:
    batch, list_secrets = secretsmanager.batch_get_secret_value, secretsmanager.list_secrets
    assert refused(list_secrets, MaxResults=101) == "ValidationException"
    assert refused(list_secrets, NextToken="no token") == "InvalidNextTokenException"
    assert refused(batch, SecretIdList=PAY[:21]) == "ValidationException"
    assert refused(batch, **batch_by("pay/"), MaxResults=21) == "ValidationException"
    assert refused(batch, SecretIdList=PAY[:2], **batch_by("pay/")) == "InvalidParameterException"
    assert refused(batch) == "InvalidParameterException"
