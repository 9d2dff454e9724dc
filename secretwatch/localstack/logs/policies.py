"""Policies of a log group and of an account: data protection, and subscriptions over all log groups.

Other account policies (indexes, transformers, metric extraction) are not emulated.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDataProtectionPolicy.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutAccountPolicy.html
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any

from localstack.aws.api import RequestContext, handler
from localstack.aws.api.logs import (
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)

from secretwatch.dataprotection import DataProtectionPolicy, InvalidDataProtectionPolicy
from secretwatch.localstack.logs.groups import backend_of, group_identified, refuse_malformed
from secretwatch.localstack.logs.settings import (
    AccountSubscription,
    KeptPolicy,
    account_settings,
    group_settings,
)
from secretwatch.localstack.logs.subscriptions import check_destination, parse_pattern

_DATA_PROTECTION, _SUBSCRIPTION = "DATA_PROTECTION_POLICY", "SUBSCRIPTION_FILTER_POLICY"
_POLICY_NAME = re.compile(r"[^:*]{1,256}")
_WITHOUT = re.compile(r"\s*LogGroupName\s+NOT\s+IN\s*(\[.*\])\s*", re.DOTALL)
_MOST_CRITERIA = 25 * 1024  # bytes
_DOCUMENT_MEMBERS = {"DestinationArn", "RoleArn", "FilterPattern", "Distribution"}


class LogPolicyOperations:
    """Part of the provider of CloudWatch Logs."""

    @handler("PutDataProtectionPolicy", expand=False)
    def put_data_protection_policy(
        self, context: RequestContext, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        refuse_malformed(context, request)
        identifier, document = request["logGroupIdentifier"], request["policyDocument"]
        group = group_identified(context, identifier)
        settings = group_settings(group)
        settings.data_protection = KeptPolicy(document, _now(), protection=_protection(document))
        settings.data_protection_status = "ACTIVATED"
        return _protected(identifier, settings.data_protection)

    @handler("GetDataProtectionPolicy", expand=False)
    def get_data_protection_policy(
        self, context: RequestContext, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        """AWS does not say what it answers for a log group without a policy: here no document."""
        refuse_malformed(context, request)
        identifier = request["logGroupIdentifier"]
        kept = group_settings(group_identified(context, identifier)).data_protection
        return _protected(identifier, kept) if kept else {"logGroupIdentifier": identifier}

    @handler("DeleteDataProtectionPolicy", expand=False)
    def delete_data_protection_policy(self, context: RequestContext, request: Mapping[str, Any]) -> None:
        """What was masked stays masked: sensitive data is found when it comes in."""
        refuse_malformed(context, request)
        settings = group_settings(group_identified(context, request["logGroupIdentifier"]))
        if settings.data_protection is None:
            raise ResourceNotFoundException("The specified data protection policy does not exist.")
        settings.data_protection, settings.data_protection_status = None, "DELETED"

    @handler("PutAccountPolicy", expand=False)
    def put_account_policy(self, context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
        refuse_malformed(context, request)
        kind, name, document = request["policyType"], request["policyName"], request["policyDocument"]
        if not _POLICY_NAME.fullmatch(name) or name.startswith("aws/"):
            raise InvalidParameterException(f"Invalid policy name: {name}")
        kept = KeptPolicy(document, _now(), name, selection_criteria=request.get("selectionCriteria"))
        if kind == _DATA_PROTECTION:
            if kept.selection_criteria:
                raise InvalidParameterException(
                    "selectionCriteria is not supported for policy type DATA_PROTECTION_POLICY."
                )
            kept.protection = _protection(document)
        elif kind == _SUBSCRIPTION:
            kept.subscription = _subscription(context, document, kept.selection_criteria)
        else:
            raise InvalidParameterException(f"Account policies of the type {kind} are not emulated.")
        policies = account_settings(backend_of(context)).policies.setdefault(kind, {})
        if policies.keys() - {name}:
            # One of each of these types in an account and region.
            raise LimitExceededException("Resource limit exceeded.")
        policies[name] = kept
        return {"accountPolicy": _described(context, kind, kept)}

    @handler("DescribeAccountPolicies", expand=False)
    def describe_account_policies(
        self, context: RequestContext, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        refuse_malformed(context, request)
        kind, name = request["policyType"], request.get("policyName")
        policies = account_settings(backend_of(context)).policies.get(kind, {})
        if name and name not in policies:
            raise ResourceNotFoundException("The specified account policy does not exist.")
        return {
            "accountPolicies": [
                _described(context, kind, kept) for kept in policies.values() if name in (None, kept.name)
            ]
        }

    @handler("DeleteAccountPolicy", expand=False)
    def delete_account_policy(self, context: RequestContext, request: Mapping[str, Any]) -> None:
        refuse_malformed(context, request)
        policies = account_settings(backend_of(context)).policies.get(request["policyType"], {})
        if policies.pop(request["policyName"], None) is None:
            raise ResourceNotFoundException("The specified account policy does not exist.")


def _now() -> int:
    return int(time.time() * 1000)


def _protection(document: str) -> DataProtectionPolicy:
    try:
        return DataProtectionPolicy.parse(document)
    except InvalidDataProtectionPolicy as error:
        raise InvalidParameterException(str(error)) from error


def _subscription(context: RequestContext, document: str, criteria: str | None) -> AccountSubscription:
    try:
        policy = json.loads(document)
    except ValueError as error:
        raise InvalidParameterException("The policy document is not JSON.") from error
    if not isinstance(policy, dict) or not isinstance(policy.get("DestinationArn"), str):
        raise InvalidParameterException("A subscription filter policy has a DestinationArn.")
    if unknown := sorted(policy.keys() - _DOCUMENT_MEMBERS):
        raise InvalidParameterException(f"A subscription filter policy has no {unknown[0]}.")
    if not isinstance(policy.get("FilterPattern", ""), str):
        raise InvalidParameterException("FilterPattern is a text.")
    distribution = policy.get("Distribution", "ByLogStream")
    if distribution not in ("ByLogStream", "Random"):
        raise InvalidParameterException("Distribution is ByLogStream or Random.")
    pattern = parse_pattern(policy.get("FilterPattern", ""), "subscription filter pattern")
    arn = f"arn:{context.partition}:logs:{context.region}:{context.account_id}:log-group:*"
    check_destination(policy["DestinationArn"], policy.get("RoleArn"), arn)
    return AccountSubscription(
        policy["DestinationArn"], policy.get("RoleArn"), pattern, distribution, _left_out(criteria)
    )


def _left_out(criteria: str | None) -> frozenset[str]:
    if criteria is None:
        return frozenset()
    found = _WITHOUT.fullmatch(criteria)
    try:
        names = json.loads(found.group(1)) if found else None
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidParameterException(
            'The selectionCriteria of a subscription filter policy is LogGroupName NOT IN ["name", ...].'
        )
    if len(criteria.encode()) > _MOST_CRITERIA:
        raise InvalidParameterException("selectionCriteria has at most 25 KB.")
    return frozenset(names)


def _protected(identifier: str, kept: KeptPolicy) -> dict[str, Any]:
    return {
        "logGroupIdentifier": identifier,
        "policyDocument": kept.document,
        "lastUpdatedTime": kept.last_updated_time,
    }


def _described(context: RequestContext, kind: str, kept: KeptPolicy) -> dict[str, Any]:
    described = {
        "policyName": kept.name,
        "policyDocument": kept.document,
        "lastUpdatedTime": kept.last_updated_time,
        "policyType": kind,
        "scope": kept.scope,
        "selectionCriteria": kept.selection_criteria,
        "accountId": context.account_id,
    }
    return {name: value for name, value in described.items() if value is not None}
