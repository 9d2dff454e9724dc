"""From what a caller sends as a KMS key's id to the key's ARN."""

from __future__ import annotations


def key_arn(identifier: str, account_id: str, region: str, partition: str) -> str | None:
    """The ARN of the key that a key id, a key's ARN, an alias or an alias's ARN stands for.

    None for an alias that does not exist. A key id that does not exist has the ARN that it would have.
    """
    if identifier.startswith("arn:"):
        if ":alias/" not in identifier:
            return identifier
        account_id, region = identifier.split(":")[4], identifier.split(":")[3]
        identifier = identifier.split(":", 5)[5]
    if identifier.startswith("alias/"):
        from localstack.services.kms.models import kms_stores

        alias = kms_stores[account_id][region].aliases.get(identifier)
        if alias is None:
            return None
        identifier = alias.metadata["TargetKeyId"]
    return f"arn:{partition}:kms:{region}:{account_id}:key/{identifier}"
