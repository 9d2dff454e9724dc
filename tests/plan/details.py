"""modules/details by itself, planned once; and a small world around its state machine, in memory."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .machines import Failed, Machine, iso

NAME, KEY = "a23456789-b23456789-c23456789-d2", "k2345678901234567890"
TOPIC, GIVEN = "arn:aws:sns:us-gov-west-1:000000000000:own", "arn:aws:sns:us-gov-west-1:111111111111:given"
ALARM_KEY = "arn:aws:kms:us-gov-west-1:000000000000:key/1"
GROUP = "arn:aws:logs:us-gov-west-1:000000000000:log-group:logs"
PATTERNS = ["{ $.a = 1 }", "{ $.b = 2 }"]
MOST_PATTERNS = [f"{{ $.a = {number} }}".ljust(1024) for number in range(75)]

# Of each instance its alarm's seconds and its patterns.
CASES: dict[str, tuple[int, list[str]]] = {
    "60": (60, PATTERNS),
    "300": (300, PATTERNS),
    "3600": (3600, PATTERNS),
    "86400": (86400, PATTERNS),
    "one": (300, PATTERNS[:1]),
    "most": (300, MOST_PATTERNS),
    "chat": (3600, PATTERNS),
}

ROOT = f"""
module "details" {{
  source   = "../modules/details"
  for_each = {{ for key, case in jsondecode(<<-JSON
    {json.dumps({key: {"seconds": each[0], "patterns": each[1]} for key, each in CASES.items()})}
  JSON
  ) : key => case }}

  account = {{
    dns_suffix = "amazonaws.com"
    id         = "000000000000"
    partition  = "aws"
    region     = "us-gov-west-1"
  }}
  alarm            = {{ name = "{NAME}-{KEY}", seconds = each.value.seconds }}
  alarmed          = true
  chat_topic_arns  = each.key == "chat" ? ["{TOPIC}"] : []
  console_domain   = "console.aws.amazon.com"
  filter_patterns  = each.value.patterns
  given_topic_arns = ["{GIVEN}"]
  key              = "{KEY}"
  kms_key_arns     = ["{ALARM_KEY}"]
  log_group        = {{ arn = "{GROUP}", name = "logs" }}
  name             = "{NAME}"
  path             = "watches.{KEY}."
  tags             = {{}}
  topic_arns       = ["{TOPIC}", "{GIVEN}"]
}}

output "none" {{
  value = null
}}
"""


class Definition(dict[str, Any]):
    """Long, which no report of a failed test needs to be."""

    def __repr__(self) -> str:
        return "the definition"


def definition_of(made: dict[str, Any]) -> Definition:
    return Definition(json.loads(made["aws_sfn_state_machine.this"]["definition"]))


def states_of(scope: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in scope["States"].items():
        yield name, state
        for inner in [*state.get("Branches", ()), *filter(None, [state.get("ItemProcessor")])]:
            yield from states_of(inner)


def templates(value: Any) -> Iterator[str]:
    """Texts of fields that end in .$"""
    if isinstance(value, dict):
        for name, each in value.items():
            if name.endswith(".$"):
                yield each
            else:
                yield from templates(each)
    elif isinstance(value, list):
        for each in value:
            yield from templates(each)


T0 = datetime(2026, 1, 17, 17, 4, 40, tzinfo=UTC).timestamp()


@dataclass(frozen=True)
class Logged:
    """An event in the log group: when it came there (seconds), its id, what tells its group from others."""

    at: float
    id: str
    agent: str = "aws-cli/2"
    pattern: int = 0
    more: tuple[tuple[str, Any], ...] = ()

    def message(self) -> str:
        event = {
            # That of the call, in each copy.
            "eventTime": iso(T0 - 600 + uuid.UUID(self.id).int % 500)[:19] + "Z",
            "eventID": self.id,
            "eventName": "GetSecretValue",
            "awsRegion": "us-gov-west-1",
            "recipientAccountId": "000000000000",
            "requestParameters": {"secretId": "db"},
            "sourceIPAddress": "203.0.113.7",
            "userAgent": self.agent,
            "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::000000000000:user/mallory"},
        }
        return json.dumps({**event, **dict(self.more)})


def logged(number: int, at: float = T0 - 100, **more: Any) -> list[Logged]:
    return [Logged(at, str(uuid.UUID(int=each)), **more) for each in range(number)]


@dataclass
class World:
    """log: what comes. changes: of the alarm's state, times and states, the oldest first.

    lag: seconds until what has come can be found. failing: by task, errors that its next calls end with.
    """

    definition: dict[str, Any]
    log: list[Logged]
    changes: list[tuple[float, str]]
    patterns: list[str] = field(default_factory=lambda: PATTERNS[:1])
    lag: float = 0.0
    failing: dict[str, list[str]] = field(default_factory=dict)
    sent: list[dict[str, Any]] = field(default_factory=list)
    machines: list[Machine] = field(default_factory=list)

    def run(self) -> list[dict[str, Any]]:
        """An execution for each change into or out of ALARM; what the first topic got, in order."""
        before = (T0 - 86_400, "OK")
        for change in self.changes:
            if "ALARM" in (change[1], before[1]):
                self.execute(change, before)
            before = change
        self.sent.sort(key=lambda each: float(each["at"]))
        return [each for each in self.sent if each["TopicArn"] == TOPIC]

    def execute(self, change: tuple[float, str], before: tuple[float, str]) -> Machine:
        machine = Machine(self.definition, {}, now=change[0] + 0.3)
        machine.tasks = {
            "aws-sdk:cloudwatchlogs:filterLogEvents": lambda given: self._search(machine, given),
            "aws-sdk:cloudwatch:describeAlarmHistory": lambda given: self._history(machine, given),
            "sns:publish": lambda given: self._publish(machine, given, change[0]),
        }
        self.machines.append(machine)
        event = {
            "time": iso(change[0])[:19] + "Z",
            "detail": {
                "alarmName": f"{NAME}-{KEY}",
                "state": {"value": change[1], "timestamp": _stamp(change[0]), "reason": "Threshold Crossed"},
                "previousState": {"value": before[1], "timestamp": _stamp(before[0])},
            },
        }
        machine.run(event)
        return machine

    def _fail(self, task: str) -> None:
        if errors := self.failing.get(task):
            error = errors[0] if errors[0].endswith("!") else errors.pop(0)
            raise Failed(error.removesuffix("!"), "as asked")

    def _search(self, machine: Machine, given: dict[str, Any]) -> dict[str, Any]:
        self._fail("search")
        assert given["StartTime"] <= given["EndTime"], given
        number = self.patterns.index(given["FilterPattern"])
        found = [
            each
            for each in sorted(self.log, key=lambda each: each.at)
            if each.pattern == number
            and given["StartTime"] <= round(each.at * 1000) <= given["EndTime"]
            and each.at + self.lag <= machine.now
        ]
        start = int(given.get("NextToken", 0))
        page = found[start : start + given["Limit"]]
        answer: dict[str, Any] = {"Events": [{"Message": each.message()} for each in page]}
        if start + len(page) < len(found):
            answer["NextToken"] = str(start + len(page))
        return answer

    def _history(self, machine: Machine, given: dict[str, Any]) -> dict[str, Any]:
        self._fail("history")
        assert (given["HistoryItemType"], given["ScanBy"]) == ("StateUpdate", "TimestampAscending")
        since = datetime.fromisoformat(given["StartDate"]).timestamp()
        states = ["OK", *(state for _, state in self.changes)]
        # Nobody says that it minds fractions of a second.
        found = [
            {
                "Timestamp": iso(at).replace(".000Z", "Z"),
                "HistorySummary": f"Alarm updated from {old} to {new}",
            }
            for (at, new), old in zip(self.changes, states, strict=False)
            if int(since) <= at <= machine.now
        ]
        return {"AlarmHistoryItems": found[: given["MaxRecords"]]}

    def _publish(self, machine: Machine, given: dict[str, Any], alarm: float) -> dict[str, Any]:
        self._fail("publish")
        assert len(given["Message"].encode()) < 262_144
        # A post has none.
        assert given.get("Subject", "").isascii()
        assert len(given.get("Subject", "")) <= 100
        self.sent.append({**given, "at": machine.now, "of": alarm})
        return {"MessageId": "1"}


def _stamp(seconds: float) -> str:
    return iso(seconds).replace("Z", "+0000")


def told(message: dict[str, Any]) -> list[str]:
    """Ids of the events that a message links to."""
    return re.findall(r"#/events/([0-9a-f-]{36})", message["Message"])


def in_all(message: dict[str, Any]) -> int:
    return int(re.findall(r"In all: (\d+) calls", message["Message"])[0])
