"""The tests on docs/testing.md, as somebody has them in a project of their own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from pages import run_tests


@pytest.mark.later
def test_every_test_on_the_page_passes(repo: Path, tmp_path: Path) -> None:
    page = (repo / "docs/testing.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)
    shutil.copytree(repo / "tests/e2e/infra", tmp_path / "infra")
    # The module stands where the clone is.
    watch = tmp_path / "infra/watch/main.tf"
    watch.write_text(watch.read_text().replace('"../../../../"', f'"{repo}"'))
    run_tests(tmp_path, blocks)
    left = {each.name for each in tmp_path.rglob("*") if each.name.startswith((".terraform", "terraform.tf"))}
    assert left == set()
