"""Athena and S3 behind real boto3 clients: requests are taken before they are sent, and answered.

So parameters, signatures and answers pass botocore as they do on AWS. A query runs on DuckDB (`local_trino`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from boto3.session import Session
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from local_trino import Trino

REGION = "us-east-1"


class Raw:
    """A body, as urllib3 hands it over."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self, **_: Any) -> Any:
        yield self.body


class Failure(Exception):
    """An answer that is an error: code and message."""

    def __init__(self, code: str, message: str = "", status: int = 400) -> None:
        super().__init__(code, message)
        self.code, self.message, self.status = code, message, status


class Clock:
    def __init__(self) -> None:
        self.now = 1_768_500_000.0
        self.on_sleep: list[Callable[[], None]] = []

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds
        for each in self.on_sleep:
            each()


class FakeAthena:
    """looks: how often a query is looked at before it has ended. fail: an error by operation."""

    def __init__(self, trino: Trino, page: int = 1000) -> None:
        self.trino, self.page = trino, page
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.fail: dict[str, list[Failure | None]] = {}
        self.state, self.reason, self.looks, self.scanned = "SUCCEEDED", "", 2, 5_000
        self.stopped: list[str] = []
        self.queries: dict[str, dict[str, Any]] = {}
        self.objects: dict[str, int] = {}
        self.bodies: dict[str, Any] = {}
        self.databases: set[str] = set()
        self.metadata: dict[str, Any] = {}
        self.workgroup: dict[str, Any] = {
            "Name": "primary",
            "State": "ENABLED",
            "Configuration": {"ResultConfiguration": {"OutputLocation": "s3://results/"}},
        }

    def client(self, service: str) -> Any:
        client = Session().client(
            service,
            region_name=REGION,
            aws_access_key_id="AKIA",
            aws_secret_access_key="x",
            config=Config(retries={"total_max_attempts": 1}, request_checksum_calculation="when_required"),
        )
        client.meta.events.register(f"before-send.{service}", self.answered)
        return client

    def answered(self, request: Any, **_: Any) -> AWSResponse:
        if "X-Amz-Target" in request.headers:
            target = request.headers["X-Amz-Target"]
            operation = (target if isinstance(target, str) else target.decode()).rpartition(".")[2]
            asked = json.loads(request.body)
        else:
            url = urlsplit(request.url)
            asked = {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
            operation = "ListObjectsV2" if "list-type" in asked else "S3"
            asked |= {"method": request.method, "key": unquote(url.path[1:]), "body": request.body}
        self.calls.append((operation, asked))
        try:
            if (planned := self.fail.get(operation)) and (failure := planned.pop(0)):
                raise failure
            status, body = 200, getattr(self, operation)(asked)
        except Failure as error:
            status = error.status
            body = {"__type": error.code, "message": error.message}
            if operation == "ListObjectsV2":
                body = f"<Error><Code>{error.code}</Code><Message>{error.message}</Message></Error>"
        content = body if isinstance(body, str) else json.dumps(body)
        return AWSResponse(request.url, status, {}, Raw(content.encode()))

    def ListObjectsV2(self, asked: dict[str, Any]) -> str:
        after = asked.get("continuation-token") or asked.get("start-after", "")
        keys = sorted(key for key in self.objects if key.startswith(asked.get("prefix", "")) and key > after)
        page, more = keys[: self.page], len(keys) > self.page
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{self.objects[key]}</Size></Contents>" for key in page
        )
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        cut = f"<IsTruncated>{str(more).lower()}</IsTruncated>"
        return f"<ListBucketResult>{cut}{token}{contents}</ListBucketResult>"

    def S3(self, asked: dict[str, Any]) -> str:
        """A bucket that takes what is put into it."""
        if asked["key"] and asked["method"] == "PUT":
            body = asked["body"]
            self.bodies[asked["key"]] = body if isinstance(body, bytes) else body.read()
            self.objects[asked["key"]] = len(self.bodies[asked["key"]])
        if "delete" in asked:
            self.objects.clear()
        return "<Result/>"

    def CreateDatabase(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.databases.add(asked["DatabaseInput"]["Name"])
        return {}

    def DeleteDatabase(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.databases.remove(asked["Name"])
        return {}

    def GetTableMetadata(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"TableMetadata": {"Name": asked["TableName"], **self.metadata}}

    def GetWorkGroup(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"WorkGroup": self.workgroup}

    def StartQueryExecution(self, asked: dict[str, Any]) -> dict[str, Any]:
        id = f"query-{len(self.queries)}"
        self.queries[id] = {**asked, "looks": 0}
        return {"QueryExecutionId": id}

    def StopQueryExecution(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.stopped.append(asked["QueryExecutionId"])
        return {}

    def GetQueryExecution(self, asked: dict[str, Any]) -> dict[str, Any]:
        query = self.queries[asked["QueryExecutionId"]]
        query["looks"] += 1
        ended = query["looks"] > self.looks
        status = {"State": self.state if ended else "RUNNING"}
        if ended and self.reason:
            status["StateChangeReason"] = self.reason
        return {"QueryExecution": {"Status": status, "Statistics": {"DataScannedInBytes": self.scanned}}}

    def GetQueryResults(self, asked: dict[str, Any]) -> dict[str, Any]:
        query = self.queries[asked["QueryExecutionId"]]
        if "rows" not in query:
            query["rows"] = [self.trino.names(query["QueryString"]), *self.trino.run(query["QueryString"])]
        start = int(asked.get("NextToken", 0))
        stop = start + min(self.page, asked["MaxResults"])
        rows = [
            {"Data": [{} if value is None else {"VarCharValue": value} for value in row]}
            for row in query["rows"][start:stop]
        ]
        more = {"NextToken": str(stop)} if stop < len(query["rows"]) else {}
        return {"ResultSet": {"Rows": rows}, **more}
