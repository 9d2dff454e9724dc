"""The scan of the HCL fails for a file that checkov could not parse, and for a scan of nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("report", "said"),
    [
        ({"summary": {"passed": 3}, "results": {"parsing_errors": []}}, ""),
        ({"summary": {"passed": 3}, "results": {"parsing_errors": ["/x/variables.tf"]}}, "variables.tf"),
        # As it writes with --quiet.
        ({"summary": {"passed": 3, "parsing_errors": 2}, "results": {}}, "2 files"),
        # As checkov writes it where there was nothing to scan.
        ({"passed": 0, "failed": 0, "parsing_errors": 0}, "passed nothing"),
    ],
)
def test_what_was_not_read_fails(repo: Path, tmp_path: Path, report: dict[str, Any], said: str) -> None:
    file = tmp_path / "checkov.json"
    file.write_text(json.dumps(report))
    done = subprocess.run(
        [sys.executable, repo / "scripts/parsed.py", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == (1 if said else 0)
    assert said in done.stderr
