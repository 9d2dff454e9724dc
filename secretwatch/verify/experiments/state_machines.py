"""What the state machine that says who rests on: its functions, its errors, what starts it."""

from __future__ import annotations

import json
import random
import re
from functools import partial
from typing import Any

from secretwatch.verify.kinds import TAG
from secretwatch.verify.lab import Lab, TimeIsUp
from secretwatch.verify.model import Experiment, Seen, cannot_tell, confirmed, refuted

_FUNCTIONS = "https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html"
_ERRORS = "https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html"
_EVENTS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html"
_DEPUTY = (
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html"
)

States = dict[str, dict[str, Any]]


def _machine(lab: Lab, start: str, states: States) -> str:
    """A state machine whose role may do nothing; its ARN."""
    role = lab.role("states")
    make = partial(
        lab.client("stepfunctions").create_state_machine,
        name=lab.thing("state machine"),
        definition=json.dumps({"StartAt": start, "States": states}),
        roleArn=role,
        tags=[{"key": TAG, "value": lab.experiment}],
    )
    arn: str = lab.accepted("that Step Functions takes the role", make, "authorized to assume")[
        "stateMachineArn"
    ]
    return arn


def _output(lab: Lab, machine: str, given: Any) -> Any:
    """What an execution came to; None where it failed."""
    client = lab.client("stepfunctions")
    started = client.start_execution(stateMachineArn=machine, input=json.dumps(given))

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = client.describe_execution(executionArn=started["executionArn"])
        return None if found["status"] == "RUNNING" else found

    found = lab.wait("the end of an execution", ended)
    return json.loads(found["output"]) if found["status"] == "SUCCEEDED" else None


# Texts of callers

_TEXT = "".join(map(chr, range(32))) + 'a"b\\c/\x7f\u0085\u2028\u2029\u202eé'


def _one_line(lab: Lab) -> Seen:
    state = {"Type": "Pass", "Parameters": {"shown.$": "States.JsonToString($.text)"}, "End": True}
    found = _output(lab, _machine(lab, "Show", {"Show": state}), {"text": _TEXT})
    if found is None:
        return Seen("failed")
    shown = found["shown"]
    numbers = {"separator": "\u2028" in shown, "direction": "\u202e" in shown}
    quoted = (
        len(shown) > 1 and shown[0] == shown[-1] == '"' and not re.search(r'(?<!\\)(\\\\)*"', shown[1:-1])
    )
    same = quoted and json.loads(shown, strict=False) == _TEXT
    return Seen("one line" if same and min(shown) >= " " else "other", numbers)


def _half(lab: Lab) -> Seen:
    """The event is a text, as the log group has it: what starts an execution is whole."""
    event = {"read.$": "States.JsonToString(States.StringToJson($.event))"}
    machine = _machine(lab, "Read", {"Read": {"Type": "Pass", "Parameters": event, "End": True}})
    whole, half = ({"userAgent": f"a{each}b"} for each in ("", "\ud800"))
    if _output(lab, machine, {"event": json.dumps(whole)}) is None:
        return Seen("nothing")
    found = _output(lab, machine, {"event": json.dumps(half)})
    if found is None:
        return Seen("failed")
    return Seen("same" if json.loads(found["read"]) == half else "changed")


# Functions and paths

_MANY = [str(number) for number in range(60)] * 2
random.Random(7).shuffle(_MANY)
_GIVEN: dict[str, Any] = {
    "time": "2019-10-02T17:04:08.085+0000",
    "calls": [{"known": False, "text": "a"}, {"known": True, "text": "b"}],
    "lists": [[1, 2], [], [3]],
    "answer": {"Events": [{"Message": "m"}]},
    "number": 2147483640,
    "long": "x" * 40_000,
    "few": {"a": 1, "b": 2},
    "more": {"b": 3},
    "many": _MANY,
}
_WANTED: dict[str, tuple[str, Any, str]] = {
    "split": (
        "States.StringSplit($.time, '-T:.+')",
        ["2019", "10", "02", "17", "04", "08", "085", "0000"],
        "whether each character of StringSplit's second text splits",
    ),
    "number": (
        "States.MathAdd(States.StringToJson(States.Format('1{}', '08')), -100)",
        8,
        "whether a text of digits becomes a number",
    ),
    "sum": ("States.MathAdd($.number, 7)", 2147483647, "whether sums reach the largest of 32 bits"),
    "format": (
        "States.Format('{}, {}', $.few.a, $.long)",
        "1, " + _GIVEN["long"],
        "whether Format takes 40,000 characters",
    ),
    "filter": ("$.calls[?(@.known==false)].text", ["a"], "whether a path finds by a field"),
    "flat": ("$.lists[*][*]", [1, 2, 3], "whether a path flattens lists"),
    "slice": ("$.lists[0:10]", _GIVEN["lists"], "whether a slice may end behind the end"),
    "absent": ("$..NextToken", [], "whether a path that finds nothing anywhere is an empty list"),
    "merge": ("States.JsonMerge($.few, $.more, false)", {"a": 1, "b": 3}, "whether the second object wins"),
    "contains": ("States.ArrayContains($.lists[0], 2)", True, "whether ArrayContains finds a number"),
    "order": (
        "States.ArrayUnique($.many)",
        list(dict.fromkeys(_MANY)),
        "whether ArrayUnique keeps the order",
    ),
}


def _functions(lab: Lab) -> Seen:
    """Each in an execution of its own: what fails ends one, and nobody catches it."""
    choices = [{"Variable": "$.which", "StringEquals": name, "Next": name} for name in _WANTED]
    states: States = {"Which": {"Type": "Choice", "Choices": choices}}
    for name, (expression, _, _) in _WANTED.items():
        states[name] = {"Type": "Pass", "Parameters": {"found.$": expression}, "End": True}
    machine = _machine(lab, "Which", states)
    numbers = {
        name: _output(lab, machine, {**_GIVEN, "which": name}) == {"found": wanted}
        for name, (_, wanted, _) in _WANTED.items()
    }
    return Seen("same" if all(numbers.values()) else "other", numbers)


# Errors


def _error_name(lab: Lab) -> Seen:
    group = lab.log_group()
    state = {
        "Type": "Task",
        "Resource": f"arn:{lab.cloud.partition}:states:::aws-sdk:cloudwatchlogs:filterLogEvents",
        "Parameters": {"LogGroupName": group},
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
        "End": True,
    }
    found = _output(lab, _machine(lab, "Ask", {"Ask": state, "Caught": {"Type": "Pass", "End": True}}), {})
    error = (found or {}).get("Error", "")
    if error == "CloudWatchLogs.CloudWatchLogsException":
        return Seen("service")
    return Seen("own" if error == "CloudWatchLogs.AccessDeniedException" else "other")


# What starts it

_STAMP = re.compile(r"\d{4}(-\d\d){2}T\d\d(:\d\d){2}\.\d{3}\+0000")


def _alarm_event(lab: Lab) -> Seen:
    name = lab.alarm(lab.metric())
    arn = lab.cloud.arn("cloudwatch", f"alarm:{name}")
    queue = lab.queue()
    pattern = {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        "resources": [arn],
    }
    lab.rule("default", {"Arn": queue.arn}, EventPattern=json.dumps(pattern))
    states = ["ALARM", "OK"]

    def came() -> list[str]:
        states.reverse()
        lab.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=states[0], StateReason="verify")
        return queue.bodies()

    events = [json.loads(body) for body in lab.wait("an alarm's event", came)]
    parts = [event["detail"].get(which, {}) for event in events for which in ("state", "previousState")]
    numbers = {
        "events": len(events),
        "values": all(part.get("value") in ("ALARM", "OK", "INSUFFICIENT_DATA") for part in parts),
        "times": all(_STAMP.fullmatch(str(part.get("timestamp"))) for part in parts),
    }
    as_read = numbers["values"] and numbers["times"] and all(each["resources"] == [arn] for each in events)
    return Seen("as read" if as_read else "other", numbers)


def _role_condition(lab: Lab) -> Seen:
    bus, second, third = (lab.bus() for _ in range(3))

    def forward(to: str, rules_of: str) -> None:
        target = lab.cloud.arn("events", f"event-bus/{to}")
        role = lab.role(
            "events",
            {"Effect": "Allow", "Action": "events:PutEvents", "Resource": target},
            condition={
                "ArnLike": {"aws:SourceArn": lab.cloud.arn("events", f"rule/{rules_of}/*")},
                "StringEquals": {"aws:SourceAccount": lab.cloud.account},
            },
        )
        made = partial(lab.rule, bus, {"Arn": target, "RoleArn": role})
        lab.accepted("that EventBridge takes the role", made, "cannot be assumed")

    at_second, at_third = lab.queue(), lab.queue()
    lab.rule(second, {"Arn": at_second.arn})
    lab.rule(third, {"Arn": at_third.arn})
    try:
        forward(second, bus)
    except TimeIsUp:
        return Seen("refused")
    # A role that PutTargets refuses for another rule's name is one that is not taken.
    try:
        forward(third, second)
    except TimeIsUp:
        return Seen("kept")
    marks = lab.markers(
        "an event by the role that names the rule", lambda mark: lab.send(bus, mark=mark), at_second
    )
    by_other = len(at_third.held(marks))
    return Seen("let through" if by_other else "kept", {"own": len(marks), "other": by_other})


EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment(
        id="details-words-on-one-line",
        claim="States.JsonToString writes a text in quotation marks on one line, whatever the text holds.",
        why="Otherwise a caller could add lines of his own to a message.",
        source=f"AWS says that the text becomes JSON: {_FUNCTIONS}",
        outcomes={
            "one line": confirmed(
                "The text came on one line, and it is the same text when it is read as JSON."
            ),
            "other": refuted("The text came in another form."),
            "failed": refuted("The execution failed."),
        },
        run=_one_line,
        seconds=15,
        makes={"state machine": 1, "role": 1},
        numbers={
            "separator": "whether U+2028, at which some programs break a line, came as it is",
            "direction": "whether U+202E, which turns the direction of writing, came as it is",
        },
    ),
    Experiment(
        id="details-half-a-character",
        claim="JSON can write half of a surrogate pair. An execution that reads and writes an event "
        "with one does not fail.",
        why="Otherwise a caller who can send one would only be reported by the alarm, without details.",
        source=f"Not documented: {_FUNCTIONS}",
        outcomes={
            "same": confirmed("The event came unchanged."),
            "changed": confirmed("The event came changed."),
            "failed": refuted(
                "The execution failed. The execution with the same event without the half did not."
            ),
            "nothing": cannot_tell("The execution with the event without the half failed, too."),
        },
        run=_half,
        seconds=20,
        makes={"state machine": 1, "role": 1},
    ),
    Experiment(
        id="details-functions",
        claim="Functions and paths of a state machine give the results that the details rely on.",
        why="If one does not, the message has no details, or has calls in the wrong order.",
        source=f"AWS shows examples of them, and says little about edge cases: {_FUNCTIONS}",
        outcomes={
            "same": confirmed("All results were as expected."),
            "other": refuted("Some results were different."),
        },
        run=_functions,
        seconds=30,
        makes={"state machine": 1, "role": 1},
        numbers={name: meaning for name, (_, _, meaning) in _WANTED.items()},
    ),
    Experiment(
        id="details-error-name",
        claim="In a state machine, an error of FilterLogEvents that its page does not name begins "
        "with `CloudWatchLogs.`; then comes its own name or the service's.",
        why="Throttling is such an error, and the state machine tries again only after errors that it names.",
        source=f"AWS names the form, and no error of this service: {_ERRORS}",
        outcomes={
            "service": confirmed("A refused search ended with CloudWatchLogs.CloudWatchLogsException."),
            "own": confirmed("A refused search ended with CloudWatchLogs.AccessDeniedException."),
            "other": refuted("A refused search ended in another way."),
        },
        run=_error_name,
        seconds=20,
        makes={"state machine": 1, "role": 1, "log group": 1},
    ),
    Experiment(
        id="details-alarm-event",
        claim="The event of an alarm's change has the alarm's ARN in `resources`. It has value and "
        "time of both states; times are to the millisecond and with +0000.",
        why="The state machine counts from these times, and starts for that ARN.",
        source=f"AWS's page shows examples: {_EVENTS}",
        outcomes={
            "as read": confirmed("All events that came had this form."),
            "other": refuted("An event came in another form."),
        },
        run=_alarm_event,
        seconds=30,
        makes={"alarm": 1, "metric": 1, "queue": 1, "rule": 1},
        calls=("cloudwatch:SetAlarmState",),
        numbers={
            "events": "events that came",
            "values": "whether all had values of states",
            "times": "whether all had times of this form",
        },
    ),
    Experiment(
        id="target-role-condition",
        claim="EventBridge can use a target's role that trusts it only for the rule's own ARN. It "
        "cannot use a role that names other rules.",
        why="The role that starts the details trusts only their own rule. If EventBridge could "
        "not use it, no message would say who it was.",
        source=f"AWS says that aws:SourceArn is the rule's ARN: {_DEPUTY}",
        outcomes={
            "kept": confirmed("Events came by the role that names the rule, and none by the other role."),
            "let through": refuted("Events came by the other role, too."),
            "refused": refuted("PutTargets did not take the role that names the rule."),
        },
        run=_role_condition,
        seconds=90,
        makes={"bus": 3, "queue": 2, "role": 2},
        calls=("events:PutEvents",),
        numbers={"own": "events by the role that names the rule", "other": "of these, by the other role"},
    ),
)
