"""What a role may do that a service has assumed, by the stores of LocalStack alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto.iam.models import iam_backends
from moto.secretsmanager.models import secretsmanager_backends

from secretwatch.localstack.access.decide import role_refusal

ACCOUNT, REGION = "111122223333", "us-east-1"


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", **statement}})


@pytest.fixture
def stores() -> Iterator[Any]:
    iam, secrets = iam_backends[ACCOUNT]["aws"], secretsmanager_backends[ACCOUNT][REGION]
    yield iam, secrets
    iam.reset()
    secrets.reset()


def refusal(operation: str, role: str, **parameters: Any) -> str | None:
    return role_refusal(
        f"arn:aws:iam::{ACCOUNT}:role/{role}",
        "secretsmanager",
        operation,
        parameters,
        region=REGION,
        session="states",
    )


def test_a_role_may_what_its_policies_allow(stores: Any) -> None:
    iam, secrets = stores
    role = iam.create_role("job", document(Action="sts:AssumeRole"), "/app/", None, "", [], None)
    secret = secrets.create_secret("db", "none", None, "", [], None, None, [], False)
    arn = json.loads(secret)["ARN"]
    role.put_policy("read", document(Action="secretsmanager:GetSecretValue", Resource=arn))
    assert refusal("GetSecretValue", "app/job", SecretId="db") is None
    assert refusal("GetSecretValue", "app/job", SecretId="db-replica") == (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/job/states is not authorized to perform:"
        f" secretsmanager:GetSecretValue on resource:"
        f" arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-replica"
        " because no identity-based policy allows the secretsmanager:GetSecretValue action"
    )
    assert refusal("DeleteSecret", "app/job", SecretId="db")
    assert refusal("GetSecretValue", "other", SecretId="db") == (
        f"the role arn:aws:iam::{ACCOUNT}:role/other does not exist"
    )
