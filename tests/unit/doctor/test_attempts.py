"""Executions, invocations and letters: what failed is a finding, unless something was changed since."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from answers import case
from healthy import ACCOUNT, NOW, REGION, TOPIC, asked, facts

from secretwatch.pipeline.doctor import attempts
from secretwatch.pipeline.doctor.account import Account, Ref
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.intent import Intent
from secretwatch.pipeline.doctor.record import Record
from secretwatch.pipeline.doctor.view import View

MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:payments-heartbeat"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:payments-letters"
RULE = "payments-reads"


def ago(minutes: float) -> datetime:
    return (NOW - timedelta(minutes=minutes)).replace(second=0)


def changed(minutes: float, **changes: Any) -> dict[str, Any]:
    return {
        "eventSource": "iam.amazonaws.com",
        "eventName": "PutRolePolicy",
        "eventTime": f"{NOW - timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}",
        "requestParameters": {"roleName": "payments-role"},
    } | changes


def seen() -> tuple[View, Record]:
    view, record = case(facts(read=None))
    own = Account(ACCOUNT, REGION)
    intent = Intent(own)
    for ref, thing, purpose in (
        (Ref("state machine", MACHINE), {"roleArn": "arn:aws:iam::1:role/payments-role"}, "heartbeat"),
        (Ref("role", "payments-role"), {}, "heartbeat"),
        (Ref("role", "payments-role-of-details"), {}, "details"),
        (Ref("rule", RULE), {"Targets": [{"Id": "t", "Arn": TOPIC}]}, "realtime"),
    ):
        own.things[ref] = thing
        intent.serves[ref] = purpose  # type: ignore[assignment]
    view.intent = intent
    target = {"Id": "t", "Arn": TOPIC, "DeadLetterConfig": {"Arn": QUEUE}}
    view.account.put("rule", RULE, {"Name": RULE, "Targets": [target]})
    return view, record


def execution(minutes: float, status: str) -> dict[str, Any]:
    return {
        "name": "run",
        "executionArn": "x",
        "status": status,
        "stopDate": NOW - timedelta(minutes=minutes),
    }


def of_machines(executions: list[dict[str, Any]], changes: list[dict[str, Any]]) -> list[tuple[str, str]]:
    view, record = seen()
    record.executions[MACHINE] = asked({"executions": executions}, "states:ListExecutions")
    record.ended[MACHINE] = asked({"error": "States.TaskFailed", "cause": "not authorized"})
    record.changes = changes
    hop = Hop("heartbeat")
    attempts.of_machines(hop, view, record, "heartbeat")
    assert all("States.TaskFailed: not authorized" in each.sentence for each in hop.findings)
    return [(each.verdict, each.cause) for each in hop.findings]


FAILED = [execution(5, "FAILED"), execution(20, "FAILED"), execution(35, "SUCCEEDED")]


@pytest.mark.parametrize(
    ("executions", "changes", "expected"),
    [
        ([], [], []),
        (FAILED, [], [("broken", "executions-failed")]),
        ([execution(5, "TIMED_OUT")], [], [("broken", "executions-failed")]),
        ([execution(5, "SUCCEEDED"), *FAILED], [], []),
        (
            [{**FAILED[0], "status": "RUNNING", "stopDate": None}, *FAILED],
            [],
            [("broken", "executions-failed")],
        ),
        ([execution(60 * 30, "FAILED")], [], []),
        (FAILED, [changed(2)], [("warning", "failed-before-the-mend")]),
        # What came before, was refused, is a reading, a start, or another's, mends nothing.
        (FAILED, [changed(10)], [("broken", "executions-failed")]),
        (FAILED, [changed(2, errorCode="AccessDenied")], [("broken", "executions-failed")]),
        (FAILED, [changed(2, eventName="StartExecution")], [("broken", "executions-failed")]),
        (FAILED, [changed(2, eventName="PutMetricData")], [("broken", "executions-failed")]),
        (FAILED, [changed(2, requestParameters={"roleName": "x"})], [("broken", "executions-failed")]),
        (
            FAILED,
            [changed(2, requestParameters={"roleName": "payments-role-of-details"})],
            [("broken", "executions-failed")],
        ),
    ],
)
def test_executions(executions: Any, changes: Any, expected: Any) -> None:
    assert of_machines(executions, changes) == expected


def points(*minutes: float) -> Any:
    return asked([{"Timestamp": ago(each), "Sum": 1.0} for each in minutes])


def of_rules(
    failed: Any, tried: Any, changes: list[dict[str, Any]], letters: Any = None
) -> list[tuple[str, str, str]]:
    view, record = seen()
    record.failures[RULE] = failed
    record.invoked[RULE, "Invocations"] = tried
    if letters is not None:
        record.invoked[RULE, "InvocationsSentToDlq"] = letters
        view.account.put("queue", QUEUE, {"QueueUrl": "https://q", "ApproximateNumberOfMessages": "2"})
    record.changes = changes
    hops = {"realtime": Hop("realtime")}
    attempts.of_rules(hops, view, record)
    return [(each.verdict, each.cause, each.sentence) for each in hops["realtime"].findings]


TARGETS = {
    "eventSource": "events.amazonaws.com",
    "eventName": "PutTargets",
    "requestParameters": {"rule": RULE},
}


@pytest.mark.parametrize(
    ("failed", "tried", "changes", "verdict", "words"),
    [
        (points(), points(3), [], None, ""),
        (
            points(20, 9),
            points(20, 9),
            [],
            "broken",
            "2 times lately, the last time at 12:01 UTC, and not since",
        ),
        (points(9), points(9, 4), [], "warning", "since then it did, at 12:06 UTC"),
        (points(9), points(20, 9), [], "broken", "and not since"),
        (points(9), points(9), [changed(5, **TARGETS)], "warning", "before PutTargets changed"),
    ],
)
def test_invocations(failed: Any, tried: Any, changes: Any, verdict: str | None, words: str) -> None:
    found = of_rules(failed, tried, changes)
    assert [each[0] for each in found] == ([verdict] if verdict else [])
    assert not found or words in found[0][2]


@pytest.mark.parametrize(
    ("came", "tried", "changes", "words"),
    [
        (
            points(9),
            points(9, 4),
            [],
            "The last came at 12:01 UTC, and since then events were delivered, at 12:06",
        ),
        (points(9), points(9), [changed(5, **TARGETS)], "at 12:01 UTC, before PutTargets changed"),
        (points(9), points(9), [], "at 12:01 UTC, and nothing was delivered since"),
        (points(), points(), [], "more than a day ago"),
    ],
)
def test_letters_are_said_with_their_time(came: Any, tried: Any, changes: Any, words: str) -> None:
    found = [each for each in of_rules(came, tried, changes, letters=came) if each[1] == "dead-letters"]
    assert [each[0] for each in found] == ["warning"]
    assert words in found[0][2]


def test_the_first_change_is_the_one_that_is_named() -> None:
    """What was changed later, or broke it, has not mended it."""
    later = changed(1, eventName="UpdateStateMachine", requestParameters={"stateMachineArn": MACHINE})
    (found,) = of_rules(points(9), points(9), [later, changed(5, **TARGETS)])
    assert "before PutTargets changed" in found[2]


def test_what_is_broken_was_not_mended_by_a_change() -> None:
    view, record = seen()
    record.failures[RULE] = points(9)
    record.changes = [changed(5, **TARGETS)]
    hops = {"realtime": Hop("realtime")}
    hops["realtime"].broken("target-topic-policy", "It may not publish.")
    attempts.of_rules(hops, view, record)
    assert "PutTargets" not in hops["realtime"].findings[1].sentence


def test_somebody_elses_target_is_not_the_watchs() -> None:
    view, record = seen()
    theirs = {"Id": "theirs", "Arn": "arn:aws:lambda:us-east-1:111122223333:function:theirs"}
    rule = view.account.get("rule", RULE) or {}
    view.account.put("rule", RULE, {**rule, "Targets": [*rule["Targets"], theirs]})
    record.failures[RULE] = points(9)
    hops = {"realtime": Hop("realtime")}
    attempts.of_rules(hops, view, record)
    assert [each.verdict for each in hops["realtime"].findings] == ["warning"]
