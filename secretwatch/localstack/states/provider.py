"""Step Functions' API: LocalStack's, which refuses what AWS refuses and answers what Terraform reads.

Error messages are those observed; where AWS does not say with which one it refuses, the one of the check that
is nearest.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext, handler
from localstack.aws.api.stepfunctions import InvalidArn, InvalidDefinition, LogLevel
from localstack.services.stepfunctions.asl.component.common.error_name import (
    custom_error_name,
    error_equals_decl,
)
from localstack.services.stepfunctions.backend.execution import Execution
from localstack.services.stepfunctions.provider import StepFunctionsProvider

from secretwatch.localstack.access.services.keys import KeyNotFound, key_of
from secretwatch.localstack.access.services.roles import action_refusal, service_trust_refusal
from secretwatch.localstack.cloudwatch.service_metrics import METRICS
from secretwatch.localstack.states import parsing, tasks, waits
from secretwatch.localstack.states.definition import asks_for_jsonata, problems
from secretwatch.localstack.states.http_task import HttpTask
from secretwatch.policy.services import STATES

_JSONATA = "The local cloud has no JSONata: write the definition in JSONPath, without QueryLanguage."
_NO_TRUST = (
    "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume"
    " the provided role."
)
_NO_LOGGING = "The state machine IAM Role is not authorized to access the Log Destination"
_PARSER = "ASLParserException "
_AWS_OWNED = {"type": "AWS_OWNED_KEY"}
# https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-iam-policy
_LOGGING = (
    "CreateLogDelivery",
    "DeleteLogDelivery",
    "DescribeLogGroups",
    "DescribeResourcePolicies",
    "GetLogDelivery",
    "ListLogDeliveries",
    "PutResourcePolicy",
    "UpdateLogDelivery",
)
# https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
_METRICS = {
    "RUNNING": "ExecutionsStarted",
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "ABORTED": "ExecutionsAborted",
    "TIMED_OUT": "ExecutionsTimedOut",
}


class StatesProvider(StepFunctionsProvider):
    """Its executions call as their state machine's role, and count in AWS/States."""

    def __init__(self) -> None:
        super().__init__()
        tasks.install({"http": HttpTask})
        waits.install()
        parsing.install()
        _let_errors_of_states_be_named()
        _catch_what_can_be_caught()
        # LocalStack calls it by its class.
        StepFunctionsProvider._validate_definition = staticmethod(_validate_definition)
        announce = Execution.publish_execution_status_change_event

        def counted(execution: Any) -> None:
            METRICS.add(
                "AWS/States",
                _METRICS[str(execution.exec_status)],
                1,
                account_id=execution.account_id,
                region=execution.region_name,
                dimension=("StateMachineArn", execution.state_machine_arn),
            )
            announce(execution)

        Execution.publish_execution_status_change_event = counted

    def on_before_stop(self) -> None:
        for execution in waits.executions():
            worker = execution.exec_worker
            if worker and worker.env and worker.env.is_running():
                worker.env.set_stop(stop_date=None, cause=None, error=None)

    @handler("CreateStateMachine", expand=False)
    def create_state_machine(self, context: RequestContext, request: Mapping[str, Any]) -> Any:
        place = f"arn:{context.partition}:states:{context.region}:{context.account_id}"
        arn = f"{place}:stateMachine:{request['name']}"
        self._validate_activity_name(request["name"])
        _check_role(context, request["roleArn"], arn)
        _check_logging(request["roleArn"], request.get("loggingConfiguration"))
        _check_encryption(context, request.get("encryptionConfiguration"))
        answer = super().create_state_machine(context, request)
        made = self.get_store(context).state_machines[answer["stateMachineArn"]]
        if not hasattr(made, "encryption_config"):  # what is asked for a second time stays as it is
            made.encryption_config = dict(request.get("encryptionConfiguration") or _AWS_OWNED)
        return answer

    @handler("UpdateStateMachine", expand=False)
    def update_state_machine(self, context: RequestContext, request: Mapping[str, Any]) -> Any:
        arn = request["stateMachineArn"]
        self._validate_state_machine_arn(arn)
        known = self.get_store(context).state_machines.get(arn)
        if known is None:
            self._raise_state_machine_does_not_exist(arn)
        role_arn = request.get("roleArn") or known.role_arn
        if request.get("roleArn"):
            _check_role(context, role_arn, arn)
        logging = request.get("loggingConfiguration")
        _check_logging(role_arn, logging)
        if logging and logging.get("level", LogLevel.OFF) != LogLevel.OFF:
            self._check_log_group(arn, logging)
        _check_encryption(context, request.get("encryptionConfiguration"))
        # LocalStack keeps neither, and takes no request that is about nothing else.
        given = {"tracing_config": request.get("tracingConfiguration")}
        given["encryption_config"] = request.get("encryptionConfiguration")
        for name, value in given.items():
            if value is not None:
                setattr(known, name, dict(value))
        return super().update_state_machine(
            context,
            arn,
            definition=request.get("definition"),
            role_arn=role_arn if any(given.values()) else request.get("roleArn"),
            logging_configuration=logging,
            publish=request.get("publish"),
            version_description=request.get("versionDescription"),
        )

    @handler("DescribeStateMachine", expand=False)
    def describe_state_machine(self, context: RequestContext, request: Mapping[str, Any]) -> Any:
        arn = request["stateMachineArn"]
        answer = super().describe_state_machine(context, arn)
        known = self.get_store(context).state_machines[arn]
        return answer | {
            "tracingConfiguration": known.tracing_config or {"enabled": False},
            "encryptionConfiguration": getattr(known, "encryption_config", _AWS_OWNED),
        }

    @handler("StartExecution", expand=False)
    def start_execution(self, context: RequestContext, request: Mapping[str, Any]) -> Any:
        if name := request.get("name"):
            self._validate_activity_name(name)
        return super().start_execution(
            context, request["stateMachineArn"], name, request.get("input"), request.get("traceHeader")
        )

    @staticmethod
    def _check_log_group(arn: str, logging: Mapping[str, Any]) -> None:
        from localstack.services.stepfunctions.asl.eval.event.logging import CloudWatchLoggingConfiguration

        wanted = {"includeExecutionData": False, **logging}
        if found := CloudWatchLoggingConfiguration.from_logging_configuration(arn, wanted):
            found.validate()


def _validate_definition(definition: str, static_analysers: Any) -> None:
    """In AWS's form: LocalStack names its own exceptions."""
    if asks_for_jsonata(definition):
        raise InvalidDefinition(_JSONATA)
    found = problems(definition, tasks.members)
    if not found or found[0].kind != "INVALID_JSON_DESCRIPTION":
        for analyser in static_analysers:
            try:
                analyser.analyse(definition)
            except Exception as error:
                # What follows is LocalStack's tree of objects, or all words of the language.
                words = re.split(r": with state| expecting \{", str(error))[0].removeprefix(_PARSER)
                words = words or type(error).__name__
                raise _invalid(f"SCHEMA_VALIDATION_FAILED: {words}") from error
    if found:
        raise _invalid(", ".join(str(each) for each in found))


def _invalid(words: str) -> InvalidDefinition:
    return InvalidDefinition(f"Invalid State Machine Definition: '{words}'")


def _check_role(context: RequestContext, role_arn: str, arn: str) -> None:
    parts = role_arn.split(":", 5)
    if len(parts) != 6 or parts[2] != "iam" or not parts[5].startswith("role/"):
        raise InvalidArn(f"Invalid Role Arn: '{role_arn}'")
    if parts[4] != context.account_id:
        raise _denied("Cross-account pass role is not allowed.")
    if service_trust_refusal(role_arn, STATES, arn):
        raise _denied(_NO_TRUST)


def _check_logging(role_arn: str, logging: Mapping[str, Any] | None) -> None:
    if not logging or logging.get("level", LogLevel.OFF) == LogLevel.OFF:
        return
    for operation in _LOGGING:
        if action_refusal(role_arn, f"logs:{operation}", "*", {}):
            raise _denied(_NO_LOGGING)


def _check_encryption(context: RequestContext, wanted: Mapping[str, Any] | None) -> None:
    """https://docs.aws.amazon.com/step-functions/latest/apireference/API_EncryptionConfiguration.html"""
    key = (wanted or {}).get("kmsKeyId")
    if not wanted or wanted["type"] == "AWS_OWNED_KEY":
        if key:
            raise _encryption("A key is given, and the type is AWS_OWNED_KEY.")
        return
    if not key:
        raise _encryption("A customer managed key needs kmsKeyId.")
    try:
        key_of(key, context.region, context.account_id)
    except KeyNotFound as error:
        raise _encryption(f"The key {error} does not exist.") from error


def _encryption(why: str) -> CommonServiceException:
    message = f"Invalid Encryption Configuration: {why}"
    return CommonServiceException("InvalidEncryptionConfiguration", message, 400, True)


def _denied(message: str) -> CommonServiceException:
    return CommonServiceException("AccessDeniedException", message, 400, True)


def _let_errors_of_states_be_named() -> None:
    """LocalStack takes no `States.Http.…` in Retry and Catch, and fails where an error of its own, such as
    States.DataLimitExceeded, comes out of a branch or an iteration."""
    named: Any = custom_error_name.CustomErrorName
    initialise = named.__init__

    def initialised(self: Any, error_name: str | None) -> None:
        if error_name is not None and error_name.startswith("States."):
            super(named, self).__init__(error_name=error_name)
        else:
            initialise(self, error_name)

    named.__init__ = initialised


# Which States.ALL does not stand for. What fails in an intrinsic function or a path is States.Runtime on AWS.
# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
_RUNTIME = frozenset(
    [
        "States.IntrinsicFailure",
        "States.NoChoiceMatched",
        "States.ParameterPathFailure",
        "States.ResultPathMatchFailure",
        "States.Runtime",
    ]
)
_LIMIT = "States.DataLimitExceeded"


def _catch_what_can_be_caught() -> None:
    declared: Any = error_equals_decl.ErrorEqualsDecl
    evaluate = declared._eval_body

    def evaluated(self: Any, env: Any) -> None:
        name = getattr(env.stack[-1], "error_name", None)
        if name in _RUNTIME or name == _LIMIT:
            env.stack.pop()
            env.stack.append(name == _LIMIT and name in {each.error_name for each in self.error_names})
        else:
            evaluate(self, env)

    declared._eval_body = evaluated
