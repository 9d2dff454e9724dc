"""The tests on docs/testing.md, as somebody has them in a project of their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.later
def test_every_test_on_the_page_passes(repo: Path, tmp_path: Path) -> None:
    page = (repo / "docs/testing.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)
    (tmp_path / "test_page.py").write_text("\n\n".join(blocks))
    shutil.copytree(repo / "tests/e2e/infra", tmp_path / "infra")
    # The module stands where the clone is.
    watch = tmp_path / "infra/watch/main.tf"
    watch.write_text(watch.read_text().replace('"../../../../"', f'"{repo}"'))
    # None of this project's settings, nor of the folder's above.
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env={name: os.environ[name] for name in ("HOME", "PATH", "TF_CLI_CONFIG_FILE") if name in os.environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout
    assert f"{len(blocks)} passed" in done.stdout
    left = {each.name for each in tmp_path.rglob("*") if each.name.startswith((".terraform", "terraform.tf"))}
    assert left == set()
