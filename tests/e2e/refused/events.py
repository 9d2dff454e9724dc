"""EventBridge; more of patterns and targets in tests/e2e/test_event_patterns.py and test_rules_refused.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .account import Account
from .case import Case

NO_BUS = "Event bus no does not exist."


def events(operation: str, code: str, words: str, make: Callable[[Account], Any], about: str = "") -> Case:
    return Case("events", operation, code, words, make, about)


CASES: list[Case] = [
    *(
        events(operation, "ResourceNotFoundException", NO_BUS, make, "bus")
        for operation, make in (
            ("DeleteRule", lambda a: a.events.delete_rule(Name="x", EventBusName="no")),
            ("DescribeRule", lambda a: a.events.describe_rule(Name="x", EventBusName="no")),
            ("ListTargetsByRule", lambda a: a.events.list_targets_by_rule(Rule="x", EventBusName="no")),
            (
                "PutRule",
                lambda a: a.events.put_rule(Name="x", EventBusName="no", EventPattern='{"source": ["x"]}'),
            ),
            ("RemoveTargets", lambda a: a.events.remove_targets(Rule="x", EventBusName="no", Ids=["1"])),
        )
    ),
    events(
        "ListTagsForResource",
        "ResourceNotFoundException",
        "Rule x does not exist on EventBus default.",
        lambda a: a.events.list_tags_for_resource(ResourceARN=f"arn:aws:events:us-east-1:{a.id}:rule/x"),
    ),
    events(
        "PutRule",
        "ValidationException",
        "Parameter(s) EventPattern or ScheduleExpression must be specified.",
        lambda a: a.events.put_rule(Name="x"),
        "neither",
    ),
    events(
        "PutRule",
        "ValidationException",
        "Parameter ScheduleExpression is not valid.",
        lambda a: a.events.put_rule(Name="x", ScheduleExpression="x"),
        "schedule",
    ),
    events(
        "PutTargets",
        "LimitExceededException",
        "The requested resource exceeds the maximum number allowed.",
        lambda a: a.events.put_targets(
            Rule=a.rule(),
            Targets=[{"Id": str(n), "Arn": f"arn:aws:sqs:us-east-1:{a.id}:x"} for n in range(6)],
        ),
    ),
    events(
        "PutRule",
        "LimitExceededException",
        "The requested resource exceeds the maximum number allowed.",
        lambda a: [
            a.events.put_rule(Name=str(number), EventPattern='{"source": ["x"]}') for number in range(301)
        ],
    ),
]
