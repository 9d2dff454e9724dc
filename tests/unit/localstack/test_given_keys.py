"""Whose an access key is, by the stores of LocalStack alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moto.iam.models import AccessKey, iam_backends
from moto.iam.utils import generate_access_key_id_from_account_id

from secretwatch.localstack.callers.identity import Caller, caller_of
from secretwatch.localstack.sts import given_keys

ACCOUNT = "111122224444"


def caller(access_key_id: str) -> Caller:
    signed = f"AWS4-HMAC-SHA256 Credential={access_key_id}/20260101/us-east-1/iam/aws4_request, Signature=0"
    return caller_of({"Authorization": signed}, ACCOUNT, "aws")


@pytest.fixture
def iam(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(AccessKey, "__init__", AccessKey.__init__)
    given_keys.remember_keys()
    backend = iam_backends[ACCOUNT]["aws"]
    backend.create_user("us-east-1", "ann")
    yield backend
    backend.reset()


def test_a_users_key_is_the_users_until_it_is_deleted(iam: Any) -> None:
    key = iam.create_access_key("ann").access_key_id
    assert (caller(key).kind, caller(key).name) == ("user", "ann")
    iam.delete_access_key(key, "ann")
    assert caller(key).kind == "nobody"


def test_an_inactive_key_opens_nothing_until_it_is_active_again(iam: Any) -> None:
    key = iam.create_access_key("ann").access_key_id
    iam.update_access_key("ann", key, "Inactive")
    assert caller(key).kind == "nobody"
    iam.update_access_key("ann", key, "Active")
    assert caller(key).kind == "user"


def test_a_forgotten_session_opens_nothing(iam: Any) -> None:
    assert caller(iam.create_temp_access_key().access_key_id).kind == "nobody"


def test_a_key_that_was_never_given_is_of_root(iam: Any) -> None:
    for key in ("test", ACCOUNT, generate_access_key_id_from_account_id(ACCOUNT, prefix="AKIA")):
        assert caller(key).kind == "root"
