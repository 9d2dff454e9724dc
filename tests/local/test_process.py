"""Starting and stopping for real: few tests, since each start takes seconds."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from commands import Runner

from secretwatch import local
from secretwatch.cli.local import local as command
from secretwatch.local import process


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "state"
    local.stop(tmp_path / "state", patience=5)


def left_in(state_dir: Path) -> set[str]:
    return {path.name for path in state_dir.iterdir()}


QUIET = {".gitignore", "lock", "local.log"}


def test_two_ups_at_once_are_one_cloud_which_goes_down_whole(state_dir: Path) -> None:
    clouds = []
    starts = [threading.Thread(target=lambda: clouds.append(local.start(state_dir))) for _ in range(2)]
    for thread in starts:
        thread.start()
    for thread in starts:
        thread.join()
    cloud = clouds[0]
    assert clouds[1] == cloud
    assert local.status(state_dir) == cloud
    with pytest.raises(local.PortNotFree, match=f"up on port {cloud.port}, not 1"):
        local.start(state_dir, 1)
    listening = [
        c for c in psutil.Process(cloud.pid).net_connections("tcp") if c.status == psutil.CONN_LISTEN
    ]
    assert {c.laddr.ip for c in listening} == {"127.0.0.1"}

    assert local.stop(state_dir) is True
    assert not psutil.pid_exists(cloud.pid)
    assert local.status(state_dir) is None
    assert left_in(state_dir) == QUIET


def test_what_a_killed_run_left_is_cleaned_up_by_the_next(state_dir: Path) -> None:
    first = local.start(state_dir)
    stray = local.StateDir(state_dir).filesystem / "stray"
    stray.touch()
    psutil.Process(first.pid).kill()
    second = local.start(state_dir)
    assert second.pid != first.pid
    assert not stray.exists()


def test_a_tied_cloud_ends_with_its_starter_however_that_ends(state_dir: Path) -> None:
    program = (
        "import pathlib, sys, time; from secretwatch import local\n"
        "print(local.start(pathlib.Path(sys.argv[1]), tied=True).pid, flush=True); time.sleep(600)"
    )
    arguments = [sys.executable, "-c", program, str(state_dir)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        cloud = psutil.Process(int(starter.stdout.readline()))
        starter.kill()
    cloud.wait(timeout=60)


def test_an_interrupted_start_leaves_nothing(state_dir: Path) -> None:
    pids = []

    def interrupt(waited: float) -> None:
        pids.append(json.loads((state_dir / "local.json").read_text())["pid"])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        local.start(state_dir, on_wait=interrupt)
    assert not psutil.pid_exists(pids[0])
    assert left_in(state_dir) == QUIET


def test_a_process_that_dies_while_it_is_started_shows_its_last_lines(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = [sys.executable, "-c", "import sys; sys.exit('no such component')", str(state_dir)]
    monkeypatch.setattr(process, "_command", lambda state: dying)
    with pytest.raises(local.DidNotStart, match="no such component"):
        local.start(state_dir)
    assert left_in(state_dir) == QUIET


def test_localstack_without_the_plugin_is_not_up(state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What LocalStack does when a plugin cannot be loaded is to go on without it."""
    monkeypatch.setattr(process, "PLUGIN_PATH", "/_secretwatch/no-such-page")
    with pytest.raises(local.DidNotStart, match="without secretwatch's plugin"):
        local.start(state_dir)
    assert left_in(state_dir) == QUIET


def test_a_state_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(local.LocalCloudError, match="SECRETWATCH_STATE_DIR"):
        local.start(file)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_taken_by_something_else_is_named(
    state_dir: Path, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRETWATCH_STATE_DIR", str(state_dir))
    result = Runner().invoke(command, ["up", "--port", str(taken)])
    assert result.exit_code == 4
    assert f"Port {taken} on 127.0.0.1 is taken" in result.output
    assert local.status(state_dir) is None


@pytest.mark.parametrize("name", ["inbox", "env", "confirm", "status"])
def test_without_a_cloud_commands_say_so(state_dir: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("SECRETWATCH_STATE_DIR", str(state_dir))
    result = Runner().invoke(command, [name])
    assert result.exit_code == 3
    assert "down" in result.output if name == "status" else "secretwatch local up" in result.output


def test_without_localstack_one_sentence_says_what_to_install(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("SECRETWATCH_STATE_DIR", str(state_dir))
    result = Runner().invoke(command, ["up", "--port", "0"])
    assert result.exit_code == 5
    assert "secretwatch[local]" in result.output


def test_a_terminated_up_leaves_nothing(state_dir: Path) -> None:
    environment = os.environ | {"SECRETWATCH_STATE_DIR": str(state_dir)}
    arguments = [
        sys.executable,
        "-c",
        "from secretwatch.__main__ import run; run()",
        "local",
        "up",
        "--port",
        "0",
    ]
    with subprocess.Popen(arguments, env=environment, stderr=subprocess.PIPE) as up:
        record = state_dir / "local.json"
        while not record.exists() and up.poll() is None:
            pass
        pid = json.loads(record.read_text())["pid"]
        up.send_signal(signal.SIGINT)
    assert up.returncode != 0
    assert not psutil.pid_exists(pid)
    assert left_in(state_dir) == QUIET
