"""HTTP tasks: `arn:aws:states:::http:invoke`, with an EventBridge connection that has the credentials.

The state machine's role needs states:InvokeHTTPEndpoint, events:RetrieveConnectionCredentials, and to read
the connection's secret: that read is an event as any other. AWS does not say whose (here the role's session),
nor with which error a task fails that may not invoke (here States.Permissions).
From the local cloud nobody is reached but this machine: whoever is elsewhere does not answer, which is
States.Http.Socket. A certificate is not looked at. Connections with OAuth are not here.
https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from botocore.exceptions import ClientError
from localstack.services.events.models import events_stores
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service import (
    state_task_service,
)

from secretwatch.cloudtrail.event import EVENT_VERSION
from secretwatch.localstack.access.services.roles import action_refusal
from secretwatch.localstack.states.tasks import TaskCredentials, failed, keys_of, state_machine_of
from secretwatch.localstack.sts.service_roles import Client, NotAssumed, record
from secretwatch.policy.services import STATES

_FIELDS = frozenset(
    [
        "ApiEndpoint",
        "Authentication",
        "Headers",
        "InvocationConfig",
        "Method",
        "QueryParameters",
        "RequestBody",
        "Transform",
    ]
)
_METHODS = frozenset(["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"])
_HERE = frozenset(["localhost", "127.0.0.1", "::1"])
_SECONDS = 60
_MOST_BYTES = 262_144
_UNCHECKED = ssl._create_unverified_context()


class HttpTask(state_task_service.StateTaskService):
    """LocalStack has none."""

    def _get_supported_parameters(self) -> set[str] | None:
        return set(_FIELDS) if self.resource.api_action == "invoke" else None

    def _normalise_parameters(self, parameters: Any, *_: Any, **__: Any) -> None: ...

    def _normalise_response(self, response: Any, *_: Any, **__: Any) -> None: ...

    def _eval_service_task(
        self, env: Any, resource_runtime_part: Any, normalised_parameters: Any, state_credentials: Any
    ) -> None:
        try:
            answer = invoke(normalised_parameters, state_credentials, resource_runtime_part.region)
        except _Failed as failure:
            name, cause = failure.args
            raise failed(env, cause, name, (self._get_sfn_resource(), "http")) from failure
        env.stack.append(answer)


class _Failed(Exception):
    """Error and cause."""


def invoke(parameters: Mapping[str, Any], credentials: TaskCredentials, region: str) -> dict[str, Any]:
    """ResponseBody, Headers, StatusCode and StatusText of the endpoint's answer. Raises `_Failed`."""
    endpoint, method = str(parameters.get("ApiEndpoint")), parameters.get("Method")
    url = urlsplit(endpoint)
    if url.scheme != "https" or not url.hostname:
        raise _Failed("States.Runtime", f"The ApiEndpoint {endpoint} is no HTTPS URL.")
    if method not in _METHODS:
        raise _Failed("States.Runtime", f"The Method {method} is none of {', '.join(sorted(_METHODS))}.")
    given = parameters.get("InvocationConfig") or parameters.get("Authentication") or {}
    connection_arn = str(given.get("ConnectionArn"))
    state_machine_arn = state_machine_of(credentials.env)
    about = {"states:HTTPEndpoint": endpoint, "states:HTTPMethod": method}
    if refused := action_refusal(credentials.role_arn, "states:InvokeHTTPEndpoint", state_machine_arn, about):
        raise _Failed("States.Permissions", refused)
    secret = _secret_of(connection_arn, credentials, region)
    headers = {str(key): _text(value) for key, value in (parameters.get("Headers") or {}).items()}
    query = dict(parameters.get("QueryParameters") or {})
    body = parameters.get("RequestBody")
    more = secret.get("invocation_http_parameters") or {}
    headers |= {each["Key"]: each["Value"] for each in more.get("HeaderParameters") or ()}
    query |= {each["Key"]: each["Value"] for each in more.get("QueryStringParameters") or ()}
    if extra := {each["Key"]: each["Value"] for each in more.get("BodyParameters") or ()}:
        body = (body or {}) | extra
    if "api_key_name" in secret:
        headers[secret["api_key_name"]] = secret["api_key_value"]
    else:
        both = f"{secret.get('username')}:{secret.get('password')}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(both).decode()}"
    headers |= {"User-Agent": f"Amazon|StepFunctions|HttpInvoke|{region}", "Range": f"bytes=0-{_MOST_BYTES}"}
    content = None
    if body is not None:
        encoded = (parameters.get("Transform") or {}).get("RequestBodyEncoding") == "URL_ENCODED"
        kind = "application/x-www-form-urlencoded" if encoded else "application/json;charset=UTF-8"
        headers.setdefault("Content-Type", kind)
        content = (
            urlencode(body, doseq=True) if encoded else body if isinstance(body, str) else json.dumps(body)
        )
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    if query:
        path += ("&" if url.query else "?") + urlencode(query, doseq=True)
    record(state_machine_arn.split(":")[4], _event(state_machine_arn, region, method, endpoint))
    return _send(url.hostname, url.port, method, path, content, headers)


def _secret_of(connection_arn: str, credentials: TaskCredentials, region: str) -> dict[str, Any]:
    """What the connection has stored."""
    if refused := action_refusal(
        credentials.role_arn, "events:RetrieveConnectionCredentials", connection_arn, {}
    ):
        raise _Failed("Events.ConnectionResource.AccessDenied", refused)
    parts = connection_arn.split(":")
    store = (events_stores.get(parts[4]) or {}).get(parts[3]) if len(parts) == 6 else None
    name = parts[-1].split("/")[1] if parts[-1].count("/") == 2 else ""
    connection = store.connections.get(name) if store else None
    if connection is None or connection.arn != connection_arn:
        raise _Failed("Events.ConnectionResource.ResourceNotFound", f"{connection_arn} does not exist.")
    try:
        secrets = Client("secretsmanager", region, keys_of(credentials))
        value: dict[str, Any] = json.loads(
            secrets.get_secret_value(SecretId=connection.secret_arn)["SecretString"]
        )
    except ClientError as error:
        raise _Failed("Events.ConnectionResource.AccessDenied", error.response["Error"]["Message"]) from error
    except NotAssumed as error:
        raise _Failed("States.Permissions", str(error)) from error
    if "client_id" in value:
        raise _Failed("States.Runtime", "The local cloud has no connections with OAuth.")
    return value


def _send(
    host: str, port: int | None, method: str, path: str, content: str | None, headers: dict[str, str]
) -> dict[str, Any]:
    if host not in _HERE:
        raise _Failed(
            "States.Http.Socket", f"{host} is not on this machine, which the local cloud never leaves."
        )
    connection = http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=_UNCHECKED)
    try:
        connection.request(method, path, content.encode() if content else None, headers)
        answer = connection.getresponse()
        received = answer.read(_MOST_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        raise _Failed("States.Http.Socket", f"{host} did not answer: {error}") from error
    finally:
        connection.close()
    if len(received) > _MOST_BYTES:
        raise _Failed("States.DataLimitExceeded", "The answer has more bytes than a state may have.")
    text = received.decode("utf-8", "replace")
    found: dict[str, list[str]] = {}
    for key, value in answer.getheaders():
        found.setdefault(key, []).append(value)
    told = {
        "Headers": found,
        "ResponseBody": _parsed(text),
        "StatusCode": answer.status,
        "StatusText": answer.reason,
    }
    if not 200 <= answer.status < 300:
        raise _Failed(f"States.Http.StatusCode.{answer.status}", json.dumps(told))
    return told


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _event(state_machine_arn: str, region: str, method: str, endpoint: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cloud-trail.html"""
    account_id = state_machine_arn.split(":")[4]
    return {
        "eventVersion": EVENT_VERSION,
        "userIdentity": {"accountId": account_id, "invokedBy": STATES},
        "eventTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": STATES,
        "eventName": "InvokeHTTPEndpoint",
        "awsRegion": region,
        "sourceIPAddress": STATES,
        "userAgent": STATES,
        "requestParameters": None,
        "responseElements": None,
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "resources": [
            {
                "accountId": account_id,
                "type": "AWS::StepFunctions::StateMachine",
                "ARN": state_machine_arn,
            }
        ],
        "eventType": "AwsServiceEvent",
        "managementEvent": False,
        "recipientAccountId": account_id,
        "serviceEventDetails": {"httpMethod": method, "httpEndpoint": endpoint},
        "eventCategory": "Data",
    }
