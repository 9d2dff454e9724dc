"""Events are found in whatever wraps them, however the bytes arrive; what is broken is told."""

from __future__ import annotations

import base64
import gzip
import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from deep import deep
from hypothesis import given, settings
from hypothesis import strategies as st

from secretwatch.cloudtrail.reader import Broken, Message, read

READ = {
    "eventVersion": "1.08",
    "eventSource": "secretsmanager.amazonaws.com",
    "eventName": "GetSecretValue",
    "requestParameters": {"secretId": 'prod/db "}],{[ \\ \u2028 ü'},
}
LIST = {"eventVersion": "1.08", "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets", "n": [1, {}]}


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def pieces(data: bytes, size: int = 1 << 20) -> list[Message | Broken]:
    return list(read(data[at : at + size] for at in range(0, len(data), size)))


def events(data: bytes, size: int = 1 << 20) -> list[Any]:
    found = pieces(data, size)
    assert all(isinstance(each, Message) for each in found), found
    assert [each.number for each in found] == list(range(1, len(found) + 1))
    return [json.loads(each.text) for each in found]


# Each takes events, or what already wraps them, and gives one JSON value that holds all of it.
WRAPPINGS: dict[str, Callable[[list[Any]], Any]] = {
    "log file": lambda inside: {"Records": inside},
    "array": lambda inside: inside,
    "array of texts": lambda inside: [compact(each) for each in inside],
    "lookup-events": lambda inside: {
        "Events": [
            {"EventId": "1", "Username": "ada", "CloudTrailEvent": compact(each), "Resources": []}
            for each in inside
        ],
        "NextToken": "abc",
    },
    "filter-log-events": lambda inside: {
        "events": [
            {
                "logStreamName": "s",
                "timestamp": 1,
                "message": compact(each),
                "ingestionTime": 2,
                "eventId": "3",
            }
            for each in inside
        ],
        "searchedLogStreams": [],
    },
    "get-log-events": lambda inside: {
        "events": [{"timestamp": 1, "message": compact(each), "ingestionTime": 2} for each in inside],
        "nextForwardToken": "f/1",
        "nextBackwardToken": "b/1",
    },
    "subscription": lambda inside: {
        "messageType": "DATA_MESSAGE",
        "owner": "111122223333",
        "subscriptionFilters": ["all"],
        "logEvents": [{"id": "1", "timestamp": 1, "message": compact(each)} for each in inside],
    },
    "Lambda": lambda inside: {
        "awslogs": {"data": base64.b64encode(gzip.compress(compact(inside).encode())).decode()}
    },
    "Logs Insights": lambda inside: {
        "results": [
            [{"field": "@timestamp", "value": "1"}, {"field": "@message", "value": compact(each)}]
            for each in inside
        ],
        "status": "Complete",
    },
    "CloudTrail Lake": lambda inside: {
        "QueryStatus": "FINISHED",
        "QueryResultRows": [[{"eventJson": compact(each)}] for each in inside],
    },
    "EventBridge": lambda inside: [
        {"version": "0", "detail-type": "AWS API Call via CloudTrail", "detail": each}
        if isinstance(each, dict)
        else each
        for each in inside
    ],
    "SNS": lambda inside: [
        {"Type": "Notification", "MessageId": "1", "Message": compact(each)} for each in inside
    ],
    "SQS": lambda inside: {
        "Messages": [{"MessageId": "1", "ReceiptHandle": "r", "Body": compact(each)} for each in inside]
    },
    "SQS, what --query leaves": lambda inside: [{"MessageId": "1", "Body": compact(each)} for each in inside],
    "Lambda on SQS": lambda inside: {
        "Records": [
            {"messageId": "1", "receiptHandle": "r", "body": compact(each), "eventSource": "aws:sqs"}
            for each in inside
        ]
    },
    "Splunk": lambda inside: [{"preview": False, "result": {"_raw": compact(each)}} for each in inside],
    "Elastic": lambda inside: {
        "took": 1,
        "hits": {"total": 2, "hits": [{"_source": {"event": {"original": compact(e)}}} for e in inside]},
    },
}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_events_are_found_in_every_wrapping(wrapping: str, indent: int | None) -> None:
    data = json.dumps(WRAPPINGS[wrapping]([LIST, READ]), indent=indent).encode()
    assert events(data) == [LIST, READ]


@given(
    layers=st.lists(st.sampled_from(sorted(WRAPPINGS)), max_size=3),
    indent=st.sampled_from([None, 1, 4]),
    zipped=st.booleans(),
    coding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    size=st.sampled_from([1, 13, 100, 400, 1 << 20]),
    copies=st.integers(1, 2),
)
@settings(max_examples=60)
def test_wrappings_nest_and_bytes_may_arrive_in_any_pieces(
    layers: list[str], indent: int | None, zipped: bool, coding: str, size: int, copies: int
) -> None:
    value: list[Any] = [LIST, READ]
    for layer in layers:
        wrapped = WRAPPINGS[layer](value)
        value = wrapped if isinstance(wrapped, list) else [wrapped]
    text = "\n".join(json.dumps(each, indent=indent, ensure_ascii=False) for each in value * copies)
    data = text.encode(coding)
    assert events(gzip.compress(data) if zipped else data, size) == [LIST, READ] * copies


LOG_LINES = "\n".join(f"2026-07-10T12:00:0{n}.000Z {compact(e)}" for n, e in enumerate([LIST, READ]))


@pytest.mark.parametrize(
    "text",
    [
        compact(LIST) + "\n" + compact(READ),
        "\n" + compact(LIST) + "\r\n\r\n" + compact(READ) + "\r\n",
        compact(LIST) + compact(READ),
        json.dumps(LIST, indent=4) + "\n" + json.dumps(READ, indent="\t"),
        LOG_LINES,
        LOG_LINES.replace("Z ", "+00:00 111122223333_CloudTrail_us-east-1 "),
        json.dumps(compact(LIST)) + "\n" + json.dumps(compact(READ)),
    ],
    ids=["lines", "Windows", "one after another", "pretty", "exported group", "logs tail", "texts"],
)
def test_values_may_follow_each_other(text: str) -> None:
    assert events(text.encode()) == [LIST, READ]


def test_gzip_may_have_several_members() -> None:
    data = gzip.compress(compact(LIST).encode() + b"\n") + gzip.compress(compact(READ).encode())
    assert events(data) == [LIST, READ]


@pytest.mark.parametrize("size", [1, 50, 1 << 20])
def test_plain_lines_are_messages(size: int) -> None:
    lines = ["[INFO] up", "ERROR: {not json", "[a] [b]", "12", "true story", '"quoted" word', "x"]
    assert pieces("\n".join(lines).encode(), size) == [Message(n, line) for n, line in enumerate(lines, 1)]


def test_an_application_s_own_json_stays_as_it_is() -> None:
    lines = ['{"message": "{}", "level": "info"}', '{"events": 3}', '{"a" : 1.50}', '{"detail": {"a": 1}}']
    assert [each.text for each in pieces("\n".join(lines).encode())] == lines  # type: ignore[union-attr]


# What is broken


@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("size", [7, 1 << 20])
def test_a_broken_record_costs_no_other(at: int, indent: int | None, size: int) -> None:
    texts = [json.dumps(event, indent=indent) for event in (LIST, READ, LIST)]
    texts[at] = texts[at].replace('"eventName":', '"eventName" oops')
    found = pieces(f'{{"Records": [{", ".join(texts)}], "more": {{"a": [1]}}}}'.encode(), size)
    (broken,) = [each for each in found if isinstance(each, Broken)]
    assert broken.after == at
    assert broken.why.startswith("it is not JSON: {")
    good = [json.loads(each.text) for each in found if isinstance(each, Message)]
    assert good == [event for n, event in enumerate((LIST, READ, LIST)) if n != at]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_broken_value_among_others_costs_no_other(indent: int | None) -> None:
    texts = [json.dumps(event, indent=indent) for event in (LIST, READ, LIST)]
    texts[1] = texts[1].replace('"eventName":', '"eventName"')
    found = pieces("\n".join(texts).encode())
    assert [type(each) for each in found] == [Message, Broken, Message]
    assert (found[1].text is None) == (indent is not None)  # type: ignore[union-attr]


@given(cut=st.integers(0, 2000), zipped=st.booleans(), size=st.integers(1, 3000), pretty=st.booleans())
def test_of_a_cut_file_every_whole_event_is_read(cut: int, zipped: bool, size: int, pretty: bool) -> None:
    records = [LIST | {"eventID": str(n)} for n in range(8)]
    data = json.dumps({"Records": records}, indent=2 if pretty else None).encode()
    whole = sum(
        data[: cut if not zipped else len(data)].count(f'"eventID": "{n}"'.encode()) for n in range(8)
    )
    if zipped:
        packed = gzip.compress(data)
        found = pieces(packed[: len(packed) - 1 - cut % 30], size)
    else:
        found = pieces(data[:cut], size)
    good = [json.loads(each.text)["eventID"] for each in found if isinstance(each, Message)]
    assert good == [str(n) for n in range(len(good))]
    if zipped:
        assert isinstance(found[-1], Broken)
    else:
        assert whole - 1 <= len(good) <= whole
        # Where nothing but the last brace is missing, every event is whole, and nothing is said to be lost.
        if cut != len(data) - 1:
            assert (0 < cut < len(data)) == any(isinstance(each, Broken) for each in found)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"digestS3Object": "k", "logFiles": []}, "digest file"),
        ({"s3Bucket": "b", "s3ObjectKey": ["k"]}, "trail's notification"),
        ({"results": [[{"field": "eventName", "value": "x"}]]}, "no @message"),
        ({"QueryResultRows": [[{"eventName": "x"}]]}, "select eventJson"),
        ({"awslogs": {"data": "!!"}}, "not gzip"),
        ({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {}}]}, "S3's"),
    ],
    ids=["digest", "notification", "insights", "lake", "awslogs", "s3"],
)
def test_what_holds_no_events_says_so(value: Any, why: str) -> None:
    (found,) = pieces(json.dumps(value).encode())
    assert isinstance(found, Broken)
    assert why in found.why


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes_are_read_without_an_error_however_they_arrive(data: bytes, size: int) -> None:
    assert pieces(data, size) == pieces(data)


JSONISH = st.text(alphabet='{}[]",: \n\\aE1tsRecordv', max_size=60)


@given(JSONISH, st.integers(1, 20))
@deep(300)
def test_any_text_like_json_is_read_without_an_error(text: str, size: int) -> None:
    pieces(text.encode(), size)


def test_an_elastic_document_that_is_the_event() -> None:
    assert events(json.dumps({"_index": "trail", "_source": READ}).encode()) == [READ]


@pytest.mark.parametrize("begins", [b"PK\x03\x04", b"PAR1", b"BZh9", b"\xfd7zXZ\x00", b"(\xb5/\xfd"])
def test_what_is_packed_otherwise_says_so(begins: bytes) -> None:
    (found,) = pieces(begins + b"\x00\xff{}\n" * 50)
    assert isinstance(found, Broken)
    assert found.after == 0


def test_a_number_of_thousands_of_digits_is_a_broken_piece() -> None:
    found = pieces(b'{"n": ' + b"9" * 5000 + b"}\n" + compact(READ).encode())
    assert [type(each) for each in found] == [Broken, Message]


def test_deep_nesting_is_a_broken_piece() -> None:
    deep = '{"a":' * 100_000 + "1" + "}" * 100_000
    found = pieces((deep + "\n" + compact(READ)).encode())
    assert [type(each) for each in found] == [Broken, Message]


@pytest.mark.parametrize("end", [b"", b"\nplain\n"])
def test_a_line_without_end_is_left_behind_and_not_held_in_memory(end: bytes) -> None:
    mebibyte = b"x" * (1 << 20)
    tracemalloc.start()
    found = list(read([mebibyte] * 60 + [end]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found[0] == Broken(0, "a line is longer than anything AWS writes")
    assert found[1:] == ([Message(1, "plain")] if end else [])
    assert peak < 40 << 20
