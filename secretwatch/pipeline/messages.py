"""A message on a topic: which channel sent it, and what it says about a read.

Three channels may share a topic, so that the text alone tells them apart:

    alarm     JSON of CloudWatch's, with AlarmName
    trail     JSON of CloudTrail's, with s3Bucket and s3ObjectKey: a log file arrived
    realtime  JSON of the EventBridge rule, whose first name begins with SECRET READ, or SECRET USE of other
              calls; for a chat channel a custom notification whose title begins so; in earlier releases lines
              of text that begin so

What a caller wrote is in it as a part of that JSON: it is shown, and decides nothing here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from secretwatch import secretid

Channel = Literal["alarm", "trail", "realtime", "other"]
Named = Literal["secret", "reader", "address", "time"]
NAMED: tuple[Named, ...] = ("secret", "reader", "address", "time")

_OPENING = re.compile(r"SECRET (?:READ|USED?)(?: REFUSED)?")
# EventBridge keeps the quotes of a template of several lines, or makes one JSON string of them.
_REALTIME = re.compile(r'[\s"]*(SECRET (?:READ|USE)[^"\\\n]*)')
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}")
# What a secret's or a person's name may consist of: a name inside a longer one is another name.
_WORD = r"[A-Za-z0-9/_+=.@-]"
# A full stop ends a sentence as well as it stands in a name.
_END = r"(?!\.?[A-Za-z0-9/_+=@-])"


def channel_of(text: str) -> Channel:
    """Which channel sent it."""
    message = first_object(text)
    if _opening(message) or _title(message) or _REALTIME.match(text):
        return "realtime"
    found = parsed(text)
    if "AlarmName" in found:
        return "alarm"
    return "trail" if "s3ObjectKey" in found else "other"


def headline(text: str) -> str:
    """What a realtime message says first, in one printable line; empty of others."""
    message = first_object(text)
    if opening := _opening(message):
        return _printable(f"{opening}: {', '.join(_about(message[opening]))}".removesuffix(": "))
    if title := _title(message):
        return _printable(title)
    found = _REALTIME.match(text)
    return _printable(found[1].strip()) if found else ""


def watch_of(text: str) -> str | None:
    """Which watch a realtime message is of, as `KEY of NAME`; None where it does not say."""
    message = first_object(text)
    if _title(message):
        for name in ("metadata", "additionalContext"):
            inner = message.get(name)
            message = inner if isinstance(inner, dict) else {}
    found = message.get("Watch")
    return found if isinstance(found, str) else None


def first_object(text: str) -> dict[str, Any]:
    """The JSON object that the text begins with: an e-mail has AWS's words below it."""
    try:
        found, _ = json.JSONDecoder().raw_decode(text.lstrip())
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _opening(message: Mapping[str, Any]) -> str:
    first = next(iter(message), "")
    return first if _OPENING.fullmatch(first) else ""


def _title(message: Mapping[str, Any]) -> str:
    """The title of a custom notification of a rule's; empty of others."""
    content = message.get("content")
    title = content.get("title") if message.get("source") == "custom" and isinstance(content, dict) else None
    return title if isinstance(title, str) and _OPENING.match(title) else ""


def _about(value: Any) -> list[str]:
    """Of a refused call its error code; of others the ids among their parameters."""
    if not isinstance(value, dict):
        return [str(value)]
    ids = value.get("secretIdList") or [value.get("secretId") or ""]
    return [str(each) for each in (ids if isinstance(ids, list) else [ids])]


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else "\ufffd" for each in text)


def parsed(text: str) -> dict[str, Any]:
    """The JSON object that the text is; empty where it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class ReadFacts:
    """What there is to say about a read: any of the texts names it. Empty: it is not known.

    also: other names that it may have. others: secrets that are watched too. A message that has their names
    as well does not say which was read.
    """

    secret: str
    others: frozenset[str] = frozenset()
    reader: tuple[str, ...] = ()
    address: str = ""
    time: str = ""
    also: tuple[str, ...] = ()

    @classmethod
    def of_event(cls, event: Mapping[str, Any], secret: str, watched: Iterable[str]) -> ReadFacts:
        """The facts of a CloudTrail event; secret and watched: names or ARNs."""
        name, *also = secretid.names(secret)
        who = event.get("userIdentity") or {}
        # Not the principalId: root's is the account's id, which every alarm has.
        reader = [who.get("arn"), who.get("userName")]
        return cls(
            secret=name,
            # A prefix is said beside the others as it was written; "*" says nothing.
            others=frozenset(secretid.name(each) for each in watched if each != "*") - {name, *also},
            reader=tuple(str(each) for each in reader if each),
            address=str(event.get("sourceIPAddress") or ""),
            time=str(event.get("eventTime") or ""),
            also=tuple(also),
        )

    def named_in(self, text: str) -> frozenset[Named]:
        """Which of them the text says."""
        found: set[Named] = set()
        if any(_says_secret(text, each) for each in (self.secret, *self.also)) and not any(
            _says_secret(text, each) for each in self.others
        ):
            found.add("secret")
        if any(_says(text, each) for each in self.reader):
            found.add("reader")
        if self.address and _says(text, self.address):
            found.add("address")
        if self.time and self.time in text:
            found.add("time")
        return frozenset(found)


def _says(text: str, word: str) -> bool:
    return re.search(rf"(?<!{_WORD}){re.escape(word)}{_END}", text) is not None


def _says_secret(text: str, name: str) -> bool:
    """By its name, or by its ARN."""
    in_arn = rf":secret:{re.escape(name)}{_SUFFIX.pattern}{_END}"
    return _says(text, name) or re.search(in_arn, text) is not None
