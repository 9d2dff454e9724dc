"""Make the clone's `.venv` with the locked dependencies, if it is not there yet.

Only the standard library here: this runs before anything is installed. Nothing is written outside the
clone. Called by `scripts/prepare`, which finds the Python.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
READY = VENV / "secretwatch-ready"
LOCKS = (ROOT / "requirements/build.txt", ROOT / "requirements/all.txt")


class Failed(Exception):
    """A step failed; the message is for the person at the terminal."""


def fingerprint() -> str:
    """What `.venv` was made from. It also changes when the clone is moved, which breaks a `.venv`."""
    parts = [str(VENV).encode(), *(path.read_bytes() for path in (*LOCKS, ROOT / "pyproject.toml"))]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def ready() -> bool:
    try:
        # The Python it was made with may be gone since.
        return READY.read_text() == fingerprint() and (VENV / "bin/python").exists()
    except OSError:
        return False


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def step(what: str, *command: str | Path) -> None:
    # A terminal shows a line that has not ended; the log of a pipe mostly shows whole ones.
    at_terminal = sys.stderr.isatty()
    print(f"  {what}" if at_terminal else f"  {what} …\n", end="", file=sys.stderr, flush=True)
    begin = time.monotonic()
    took = ""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["TMPDIR"] = tempfile.gettempdir()
    try:
        result = subprocess.run(
            list(map(str, command)),
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if not result.returncode:
            took = f" ({time.monotonic() - begin:.0f} s)"
    finally:
        if at_terminal:
            say(took)
        elif took:
            say(f"  {what}{took}")
    if result.returncode:
        raise Failed(f"{what} failed:\n{result.stdout.rstrip()}")


def make() -> None:
    say("Preparing .venv, once:")
    # The Python behind an environment that is active: it may be the one that is removed.
    base = os.path.realpath(sys.executable)
    if VENV.exists():
        # Without its mark it was made for something else, or somebody was interrupted while making it.
        shutil.rmtree(VENV)
    build, everything = LOCKS
    python = VENV / "bin/python"
    # pip and uv alike: exactly what is locked, no cache of their own, nothing built in another environment.
    pip = (python, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "install", "--quiet")
    options = ("--no-deps", "--no-build-isolation")
    step("virtual environment", base, "-m", "venv", VENV)
    step("installer", *pip, "--no-deps", "--require-hashes", "-r", build)
    uv = (VENV / "bin/uv", "pip", "install", "--quiet", "--no-config", "--no-cache", "--system-certs")
    # Before the packages: one of them, plux, would interfere with every build in its environment.
    step("secretwatch", *pip, *options, "--editable", ROOT)
    try:
        step("packages", *uv, "--python", python, *options, "--require-hashes", "-r", everything)
    except Failed:
        # pip is slower, but it knows this machine's settings: another index, a proxy, certificates.
        say("  packages: uv could not, pip tries (about a minute)")
        step("packages", *pip, *options, "--no-compile", "--require-hashes", "-r", everything)
    READY.write_text(fingerprint())


def main() -> int:
    if ready():
        return 0
    state = ROOT / ".secretwatch"
    state.mkdir(exist_ok=True)
    (state / ".gitignore").write_text("*\n")
    try:
        with open(state / "prepare.lock", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Somebody else may have made it while this one waited.
            if not ready():
                with tempfile.TemporaryDirectory(dir=state) as tempfile.tempdir:
                    make()
    except Failed as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("interrupted; the next run starts anew")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
