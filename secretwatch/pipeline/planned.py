"""What a root module's configuration says now: Terraform's plan of it, made while others go on.

The state is what was applied last, or what a refresh has found: after `terraform apply -refresh-only`, or an
apply that failed midway, it holds what somebody changed by hand. The configuration does not.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from secretwatch import terraform

_PATIENCE = 60.0
"""Seconds: the state is compared with what is written, and no resource is asked for."""
_GRACE = 5.0
_NO_CHANGES, _CHANGES = 0, 2
_QUIET = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}


class NoPlan(Exception):
    """There is no plan; the message is one sentence that says why."""


class Planning:
    """`terraform plan` of a root module, which runs while this context lasts; nothing is left of it.

    It asks for no resource, takes no lock and writes no state; data sources are read, as in each plan.
    The environment is this process's own, with its workspace, its variables and `TF_CLI_ARGS_plan`.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ending = contextlib.ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        self._failed: NoPlan | None = None

    def __enter__(self) -> Planning:
        if not any((*self._directory.glob("*.tf"), *self._directory.glob("*.tf.json"))):
            self._failed = NoPlan(f"{self._directory} has no configuration.")
            return self
        with self._ending as ending:
            self._folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="secretwatch-")))
            self._output = ending.enter_context((self._folder / "output").open("w+b"))
            self._began = time.monotonic()
            ending.callback(self._end)
            self._process = self._start(
                "plan",
                "-detailed-exitcode",
                "-input=false",
                "-lock=false",
                "-no-color",
                f"-out={self._plan}",
                "-refresh=false",
            )
            self._ending = ending.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ending.close()

    @property
    def _plan(self) -> Path:
        return self._folder / "plan"

    def shown(self) -> dict[str, Any] | None:
        """What `terraform show -json` prints of the plan; None where it changes nothing. Raises NoPlan.

        Values that are marked as sensitive stand in it: it is kept in memory alone.
        """
        code = self._wait()
        if code == _NO_CHANGES:
            return None
        if code != _CHANGES:
            raise NoPlan(terraform.first_error(self._printed()))
        self._output.seek(0)
        self._output.truncate()
        self._process = self._start("show", "-json", "-no-color", str(self._plan))
        if self._wait():
            raise NoPlan(terraform.first_error(self._printed()))
        text = self._printed()
        try:
            shown = json.loads(text[text.index("{") :])
        except (ValueError, RecursionError) as error:
            raise NoPlan("Terraform shows it in a form that is not JSON.") from error
        if not isinstance(shown, dict):
            raise NoPlan("Terraform shows it in a form that is no object.")
        return shown

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [terraform.binary(), *arguments],
                cwd=self._directory,
                env=terraform.LEAN | dict(os.environ) | _QUIET,
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=subprocess.STDOUT if arguments[0] == "plan" else subprocess.DEVNULL,
                # A group of its own, so that providers end with it.
                start_new_session=True,
                umask=0o077,
            )
        except OSError as error:
            raise NoPlan(f"Terraform cannot be run: {error}.") from error

    def _wait(self) -> int:
        if self._failed:
            raise self._failed
        assert self._process
        try:
            return self._process.wait(max(0.0, self._began + _PATIENCE - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise NoPlan(f"Terraform took longer than {_PATIENCE:.0f} s for it.") from None

    def _printed(self) -> str:
        self._output.seek(0)
        return self._output.read().decode(errors="replace")

    def _end(self) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
