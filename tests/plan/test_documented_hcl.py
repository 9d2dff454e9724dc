"""Every call of the module that the documentation shows can be planned as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

REPO = Path(__file__).resolve().parents[2]


def calls() -> list[tuple[str, str]]:
    """Where a block of HCL stands that calls the module, and the block, with this clone as the source."""
    found = []
    for file in (REPO / "README.md", *(REPO / "modules").glob("*/README.md"), *(REPO / "docs").rglob("*.md")):
        if file.parent.name == "second-day":
            continue  # applied by tests/apply/test_second_day.py
        text = file.read_text(encoding="utf-8")
        for block in re.finditer(r"^( *)```hcl\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE):
            if 'module "' in block[2]:
                line = text.count("\n", 0, block.start()) + 1
                # What follows // is a folder within.
                source = r'^(\s*source\s*=\s*)"[^"]*?(?<!:)(?://([^"]*))?"'
                root = re.sub(source, r'\1"../\2"', block[2], flags=re.MULTILINE)
                found.append((f"{file.relative_to(REPO)}:{line}", root))
    return sorted(found)


CALLS = calls()


def test_the_readme_shows_how_to_call_the_module() -> None:
    assert any(place.startswith("README.md") for place, _ in CALLS)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        # The pages are planned later: the same variables are planned by other tests in each run.
        pytest.param(*each, id=each[0], marks=[] if each[0].startswith("README.md") else pytest.mark.later)
        for each in CALLS
    ],
)
def test_what_is_shown_can_be_planned(
    terraform: Any, aws: dict[str, str], place: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_VAR_pager_url", "https://events.example.com/x")
    root = terraform.new_root("documented-" + re.sub(r"\W+", "-", place), text)
    said = terraform.run(root, "plan")
    assert "to add, 0 to change, 0 to destroy" in said
    assert "Warning" not in said
