"""Where the state is kept, and what a record of a killed run is worth."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from secretwatch import local
from secretwatch.local.state import Record, StateDir, find_state_dir

RECORD = Record(pid=1, port=4566, started=0.0, delivery_interval=1.0, digest_interval=3600.0, alarm_tick=1.0)


@pytest.mark.parametrize(
    ("folders", "cwd", "expected"),
    [
        (["clone/.git", "clone/examples/x"], "clone/examples/x", "clone/.secretwatch"),
        # A checkout inside of another one is a clone of its own.
        (["clone/.secretwatch", "clone/sub/.git"], "clone/sub", "clone/sub/.secretwatch"),
        (
            ["clone/.git", "clone/sub/.secretwatch", "clone/sub/deep"],
            "clone/sub/deep",
            "clone/sub/.secretwatch",
        ),
    ],
)
def test_the_state_directory_is_that_of_the_clone(
    tmp_path: Path, folders: list[str], cwd: str, expected: str
) -> None:
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
    assert find_state_dir(tmp_path / cwd, {}) == tmp_path / expected


def test_a_worktree_has_a_file_for_git_and_is_a_clone_too(tmp_path: Path) -> None:
    (tmp_path / "tree/sub").mkdir(parents=True)
    (tmp_path / "tree/.git").write_text("gitdir: elsewhere\n")
    assert find_state_dir(tmp_path / "tree/sub", {}) == tmp_path / "tree/.secretwatch"


def test_the_variable_names_the_state_directory_itself(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    named = {"SECRETWATCH_STATE_DIR": str(tmp_path / "elsewhere")}
    assert find_state_dir(tmp_path, named) == tmp_path / "elsewhere"


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    state = StateDir(tmp_path)
    state.write(RECORD)
    assert state.read() == RECORD
    state.sweep()
    assert state.read() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"unknown": 1}', "null"])
def test_a_record_that_was_cut_off_is_none(tmp_path: Path, text: str) -> None:
    state = StateDir(tmp_path)
    state.record_file.write_text(text)
    assert state.read() is None


def test_a_recycled_process_id_is_neither_up_nor_killed(tmp_path: Path) -> None:
    state = StateDir(tmp_path / "state")
    state.create()
    # This very process has the id that the killed one had.
    state.write(Record(os.getpid(), 4566, 0.0, 1.0, 3600.0, 1.0))
    state.filesystem.mkdir()
    assert local.status(state.path) is None
    assert local.stop(state.path) is False
    assert not state.record_file.exists()
    assert not state.filesystem.exists()


def test_stop_without_a_state_directory_makes_none(tmp_path: Path) -> None:
    assert local.stop(tmp_path / "state") is False
    assert not (tmp_path / "state").exists()
