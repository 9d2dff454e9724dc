"""A table as the data catalogue has it, what a question would scan, and the question itself.

https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html
https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from secretwatch.athena import Table, Unusable, from_catalogue
from secretwatch.pipeline.athena.calls import Refused, call, refusal, shown
from secretwatch.pipeline.aws import is_passing
from secretwatch.pipeline.pace import Clock

LEAST_BYTES = 10 * 2**20
"""What a query is billed for at least."""
DOLLARS_A_TERABYTE = 5.0
"""In most regions: https://aws.amazon.com/athena/pricing/"""
_TERABYTE = 1e12

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 3.0  # seconds between two looks at a query
_PATIENCE = 5
"""Looks at a query that may fail in a row."""
_PAGE = 1000
_TOLD_EVERY = 50
"""Pages of a listing."""


@dataclass(frozen=True)
class Place:
    """Where to ask. output: an s3:// address for results; None for the workgroup's own."""

    database: str
    table: str
    workgroup: str = "primary"
    output: str | None = None
    catalogue: str = "AwsDataCatalog"


@dataclass(frozen=True)
class Estimate:
    """What one scan reads: bytes of files, and how many. queries: each scans them."""

    bytes: int
    files: int
    queries: int

    @property
    def scanned(self) -> int:
        """Bytes of all queries."""
        return self.bytes * self.queries

    @property
    def dollars(self) -> float:
        return max(self.bytes, LEAST_BYTES) * self.queries / _TERABYTE * DOLLARS_A_TERABYTE


class Athena:
    """client_of: botocore's clients by service. tell: progress, one line each."""

    def __init__(
        self,
        client_of: Callable[[str], Any],
        place: Place,
        *,
        clock: Clock,
        threads: Executor,
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._client_of, self.place = client_of, place
        self._clock, self._threads, self.tell = clock, threads, tell
        self.scanned = 0
        """Bytes that all queries have scanned, as Athena says."""

    def table(self) -> Table:
        """The table as it is defined. Raises Refused and Unusable."""
        place = self.place
        try:
            found = self._call(
                "athena",
                "GetTableMetadata",
                CatalogName=place.catalogue,
                DatabaseName=place.database,
                TableName=place.table,
            )["TableMetadata"]
        except Refused as error:
            if "EntityNotFound" not in str(error):
                raise
            raise Refused(
                f"There is no table {place.database}.{place.table} in the data catalogue: define it with the "
                "statement that --print-sql prints."
            ) from error
        parameters = {str(name): str(value) for name, value in (found.get("Parameters") or {}).items()}
        return from_catalogue(
            place.database,
            place.table,
            {each["Name"]: each.get("Type", "") for each in found.get("Columns") or ()},
            [each["Name"] for each in found.get("PartitionKeys") or ()],
            parameters,
            now=datetime.fromtimestamp(self._clock.time(), UTC),
            location=parameters.get("location", ""),
        )

    def check_workgroup(self, estimate: Estimate | None) -> None:
        """Raises Refused where the workgroup would not run the query, or not to its end."""
        place = self.place
        group = self._call("athena", "GetWorkGroup", WorkGroup=place.workgroup)["WorkGroup"]
        settings = group.get("Configuration") or {}
        if group.get("State") == "DISABLED":
            raise Refused(f"The workgroup {shown(place.workgroup)} is disabled: enable it, or name another.")
        engine = (settings.get("EngineVersion") or {}).get("EffectiveEngineVersion", "")
        if engine.endswith(" 2"):
            raise Refused(
                f"The workgroup {shown(place.workgroup)} runs {engine}, whose JSON has no names of fields: "
                "set it to version 3."
            )
        kept = (settings.get("ResultConfiguration") or {}).get("OutputLocation")
        managed = (settings.get("ManagedQueryResultsConfiguration") or {}).get("Enabled")
        if not (place.output or kept or managed):
            raise Refused(
                f"The workgroup {shown(place.workgroup)} has no place for results: give one with --output."
            )
        limit = settings.get("BytesScannedCutoffPerQuery")
        if limit and estimate and estimate.bytes > limit:
            raise Refused(
                f"A query would scan {size(estimate.bytes)}, and the workgroup {shown(place.workgroup)} "
                f"cancels it at {size(limit)}: ask about a shorter time."
            )

    def estimate(
        self,
        table: Table,
        begin: datetime,
        end: datetime,
        queries: int,
        seen: Callable[[str], None] = lambda key: None,
    ) -> Estimate:
        """What the queries will scan, by a listing of the files, each of which is `seen`.

        Raises Refused and Unusable.
        """
        total = files = pages = 0
        for bucket, prefix, first, last in table.folders(begin, end):
            request: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix}
            if first:
                request["StartAfter"] = first
            while True:
                page = self._call("s3", "ListObjectsV2", **request)
                pages += 1
                if pages % _TOLD_EVERY == 0:
                    self.tell(f"{files} log files so far, {size(total)}")
                done = False
                for each in page.get("Contents") or ():
                    if last and each["Key"][: len(last)] > last:
                        done = True
                        break
                    total += int(each.get("Size") or 0)
                    files += 1
                    seen(each["Key"])
                token = page.get("NextContinuationToken")
                if done or not token:
                    break
                request["ContinuationToken"] = token
        return Estimate(total, files, queries)

    def rows(
        self, query: str, header: Sequence[str], most_bytes: int | None = None
    ) -> Iterator[list[str | None]]:
        """The rows of a query's answer. Raises Refused. Whatever ends this before its end stops the query.

        header: the names of its columns. most_bytes: it is stopped when it has scanned more.
        """
        yield from self._results(self._ended(query, most_bytes), header)

    def run(self, statement: str) -> None:
        """A statement without an answer. Raises Refused."""
        self._ended(statement, None)

    def _ended(self, query: str, most_bytes: int | None) -> str:
        id = self._start(query)
        try:
            self._wait(id, most_bytes)
        except BaseException:
            self._stop(id)
            raise
        return id

    def _start(self, query: str) -> str:
        place = self.place
        request: dict[str, Any] = {
            "QueryString": query,
            "WorkGroup": place.workgroup,
            "QueryExecutionContext": {"Database": place.database, "Catalog": place.catalogue},
        }
        if place.output:
            request["ResultConfiguration"] = {"OutputLocation": place.output}
        # In a thread: whoever interrupts this gets to know which query to stop.
        started = self._threads.submit(self._call, "athena", "StartQueryExecution", **request)
        try:
            return str(started.result()["QueryExecutionId"])
        except (KeyboardInterrupt, GeneratorExit):
            with suppress(Exception):
                self._stop(str(started.result(timeout=20)["QueryExecutionId"]))
            raise

    def _wait(self, id: str, most_bytes: int | None) -> None:
        begin, pause, failed = self._clock.monotonic(), _FIRST_PAUSE, 0
        while True:
            try:
                execution = self._client_of("athena").get_query_execution(QueryExecutionId=id)
                failed = 0
            except (BotoCoreError, ClientError) as error:
                failed += 1
                if failed >= _PATIENCE or not is_passing(error):
                    raise refusal(error, "athena", "GetQueryExecution") from error
                self._clock.sleep(pause)
                continue
            found = execution["QueryExecution"]
            status = found.get("Status") or {}
            scanned = int((found.get("Statistics") or {}).get("DataScannedInBytes") or 0)
            state = status.get("State")
            if state == "SUCCEEDED":
                self.scanned += scanned
                return
            if state in ("FAILED", "CANCELLED"):
                raise _failed(state, status, self.place)
            if most_bytes is not None and scanned > most_bytes:
                raise Refused(
                    f"The query was stopped at {size(scanned)}: it would have scanned more than --max-bytes."
                )
            seconds = self._clock.monotonic() - begin
            self.tell(f"Athena: {str(state).lower()} for {seconds:.0f} s, {size(scanned)} scanned")
            self._clock.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _results(self, id: str, header: Sequence[str]) -> Iterator[list[str | None]]:
        request: dict[str, Any] = {"QueryExecutionId": id, "MaxResults": _PAGE}
        is_first = True
        while True:
            page = self._call("athena", "GetQueryResults", **request)
            for row in page["ResultSet"].get("Rows") or ():
                values = [each.get("VarCharValue") for each in row.get("Data") or ()]
                if is_first:
                    # The first row of the first page is the names of the columns.
                    if values != list(header):
                        raise Refused("Athena answered other columns than were asked for.", unknown=True)
                    is_first = False
                    continue
                if len(values) != len(header):
                    raise Refused("Athena answered a row of another length.", unknown=True)
                yield values
            if not (token := page.get("NextToken")):
                return
            request["NextToken"] = token

    def _stop(self, id: str) -> None:
        """It costs what it has scanned by then. One that has ended is not stopped any more."""
        with suppress(Exception):
            self._client_of("athena").stop_query_execution(QueryExecutionId=id)

    def _call(self, service: str, operation: str, **parameters: Any) -> Any:
        return call(self._client_of, service, operation, **parameters)


def _failed(state: str, status: dict[str, Any], place: Place) -> Refused:
    reason = str(status.get("StateChangeReason") or "")
    if named := refusal_in(reason):
        return named
    if "ytes scanned limit" in reason:
        return Refused(
            f"The workgroup {shown(place.workgroup)} cancelled the query at its limit of bytes: ask about a "
            "shorter time."
        )
    if state == "CANCELLED":
        return Refused("Somebody cancelled the query in Athena.", unknown=True)
    what = shown(reason).rstrip(".") or "it does not say why"
    return Refused(f"The query failed in Athena: {what}.")


def refusal_in(reason: str) -> Refused | None:
    """What was not allowed to the query, as its reason says."""
    denied = ("Insufficient permissions", "Permission denied on S3 path", "Access denied", "Access Denied")
    if not any(each in reason for each in denied) and "not authorized to perform" not in reason:
        return None
    return Refused(
        "The query was not allowed to read the log files or to write its result: you need s3:GetObject on "
        "the trail's files, s3:PutObject where results go, and kms:Decrypt on the trail's key. Athena says: "
        f"{shown(reason).rstrip('.')}."
    )


def size(count: int) -> str:
    """Bytes, as people say them."""
    if count < 1000:
        return f"{count} bytes"
    value = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.95 or unit == "TB":
            return f"{value:,.1f} {unit}"
    raise AssertionError


__all__ = ["Athena", "Estimate", "Place", "Unusable", "size"]
