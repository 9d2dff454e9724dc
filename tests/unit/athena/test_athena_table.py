"""Which fields a table holds, what of a pattern it can answer, and how long its queries get."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from local_trino import BEGIN, END, FEW, FILES, TABLE

from secretwatch.athena import (
    Unanswerable,
    Unusable,
    defined,
    from_catalogue,
    is_exact,
    queries,
    text,
    where,
)
from secretwatch.athena.fields import FIELDS, declared
from secretwatch.filterpattern import FilterPattern

NOW = datetime(2026, 1, 20, tzinfo=UTC)

# Names and types as a table has them that follows an older page of AWS's.
OLDER = {
    "eventversion": "string",
    "useridentity": "struct<type:string,principalid:string,arn:string,accountid:string,invokedby:string,"
    "accesskeyid:string,userName:string,sessioncontext:struct<attributes:struct<mfaauthenticated:string,"
    "creationdate:string>,sessionissuer:struct<type:string,principalId:string,arn:string,accountId:string,"
    "userName:string>>>",
    "eventtime": "string",
    "eventsource": "string",
    "eventname": "string",
    "eventid": "string",
    "requestparameters": "string",
    "responseelements": "map<string,string>",
    "resources": "array<struct<ARN:string,accountId:string,type:string>>",
    "readonly": "boolean",
    "errorcode": "varchar(100)",
    "somethingelse": "struct<a:int>",
    "odd": "no<type",
}


def parsed(pattern: str) -> FilterPattern:
    return FilterPattern.parse(f"{{ {pattern} }}")


def older(**parameters: str) -> object:
    return from_catalogue(
        "d", "t", OLDER, ["region", "dt"], parameters, now=NOW, location="s3://logs/AWSLogs/"
    )


def test_a_table_of_somebody_elses_holds_what_it_declares() -> None:
    held = {each.name: each for each in declared(OLDER)}
    assert set(held) == {
        *(
            "eventVersion",
            "userIdentity",
            "eventTime",
            "eventSource",
            "eventName",
            "requestParameters",
            "eventID",
        ),
        *("resources", "errorCode"),
    }
    assert [part.name for part in held["userIdentity"].parts][-2:] == ["userName", "sessionContext"]
    assert [part.name for part in held["resources"].parts] == ["ARN", "accountId", "type"]
    where(parsed('$.userIdentity.sessionContext.sessionIssuer.arn = "x"'), tuple(held.values()))


def test_its_own_definition_is_held_whole() -> None:
    types = {each.column: each.hive_type.sql("hive").lower() for each in FIELDS}
    assert declared(types) == FIELDS


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("$.userIdentity.onBehalfOf.userId = x", r"no field onbehalfof in a column's struct .* --print-sql"),
        ("$.readOnly IS TRUE", "no column readonly that can be read"),
        ("$.responseElements.a = x", "no column responseelements"),
        ("$.eventCategory = Data", "no column eventcategory"),
    ],
)
def test_a_column_that_is_not_declared_is_refused(pattern: str, words: str) -> None:
    with pytest.raises(Unanswerable, match=words):
        where(parsed(pattern), declared(OLDER))


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("$.eventname = x", "Did you mean eventName"),
        ("$.sourceIpAddress = x", "Did you mean sourceIPAddress"),
        ("$.userIdentity.sessioncontext.arn = x", "Did you mean sessionContext"),
        ("$.insightDetails.state = Start", "no column of a CloudTrail table holds insightDetails"),
        ("$.* = x", "Name the field"),
        ("$.userIdentity.* = x", "Name the field"),
        ("$.userIdentity.sessionContext.* = x", "Name the field"),
        ("$.resources[*].name = x", "holds name"),
        ("$.resources[0].* = x", "Name the field"),
        ("$.responseElements IS NULL", "cannot tell null from a field that is not there"),
        ("$.requestParameters NOT EXISTS", "cannot tell null"),
        ("$.apiVersion NOT EXISTS", "cannot tell null"),
        ("$.errorCode IS NULL", "cannot tell null"),
        ("$.eventName = x || $.foo = y", "holds foo"),
    ],
)
def test_what_a_table_cannot_tell_is_refused(pattern: str, words: str) -> None:
    with pytest.raises(Unanswerable, match=words):
        where(parsed(pattern))


@pytest.mark.parametrize("pattern", ["ERROR", "[a, b = 1]", "%x%", ""])
def test_the_text_of_an_event_is_not_kept(pattern: str) -> None:
    with pytest.raises(Unanswerable, match="does not keep the text"):
        where(FilterPattern.parse(pattern))


@pytest.mark.parametrize(
    ("pattern", "exact"),
    [
        ('$.eventName = "Get*"', True),
        ('$.eventName = "*Value" && $.errorCode NOT EXISTS && $.readOnly IS TRUE', True),
        ('$.eventName != "*a*b"', True),
        ('$.eventName != "*a*b*c"', False),
        ('$.requestParameters.secretId = "db"', True),
        ('$.requestParameters.secretId = "db" || $.requestParameters.secretIdList[*] = "db"', False),
        ("$.requestParameters.secretId NOT EXISTS", False),
    ],
)
def test_it_is_said_whether_the_sql_is_exact(pattern: str, exact: bool) -> None:
    assert is_exact(TABLE, [parsed(pattern)]) is exact


def test_a_table_without_events_is_refused() -> None:
    with pytest.raises(Unusable, match="no column eventname of type string"):
        from_catalogue("d", "t", {"eventtime": "string", "eventsource": "string"}, [], {}, now=NOW)


def test_how_a_table_is_parted_is_read_from_it() -> None:
    plain = older()
    assert (plain.day, plain.keys) == (None, {})
    assert plain.folders(BEGIN, END) == [("logs", "AWSLogs/", "", "")]
    projected = {
        "projection.enabled": "TRUE",
        "projection.region.type": "enum",
        "projection.region.values": "us-east-1, eu-west-1",
        "projection.dt.type": "date",
        "projection.dt.format": "yyyy/MM/dd",
        "projection.dt.range": "NOW-1YEARS,NOW",
        "storage.location.template": "s3://logs/AWSLogs/1/CloudTrail/${region}/${dt}/",
    }
    table = older(**projected)
    assert (table.day, table.keys) == ("dt", {"region": ("us-east-1", "eu-west-1")})
    assert table.since == (NOW - timedelta(days=365)).date()
    assert [prefix for _, prefix, _, _ in table.folders(BEGIN, END)] == [
        "AWSLogs/1/CloudTrail/us-east-1/",
        "AWSLogs/1/CloudTrail/eu-west-1/",
    ]
    with pytest.raises(Unusable, match="injected"):
        older(**projected | {"projection.region.type": "injected"})
    with pytest.raises(Unusable, match="which values its partition key region has"):
        older(**projected | {"projection.region.type": "integer"}).folders(BEGIN, END)


def test_an_organisations_files_lie_below_its_id() -> None:
    files = replace(FILES, organization="o-abcdefghij", prefix="/a/b/")
    assert files.location == "s3://logs/a/b/AWSLogs/o-abcdefghij/"


def test_times_are_utc_and_the_end_is_not_included() -> None:
    zone = timezone(timedelta(hours=-5))
    begin, end = datetime(2026, 1, 10, 23, 30, tzinfo=zone), datetime(2026, 1, 11, 1, 0, 0, 1, tzinfo=zone)
    (query,) = queries(FEW, [parsed("$.eventName = x")], begin, end)
    assert "\"eventtime\" >= '2026-01-11T04:30:00Z' AND \"eventtime\" < '2026-01-11T06:00:01Z'" in text(query)
    assert "\"day\" BETWEEN '2026/01/11' AND '2026/01/12'" in text(query)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 900), min_size=1, max_size=60))
def test_queries_are_as_long_as_athena_takes_and_none_is_left_out(lengths: list[int]) -> None:
    patterns = [parsed(f'$.eventName = "{number:03}{"é" * length}"') for number, length in enumerate(lengths)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("secretwatch.athena.query.LONGEST", 4_000)
        found = [text(each) for each in queries(FEW, patterns, BEGIN, END)]
    assert all(len(each.encode()) <= 4_000 for each in found)
    assert all(
        sum(f"'{number:03}{'é' * length}'" in each for each in found) == 1
        for number, length in enumerate(lengths)
    )
    # No more than it takes: two that follow each other are too long for one.
    assert all(len(a.encode()) + len(b.encode()) > 3_900 for a, b in pairwise(found))


def test_a_pattern_that_matches_nothing_asks_nothing() -> None:
    assert queries(FEW, [parsed("$.eventName = 12"), parsed("$.eventName.x = 1")], BEGIN, END) == ()


def test_a_pattern_that_may_match_anything_is_one_query_for_all() -> None:
    (query,) = queries(
        FEW, [parsed("$.requestParameters.a[0] NOT EXISTS"), parsed("$.eventName = x")], BEGIN, END
    )
    assert 'eventname" =' not in text(query)


def test_the_table_that_is_defined_is_the_one_that_is_asked() -> None:
    assert defined("default", "cloudtrail_logs", FILES) == TABLE
