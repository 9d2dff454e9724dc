"""Which of a topic's messages a chat channel shows.

Alarms of CloudWatch, and messages in the schema of custom notifications. AWS drops everything else without a
word. It also shows the events of some services as EventBridge sends them, with nothing changed: the module
sends none, and which ones are shown is not said for each, so here they are dropped.
https://docs.aws.amazon.com/chatbot/latest/adminguide/related-services.html
https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html

AWS does not say what becomes of a custom notification with a member of another type than documented: here it
is dropped. Members that are not documented are let through.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Shown:
    """title: the first line. text: what stands below it. thread_id: its thread's, or ""."""

    title: str
    text: str
    thread_id: str = ""


@dataclass(frozen=True)
class Dropped:
    """reason: a clause that follows a colon."""

    reason: str


def shown(text: str) -> Shown | Dropped:
    """What a channel shows of a message that was published to its topic; text: as it was published."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return Dropped("it is plain text, and no alarm or custom notification")
    if not isinstance(message, dict):
        return Dropped("it is JSON, and no alarm or custom notification")
    if message.get("source") == "custom":
        return _custom(message)
    if "AlarmName" in message:
        return _alarm(message)
    if "detail-type" in message:
        return Dropped("it is an event of EventBridge: of which services those are shown is not known here")
    return Dropped("it is JSON, and no alarm or custom notification")


_OF_AN_ALARM = ("AlarmName", "AlarmArn", "AWSAccountId", "NewStateReason", "NewStateValue", "StateChangeTime")
_STATES = ("ALARM", "INSUFFICIENT_DATA", "OK")


def _alarm(message: Mapping[str, Any]) -> Shown | Dropped:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html."""
    for name in _OF_AN_ALARM:
        if not isinstance(message.get(name), str):
            return Dropped(f"it has an AlarmName, and no {name} as CloudWatch writes it")
    if message["NewStateValue"] not in _STATES:
        return Dropped("it has an AlarmName, and no state of an alarm")
    if not isinstance(message.get("Trigger"), dict) and not isinstance(message.get("AlarmRule"), str):
        return Dropped("it has an AlarmName, and neither a Trigger nor an AlarmRule")
    lines = [
        f"{message['NewStateValue']} since {message['StateChangeTime']}",
        message["NewStateReason"],
        *([message["AlarmDescription"]] if isinstance(message.get("AlarmDescription"), str) else []),
        message["AlarmArn"],
    ]
    title = f"CloudWatch Alarm | {message['AlarmName']} | {message.get('Region')} | {message['AWSAccountId']}"
    return Shown(title, "\n".join(lines))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _maps_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool)


_Check = tuple[Callable[[Any], bool], str]
_TEXT: _Check = (_is_text, "a text")
_TEXTS: _Check = (_are_texts, "a list of texts")
_CONTENT: Mapping[str, _Check] = {
    "description": _TEXT,
    "keywords": _TEXTS,
    "nextSteps": _TEXTS,
    "textType": (lambda value: value == "client-markdown", "client-markdown"),
    "title": _TEXT,
}
_METADATA: Mapping[str, _Check] = {
    "additionalContext": (_maps_texts, "an object of texts"),
    "enableCustomActions": (_is_truth, "true or false"),
    "eventType": _TEXT,
    "relatedResources": _TEXTS,
    "summary": _TEXT,
    "threadId": _TEXT,
}


def _custom(message: Mapping[str, Any]) -> Shown | Dropped:
    if message.get("version") != "1.0":
        return Dropped('it is a custom notification whose version is not "1.0"')
    if "id" in message and not _is_text(message["id"]):
        return Dropped("it is a custom notification whose id is not a text")
    for name, checks in (("content", _CONTENT), ("metadata", _METADATA)):
        part = message.get(name, {})
        if not isinstance(part, dict):
            return Dropped(f"it is a custom notification whose {name} is not an object")
        for member, (is_right, what) in checks.items():
            if member in part and not is_right(part[member]):
                return Dropped(f"it is a custom notification whose {name}.{member} is not {what}")
    content, metadata = message.get("content", {}), message.get("metadata", {})
    if not content.get("description"):
        return Dropped("it is a custom notification without a content.description")
    steps = [f"- {step}" for step in content.get("nextSteps", [])]
    text = "\n".join([content["description"], *(["Next steps:", *steps] if steps else [])])
    return Shown(content.get("title", ""), text, metadata.get("threadId", ""))
