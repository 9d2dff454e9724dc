"""Starting, finding and stopping the process of a local cloud.

Not here: what one does with a running one (`cloud.py`), the files (`state.py`).
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from .catalog import prepare_catalog
from .cloud import HOST, AlarmTick, LocalCloud, get
from .errors import DidNotStart, LocalStackMissing, NotUp, PortNotFree, UnexpectedAnswer
from .state import Record, StateDir, make_private, open_private

DEFAULT_PORT = 4566

START_SECONDS = 120.0
"""A loaded machine may need long; a child that dies is noticed at once."""
STOP_SECONDS = 90.0
"""An orderly stop delivers every event accepted before it."""

_POLL_SECONDS = 0.05
PLUGIN_PATH = "/_secretwatch/status"

# LocalStack takes settings from variables with names as plain as SERVICES or DEBUG, so its process gets
# only what a process needs, what is meant for it (LS_LOG sets how much it logs), and nothing of AWS.
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "LS_LOG", "VIRTUAL_ENV")

OnWait = Callable[[float], None]
"""Called again and again while something is awaited, with the seconds waited so far."""


def start(
    state_dir: Path,
    port: int = 0,
    *,
    delivery_interval: float = 1.0,
    digest_interval: float = 3600.0,
    alarm_tick: AlarmTick = 1.0,
    tied: bool = False,
    on_wait: OnWait | None = None,
) -> LocalCloud:
    """Start the local cloud of `state_dir` and wait until it answers; one that is up is returned as it is.

    `port` 0 takes any free one. `tied` ends it with this process, however that ends; otherwise it stays.
    Whatever interrupts the start (also KeyboardInterrupt) leaves nothing behind.
    Raises LocalStackMissing, PortNotFree, DidNotStart.
    """
    psutil = _psutil()
    if importlib.util.find_spec("localstack") is None:
        raise LocalStackMissing(_MISSING)
    state = StateDir(state_dir)
    with state.locked():
        if cloud := _running(psutil, state):
            if port not in (0, cloud.port):
                raise PortNotFree(
                    f"The local cloud of {state.path} is up on port {cloud.port}, not {port}: stop it first, "
                    "or use another state directory (SECRETWATCH_STATE_DIR)."
                )
            # It may have been left in the middle of its start.
            try:
                _await_answer(psutil, state, cloud, on_wait)
            except DidNotStart:
                _end(psutil, cloud.pid, state, patience=5)
                state.sweep()
            else:
                return cloud
        # What a killed run left.
        state.sweep()
        attempts = 1 if port else 3
        for attempt in range(attempts):
            chosen = port or _free_port()
            _require_free(chosen)
            try:
                return _launch(
                    psutil, state, chosen, delivery_interval, digest_interval, alarm_tick, tied, on_wait
                )
            except DidNotStart:
                # Between choosing a free port and listening on it somebody else may have taken it.
                if attempt + 1 == attempts or not _taken(chosen):
                    raise
    raise AssertionError("unreachable")


def stop(state_dir: Path, *, on_wait: OnWait | None = None, patience: float = STOP_SECONDS) -> bool:
    """Stop the local cloud of `state_dir` in good order, or by force after `patience` seconds.

    False where none was up; what a killed one left is removed in any case.
    """
    state = StateDir(state_dir)
    if not state.path.exists():
        return False
    psutil = _psutil()
    with state.locked():
        cloud = _running(psutil, state)
        if cloud:
            _end(psutil, cloud.pid, state, patience=patience, on_wait=on_wait)
        state.sweep()
        return cloud is not None


def status(state_dir: Path) -> LocalCloud | None:
    """The local cloud of `state_dir` if its process runs, else None."""
    state = StateDir(state_dir)
    if state.read() is None:
        return None
    return _running(_psutil(), state)


def require(state_dir: Path) -> LocalCloud:
    """As `status`, but raises NotUp with what to do about it."""
    cloud = status(state_dir)
    if cloud is None:
        raise NotUp(
            f"No local cloud is up for {state_dir}: start one with `secretwatch local up`, "
            "or name its state directory in SECRETWATCH_STATE_DIR."
        )
    return cloud


def memory_mib(cloud: LocalCloud) -> float:
    """Resident memory of the process, MiB."""
    psutil = _psutil()
    try:
        return float(psutil.Process(cloud.pid).memory_info().rss / 2**20)
    except psutil.Error:
        return 0.0


_MISSING = (
    "The local cloud needs LocalStack, which is not installed: "
    "install secretwatch with its extra, `pip install 'secretwatch[local]'`."
)


def _psutil() -> ModuleType:
    # It comes with LocalStack, so the rest of secretwatch must do without.
    try:
        return importlib.import_module("psutil")
    except ImportError:
        raise LocalStackMissing(_MISSING) from None


def _command(state: StateDir) -> list[str]:
    return [sys.executable, "-m", "secretwatch.local.child", str(state.path)]


def _running(psutil: ModuleType, state: StateDir) -> LocalCloud | None:
    """The cloud of the record, if that process is still the one that was started."""
    record = state.read()
    if record is None:
        return None
    # Process ids are given out again: only the command line, with this state directory on it, says who it is.
    try:
        process = psutil.Process(record.pid)
        alive = process.status() != psutil.STATUS_ZOMBIE and _command(state)[1:] == process.cmdline()[1:4]
    except psutil.Error:
        return None
    return _cloud(state, record) if alive else None


def _cloud(state: StateDir, record: Record) -> LocalCloud:
    return LocalCloud(
        state_dir=state.path,
        pid=record.pid,
        port=record.port,
        started=record.started,
        delivery_interval=record.delivery_interval,
        digest_interval=record.digest_interval,
        alarm_tick=record.alarm_tick,
    )


def _launch(
    psutil: ModuleType,
    state: StateDir,
    port: int,
    delivery_interval: float,
    digest_interval: float,
    alarm_tick: AlarmTick,
    tied: bool,
    on_wait: OnWait | None,
) -> LocalCloud:
    make_private(state.filesystem / "tmp")
    # LocalStack's place for what was "built at build time".
    static = state.filesystem / "usr/lib/localstack"
    make_private(static.parent)
    static.symlink_to(prepare_catalog(state.path / "cache"))
    with open_private(state.log_file, "wb") as log:
        process = subprocess.Popen(
            [*_command(state), *(["--tied"] if tied else [])],
            env=_child_environment(state, port, delivery_interval, digest_interval, alarm_tick),
            cwd=state.filesystem,
            stdin=subprocess.PIPE if tied else subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C at the terminal is for the command, not for the cloud, which is stopped in good order.
            start_new_session=True,
            # What it writes, and its children, is nobody else's to read, whatever the user's own umask says.
            umask=0o077,
        )
    try:
        record = Record(process.pid, port, time.time(), delivery_interval, digest_interval, alarm_tick)
        state.write(record)
        cloud = _cloud(state, record)
        _children[process.pid] = process
        _await_answer(psutil, state, cloud, on_wait)
    except BaseException:
        _end(psutil, process.pid, state, patience=5)
        state.sweep()
        raise
    return cloud


# Processes started by this one: they have to be waited for when they end, and a tied one's standard
# input has to stay open until then.
_children: dict[int, subprocess.Popen[bytes]] = {}


def _child_environment(
    state: StateDir, port: int, delivery_interval: float, digest_interval: float, alarm_tick: AlarmTick
) -> dict[str, str]:
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {
        # Who is answered is the plugin's to say (`localstack/gateway/doors.py`): no page of anybody's.
        "DISABLE_CORS_CHECKS": "1",
        "DISABLE_CORS_HEADERS": "1",
        "DISABLE_CUSTOM_CORS_S3": "1",
        "DISABLE_EVENTS": "1",
        "DNS_ADDRESS": "0",
        "FILESYSTEM_ROOT": str(state.filesystem),
        "GATEWAY_LISTEN": f"{HOST}:{port}",
        # Caches, settings and temporary files of every library, not only of LocalStack.
        "HOME": str(state.filesystem),
        # In a container LocalStack would otherwise write to /var/lib.
        "OVERRIDE_IN_DOCKER": "0",
        "PYTHONUNBUFFERED": "1",
        "RUNTIME_COMPONENTS": "secretwatch",
        "SECRETWATCH_ALARM_TICK": alarm_tick if isinstance(alarm_tick, str) else f"{alarm_tick:g}",
        "SECRETWATCH_DELIVERY_INTERVAL": f"{delivery_interval:g}",
        "SECRETWATCH_DIGEST_INTERVAL": f"{digest_interval:g}",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        # Read by Python as TMPDIR is, of which LocalStack would say that it is deprecated.
        "TEMP": str(state.filesystem / "tmp"),
    }


def _await_answer(psutil: ModuleType, state: StateDir, cloud: LocalCloud, on_wait: OnWait | None) -> None:
    begin = time.monotonic()
    while True:
        # Asked as its parent: in its first moment a process has no command line yet to know it by.
        if _ended(cloud.pid):
            raise DidNotStart(
                f"LocalStack ended while it was started; the last lines of {state.log_file}:\n"
                f"{state.last_log_lines()}"
            )
        with contextlib.suppress(NotUp, UnexpectedAnswer):
            get(f"{cloud.url}/_localstack/health", timeout=2)
            if _listens(psutil, cloud):
                _require_plugin(state, cloud)
                return
        waited = time.monotonic() - begin
        if waited > START_SECONDS:
            raise DidNotStart(
                f"LocalStack did not answer on port {cloud.port} within {START_SECONDS:.0f} s; "
                f"the last lines of {state.log_file}:\n{state.last_log_lines()}"
            )
        if on_wait:
            on_wait(waited)
        time.sleep(_POLL_SECONDS)


def _require_plugin(state: StateDir, cloud: LocalCloud) -> None:
    """LocalStack goes on without a plugin that it cannot load, and says little of it."""
    try:
        get(cloud.url + PLUGIN_PATH, timeout=10)
    except UnexpectedAnswer as error:
        raise DidNotStart(
            f"LocalStack is up, but without secretwatch's plugin; the last lines of {state.log_file}:\n"
            f"{state.last_log_lines()}"
        ) from error


def _ended(pid: int) -> bool:
    process = _children.get(pid)
    return process is not None and process.poll() is not None


def _listens(psutil: ModuleType, cloud: LocalCloud) -> bool:
    """Whether it is this process that answers, and not another one that was quicker."""
    try:
        connections = psutil.Process(cloud.pid).net_connections(kind="tcp")
    except psutil.AccessDenied:
        return True
    except psutil.Error:
        return False
    return any(c.status == psutil.CONN_LISTEN and c.laddr.port == cloud.port for c in connections)


def _end(
    psutil: ModuleType, pid: int, state: StateDir, *, patience: float, on_wait: OnWait | None = None
) -> None:
    """SIGTERM, patience, SIGKILL; with whatever the process had started itself."""
    child = _children.pop(pid, None)
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        process.terminate()
    except psutil.NoSuchProcess:
        family = []
    begin = time.monotonic()
    # LocalStack loses a SIGTERM that comes in the middle of its start, so force has to be possible.
    while family and (waited := time.monotonic() - begin) < patience:
        _, alive = psutil.wait_procs(family[:1], timeout=0.1)
        if not alive:
            break
        if on_wait:
            on_wait(waited)
    for left in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            left.kill()
    psutil.wait_procs(family, timeout=10)
    if child:
        if child.stdin:
            child.stdin.close()
        child.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port that is only waiting out its last connections is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    # Some systems let a second listener in beside one on all addresses.
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _require_free(port: int) -> None:
    if _taken(port):
        raise PortNotFree(
            f"Port {port} on {HOST} is taken by another program: choose another one with --port, "
            "or --port 0 for any that is free."
        )
