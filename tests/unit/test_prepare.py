"""`scripts/prepare` makes `.venv` anew also for somebody who has the old one activated."""

from __future__ import annotations

import importlib.util
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

REPO = Path(__file__).resolve().parents[2]


def test_an_active_environment_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("scripts_prepare", REPO / "scripts/prepare.py")
    assert spec
    assert spec.loader
    prepare: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(prepare)
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
