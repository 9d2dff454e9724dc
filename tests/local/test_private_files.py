"""What a local cloud writes is nobody else's to read, nor to guess: other people use the same machine."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3
import psutil
import pytest

from secretwatch import local, terraform
from secretwatch.local.state import NAME, StateDir
from secretwatch.pipeline import history
from secretwatch.pipeline.whole_files import write_whole


@pytest.fixture(
    params=[pytest.param(0o022, marks=pytest.mark.later, id="umask 022"), pytest.param(0o000, id="umask 000")]
)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    """What others may read, write or enter, in a folder and itself; a link's own mode means nothing."""
    found = [each for each in (folder, *folder.rglob("*")) if not each.is_symlink()]
    return [f"{each} {stat.filemode(each.stat().st_mode)}" for each in found if each.stat().st_mode & 0o077]


def open_files(process: psutil.Process) -> list[Path]:
    """Those without a name too, as an object is that is too large for memory."""
    links = Path(f"/proc/{process.pid}/fd")
    if not links.exists():
        return [Path(each.path) for each in process.open_files()]
    targets = []
    for link in links.iterdir():
        with contextlib.suppress(FileNotFoundError):
            targets.append(Path(link.readlink()))
    return [each for each in targets if each.is_absolute() and each.parts[1] not in ("dev", "proc")]


def test_all_of_a_running_cloud_is_its_owners(
    tmp_path: Path, umask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    state_dir, value = tmp_path / "above" / "state", uuid.uuid4().hex
    machines = Path(tempfile.gettempdir())
    before = set(os.listdir(machines))
    # One of its own: other tests write into the machine's meanwhile.
    temporary = tmp_path / "temporary"
    temporary.mkdir(mode=0o700)
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    cloud = local.start(state_dir)
    try:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": local.REGION}

        def client(service: str) -> boto3.client:
            return boto3.client(service, endpoint_url=cloud.url, **keys)

        client("secretsmanager").create_secret(Name="payments", SecretString=value)
        client("logs").create_log_group(logGroupName="group")
        name = f"private-{value[:8]}"
        client("s3").create_bucket(Bucket=name)
        # Too much to be kept in memory.
        client("s3").put_object(Bucket=name, Key="large", Body=b"x" * 2_000_000)
        process = psutil.Process(cloud.pid)
        held = open_files(process)
        assert [each for each in held if name in str(each)]
        assert [each for each in held if not each.is_relative_to(state_dir)] == []
        assert open_to_others(state_dir) == []
        assert {"filesystem", "local.json", "local.log", "lock"} <= {
            each.name for each in state_dir.iterdir()
        }
        for each in (process, *process.children(recursive=True)):
            assert value not in " ".join(each.cmdline())
            assert value not in str(each.environ())
        assert list(temporary.iterdir()) == []
        assert not [each for each in set(os.listdir(machines)) - before if "localstack" in each]
        assert not (machines / "localstack-s3-storage" / name).exists()
    finally:
        local.stop(state_dir)
    # The log stays.
    assert open_to_others(state_dir) == []


def test_a_state_directory_that_was_open_to_others_is_shut(tmp_path: Path, umask: int) -> None:
    state_dir = tmp_path / NAME
    state_dir.mkdir(mode=0o755)
    (state_dir / "lock").touch(mode=0o666)
    with StateDir(state_dir).locked():
        assert open_to_others(state_dir) == []


def test_any_other_folder_stays_as_it_is(tmp_path: Path) -> None:
    """Somebody may name the folder for all that is temporary."""
    tmp_path.chmod(0o755)
    StateDir(tmp_path).create()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_copy_of_the_module_is_its_owners(tmp_path: Path, umask: int) -> None:
    source = tmp_path / "source"
    (source / "modules" / "one").mkdir(parents=True)
    (source / "main.tf").touch()
    (source / "modules" / "one" / "main.tf").touch()
    assert open_to_others(terraform.copy_module(source, tmp_path / "target")) == []
    assert (tmp_path / "target/modules/one/main.tf").exists()


def test_reports_and_the_history_are_their_owners(tmp_path: Path, umask: int) -> None:
    write_whole(tmp_path / "report.json", "{}")
    history.append(tmp_path / "state" / "smoke.jsonl", {})
    assert open_to_others(tmp_path / "state") == []
    assert stat.S_IMODE((tmp_path / "report.json").stat().st_mode) == 0o600
