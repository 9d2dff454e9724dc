"""Which secret a name or an ARN means: as moto's store says it, found without a look at all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moto.secretsmanager.models import SecretsStore, secretsmanager_backends

from secretwatch.localstack.access.resources import resource_of, secret_in

ACCOUNT = "111122223333"
OWN = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:own-by-name"


@pytest.fixture
def secrets() -> Iterator[SecretsStore]:
    backend: Any = secretsmanager_backends[ACCOUNT]["us-east-1"]
    made = backend._add_secret("db", secret_string="x", version_id="v" * 32)[0]
    # Called as the other one with its suffix.
    backend._add_secret(made.arn.rsplit(":", 1)[1], secret_string="x", version_id="v" * 32)
    backend._add_secret("top-secret", secret_string="x", version_id="v" * 32)
    # LocalStack lets its users choose the suffix.
    backend._add_secret("own", secret_string="x", version_id="v" * 32)[0].arn = OWN
    yield backend.secrets
    backend.reset()


def test_a_name_means_what_it_means_to_the_store(secrets: SecretsStore) -> None:
    for name in (*secrets, *(secret.arn for secret in secrets.values()), "none", "", "d", "db-"):
        assert secret_in(secrets, name) is secrets.get(name), name


def test_an_arn_means_what_it_means_to_the_store(secrets: SecretsStore) -> None:
    whole = [secret.arn for secret in secrets.values()]
    for arn in (*whole, *(each[:-7] for each in whole), f"{whole[0]}x", whole[0][:-1], OWN):
        expected = secrets.get(arn) or secrets.get(arn.split(":", 6)[6])
        found = resource_of(arn, {}, ACCOUNT, "us-east-1")
        assert found.exists is (expected is not None)
        assert found.arn == (expected.arn if expected else arn)
