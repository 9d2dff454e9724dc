"""Secrets Manager: values, keys, resource policies, secrets that are scheduled for deletion.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html,
API_PutResourcePolicy.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.services.secretsmanager.provider import SecretsmanagerProvider
from moto.secretsmanager.models import secretsmanager_backends

from secretwatch.localstack.access.resources import secret_in
from secretwatch.localstack.access.services.keys import KeyNotFound, key_of
from secretwatch.localstack.strict import Check, refuse
from secretwatch.localstack.strict.known import exists_in
from secretwatch.policy.grammar import fault, is_public

_ARN = re.compile(r"arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+", re.DOTALL)


def create_secret(context: RequestContext, request: Mapping[str, Any]) -> None:
    _one_value(request)
    _usable("EncryptionFailure", context, request.get("KmsKeyId"))


def put_secret_value(context: RequestContext, request: Mapping[str, Any]) -> None:
    _one_value(request)
    secret = _secret(context, request)
    if secret is not None:
        _not_deleted(secret)
        _usable("EncryptionFailure", context, secret.kms_key_id)


def get_secret_value(context: RequestContext, request: Mapping[str, Any]) -> None:
    secret = _secret(context, request)
    if secret is not None and not secret.deleted_date:
        _usable("DecryptionFailure", context, secret.kms_key_id)


def any_id(context: RequestContext, request: Mapping[str, Any]) -> None:
    _secret(context, request)


def not_deleted(context: RequestContext, request: Mapping[str, Any]) -> None:
    secret = _secret(context, request)
    if secret is not None:
        _not_deleted(secret)


def put_resource_policy(context: RequestContext, request: Mapping[str, Any]) -> None:
    """The words for principals were seen in public reports; AWS does not say those of the others."""
    not_deleted(context, request)
    policy = request.get("ResourcePolicy") or ""
    found = fault(policy, "secret", exists=exists_in(context))
    if found and found.kind in ("principal", "no-principal"):
        raise _malformed("This resource policy contains an unsupported principal.")
    if found:
        raise _malformed("This resource policy contains a syntax error.")
    if request.get("BlockPublicPolicy") and is_public(policy):
        raise refuse(
            "PublicPolicyException",
            "The BlockPublicPolicy parameter is set to true, and the resource policy did not prevent broad "
            "access to the secret.",
        )


def _malformed(message: str) -> CommonServiceException:
    return refuse("MalformedPolicyDocumentException", message)


def _one_value(request: Mapping[str, Any]) -> None:
    if request.get("SecretString") is not None and request.get("SecretBinary") is not None:
        raise refuse(
            "InvalidParameterException",
            "You can't specify both a binary secret value and a string secret value in the same secret.",
        )


def _usable(code: str, context: RequestContext, identifier: str | None) -> None:
    """AWS does not say which words the two errors have beyond those of their page."""
    if not identifier or identifier.endswith("alias/aws/secretsmanager"):
        return
    try:
        usable = key_of(identifier, context.region, context.account_id).metadata["Enabled"]
    except KeyNotFound:
        usable = False
    if not usable:
        verb = "encrypt" if code == "EncryptionFailure" else "decrypt"
        raise refuse(
            code,
            f"Secrets Manager can't {verb} the protected secret text using the provided KMS key. Check that "
            "the KMS key is available, enabled, and not in an invalid state.",
        )


def _not_deleted(secret: Any) -> None:
    if secret.deleted_date:
        raise refuse(
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
        )


def _secret(context: RequestContext, request: Mapping[str, Any]) -> Any | None:
    """AWS does not say what it answers to an ARN of something else: here that the parameter is invalid."""
    secret_id = request.get("SecretId") or ""
    if not secret_id:
        return None
    if secret_id.startswith("arn:") and not _ARN.fullmatch(secret_id):
        raise refuse("InvalidParameterException", "The SecretId is neither a secret's name nor its ARN.")
    if not secret_id.startswith("arn:"):
        backend = secretsmanager_backends.get(context.account_id, {}).get(context.region)
        return secret_in(backend.secrets, secret_id) if backend else None
    return SecretsmanagerProvider.get_moto_backend_for_resource(secret_id, context).secrets.get(secret_id)


CHECKS: dict[str, Check] = {
    "CreateSecret": create_secret,
    "DeleteResourcePolicy": not_deleted,
    "DeleteSecret": any_id,
    "DescribeSecret": any_id,
    "GetResourcePolicy": not_deleted,
    "GetSecretValue": get_secret_value,
    "PutResourcePolicy": put_resource_policy,
    "PutSecretValue": put_secret_value,
    "TagResource": not_deleted,
    "UpdateSecret": not_deleted,
}
