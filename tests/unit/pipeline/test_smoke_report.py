from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from secretwatch.pipeline.smoke_report import EXIT_CODES, HopResult, SmokeReport
from secretwatch.pipeline.whole_files import write_whole


def test_its_shape() -> None:
    report = SmokeReport(
        ending="pass", hops=[HopResult("read", "ok", 0.12345, "x", "seconds"), HopResult("next")]
    )
    found = report.as_dict()
    assert found["result"] == "pass"
    assert found["hops"] == [
        {"name": "read", "status": "ok", "seconds": 0.123, "detail": "x"},
        {"name": "next", "status": "waiting", "seconds": None, "detail": ""},
    ]
    assert set(found["alarm"]) == {"name", "state", "reason"}
    assert "notification" in found
    assert found == json.loads(json.dumps(found))


def test_only_one_ending_is_a_pass() -> None:
    assert [ending for ending in EXIT_CODES if SmokeReport(ending=ending).result == "pass"] == ["pass"]
    assert [ending for ending, code in EXIT_CODES.items() if code == 0] == ["pass"]


def test_it_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("older")
    SmokeReport(ending="timeout").write(path)
    assert json.loads(path.read_text())["result"] == "fail"
    assert [each.name for each in tmp_path.iterdir()] == ["report.json"]
    # It says who reads which secret.
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_written_leaves_the_older_one(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("older")
    report = SmokeReport()
    report.notification["email"] = object()
    with pytest.raises(TypeError):
        report.write(path)
    assert path.read_text() == "older"
    assert [each.name for each in tmp_path.iterdir()] == ["report.json"]


def test_a_device_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_whole(pipe, "text")
        assert os.read(reader, 10) == b"text"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    with pytest.raises(OSError, match="No space left"):
        write_whole(Path("/dev/full"), "text")
    assert Path("/dev/full").is_char_device()
