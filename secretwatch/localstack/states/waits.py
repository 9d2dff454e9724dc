"""How time passes in a state machine: as on AWS, or by a minute with each `local tick`.

A Wait state, and the interval before a Retry, end when the time is there that `ticks` knows. A tick returns
when every execution that runs has come to its end, or waits again; one whose call takes long is not waited
for. What else takes time (a task's timeout, a heartbeat) takes the machine's.
"""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from localstack.aws.api.stepfunctions import ExecutionStatus
from localstack.services.stepfunctions.asl.component.common.retry import retrier_decl
from localstack.services.stepfunctions.asl.component.state import state
from localstack.services.stepfunctions.asl.component.state.state_wait.wait_function.wait_function import (
    WaitFunction,
)
from localstack.services.stepfunctions.backend.store import sfn_stores

from secretwatch.localstack.ticks import PATIENCE, TICKS

_LOOK = 0.02


class _Waiting:
    """Until when which executions wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[object, tuple[str, float]] = {}

    @contextmanager
    def until(self, execution_arn: str, at: float) -> Iterator[None]:
        key = object()
        with self._lock:
            self._until[key] = execution_arn, at
        try:
            yield
        finally:
            with self._lock:
                del self._until[key]

    def arns(self) -> set[str]:
        """The executions that wait, and whose time has not come."""
        now = TICKS.now()
        with self._lock:
            return {arn for arn, at in self._until.values() if at > now}


_WAITING = _Waiting()


def install() -> None:
    """From now on LocalStack's executions wait by this time, and ticks wait for them."""
    WaitFunction._wait_interval = _wait
    retrier_decl.RetrierDecl._eval_body = _with_env(retrier_decl.RetrierDecl._eval_body)
    retrier_decl.time = _Pause
    state.datetime = _Clock
    TICKS.after_each(end=settle)


def settle() -> None:
    """Return when no execution has anything to do now."""
    end = time.monotonic() + PATIENCE
    while _busy() and time.monotonic() < end:
        time.sleep(_LOOK)


def _busy() -> bool:
    running = {each.exec_arn for each in executions() if each.exec_status == ExecutionStatus.RUNNING}
    return bool(running - _WAITING.arns())


def executions() -> list[Any]:
    """LocalStack's executions, of all accounts and regions."""
    return [
        execution
        for regions in list(sfn_stores.values())
        for store in list(regions.values())
        for execution in list(store.executions.values())
    ]


def _wait(_self: Any, env: Any, wait_seconds: float) -> None:
    _pause(env, wait_seconds)


def _pause(env: Any, seconds: float) -> None:
    at = TICKS.now() + seconds
    with _WAITING.until(execution_of(env), at):
        TICKS.wait_until(at, lambda: not env.is_running())


def execution_of(env: Any) -> str:
    """The ARN of an environment's execution."""
    arn: str = env.states.context_object.context_object_data["Execution"]["Id"]
    return arn


# A retry waits deep in a method that gives nobody its environment.
_RETRYING = threading.local()


def _with_env(evaluate: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    def evaluated(self: Any, env: Any) -> None:
        _RETRYING.env = env
        evaluate(self, env)

    return evaluated


class _Clock:
    """Stands for the module `datetime` where a state's EnteredTime is taken: after a Wait it is later."""

    UTC = datetime.UTC

    class datetime:
        @staticmethod
        def now(tz: datetime.tzinfo) -> datetime.datetime:
            return datetime.datetime.fromtimestamp(TICKS.now(), tz)


class _Pause:
    """Stands for the module `time` there."""

    @staticmethod
    def sleep(seconds: float) -> None:
        _pause(_RETRYING.env, seconds)
