"""Event patterns in SQL: never too narrow, beside the rule itself; and the engine of a backtest, whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fake_athena import Clock, FakeAthena
from hypothesis import given, settings
from hypothesis import strategies as st
from local_trino import ACCOUNT, BEGIN, END, TABLE, TIME, Trino

from secretwatch.athena import Unanswerable, event, queries, text, where
from secretwatch.backtest.hit import Unusable
from secretwatch.backtest.matcher import Matcher
from secretwatch.backtest.subject import Filter, Rule, Subject, Watch
from secretwatch.eventpattern import EventPattern
from secretwatch.pipeline.athena.ask import Athena, Place
from secretwatch.pipeline.backtest.athena import Reading, question_of
from secretwatch.pipeline.backtest.store import BUCKET, Store
from secretwatch.pipeline.pace import Threads

NAMES = ["GetSecretValue", "BatchGetSecretValue", "Get", "x", "1.2.3.4"]
VALUES = st.sampled_from([*NAMES, "%", "_", "'"])
CONDITIONS = st.one_of(
    VALUES,
    VALUES.map(lambda value: {"prefix": value[:3] or "x"}),
    st.sampled_from(
        [{"exists": False}, {"exists": True}, {"suffix": "Value"}, {"wildcard": "*Secret*"}, None, True]
    ),
    VALUES.map(lambda value: {"anything-but": [value]}),
    VALUES.map(lambda value: {"equals-ignore-case": value.upper()}),
)
LISTS = st.lists(CONDITIONS, min_size=1, max_size=3)
DETAILS = st.fixed_dictionaries(
    {},
    optional={
        "eventName": LISTS,
        "errorCode": LISTS,
        "sourceIPAddress": LISTS,
        "readOnly": st.lists(st.booleans(), min_size=1, max_size=2),
        "requestParameters": st.fixed_dictionaries({"secretId": LISTS}),
        "userIdentity": st.fixed_dictionaries({"arn": LISTS}),
    },
).filter(bool)
PATTERNS = st.fixed_dictionaries(
    {},
    optional={
        "source": st.lists(st.sampled_from(["aws.secretsmanager", "aws.s3", "x"]), min_size=1, max_size=2),
        "detail": st.one_of(
            DETAILS, st.lists(DETAILS, min_size=2, max_size=2).map(lambda each: {"$or": each})
        ),
    },
).filter(bool)
EVENTS = st.fixed_dictionaries(
    {
        "eventTime": st.just(TIME),
        "eventSource": st.sampled_from(
            ["secretsmanager.amazonaws.com", "s3.amazonaws.com", "secretsmanager", "s3x.y"]
        ),
        "eventType": st.just("AwsApiCall"),
        "awsRegion": st.just("us-east-1"),
        "recipientAccountId": st.just(ACCOUNT),
        "readOnly": st.booleans(),
        "managementEvent": st.just(True),
        "requestParameters": st.one_of(st.none(), st.fixed_dictionaries({}, optional={"secretId": VALUES})),
        "responseElements": st.none(),
    },
    optional={
        "eventName": VALUES,
        "errorCode": VALUES,
        "sourceIPAddress": st.sampled_from(["1.2.3.4", "::ffff:1.2.3.4", "01.2.3.4"]),
        "userIdentity": st.fixed_dictionaries({}, optional={"arn": VALUES}),
    },
)


def subjects(pattern: str, region: str | None = None) -> tuple[Subject, ...]:
    rule = Rule("r", pattern, "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", region=region)
    return (Subject("s", (Watch("w", rules=(rule,)),)),)


def decides(matcher: Matcher, event: dict[str, Any]) -> bool:
    """Also of an event that matches and then cannot be counted, as it has no name."""
    try:
        return matcher.hit(event, 0) is not None
    except Unusable:
        return True


@settings(max_examples=60, deadline=None)
@given(PATTERNS, st.lists(EVENTS, min_size=12, max_size=12))
def rules_agree(trino: Trino, pattern: dict[str, Any], events: list[dict[str, Any]]) -> None:
    written = json.dumps(pattern)
    events = [{**each, "eventID": str(number)} for number, each in enumerate(events)]
    matcher = Matcher(subjects(written))
    wanted = {each["eventID"] for each in events if decides(matcher, each)}
    trino.fill(events)
    found = [
        event(TABLE.fields, row)
        for query in queries(TABLE, [EventPattern.parse(written)], BEGIN, END)
        for row in trino.run(text(query))
    ]
    assert wanted <= {each["eventID"] for each in found}, "the query lost an event"
    assert {each["eventID"] for each in found if decides(matcher, each)} == wanted


@pytest.mark.later
def test_rules_agree() -> None:
    rules_agree(Trino())


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ({"foo": ["x"]}, "does not hold foo"),
        ({"userIdentity": {"foo": ["x"]}}, "does not hold foo"),
        ({"responseElements": [None]}, "cannot tell null"),
        ({"responseElements": [{"exists": False}]}, "cannot tell null"),
    ],
)
def test_what_a_table_cannot_tell_a_rule_is_refused(detail: dict[str, Any], words: str) -> None:
    with pytest.raises(Unanswerable, match=words):
        where(EventPattern.parse({"detail": detail}))


def test_a_table_without_what_rules_look_at_is_refused() -> None:
    few = tuple(each for each in TABLE.fields if each.name != "managementEvent")
    with pytest.raises(Unanswerable, match="no column managementevent"):
        where(EventPattern.parse({"source": ["aws.s3"]}), few)


def read(number: int, minute: int, name: str = "GetSecretValue", **more: Any) -> dict[str, Any]:
    return {
        "eventID": f"event-{number}",
        "eventTime": f"2026-01-15T12:{minute:02}:00Z",
        "eventSource": "secretsmanager.amazonaws.com",
        "eventName": name,
        "eventType": "AwsApiCall",
        "awsRegion": "us-east-1",
        "recipientAccountId": ACCOUNT,
        "readOnly": True,
        "managementEvent": True,
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::1:user/ada", "userName": "ada"},
        "requestParameters": {"secretId": "db"},
        "responseElements": None,
        **more,
    }


def test_a_backtest_from_athena_is_that_of_the_events_themselves() -> None:
    rule = Rule(
        "r",
        json.dumps({"source": ["aws.secretsmanager"], "detail": {"eventName": [{"prefix": "Batch"}]}}),
        "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
    )
    watch = Watch(
        "w",
        (
            Filter(
                "f", '{ $.eventName = "*GetSecretValue" && $.requestParameters.secretId = "db" }', "n", "m"
            ),
        ),
        rules=(rule,),
    )
    tested = (Subject("s", (watch,)),)
    events = [
        read(1, 0),
        read(2, 1, "BatchGetSecretValue"),
        read(3, 2, requestParameters={"secretId": "x"}),
        read(1, 0),
    ]
    cloud = FakeAthena(Trino())
    cloud.trino.fill(events)
    folder = (
        f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/01/15/{ACCOUNT}_CloudTrail_us-east-1_20260115T1205Z_"
    )
    cloud.objects = {f"{folder}{'A' * 16}.json.gz": 100, f"{folder}{'B' * 16}.json.gz": 200}
    clients = {service: cloud.client(service) for service in ("athena", "s3")}
    athena = Athena(
        clients.__getitem__, Place("default", "cloudtrail_logs"), clock=Clock(), threads=Threads()
    )
    reading = Reading(athena, question_of(tested, TABLE, BEGIN, END))
    assert reading.check(None).files == 2
    store = Store()
    tally = reading.fill(store, tested, None)
    matcher = Matcher(tested)
    arrival = 1_768_478_700  # 12:05, as the file's name says
    wanted = {hit.event_id: hit for each in events if (hit := matcher.hit(each, arrival))}
    assert {row["event_id"]: (row["time"], row["arrival"], row["reader"]) for row in store.hits([0, 1])} == {
        id: (hit.time, hit.arrival, hit.reader) for id, hit in wanted.items()
    }
    assert (tally.files, tally.size, tally.unnamed, tally.offered) == (2, 300, 0, 3)
    assert tally.arrivals == {arrival // BUCKET: 2}
    assert (tally.first, tally.last) == ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")
    store.close()


def test_what_counts_other_events_is_refused() -> None:
    def tested(**more: Any) -> tuple[Subject, ...]:
        return (Subject("s", (Watch("w", (Filter("f", "{ $.eventName = x }", "n", "m", **more),)),)),)

    with pytest.raises(Unanswerable, match="default value"):
        question_of(tested(default_value=0.0), TABLE, BEGIN, END)
    with pytest.raises(Unanswerable, match="holds foo"):
        question_of(tested(value="$.foo"), TABLE, BEGIN, END)
    question_of(tested(value="$.requestParameters.n"), TABLE, BEGIN, END)
