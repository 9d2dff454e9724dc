"""Answers of moto's that are plainly not those of AWS: mended where they are made."""

from __future__ import annotations

from functools import wraps
from typing import Any

from moto.secretsmanager.models import ReplicaSecret, SecretsManagerBackend


def mend() -> None:
    """From now on a secret's replication answers its ARN, and a replica can be read as other secrets are."""
    # What every secret is asked for. A replica has a key and a policy of its own, which moto does not keep.
    for name in ("deleted_date", "kms_key_id", "policy"):
        setattr(ReplicaSecret, name, None)
    ReplicaSecret.account_id = property(lambda replica: replica.source.account_id)
    for name in ("replicate_secret_to_regions", "remove_regions_from_replication"):
        setattr(SecretsManagerBackend, name, _with_arn(getattr(SecretsManagerBackend, name)))


def _with_arn(operation: Any) -> Any:
    @wraps(operation)
    def answer(self: Any, secret_id: str, *args: Any, **kwargs: Any) -> tuple[str, Any]:
        _, statuses = operation(self, secret_id, *args, **kwargs)
        return self.describe_secret(secret_id).arn, statuses

    return answer
