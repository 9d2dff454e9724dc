"""Which errors of the calls that the module makes are refused by the local cloud, and which are not, and why.

The calls stand in scripts/calls.json; the errors of each in botocore's models, which are AWS's own, and for
S3, whose model has few, in DOCUMENTED; the refusal of who may not make a call, which all services have and
few models name, comes with its case. Covered is what a test makes: tests/e2e/refused, and
what other tests make (ELSEWHERE). For all others WHY_NOT says why; a new service only needs rows in these
tables. `scripts/docs` writes it all into docs/local-cloud.md.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session

CALLS = "scripts/calls.json"
CASES = "tests/e2e/refused"

_TRAIL = "tests/e2e/test_refusals.py"
_ORGANIZATION = "tests/e2e/test_organization_trails.py"

# (service, code): the test file that makes it, and on which calls.
ELSEWHERE: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {
    ("cloudcontrol", "InvalidRequestException"): ("tests/e2e/test_cloud_control.py", ("GetResource",)),
    ("cloudcontrol", "ResourceNotFoundException"): ("tests/e2e/test_cloud_control.py", ("GetResource",)),
    ("cloudcontrol", "TypeNotFoundException"): ("tests/e2e/test_cloud_control.py", ("GetResource",)),
    ("cloudcontrol", "UnsupportedActionException"): ("tests/e2e/test_cloud_control.py", ("GetResource",)),
    **{
        ("cloudtrail", code): (_TRAIL, ("CreateTrail",))
        for code in (
            "InsufficientEncryptionPolicyException",
            "InsufficientS3BucketPolicyException",
            "InsufficientSnsTopicPolicyException",
            "InvalidCloudWatchLogsLogGroupArnException",
            "InvalidCloudWatchLogsRoleArnException",
            "InvalidKmsKeyIdException",
            "InvalidParameterCombinationException",
            "InvalidS3BucketNameException",
            "InvalidS3PrefixException",
            "InvalidSnsTopicNameException",
            "InvalidTagParameterException",
            "InvalidTrailNameException",
            "KmsException",
            "KmsKeyNotFoundException",
            "OrganizationsNotInUseException",
            "S3BucketDoesNotExistException",
            "TagsLimitExceededException",
        )
    },
    ("cloudtrail", "CloudTrailAccessNotEnabledException"): (_ORGANIZATION, ("CreateTrail",)),
    ("cloudtrail", "OrganizationNotInAllFeaturesModeException"): (_ORGANIZATION, ("CreateTrail",)),
    ("cloudtrail", "NotOrganizationMasterAccountException"): (_ORGANIZATION, ("CreateTrail",)),
    ("secretsmanager", "InvalidNextTokenException"): ("tests/e2e/test_many_secrets.py", ("ListSecrets",)),
    ("logs", "InvalidParameterException"): ("tests/e2e/test_metric_filters.py", ("PutMetricFilter",)),
    ("logs", "LimitExceededException"): ("tests/e2e/test_metric_filters.py", ("PutMetricFilter",)),
    ("logs", "ResourceNotFoundException"): ("tests/e2e/test_metric_filters.py", ("PutMetricFilter",)),
}

_OURS = "AWS's own failures do not happen here"
_SPEED = "the local cloud does not limit rates, and changes do not collide"
_STORES = "custom key stores are not here"
_LAKE = "event data stores, channels and dashboards are not here"
_UNUSED = "AWS no longer uses it, by its page"
_QUOTA = "the local cloud has no such quota"
_LINKED = "service-linked roles are not here"
_WHEN = "its page does not say when"
_WHICH = "its page does not say which parameter it is about"
_NO_TEST = "no test provokes it"

# By code, or by service and code.
WHY_NOT: dict[str | tuple[str, str], str] = {
    "ConcurrentAccess": _SPEED,
    "ConcurrentModification": _SPEED,
    "ConcurrentModificationException": _SPEED,
    "ConflictException": _SPEED,
    "DependencyTimeoutException": _OURS,
    "InternalError": _OURS,
    "InternalException": _OURS,
    "InternalServiceError": _OURS,
    "KMSInternalException": _OURS,
    "OperationAborted": _SPEED,
    "OperationAbortedException": _SPEED,
    "PreconditionNotMetException": _SPEED,
    "RequestThrottled": _SPEED,
    "ServiceFailure": _OURS,
    "ServiceUnavailableException": _OURS,
    "StaleTag": _SPEED,
    "ThrottlingException": _SPEED,
    "InvalidSecurity": "the local cloud takes calls over HTTP, and does not check signatures",
    "TagPolicy": "tag policies of an organization are not here",
    ("cloudcontrol", "AlreadyExistsException"): "a read does not have this error",
    ("cloudcontrol", "GeneralServiceException"): _OURS,
    ("cloudcontrol", "HandlerFailureException"): _OURS,
    ("cloudcontrol", "HandlerInternalFailureException"): _OURS,
    ("cloudcontrol", "InvalidCredentialsException"): "nobody can give a handler credentials here",
    ("cloudcontrol", "NetworkFailureException"): _OURS,
    ("cloudcontrol", "NotStabilizedException"): "a read does not have this error",
    ("cloudcontrol", "NotUpdatableException"): "a read does not have this error",
    ("cloudcontrol", "PrivateTypeException"): "private types are not here",
    ("cloudcontrol", "ResourceConflictException"): "a read does not have this error",
    ("cloudcontrol", "ServiceInternalErrorException"): _OURS,
    ("cloudcontrol", "ServiceLimitExceededException"): _QUOTA,
    ("cloudtrail", "ChannelARNInvalidException"): _LAKE,
    ("cloudtrail", "CloudTrailInvalidClientTokenIdException"): _OURS,
    ("cloudtrail", "CloudWatchLogsDeliveryUnavailableException"): "CloudWatch Logs is in every region here",
    ("cloudtrail", "EventDataStoreARNInvalidException"): _LAKE,
    ("cloudtrail", "EventDataStoreNotFoundException"): _LAKE,
    ("cloudtrail", "InactiveEventDataStoreException"): _LAKE,
    (
        "cloudtrail",
        "InsufficientDependencyServiceAccessPermissionException",
    ): "its page speaks of making a trail of an organization",
    ("cloudtrail", "InvalidParameterException"): _WHICH,
    ("cloudtrail", "InvalidTokenException"): _UNUSED,
    ("cloudtrail", "KmsKeyDisabledException"): _UNUSED,
    ("cloudtrail", "NoManagementAccountSLRExistsException"): _LINKED,
    ("cloudtrail", "OperationNotPermittedException"): _WHEN,
    ("cloudtrail", "ResourceTypeNotSupportedException"): _LAKE,
    ("cloudtrail", "TrailNotProvidedException"): _UNUSED,
    ("cloudtrail", "UnsupportedOperationException"): _WHEN,
    ("cloudwatch", "LimitExceeded"): _QUOTA,
    (
        "cloudwatch",
        "ResourceNotFound",
    ): "an alarm that is not there is deleted all the same, as moto has it; its page lists the error",
    ("events", "ManagedRuleException"): "rules that AWS's services manage are not here",
    ("iam", "InvalidInput"): _WHICH,
    ("iam", "LimitExceeded"): "taking something away meets no limit",
    ("iam", "UnmodifiableEntity"): _LINKED,
    (
        "kms",
        "KMSInvalidStateException",
    ): "AWS answers this while it makes or changes a key, which takes no time here",
    ("kms", "InvalidArnException"): "an ARN in a key's policy is MalformedPolicyDocumentException (observed)",
    (
        "kms",
        "UnsupportedOperationException",
    ): "a key that cannot be rotated is no error, by its page; of CreateKey it does not say when",
    ("kms", "CloudHsmClusterInvalidConfigurationException"): _STORES,
    ("kms", "CustomKeyStoreInvalidStateException"): _STORES,
    ("kms", "XksKeyAlreadyInUseException"): _STORES,
    ("kms", "XksKeyInvalidConfigurationException"): _STORES,
    ("kms", "XksKeyNotFoundException"): _STORES,
    ("logs", "InvalidOperationException"): "its page does not say which log group it is about",
    ("logs", "InvalidParameterException"): "a wrong ARN gives ValidationException (observed)",
    ("logs", "LimitExceededException"): _QUOTA,
    ("s3", "TooManyBuckets"): _QUOTA,
    ("secretsmanager", "DecryptionFailure"): "nothing is decrypted when a value is written",
    ("secretsmanager", "InvalidParameterException"): _WHICH,
    ("secretsmanager", "InvalidRequestException"): _WHICH,
    ("secretsmanager", "LimitExceededException"): _QUOTA,
    ("secretsmanager", "MalformedPolicyDocumentException"): "a new secret has no policy",
    ("secretsmanager", "ResourceNotFoundException"): _WHICH,
    ("sns", "FilterPolicyLimitExceeded"): _QUOTA,
    ("sns", "InvalidState"): _WHICH,
    (
        "sns",
        "NotFound",
    ): "a missing resource is no error, by the page of DeleteTopic and as observed with Unsubscribe",
    ("sns", "SubscriptionLimitExceeded"): _QUOTA,
    ("sns", "TopicLimitExceeded"): _QUOTA,
    ("sns", "ReplayLimitExceeded"): "archives of topics are not here",
    ("sqs", "InvalidAddress"): "the call has no address",
    ("sqs", "QueueDeletedRecently"): "the name of a deleted queue is free at once, not after 60 seconds",
    ("sqs", "UnsupportedOperation"): _WHICH,
}

# Errors that the models do not have. S3: its page of error responses. KMS: key states.
DOCUMENTED: dict[str, dict[str, tuple[str, ...]]] = {
    "s3": {
        "CreateBucket": ("InvalidBucketName", "OperationAborted", "TooManyBuckets"),
        "DeleteBucket": ("BucketNotEmpty", "NoSuchBucket"),
        "GetBucketPolicy": ("NoSuchBucket", "NoSuchBucketPolicy"),
        "PutBucketLifecycleConfiguration": ("MalformedXML", "NoSuchBucket"),
        "PutBucketPolicy": ("MalformedPolicy", "NoSuchBucket"),
    },
}


@dataclass
class Service:
    """(operation, code) of a service: refused here, with the file that says so; not, with the reason."""

    covered: dict[tuple[str, str], str] = field(default_factory=dict)
    missing: dict[tuple[str, str], str] = field(default_factory=dict)


@cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def errors_of(service: str, operation: str) -> set[str]:
    """The codes that the operation's model and DOCUMENTED have."""
    codes = set(DOCUMENTED.get(service, {}).get(operation, ()))
    for shape in _model(service).operation_model(operation).error_shapes:
        codes.add((shape.metadata.get("error") or {}).get("code") or shape.name)
    return codes


def cases(root: Path) -> set[tuple[str, str, str]]:
    """(service, operation, code) of what tests/e2e/refused makes."""
    folder = root / CASES
    spec = importlib.util.spec_from_file_location(
        "scripts_refused", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its own parts ask for it
    sys.path.append(str(folder.parent))  # and for what the other tests share with them
    spec.loader.exec_module(module)
    return {(case.service, case.operation, case.code) for case in module.CASES}


def services(root: Path) -> dict[str, Service]:
    """What is covered and what is not, by service."""
    calls: dict[str, list[str]] = json.loads((root / CALLS).read_text(encoding="utf-8"))["deploy"]
    made = cases(root)
    found: dict[str, Service] = {}
    for service, operations in calls.items():
        found[service] = Service()
        for operation in operations:
            named = {code for s, o, code in made if (s, o) == (service, operation)}
            for code in sorted(errors_of(service, operation) | named):
                where = ELSEWHERE.get((service, code), ("", ()))
                if code in named:
                    found[service].covered[operation, code] = CASES
                elif operation in where[1]:
                    found[service].covered[operation, code] = where[0]
                else:
                    why = WHY_NOT.get((service, code)) or WHY_NOT.get(code) or _NO_TEST
                    found[service].missing[operation, code] = why
    return dict(sorted(found.items()))


def section(root: Path) -> str:
    """The part of docs/local-cloud.md that lists the errors."""
    found = services(root)
    covered = sum(len(each.covered) for each in found.values())
    missing = sum(len(each.missing) for each in found.values())
    lines = [
        f"Of {covered + missing} errors that the calls of an apply, a plan and a destroy of the module can "
        f"have by AWS's API models and pages, {covered} are refused here and tested, {missing} are not."
    ]
    for name, service in found.items():
        lines += ["", f"**{name}**: {len(service.covered)} refused, {len(service.missing)} not.", ""]
        if service.covered:
            lines.append(f"- Refused: {_by_code(list(service.covered))}.")
        reasons: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for pair, why in service.missing.items():
            reasons[why].append(pair)
        lines += [f"- Not ({why}): {_by_code(pairs)}." for why, pairs in sorted(reasons.items())]
    return "\n".join(lines)


def _by_code(pairs: list[tuple[str, str]]) -> str:
    codes: dict[str, list[str]] = defaultdict(list)
    for operation, code in pairs:
        codes[code].append(operation)
    return ", ".join(f"`{code}` ({', '.join(sorted(codes[code]))})" for code in sorted(codes))
