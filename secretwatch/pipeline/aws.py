"""AWS clients with short patience, and what their errors mean in one sentence.

A probe is asked again and again, so that a call which hangs or fails is better given up than repeated.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    SSOError,
    TokenRetrievalError,
)

from secretwatch import partition
from secretwatch.newer_operations import extend_session
from secretwatch.pipeline.answers import look_at

_DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation", "403")
_BAD_CREDENTIALS = (
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)
_THROTTLED = (
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "SlowDown",
    "LimitExceededException",
)

_LONGEST = 40.0
"""Seconds: LookupEvents has been seen to take 35."""

_MAKING = threading.Lock()

NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)


class NoAccess(Exception):
    """There are no credentials, not the right ones, or nothing answers; the message is one sentence."""


class Aws:
    """Clients of one session in one region.

    session: a boto3.Session, or what has its `client`. environ: variables beside this process's, for a cloud
    that its environment does not name: AWS_ENDPOINT_URL, and what the AWS CLI needs. agent: stands in the
    user agent of every call, and so in CloudTrail's events; secretwatch by default. patience: seconds that an
    answer may take, but for CloudTrail's.
    """

    def __init__(
        self,
        session: Any,
        region: str,
        environ: Mapping[str, str] | None = None,
        agent: str | None = None,
        patience: float = _LONGEST,
    ) -> None:
        self._session = session
        self._region = region
        self._agent, self._patience = agent, patience
        self.environ = dict(environ or {})
        self._endpoint_url = self.environ.get("AWS_ENDPOINT_URL")
        self._clients: dict[tuple[str, str | None], Any] = {}

    def client(self, service: str, *, app_id: str | None = None) -> Any:
        """A client, the same one each time; app_id stands in its calls' user agent."""
        key = (service, app_id)
        if key not in self._clients:
            config = Config(
                connect_timeout=5,
                read_timeout=_LONGEST if service == "cloudtrail" else self._patience,
                retries={"total_max_attempts": 2, "mode": "standard"},
                user_agent_appid=app_id,
                user_agent_extra=self._agent or "secretwatch",
            )
            # A session makes one client at a time: https://docs.aws.amazon.com/boto3/latest/guide/session.html
            with _MAKING:
                if service == "cloudwatch":
                    extend_session(self._session)
                client = self._session.client(
                    service, region_name=self._region, endpoint_url=self._endpoint_url, config=config
                )
                # A session of tests may have clients of its own.
                if events := getattr(getattr(client, "meta", None), "events", None):
                    events.register("after-call", look_at)
                self._clients[key] = client
        return self._clients[key]

    @property
    def given_endpoint(self) -> str | None:
        """Where all is asked, if that is not AWS itself (AWS_ENDPOINT_URL)."""
        own = f".{partition.of_region(self._region).dns_suffix}"
        return None if (urlsplit(self.endpoint_url).hostname or "").endswith(own) else self.endpoint_url

    @property
    def endpoint_url(self) -> str:
        """Where secrets are read from."""
        return str(self.client("secretsmanager").meta.endpoint_url)

    @property
    def is_local(self) -> bool:
        """Whether this is a cloud on this machine, where everything takes seconds."""
        return is_local(self.endpoint_url)

    def check_account(self, account_id: str | None) -> str:
        """Whose credentials these are. Raises NoAccess unless they work and are those of the account.

        account_id: None where none is known, as nothing was applied.
        """
        try:
            found = str(self.client("sts").get_caller_identity()["Account"])
        except NO_CREDENTIALS as error:
            raise NoAccess(f"There are no AWS credentials to use: {one_line(error)}") from error
        except ClientError as error:
            raise NoAccess(f"The AWS credentials do not work: {one_line(error)}") from error
        except BotoCoreError as error:
            raise NoAccess(f"AWS cannot be called: {one_line(error)}") from error
        if account_id is not None and found != account_id:
            raise NoAccess(
                f"The credentials are of account {found}, and the watch is in account {account_id}."
            )
        return found


def is_local(endpoint_url: str) -> bool:
    """Whether an endpoint is on this machine."""
    return urlsplit(endpoint_url).hostname in ("127.0.0.1", "localhost", "::1", "localhost.localstack.cloud")


def one_line(error: Exception) -> str:
    """An error's own words, on one line and with a full stop."""
    if isinstance(error, ClientError):
        answer = error.response.get("Error", {})
        text = f"{error.operation_name} answers {answer.get('Code', '?')}: {answer.get('Message', '')}"
    else:
        text = str(error)
    return " ".join(text.split()).rstrip(".: ") + "."


def is_denied(error: Exception) -> bool:
    """Whether the caller may not make this call."""
    return isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") in _DENIED


def is_absent(error: Exception) -> bool:
    """Whether the endpoint does not have this API at all, as an emulator may not."""
    return isinstance(error, ClientError) and _status(error) == 501


def is_passing(error: Exception) -> bool:
    """Whether asking again later may help."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code") in _THROTTLED or _status(error) >= 500
    return isinstance(error, HTTPClientError)


def is_silence(error: Exception) -> bool:
    """Whether nothing answered: asking once more would take as long again."""
    return isinstance(error, (ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError))


def is_about_credentials(error: Exception) -> bool:
    """Whether the error is about who calls, not about what is called."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code") in _BAD_CREDENTIALS
    return isinstance(error, NO_CREDENTIALS)


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
