"""No file is over 400 lines without a reason, which stands at its top: a line that begins "Long because"."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

MOST = 400
TOP = 15
REASON = re.compile(r"(?m)^(?:# )?Long because \w+")


def is_too_long(text: str) -> bool:
    """Whether a file is long, and does not say at its top why."""
    lines = text.splitlines()
    return len(lines) > MOST and not REASON.search("\n".join(lines[:TOP]))


def test_no_file_is_long_without_a_reason(repo: Path) -> None:
    if not (repo / ".git").exists():
        pytest.skip("This is no checkout: nobody says which files are the repository's.")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", "*.py", "*.tf"], cwd=repo, capture_output=True, text=True, check=True
    ).stdout
    files = [name for name in listed.split("\0") if name and (repo / name).is_file()]
    assert files
    assert [name for name in files if is_too_long((repo / name).read_text())] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x\n" * MOST, False),
        ("x\n" * (MOST + 1), True),
        ('"""What it is.\n\nLong because it is one table.\n"""\n' + "x\n" * MOST, False),
        ("# Long because it is one table.\n" + "x\n" * MOST, False),
        ("# Long because\n" + "x\n" * MOST, True),
        ("x\n" * TOP + "# Long because it is one table.\n" + "x\n" * MOST, True),
        ("# It is not Long because it is one table.\n" + "x\n" * MOST, True),
    ],
)
def test_the_reason_stands_at_the_top(text: str, expected: bool) -> None:
    assert is_too_long(text) == expected
