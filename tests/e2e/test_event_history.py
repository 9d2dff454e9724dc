"""The event history is kept without any trail, and is searched by every attribute, time and page."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from accounts import new_account_id
from botocore.exceptions import ClientError
from deployment import wait_for

ACCOUNT = "444455556666"


def client(service: str, region: str = "us-east-1", key: str = ACCOUNT, secret: str = "test") -> Any:
    """A client of an account of these tests': the local cloud takes 12 digits as the account's id."""
    session = boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret)
    return session.client(service, region_name=region)


class History:
    """What happened in an account that has no trail: a user made a secret and read it, root did the rest."""

    def __init__(self) -> None:
        self.name = f"history-{uuid.uuid4().hex[:8]}"
        self.cloudtrail, self.iam = client("cloudtrail"), client("iam")
        self.began = datetime.now(UTC).replace(microsecond=0)
        self.iam.create_user(UserName=self.name)
        every = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        self.iam.put_user_policy(
            UserName=self.name,
            PolicyName="all",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [every]}),
        )
        key = self.iam.create_access_key(UserName=self.name)["AccessKey"]
        self.access_key = key["AccessKeyId"]
        user = client("secretsmanager", key=self.access_key, secret=key["SecretAccessKey"])
        user.create_secret(Name=self.name, SecretString="none of yours")
        for _ in range(5):
            user.get_secret_value(SecretId=self.name)
        abroad = client("secretsmanager", "eu-west-1")
        abroad.create_secret(Name=self.name, SecretString="none of yours either")
        abroad.delete_secret(SecretId=self.name, ForceDeleteWithoutRecovery=True)

    def look_up(self, key: str | None = None, value: str = "", **more: Any) -> list[dict[str, Any]]:
        """The events in which this history's name stands, newest first."""
        attributes = [{"AttributeKey": key, "AttributeValue": value}] if key else []
        pages = more.pop("cloudtrail", self.cloudtrail).get_paginator("lookup_events")
        found = pages.paginate(LookupAttributes=attributes, **more).build_full_result()["Events"]
        return [event for event in found if self.name in event["CloudTrailEvent"]]

    def names(self, *arguments: Any, **more: Any) -> list[str]:
        return [event["EventName"] for event in self.look_up(*arguments, **more)]

    def remove(self) -> None:
        client("secretsmanager").delete_secret(SecretId=self.name, ForceDeleteWithoutRecovery=True)
        self.iam.delete_access_key(UserName=self.name, AccessKeyId=self.access_key)
        self.iam.delete_user_policy(UserName=self.name, PolicyName="all")
        self.iam.delete_user(UserName=self.name)


@pytest.fixture(scope="module")
def history(aws: dict[str, str]) -> Iterator[History]:
    made = History()
    wait_for("the last call in the history", lambda: len(made.look_up("EventName", "GetSecretValue")) == 5)
    yield made
    made.remove()


READS = ["GetSecretValue"] * 5
BY_THE_USER = [*READS, "CreateSecret"]


def test_what_happened_newest_first(history: History) -> None:
    assert history.cloudtrail.describe_trails()["trailList"] == []
    made = ["CreateAccessKey", "PutUserPolicy", "CreateUser"]
    assert [name for name in history.names() if name != "LookupEvents"] == [*BY_THE_USER, *made]


def test_by_each_attribute(history: History) -> None:
    newest = history.look_up("EventName", "GetSecretValue")[0]
    assert history.look_up("EventId", newest["EventId"]) == [newest]
    assert history.names("EventName", "GetSecretValue") == READS
    assert history.names("EventSource", "secretsmanager.amazonaws.com") == BY_THE_USER
    assert history.names("Username", history.name) == BY_THE_USER
    assert history.names("AccessKeyId", history.access_key) == BY_THE_USER
    assert history.names("ReadOnly", "true")[-5:] == READS
    assert history.names("ReadOnly", "false") == [
        "CreateSecret",
        "CreateAccessKey",
        "PutUserPolicy",
        "CreateUser",
    ]
    assert history.names("ResourceType", "AWS::SecretsManager::Secret")[-5:] == READS
    assert history.names("ResourceName", history.name)[:5] == READS
    assert history.names("EventName", "getsecretvalue") == []


def test_an_event_as_it_is_shown(history: History) -> None:
    event = history.look_up("EventName", "GetSecretValue")[0]
    record = json.loads(event.pop("CloudTrailEvent"))
    assert record["requestParameters"] == {"secretId": history.name}
    at = datetime.strptime(record["eventTime"], "%Y-%m-%dT%H:%M:%S%z")
    assert event == {
        "EventId": record["eventID"],
        "EventName": "GetSecretValue",
        "ReadOnly": "true",
        "AccessKeyId": history.access_key,
        "EventTime": at,
        "EventSource": "secretsmanager.amazonaws.com",
        "Username": history.name,
        "Resources": [{"ResourceType": "AWS::SecretsManager::Secret", "ResourceName": history.name}],
    }


def test_by_time(history: History) -> None:
    hour = timedelta(hours=1)
    assert history.names("EventName", "CreateUser", StartTime=history.began) == ["CreateUser"]
    assert history.names("EventName", "CreateUser", EndTime=history.began + hour) == ["CreateUser"]
    assert history.names("EventName", "CreateUser", StartTime=history.began + hour) == []
    assert history.names("EventName", "CreateUser", EndTime=history.began - hour) == []


def test_page_by_page(history: History) -> None:
    attributes = [{"AttributeKey": "Username", "AttributeValue": history.name}]
    pages = history.cloudtrail.get_paginator("lookup_events").paginate(
        LookupAttributes=attributes, PaginationConfig={"PageSize": 4}
    )
    sizes = []
    found = []
    for page in pages:
        sizes.append(len(page["Events"]))
        found += [event["EventId"] for event in page["Events"]]
    assert sizes == [4, 2]
    assert found == [event["EventId"] for event in history.look_up("Username", history.name)]


def test_each_region_has_its_own_and_global_services_are_in_one(history: History) -> None:
    abroad = client("cloudtrail", "eu-west-1")
    assert history.names(cloudtrail=abroad)[-2:] == ["DeleteSecret", "CreateSecret"]
    assert history.names("EventSource", "iam.amazonaws.com", cloudtrail=abroad) == []


def test_data_events_are_not_in_it(history: History) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket=history.name)
    s3.put_object(Bucket=history.name, Key="a", Body=b"")
    s3.delete_object(Bucket=history.name, Key="a")
    s3.delete_bucket(Bucket=history.name)
    wait_for("the bucket's end", lambda: history.names("EventName", "DeleteBucket"))
    assert history.names("EventSource", "s3.amazonaws.com") == ["DeleteBucket", "CreateBucket"]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"MaxResults": 51}, "InvalidMaxResultsException"),
        ({"NextToken": "nowhere"}, "InvalidNextTokenException"),
        (
            {"LookupAttributes": [{"AttributeKey": "Colour", "AttributeValue": "red"}]},
            "InvalidLookupAttributesException",
        ),
        (
            {
                "LookupAttributes": [
                    {"AttributeKey": "EventName", "AttributeValue": "a"},
                    {"AttributeKey": "EventId", "AttributeValue": "b"},
                ]
            },
            "InvalidLookupAttributesException",
        ),
        (
            {"StartTime": datetime(2026, 1, 2, tzinfo=UTC), "EndTime": datetime(2026, 1, 1, tzinfo=UTC)},
            "InvalidTimeRangeException",
        ),
        ({"EventCategory": "data"}, "InvalidEventCategoryException"),
    ],
)
def test_what_is_refused(aws: dict[str, str], request_: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as error:
        client("cloudtrail").lookup_events(**request_)
    assert error.value.response["Error"]["Code"] == code


def test_there_are_no_insights(history: History) -> None:
    assert history.cloudtrail.lookup_events(EventCategory="insight")["Events"] == []


@pytest.mark.parametrize(
    ("region", "recorded_in"),
    [("eu-west-1", "us-east-1"), ("cn-northwest-1", "cn-north-1"), ("us-gov-east-1", "us-gov-west-1")],
)
def test_where_calls_of_global_services_are_recorded(
    aws: dict[str, str], region: str, recorded_in: str
) -> None:
    account = new_account_id()
    client("iam", region, key=account).create_user(UserName="somebody")
    (found,) = client("cloudtrail", recorded_in, key=account).lookup_events()["Events"]
    event = json.loads(found["CloudTrailEvent"])
    assert (event["eventName"], event["awsRegion"]) == ("CreateUser", recorded_in)
