"""From what a caller sends as a KMS key's id to the key's ARN."""

from __future__ import annotations

# An alias's ARN → its key's id, as last seen: the event of a DeleteAlias comes when the alias is gone.
_seen: dict[str, str] = {}


def key_arn(identifier: str, account_id: str, region: str, partition: str) -> str | None:
    """The ARN of the key that a key id, a key's ARN, an alias or an alias's ARN stands for.

    None for an alias that does not exist, but once for one that has just been deleted. A key id that does
    not exist has the ARN that it would have.
    """
    if identifier.startswith("arn:"):
        if ":alias/" not in identifier:
            return identifier
        account_id, region = identifier.split(":")[4], identifier.split(":")[3]
        identifier = identifier.split(":", 5)[5]
    if identifier.startswith("alias/"):
        from localstack.services.kms.models import kms_stores

        arn = f"arn:{partition}:kms:{region}:{account_id}:{identifier}"
        alias = kms_stores[account_id][region].aliases.get(identifier)
        key_id = _seen.pop(arn, None) if alias is None else alias.metadata["TargetKeyId"]
        if key_id is None:
            return None
        if alias is not None:
            _seen[arn] = key_id
        identifier = key_id
    return f"arn:{partition}:kms:{region}:{account_id}:key/{identifier}"
