"""Log groups: class, retention, key and protection from deletion, and what AWS refuses of them.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext, handler
from localstack.aws.api.logs import InvalidParameterException, ResourceNotFoundException
from localstack.services.logs.models import get_moto_logs_backend, logs_stores
from localstack.services.moto import call_moto
from moto.logs.exceptions import ResourceAlreadyExistsException as MotoAlreadyExists

from secretwatch.localstack.access.services.keys import KeyNotFound, key_of
from secretwatch.localstack.access.services.log_groups import log_group_key_refusal
from secretwatch.localstack.gateway.constraints import validation_message, violations
from secretwatch.localstack.logs.settings import (
    STANDARD,
    account_settings,
    group_settings,
)

RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288),
    3653,
)
_CLASSES = (STANDARD, "INFREQUENT_ACCESS")
_GROUPS_IN_A_PAGE = 50
_LONGEST_NAME = 512
_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)/.+")


def backend_of(context: RequestContext) -> Any:
    return get_moto_logs_backend(context.account_id, context.region)


def refuse_malformed(context: RequestContext, request: Mapping[str, Any]) -> None:
    """InvalidParameterException for what the API's model excludes; a long name has words of its own."""
    assert context.operation is not None
    for name in ("logGroupName", "logStreamName"):
        if len(request.get(name) or "") > _LONGEST_NAME:
            raise InvalidParameterException(
                "Invalid LogGroup or LogStream, both must have length less than or equal to 512."
            )
    found = list(violations(context.operation.input_shape, request))
    if found:
        raise InvalidParameterException(validation_message(found))


def group_named(context: RequestContext, name: str) -> Any:
    """moto's log group. ResourceNotFoundException where there is none of that name."""
    group = backend_of(context).groups.get(name)
    if group is None:
        raise ResourceNotFoundException("The specified log group does not exist.")
    return group


def group_identified(context: RequestContext, identifier: str) -> Any:
    """moto's log group by its name or ARN."""
    name = identifier.split(":")[6] if identifier.count(":") >= 6 else identifier
    return group_named(context, name)


def refuse_other_classes(group: Any) -> None:
    """Metric and subscription filters are for the class STANDARD.

    The answer was observed for DescribeSubscriptionFilters. AWS does not say that it is the same for both.
    """
    if group_settings(group).log_group_class != STANDARD:
        raise CommonServiceException(
            "ValidationException", "This operation is only supported on the Standard log class.", 400, True
        )


def check_key(key_id: str, group_arn: str) -> None:
    """The key of a log group: it exists, is enabled, symmetric, and its policy lets CloudWatch Logs use it.

    Observed is AccessDeniedException for a key that is not there or shut. AWS's page has
    InvalidParameterException for one that is disabled. AWS does not say its words, nor what it answers to a
    key that encrypts nothing: here InvalidParameterException, too.
    """
    if not _KEY_ARN.fullmatch(key_id):
        raise InvalidParameterException("Invalid KMS key ARN")
    region, account_id = group_arn.split(":")[3:5]
    refused = CommonServiceException(
        "AccessDeniedException",
        f"The specified KMS key does not exist or is not allowed to be used with Arn '{group_arn}'",
        400,
        True,
    )
    try:
        key = key_of(key_id, region, account_id)
    except KeyNotFound:
        raise refused from None
    if not key.metadata["Enabled"]:
        raise InvalidParameterException(f"The specified KMS key is {key.metadata['KeyState']}: {key_id}")
    if key.metadata.get("KeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
        raise InvalidParameterException(f"The specified KMS key is not symmetric: {key_id}")
    if log_group_key_refusal(key, group_arn):
        raise refused


class LogGroupOperations:
    """Part of the provider of CloudWatch Logs."""

    @handler("CreateLogGroup", expand=False)
    def create_log_group(self, context: RequestContext, request: Mapping[str, Any]) -> None:
        refuse_malformed(context, request)
        name, tags = request["logGroupName"], request.get("tags") or {}
        if name.startswith("aws/"):
            raise InvalidParameterException("Log groups starting with AWS/ are reserved for AWS.")
        log_group_class = request.get("logGroupClass") or STANDARD
        if log_group_class not in _CLASSES:
            raise InvalidParameterException(f"The log group class {log_group_class} is not emulated.")
        backend = backend_of(context)
        arn = f"arn:{context.partition}:logs:{context.region}:{context.account_id}:log-group:{name}"
        if name in backend.groups:
            raise CommonServiceException(
                "ResourceAlreadyExistsException", "The specified log group already exists", 400, True
            )
        key_id = request.get("kmsKeyId")
        if key_id:
            check_key(key_id, arn)
        try:
            group = backend.create_log_group(name, tags, kmsKeyId=key_id)
        except MotoAlreadyExists as error:
            raise CommonServiceException(
                "ResourceAlreadyExistsException", "The specified log group already exists", 400, True
            ) from error
        settings = group_settings(group)
        settings.log_group_class = log_group_class
        settings.deletion_protection_enabled = bool(request.get("deletionProtectionEnabled"))
        if tags:
            store = logs_stores[context.account_id][context.region]
            store.TAGS.setdefault(arn, {}).update(tags)

    def refuse_protected(self, context: RequestContext, name: str) -> None:
        if group_settings(group_named(context, name)).deletion_protection_enabled:
            raise CommonServiceException(
                "ValidationException",
                "Cannot delete log group with deletion protection enabled. "
                "Disable deletion protection first.",
                400,
                True,
            )

    @handler("PutLogGroupDeletionProtection", expand=False)
    def put_log_group_deletion_protection(self, context: RequestContext, request: Mapping[str, Any]) -> None:
        refuse_malformed(context, request)
        group = group_identified(context, request["logGroupIdentifier"])
        group_settings(group).deletion_protection_enabled = bool(request["deletionProtectionEnabled"])

    @handler("PutRetentionPolicy", expand=False)
    def put_retention_policy(self, context: RequestContext, request: Mapping[str, Any]) -> None:
        refuse_malformed(context, request)
        days = request["retentionInDays"]
        if days not in RETENTION_DAYS:
            values = ", ".join(map(str, RETENTION_DAYS))
            raise InvalidParameterException(
                f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy "
                f"constraint: Member must satisfy enum value set: [{values}]"
            )
        group_named(context, request["logGroupName"]).set_retention_policy(days)

    @handler("AssociateKmsKey", expand=False)
    def associate_kms_key(self, context: RequestContext, request: Mapping[str, Any]) -> None:
        refuse_malformed(context, request)
        group = self._group_of_key(context, request)
        check_key(request["kmsKeyId"], group.arn)
        group.kms_key_id = request["kmsKeyId"]

    @handler("DisassociateKmsKey", expand=False)
    def disassociate_kms_key(self, context: RequestContext, request: Mapping[str, Any]) -> None:
        refuse_malformed(context, request)
        self._group_of_key(context, request).kms_key_id = None

    def _group_of_key(self, context: RequestContext, request: Mapping[str, Any]) -> Any:
        name, resource = request.get("logGroupName"), request.get("resourceIdentifier")
        if bool(name) == bool(resource):
            raise InvalidParameterException("Specify either logGroupName or resourceIdentifier, not both.")
        if resource and ":query-result" in resource:
            raise InvalidParameterException("Keys of query results are not emulated.")
        return group_named(context, name) if name else group_identified(context, resource or "")

    @handler("DescribeLogGroups", expand=False)
    def describe_log_groups(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        refuse_malformed(context, request)
        prefix, part = request.get("logGroupNamePrefix") or "", request.get("logGroupNamePattern") or ""
        if prefix and part:
            raise InvalidParameterException(
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
            )
        backend = backend_of(context)
        wanted = request.get("logGroupIdentifiers") or []
        names = {each.split(":")[6] if each.count(":") >= 6 else each for each in wanted}
        counts = Counter(each["logGroupName"] for each in backend.filters.metric_filters)
        inherited = ["ACCOUNT_DATA_PROTECTION"] if account_settings(backend).protection() else []
        found = [
            _described(group, counts[group.name], inherited)
            for group in sorted(backend.groups.copy().values(), key=lambda each: each.name)
            if group.name.startswith(prefix)
            and part.lower() in group.name.lower()
            and (not names or group.name in names)
            and request.get("logGroupClass") in (None, group_settings(group).log_group_class)
        ]
        if part:
            # Observed: a search by pattern answers less.
            for each in found:
                each.pop("deletionProtectionEnabled")
                each.pop("storedBytes")
        return _page(found, "logGroups", request)

    @handler("ListLogGroups", expand=False)
    def list_log_groups(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        part = request.get("logGroupNamePattern") or ""
        found = [
            {
                "logGroupName": group.name,
                "logGroupArn": group.arn,
                "logGroupClass": group_settings(group).log_group_class,
            }
            for group in sorted(backend_of(context).groups.copy().values(), key=lambda each: each.name)
            if part in group.name
            and request.get("logGroupClass") in (None, group_settings(group).log_group_class)
        ]
        return _page(found, "logGroups", request)

    @handler("CreateLogStream", expand=False)
    def create_log_stream(self, context: RequestContext, request: Mapping[str, Any]) -> Any:
        refuse_malformed(context, request)
        return call_moto(context)


def _described(group: Any, metric_filters: int, inherited: list[str]) -> dict[str, Any]:
    settings = group_settings(group)
    described = {
        "arn": f"{group.arn}:*",
        "logGroupArn": group.arn,
        "logGroupName": group.name,
        "creationTime": group.creation_time,
        "metricFilterCount": metric_filters,
        "storedBytes": sum(stream.stored_bytes for stream in list(group.streams.values())),
        "logGroupClass": settings.log_group_class,
        "deletionProtectionEnabled": settings.deletion_protection_enabled,
        "retentionInDays": group.retention_in_days,
        "kmsKeyId": group.kms_key_id,
        "dataProtectionStatus": settings.data_protection_status,
        "inheritedProperties": inherited,
    }
    return {name: value for name, value in described.items() if value not in (None, [])}


def _page(found: list[Any], name: str, request: Mapping[str, Any]) -> dict[str, Any]:
    token = request.get("nextToken") or "0"
    if not token.isdecimal():
        raise InvalidParameterException("The specified nextToken is invalid.")
    start, end = int(token), int(token) + (request.get("limit") or _GROUPS_IN_A_PAGE)
    answer: dict[str, Any] = {name: found[start:end]}
    if end < len(found):
        answer["nextToken"] = str(end)
    return answer
