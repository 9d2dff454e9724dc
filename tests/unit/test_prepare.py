"""`scripts/prepare` makes `.venv` anew, also where the old one is activated, and says what it is doing."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pty
import re
import select
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

REPO = Path(__file__).resolve().parents[2]


def load() -> Any:
    spec = importlib.util.spec_from_file_location("scripts_prepare", REPO / "scripts/prepare.py")
    assert spec
    assert spec.loader
    prepare: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(prepare)
    return prepare


def test_an_active_environment_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = load()
    old = tmp_path / ".venv"
    venv.create(old, symlinks=True)
    steps: list[tuple[str, ...]] = []
    monkeypatch.setattr(prepare, "VENV", old)
    monkeypatch.setattr(prepare, "READY", tmp_path / "ready")
    monkeypatch.setattr(prepare, "step", lambda _what, *command: steps.append(tuple(map(str, command))))
    monkeypatch.setattr(sys, "executable", str(old / "bin/python"))
    prepare.make()
    creator, *rest = steps[0]
    assert rest == ["-m", "venv", str(old)]
    assert not old.exists()
    assert Path(creator).exists()


@pytest.mark.parametrize("terminal", [False, True])
def test_a_step_is_named_while_it_runs(tmp_path: Path, terminal: bool) -> None:
    """The step cannot end before its name was read."""
    gate = tmp_path / "gate"
    wait = "import fcntl, sys; fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX)"
    step = f"step('x', sys.executable, '-c', {wait!r}, sys.argv[1])"
    script = f"import sys, test_prepare; test_prepare.load().{step}"
    ours, theirs = pty.openpty() if terminal else os.pipe()
    with gate.open("w") as closed:
        fcntl.flock(closed, fcntl.LOCK_EX)
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(gate)], stderr=theirs, cwd=Path(__file__).parent
        )
        os.close(theirs)
        begun = os.read(ours, 1000).decode() if select.select([ours], [], [], 60)[0] else "nothing"
    assert process.wait() == 0
    ended = os.read(ours, 1000).decode().replace("\r", "")
    os.close(ours)
    assert begun == ("  x" if terminal else "  x …\n")
    assert re.fullmatch(r" \(\d+ s\)\n" if terminal else r"  x \(\d+ s\)\n", ended)
