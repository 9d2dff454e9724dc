"""Clients of the local cloud, made once: a session takes five times as long to make as a client of it."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import Credentials

REGION = "us-east-1"
_UNCHECKED = Config(parameter_validation=False, retries={"max_attempts": 1})


@cache
def _session() -> Any:
    return boto3.Session()


@cache
def _kept(service: str, account_id: str, region: str, _endpoint: str | None) -> Any:
    return made(service, account_id, region)


def client(service: str, account_id: str, region: str = REGION) -> Any:
    """The client of an account, which the local cloud takes from an access key of 12 digits.

    It is kept, and is of the local cloud that the environment names now.
    """
    return _kept(service, account_id, region, os.environ.get("AWS_ENDPOINT_URL"))


def made(service: str, key: str, region: str = REGION, secret: str = "test", **settings: Any) -> Any:
    """A new client: with another key than an account's, or with settings of botocore's own."""
    return _session().client(
        service, region_name=region, aws_access_key_id=key, aws_secret_access_key=secret, **settings
    )


@cache
def _shared(service: str, region: str, _endpoint: str | None) -> Any:
    return made(service, "nobody", region, config=_UNCHECKED)


class Lent:
    """A service's client that many accounts use, one after the other: to make one takes as long as ten calls.
    It does not look at what it sends.

    Not for threads, nor for a paginator that is walked while another account calls.
    """

    def __init__(self, service: str, key: str, region: str, secret: str) -> None:
        self._client = _shared(service, region, os.environ.get("AWS_ENDPOINT_URL"))
        self._credentials = Credentials(key, secret)

    def __getattr__(self, name: str) -> Any:
        # The signer takes them anew for each request.
        self._client._request_signer._credentials = self._credentials
        return getattr(self._client, name)
