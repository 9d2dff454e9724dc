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
# AWS KMS Developer Guide, "Logging AWS KMS API calls": answers that are empty in the API, and name the key in
# events.
_NAMES_THE_KEY = {
    "CreateAlias",
    "CreateGrant",
    "DeleteAlias",
    "DisableKey",
    "EnableKey",
    "EnableKeyRotation",
    "ImportKeyMaterial",
    "TagResource",
    "UntagResource",
    "UpdateAlias",
    "UpdatePrimaryRegion",
}


class SecretsManagerAnswers(Writer):
    """``arn`` where a value was set; else the API's names, among them ``aRN`` (observed for DeleteSecret)."""

    def __call__(
        self, operation: str, shape: Any, values: Mapping[str, Any], request_id: str
    ) -> dict[str, Any] | None:
        if operation in _ARN_ALONE:
            return {"arn": values["ARN"]} if values.get("ARN") else None
        return super().__call__(operation, shape, values, request_id)


class IamWriter(Writer):
    """IAM's times have no comma after the year (observed: CreateAccessKey, CreateRole, CreateUser)."""

    def time_of(self, moment: datetime) -> Any:
        return f"{moment:%b} {moment.day}, {moment:%Y} {clock_time(moment)}"


def named_key(operation: str, key_arn: str | None) -> dict[str, Any] | None:
    """KMS's answer where the API has none: the key's ARN (AWS KMS Developer Guide)."""
    return {"keyId": key_arn} if operation in _NAMES_THE_KEY and key_arn else None
