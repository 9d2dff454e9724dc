"""docs/verify.md says what the table of experiments says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from secretwatch.verify.page import cents, duration
from secretwatch.verify.table import EXPERIMENTS


@pytest.fixture(scope="module")
def docs(repo: Path) -> Any:
    spec = importlib.util.spec_from_file_location("docs_verify", repo / "scripts/docs_verify.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_table_says(docs: Any, capsys: pytest.CaptureFixture[str]) -> None:
    code = docs.main(["--check"])
    assert (code, capsys.readouterr().err) == (0, "")


@pytest.mark.parametrize(
    "old", [EXPERIMENTS[0].claim, EXPERIMENTS[-1].why, "`events:PutEvents`", "### third-bus"]
)
def test_drift_fails_with_one_sentence_and_is_mended(
    docs: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str
) -> None:
    page = docs.PAGE.read_text()
    assert old in page
    file = tmp_path / "verify.md"
    file.write_text(page.replace(old, "something else", 1))
    assert docs.main(["--check"], file) == 1
    said = "error: docs/verify.md differs from the table of experiments: run scripts/docs.\n"
    assert capsys.readouterr().err == said
    assert docs.main([], file) == 0
    assert file.read_text() == page


def test_a_page_without_markers_is_not_written(docs: Any, tmp_path: Path) -> None:
    file = tmp_path / "verify.md"
    file.write_text("# Mine\n")
    assert docs.main([], file) == 1
    assert file.read_text() == "# Mine\n"


def test_times_and_prices_are_told_as_people_do() -> None:
    assert [duration(seconds) for seconds in (5, 89, 90, 900)] == ["5 s", "89 s", "2 min", "15 min"]
    assert [cents(amount) for amount in (0, 0.01, 1.5)] == ["nothing", "0.01 ¢", "1.50 ¢"]
