"""A file without the literals holds no match; skipping it never changes an answer."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from typing import Any
from unittest.mock import Mock, patch

import pytest
from deep import deep
from history import PATTERN, other, read, subject
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.backtest.literals import ESCAPES, needles, required
from secretwatch.backtest.matcher import Matcher
from secretwatch.backtest.subject import Rule
from secretwatch.eventpattern import EventPattern
from secretwatch.filterpattern import FilterPattern
from secretwatch.filterpattern.examples import examples
from secretwatch.pipeline.backtest import decode
from secretwatch.pipeline.backtest.decode import Decoder

PATTERNS = [
    PATTERN,
    '{ $.eventName = "GetSecretValue" && $.errorCode = "AccessDenied*" }',
    '{ ($.eventName = "Delete*" || $.eventName = "PutSecretValue") && $.userAgent = "aws-cli/2" }',
    "{ $.requestParameters.secretId = %^db-[A-Za-z0-9]{6}$% }",
    '{ $.requestParameters.secretIdList[*] = "*:secret:db*" || $.requestParameters.omitted IS TRUE }',
    '{ $.userIdentity.accountId = "111122223333" && $.eventName = "Get*Value" }',
    '{ $.eventName = "Café*" || $.userAgent = "aws-cli*" }',
    '"GetSecretValue" "AccessDenied"',
    "?GetSecretValue ?DeleteSecret",
    '"readOnly\\":true" -ListBuckets',
    '?":null" ?"eventName\\":\\"PutSecret"',
    '"\\"eventName\\": "',
    "%u0047et|[sS]ecret[A-Z]%",
    "[before, ..., after = *secretId*]",
]
RULES = [
    '{"source": ["aws.secretsmanager"], "detail": {"eventName": ["GetSecretValue"]}}',
    '{"detail": {"$or": [{"eventName": [{"prefix": "Delete"}]}, {"errorCode": [{"exists": true}]}]}}',
    '{"detail-type": ["AWS API Call via CloudTrail"], '
    '"detail": {"requestParameters": {"secretId": [{"suffix": "/db"}]}}}',
]


@pytest.mark.parametrize(
    ("patterns", "wanted"),
    [
        ([PATTERN], ["GetSecretValue"]),
        (PATTERNS[1:2], ["GetSecretValue"]),
        (PATTERNS[:2], ["GetSecretValue"]),
        ([PATTERNS[5]], ["Value"]),
        # Of a number nobody knows how it is written.
        (['{ $.bytes = "1000000000" }'], ["bytes"]),
        (['{ $.a = "10" && $.requestParameters.secretId = "x" }'], ["secretId"]),
        (["{ $.errorCode NOT EXISTS }"], None),
        (['{ $.eventName = "GetSecretValue" || $.errorCode NOT EXISTS }'], None),
        (['{ $.eventName != "GetSecretValue" }'], None),
        (["-GetSecretValue"], None),
        (["%GetSecretValue%"], None),
        (["[a, b, c = GetSecretValue]"], None),
        ([""], None),
        # What a writer may escape ends a literal.
        (['{ $.requestParameters.path = "abcd/efgh-ijk<lmnop" }'], ["efgh-ijk"]),
    ],
)
def test_what_is_needed(patterns: list[str], wanted: list[str] | None) -> None:
    found = needles([FilterPattern.parse(each) for each in patterns])
    assert found == (None if wanted is None else tuple(each.encode() for each in wanted))


def test_of_rules() -> None:
    assert needles([EventPattern.parse(RULES[0])]) == (b"GetSecretValue",)
    assert set(needles([EventPattern.parse(RULES[1])]) or ()) == {b"Delete", b"errorCode"}
    assert needles([EventPattern.parse('{"detail": {"errorCode": [{"exists": false}]}}')]) is None
    assert needles([EventPattern.parse('{"account": ["111122223333"]}')]) is None


def test_too_many_are_none() -> None:
    many = [FilterPattern.parse(f'{{ $.eventName = "Name{n}Of{n}Call" }}') for n in range(100)]
    assert needles(many[:50]) is not None
    assert needles(many) is None


@pytest.mark.parametrize("text", PATTERNS)
def test_an_example_of_a_pattern_has_each_of_its_clauses(text: str) -> None:
    pattern = FilterPattern.parse(text)
    for event in examples(pattern):
        written = json.dumps(event)
        assert all(any(each in written for each in clause) for clause in required(pattern))


# Files


def escaped(text: str, wanted: set[str]) -> str:
    """JSON with some characters written as \\u0041 is."""
    return "".join(f"\\u{ord(each):04x}" if each in wanted else each for each in text)


TEXTS = st.sampled_from(
    ["GetSecretValue", "BatchGetSecretValue", "DeleteSecret", "PutSecretValue", "ListBuckets", "Café1", "x"]
)
EVENTS = st.fixed_dictionaries(
    {
        "eventID": st.uuids().map(str),
        "eventTime": st.sampled_from(["2026-03-01T10:00:00Z", "2026-03-01T10:00:01Z", "never", 7, None]),
        "eventSource": st.sampled_from(["secretsmanager.amazonaws.com", "s3.amazonaws.com", "aws:s3", 5]),
        "eventName": st.one_of(TEXTS, st.none()),
    },
    optional={
        "readOnly": st.sampled_from([True, False, None, 1, "true"]),
        "errorCode": st.sampled_from(["AccessDenied", "AccessDeniedException", "", 3]),
        "requestParameters": st.one_of(
            st.none(),
            st.just("text"),
            st.fixed_dictionaries({"secretId": st.sampled_from(["db", "prod/db", "db-Ab3dE9", 9, True])}),
            st.just({"secretIdList": ["arn:aws:x:secret:db-1", 4, {"a": "b"}]}),
            st.just({"omitted": True}),
        ),
        "userAgent": st.sampled_from(["aws-cli/2", "\x1b[31m", "Ünï", "\ud83d\ude00"]),
        "userIdentity": st.sampled_from(
            [{"accountId": "111122223333"}, {"accountId": 111122223333}, None, []]
        ),
        "awsRegion": st.sampled_from(["eu-central-1", 3]),
        "managementEvent": st.booleans(),
        "eventType": st.sampled_from(["AwsApiCall", "AwsServiceEvent", 0, []]),
        "messages": st.just({"Records": [{"eventName": "GetSecretValue"}]}),
    },
)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    events = draw(st.lists(EVENTS, max_size=5))
    style = draw(
        st.sampled_from(
            ["Records", "Records", "Records", "spaced", "lines", "pretty", "event", "sns", "pages"]
        )
    )
    ascii_ = draw(st.booleans())
    one = [json.dumps(each, ensure_ascii=ascii_, separators=(",", ":")) for each in events]
    if style == "lines":
        text = "\n".join(one)
    elif style == "pretty":
        text = json.dumps({"Records": events}, indent=2, ensure_ascii=ascii_)
    elif style == "spaced":
        text = json.dumps({"Records": events}, ensure_ascii=ascii_)
    elif style == "event":
        text = json.dumps([{"detail-type": "x", "detail": each} for each in events])
    elif style == "sns":
        text = json.dumps({"Records": [{"messageId": "m", "body": each} for each in one]})
    elif style == "pages":
        text = "".join(json.dumps({"Events": [{"CloudTrailEvent": each}]}) for each in one)
    else:
        text = f'{{"Records":[{",".join(one)}]}}'
    if draw(st.booleans()):
        text = escaped(text, draw(st.sets(st.sampled_from("GSVDaeid.4"), max_size=2)))
    data = text.encode("utf-8", "surrogatepass")
    damage = draw(st.sampled_from(["", "", "", "cut", "byte", "garbage"]))
    place = draw(st.integers(0, max(len(data) - 1, 0)))
    if damage == "cut":
        data = data[:place]
    elif damage == "byte" and data:
        data = data[:place] + draw(st.sampled_from([b"\xff", b"}", b"\x00", b'"'])) + data[place + 1 :]
    elif damage == "garbage":
        data += draw(st.sampled_from([b"\n", b"x", b'{"a":1}', b"\x00"]))
    packed = draw(st.sampled_from(["no", "gzip", "gzip", "members", "many", "cut", "size"]))
    if packed == "gzip":
        return gzip.compress(data)
    if packed == "size":
        # Which a file ends with, and which may be no such thing.
        return gzip.compress(data)[:-4] + draw(st.sampled_from([bytes(4), b"\x01\0\0\0", b"\xff" * 4]))
    if packed == "members":
        return gzip.compress(data[:place]) + gzip.compress(data[place:])
    if packed == "many":
        # Shorter than a literal.
        steps = range(place, len(data), draw(st.integers(1, 40)))
        ends = [*steps[1:], len(data)]
        return gzip.compress(data[:place]) + b"".join(
            gzip.compress(data[begin:end]) for begin, end in zip(steps, ends, strict=False)
        )
    return gzip.compress(data)[:-9] if packed == "cut" else data


def slow(decoder: Decoder, data: bytes, arrival: int | None) -> Any:
    """As the one reader has it, whatever the file is."""
    return decoder.read_stream([data], len(data), arrival)


@deep(300)
@given(
    data=files(),
    pattern=st.sampled_from(PATTERNS),
    rule=st.sampled_from([None, *RULES]),
    arrival=st.sampled_from([None, 1_772_359_500]),
    largest=st.sampled_from([decode.LARGEST, decode.LARGEST, 600]),
    piece=st.sampled_from([256 << 10, 1, 100]),
)
def test_skipping_and_quick_decoding_change_no_answer(
    data: bytes, pattern: str, rule: str | None, arrival: int | None, largest: int, piece: int
) -> None:
    rules = [Rule("r", rule, state="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")] if rule else []
    matcher = Matcher((subject(pattern, rules=rules),))
    plain = slow(Decoder(matcher), data, arrival)
    for decoder in (Decoder(matcher), Decoder(matcher, skip=False), Decoder(matcher, every=True)):
        with patch.multiple(decode, LARGEST=largest, _PIECE=piece):
            found = decoder.read(data, arrival)
        assert found.hits == plain.hits
        if not found.skipped:
            assert (found.events, found.pieces, found.others) == (plain.events, plain.pieces, plain.others)


def of_names(*names: str, **how: Any) -> bytes:
    events = [read(str(number), "2026-03-01T10:00:00Z", eventName=name) for number, name in enumerate(names)]
    return json.dumps({"Records": events}, **how).encode()


@pytest.mark.parametrize("how", [{}, {"indent": 2}, {"separators": (",", ":")}])
@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ('"readOnly\\":true"', ["0", "1"]),
        ('"\\"eventName\\":\\"Get"', ["0"]),
        ('"eventName\\": "', []),
        ("GetSecretValue", ["0"]),
    ],
)
@pytest.mark.parametrize(
    "packed", [bytes, gzip.compress, lambda data: b"".join(map(gzip.compress, cut(data)))]
)
@pytest.mark.parametrize("spelled", ["GetSecretValue", "\\u0047etSecretValue"])
def test_what_a_pattern_of_terms_sees_hangs_on_no_way_of_writing(
    how: Any, pattern: str, wanted: list[str], packed: Any, spelled: str
) -> None:
    text = of_names("GetSecretValue", "Other", **how).replace(b"GetSecretValue", spelled.encode())
    for decoder in (Decoder(Matcher((subject(pattern),)), skip=skip) for skip in (True, False)):
        data = packed(text)
        # Also where the file is too large to be had at once.
        large = decoder.read_stream((data[at : at + 50] for at in range(0, len(data), 50)), len(data), 0)
        for found in (decoder.read(data, 0), slow(decoder, data, 0), large):
            assert [each.event_id for each in found.hits] == wanted


def cut(data: bytes) -> list[bytes]:
    return [data[:60], *(data[at : at + 5] for at in range(60, len(data), 5))]


def test_a_spaced_file_costs_what_its_events_do() -> None:
    decoder = Decoder(Matcher((subject(),)), every=True)
    texts = [of_names("a", "Other", **how) for how in ({}, {"indent": 2}, {"separators": (",", ":")})]
    (one,) = {
        sum(n for (_, of), n in decoder.read(text, 0).sources.items() if of == "bytes") for text in texts
    }
    assert one == len(texts[2]) - len('{"Records":[,]}')


@pytest.mark.parametrize("member", ["eventID", "eventTime"])
@pytest.mark.parametrize("value", [None, 7, "", ...])
def test_a_match_that_cannot_be_counted_is_damage(member: str, value: Any) -> None:
    event = read("a", "2026-03-01T10:00:00Z") | {member: value}
    if value is ...:
        del event[member]
    for every in (True, False):
        decoder = Decoder(Matcher((subject(),)), every=every)
        data = json.dumps({"Records": [event, read("b", "2026-03-01T10:00:00Z")]}).encode()
        for found in (decoder.read(data, 0), slow(decoder, data, 0)):
            assert [each.event_id for each in found.hits] == ["b"]
            assert (found.events, found.pieces) == (2, 1)
            assert "event 1: it matches, but has no eventID" in found.broken[0]


def test_a_file_that_lacks_the_literal_is_not_decoded_and_one_that_has_it_is() -> None:
    decoder = Decoder(Matcher((subject(),)))
    without = gzip.compress(json.dumps({"Records": [other("a", "2026-03-01T10:00:00Z")]}).encode())
    assert decoder.read(without, 0).skipped
    having = gzip.compress(json.dumps({"Records": [read("b", "2026-03-01T10:00:00Z")]}).encode())
    found = decoder.read(having, 0)
    assert not found.skipped
    assert [each.event_id for each in found.hits] == ["b"]


@pytest.mark.parametrize("members", [1, 2, 50])
def test_what_is_too_large_once_decompressed_is_never_there_at_once(members: int) -> None:
    """Its size at its end may be a lie, and is that of its last member alone."""
    size = 24 << 20
    bomb = gzip.compress(bytes(size // members)) * members + gzip.compress(b"{}")
    decoder = Decoder(Matcher((subject(),)))
    reader = Mock(return_value=iter(()))
    tracemalloc.start()
    try:
        with patch.multiple(decode, LARGEST=size // 8, read=reader):
            decoder.read(bomb, 0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert reader.called  # which reads piece by piece
    assert peak < size // 2


def test_escapes_cover_every_character_of_a_literal() -> None:
    for char in "ABCXYZabcxyz0123456789_.:-":
        code = f"\\u{ord(char):04x}".encode()
        assert any(code.startswith(each) for each in ESCAPES), char
        assert any(code.replace(b"a", b"A").startswith(each) for each in ESCAPES), char
