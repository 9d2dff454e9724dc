"""`secretwatch backtest --engine athena`: what is asked before it is spent, printed, refused and stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import Result
from commands import Runner
from fake_athena import Failure, FakeAthena
from local_trino import ACCOUNT, FILES, Trino

from secretwatch.athena import definition
from secretwatch.cli import main

READ = '{ $.eventName = "GetSecretValue" && $.requestParameters.secretId = "*db" }'
TIMES = ("--from", "2026-01-01", "--to", "2026-02-01")


def run(*arguments: str, **settings: Any) -> Result:
    return Runner().invoke(main, ["backtest", "--engine", "athena", *arguments], **settings)


class Session:
    region_name = "us-east-1"
    fake: FakeAthena

    def client(self, service: str, **_: Any) -> Any:
        return self.fake.client(service)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> FakeAthena:
    fake = FakeAthena(Trino())
    fake.looks = 0
    create = definition("default", "cloudtrail_logs", FILES)
    properties = [each for each in create.args["properties"].expressions if each.key == "property"]
    fake.metadata = {
        "Columns": [
            {"Name": each.name, "Type": each.kind.sql("hive").lower()} for each in create.this.expressions
        ],
        "PartitionKeys": [{"Name": name} for name in ("account", "region", "day")],
        "Parameters": {each.name: each.args["value"].name for each in properties},
    }
    fake.objects = {f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/2026/01/15/x.json.gz": 5_000_000}
    fake.trino.fill(
        {
            "eventID": f"event-{number}",
            "eventTime": f"2026-01-15T12:{number:02}:00Z",
            "eventSource": "secretsmanager.amazonaws.com",
            "eventName": "GetSecretValue",
            "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::1:user/ada", "userName": "ada"},
            "requestParameters": {"secretId": "db" if number else "other"},
            "responseElements": None,
        }
        for number in range(3)
    )
    session = Session()
    session.fake = fake
    monkeypatch.setattr(boto3, "Session", lambda *_, **__: session)
    return fake


def test_what_comes_back_is_tested(cloud: FakeAthena) -> None:
    done = run("--pattern", READ, *TIMES, "--yes", "--json", "-")
    assert done.exit_code == 0, done.output
    assert "Athena will scan 5.0 MB in 1 log files: about $0.00." in done.stderr
    result = json.loads(done.stdout)
    assert result["hits"] == 2
    assert cloud.stopped == []


def test_nothing_is_asked_without_a_yes(cloud: FakeAthena) -> None:
    done = run("--pattern", READ, *TIMES)
    assert done.exit_code == 2
    assert "Nothing was asked: give --yes" in done.stderr
    assert "StartQueryExecution" not in [name for name, _ in cloud.calls]


def test_more_than_is_allowed_is_refused(cloud: FakeAthena) -> None:
    done = run("--pattern", READ, *TIMES, "--yes", "--max-bytes", "4999999")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "more than --max-bytes allows" in done.stderr
    assert "StartQueryExecution" not in [name for name, _ in cloud.calls]


def test_the_statements_alone_are_printed_and_nothing_is_asked(cloud: FakeAthena) -> None:
    done = run(
        *("--pattern", READ, *TIMES, "--print-sql", "--logs", "s3://logs/a/", "--account", ACCOUNT),
        *("--trail-region", "us-east-1", "--trail-region", "eu-west-1", "--table", "d.t"),
    )
    assert done.exit_code == 0, done.output
    first, second, rest = done.stdout.split(";\n")
    assert rest == ""
    assert first.startswith("CREATE EXTERNAL TABLE `d`.`t` (")
    assert "LOCATION 's3://logs/a/AWSLogs/'" in first
    assert "'projection.region.values'='us-east-1,eu-west-1'" in first
    assert second.strip().startswith("SELECT")
    assert 'FROM "d"."t"' in second
    assert cloud.calls == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--pattern", READ), "From when on?"),
        (("--pattern", READ, *TIMES, "--logs", "x"), "leave --logs out"),
        (("--pattern", READ, *TIMES, "--strict"), "are about files"),
        (("--pattern", READ, *TIMES, "--bill"), "are about files"),
        (("--pattern", READ, *TIMES, "--table", "t"), "DATABASE.TABLE"),
        (("--pattern", READ, "--from", "2026-02-01", "--to", "2026-01-01"), "is not after"),
        (("--pattern", READ, *TIMES, "--print-sql", "--account", ACCOUNT), "is defined on one --logs"),
        (("--pattern", "ERROR", *TIMES, "--print-sql"), "does not keep the text"),
        (
            (
                "--pattern",
                READ,
                *TIMES,
                "--print-sql",
                "--table",
                "a'b.c",
                "--logs",
                "s3://logs",
                "--account",
                ACCOUNT,
                "--trail-region",
                "us-east-1",
            ),
            "no name of a database",
        ),
        (TIMES, "Which watch does it test?"),
    ],
)
def test_what_does_not_go_together_is_a_sentence(
    cloud: FakeAthena, arguments: tuple[str, ...], words: str
) -> None:
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr
    assert cloud.calls == []


def test_its_options_are_for_it_alone(tmp_path: Path) -> None:
    done = Runner().invoke(
        main, ["backtest", "--pattern", READ, "--logs", str(tmp_path), "--from", "1h", "--print-sql"]
    )
    assert done.exit_code == 2
    assert "With --engine athena only: --from, --print-sql." in done.stderr


def test_a_refused_call_names_the_permission(cloud: FakeAthena) -> None:
    cloud.fail["GetWorkGroup"] = [Failure("AccessDeniedException", "no")]
    done = run("--pattern", READ, *TIMES, "--yes")
    assert done.exit_code == 2
    assert "You are not allowed athena:GetWorkGroup. `secretwatch policy athena` prints" in done.stderr


def test_ctrl_c_stops_the_query(cloud: FakeAthena, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud.looks = 10**6

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupt)
    done = run("--pattern", READ, *TIMES, "--yes")
    assert done.exit_code in (1, 130)
    assert cloud.stopped == ["query-0"]
