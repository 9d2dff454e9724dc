"""Answers of moto's that are plainly not those of AWS: mended where they are made."""

from __future__ import annotations

from functools import wraps
from typing import Any

from moto.ec2.exceptions import EC2ClientError, InvalidVPCIdError
from moto.ec2.models.vpcs import VPCBackend
from moto.secretsmanager.models import SecretsManagerBackend


def mend() -> None:
    """From now on a secret's replication answers its ARN, and unknown VPCs have AWS's words."""
    for name in ("replicate_secret_to_regions", "remove_regions_from_replication"):
        setattr(SecretsManagerBackend, name, _with_arn(getattr(SecretsManagerBackend, name)))
    InvalidVPCIdError.__init__ = _unknown_vpc
    setattr(VPCBackend, "describe_vpcs", _unknown_first(VPCBackend.describe_vpcs))  # noqa: B010


def _with_arn(operation: Any) -> Any:
    @wraps(operation)
    def answer(self: Any, secret_id: str, *args: Any, **kwargs: Any) -> tuple[str, Any]:
        _, statuses = operation(self, secret_id, *args, **kwargs)
        return self.describe_secret(secret_id).arn, statuses

    return answer


def _unknown_first(describe: Any) -> Any:
    @wraps(describe)
    def answer(self: Any, vpc_ids: list[str] | None = None, filters: Any = None) -> Any:
        for vpc_id in vpc_ids or ():
            if vpc_id not in self.vpcs:
                raise InvalidVPCIdError(vpc_id)
        return describe(self, vpc_ids, filters)

    return answer


def _unknown_vpc(self: Any, vpc_id: str) -> None:
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    EC2ClientError.__init__(self, "InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")
