"""Words for what patterns and alarms look at: conditions, events, metrics. Pure."""

from __future__ import annotations

import json
import re

from secretwatch import secretid
from secretwatch.cloudtrail import Event
from secretwatch.filterpattern import Explanation
from secretwatch.pipeline.doctor.reads import EVENT_NAMES
from secretwatch.pipeline.doctor.view import Metric, View

# Conditions on who read and how it ended, not on what was read: left out on purpose, not by mistake.
_ON_PURPOSE = ("$.userIdentity.", "$.sourceIPAddress", "$.userAgent", "$.errorCode")


def what_rings(view: View) -> str:
    """A word for what the alarm is about."""
    return "read" if view.subject.is_about_secrets else "match"


def metric_named(metric: Metric) -> str:
    return f"{_shown(metric[0])} / {_shown(metric[1])}"


def _shown(name: str) -> str:
    """A name, in quotation marks where blanks would not be seen."""
    return name if name == name.strip() and "  " not in name else json.dumps(name, ensure_ascii=False)


def described(event: Event) -> str:
    who = (event.get("userIdentity") or {}).get("arn")
    is_read = event.get("eventName") in EVENT_NAMES
    asked = ", ".join(secretid.asked_for(event)) if is_read and event.get("requestParameters") else ""
    words = [str(event.get("eventName") or "an event")]
    if asked:
        words.append(f"of {asked}")
    if event.get("errorCode"):
        words.append(f"({event['errorCode']})")
    if who:
        words.append(f"by {who}")
    return " ".join(words)


def said(each: Explanation) -> str:
    condition = each.condition.strip()
    if each.saw is None:
        return f"{condition} is not in it" if not condition.startswith("-") else f"{condition[1:]} is in it"
    saw = ", ".join(json.dumps(value, ensure_ascii=False) for value in each.saw) or "nothing"
    return f"{condition} saw {saw}{_hint(condition, each.saw)}"


_EQUALS = re.compile(r"(!?=)\s*(.+?)\s*$", re.DOTALL)


def _hint(condition: str, saw: tuple[object, ...]) -> str:
    """The mistake behind a condition, where it is a usual one."""
    found = _EQUALS.search(condition)
    if not found or not saw:
        if not saw and "!=" in condition:
            return " (!= is false where the field is missing: add NOT EXISTS)"
        return ""
    value, text = found[2].strip('"'), saw[0]
    if isinstance(text, bool):
        return " (a boolean is no text: write IS TRUE or IS FALSE)"
    if isinstance(text, dict | list):
        return " (an object satisfies nothing: select a value in it)"
    if not isinstance(text, str) or found[1] != "=":
        return ""
    if text != value and text.lower() == value.lower():
        return " (upper and lower case differ)"
    if text.startswith("arn:") and value in secretid.names(text):
        return " (the caller sent the ARN, the pattern has the name)"
    if value.startswith("arn:") and text in secretid.names(value):
        return " (the caller sent the name, the pattern has the ARN)"
    if "*" in value and "%" not in found[2]:
        anywhere = ".*".join(re.escape(part) for part in value.split("*"))
        if re.fullmatch(anywhere, text, re.DOTALL):
            return " (what follows a * is taken at its first place; use a regular expression)"
        if re.fullmatch(anywhere, text, re.DOTALL | re.IGNORECASE):
            return " (upper and lower case differ)"
    return ""


def is_on_purpose(failing: list[Explanation]) -> bool:
    # A missing error with != is a usual mistake, and no purpose.
    return bool(failing) and all(
        each.condition.lstrip("( ").startswith(_ON_PURPOSE)
        and not (each.saw == () and "!=" in each.condition)
        for each in failing
    )
