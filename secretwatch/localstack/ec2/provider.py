"""EC2 with the default key of EBS, which LocalStack answers with an internal error.

https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext, handler
from localstack.aws.connect import connect_to
from localstack.services.ec2.provider import Ec2Provider

from secretwatch.localstack.ec2 import unknown_vpcs

_DEFAULT_KEY = "alias/aws/ebs"


class DefaultKeyEc2Provider(Ec2Provider):
    """LocalStack's EC2, with a default key for EBS in each account and region."""

    def __init__(self) -> None:
        super().__init__()
        unknown_vpcs.mend()
        self._default_keys: dict[tuple[str, str], str] = {}

    @handler("GetEbsDefaultKmsKeyId", expand=False)
    def get_ebs_default_kms_key_id(
        self, context: RequestContext, request: Mapping[str, Any]
    ) -> dict[str, str]:
        key = self._default_keys.get((context.account_id, context.region), _DEFAULT_KEY)
        return {"KmsKeyId": key}

    @handler("ModifyEbsDefaultKmsKeyId", expand=False)
    def modify_ebs_default_kms_key_id(
        self, context: RequestContext, request: Mapping[str, Any]
    ) -> dict[str, str]:
        """AWS does not say how a key that is not there is refused: InvalidParameterValue here."""
        kms = connect_to(aws_access_key_id=context.account_id, region_name=context.region).kms
        wanted = request["KmsKeyId"]
        try:
            key = kms.describe_key(KeyId=wanted)["KeyMetadata"]["Arn"]
        except kms.exceptions.ClientError as error:
            message = f"Value ({wanted}) for parameter KmsKeyId is invalid."
            raise CommonServiceException("InvalidParameterValue", message, 400, True) from error
        self._default_keys[context.account_id, context.region] = key
        return {"KmsKeyId": key}

    @handler("ResetEbsDefaultKmsKeyId", expand=False)
    def reset_ebs_default_kms_key_id(
        self, context: RequestContext, request: Mapping[str, Any]
    ) -> dict[str, str]:
        self._default_keys.pop((context.account_id, context.region), None)
        return {"KmsKeyId": _DEFAULT_KEY}
