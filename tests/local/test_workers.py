"""What is built once for a file or for several is built on one worker, however many there are.

It was not: pytest 9.2 no longer looks where pytest-xdist 3.8 writes a group's name.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CONFTEST = Path(__file__).parents[1] / "conftest.py"

SHARED = """
import os
import pytest

HERE = os.path.dirname(os.path.abspath(__file__))

def note(name):
    with open(os.path.join(HERE, name), "a") as file:
        file.write(os.environ["PYTEST_XDIST_WORKER"] + "\\n")

@pytest.fixture(scope="module")
def costly():
    note("built-" + __name__.rpartition(".")[2])

@pytest.mark.parametrize("number", range(8))
def test_costly(costly, number):
    pass

@pytest.mark.parametrize("number", range(8))
def test_of_many_files(deployment, number):
    pass

@pytest.mark.parametrize("number", range(8))
def test_free(number):
    note("free")
"""

DEPLOYMENT = """

@pytest.fixture(scope="session")
def deployment():
    with open(os.path.join(os.path.dirname(__file__), "built-deployment"), "a") as file:
        file.write(os.environ["PYTEST_XDIST_WORKER"] + "\\n")
"""


def test_groups_stay_together(tmp_path: Path) -> None:
    text = CONFTEST.read_text().replace("Path(__file__).resolve().parents[1]", "Path(__file__).parent")
    (tmp_path / "conftest.py").write_text(
        text.replace("import tempfile", "import os\nimport tempfile") + DEPLOYMENT
    )
    for name in ("one", "two", "three"):
        (tmp_path / f"test_{name}.py").write_text(SHARED)
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-n",
            "3",
            "--dist",
            "loadgroup",
            "-q",
            "--import-mode=importlib",
            str(tmp_path),
        ],
        cwd=tmp_path,
        # The conftest imports what lies beside it.
        env=os.environ | {"PYTHONPATH": str(CONFTEST.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "72 passed" in ended.stdout, ended.stdout + ended.stderr
    for built in ("built-test_one", "built-test_two", "built-test_three", "built-deployment"):
        assert len((tmp_path / built).read_text().split()) == 1, built
    assert len(set((tmp_path / "free").read_text().split())) > 1
