"""What Athena makes of a CloudTrail table, and of the functions that patterns become (docs/athena.md).

Both run queries over next to nothing. The log file of the second is written here, so that no trail is needed.
The local cloud has no Athena; the tests run both on an emulated one.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from secretwatch.verify.kinds import tags
from secretwatch.verify.lab import Lab, Stopped
from secretwatch.verify.model import Experiment, Seen, confirmed, refuted

if TYPE_CHECKING:
    from secretwatch.pipeline.athena.ask import Athena

_PAGE = "https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-partition-projection.html"
_TABLE = "cloudtrail_logs"
_BEGIN, _END = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 1, 16, tzinfo=UTC)
_QUERY_CALLS = (
    *("athena:GetQueryExecution", "athena:GetQueryResults", "athena:StartQueryExecution"),
    *("athena:StopQueryExecution", "s3:GetBucketLocation", "s3:GetObject", "s3:PutObject"),
)

PATTERNS = (
    '$.eventName = "x*"',
    '$.eventName = "*111.111.111"',
    '$.eventName != "*111.111.111"',
    '$.eventName = "x*y*x"',
    '$.eventName = "*%*"',
    '$.eventName = "a_b#c"',
    "$.eventName = %^.$%",
    r"$.eventName != %^\d+$%",
    r"$.eventName = %^\W+$%",
    "$.eventName = %y$%",
    r"$.eventName = %[^\x00-\x7f]%",
    "$.eventName NOT EXISTS",
    '$.requestParameters.a = "x"',
    '$.requestParameters.a != "x"',
    '$.requestParameters.a = "1000.0"',
    "$.requestParameters.a = 1000",
    "$.requestParameters.a > 999.5",
    "$.requestParameters.a IS NULL",
    "$.requestParameters.a IS TRUE",
    "$.requestParameters.a NOT EXISTS",
    '$.requestParameters.a[0] = "x"',
    "$.requestParameters.a[0] NOT EXISTS",
    '$.requestParameters.a[*] = "x-y"',
    '$.requestParameters.x-y = "x"',
    '$.requestParameters.a.b = "é"',
)
"""What stands in the braces of a pattern."""

NAMES = (
    *(
        "x",
        "xy",
        "xyx",
        "xyyx",
        "111.111.111",
        "111.111.111.111",
        "a%b",
        "a_b#c",
        "axb#c",
        "12",
        "٣",
        "é",
        "y\n",
    ),
    *("\n", "", "'", "\\", "  x  ", "😀", None),
)
PARAMETERS = (
    *(
        '{"a": "x"}',
        '{"a": "x-y"}',
        '{"a": 1e3}',
        '{"a": 1000}',
        '{"a": "1000"}',
        '{"a": true}',
        '{"a": "true"}',
    ),
    *(
        '{"a": null}',
        '{"a": []}',
        '{"a": ["x"]}',
        '{"a": ["x-y", 12]}',
        '{"a": {"0": "x"}}',
        '{"a": {"b": "é"}}',
    ),
    *('{"a": {"b": "\\u00e9"}}', '{"x-y": "x"}', "{}", '{"a": 12345678901234567890}', "no JSON", None),
)

EVENTS: tuple[dict[str, Any], ...] = (
    {
        "eventName": "Whole",
        "readOnly": True,
        "managementEvent": False,
        "errorCode": "",
        "sourceIPAddress": "1.2.3.4",
    },
    {"eventName": "Bare"},
    {
        "eventName": "Numbers",
        "requestParameters": {"a": 12.0, "b": 1e3, "c": 2**62, "d": -0.5, "e": [1, "1"]},
    },
    {"eventName": "Nulls", "requestParameters": {"a": None, "b": [], "c": {}}, "responseElements": {"d": ""}},
    {
        "eventName": "Signs",
        "requestParameters": {"a": "\"'\\/\n\té😀", "A": "large", "a.b": "dot"},
        "userAgent": "a\nb",
    },
    {
        "eventName": "Identity",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": "arn:aws:sts::111122223333:assumed-role/r/s",
            "sessionContext": {
                "sessionIssuer": {"userName": "r"},
                "attributes": {"mfaAuthenticated": "false"},
                "webIdFederationData": {"federatedProvider": "p", "attributes": {"Sub": "x"}},
            },
        },
    },
    {"eventName": "Empty", "userIdentity": {"type": "AWSService", "sessionContext": {"sessionIssuer": {}}}},
    {
        "eventName": "Lists",
        "resources": [{"ARN": "arn:aws:s3:::b", "accountId": "1", "type": "t"}, {"ARN": "arn:aws:s3:::c"}],
        "tlsDetails": {"tlsVersion": "TLSv1.3"},
        "additionalEventData": {"a": {"b": [True]}},
    },
)
"""Each has a time, an id and a source beside, and null where it has neither request nor answer."""


def event(number: int) -> dict[str, Any]:
    return {
        "eventVersion": "1.11",
        "eventTime": "2026-01-15T12:00:00Z",
        "eventID": f"00000000-0000-0000-0000-{number:012}",
        "eventSource": "verify.amazonaws.com",
        "requestParameters": None,
        "responseElements": None,
        **EVENTS[number],
    }


def _functions(lab: Lab) -> Seen:
    from sqlglot import exp

    from secretwatch.athena import text, where
    from secretwatch.filterpattern import FilterPattern

    bucket = _bucket(lab)
    rows = [(name, None) for name in NAMES] + [(None, parameters) for parameters in PARAMETERS]
    values = exp.values(
        [(str(number), *row) for number, row in enumerate(rows)],
        alias="rows",
        columns=["id", "eventname", "requestparameters"],
    )
    patterns = [FilterPattern.parse(f"{{ {pattern} }}") for pattern in PATTERNS]
    conditions = [where(pattern) for pattern in patterns]
    names = [f"c{number}" for number in range(len(conditions))]
    said = [
        exp.alias_(exp.cast(exp.func("COALESCE", each.tree, exp.false()), "varchar"), name, quoted=True)
        for each, name in zip(conditions, names, strict=True)
    ]
    query = exp.select(exp.column("id", quoted=True), *said).from_(values)
    answer = _asked(lab, bucket, "default", lambda athena: list(athena.rows(text(query), ["id", *names])))
    lost = wrong = 0
    for number, *found in answer:
        name, parameters = rows[int(number or 0)]
        message = {} if name is None else {"eventName": name}
        written = json.dumps(message)[:-1] + (", " if message else "")
        written += f'"requestParameters": {_json(parameters)}}}'
        for pattern, condition, here in zip(patterns, conditions, found, strict=True):
            matches = pattern.matches(written)
            lost += matches and here != "true"
            wrong += condition.exact and not matches and here == "true"
    numbers = {"rows": len(answer), "lost": lost, "wrong": wrong}
    if len(answer) != len(rows) or lost:
        return Seen("lost", numbers)
    return Seen("wrong" if wrong else "same", numbers)


def _json(text: str | None) -> str:
    """JSON of a column: what is none is a text."""
    if text is None:
        return "null"
    try:
        json.loads(text)
    except ValueError:
        return json.dumps(text)
    return text


def _as_it_was(lab: Lab) -> Seen:
    from secretwatch.athena import Files, defined, definition, header, queries, text
    from secretwatch.athena import event as read
    from secretwatch.filterpattern import FilterPattern

    bucket, account, region = _bucket(lab), lab.cloud.account, lab.cloud.region
    files = Files(bucket, (account,), (region,), date(2026, 1, 1))
    database = lab.thing("database").replace("-", "_")
    lab.client("glue").create_database(DatabaseInput={"Name": database})
    wanted = [event(number) for number in range(len(EVENTS))]
    lab.client("s3").put_object(
        Bucket=bucket,
        Key=f"AWSLogs/{account}/CloudTrail/{region}/2026/01/15/"
        f"{account}_CloudTrail_{region}_20260115T1205Z_AbCdEfGhIjKlMnOp.json.gz",
        Body=gzip.compress(json.dumps({"Records": wanted}).encode()),
    )
    table = defined(database, _TABLE, files)
    (query,) = queries(table, [FilterPattern.parse('{ $.eventName = "*" }')], _BEGIN, _END)

    def ask(athena: Athena) -> list[dict[str, Any]]:
        athena.run(text(definition(database, _TABLE, files)))
        return [read(table.fields, row) for row in athena.rows(text(query), header(table))]

    found = {each.get("eventID"): each for each in _asked(lab, bucket, database, ask)}
    same = sum(found.get(each["eventID"]) == each for each in wanted)
    numbers = {"events": len(found), "same": same}
    if len(found) < len(wanted):
        return Seen("lost", numbers)
    return Seen("same" if same == len(wanted) else "other", numbers)


def _bucket(lab: Lab) -> str:
    """A bucket for files and results; removed with all that is in it."""
    name, region = lab.thing("bucket"), lab.cloud.region
    where = {} if region == "us-east-1" else {"LocationConstraint": region}
    s3 = lab.client("s3")
    s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": where} if where else {}))
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags(lab.experiment)})
    return name


def _asked(lab: Lab, bucket: str, database: str, ask: Callable[[Athena], list[Any]]) -> list[Any]:
    from secretwatch.pipeline.athena.ask import Athena, Place
    from secretwatch.pipeline.athena.calls import Refused
    from secretwatch.pipeline.pace import Threads

    def tell(line: str) -> None:
        lab.run.waiting[lab.experiment] = line
        if lab.run.stop.is_set():
            raise Stopped

    place = Place(database, _TABLE, output=f"s3://{bucket}/results/")
    try:
        return ask(Athena(lab.client, place, clock=time, threads=Threads(), tell=tell))
    except Refused as error:
        if isinstance(error.__cause__, ClientError):
            raise error.__cause__ from error
        raise
    finally:
        lab.run.waiting.pop(lab.experiment, None)


EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment(
        id="athena-functions",
        claim="Athena's functions on text and JSON find every event that a filter pattern finds. If "
        "a query is said to be exact, it finds no other event.",
        why="If a query loses an event, a backtest promises fewer alarms than there will be.",
        source="Trino's documentation; tested on DuckDB, with Trino's functions written anew.",
        outcomes={
            "same": confirmed("Nothing was lost, and no exact condition found too much."),
            "lost": refuted("A condition did not hold where the pattern matches."),
            "wrong": refuted("A condition that is said to be exact held where the pattern does not match."),
        },
        run=_functions,
        seconds=15,
        makes={"bucket": 1},
        calls=_QUERY_CALLS,
        numbers={
            "rows": "rows that came back",
            "lost": "pairs of pattern and row that match and were not found",
            "wrong": "pairs that were found by an exact condition and do not match",
        },
        on_aws_alone=True,
    ),
    Experiment(
        id="athena-cloudtrail-table",
        claim="A CloudTrail table holds an event unchanged: text as it is, true and false as text, "
        "requests and answers as JSON, an empty struct as an empty struct, and NULL for null "
        "and for missing fields.",
        why="If an event comes back changed, the pattern may decide about it otherwise than the alarm does.",
        source=f"AWS's page shows the table, and not what happens to a value: {_PAGE}",
        outcomes={
            "same": confirmed("All events came back as they were written."),
            "other": refuted("An event came back changed."),
            "lost": refuted("An event did not come back."),
        },
        run=_as_it_was,
        seconds=30,
        makes={"bucket": 1, "database": 1},
        calls=_QUERY_CALLS,
        numbers={"events": "events that came back", "same": "of them as they were written"},
        on_aws_alone=True,
    ),
)
