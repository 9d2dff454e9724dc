"""docs/architecture.md is what the code imports."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

# What the picture calls them.
NAMES = {"cli": "command", "pytest_plugin": "plugin", "__main__": "command", "__init__": "command"}


@pytest.fixture(scope="module")
def imports(repo: Path) -> set[tuple[str, str]]:
    """Pairs of rooms: whose file imports, and what of."""
    package = repo / "secretwatch"
    found = set()
    for file in package.rglob("*.py"):
        room = file.relative_to(package).parts[0].removesuffix(".py")
        found |= {(room, other) for other in imported(file) if other != room}
    return found


def imported(file: Path) -> Iterator[str]:
    """The rooms of this package that a file imports."""
    for node in ast.walk(ast.parse(file.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            whole = node.module == "secretwatch"
            names = [f"secretwatch.{each.name}" for each in node.names] if whole else [node.module]
        yield from (name.split(".")[1] for name in names if name.startswith("secretwatch."))


@pytest.fixture(scope="module")
def core(repo: Path) -> dict[str, set[str]]:
    """The core's rooms by the page, and what each asks."""
    table = (repo / "docs/architecture.md").read_text().partition("| package | decides | imports |")[2]
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \|([^|]*)\|$", table.partition("\n\n")[0], re.M)
    return {room: set(re.findall(r"`(\w+)`", asks)) for room, asks in rows}


def test_every_arrow_is_an_import_and_every_import_an_arrow(
    repo: Path, imports: set[tuple[str, str]], core: dict[str, set[str]]
) -> None:
    picture = (repo / "docs/architecture.md").read_text()
    drawn = set(re.findall(r"^  (\w+)(?:\[.*\])? --> (\w+)$", picture, re.M))

    def name(room: str) -> str:
        return "core" if room in core else NAMES.get(room, room)

    made = {(name(one), name(other)) for one, other in imports}
    assert {pair for pair in made if pair[0] != pair[1]} == drawn


def test_the_cores_rooms_ask_no_others_than_the_page_says(
    imports: set[tuple[str, str]], core: dict[str, set[str]]
) -> None:
    asked = {room: {other for one, other in imports if one == room} for room in core}
    assert asked == core


def test_the_core_touches_no_service_clock_or_file(repo: Path, core: dict[str, set[str]]) -> None:
    outside = {"boto3", "localstack", "moto", "os", "pathlib", "requests", "socket", "subprocess", "time"}
    for room in core:
        place = repo / "secretwatch" / room
        for file in place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")]:
            tree = ast.parse(file.read_text())
            names = {
                alias.name.split(".")[0]
                for node in ast.walk(tree)
                if isinstance(node, ast.Import)
                for alias in node.names
            }
            names |= {
                (node.module or "").split(".")[0]
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom) and not node.level
            }
            assert not names & outside, file


def test_every_file_that_is_named_is_there(repo: Path) -> None:
    text = (repo / "docs/architecture.md").read_text()
    for line in re.findall(r"^    .*(?:localstack/|pipeline/).*$", text, re.M):
        folder = ""
        for name in re.findall(r"\b((?:\w+/)*\w+\.py)", line):
            folder = name.rpartition("/")[0] or folder
            assert (repo / "secretwatch" / folder / name.rpartition("/")[2]).is_file(), name
