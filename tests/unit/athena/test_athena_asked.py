"""Athena's calls: in order, in pages, with what they cost; refused, failed, and interrupted."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from datetime import UTC, datetime
from typing import Any

import pytest
from fake_athena import Clock, Failure, FakeAthena
from local_trino import ACCOUNT, BEGIN, END, FILES, PATH, TABLE, TIME, Trino

from secretwatch.athena import Unusable, definition
from secretwatch.filterpattern import FilterPattern
from secretwatch.pipeline.athena import history
from secretwatch.pipeline.athena.ask import Athena, Place
from secretwatch.pipeline.athena.calls import Refused

READ = FilterPattern.parse('{ $.eventName = "GetSecretValue" && $.requestParameters.secretId = "*db" }')
DENIED = FilterPattern.parse('{ $.errorCode = "*AccessDenied*" }')


class AtOnce(Executor):
    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


def read(number: int, secret: str = "db", **more: Any) -> dict[str, Any]:
    return {
        "eventID": f"event-{number}",
        "eventTime": TIME,
        "eventSource": "secretsmanager.amazonaws.com",
        "eventName": "GetSecretValue",
        "userIdentity": {
            "type": "AssumedRole",
            "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::1:role/r"}},
        },
        "requestParameters": {"secretId": secret},
        "responseElements": None,
        "readOnly": True,
        "resources": [{"ARN": "arn:aws:s3:::x", "accountId": ACCOUNT}],
        **more,
    }


@pytest.fixture(scope="module")
def trino() -> Trino:
    return Trino()


class Here:
    def __init__(self, trino: Trino) -> None:
        self.cloud = FakeAthena(trino)
        clients = {service: self.cloud.client(service) for service in ("athena", "s3")}
        self.clock = Clock()
        self.told: list[str] = []
        self.place = Place("default", "cloudtrail_logs")
        self.athena = Athena(
            clients.__getitem__, self.place, clock=self.clock, threads=AtOnce(), tell=self.told.append
        )
        create = definition("default", "cloudtrail_logs", FILES)
        properties = {
            each.name: each.args["value"].name
            for each in create.args["properties"].expressions
            if each.key == "property"
        }
        self.cloud.metadata = {
            "Columns": [
                {"Name": each.name, "Type": each.kind.sql("hive").lower()} for each in create.this.expressions
            ],
            "PartitionKeys": [{"Name": name, "Type": "string"} for name in ("account", "region", "day")],
            "Parameters": properties,
        }

    def ask(self, *patterns: FilterPattern, most: int | None = None) -> list[history.Found]:
        question = history.Question.of(self.athena.table(), patterns, BEGIN, END)
        return list(history.found(self.athena, question, most))

    @property
    def operations(self) -> list[str]:
        return [name for name, _ in self.cloud.calls]


@pytest.fixture
def here(trino: Trino) -> Here:
    trino.fill([])
    return Here(trino)


def test_the_catalogue_gives_the_table_that_was_defined(here: Here) -> None:
    assert here.athena.table() == TABLE


def test_events_come_back_whole_with_the_file_they_lie_in(here: Here) -> None:
    here.cloud.trino.fill([read(1), read(2, "other"), read(3, errorCode="AccessDenied")])
    assert [(each.event, each.file) for each in here.ask(READ)] == [
        (read(1), PATH),
        (read(3, errorCode="AccessDenied"), PATH),
    ]
    assert here.athena.scanned == 5_000
    assert here.cloud.queries["query-0"]["QueryExecutionContext"] == {
        "Database": "default",
        "Catalog": "AwsDataCatalog",
    }


def test_what_the_query_finds_too_much_is_left_out_here(here: Here) -> None:
    # By LIKE and JSON's text; the pattern finds another end, and no text.
    pattern = FilterPattern.parse('{ $.requestParameters.ids[*] = "a*db" || $.eventName = "*a*b*ab" }')
    here.cloud.trino.fill(
        [
            read(1, requestParameters={"ids": ["adb"]}),
            read(2, requestParameters={"ids": ["db"], "other": "a-db"}),
            read(3, eventName="aabab-ab"),
            read(4, eventName="xabab"),
        ]
    )
    wanted = [
        each
        for each in (1, 2, 3, 4)
        if pattern.matches_event(
            {
                1: {"requestParameters": {"ids": ["adb"]}},
                2: {"requestParameters": {"ids": ["db"]}},
                3: {"eventName": "aabab-ab"},
                4: {"eventName": "xabab"},
            }[each]
        )
    ]
    assert [each.event["eventID"] for each in here.ask(pattern)] == [f"event-{each}" for each in wanted]
    assert len(here.cloud.queries["query-0"]["rows"]) - 1 > len(wanted)


@pytest.mark.parametrize("count", [0, 1, 2, 6, 7])
def test_pages_are_read_to_the_end(here: Here, count: int) -> None:
    here.cloud.page = 3
    here.cloud.trino.fill([read(number) for number in range(count)])
    assert [each.event["eventID"] for each in here.ask(READ)] == [
        f"event-{number}" for number in range(count)
    ]


def test_a_day_that_is_late_is_scanned_and_counted_too(here: Here) -> None:
    folder = f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/"
    inside = {folder + "2026/01/01/a": 1, folder + "2026/01/31/a": 10, folder + "2026/02/02/z": 100}
    outside = {
        folder + "2025/12/31/z": 7,
        folder + "2026/02/03/a": 7,
        "AWSLogs/222222222222/CloudTrail/us-east-1/2026/01/01/a": 7,
    }
    here.cloud.objects = inside | outside
    here.cloud.page = 2
    estimate = here.athena.estimate(TABLE, BEGIN, END, 2)
    assert (estimate.bytes, estimate.files, estimate.scanned) == (111, 3, 222)
    # A query is billed for 10 MB at least.
    assert estimate.dollars == pytest.approx(2 * 10 * 2**20 / 1e12 * 5)
    # Nothing before, and one page after.
    assert [asked["start-after"] for name, asked in here.cloud.calls].count(folder + "2026/01/01") == len(
        here.cloud.calls
    )


def test_nothing_is_spent_beyond_what_is_allowed(here: Here) -> None:
    here.cloud.objects = {
        f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/01/0{day}/a": 400_000 for day in (1, 2, 3)
    }
    question = history.Question.of(TABLE, [READ], BEGIN, END)
    with pytest.raises(Refused, match=r"would scan 1\.2 MB, more than --max-bytes allows \(1\.0 MB\)"):
        history.check(here.athena, question, 1_000_000)
    here.cloud.workgroup["Configuration"]["BytesScannedCutoffPerQuery"] = 10**6
    with pytest.raises(Refused, match=r"workgroup primary cancels it at 1\.0 MB"):
        history.check(here.athena, question, None)
    here.cloud.workgroup["Configuration"]["BytesScannedCutoffPerQuery"] = 10**7
    assert (
        history.cost(history.check(here.athena, question, 2_000_000))
        == "Athena will scan 1.2 MB in 3 log files: about $0.00."
    )
    assert "StartQueryExecution" not in here.operations


def test_a_query_that_scans_more_is_stopped(here: Here) -> None:
    with pytest.raises(Refused, match=r"stopped at 5\.0 kB"):
        here.ask(READ, most=4_999)
    assert here.cloud.stopped == ["query-0"]
    assert here.ask(READ, most=5_000) == []


@pytest.mark.parametrize("looks", [0, 1, 5])
def test_ctrl_c_stops_the_query(here: Here, looks: int) -> None:
    here.cloud.looks = 100
    seen = 0

    def interrupt() -> None:
        nonlocal seen
        seen += 1
        if seen > looks:
            raise KeyboardInterrupt

    here.clock.on_sleep.append(interrupt)
    with pytest.raises(KeyboardInterrupt):
        here.ask(READ)
    assert here.cloud.stopped == ["query-0"]


def test_ctrl_c_while_it_starts_stops_it_too(here: Here, trino: Trino) -> None:
    class Late(AtOnce):
        """Interrupted before the answer is there."""

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            done = super().submit(fn, *args, **kwargs)

            class Interrupted(Future[Any]):
                def result(self, timeout: float | None = None) -> Any:
                    if timeout is None:
                        raise KeyboardInterrupt
                    return done.result()

            return Interrupted()

    here.athena._threads = Late()
    with pytest.raises(KeyboardInterrupt):
        here.ask(READ)
    assert here.cloud.stopped == ["query-0"]


def test_the_reader_may_stop_half_way(here: Here) -> None:
    here.cloud.page = 2
    here.cloud.trino.fill([read(number) for number in range(9)])
    question = history.Question.of(TABLE, [READ], BEGIN, END)
    rows = history.found(here.athena, question)
    next(rows)
    rows.close()
    assert here.operations.count("GetQueryResults") == 1
    assert here.cloud.stopped == []


def test_several_queries_give_an_event_once(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [READ, DENIED]
    alone = [history.Question.of(TABLE, [each], BEGIN, END).queries[0] for each in both]
    monkeypatch.setattr("secretwatch.athena.query.LONGEST", max(map(len, alone)) + 16)
    question = history.Question.of(TABLE, both, BEGIN, END)
    assert len(question.queries) == 2
    # Delivered twice, and found by both queries.
    events = [
        read(1),
        read(2, errorCode="AccessDenied"),
        read(2, errorCode="AccessDenied"),
        read(3, "x", errorCode="AccessDenied"),
    ]
    here.cloud.trino.fill(events)
    assert sorted(each.event["eventID"] for each in history.found(here.athena, question)) == [
        "event-1",
        "event-2",
        "event-2",
        "event-3",
    ]


@pytest.mark.parametrize(
    ("operation", "failure", "permission"),
    [
        ("GetTableMetadata", Failure("AccessDeniedException", "no"), "athena:GetTableMetadata"),
        (
            "GetTableMetadata",
            Failure(
                "MetadataException",
                "User: arn:aws:iam::1:user/u is not authorized to perform: glue:GetTable on resource: x",
            ),
            "glue:GetTable",
        ),
        ("StartQueryExecution", Failure("AccessDeniedException", "no"), "athena:StartQueryExecution"),
        ("GetQueryExecution", Failure("AccessDeniedException", "no"), "athena:GetQueryExecution"),
        ("GetQueryResults", Failure("AccessDeniedException", "no"), "athena:GetQueryResults"),
    ],
)
def test_a_refused_call_names_the_permission(
    here: Here, operation: str, failure: Failure, permission: str
) -> None:
    here.cloud.fail[operation] = [failure]
    with pytest.raises(Refused, match=f"not allowed {permission}\\."):
        here.ask(READ)
    assert here.cloud.stopped == (["query-0"] if operation == "GetQueryExecution" else [])


def test_listing_and_the_workgroup_name_theirs(here: Here) -> None:
    here.cloud.fail["ListObjectsV2"] = [Failure("AccessDenied", "no", 403)]
    with pytest.raises(Refused, match="not allowed s3:ListBucket"):
        here.athena.estimate(TABLE, BEGIN, END, 1)
    here.cloud.fail["GetWorkGroup"] = [Failure("AccessDeniedException", "no")]
    with pytest.raises(Refused, match="not allowed athena:GetWorkGroup"):
        here.athena.check_workgroup(None)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("Permission denied on S3 path: s3://logs/x", "you need s3:GetObject on the trail's files"),
        ("Query cancelled! : Bytes scanned limit was exceeded", "at its limit of bytes"),
        ("COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved", "COLUMN_NOT_FOUND"),
        ("HIVE_BAD_DATA: \x1b[31mred\nline", r"HIVE_BAD_DATA: \[31mred line\."),
        ("", "it does not say why"),
    ],
)
def test_a_failed_query_says_why(here: Here, reason: str, words: str) -> None:
    here.cloud.state, here.cloud.reason = "FAILED", reason
    with pytest.raises(Refused, match=words) as raised:
        here.ask(READ)
    assert str(raised.value).isprintable()


def test_a_passing_error_is_waited_out_and_a_lasting_one_not(here: Here) -> None:
    busy = Failure("ThrottlingException", "slow down", 400)
    here.cloud.fail["GetQueryExecution"] = [busy] * 4 + [None] + [busy] * 4
    here.cloud.trino.fill([read(1)])
    assert len(here.ask(READ)) == 1
    here.cloud.fail["GetQueryExecution"] = [busy] * 5
    with pytest.raises(Refused, match="ThrottlingException"):
        here.ask(READ)
    assert here.cloud.stopped == ["query-1"]
    here.cloud.fail["GetQueryExecution"] = [Failure("InternalServerException", "", 500), None]
    assert len(here.ask(READ)) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda group: group.update(State="DISABLED"), "is disabled"),
        (lambda group: group["Configuration"].pop("ResultConfiguration"), "--output"),
        (
            lambda group: group["Configuration"].update(
                EngineVersion={"EffectiveEngineVersion": "Athena engine version 2"}
            ),
            "version 3",
        ),
    ],
)
def test_a_workgroup_that_would_fail_is_refused_early(here: Here, change: Any, words: str) -> None:
    change(here.cloud.workgroup)
    with pytest.raises(Refused, match=words):
        here.athena.check_workgroup(None)


def test_a_table_that_is_not_there_says_how_to_define_it(here: Here) -> None:
    here.cloud.fail["GetTableMetadata"] = [
        Failure("MetadataException", "EntityNotFoundException: Entity Not Found")
    ]
    with pytest.raises(Refused, match=r"no table default\.cloudtrail_logs .* --print-sql"):
        here.athena.table()


def test_a_table_of_other_days_is_refused(here: Here) -> None:
    table = here.athena.table()
    with pytest.raises(Unusable, match="begins on 2026-01-01"):
        history.Question.of(table, [READ], datetime(2025, 12, 31, tzinfo=UTC), END)
    here.cloud.metadata["Parameters"]["projection.day.range"] = "NOW-10DAYS,NOW"
    with pytest.raises(Unusable, match="begins on 2026-01-05"):
        history.Question.of(here.athena.table(), [READ], BEGIN, END)
    here.cloud.metadata["Parameters"]["projection.day.range"] = "2025/01/01,2026/01/20"
    with pytest.raises(Unusable, match="ends on 2026-01-20"):
        history.Question.of(here.athena.table(), [READ], BEGIN, END)


def test_other_columns_are_no_answer(here: Here) -> None:
    here.cloud.trino.fill([read(1)])
    here.cloud.trino.names = lambda query: ["a"]  # type: ignore[method-assign]
    try:
        with pytest.raises(Refused, match="other columns"):
            here.ask(READ)
    finally:
        del here.cloud.trino.names


def test_progress_is_told(here: Here) -> None:
    here.ask(READ)
    assert here.told[0] == "Athena: running for 0 s, 5.0 kB scanned"
