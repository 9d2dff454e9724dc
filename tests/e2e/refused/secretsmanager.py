"""Secrets Manager."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .account import Account, policy
from .case import Case, too_long

NOT_FOUND = "Secrets Manager can't find the specified secret."
MARKED = "You can't perform this operation on the secret because it was marked for deletion."
NO_SECRET = "arn:aws:s3:::x"
NOBODY = "arn:aws:iam::{}:user/nobody"


def secrets(operation: str, code: str, words: str, make: Callable[[Account], Any], about: str = "") -> Case:
    return Case("secretsmanager", operation, code, words, make, about)


CASES: list[Case] = [
    secrets(
        "CreateSecret",
        "ResourceExistsException",
        "The operation failed because the secret x already",
        lambda a: (a.secret(), a.secret()),
    ),
    secrets(
        "CreateSecret",
        "InvalidRequestException",
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
        lambda a: (a.deleted_secret(), a.secret()),
    ),
    secrets(
        "CreateSecret",
        "ValidationException",
        "Invalid name. Must be a valid name containing alphanumeric characters",
        lambda a: a.secretsmanager.create_secret(Name="a b", SecretString="v"),
        "characters",
    ),
    secrets(
        "CreateSecret",
        "ValidationException",
        too_long("name", 512),
        lambda a: a.secretsmanager.create_secret(Name="x" * 513, SecretString="v"),
    ),
    secrets(
        "CreateSecret",
        "ValidationException",
        "1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have "
        "length less than or equal to 65536",
        lambda a: a.secretsmanager.create_secret(Name="x", SecretString="v" * 65537),
        "value",
    ),
    secrets(
        "CreateSecret",
        "InvalidParameterException",
        "You can't specify both",
        lambda a: a.secret(SecretBinary=b"v"),
    ),
    secrets(
        "CreateSecret",
        "EncryptionFailure",
        "Secrets Manager can't encrypt",
        lambda a: a.secret(KmsKeyId=a.disabled_key()),
    ),
    secrets(
        "GetSecretValue",
        "DecryptionFailure",
        "Secrets Manager can't decrypt",
        lambda a: (
            a.secret(KmsKeyId=(key := a.key())),
            a.kms.disable_key(KeyId=key),
            a.secretsmanager.get_secret_value(SecretId="x"),
        ),
    ),
    secrets(
        "PutSecretValue",
        "EncryptionFailure",
        "Secrets Manager can't encrypt",
        lambda a: (
            a.secret(KmsKeyId=(key := a.key())),
            a.kms.disable_key(KeyId=key),
            a.secretsmanager.put_secret_value(SecretId="x", SecretString="v"),
        ),
    ),
    secrets(
        "PutSecretValue",
        "ResourceExistsException",
        "You can't use ClientRequestToken",
        lambda a: (
            a.secret(),
            [
                a.secretsmanager.put_secret_value(SecretId="x", SecretString=v, ClientRequestToken="0" * 32)
                for v in "12"
            ],
        ),
    ),
    secrets(
        "DeleteSecret",
        "InvalidParameterException",
        "",
        lambda a: a.secretsmanager.delete_secret(SecretId=a.secret(), RecoveryWindowInDays=6),
    ),
    secrets(
        "DeleteSecret",
        "InvalidRequestException",
        "You tried to perform the operation on a secret that's currently marked deleted.",
        lambda a: a.secretsmanager.delete_secret(SecretId=a.deleted_secret()),
    ),
    *(
        secrets(operation, code, words, lambda a, call=call, state=state: call(a, state(a)))
        for operation, call in {
            "DeleteResourcePolicy": lambda a, secret: a.secretsmanager.delete_resource_policy(
                SecretId=secret
            ),
            "GetResourcePolicy": lambda a, secret: a.secretsmanager.get_resource_policy(SecretId=secret),
            "GetSecretValue": lambda a, secret: a.secretsmanager.get_secret_value(SecretId=secret),
            "PutResourcePolicy": lambda a, secret: a.secret_policy(
                secret, policy(Effect="Deny", Principal="*", Action="secretsmanager:*", Resource="*")
            ),
            "PutSecretValue": lambda a, secret: a.secretsmanager.put_secret_value(
                SecretId=secret, SecretString="v"
            ),
        }.items()
        for code, words, state in (
            ("ResourceNotFoundException", NOT_FOUND, lambda a: "none"),
            ("InvalidRequestException", MARKED, lambda a: a.deleted_secret()),
        )
    ),
    secrets(
        "DescribeSecret",
        "ResourceNotFoundException",
        NOT_FOUND,
        lambda a: a.secretsmanager.describe_secret(SecretId="x"),
    ),
    secrets(
        "DeleteSecret",
        "ResourceNotFoundException",
        NOT_FOUND,
        lambda a: a.secretsmanager.delete_secret(SecretId="x"),
    ),
    secrets(
        "PutResourcePolicy",
        "MalformedPolicyDocumentException",
        "This resource policy contains a syntax error.",
        lambda a: a.secret_policy(a.secret(), "{"),
    ),
    secrets(
        "PutResourcePolicy",
        "MalformedPolicyDocumentException",
        "This resource policy contains an unsupported principal.",
        lambda a: a.secret_policy(
            a.secret(),
            policy(
                Effect="Allow",
                Principal={"AWS": NOBODY.format(a.id)},
                Action="secretsmanager:*",
                Resource="*",
            ),
        ),
        "nobody",
    ),
    secrets(
        "PutResourcePolicy",
        "PublicPolicyException",
        "The BlockPublicPolicy parameter is set to true",
        lambda a: a.secret_policy(
            a.secret(),
            policy(Effect="Allow", Principal="*", Action="secretsmanager:*", Resource="*"),
            BlockPublicPolicy=True,
        ),
    ),
    *(
        secrets(operation, "InvalidParameterException", "", make, "no secret's ARN")
        for operation, make in {
            "DeleteResourcePolicy": lambda a: a.secretsmanager.delete_resource_policy(SecretId=NO_SECRET),
            "DeleteSecret": lambda a: a.secretsmanager.delete_secret(SecretId=NO_SECRET),
            "DescribeSecret": lambda a: a.secretsmanager.describe_secret(SecretId=NO_SECRET),
            "GetResourcePolicy": lambda a: a.secretsmanager.get_resource_policy(SecretId=NO_SECRET),
            "GetSecretValue": lambda a: a.secretsmanager.get_secret_value(SecretId=NO_SECRET),
            "PutResourcePolicy": lambda a: a.secret_policy(NO_SECRET, "{}"),
            "PutSecretValue": lambda a: a.secretsmanager.put_secret_value(
                SecretId=NO_SECRET, SecretString="v"
            ),
        }.items()
    ),
    secrets(
        "PutSecretValue",
        "InvalidParameterException",
        "You can't specify both",
        lambda a: a.secretsmanager.put_secret_value(SecretId=a.secret(), SecretString="v", SecretBinary=b"v"),
    ),
    *(
        secrets(
            "GetSecretValue",
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret value for " + words,
            lambda a, which=which: a.secretsmanager.get_secret_value(SecretId=a.secret(), **which),
            words,
        )
        for which, words in (
            ({"VersionStage": "no"}, "staging label: no"),
            ({"VersionId": "0" * 32}, "VersionId: " + "0" * 32),
        )
    ),
]
