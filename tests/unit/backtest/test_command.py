"""`secretwatch backtest` as it is run: what it prints, writes, refuses and exits with."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from commands import Runner
from history import PATTERN, name, other, write
from history import read as event

from secretwatch.backtest.result import Result
from secretwatch.cli.backtest import backtest
from secretwatch.pipeline.backtest.bucket import Bucket, NotABucket
from secretwatch.pipeline.backtest.planned import NothingToTest, read

NAMESPACE = "secretwatch/prod"
HOSTILE = "<script>alert(1)</script>$\\frac{1}{2}$\x1b[31m\u202e\n"


def resource(address: str, kind: str, **values: Any) -> dict[str, Any]:
    return {"address": address, "mode": "managed", "type": kind, "values": values}


def plan(pattern: str | None = PATTERN, **alarm: Any) -> dict[str, Any]:
    """`terraform show -json` of a plan, as short as can be."""
    room = 'module.prod.module.watch["db"]'
    transformation = {"name": "prod-db", "namespace": NAMESPACE, "value": "1", "unit": "Count"}
    details = {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        "resources": ["arn:aws:cloudwatch:eu-central-1:111122223333:alarm:prod-db"],
    }
    resources = [
        resource(
            f"{room}.aws_cloudwatch_log_metric_filter.dealt",
            "aws_cloudwatch_log_metric_filter",
            name="prod-db",
            pattern=pattern,
            metric_transformation=[transformation],
        ),
        resource(
            f"{room}.aws_cloudwatch_metric_alarm.this",
            "aws_cloudwatch_metric_alarm",
            **{
                "alarm_name": "prod-db",
                "alarm_actions": ["arn:aws:sns:eu-central-1:111122223333:ops"],
                "comparison_operator": "GreaterThanOrEqualToThreshold",
                "evaluation_periods": 5,
                "datapoints_to_alarm": 1,
                "metric_name": "prod-db",
                "namespace": NAMESPACE,
                "period": 60,
                "statistic": "Maximum",
                "threshold": 1,
                "treat_missing_data": "notBreaching",
                "unit": "Count",
                **alarm,
            },
        ),
        resource(
            'module.prod.module.details["db"].aws_cloudwatch_event_rule.this',
            "aws_cloudwatch_event_rule",
            name="prod-db-details",
            event_pattern=json.dumps(details),
        ),
    ]
    return {"planned_values": {"root_module": {"child_modules": [{"resources": resources}]}}}


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    for number in range(4):
        identity = {"type": "IAMUser", "arn": f"arn:aws:iam::111122223333:user/u{number % 2}"}
        made = event(f"r{number}", f"2026-03-01T1{number}:01:00Z", userIdentity=identity)
        write(
            folder,
            f"2026-03-01T1{number}:05",
            [made, other(f"o{number}", "2026-03-01T10:00:00Z")],
            f"{number:016}",
        )
    return folder


@pytest.fixture
def planned(tmp_path: Path) -> Path:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan()))
    return file


def run(*arguments: Any) -> Any:
    return Runner().invoke(backtest, list(map(str, arguments)))


def test_it_says_who_made_how_many_alarms(planned: Path, logs: Path) -> None:
    done = run(planned, "--logs", logs)
    assert done.exit_code == 0
    assert "Matched: 4 events" in done.output
    assert "arn:aws:iam::111122223333:user/u0 2, arn:aws:iam::111122223333:user/u1 2" in done.output
    assert re.search(r"prod/db +4 +4 +0 +0 +0 +0 +4.0 alarm, 4.0 details +4 on 2026-03-01", done.output)


@pytest.mark.parametrize(("limit", "code"), [("3/day", 1), ("4/day", 0), ("1/hour", 0), ("0/hour", 1)])
def test_check_exits_1_with_the_readers_that_broke_the_limit(
    planned: Path, logs: Path, limit: str, code: int
) -> None:
    done = run(planned, "--logs", logs, "--max-alarms", limit, "--check")
    assert done.exit_code == code
    assert ("Too many: prod/db" in done.output) is bool(code)
    # Without --check it is told, and no more.
    assert run(planned, "--logs", logs, "--max-alarms", limit).exit_code == 0


def test_json_has_all_of_it_and_nothing_else_on_standard_output(planned: Path, logs: Path) -> None:
    done = run(planned, "--logs", logs, "--json", "-", "--bill")
    found = json.loads(done.stdout)
    (watch,) = found["subjects"][0]["watches"]
    assert [ring["at"] for ring in watch["alarms"][0]["rings"]] == [
        f"2026-03-01T1{n}:06:00Z" for n in range(4)
    ]
    assert {line["source"]: line["events"] for line in found["bill"]["lines"]} == {
        "s3.amazonaws.com": 4,
        "secretsmanager.amazonaws.com": 4,
    }


def test_several_are_tested_side_by_side(planned: Path, logs: Path, tmp_path: Path) -> None:
    after = tmp_path / "after.json"
    left_out = PATTERN[:-2] + ' && $.userIdentity.arn != "*u0" }'
    after.write_text(json.dumps(plan(left_out)))
    done = run(planned, after, "--pattern", '{ $.errorCode = "*" }', "--logs", logs, "--json", "-")
    counts = [each["watches"][0]["reads"] for each in json.loads(done.stdout)["subjects"]]
    assert counts == [4, 2, 0]


def test_a_damaged_file_fails_only_where_that_is_asked(planned: Path, logs: Path) -> None:
    (logs / name("2026-03-01T20:05", "x" * 16)).write_bytes(b"\x1f\x8b\x08\x00nothing")
    assert run(planned, "--logs", logs).exit_code == 0
    done = run(planned, "--logs", logs, "--strict")
    assert done.exit_code == 1
    assert "1 of 5 files are damaged" in done.output


def test_a_gate_does_not_pass_for_want_of_a_test_or_of_history(logs: Path, tmp_path: Path) -> None:
    unknown = tmp_path / "unknown.json"
    late = plan()
    (room,) = late["planned_values"]["root_module"]["child_modules"]
    second = json.loads(json.dumps(room["resources"][0]))
    second["address"] += '["2"]'
    second["values"] |= {"name": "prod-db-2", "pattern": None}
    room["resources"].append(second)
    unknown.write_text(json.dumps(late))
    gate = ("--check", "--max-alarms", "100/week")
    done = run(unknown, "--logs", logs, *gate)
    assert done.exit_code == 3, done.output
    assert "whether the limit holds: The pattern of" in done.output
    assert "No watch would have" not in done.output
    known, cut = tmp_path / "known.json", tmp_path / "cut"
    known.write_text(json.dumps(plan()))
    cut.mkdir()
    for file in logs.rglob("*.gz"):
        (cut / file.name).write_bytes(file.read_bytes()[:20])
    done = run(known, "--logs", cut, *gate)
    assert done.exit_code == 3, done.output
    assert "no history could be read" in done.output


def test_a_run_that_ended_leaves_no_work_behind(planned: Path, logs: Path, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())
    assert run(planned, "--logs", logs, "--resume", tmp_path / "work").exit_code == 0
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Where is history?"),
        (["PLAN", "--logs", "LOGS", "--watch", "db", "--watch", "bd"], "No plan has a watch bd."),
        (["PLAN", "--logs", "LOGS", "--json", "out", "--html", "./out"], "which is also named elsewhere"),
        (["PLAN", "--logs", "LOGS", "--json", "PLAN"], "would overwrite"),
        (["PLAN", "--logs", "LOGS", "--resume", ""], "--resume keeps the state of a run in a file"),
        (["--logs", "LOGS"], "Which watch does it test?"),
        (["PLAN"], "Where is history?"),
        (["PLAN", "--logs", "nowhere"], "nowhere cannot be read"),
        (["PLAN", "--logs", ""], "is empty"),
        (["", "--logs", "LOGS"], "is empty"),
        (["nowhere", "--logs", "LOGS"], "nowhere is neither a plan nor a folder"),
        (["PLAN", "--logs", "LOGS", "--check"], "--check needs a limit"),
        (["PLAN", "--logs", "LOGS", "--max-alarms", "many"], "'many' is no limit"),
        (["PLAN", "--logs", "LOGS", "--zone", "Europe/Atlantis"], "is no zone"),
        (["PLAN", "--logs", "LOGS", "--alarm", "period=60"], "give one, or change the plan"),
        (
            ["PLAN", "--logs", "LOGS", "--watch", "x"],
            "has none of the watches that were asked for, but prod/db",
        ),
        (["--pattern", "{ $.a = }", "--logs", "LOGS"], "This is not a filter pattern."),
        (["--pattern", "x", "--alarm", "period=10", "--logs", "LOGS"], "write 60 or more"),
        (["--pattern", "x", "--alarm", "threshold=x", "--logs", "LOGS"], "threshold is a number"),
        (["--pattern", "x", "--alarm", "color=red", "--logs", "LOGS"], "is no setting"),
        (["--pattern", "x", "--alarm", "statistic=Most", "--logs", "LOGS"], "AWS would refuse the alarm"),
        (["PLAN", "--logs", "LOGS", "--html", "-"], "--html writes into a file"),
        (["PLAN", "--logs", "LOGS", "--json", "no/such/folder/x"], "names no file in a folder that exists"),
        (["LOGS", "--logs", "LOGS"], ""),
    ],
)
def test_what_is_refused(
    planned: Path, logs: Path, arguments: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_BINARY", "no-such-terraform")
    done = run(*({"PLAN": planned, "LOGS": logs}.get(each, each) for each in arguments))
    assert done.exit_code == 2
    assert sentence in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{}", "is neither a plan nor a state"),
        ("[]", "is no JSON object"),
        ("{", "is no JSON object"),
        (json.dumps({"values": {"root_module": {}}}), "has no alarm on a metric filter"),
        (json.dumps(plan(None)), "known only after an apply"),
        (json.dumps(plan("{ $.a = }")), "AWS would refuse the pattern"),
    ],
)
def test_what_is_no_plan(text: str, sentence: str) -> None:
    with pytest.raises(NothingToTest, match=re.escape(sentence)):
        read(text, "x")


# The page


def test_the_page_is_whole_in_itself_and_obeys_nobody(planned: Path, tmp_path: Path) -> None:
    logs = tmp_path / "hostile"
    logs.mkdir()
    made = event(
        "r",
        "2026-03-01T10:01:00Z",
        userIdentity={"type": "IAMUser", "arn": HOSTILE},
        userAgent=HOSTILE,
        sourceIPAddress=HOSTILE,
        requestParameters={"secretId": HOSTILE},
    )
    write(logs, "2026-03-01T10:05", [made])
    file = tmp_path / "page.html"
    done = run(
        planned, "--logs", logs, "--html", file, "--bill", "--max-alarms", "0/day", "--json", tmp_path / "j"
    )
    assert done.exit_code == 0
    assert "\x1b[31m" not in done.output.replace("\x1b[0m", "")
    page = file.read_text()
    assert "<script" not in page
    assert "\u202e" not in page
    assert "default-src 'none'; style-src" in page.replace("&#x27;", "'")
    assert not re.search(r'(?:src|href)="(?!data:)', page)
    pictures = re.findall(r'<img alt="[^"]+" src="data:image/svg\+xml;base64,([^"]+)">', page)
    assert len(pictures) == 4
    for each in pictures:
        drawn = b64decode(each).decode()
        assert "<script" not in drawn
        assert 'href="http' not in drawn
    assert file.stat().st_mode & 0o077 == 0
    json.loads((tmp_path / "j").read_text())


def test_a_watch_is_drawn_with_its_name_as_it_is(tmp_path: Path) -> None:
    from dataclasses import replace

    from history import subject

    from secretwatch.pipeline.backtest import pictures
    from secretwatch.pipeline.backtest.run import backtest as result_of
    from secretwatch.pipeline.backtest.scan import Setting, scan
    from secretwatch.pipeline.backtest.sources import items
    from secretwatch.pipeline.backtest.store import Store

    write(tmp_path, "2026-03-01T10:05", [event("r", "2026-03-01T10:01:00Z")])
    store, subjects = Store(), (subject(),)
    result: Result = result_of(subjects, store, scan(items((str(tmp_path),)), store, Setting(subjects), 1))
    (watch,) = result.subjects[0].watches
    watch = replace(watch, label="$x^2$ <b>&")
    for picture in (pictures.timeline([watch], result), pictures.new_readers([watch], result)):
        drawn = b64decode(picture.partition("base64,")[2].rstrip('">')).decode()
        assert "$x^2$ &lt;b&gt;&amp;" in drawn


# A bucket


class Client:
    """S3, as far as it is asked."""

    def __init__(self, objects: dict[str, tuple[bytes, int]]) -> None:
        self.objects = objects
        self.fetched: list[str] = []

    def client(self, service: str) -> Any:
        assert service == "s3"
        return self

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, Bucket: str, Prefix: str) -> Any:
        for key, (data, at) in self.objects.items():
            if key.startswith(Prefix):
                modified = datetime.fromtimestamp(at, UTC)
                yield {"Contents": [{"Key": key, "Size": len(data), "LastModified": modified}]}

    def get_object(self, Bucket: str, Key: str) -> Any:
        self.fetched.append(Key)
        return {"Body": BytesIO(self.objects[Key][0])}


def test_a_bucket_is_listed_and_priced_before_anything_is_fetched() -> None:
    arrived = 1_772_359_533
    key = f"trails/AWSLogs/o-1/111122223333/CloudTrail/eu-central-1/2026/03/01/{name('2026-03-01T10:05')}"
    client = Client(
        {
            key: (b"data", arrived),
            "trails/AWSLogs/111122223333/CloudTrail-Digest/x.json.gz": (b"digest", arrived),
            "other/x.json": (b"other", arrived),
            "trails/folder/": (b"", arrived),
        }
    )
    bucket = Bucket(client, "s3://log-archive/trails/")  # type: ignore[arg-type]
    cost = bucket.cost()
    assert (cost.objects, cost.bytes, client.fetched) == (1, 4, [])
    assert "1 log files" in cost.sentence("x")
    (item,) = bucket.items()
    assert (item.name, item.data, item.arrival) == (f"s3://log-archive/{key}", b"data", arrived)
    assert client.fetched == [key]


@pytest.mark.parametrize("url", ["s3://", "s3:///x", "s3://UPPER/x", "s3://a b/c"])
def test_what_is_no_bucket(url: str) -> None:
    with pytest.raises(NotABucket):
        Bucket(Client({}), url)  # type: ignore[arg-type]
