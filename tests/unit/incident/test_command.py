"""The command: what it refuses in a sentence, what it writes where."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from commands import Runner
from events_of import BEGIN, assume, iso, read, role, user

from secretwatch.cli import main

EVENTS = [
    assume(user("carol", "AKIAC0000000"), "reader", "s", "ASIAS0000000", BEGIN, event_id="a"),
    read(role("reader", "s", "ASIAS0000000", BEGIN), BEGIN, event_id="r"),
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "log.json.gz"
    file.write_bytes(gzip.compress(json.dumps({"Records": EVENTS}).encode()))
    return file


def test_every_wrapping_that_match_reads(tmp_path: Path, log: Path) -> None:
    history = {"Events": [{"EventId": "a", "CloudTrailEvent": json.dumps(EVENTS[0])}]}
    (tmp_path / "history.json").write_text(json.dumps(history))
    (tmp_path / "lines.jsonl").write_text("\n".join(map(json.dumps, EVENTS)))
    bridge = {"detail-type": "AWS API Call via CloudTrail", "detail": EVENTS[1]}
    (tmp_path / "bridge.json").write_text(json.dumps(bridge))
    for names in (["log.json.gz"], ["history.json", "bridge.json"], ["lines.jsonl"], ["."]):
        paths = [str(tmp_path / each) for each in names]
        done = Runner().invoke(main, ["incident", "--files", *paths, "--event-id", "r", "--json", "-"])
        assert done.exit_code == 0, done.stderr
        assert [each["eventID"] for each in json.loads(done.stdout)["events"]] == ["a", "r"]
    done = Runner().invoke(
        main, ["incident", "--files", "-", "--event-id", "r"], input="\n".join(map(json.dumps, EVENTS))
    )
    assert done.exit_code == 0
    assert "user carol (AKIAC0000000) led to the reader" in done.stdout


def test_each_form_says_the_same(tmp_path: Path, log: Path) -> None:
    page, ticket, data = (tmp_path / name for name in ("i.html", "i.md", "i.json"))
    written = ["--html", str(page), "--markdown", str(ticket), "--json", str(data)]
    done = Runner().invoke(main, ["incident", "--files", str(log), "--event-id", "r", *written])
    assert done.exit_code == 0, done.stderr
    assert json.loads(data.read_text())["rang"] == ["r"]
    for text in (done.stdout, page.read_text(), ticket.read_text()):
        for each in (
            "AKIAC0000000",
            "ASIAS0000000",
            "carol",
            "put-role-policy",
            "sts:AssumeRole",
            "192.0.2.1",
        ):
            assert each in text
    assert page.stat().st_mode & 0o777 == 0o600
    assert '<svg class="timeline"' in page.read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "Which reads does it look into?"),
        (["LOG"], 2, "is no folder"),
        (["/no/such/folder"], 2, "is no folder"),
        (["."] * 2, 2, "An incident is about one root module"),
        ([".", "--event-id", "r", "--alarm-time", "1h"], 2, "give one of them"),
        ([".", "--event-id", 'x" || "'], 2, "does not have the form of CloudTrail's ids"),
        ([".", "--alarm-time", "tomorrow"], 2, "is neither a time like"),
        ([".", "--alarm-time", "2999-01-01"], 2, "is still to come"),
        ([".", "--hours", "nan"], 2, "--hours"),
        ([".", "--hours", "0"], 2, "--hours"),
        ([".", "--html", "-"], 2, "--html writes into a file"),
        ([".", "--json", "-", "--markdown", "-"], 2, "Only one report"),
        ([".", "--json", "/no/such/folder/x"], 2, "names no file in a folder that exists"),
        (["--files", "LOG"], 2, "The files hold 1 reads of secrets, such as r."),
        (["--files", "LOG", "--event-id", "x"], 1, "The files hold 2 events, and none with the id x."),
        (["--files", "LOG", "--watch", "a", "--event-id", "x"], 2, "are about AWS"),
        (["--files", "/no/such/file", "--event-id", "x"], 2, "/no/such/file cannot be read"),
        (["--files", "EMPTY", "--event-id", "x"], 2, "The files hold no CloudTrail events."),
        (["--files", "LOG", "BROKEN", "--event-id", "x"], 3, "pieces cannot be read"),
    ],
)
def test_what_is_refused(tmp_path: Path, log: Path, arguments: list[str], code: int, words: str) -> None:
    (tmp_path / "empty").write_text("nothing\n")
    (tmp_path / "broken").write_text('{"eventID": \n')
    paths = {"LOG": str(log), "EMPTY": str(tmp_path / "empty"), "BROKEN": str(tmp_path / "broken")}
    done = Runner().invoke(main, ["incident", *(paths.get(each, each) for each in arguments)])
    assert (done.exit_code, done.stdout) == (code, "")
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_times_at_the_ends_of_the_calendar(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    crooked = [EVENTS[1] | {"eventTime": each} for each in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")]
    file.write_text("\n".join(map(json.dumps, [*crooked, EVENTS[1] | {"eventTime": iso(BEGIN)}])))
    done = Runner().invoke(main, ["incident", "--files", str(file), "--event-id", "r", "--hours", "2160"])
    assert done.exit_code == 0, done.stderr
