"""A composite alarm's rule: text → which alarms it names → is it true, given their states.

`ALARM("name or ARN")`, `OK(...)`, `INSUFFICIENT_DATA(...)`, TRUE, FALSE, AND, OR, NOT and parentheses. NOT
binds before AND, AND before OR.

AWS does not say whether keywords may be in small letters: here they may not, but for true and false, which
its page writes so once.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from secretwatch.alarm.config import State

MAX_LENGTH = 10_240
_MAX_CHILDREN = 100
_MAX_ELEMENTS = 500
_TOKEN = re.compile(
    r"\s*(?:(?P<function>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:\"(?P<quoted>[^\"]+)\"|(?P<plain>[^\s\"()]+))\s*\)"
    r"|(?P<constant>TRUE|FALSE|true|false)\b|(?P<operator>AND|OR|NOT)\b|(?P<parenthesis>[()]))"
)
_BINDS = {"NOT": 3, "AND": 2, "OR": 1}


class InvalidAlarmRule(ValueError):
    """A rule that CloudWatch refuses, with a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Child:
    """One function of a rule: this alarm is in this state."""

    state: State
    alarm: str
    """Name or ARN, as the rule has it."""


Step = Child | bool | str
"""One step of a rule in postfix order: a function, a constant, or AND, OR, NOT."""


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """A rule that was read."""

    steps: tuple[Step, ...]

    @property
    def alarms(self) -> list[str]:
        """The names or ARNs in it, each once, in their order."""
        return list(dict.fromkeys(step.alarm for step in self.steps if isinstance(step, Child)))

    def holds(self, state_of: Callable[[str], str]) -> bool:
        """Whether the rule is true. state_of: the state of an alarm by the rule's name for it."""
        stack: list[bool] = []
        for step in self.steps:
            if isinstance(step, Child):
                stack.append(state_of(step.alarm) == step.state)
            elif isinstance(step, bool):
                stack.append(step)
            elif step == "NOT":
                stack.append(not stack.pop())
            else:
                right, left = stack.pop(), stack.pop()
                stack.append(left and right if step == "AND" else left or right)
        return stack.pop()

    @classmethod
    def parse(cls, text: str) -> AlarmRule:
        """InvalidAlarmRule where PutCompositeAlarm refuses the rule."""
        if text != text.strip() or not text:
            raise InvalidAlarmRule("AlarmRule must not contain leading or trailing whitespace or be null")
        output: list[Step] = []
        waiting: list[str] = []
        elements, position, wants_operand = 0, 0, True
        while position < len(text):
            found = _TOKEN.match(text, position)
            if not found:
                raise InvalidAlarmRule(
                    f"Error in AlarmRule at character {position + 1}: {text[position:][:40]}"
                )
            position = found.end()
            operator, parenthesis = found["operator"], found["parenthesis"]
            if found["function"] or found["constant"]:
                _expect(wants_operand, found)
                name = found["quoted"] or found["plain"]
                output.append(
                    Child(State(found["function"]), name)
                    if found["function"]
                    else found["constant"].upper() == "TRUE"
                )
                wants_operand, elements = False, elements + 1
            elif operator == "NOT" or parenthesis == "(":
                _expect(wants_operand, found)
                waiting.append(operator or "(")
                elements += parenthesis == "("
            elif operator:
                _expect(not wants_operand, found)
                _settle(waiting, output, _BINDS[operator])
                waiting.append(operator)
                wants_operand = True
            else:
                _expect(not wants_operand and "(" in waiting, found)
                _settle(waiting, output, 0)
                waiting.pop()
                elements += 1
        if wants_operand or "(" in waiting:
            raise InvalidAlarmRule("Error in AlarmRule: it ends too early")
        _settle(waiting, output, 0)
        rule = cls(tuple(output))
        if len(rule.alarms) > _MAX_CHILDREN:
            raise InvalidAlarmRule(
                f"An AlarmRule names at most {_MAX_CHILDREN} alarms, not {len(rule.alarms)}"
            )
        if elements > _MAX_ELEMENTS:
            raise InvalidAlarmRule(f"An AlarmRule has at most {_MAX_ELEMENTS} elements, not {elements}")
        return rule


def _expect(holds: bool, found: re.Match[str]) -> None:
    if not holds:
        raise InvalidAlarmRule(
            f"Error in AlarmRule at character {found.start() + 1}: {found.group().strip()}"
        )


def _settle(waiting: list[str], output: list[Step], binds: int) -> None:
    while waiting and waiting[-1] != "(" and _BINDS[waiting[-1]] >= binds:
        output.append(waiting.pop())
