"""As whom a state machine's tasks call, and under which names of services.

A task calls with a session of the state machine's role, one for each execution, so that a call is authorised
and recorded as on AWS. A task with `Credentials` assumes their role with that session.
AWS does not say with which error an execution fails whose role it cannot assume: here States.Permissions.
"""

from __future__ import annotations

import random
import string
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api.stepfunctions import HistoryEventType, TaskFailedEventDetails
from localstack.aws.spec import load_service
from localstack.services.stepfunctions.asl.component.common.error_name.error_name import ErrorName
from localstack.services.stepfunctions.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from localstack.services.stepfunctions.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from localstack.services.stepfunctions.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.credentials import (
    StateCredentials,
)
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service import (
    state_task_service_aws_sdk,
    state_task_service_factory,
)
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.state_task import (
    StateTask,
)
from localstack.services.stepfunctions.asl.eval.event.event_detail import EventDetails

from secretwatch.localstack.states import paths, sdk
from secretwatch.localstack.states.waits import execution_of
from secretwatch.localstack.sts.service_roles import Client, Keys, NotAssumed, assume
from secretwatch.localstack.sts.sessions import SESSIONS
from secretwatch.policy.services import STATES

_MOST_SESSIONS = 1000
_KEPT: OrderedDict[tuple[str, str], Keys] = OrderedDict()
_LOCK = Lock()


@dataclass
class TaskCredentials(StateCredentials):
    """LocalStack's credentials of a task, with the environment in which it runs."""

    env: Any


def install(more: Mapping[str, Callable[[], Any]]) -> None:
    """From now on LocalStack's tasks call so. more: services that it lacks, and what makes their tasks."""
    credentials_of = StateTask._eval_state_credentials

    def with_env(self: Any, env: Any) -> TaskCredentials:
        return TaskCredentials(credentials_of(self, env).role_arn, env)

    StateTask._eval_state_credentials = with_env
    _replace("boto_client_for", client_for)
    _replace("extract_json", paths.extract)
    task: Any = state_task_service_aws_sdk.StateTaskServiceAwsSdk
    task._get_boto_service_name = _botocore_name
    task._normalise_service_error_name = staticmethod(_error_prefix)
    task_for = state_task_service_factory.state_task_service_for

    def more_for(service_name: str) -> Any:
        make = more.get(service_name)
        return make() if make else task_for(service_name)

    _replace("state_task_service_for", more_for)
    call = task._eval_service_task

    def with_times(self: Any, env: Any, *arguments: Any, **named: Any) -> None:
        call(self, env, *arguments, **named)
        env.stack.append(_with_times(env.stack.pop()))

    task._eval_service_task = with_times


def _with_times(value: Any) -> Any:
    """A call's answer with its times as texts: AWS's milliseconds, or no fraction where there are none."""
    if isinstance(value, datetime):
        text = value.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
        return f"{text.removesuffix('.000')}Z"
    if isinstance(value, dict):
        return {key: _with_times(each) for key, each in value.items()}
    return [_with_times(each) for each in value] if isinstance(value, list) else value


def _replace(name: str, function: Any) -> None:
    """In all modules that have imported it."""
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith("localstack.services.stepfunctions.") and hasattr(module, name):
            setattr(module, name, function)


def client_for(service: str, region: str, state_credentials: TaskCredentials) -> Client:
    """A client with which a task calls a service (botocore's name); fails the task where no role lets it."""
    try:
        return Client(service, region, keys_of(state_credentials))
    except (NotAssumed, ClientError) as error:
        raise failed(state_credentials.env, str(error)) from error


def keys_of(credentials: TaskCredentials) -> Keys:
    """Those of the task's session. Raises NotAssumed or ClientError."""
    env = credentials.env
    own = env.aws_execution_details.role_arn
    keys = _kept(execution_of(env), own, lambda: assume(own, STATES, state_machine_of(env)))
    if credentials.role_arn == own:
        return keys

    def through_own() -> Keys:
        sts = Client("sts", env.aws_execution_details.region, keys)
        name = "".join(random.choices(string.ascii_letters, k=32))
        given = sts.assume_role(RoleArn=credentials.role_arn, RoleSessionName=name)["Credentials"]
        SESSIONS.add_role_of_service(given["AccessKeyId"], STATES)
        return Keys(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    return _kept(execution_of(env), credentials.role_arn, through_own)


def state_machine_of(env: Any) -> str:
    """The ARN of an environment's state machine."""
    arn: str = env.states.context_object.context_object_data["StateMachine"]["Id"]
    return arn


def failed(
    env: Any, cause: str, error: str | None = None, resource: tuple[str, str] = ("", "")
) -> FailureEventException:
    """What fails a task: its error (States.Permissions if none is named), cause, resource and type."""
    permissions = StatesErrorName(typ=StatesErrorNameType.StatesPermissions)
    name = permissions if error is None else ErrorName(error_name=error)
    details = TaskFailedEventDetails(
        error=name.error_name, cause=cause, resource=resource[0], resourceType=resource[1]
    )
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=name,
            event_type=HistoryEventType.TaskFailed,
            event_details=EventDetails(taskFailedEventDetails=details),
        )
    )


def members(service: str, operation: str) -> frozenset[str] | None:
    """The parameters of an operation as a definition names them; None where AWS has no such one."""
    botocore_name = sdk.service_of(service)
    if botocore_name is None or not operation[:1].islower():
        return None
    try:
        model = load_service(botocore_name)
    except Exception:  # LocalStack knows fewer services than botocore
        return None
    found = next((each for each in model.operation_names if each.lower() == operation.lower()), None)
    if found is None:
        return None
    shape = model.operation_model(found).input_shape
    return frozenset(sdk.pascal(each) for each in (shape.members if shape else ()))


def _kept(execution_arn: str, role_arn: str, make: Any) -> Keys:
    key = execution_arn, role_arn
    with _LOCK:
        if key not in _KEPT:
            _KEPT[key] = make()
            while len(_KEPT) > _MOST_SESSIONS:
                _KEPT.popitem(last=False)
        return _KEPT[key]


def _error_prefix(service: str) -> str:
    found = sdk.service_of(service)
    return sdk.error_prefix(load_service(found).service_id) if found else service


def _botocore_name(self: Any, boto_service_name: str | None = None) -> str | None:
    # LocalStack itself passes on what this has answered.
    return boto_service_name or sdk.service_of(self.resource.api_name)
