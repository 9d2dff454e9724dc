"""Tests of alarms on CloudTrail, anybody's, on a local cloud: what the pytest fixture `secretwatch` gives.

    harness.py   one account of the local cloud: plan, apply, who calls, held delivery, time, the inbox
    folder.py    a copy of a root module, so that nothing is written beside it
    plans.py     what a plan would make: alarms, filters' patterns, policies
    stack.py     what was applied
    alarms.py    one alarm: has it rung, and if not, at which hop it stopped

Not here: pytest's own side (`secretwatch.pytest_plugin`), the local cloud's process (`secretwatch.local`),
why an alarm is silent (`secretwatch.pipeline.doctor`). The page for users is docs/testing.md.
"""

from secretwatch.testing.alarms import Alarm, Ringing
from secretwatch.testing.callers import Caller, NoSuchCaller
from secretwatch.testing.harness import Harness
from secretwatch.testing.inbox import Inbox, Mail
from secretwatch.testing.plans import NotPlanned, Pattern, Plan, PlannedAlarm
from secretwatch.testing.stack import Stack

__all__ = [
    "Alarm",
    "Caller",
    "Harness",
    "Inbox",
    "Mail",
    "NoSuchCaller",
    "NotPlanned",
    "Pattern",
    "Plan",
    "PlannedAlarm",
    "Ringing",
    "Stack",
]
