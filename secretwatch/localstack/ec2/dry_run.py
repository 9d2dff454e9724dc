"""What `DryRun` means in every call of EC2.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html
"""

from __future__ import annotations

from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext

from secretwatch.cloudtrail import ec2


class DryRun:
    """A request handler that answers a call with `DryRun` as if it were allowed, and does nothing.

    AWS does not say which mistakes in a request are found before that: none here.
    """

    def concerns(self, service: str, _operation: Any) -> bool:
        return service == "ec2"

    def __call__(self, _chain: Any, context: RequestContext, _response: Any) -> None:
        if (context.service_request or {}).get("DryRun"):
            raise CommonServiceException(
                code=ec2.DRY_RUN_CODE, message=ec2.DRY_RUN_MESSAGE, status_code=412, sender_fault=True
            )
