"""CloudTrail events out of what AWS and common tools wrap them in: one decoded JSON value in, messages out.

A wrapping is recognised by the members that only it has, so that an application's own JSON stays what it
is. Wrappings nest: an SQS message may hold an SNS notification that holds an EventBridge event.

| wrapping | recognised by | where it comes from |
| --- | --- | --- |
| log file | ``Records`` | a trail's files in S3 |
| event history | ``Events``, ``CloudTrailEvent`` (text) | ``aws cloudtrail lookup-events`` |
| log events | ``events`` or ``logEvents``, ``message`` (text) | ``aws logs filter-log-events`` |
| Logs Insights | ``results`` of ``@message`` fields | ``aws logs get-query-results`` |
| CloudTrail Lake | ``QueryResultRows`` with ``eventJson`` | ``aws cloudtrail get-query-results`` |
| EventBridge | ``detail-type`` and ``detail`` | rules' targets, archives |
| SNS | ``Type`` Notification, ``Message`` (text) | https and SQS subscriptions |
| SQS | ``Messages``, ``Body`` or ``body`` (text) | ``aws sqs receive-message``, Lambda's test events |
| Lambda | ``awslogs.data`` (base64 of gzip) | a function subscribed to a log group |
| Splunk, Elastic | ``_raw``; ``event.original`` | their exports |

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# Members that hold a list of things of their own: of a file that holds one, the things come one by one.
LISTS = ("Records", "Events", "events", "logEvents", "Messages")

_DEEPEST = 20


@dataclass(frozen=True)
class Unreadable:
    """A piece that holds no event that can be read; ``why`` is a clause: "it is a digest file, …"."""

    why: str


def messages(value: Any, raw: str | None = None) -> Iterator[str | Unreadable]:
    """The messages in a decoded JSON value, each as the text that a log group would hold.

    ``raw`` is the text that the value was decoded from, where that is one line: it stays as it is if the
    value is wrapped in nothing.
    """
    yield from _unwrap(value, raw, 0)


def _unwrap(value: Any, raw: str | None, depth: int) -> Iterator[str | Unreadable]:
    if depth > _DEEPEST:
        yield Unreadable("it is wrapped in itself more often than anything AWS sends")
    elif isinstance(value, Mapping):
        for recognised, inside in _WRAPPINGS:
            if recognised(value):
                yield from inside(value, depth + 1)
                return
        yield raw if raw is not None else compact(value)
    elif isinstance(value, list):
        for element in value:
            yield from _unwrap(element, None, depth + 1)
    elif isinstance(value, str):
        yield from _text(value, depth)
    else:
        yield raw if raw is not None else compact(value)


def compact(value: Any) -> str:
    """A value on one line, as CloudTrail writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _text(text: str, depth: int) -> Iterator[str | Unreadable]:
    """A text that may be JSON itself, or JSON of such a text."""
    stripped = text.strip()
    if stripped[:1] in ("{", "[", '"'):
        try:
            value = json.loads(stripped)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, str) and value.lstrip()[:1] in ("{", "[", '"'):
            yield from _text(value, depth + 1)
            return
        if isinstance(value, Mapping | list):
            yield from _unwrap(value, None if "\n" in stripped else stripped, depth + 1)
            return
    yield text


def _each(value: Mapping[str, Any], depth: int) -> Iterator[str | Unreadable]:
    for name in LISTS:
        if isinstance(value.get(name), list):
            for element in value[name]:
                yield from _unwrap(element, None, depth)


def _insights(value: Mapping[str, Any], depth: int) -> Iterator[str | Unreadable]:
    for row in value["results"]:
        found = [cell["value"] for cell in row if cell.get("field") == "@message" and "value" in cell]
        if found:
            yield from _text(found[0], depth)
        else:
            yield Unreadable("a row of Logs Insights has no @message: add it to the query's fields")


def _lake(value: Mapping[str, Any], depth: int) -> Iterator[str | Unreadable]:
    for row in value["QueryResultRows"]:
        found = [text for cell in row for name, text in cell.items() if name.lower() == "eventjson"]
        if found:
            yield from _text(found[0], depth)
        else:
            yield Unreadable("a row of CloudTrail Lake holds columns, not the event: select eventJson")


def _awslogs(value: Mapping[str, Any], depth: int) -> Iterator[str | Unreadable]:
    try:
        text = zlib.decompress(base64.b64decode(value["awslogs"]["data"]), 31).decode()
    except (binascii.Error, zlib.error, ValueError):
        yield Unreadable("its awslogs.data is not gzip in base64")
        return
    yield from _text(text, depth)


def _inside(*path: str) -> Callable[[Mapping[str, Any], int], Iterator[str | Unreadable]]:
    def inside(value: Any, depth: int) -> Iterator[str | Unreadable]:
        for name in path:
            value = value[name]
        yield from _unwrap(value, None, depth)

    return inside


def _no_events(why: str) -> Callable[[Mapping[str, Any], int], Iterator[str | Unreadable]]:
    def inside(_value: Mapping[str, Any], _depth: int) -> Iterator[str | Unreadable]:
        yield Unreadable(why)

    return inside


def _nothing(_value: Mapping[str, Any], _depth: int) -> Iterator[str | Unreadable]:
    return iter(())


def _is_log_event(value: Mapping[str, Any]) -> bool:
    """An application's own ``message`` has other company."""
    others = value.keys() - {"message"}
    return (
        isinstance(value.get("message"), str)
        and bool(others)
        and others <= {"timestamp", "ingestionTime", "eventId", "id", "logStreamName", "extractedFields"}
        and "timestamp" in others
    )


def _has_list(value: Mapping[str, Any]) -> bool:
    return any(isinstance(value.get(name), list) for name in LISTS) and "eventSource" not in value


def _is_insights(value: Mapping[str, Any]) -> bool:
    rows = value.get("results")
    return isinstance(rows, list) and all(
        isinstance(row, list) and all(isinstance(cell, Mapping) and "field" in cell for cell in row)
        for row in rows
    )


def _is_lake(value: Mapping[str, Any]) -> bool:
    rows = value.get("QueryResultRows")
    return isinstance(rows, list) and all(
        isinstance(row, list) and all(isinstance(cell, Mapping) for cell in row) for row in rows
    )


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


_SQS = frozenset({"MD5OfBody", "MessageId", "ReceiptHandle", "md5OfBody", "messageId", "receiptHandle"})

_WRAPPINGS: tuple[
    tuple[
        Callable[[Mapping[str, Any]], bool],
        Callable[[Mapping[str, Any], int], Iterator[str | Unreadable]],
    ],
    ...,
] = (
    (lambda v: v.get("messageType") == "CONTROL_MESSAGE" and "logEvents" in v, _nothing),
    (_has_list, _each),
    (
        lambda v: "digestS3Object" in v,
        _no_events("it is a digest file, which signs log files and holds no events"),
    ),
    (
        lambda v: "s3ObjectKey" in v and "s3Bucket" in v,
        _no_events("it is a trail's notification, which says where log files are and holds no events"),
    ),
    (lambda v: isinstance(v.get("CloudTrailEvent"), str), _inside("CloudTrailEvent")),
    (lambda v: "detail-type" in v and isinstance(v.get("detail"), Mapping), _inside("detail")),
    (
        lambda v: v.get("Type") == "Notification" and isinstance(v.get("Message"), str),
        _inside("Message"),
    ),
    (lambda v: isinstance(v.get("Body"), str) and not _SQS.isdisjoint(v), _inside("Body")),
    (lambda v: isinstance(v.get("body"), str) and not _SQS.isdisjoint(v), _inside("body")),
    (
        lambda v: v.get("eventSource") == "aws:s3" and "s3" in v,
        _no_events("it is S3's notification, which says where files are and holds no events"),
    ),
    (
        lambda v: v.get("EventSource") == "aws:sns" and isinstance(v.get("Sns"), Mapping),
        _inside("Sns", "Message"),
    ),
    (lambda v: isinstance(_at(v, "awslogs", "data"), str), _awslogs),
    (_is_insights, _insights),
    (_is_lake, _lake),
    (_is_log_event, _inside("message")),
    (lambda v: isinstance(v.get("_raw"), str), _inside("_raw")),
    (lambda v: isinstance(_at(v, "result", "_raw"), str), _inside("result", "_raw")),
    (lambda v: isinstance(_at(v, "hits", "hits"), list), _inside("hits", "hits")),
    (
        lambda v: isinstance(_at(v, "_source", "event", "original"), str),
        _inside("_source", "event", "original"),
    ),
    (lambda v: isinstance(_at(v, "event", "original"), str), _inside("event", "original")),
    (lambda v: isinstance(_at(v, "_source", "eventName"), str), _inside("_source")),
)
