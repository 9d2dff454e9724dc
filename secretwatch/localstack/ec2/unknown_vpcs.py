"""Unknown VPCs in AWS's words. Loaded with EC2, as moto's EC2 takes longer to load than all else here."""

from __future__ import annotations

from functools import wraps
from typing import Any

from moto.ec2.exceptions import EC2ClientError, InvalidVPCIdError
from moto.ec2.models.vpcs import VPCBackend


def mend() -> None:
    """From now on unknown VPCs have AWS's words."""
    InvalidVPCIdError.__init__ = _unknown_vpc
    setattr(VPCBackend, "describe_vpcs", _unknown_first(VPCBackend.describe_vpcs))  # noqa: B010


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
