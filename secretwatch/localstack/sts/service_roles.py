"""Roles' sessions that an AWS service has: Step Functions' for a state machine, EventBridge's for a target.

What is called with such a session comes through the gateway as anybody's call does: it is authorised by the
role's policies, refused where AWS refuses it, and recorded as the session's, invoked by the service. That the
service assumed the role is an event, too.
https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
"""

from __future__ import annotations

import random
import string
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from localstack import config
from localstack.aws.connect import ExternalClientFactory
from localstack.aws.spec import load_service
from moto.sts.models import sts_backends

from secretwatch.cloudtrail import Event, make_event, response_elements
from secretwatch.localstack.access.services.roles import service_trust_refusal
from secretwatch.localstack.sts.sessions import SESSIONS
from secretwatch.policy.services import EVENTS, STATES

Sink = Callable[[str, Event], None]
"""Takes an account and an event."""

_STS = "sts.amazonaws.com"
_SESSION_SECONDS = 3600
_CONFIG = Config(
    parameter_validation=False,
    retries={"total_max_attempts": 1},
    read_timeout=90,
    s3={"addressing_style": "path"},
)
_LETTERS = string.ascii_letters
_HEXADECIMAL = "0123456789abcdef"
# How each service calls a session (observed: 32 letters, 32 hexadecimal digits).
_NAMED_OF = {EVENTS: _HEXADECIMAL, STATES: _LETTERS}


class NotAssumed(Exception):
    """The service may not assume the role, and why."""


class Keys(NamedTuple):
    """A session's."""

    access_key_id: str
    secret_access_key: str
    session_token: str


class _Recording:
    sink: Sink | None = None


def record_with(sink: Sink) -> None:
    """Events of services that assume a role go there."""
    _Recording.sink = sink


def record(account_id: str, event: Event) -> None:
    """An event of a service's own."""
    if _Recording.sink is not None:
        _Recording.sink(account_id, event)


def assume(role_arn: str, service: str, source_arn: str) -> Keys:
    """A new session of the role for the service, on behalf of a rule or state machine (source_arn).

    Raises NotAssumed where the role is not there, or its trust policy does not let the service in.
    """
    if refused := service_trust_refusal(role_arn, service, source_arn):
        raise NotAssumed(refused)
    _, partition, _, region, _, *_ = source_arn.split(":")
    name = "".join(random.choices(_NAMED_OF[service], k=32))
    session = sts_backends[role_arn.split(":")[4]][partition].assume_role(
        region_name=region,
        role_session_name=name,
        role_arn=role_arn,
        policy="",
        duration=_SESSION_SECONDS,
        external_id="",
    )
    SESSIONS.add_role_of_service(session.access_key_id, service)
    record(session.account_id, _event(session, service, region, name))
    return Keys(session.access_key_id, session.secret_access_key, session.session_token)


class Client:
    """A client of a service with a session's keys, from outside as far as LocalStack sees.

    service: botocore's name. The client behind it is made once for all sessions: to make one takes as long as
    some calls, and a megabyte.
    """

    def __init__(self, service: str, region: str, keys: Keys) -> None:
        self._client, self._keys = _shared(service, region), keys

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if not callable(found):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            signing = _SIGNING.set(self._keys)
            try:
                return found(*args, **kwargs)
            finally:
                _SIGNING.reset(signing)

        return call


_SIGNING: ContextVar[Keys] = ContextVar("keys_of_a_services_session")


class _CredentialsOfCall:
    """What a signer asks for each request."""

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        return ReadOnlyCredentials(*_SIGNING.get())


@cache
def _shared(service: str, region: str) -> Any:
    host = config.internal_service_url(host="127.0.0.1")
    made = ExternalClientFactory().get_client(
        service, region, "none", "none", endpoint_url=host, config=_CONFIG
    )
    made._request_signer._credentials = _CredentialsOfCall()
    return made


def _event(session: Any, service: str, region: str, name: str) -> Event:
    request_id = str(uuid.uuid4())
    operation = load_service("sts").operation_model("AssumeRole")
    answer = {
        "Credentials": {
            "AccessKeyId": session.access_key_id,
            "SessionToken": session.session_token,
            "Expiration": session.expiration.replace(tzinfo=UTC),
        }
    }
    return make_event(
        event_id=str(uuid.uuid4()),
        event_time=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        event_source=_STS,
        event_name="AssumeRole",
        aws_region=region,
        account_id=session.account_id,
        user_identity={"type": "AWSService", "invokedBy": service},
        source_ip_address=service,
        user_agent=service,
        request_id=request_id,
        request_parameters={"roleArn": session.role_arn, "roleSessionName": name},
        response_elements=response_elements(_STS, operation.output_shape, answer, "AssumeRole", request_id),
        resources=[
            {"accountId": session.account_id, "type": "AWS::IAM::Role", "ARN": session.role_arn},
        ],
    )
