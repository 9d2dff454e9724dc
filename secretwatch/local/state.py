"""Where one local cloud keeps what it has, and how two commands keep out of each other's way.

Here: finding the state directory, the record of the running process, the lock. Not here: starting or
stopping anything (`process.py`).

A state directory holds

    local.json     the record: pid, port, settings; only while the local cloud is up
    local.log      what LocalStack printed, from the last start on; kept after `down`, for looking back
    filesystem/    LocalStack's own files and temporary files; only while the local cloud is up
    applied/       copies of root modules applied to it, with their state; only while it is up
    mirror/        Terraform's CLI configuration for shells, where one is needed; only while it is up
    lock           held by whoever starts or stops
    .gitignore     so that none of this is ever committed

Secrets' values are in these files: folders and files are their owner's alone, whatever the umask says.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from .cloud import AlarmTick
from .errors import LocalCloudError

NAME = ".secretwatch"


def find_state_dir(cwd: Path | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """The state directory for somebody who stands in `cwd`; it need not exist yet.

    `SECRETWATCH_STATE_DIR` where it is set; else the `.secretwatch` of the nearest folder upwards that has
    one or is a git checkout, else of `cwd`. So every folder of a clone means the same local cloud, and two
    clones mean two.
    """
    if named := environ.get("SECRETWATCH_STATE_DIR"):
        return Path(named).expanduser().absolute()
    here = (cwd or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        if (folder / NAME).exists() or (folder / ".git").exists():
            return folder / NAME
    return here / NAME


def open_private(file: Path, mode: str) -> IO[Any]:
    """As `open`, for a file that is its owner's alone from its first moment, also where it was not before."""

    def opener(path: str, flags: int) -> int:
        descriptor = os.open(path, flags, 0o600)
        os.fchmod(descriptor, 0o600)
        return descriptor

    return open(file, mode, opener=opener)


def make_private(folder: Path) -> None:
    """Make a folder and those above it that are not there: their owner's alone."""
    if not folder.exists():
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


@dataclass(frozen=True)
class Record:
    """The process that was started: everything a later command needs to find it again."""

    pid: int
    port: int
    started: float
    """Unix time, seconds."""
    delivery_interval: float
    digest_interval: float
    alarm_tick: AlarmTick

    @property
    def is_whole(self) -> bool:
        """Whether its values are what this program writes: anybody can write into the file."""
        times = (self.started, self.delivery_interval, self.digest_interval)
        tick = 1.0 if self.alarm_tick == "minute" else self.alarm_tick
        return (
            all(type(each) is int for each in (self.pid, self.port))
            and 0 < self.pid < 2**31
            and 0 < self.port < 2**16
            and all(type(each) in (int, float) and math.isfinite(each) for each in (*times, tick))
        )


class StateDir:
    """The files of one local cloud under `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.record_file = self.path / "local.json"
        self.log_file = self.path / "local.log"
        self.filesystem = self.path / "filesystem"
        self.applied = self.path / "applied"
        self.mirror = self.path / "mirror"

    def create(self) -> None:
        try:
            make_private(self.path)
            # One that was there may be anything, also the folder of all that is temporary, but by its name.
            if self.path.name == NAME and self.path.stat().st_uid == os.getuid():
                self.path.chmod(0o700)
            ignore = self.path / ".gitignore"
            if not ignore.exists():
                with open_private(ignore, "w") as file:
                    file.write("*\n")
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> LocalCloudError:
        return LocalCloudError(
            f"The state directory {self.path} cannot be used ({error.strerror}): "
            "name a folder of yours in SECRETWATCH_STATE_DIR, or mend this one."
        )

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Waits for whoever else starts or stops here. The system frees the lock of a killed process."""
        self.create()
        try:
            file = open_private(self.path / "lock", "a")
        except OSError as error:
            raise self._unusable(error) from error
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def read(self) -> Record | None:
        """The record, or None where there is none or it was cut off by a crash."""
        if not self.record_file.is_file():
            return None  # nothing there, or a pipe that would never end
        try:
            found = Record(**json.loads(self.record_file.read_text()))
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        return found if found.is_whole else None

    def write(self, record: Record) -> None:
        # A reader sees the old record or the new one, never half of one.
        draft = self.record_file.with_suffix(".new")
        with open_private(draft, "w") as file:
            file.write(json.dumps(asdict(record)) + "\n")
        draft.replace(self.record_file)

    def sweep(self) -> None:
        """Remove what only a running local cloud has."""
        for file in (self.record_file, self.record_file.with_suffix(".new")):
            try:
                file.unlink(missing_ok=True)
            except OSError as error:
                # A folder of that name is nothing that this program made.
                raise self._unusable(error) from error
        for folder in (self.filesystem, self.applied, self.mirror):
            shutil.rmtree(folder, ignore_errors=True)

    def last_log_lines(self, count: int = 15) -> str:
        try:
            return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-count:])
        except OSError:
            return ""
