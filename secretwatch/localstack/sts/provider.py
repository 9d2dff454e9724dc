"""LocalStack's STS, with temporary keys that stand for somebody.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext, handler
from localstack.services.sts.provider import StsProvider
from moto.iam.utils import generate_access_key_id_from_account_id
from moto.sts.utils import random_session_token

from secretwatch.localstack.access.services.roles import role_of
from secretwatch.localstack.callers.identity import Caller, caller_of_request
from secretwatch.localstack.gateway.constraints import validation_message, violations
from secretwatch.localstack.sts.given_keys import GIVEN
from secretwatch.localstack.sts.sessions import SESSIONS, Session
from secretwatch.policy import MalformedPolicy, Policy

_KEY_PREFIX = "ASIA"  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
_ROLE_ARN = re.compile(r"arn:[^:]+:iam::\d{12}:role/.+")
_DEFAULT_SECONDS = 43_200
_ROOT_SECONDS = 3_600


class SessionStsProvider(StsProvider):
    """GetSessionToken, GetFederationToken, and AssumeRole with MFA, as far as CloudTrail shows them.

    Any code of an MFA device is taken: the local cloud has no device that could say whether it is right.
    """

    def on_before_state_reset(self) -> None:
        SESSIONS.clear()

    @handler("GetSessionToken", expand=False)
    def get_session_token(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        _check(context, request)
        caller = _with_own_keys(context, "GetSessionToken")
        seconds = request.get("DurationSeconds") or _DEFAULT_SECONDS
        if caller.kind == "root":
            seconds = min(seconds, _ROOT_SECONDS)
        session = Session(caller, _now(), mfa=_gave_code(request))
        return {"Credentials": _keys(caller.account_id, session, seconds)}

    @handler("GetFederationToken", expand=False)
    def get_federation_token(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        _check(context, request)
        caller = _with_own_keys(context, "GetFederationToken")
        name, policy = request["Name"], request.get("Policy")
        if policy:
            try:
                Policy.parse(policy)
            except MalformedPolicy as error:
                raise CommonServiceException("MalformedPolicyDocument", str(error), 400, True) from error
        seconds = request.get("DurationSeconds") or _DEFAULT_SECONDS
        session = Session(caller, _now(), federated_name=name, policy=policy)
        return {
            "Credentials": _keys(caller.account_id, session, seconds),
            "FederatedUser": {
                "FederatedUserId": f"{caller.account_id}:{name}",
                "Arn": f"arn:{context.partition}:sts::{caller.account_id}:federated-user/{name}",
            },
            "PackedPolicySize": min(100, len(policy or "") * 100 // 2048),
        }

    @handler("GetCallerIdentity", expand=False)
    def get_caller_identity(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        caller = caller_of_request(context)
        identity = caller.user_identity
        return {"UserId": identity["principalId"], "Account": caller.account_id, "Arn": caller.arn}

    def assume_role(
        self, context: RequestContext, role_arn: str, role_session_name: str, **others: Any
    ) -> Any:
        _require_role(context, role_arn)
        code = _gave_code(
            {"SerialNumber": others.get("serial_number"), "TokenCode": others.get("token_code")}
        )
        answer = super().assume_role(context, role_arn, role_session_name, **others)
        if code:
            SESSIONS.add_role_with_mfa(answer["Credentials"]["AccessKeyId"])
        return answer


def _check(context: RequestContext, request: Mapping[str, Any]) -> None:
    if context.operation and (found := list(violations(context.operation.input_shape, request))):
        raise CommonServiceException("ValidationError", validation_message(found), 400, True)


def _require_role(context: RequestContext, role_arn: str) -> None:
    """Also for root, which on AWS may assume no role at all, and on the local cloud is who tests are."""
    if context.is_internal_call or not _ROLE_ARN.match(role_arn) or role_of(role_arn):
        return
    caller = caller_of_request(context)
    message = f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
    raise CommonServiceException("AccessDenied", message, 403, True)


def _gave_code(request: Mapping[str, Any]) -> bool:
    device, code = request.get("SerialNumber"), request.get("TokenCode")
    if bool(device) != bool(code):
        message = (
            "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
        )
        raise CommonServiceException("AccessDenied", message, 403, True)
    return bool(code)


def _with_own_keys(context: RequestContext, operation: str) -> Caller:
    """Who calls, unless with temporary keys: AWS refuses those."""
    caller = caller_of_request(context)
    if "sessionContext" in caller.user_identity:
        message = f"Cannot call {operation} with session credentials"
        raise CommonServiceException("AccessDenied", message, 403, True)
    return caller


def _keys(account_id: str, session: Session, seconds: int) -> dict[str, Any]:
    access_key_id = generate_access_key_id_from_account_id(account_id, prefix=_KEY_PREFIX)
    SESSIONS.add(access_key_id, session)
    GIVEN.add(access_key_id)
    return {
        "AccessKeyId": access_key_id,
        "SecretAccessKey": secrets.token_urlsafe(30),
        "SessionToken": random_session_token(),
        "Expiration": datetime.now(UTC) + timedelta(seconds=seconds),
    }


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
