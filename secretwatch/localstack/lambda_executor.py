"""Lambda functions that are stored, and never run: there is no Docker behind the local cloud."""

from __future__ import annotations

from typing import Any

from localstack.aws.api import CommonServiceException
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor


class StoringExecutor(RuntimeExecutor):
    """Every function is prepared at once, and so becomes Active; to run one is refused."""

    @classmethod
    def prepare_version(cls, function_version: Any) -> None:
        pass

    @classmethod
    def cleanup_version(cls, function_version: Any) -> None:
        pass

    def start(self, env_vars: dict[str, str]) -> None:
        raise _not_run()

    def invoke(self, payload: dict[str, str]) -> Any:
        raise _not_run()

    def stop(self) -> None:
        pass

    def get_address(self) -> str:
        raise _not_run()

    def get_endpoint_from_executor(self) -> str:
        raise _not_run()

    def get_runtime_endpoint(self) -> str:
        raise _not_run()

    def get_logs(self) -> str:
        return ""


class StoringExecutorPlugin(RuntimeExecutorPlugin):
    """Chosen by the plugin as LAMBDA_RUNTIME_EXECUTOR."""

    name = "secretwatch"

    def load(self, *args: Any, **kwargs: Any) -> type[RuntimeExecutor]:
        return StoringExecutor


def _not_run() -> CommonServiceException:
    message = "The local cloud stores functions and does not run them."
    return CommonServiceException("ServiceException", message, 501, False)
