"""Requests and answers of services that write them in their own way.

Each writer says where the way was seen. A service without one follows ``Writer``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from secretwatch.cloudtrail.writer import Writer, clock_time

# Answers of the calls that carry a secret's value: its ARN alone (observed for CreateSecret and
# PutSecretValue). AWS does not say for UpdateSecret.
_ARN_ALONE = {"CreateSecret", "PutSecretValue", "UpdateSecret"}
# AWS KMS Developer Guide, "Logging AWS KMS API calls": answers that are empty in the API, or name the key by
# its id, and have the key's ARN in events.
_NAMES_THE_KEY = {
    "CancelKeyDeletion",
    "CreateAlias",
    "CreateGrant",
    "DeleteAlias",
    "DisableKey",
    "EnableKey",
    "EnableKeyRotation",
    "ImportKeyMaterial",
    "ScheduleKeyDeletion",
    "TagResource",
    "UntagResource",
    "UpdateAlias",
    "UpdatePrimaryRegion",
}


_ALGORITHM = {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"}
_KMS_DEFAULTS: dict[str, dict[str, Any]] = {
    "CreateKey": {
        "bypassPolicyLockoutSafetyCheck": False,
        "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "keySpec": "SYMMETRIC_DEFAULT",
        "keyUsage": "ENCRYPT_DECRYPT",
        "origin": "AWS_KMS",
    },
    "Decrypt": _ALGORITHM,
    "Encrypt": _ALGORITHM,
}


class SecretsManagerAnswers(Writer):
    """``arn`` where a value was set; else the API's names, among them ``aRN`` (observed for DeleteSecret)."""

    def __call__(
        self, operation: str, shape: Any, values: Mapping[str, Any], request_id: str
    ) -> dict[str, Any] | None:
        if operation in _ARN_ALONE:
            return {"arn": values["ARN"]} if values.get("ARN") else None
        return super().__call__(operation, shape, values, request_id)


class KmsRequests(Writer):
    """What a caller leaves out stands there with its default. AWS KMS Developer Guide, "Log entries"."""

    def __call__(
        self, operation: str, shape: Any, values: Mapping[str, Any], request_id: str
    ) -> dict[str, Any] | None:
        if operation == "GenerateRandom":
            return None
        sent = super().__call__(operation, shape, values, request_id) or {}
        return {**_KMS_DEFAULTS.get(operation, {}), **sent} or None


class IamWriter(Writer):
    """IAM's times have no comma after the year (observed: CreateAccessKey, CreateRole, CreateUser)."""

    def time_of(self, moment: datetime) -> Any:
        return f"{moment:%b} {moment.day}, {moment:%Y} {clock_time(moment)}"


def named_key(operation: str, key_arn: str | None) -> dict[str, Any] | None:
    """The part of KMS's answer that CloudTrail adds, or None: the ARN of the key that was changed."""
    return {"keyId": key_arn} if operation in _NAMES_THE_KEY and key_arn else None
