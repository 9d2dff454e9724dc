"""Holding delivery in tests: whatever a test does, nothing is held after it; and the plugin's fixture."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from secretwatch import local

CHANNELS = ["trail", "events", "history"]


class Cloud:
    """What is held, and what was asked."""

    def __init__(self, *held: str) -> None:
        self.on = [*held]
        self.released: list[tuple[list[str], dict[str, Any]]] = []
        self.gone = False

    def hold(self, *channels: str) -> list[str]:
        new = [name for name in channels or CHANNELS if name not in self.on]
        self.on += new
        return new

    def release(self, *channels: str, **how: Any) -> dict[str, int]:
        if self.gone:
            raise local.NotUp("gone")
        names = [*(channels or CHANNELS)]
        self.released.append((names, {name: value for name, value in how.items() if value}))
        if how.get("first") is None:
            self.on = [name for name in self.on if name not in names]
        return {}


def held_delivery(cloud: Cloud, *channels: str) -> local.HeldDelivery:
    return local.held_delivery(cloud, *channels)  # type: ignore[arg-type]


def test_it_is_released_at_the_end_also_of_what_fails() -> None:
    cloud = Cloud()

    def fail() -> None:
        with held_delivery(cloud):
            assert cloud.on == CHANNELS
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert cloud.on == []


def test_how_it_is_released_is_the_tests_choice() -> None:
    cloud = Cloud()
    with held_delivery(cloud, "trail") as held:
        held.release(first=2, reordered=True, twice=True)
        assert cloud.on == ["trail"]
    assert cloud.released == [
        (["trail"], {"first": 2, "reordered": True, "twice": True}),
        (["trail"], {}),
    ]


def test_held_again_after_a_release_is_released_at_the_end() -> None:
    cloud = Cloud()
    with held_delivery(cloud) as held:
        held.release()
        assert cloud.on == []
        held.hold()
        assert cloud.on == CHANNELS
    assert cloud.on == []


def test_what_was_held_before_stays_held() -> None:
    cloud = Cloud("history")
    with held_delivery(cloud), held_delivery(cloud) as inner, inner:
        assert set(cloud.on) == set(CHANNELS)
    assert cloud.on == ["history"]


def test_a_cloud_that_is_gone_hides_no_failure() -> None:
    cloud = Cloud()

    def fail() -> None:
        with held_delivery(cloud):
            cloud.gone = True
            raise RuntimeError("the test's own")

    with pytest.raises(RuntimeError, match="the test's own"):
        fail()


CONFTEST = """
import json, os, pathlib, pytest

class Cloud:
    def __init__(self, folder):
        self.notes = folder / os.environ.get("PYTEST_XDIST_WORKER", "main")
    def note(self, what, channels):
        with self.notes.open("a") as file:
            file.write(what + " " + ",".join(channels) + chr(10))
    def hold(self, *channels):
        self.note("hold", channels)
        return list(channels) or ["trail", "events", "history"]
    def release(self, *channels, **how):
        self.note("release", channels)
        return {}

@pytest.fixture(scope="session")
def secretwatch_cloud():
    return Cloud(pathlib.Path(__file__).parent)
"""

TESTS = """
import pytest

@pytest.mark.parametrize("number", range(4))
def test_held(held_delivery, number):
    held_delivery("trail")
    assert number != 3

def test_with(held_delivery):
    with held_delivery("history") as held:
        held.release()

def test_that_is_none_of_it():
    pass
"""


@pytest.mark.later
def test_anybodys_tests_have_the_fixture_also_under_xdist(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_theirs.py").write_text(TESTS)
    ended = run(tmp_path, "-n", "2")
    assert "1 failed, 5 passed" in ended, ended
    notes = [file.read_text().split("\n") for file in tmp_path.glob("gw*")]
    assert sorted(line for file in notes for line in file if line) == sorted(
        ["hold trail", "release trail"] * 4 + ["hold history", "release history"]
    )
    # In each process what is held is released before the next test holds.
    for file in notes:
        held = ""
        for line in file:
            if line.startswith("hold"):
                assert not held
                held = line
            else:
                held = ""


def test_who_does_not_use_the_plugin_does_not_notice_it(tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text(
        "import sys\n\ndef test_nothing_is_imported():\n"
        "    assert not {'secretwatch.local', 'boto3', 'botocore', 'localstack'} & set(sys.modules)\n"
    )
    assert "1 passed" in run(tmp_path)


def run(folder: Path, *options: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=folder,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return ended.stdout + ended.stderr
