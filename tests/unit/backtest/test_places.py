"""Where history lies and where a run is kept: links, pipes, odd names, full disks, killed runs."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from history import PATTERN, other, read, write

from secretwatch.backtest.delay import arrival_of_name
from secretwatch.cli.backtest import backtest
from secretwatch.pipeline.backtest.sources import items
from secretwatch.pipeline.backtest.store import OtherRun, Store


def run(*arguments: Any) -> Any:
    return CliRunner().invoke(backtest, ["--pattern", PATTERN, *map(str, arguments)])


def one(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "x.jsonl").write_text(json.dumps(read("a", "2026-03-01T10:00:00Z")))
    return folder


def names(*where: Path) -> list[str]:
    return [Path(each.name).name for each in items(tuple(map(str, where)))]


def test_pipes_and_links_to_nothing_are_stepped_over(tmp_path: Path) -> None:
    folder = one(tmp_path / "logs")
    os.mkfifo(folder / "pipe")
    (folder / "gone").symlink_to(tmp_path / "nowhere")
    assert names(folder) == ["x.jsonl"]
    with pytest.raises(FileNotFoundError):
        names(folder / "gone")


def test_folders_behind_links_are_read_and_a_ring_of_them_ends(tmp_path: Path) -> None:
    elsewhere, folder = one(tmp_path / "elsewhere"), tmp_path / "logs"
    folder.mkdir()
    (folder / "link").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(folder)
    (elsewhere / "self").symlink_to(elsewhere)
    assert names(folder) == ["x.jsonl"]


def test_a_folder_that_cannot_be_listed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = one(tmp_path / "logs")
    (folder / "closed").mkdir()
    scan = os.scandir

    def refused(path: Any) -> Any:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refused)
    done = run("--logs", folder)
    assert (done.exit_code, "closed cannot be read: Permission denied" in done.output) == (2, True)


def test_a_file_is_one_by_whatever_path(tmp_path: Path) -> None:
    folder = one(tmp_path / "logs")
    (folder / "link.jsonl").symlink_to(folder / "x.jsonl")
    os.link(folder / "x.jsonl", folder / "hard.jsonl")
    done = run(
        "--logs",
        folder,
        "--logs",
        folder / "x.jsonl",
        "--logs",
        f"{folder}/./x.jsonl",
        "--bill",
        "--json",
        "-",
    )
    found = json.loads(done.stdout)
    assert (found["files"], found["read"]["files_twice"], found["bill"]["lines"][0]["events"]) == (1, 4, 1)


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    folder = one(tmp_path / "logs")
    (folder / "x.jsonl").rename(os.fsdecode(os.fsencode(folder) + b"/a\xff\n\x1b.jsonl"))
    Path(os.fsdecode(os.fsencode(folder) + b"/b\xff.gz")).write_bytes(b"\x1f\x8b\x08\x00nothing")
    done = run("--logs", folder, "--json", "-")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["hits"] == 1
    assert "b\\udcff.gz" in done.output
    assert not {"\x1b", "\udcff"} & set(done.output)


@pytest.mark.parametrize("year", ["0001", "1999", "9999"])
def test_no_calendar_is_asked_for_a_year_that_none_has(year: str, tmp_path: Path) -> None:
    file = f"111122223333_CloudTrail_eu-central-1_{year}1231T2359Z_0123456789abcdef.json.gz"
    assert arrival_of_name(file) is None
    (tmp_path / file).write_text(json.dumps({"Records": [read("a", "2026-03-01T10:00:00Z")]}))
    assert run("--logs", tmp_path, "--zone", "Pacific/Kiritimati").exit_code == 0


def test_a_database_of_somebody_else_is_left_as_it_is(tmp_path: Path) -> None:
    folder, file = one(tmp_path / "logs"), tmp_path / "mine"
    database = sqlite3.connect(file)
    database.execute("CREATE TABLE facts (precious TEXT)")
    database.commit()
    database.close()
    before = file.read_bytes()
    done = run("--logs", folder, "--resume", file)
    assert (done.exit_code, "does not belong to an interrupted backtest" in done.output) == (2, True)
    assert file.read_bytes() == before
    assert not list(tmp_path.glob("mine-*"))


def test_a_file_that_another_run_has_is_refused_and_free_once_that_ended(tmp_path: Path) -> None:
    folder, file = one(tmp_path / "logs"), tmp_path / "work"
    first = Store(file, "x")
    done = run("--logs", folder, "--resume", file)
    assert (done.exit_code, "to a backtest that is running" in done.output) == (2, True)
    first.close()
    Store(file, "x").close()
    with pytest.raises(OtherRun, match="something else"):
        Store(file, "y")


def test_a_full_disk_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = one(tmp_path / "logs")
    add = Store.add

    def full(self: Store, hits: Any) -> None:
        self._database.execute("PRAGMA max_page_count = 1")
        for _ in range(999):
            self._database.execute("INSERT INTO facts VALUES (hex(randomblob(9)), hex(randomblob(4000)))")
        add(self, hits)

    monkeypatch.setattr(Store, "add", full)
    for more in ((), ("--resume", tmp_path / "work")):
        done = run("--logs", folder, *more)
        assert (done.exit_code, "full. Make room" in done.output) == (3, True), done.output


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_processes_end_with_one_that_is_killed(tmp_path: Path) -> None:
    for number in range(3000):
        write(tmp_path, "2026-03-01T10:05", [other("a", "2026-03-01T10:00:00Z")], f"{number:016}")
    command = [sys.executable, "-m", "secretwatch", "backtest", "--pattern", PATTERN, "--logs", str(tmp_path)]
    with subprocess.Popen([*command, "--workers", "2", "--strict"], stdout=subprocess.DEVNULL) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        deadline = time.monotonic() + 60
        while len(found := children.read_text().split()) < 2:
            assert process.poll() is None
            assert time.monotonic() < deadline
        process.send_signal(signal.SIGSTOP)  # it shall not end by itself
        process.kill()
        process.wait()
    while any(_is_running(int(each)) for each in found):
        assert time.monotonic() < deadline


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
