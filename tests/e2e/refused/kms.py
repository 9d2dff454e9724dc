"""KMS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .account import NO_KEY, Account
from .case import Case, too_long

INVALID_PRINCIPALS = "Policy contains a statement with one or more invalid principals."
NOBODY = "arn:aws:iam::{}:user/nobody"


def kms(
    operation: str, code: str, words: str | None, make: Callable[[Account], Any], about: str = ""
) -> Case:
    return Case("kms", operation, code, words, make, about)


CASES: list[Case] = [
    # KMS: key policies
    kms(
        "CreateKey", "MalformedPolicyDocumentException", "The key policy is not", lambda a: a.key(Policy="{")
    ),
    kms(
        "CreateKey",
        "MalformedPolicyDocumentException",
        INVALID_PRINCIPALS,
        lambda a: a.key(Policy=a.key_policy(Principal={"AWS": NOBODY.format(a.id)})),
        "nobody",
    ),
    kms(
        "CreateKey",
        "MalformedPolicyDocumentException",
        INVALID_PRINCIPALS,
        lambda a: a.key(Policy=a.key_policy(Principal={"Service": "cloudtrail"})),
        "no service",
    ),
    kms(
        "CreateKey",
        "MalformedPolicyDocumentException",
        "The new key policy will not allow you to update the key policy in the future.",
        lambda a: a.key(Policy=a.key_policy(Principal={"AWS": "arn:aws:iam::999999999999:root"})),
        "lockout",
    ),
    kms(
        "CreateKey",
        "LimitExceededException",
        "A key policy has at most 32768 bytes.",
        lambda a: a.key(Policy=a.key_policy(Sid="x" * 32768)),
    ),
    kms(
        "CreateKey",
        "ValidationException",
        too_long("description", 8192),
        lambda a: a.key(Description="x" * 8193),
    ),
    kms(
        "CreateKey",
        "CustomKeyStoreNotFoundException",
        "The custom key store",
        lambda a: a.key(CustomKeyStoreId="cks-1234567890abcdef0", Origin="AWS_CLOUDHSM"),
    ),
    kms(
        "CreateKey",
        "TagException",
        "Tags beginning with aws: are reserved",
        lambda a: a.key(Tags=[{"TagKey": "aws:x", "TagValue": ""}]),
    ),
    kms(
        "CreateKey",
        "TagException",
        "Invalid tag",
        lambda a: a.key(Tags=[{"TagKey": "a,b", "TagValue": ""}]),
        "chars",
    ),
    # KMS: aliases
    kms(
        "CreateAlias",
        "AlreadyExistsException",
        "An alias with the name",
        lambda a: [a.kms.create_alias(AliasName="alias/x", TargetKeyId=a.key()) for _ in range(2)],
    ),
    kms(
        "CreateAlias",
        "InvalidAliasNameException",
        "alias/x:y contains invalid characters for an alias",
        lambda a: a.kms.create_alias(AliasName="alias/x:y", TargetKeyId=a.key()),
    ),
    kms(
        "CreateAlias",
        "ValidationException",
        "1 validation error detected: Value 'alias/x y' at 'aliasName' failed to satisfy constraint: Member "
        "must satisfy regular expression pattern",
        lambda a: a.kms.create_alias(AliasName="alias/x y", TargetKeyId=a.key()),
    ),
    kms(
        "CreateAlias",
        "NotAuthorizedException",
        None,
        lambda a: a.kms.create_alias(AliasName="alias/aws/x", TargetKeyId=a.key()),
    ),
    kms(
        "CreateAlias",
        "NotFoundException",
        "Key 'arn:aws:kms:",
        lambda a: a.kms.create_alias(AliasName="alias/x", TargetKeyId=NO_KEY),
    ),
    kms(
        "CreateAlias",
        "KMSInvalidStateException",
        "arn:aws:kms:",
        lambda a: a.kms.create_alias(AliasName="alias/x", TargetKeyId=a.dying_key()),
    ),
    kms(
        "DeleteAlias",
        "NotFoundException",
        "Alias arn:aws:kms:",
        lambda a: a.kms.delete_alias(AliasName="alias/x"),
    ),
    # KMS: keys
    kms("DescribeKey", "NotFoundException", "Key 'arn:aws:kms:", lambda a: a.kms.describe_key(KeyId=NO_KEY)),
    kms(
        "DescribeKey",
        "InvalidArnException",
        "Invalid arn arn:aws:kms:us-east-1",
        lambda a: a.kms.describe_key(KeyId=f"arn:aws:kms:us-east-1:{a.id}:nonsense"),
    ),
    kms(
        "EnableKeyRotation",
        "KMSInvalidStateException",
        "arn:aws:kms:",
        lambda a: a.kms.enable_key_rotation(KeyId=a.dying_key()),
    ),
    kms(
        "EnableKeyRotation",
        "DisabledException",
        "arn:aws:kms:",
        lambda a: a.kms.enable_key_rotation(KeyId=a.disabled_key()),
    ),
    kms(
        "EnableKeyRotation",
        "UnsupportedOperationException",
        "Only symmetric encryption keys",
        lambda a: a.kms.enable_key_rotation(KeyId=a.key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")),
    ),
    kms(
        "EnableKeyRotation",
        "ValidationException",
        "1 validation error detected: Value '89' at 'rotationPeriodInDays'",
        lambda a: a.kms.enable_key_rotation(KeyId=a.key(), RotationPeriodInDays=89),
    ),
    kms(
        "ScheduleKeyDeletion",
        "KMSInvalidStateException",
        "arn:aws:kms:",
        lambda a: a.kms.schedule_key_deletion(KeyId=a.dying_key(), PendingWindowInDays=7),
    ),
    kms(
        "CreateAlias",
        "LimitExceededException",
        "A key has at most 50 aliases.",
        lambda a: (
            key := a.key(),
            [a.kms.create_alias(AliasName=f"alias/{n}", TargetKeyId=key) for n in range(51)],
        ),
    ),
    kms("ListAliases", "NotFoundException", "Key '", lambda a: a.kms.list_aliases(KeyId=NO_KEY)),
    kms(
        "ListAliases",
        "InvalidArnException",
        "Invalid arn arn:aws:kms",
        lambda a: a.kms.list_aliases(KeyId="arn:aws:kms:us-east-1"),
    ),
    kms(
        "ListAliases",
        "InvalidMarkerException",
        "The marker is not one",
        lambda a: a.kms.list_aliases(Marker="nonsense"),
    ),
    kms(
        "ListResourceTags",
        "InvalidMarkerException",
        "The marker is not one",
        lambda a: a.kms.list_resource_tags(KeyId=a.key(), Marker="nonsense"),
    ),
    *(
        kms(operation, code, words, lambda a, call=call, key=key: call(a, key.format(a.id)))
        for operation, call in {
            "EnableKeyRotation": lambda a, key: a.kms.enable_key_rotation(KeyId=key),
            "GetKeyPolicy": lambda a, key: a.kms.get_key_policy(KeyId=key, PolicyName="default"),
            "GetKeyRotationStatus": lambda a, key: a.kms.get_key_rotation_status(KeyId=key),
            "ListResourceTags": lambda a, key: a.kms.list_resource_tags(KeyId=key),
            "ScheduleKeyDeletion": lambda a, key: a.kms.schedule_key_deletion(
                KeyId=key, PendingWindowInDays=7
            ),
        }.items()
        for code, words, key in (
            ("NotFoundException", "Invalid keyId alias/x", "alias/x"),
            ("InvalidArnException", "Invalid arn arn:aws:kms", "arn:aws:kms:us-east-1:{}:nonsense"),
        )
    ),
]
