"""docs/module.md says what variables.tf and outputs.tf say, and has a row for every input."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# What is changed below, for each kind one of the module's: all of them take a second to read.
KEPT = {
    "variables.tf": ("kms_deletion_window_in_days", "look_up_secrets", "tags"),
    "outputs.tf": ("trail_arn", "trail_name"),
}


def load(repo: Path) -> Any:
    spec = importlib.util.spec_from_file_location("scripts_docs", repo / "scripts/docs.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def docs(repo: Path) -> Any:
    return load(repo)


@pytest.fixture
def copy(docs: Any, repo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Some of what the tables are made of and the page, to change."""
    (tmp_path / "docs").mkdir()
    for file, names in KEPT.items():
        (tmp_path / file).write_text("\n".join(block(repo / file, name) for name in names))
    shutil.copy(repo / "docs/module.md", tmp_path / "docs")
    assert docs.main([], tmp_path) == 0
    capsys.readouterr()
    return tmp_path


def block(file: Path, name: str) -> str:
    """A variable or output as its file has it."""
    found = re.search(rf'^(variable|output) "{name}" \{{\n.*?^\}}\n', file.read_text(), re.M | re.S)
    assert found, name
    return found[0]


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_the_page_is_what_the_module_says(repo: Path) -> None:
    # As people run it: in these tests Python also finds what lies in the tests' own folders.
    done = subprocess.run(
        [sys.executable, repo / "scripts/docs.py", "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("variables.tf", "default     = 30", "default     = 29"),
        ("variables.tf", "type        = bool", "type        = number"),
        ("variables.tf", 'description = "Tags of', 'description = "Labels of'),
        ("variables.tf", 'variable "tags"', 'variable "labels"'),
        ("outputs.tf", 'description = "Name of the trail."', 'description = "Its name."'),
        ("outputs.tf", 'output "trail_name"', 'output "trail"'),
        ("docs/module.md", "| `trail_name` | Name of the trail. |\n", ""),
    ],
)
def test_drift_fails_with_one_sentence_and_is_mended(
    docs: Any, copy: Path, capsys: pytest.CaptureFixture[str], file: str, old: str, new: str
) -> None:
    change(copy / file, old, new)
    before = (copy / "docs/module.md").read_text()
    assert docs.main(["--check"], copy) == 1
    said = "error: docs/module.md differs from variables.tf and outputs.tf: run scripts/docs.\n"
    assert capsys.readouterr().err == said
    assert (copy / "docs/module.md").read_text() == before
    assert docs.main([], copy) == 0
    assert docs.main(["--check"], copy) == 0


def test_what_is_written_by_hand_stays(docs: Any, copy: Path) -> None:
    page = copy / "docs/module.md"
    page.write_text(f"# Above\n\n{docs.BEGIN}\nwhat was before\n{docs.END}\n\nBelow.\n")
    docs.main([], copy)
    text = page.read_text()
    assert text.startswith(f"# Above\n\n{docs.BEGIN}\n\n## Inputs\n")
    assert text.endswith(f"\n\n{docs.END}\n\nBelow.\n")
    assert "what was before" not in text


def test_a_page_without_markers_is_left_alone(
    docs: Any, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = copy / "docs/module.md"
    page.write_text("All by hand.\n")
    assert docs.main([], copy) == 1
    assert capsys.readouterr().err.startswith("error: docs/module.md lacks the lines ")
    assert page.read_text() == "All by hand.\n"


def test_a_variable_without_a_default_is_required_and_bars_are_escaped(docs: Any, copy: Path) -> None:
    (copy / "variables.tf").write_text(
        'variable "x" {\n  description = "This | that, \\"quoted\\"."\n  sensitive = true\n  type = string\n'
        "}\n"
    )
    assert '| `x` | `string` | required | This \\| that, "quoted". (sensitive) |\n' in docs.tables(copy)


def by_hand(docs: Any, repo: Path) -> list[list[str]]:
    """Rows of the table written by hand: input, what it creates, what it refuses, which files test it."""
    text = (repo / "docs/module.md").read_text().partition(docs.END)[2]
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]


def test_every_input_has_a_row_by_hand(docs: Any, repo: Path) -> None:
    variables = docs.blocks(repo / "variables.tf", "variable")
    attributes = re.findall(r"^    (\w+) +=", text_of(repo, "watches"), re.MULTILINE)
    wanted = [name for name in variables if name != "watches"] + ["watches"]
    wanted += [f"watches.*.{name}" for name in attributes]
    assert "watches.*.realtime" in wanted
    assert [row[0].strip("`") for row in by_hand(docs, repo)] == wanted


def text_of(repo: Path, variable: str) -> str:
    """A variable's type, as it is written."""
    text = (repo / "variables.tf").read_text().partition(f'variable "{variable}" {{')[2]
    return text.partition("  type = map(object({")[2].partition("\n  }))")[0]


def test_every_row_names_tests_that_exist(docs: Any, repo: Path) -> None:
    for row in by_hand(docs, repo):
        files = re.findall(r"`(tests/[^`]+)`", row[-1])
        assert len(row) == 4
        assert files, row
        assert [file for file in files if not (repo / file).is_file()] == [], row
