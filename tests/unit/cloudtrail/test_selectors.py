"""Which events a trail's selectors want, and which selectors are none."""

from __future__ import annotations

from typing import Any

import pytest

from secretwatch.cloudtrail import (
    DEFAULT_EVENT_SELECTORS,
    InvalidEventSelectors,
    SelectedBy,
    make_event,
    normalise_advanced_event_selectors,
    normalise_event_selectors,
    root_identity,
)


def event(service: str, name: str, arn: str | None = None, **more: Any) -> Any:
    return make_event(
        event_id="6f1b0c66-1f0e-4b5e-a8f2-3d0b7c9a2e11",
        event_time="2026-01-17T17:02:03Z",
        event_source=f"{service}.amazonaws.com",
        event_name=name,
        aws_region="eu-west-1",
        account_id="111122223333",
        user_identity=root_identity("111122223333", "aws", "AKIAEXAMPLE"),
        source_ip_address="192.0.2.7",
        user_agent=None,
        request_id="0a1b2c3d",
        request_parameters=None,
        response_elements=None,
        resources=[{"ARN": arn}] if arn else None,
        **more,
    )


FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:f"
TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/t"
EVENTS = {
    "read": event("secretsmanager", "GetSecretValue"),
    "write": event("secretsmanager", "PutSecretValue"),
    "denied": event("secretsmanager", "GetSecretValue", error_code="AccessDenied"),
    "kms read": event("kms", "Decrypt"),
    "kms write": event("kms", "CreateKey"),
    "object read": event("s3", "GetObject", "arn:aws:s3:::logs/a/b"),
    "object write": event("s3", "PutObject", "arn:aws:s3:::logs/a/b"),
    "other object": event("s3", "PutObject", "arn:aws:s3:::logs-old/a/b"),
    "invoke": event("lambda", "Invoke", FUNCTION),
    "other invoke": event("lambda", "Invoke", f"{FUNCTION}2"),
    "item": event("dynamodb", "GetItem", TABLE),
    "publish": event("sns", "Publish", "arn:aws:sns:eu-west-1:111122223333:t"),
}
MANAGEMENT = {"read", "write", "denied", "kms read", "kms write"}


def chosen(basic: list[Any] | None = None, advanced: list[Any] | None = None) -> set[str]:
    wanted = SelectedBy(
        normalise_event_selectors(basic) if basic else [],
        normalise_advanced_event_selectors(advanced) if advanced else [],
    )
    return {name for name, each in EVENTS.items() if wanted(each)}


def data(kind: str, *values: str, **more: Any) -> dict[str, Any]:
    resources = [{"Type": kind, "Values": list(values)}]
    return {"IncludeManagementEvents": False, "DataResources": resources} | more


def test_a_new_trail_has_every_management_event_and_no_data_event() -> None:
    assert {name for name, each in EVENTS.items() if SelectedBy(DEFAULT_EVENT_SELECTORS)(each)} == MANAGEMENT
    assert chosen([{}]) == MANAGEMENT


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({"ReadWriteType": "ReadOnly"}, {"read", "denied", "kms read"}),
        ({"ReadWriteType": "WriteOnly"}, {"write", "kms write"}),
        ({"ExcludeManagementEventSources": ["kms.amazonaws.com"]}, {"read", "write", "denied"}),
        ({"IncludeManagementEvents": False}, set()),
        (data("AWS::S3::Object", "arn:aws:s3"), {"object read", "object write", "other object"}),
        (data("AWS::S3::Object", "arn:aws:s3:::logs/"), {"object read", "object write"}),
        (data("AWS::S3::Object", "arn:aws:s3:::logs/a"), {"object read", "object write"}),
        (data("AWS::S3::Object", "arn:aws:s3:::logs/b"), set()),
        (data("AWS::S3::Object", "arn:aws:s3:::logs/", ReadWriteType="WriteOnly"), {"object write"}),
        (data("AWS::S3::Object", "arn:aws:s3:::logs/", ReadWriteType="ReadOnly"), {"object read"}),
        (data("AWS::S3::Object", "arn:aws:s3:::logs/", IncludeManagementEvents=True), "all"),
        (data("AWS::Lambda::Function", "arn:aws:lambda"), {"invoke", "other invoke"}),
        (data("AWS::Lambda::Function", FUNCTION), {"invoke"}),
        (data("AWS::DynamoDB::Table", "arn:aws:dynamodb"), {"item"}),
        (data("AWS::DynamoDB::Table", TABLE), {"item"}),
    ],
)
def test_basic_selectors(selector: dict[str, Any], expected: Any) -> None:
    wanted = MANAGEMENT | {"object read", "object write"} if expected == "all" else expected
    assert chosen([selector]) == wanted


def test_several_basic_selectors_add_up() -> None:
    reads, writes = {"ReadWriteType": "WriteOnly"}, data("AWS::Lambda::Function", FUNCTION)
    assert chosen([reads, writes]) == {"write", "kms write", "invoke"}


def fields(category: str, **fields: Any) -> dict[str, Any]:
    """A selector of fields: `resources_type={"Equals": [...]}` is the field resources.type."""
    given = [{"Field": name.replace("_", "."), **operators} for name, operators in fields.items()]
    return {"FieldSelectors": [{"Field": "eventCategory", "Equals": [category]}, *given]}


OBJECTS = {"resources_type": {"Equals": ["AWS::S3::Object"]}}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (fields("Management"), MANAGEMENT),
        (fields("Management", readOnly={"Equals": ["true"]}), {"read", "denied", "kms read"}),
        (fields("Management", readOnly={"Equals": ["false"]}), {"write", "kms write"}),
        (
            fields("Management", eventSource={"NotEquals": ["kms.amazonaws.com", "rdsdata.amazonaws.com"]}),
            {"read", "write", "denied"},
        ),
        (fields("Data", **OBJECTS, userIdentity_arn={"NotEndsWith": [":root"]}), set()),
        (fields("Data", **OBJECTS), {"object read", "object write", "other object"}),
        (fields("Data", **OBJECTS, readOnly={"Equals": ["true"]}), {"object read"}),
        (fields("Data", **OBJECTS, eventName={"StartsWith": ["Get", "Head"]}), {"object read"}),
        (
            fields("Data", **OBJECTS, resources_ARN={"StartsWith": ["arn:aws:s3:::logs/"]}),
            {"object read", "object write"},
        ),
        (
            fields("Data", **OBJECTS, resources_ARN={"NotStartsWith": ["arn:aws:s3:::logs/"]}),
            {"other object"},
        ),
        (
            fields(
                "Data",
                **OBJECTS,
                resources_ARN={"StartsWith": ["arn:aws:s3:::logs"], "NotEndsWith": ["old/a/b"]},
            ),
            {"object read", "object write"},
        ),
        (fields("Data", resources_type={"Equals": ["AWS::SNS::Topic"]}), {"publish"}),
        (fields("NetworkActivity"), set()),
    ],
)
def test_advanced_selectors(selector: dict[str, Any], expected: set[str]) -> None:
    assert chosen(advanced=[selector]) == expected


def test_several_advanced_selectors_add_up() -> None:
    writes = fields("Management", readOnly={"Equals": ["false"]})
    topics = fields("Data", resources_type={"Equals": ["AWS::SNS::Topic"]})
    assert chosen(advanced=[writes, topics]) == {"write", "kms write", "publish"}


def test_selectors_are_answered_with_what_was_left_out() -> None:
    assert normalise_event_selectors([{}]) == DEFAULT_EVENT_SELECTORS
    named = {"Name": "reads", **fields("Management")}
    assert normalise_advanced_event_selectors([named]) == [named]


@pytest.mark.parametrize(
    ("selectors", "said"),
    [
        ([{"ReadWriteType": "None"}], "not 'None'"),
        ([data("AWS::SNS::Topic", "arn:aws:sns")], "needs an advanced event selector"),
        ([{"ExcludeManagementEventSources": ["s3.amazonaws.com"]}], "not 's3.amazonaws.com'"),
        ([], "1 to 5 event selectors, not 0"),
        ([{}] * 6, "1 to 5 event selectors, not 6"),
    ],
)
def test_basic_selectors_that_are_none(selectors: list[Any], said: str) -> None:
    with pytest.raises(InvalidEventSelectors, match=said):
        normalise_event_selectors(selectors)


@pytest.mark.parametrize(
    ("selectors", "said"),
    [
        ([], "at least one"),
        ([{"FieldSelectors": []}], "eventCategory exactly once"),
        ([fields("Management", colour={"Equals": ["red"]})], "'colour' is not a field"),
        ([fields("Everything")], "equals Management, Data or NetworkActivity"),
        ([fields("Data")], "names resources.type"),
        ([fields("Management", readOnly={})], "'readOnly' has no operator"),
        ([fields("Management", readOnly={"Equals": ["maybe"]})], "readOnly equals true or false"),
        ([fields("Management", readOnly={"NotEquals": ["true"]})], "readOnly equals true or false"),
        ([fields("Management", resources_ARN={"Equals": ["arn:aws:s3:::b/"]})], "not by 'resources.ARN'"),
        ([fields("Management", eventSource={"Equals": ["kms.amazonaws.com"]})], "select no other"),
        ([fields("Management", eventSource={"NotEquals": ["s3.amazonaws.com"]})], "select no other"),
        ([fields("Data", resources_type={"Equals": ["AWS::S3::Object", "AWS::SNS::Topic"]})], "one type"),
        ([fields("Data", resources_type={"StartsWith": ["AWS::S3"]})], "one type"),
    ],
)
def test_advanced_selectors_that_are_none(selectors: list[Any], said: str) -> None:
    with pytest.raises(InvalidEventSelectors, match=said):
        normalise_advanced_event_selectors(selectors)
