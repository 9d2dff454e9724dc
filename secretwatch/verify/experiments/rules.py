"""What rules of EventBridge take, and what comes out of their targets."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from secretwatch.verify.kinds import PREFIX, code
from secretwatch.verify.lab import Lab, refusal
from secretwatch.verify.model import Experiment, Seen, confirmed, refuted
from secretwatch.verify.queues import Queue
from secretwatch.verify.statements import service

_POLICIES = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html"
_BUS_TO_BUS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html"
_TRANSFORM = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html"

_MOST_WILDCARDS = 9
# What is said of a role that is not known everywhere yet.
_NOT_YET = "cannot be assumed"


def _marked(queue: Queue, marks: list[str]) -> int:
    return len(queue.held(marks))


# Conditions in a topic's policy


def _topic_conditions(lab: Lab) -> Seen:
    bus = lab.bus()
    account = {"StringEquals": {"aws:SourceAccount": lab.cloud.account}}
    rules = {"ArnLike": {"aws:SourceArn": lab.cloud.arn("events", f"rule/{PREFIX}*")}}
    topics = [lab.topic(service("events", **condition)) for condition in ({}, account, rules)]
    free, by_account, by_rule = map(lab.subscribe, topics)
    lab.rule(bus, *({"Arn": topic} for topic in topics))
    marks = lab.markers(
        "a message of the topic without a condition", lambda mark: lab.send(bus, mark=mark), free
    )
    numbers = {
        "without": len(marks),
        "SourceAccount": _marked(by_account, marks),
        "SourceArn": _marked(by_rule, marks),
    }
    return Seen("let through" if numbers["SourceAccount"] or numbers["SourceArn"] else "dropped", numbers)


# A role on a topic


def _topic_role(lab: Lab) -> Seen:
    bus = lab.bus()
    other = lab.bus()
    plain, with_role = (lab.topic(service("events")) for _ in range(2))
    control, subject, beyond = lab.subscribe(plain), lab.subscribe(with_role), lab.queue()
    to_other = lab.cloud.arn("events", f"event-bus/{other}")
    role = lab.role(
        "events",
        {"Effect": "Allow", "Action": "sns:Publish", "Resource": with_role},
        {"Effect": "Allow", "Action": "events:PutEvents", "Resource": to_other},
    )
    lab.rule(bus, {"Arn": plain})
    lab.rule(other, {"Arn": beyond.arn})

    def target(arn: str) -> str:
        made = partial(lab.rule, bus, {"Arn": arn, "RoleArn": role})
        return lab.accepted("that EventBridge takes the role", made, _NOT_YET)

    # What the role may do is known once it has brought an event to another bus.
    target(to_other)
    lab.markers("an event that the role brings", lambda mark: lab.send(bus, mark=mark), beyond, 0)
    try:
        target(with_role)
    except ClientError as error:
        if code(error) != "ValidationException":
            raise
        return Seen("refused")
    marks = lab.markers(
        "a message of the topic without a role", lambda mark: lab.send(bus, mark=mark), control
    )
    came = _marked(subject, marks)
    return Seen("delivered" if came else "dropped", {"without": len(marks), "with": came})


# How complex a rule may be


def _complexity(lab: Lab) -> Seen:
    events = lab.client("events")
    name = lab.thing("rule")
    taken = 0
    for count in range(1, _MOST_WILDCARDS + 1):
        values = [{"wildcard": f"*:secret:name-{number}-*"} for number in range(count)]
        pattern = json.dumps({"source": ["verify"], "detail": {"a": values}})
        refused = refusal(
            partial(events.put_rule, Name=name, EventPattern=pattern, State="DISABLED"),
            ("InvalidEventPatternException",),
        )
        if refused:
            break
        taken = count
    return Seen("three" if taken in (2, 3) else "other", {"taken": taken})


def _complexity_prefix(lab: Lab) -> Seen:
    values = [
        {"prefix": f"arn:aws:secretsmanager:us-east-1:111122223333:secret:name-{n}-"} for n in range(15)
    ]
    pattern = json.dumps({"source": ["verify"], "detail": {"a": values}})
    name = lab.thing("rule")
    refused = refusal(
        lambda: lab.client("events").put_rule(Name=name, EventPattern=pattern, State="DISABLED"),
        ("InvalidEventPatternException",),
    )
    return Seen("refused" if refused else "taken")


# A third bus


def _third_bus(lab: Lab) -> Seen:
    first, second, third = (lab.bus() for _ in range(3))
    role = lab.role(
        "events",
        {
            "Effect": "Allow",
            "Action": "events:PutEvents",
            "Resource": [lab.cloud.arn("events", f"event-bus/{bus}") for bus in (second, third)],
        },
    )

    def forward(bus: str, to: str) -> str:
        target = {"Arn": lab.cloud.arn("events", f"event-bus/{to}"), "RoleArn": role}
        return lab.accepted("that EventBridge takes the role", lambda: lab.rule(bus, target), _NOT_YET)

    forward(first, second)
    forward(second, third)
    at_second, at_third = lab.queue(), lab.queue()
    lab.rule(second, {"Arn": at_second.arn})
    lab.rule(third, {"Arn": at_third.arn})
    # The way from the second to the third is open: an event put on the second itself takes it.
    lab.markers(
        "an event from the second bus on the third", lambda mark: lab.send(second, mark=mark), at_third, 0
    )
    marks = lab.markers("an event on the second bus", lambda mark: lab.send(first, mark=mark), at_second)
    came = _marked(at_third, marks)
    return Seen("forwarded" if came else "not forwarded", {"second": len(marks), "third": came})


# What transformers make of quotation marks


def _transformed(lab: Lab, template: str, value: str) -> tuple[list[str], list[str]]:
    """What a queue got of events with the value in a field, and the marks of those that reached a control."""
    bus = lab.bus()
    control, subject = lab.queue(), lab.queue()
    transformer = {
        "InputPathsMap": {"mark": "$.detail.mark", "value": "$.detail.value"},
        "InputTemplate": template,
    }
    lab.rule(bus, {"Arn": control.arn}, {"Arn": subject.arn, "InputTransformer": transformer})
    marks = lab.markers(
        "an event without a transformer", lambda mark: lab.send(bus, mark=mark, value=value), control
    )
    return [body for body in subject.bodies() if any(mark in body for mark in marks)], marks


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _quotes_in_object(lab: Lab) -> Seen:
    bodies, marks = _transformed(lab, '{"mark": "<mark>", "value": "says <value>"}', 'a "b" c')
    numbers = {"sent": len(marks), "came": len(bodies)}
    if not bodies:
        return Seen("not delivered", numbers)
    return Seen("escaped" if all(map(_is_json, bodies)) else "broken", numbers)


def _quotes_in_text(lab: Lab) -> Seen:
    bodies, marks = _transformed(lab, '"<mark> says <value>"', 'a "b" c')
    numbers = {"sent": len(marks), "came": len(bodies)}
    if not bodies:
        return Seen("not delivered", numbers)
    return Seen("as it is" if all('a "b" c' in body for body in bodies) else "escaped", numbers)


def _constant_input(lab: Lab) -> Seen:
    bus = lab.bus()
    control, subject = lab.queue(), lab.queue()
    constant = json.dumps({"text": 'a <value> "b" \\ é', "list": [1, None]})
    lab.rule(bus, {"Arn": control.arn}, {"Arn": subject.arn, "Input": constant})
    marks = lab.markers("an event without an input", lambda mark: lab.send(bus, mark=mark), control)
    bodies = lab.wait("the constant input", subject.bodies)
    same = all(body == constant for body in bodies)
    return Seen("as it is" if same else "changed", {"sent": len(marks), "came": len(bodies)})


_DELIVERED: dict[str, Any] = {
    "calls": ("events:PutEvents",),
    "seconds": 60,
    "numbers": {"sent": "events that came without a transformer", "came": "events that came transformed"},
    "makes": {"bus": 1, "queue": 2},
}

EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment(
        id="topic-policy-conditions",
        claim="If a topic's policy lets events.amazonaws.com publish only on a condition, the topic "
        "gets nothing from a rule.",
        why="If the topic's policy has a condition, a watch's realtime message is lost without an error.",
        source=f"AWS's page says that EventBridge sends no condition keys to topics; newer examples have "
        f"them: {_POLICIES}",
        outcomes={
            "dropped": confirmed("Only the topic without a condition got messages."),
            "let through": refuted("A topic with a condition got messages, too."),
        },
        run=_topic_conditions,
        seconds=90,
        makes={"bus": 1, "topic": 3, "queue": 3},
        calls=("events:PutEvents",),
        numbers={
            "without": "events that came without a condition",
            "SourceAccount": "of these, with a condition on aws:SourceAccount",
            "SourceArn": "of these, with a condition on aws:SourceArn",
        },
    ),
    Experiment(
        id="topic-target-role",
        claim="PutTargets takes a RoleArn on a topic of the same account, but no message comes.",
        why="A role looks like the way to let EventBridge publish without a statement in the topic's policy.",
        source="AWS says that delivery may fail, not whether PutTargets refuses the role: "
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html",
        outcomes={
            "dropped": confirmed("PutTargets took the role, and no message came."),
            "refused": refuted("PutTargets answered ValidationException."),
            "delivered": refuted("PutTargets took the role, and messages came."),
        },
        run=_topic_role,
        seconds=60,
        makes={"bus": 2, "topic": 2, "queue": 3, "role": 1},
        calls=("events:PutEvents",),
        numbers={"without": "events that came without a role", "with": "of these, with a role"},
    ),
    Experiment(
        id="rule-complexity-wildcards",
        claim="PutRule takes two or three values of the form `*…*` on one field, and refuses four.",
        why="A realtime rule of many secrets must be split before AWS refuses it.",
        source='AWS documents only the words "Rule is too complex".',
        outcomes={
            "three": confirmed("PutRule took two or three values, and refused one more."),
            "other": refuted("PutRule took fewer or more values."),
        },
        run=_complexity,
        seconds=5,
        makes={"rule": 1},
        numbers={"taken": f"how many were taken, of at most {_MOST_WILDCARDS}"},
    ),
    Experiment(
        id="rule-complexity-prefixes",
        claim="PutRule takes fifteen values of the form `prefix` on one field.",
        why="The realtime rule uses them to name secrets by the ARN without its suffix.",
        source="Not documented.",
        outcomes={
            "taken": confirmed("PutRule took the rule."),
            "refused": refuted("PutRule refused the rule."),
        },
        run=_complexity_prefix,
        seconds=2,
        makes={"rule": 1},
    ),
    Experiment(
        id="third-bus",
        claim="If an event came from another bus, EventBridge does not send it on to a third bus.",
        why="A chain of buses to a security account loses every event at its second link.",
        source=f"AWS's page says so in one sentence: {_BUS_TO_BUS}",
        outcomes={
            "not forwarded": confirmed("Events came to the second bus, and none of them to the third."),
            "forwarded": refuted("Events came to the third bus."),
        },
        run=_third_bus,
        seconds=120,
        makes={"bus": 3, "queue": 2, "role": 1},
        calls=("events:PutEvents",),
        numbers={"second": "events that came to the second bus", "third": "of these, to the third"},
    ),
    Experiment(
        id="transformer-quotes-in-object",
        claim="If a template is an object and a value with a quotation mark goes into one of its "
        "strings, the event is not delivered: it would not be valid JSON.",
        why="If so, a caller could silence the realtime message with a quotation mark in the name "
        "of a role or a session.",
        source=f"AWS says that nothing is escaped, and not what happens to the event: {_TRANSFORM}",
        outcomes={
            "not delivered": confirmed("No such event came."),
            "broken": refuted("Such events came, and are not valid JSON."),
            "escaped": refuted("Such events came, and are JSON: the mark was escaped."),
        },
        run=_quotes_in_object,
        **_DELIVERED,
    ),
    Experiment(
        id="transformer-quotes-in-text",
        claim="If a template is one text in quotation marks and a value with a quotation mark goes "
        "into it, the event is not delivered, either: it would not be valid JSON.",
        why="A message could also have this form.",
        source=f"AWS says that nothing is escaped, and not what happens to the event: {_TRANSFORM}",
        outcomes={
            "not delivered": confirmed("No such event came."),
            "as it is": refuted("The event came with its quotation marks."),
            "escaped": refuted("The event came with something else in their place."),
        },
        run=_quotes_in_text,
        **_DELIVERED,
    ),
    Experiment(
        id="constant-input",
        claim="A constant `Input` is delivered unchanged, even if a part of it looks like a placeholder.",
        why="Messages for chat channels are sent in this way.",
        source="AWS does not say what happens to `<` and `>` in it.",
        outcomes={
            "as it is": confirmed("Every byte of it came unchanged."),
            "changed": refuted("It came changed."),
        },
        run=_constant_input,
        **_DELIVERED,
    ),
)
