"""What an event pattern of EventBridge means, asked of TestEventPattern."""

from __future__ import annotations

import json

from secretwatch.verify.experiments.asked import REFUSED, Answer, Asked
from secretwatch.verify.lab import Lab, refusal
from secretwatch.verify.model import Experiment

_PAGE = (
    "Not said by AWS's page: "
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html"
)


def _one(field: str) -> str:
    return f'{{"detail": {field}}}'


ROWS = (
    Asked(
        "event-pattern-values-are-or",
        "Two `anything-but` side by side on one field leave nobody out.",
        "Exceptions of a watch have to stand in one list.",
        (
            (_one('{"a": [{"anything-but": "x"}, {"anything-but": "y"}]}'), '{"a": "x"}', True),
            (_one('{"a": [{"anything-but": ["x", "y"]}]}'), '{"a": "x"}', False),
            (_one('{"a": [{"anything-but": ["x", "y"]}]}'), '{"a": "z"}', True),
        ),
        "Documented for values in general; seen, not documented, for `anything-but`.",
    ),
    Asked(
        "event-pattern-unequal-missing",
        "`anything-but` does not match where the field is missing.",
        "As with filter patterns, an exception needs a second condition for events without the field.",
        (
            (_one('{"a": [{"anything-but": "x"}]}'), '{"b": "x"}', False),
            (_one('{"a": [{"exists": false}]}'), '{"b": "x"}', True),
            (_one('{"a": [{"exists": true}]}'), '{"a": {"b": 1}}', False),
            (_one('{"a": [null]}'), '{"b": 1}', False),
        ),
        _PAGE,
    ),
    Asked(
        "event-pattern-star-is-also-nothing",
        "`*` of a wildcard also stands for an empty text, and later places are tried, too.",
        "The realtime rule of a watch has a `*` in front of a secret's ARN.",
        (
            (_one('{"a": [{"wildcard": "*ab"}]}'), '{"a": "ab"}', True),
            (_one('{"a": [{"wildcard": "*ab"}]}'), '{"a": "abab"}', True),
            (_one('{"a": [{"wildcard": "a*b*"}]}'), '{"a": "ab"}', True),
        ),
        _PAGE,
    ),
    Asked(
        "event-pattern-list",
        "A list in an event matches if any of its elements matches, also for `anything-but`.",
        "So an event that names several secrets matches a rule that names one of them.",
        (
            (_one('{"a": ["x"]}'), '{"a": ["y", "x"]}', True),
            (_one('{"a": [{"anything-but": "x"}]}'), '{"a": ["x", "y"]}', True),
            (_one('{"a": [{"anything-but": "x"}]}'), '{"a": ["x"]}', False),
        ),
        _PAGE,
    ),
    Asked(
        "event-pattern-numbers-and-text",
        "A number does not match a text of digits, and a text of digits does not match a number.",
        "CloudTrail writes account numbers as text.",
        (
            (_one('{"a": [12]}'), '{"a": "12"}', False),
            (_one('{"a": ["12"]}'), '{"a": 12}', False),
            (_one('{"a": [12]}'), '{"a": 12}', True),
            (_one('{"a": [true]}'), '{"a": "true"}', False),
        ),
        _PAGE,
    ),
)


def ask(lab: Lab, pattern: str, detail: str) -> Answer:
    """Whether TestEventPattern says that the pattern matches an event with this detail."""
    event = {
        "id": "1",
        "account": "123456789012",
        "source": "verify",
        "time": "2026-01-01T00:00:00Z",
        "region": lab.cloud.region,
        "resources": [],
        "detail-type": "verify",
        "detail": json.loads(detail),
    }
    matched: list[bool] = []

    def call() -> None:
        answer = lab.client("events").test_event_pattern(EventPattern=pattern, Event=json.dumps(event))
        matched.append(bool(answer["Result"]))

    refused = refusal(call, ("InvalidEventPatternException",))
    return REFUSED if refused else matched[0]


EXPERIMENTS: tuple[Experiment, ...] = tuple(row.experiment("events:TestEventPattern", ask) for row in ROWS)
