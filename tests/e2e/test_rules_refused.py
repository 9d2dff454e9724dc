"""Rules, targets and buses that EventBridge refuses, and calls on what is not there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rule_accounts import REGION, Account, refusal
from sinks import allow, document


@pytest.fixture
def account(aws: dict[str, str]) -> Account:
    return Account()


@pytest.mark.parametrize(
    ("target", "code", "message"),
    [
        ({"Arn": "no-arn"}, "ValidationException", "Provided Arn is not in correct format."),
        ({"Arn": "arn:aws:sqs:eu-west-1:{id}:q"}, "ValidationException", "same region"),
        (
            {"Arn": "arn:aws:states:us-east-1:{id}:stateMachine:m"},
            "ValidationException",
            "RoleArn is required",
        ),
        (
            {"Arn": "arn:aws:logs:us-east-1:999999999999:log-group:/aws/events/x", "RoleArn": "{role}"},
            "AccessDeniedException",
            "Adding cross-account target is not permitted.",
        ),
        (
            {"Arn": "arn:aws:sns:us-east-1:999999999999:t", "RoleArn": "arn:aws:iam::999999999999:role/r"},
            "AccessDeniedException",
            "Cross-account pass role is not allowed.",
        ),
        (
            {"Arn": "arn:aws:sqs:us-east-1:{id}:q.fifo"},
            "ValidationException",
            "SqsParameters must be specified",
        ),
        (
            {"DeadLetterConfig": {"Arn": "arn:aws:sns:us-east-1:{id}:t"}},
            "ValidationException",
            "sns is not supported as a dead letter resource",
        ),
        (
            {"DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:{id}:q.fifo"}},
            "ValidationException",
            "SQS FIFO is not supported by Dead Letter Queues",
        ),
        ({"DeadLetterConfig": {"Arn": "arn:aws:sqs:eu-west-1:{id}:q"}}, "ValidationException", "region"),
        ({"Input": "word"}, "ValidationException", "JSON syntax error in input for target t"),
        ({"InputPath": "detail"}, "ValidationException", "InputPath for target t is invalid."),
        (
            {"Id": "a b"},
            "ValidationException",
            r"1 validation error detected: Value 'a b' at 'targets.1.member.id' failed to satisfy "
            r"constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+",
        ),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {f"k{n}": "$" for n in range(101)},
                    "InputTemplate": '"a"',
                }
            },
            "ValidationException",
            "Member must have length less than or equal to 100",
        ),
        ({"InputTransformer": {"InputTemplate": '"' + "a" * 8192}}, "ValidationException", "equal to 8192"),
        (
            {"InputTransformer": {"InputPathsMap": {"aws.events.x": "$"}, "InputTemplate": '"a"'}},
            "ValidationException",
            "1 validation error detected",
        ),
    ],
    ids=str,
)
def test_put_targets_refuses(account: Account, target: dict[str, Any], code: str, message: str) -> None:
    text = json.dumps({"Arn": f"arn:aws:sqs:{REGION}:{account.id}:q", **target})
    text = text.replace("{id}", account.id).replace("{role}", f"arn:aws:iam::{account.id}:role/r")
    found, words = refusal(json.loads(text), account)
    assert found == code
    assert message in words
    assert account.client("events").list_targets_by_rule(Rule="tests")["Targets"] == []


def test_five_targets_and_no_more(account: Account) -> None:
    account.rule()
    events = account.client("events")
    arn = f"arn:aws:sqs:{REGION}:{account.id}:q"
    with pytest.raises(events.exceptions.LimitExceededException):
        events.put_targets(Rule="tests", Targets=[{"Id": str(n), "Arn": arn} for n in range(6)])
    assert events.list_targets_by_rule(Rule="tests")["Targets"] == []
    events.put_targets(Rule="tests", Targets=[{"Id": str(n), "Arn": arn} for n in range(5)])
    events.put_targets(Rule="tests", Targets=[{"Id": "4", "Arn": arn}])


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            {"EventPattern": json.dumps({"a": [{"wildcard": f"*:stack/{name}/*"} for name in "ABCD"]})},
            "InvalidEventPatternException",
            "Event pattern is not valid. Reason: Rule is too complex - try using fewer wildcard characters "
            "or fewer repeating character sequences after a wildcard character",
        ),
        ({"EventPattern": "{"}, "InvalidEventPatternException", "Event pattern is not valid. Reason: "),
        (
            {"EventPattern": json.dumps({"a": ["x" * 2048]})},
            "ValidationException",
            "Parameter EventPattern for rule tests exceeds limit of 2048.",
        ),
        ({"EventPattern": "x" * 4097}, "ValidationException", "'eventPattern' failed to satisfy constraint"),
        ({"EventPattern": "{}", "State": "ON"}, "ValidationException", "satisfy enum value set: [ENABLED, "),
        ({}, "ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified."),
        (
            {"ScheduleExpression": "rate(1 minutes)"},
            "ValidationException",
            "Parameter ScheduleExpression is not",
        ),
        (
            {"ScheduleExpression": "rate(5 minute)"},
            "ValidationException",
            "Parameter ScheduleExpression is not",
        ),
        (
            {"EventPattern": '{"a": [1]}', "EventBusName": "none"},
            "ResourceNotFoundException",
            "Event bus none does not exist.",
        ),
    ],
    ids=str,
)
def test_put_rule_refuses(account: Account, arguments: dict[str, Any], code: str, message: str) -> None:
    events = account.client("events")
    with pytest.raises(ClientError) as caught:
        events.put_rule(Name="tests", **arguments)
    assert caught.value.response["Error"]["Code"] == code
    assert message in caught.value.response["Error"]["Message"]
    assert events.list_rules()["Rules"] == []


def test_calls_on_what_is_not_there(account: Account) -> None:
    events = account.client("events")
    for call in (
        lambda: events.put_targets(Rule="none", Targets=[{"Id": "a", "Arn": "arn:aws:sqs:us-east-1:1:q"}]),
        lambda: events.remove_targets(Rule="none", Ids=["a"]),
        lambda: events.enable_rule(Name="none"),
        lambda: events.disable_rule(Name="none"),
        lambda: events.describe_rule(Name="none"),
        lambda: events.put_permission(
            EventBusName="none", StatementId="a", Action="events:PutEvents", Principal="*"
        ),
        lambda: events.remove_permission(StatementId="none"),
        lambda: events.tag_resource(
            ResourceARN=f"arn:aws:events:{REGION}:{account.id}:rule/none", Tags=[{"Key": "a", "Value": "b"}]
        ),
    ):
        with pytest.raises(events.exceptions.ResourceNotFoundException):
            call()


def test_a_rule_with_targets_stays_and_a_missing_target_fails_by_itself(account: Account) -> None:
    events = account.client("events")
    account.rule({"Id": "a", "Arn": f"arn:aws:sqs:{REGION}:{account.id}:q"})
    with pytest.raises(ClientError, match="Rule can't be deleted since it has targets"):
        events.delete_rule(Name="tests")
    answer = events.remove_targets(Rule="tests", Ids=["a", "b"])
    assert answer["FailedEntryCount"] == 1
    assert answer["FailedEntries"][0]["ErrorCode"] == "ResourceNotFoundException"
    events.delete_rule(Name="tests")


@pytest.mark.parametrize(
    "arguments",
    [
        {"StatementId": "a", "Principal": "*"},
        {"Principal": "*", "Action": "events:PutEvents"},
        {"StatementId": "a", "Action": "events:PutEvents", "Principal": "everybody"},
        {"StatementId": "a", "Policy": document(allow("events:PutEvents", "*"))},
        {"Policy": "{"},
        {
            "StatementId": "a",
            "Action": "events:PutEvents",
            "Principal": "111122223333",
            "Condition": {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-0000000000"},
        },
    ],
    ids=str,
)
def test_permissions_that_are_refused(account: Account, arguments: dict[str, Any]) -> None:
    events = account.client("events")
    with pytest.raises(ClientError) as caught:
        events.put_permission(**arguments)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert "Policy" not in events.describe_event_bus()


def test_buses_names(account: Account) -> None:
    events = account.client("events")
    with pytest.raises(ClientError, match="Event bus name must not contain '/'"):
        events.create_event_bus(Name="a/b")
    with pytest.raises(events.exceptions.ResourceAlreadyExistsException):
        events.create_event_bus(Name="default")
    with pytest.raises(ClientError, match="Cannot delete event bus default"):
        events.delete_event_bus(Name="default")
