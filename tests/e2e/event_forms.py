"""The shape of an event: the paths of its keys, and of what form each value is.

Two events of one call agree when their paths and forms do, whatever they are about. ``FACTS`` has the shapes
of calls as AWS's pages and published records show them; recorded events say it for others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Forms = dict[str, set[str]]
"""Path → the forms that are seen there. ``a.b[].c``: the items of a list share a path."""

# First that fits. LocalStack's access keys begin with an L.
_FORMS = {
    "arn": r"arn:[a-z-]+:.*",
    "user id": r"AIDA[A-Z0-9]{12,}",
    "role id": r"AROA[A-Z0-9]{12,}",
    "session id": r"AROA[A-Z0-9]{12,}:.+",
    "access key": r"[AL][KS]IA[A-Z0-9]{12,}",
    "time with comma": r"[A-Z][a-z]{2} \d{1,2}, \d{4}, \d{1,2}:\d\d:\d\d [AP]M",
    "time without comma": r"[A-Z][a-z]{2} \d{1,2}, \d{4} \d{1,2}:\d\d:\d\d [AP]M",
    "ISO time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+0000)",
    "hidden": r"HIDDEN_DUE_TO_SECURITY_REASONS",
    "agent in brackets": r"\[.+\]",
    "empty": r"",
}
# What stands in any event by chance: who asked when, from where and with what.
_ANY = {"eventID", "eventTime", "requestID", "sourceIPAddress", "userAgent", "errorMessage", "eventVersion"}
# Masked here: on AWS a token that is of no use without the secret key.
_MASKED = "responseElements.credentials.sessionToken"


def forms_of(value: Any, path: str = "") -> Forms:
    found: Forms = {}
    for where, form in _walk(value, path):
        found.setdefault(where, set()).add(form)
    return found


def _walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from _walk(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for each in value:
            yield from _walk(each, f"{path}[]")
    else:
        yield path, form_of(value)


def form_of(value: Any) -> str:
    if isinstance(value, str):
        return next((name for name, form in _FORMS.items() if re.fullmatch(form, value)), "text")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "number"
    return {type(None): "null", dict: "{}", list: "[]"}[type(value)]


def shape_of(event: Mapping[str, Any]) -> Forms:
    """The forms of an event, without what differs by chance."""
    return forms_of({key: value for key, value in event.items() if key not in _ANY})


def union(shapes: list[Forms]) -> Forms:
    whole: Forms = {}
    for shape in shapes:
        for path, forms in shape.items():
            whole.setdefault(path, set()).update(forms)
    return whole


def differences(ours: Forms, theirs: list[Forms], parts: tuple[str, ...]) -> list[str]:
    """What an event here has otherwise than recorded events of the same call, one sentence each.

    Only paths under ``parts`` are compared. What a caller may leave out of a request is no difference.
    """
    known = union(theirs)
    always = set.intersection(*(set(shape) for shape in theirs))
    found = []
    for path, forms in ours.items():
        if not path.startswith(parts) or path == _MASKED:
            continue
        if path not in known:
            found.append(f"{path} is {' or '.join(sorted(forms))} here, and not there on AWS")
        elif not _alike(forms, known[path]):
            found.append(f"{path} is {sorted(forms)} here, and {sorted(known[path])} on AWS")
    for path in always:
        asked = path.startswith("requestParameters") and "null" not in known[path]
        if path.startswith(parts) and path not in ours and not asked:
            found.append(f"{path} is {sorted(known[path])} on AWS, and missing here")
    return sorted(found)


def _alike(ours: set[str], theirs: set[str]) -> bool:
    """A switch may stand either way; an ARN may stand where a name can."""
    wider = set(theirs)
    if wider & {"true", "false"}:
        wider |= {"true", "false"}
    if "arn" in wider or "text" in wider:
        wider |= {"text", "arn"}
    return ours <= wider


def fact(text: str) -> Forms:
    """``path form, path form, …`` as forms."""
    pairs = (each.strip().split(" ", 1) for each in text.split(",") if each.strip())
    return {path: {form.strip().replace("|", ",")} for path, form in pairs}


_BUCKET = """
    resources[].accountId text, resources[].type text, resources[].ARN arn, responseElements null,
    additionalEventData.SignatureVersion text, additionalEventData.AuthenticationMethod text,
    additionalEventData.bytesTransferredIn number, additionalEventData.bytesTransferredOut number,
    additionalEventData.x-amz-id-2 text, requestParameters.bucketName text, requestParameters.Host text,
    userAgent agent in brackets, readOnly false
"""
_KEY = "resources[].accountId text, resources[].type text, resources[].ARN arn"

FACTS: dict[tuple[str, str, str | None], Forms] = {
    # Published records (PutBucketLifecycle and the like), and Amazon S3 User Guide, "CloudTrail events".
    ("s3", "PutBucketLifecycle", None): fact(
        _BUCKET
        + """, requestParameters.lifecycle empty, requestParameters.LifecycleConfiguration.xmlns text,
        requestParameters.LifecycleConfiguration.Rule.Expiration.Days number,
        requestParameters.LifecycleConfiguration.Rule.Filter.Prefix text,
        requestParameters.LifecycleConfiguration.Rule.ID text,
        requestParameters.LifecycleConfiguration.Rule.Status text"""
    ),
    ("s3", "PutBucketPublicAccessBlock", None): fact(
        _BUCKET
        + """, requestParameters.publicAccessBlock empty,
        requestParameters.PublicAccessBlockConfiguration.xmlns text,
        requestParameters.PublicAccessBlockConfiguration.BlockPublicAcls true,
        requestParameters.PublicAccessBlockConfiguration.BlockPublicPolicy true,
        requestParameters.PublicAccessBlockConfiguration.IgnorePublicAcls true,
        requestParameters.PublicAccessBlockConfiguration.RestrictPublicBuckets true"""
    ),
    ("s3", "PutBucketPolicy", None): fact(
        _BUCKET
        + """, requestParameters.policy empty, requestParameters.bucketPolicy.Version text,
        requestParameters.bucketPolicy.Statement[].Effect text,
        requestParameters.bucketPolicy.Statement[].Principal.AWS arn,
        requestParameters.bucketPolicy.Statement[].Action text,
        requestParameters.bucketPolicy.Statement[].Resource arn"""
    ),
    ("s3", "PutBucketTagging", None): fact(
        _BUCKET
        + """, requestParameters.tagging empty, requestParameters.Tagging.xmlns text,
        requestParameters.Tagging.TagSet.Tag[].Key text, requestParameters.Tagging.TagSet.Tag[].Value text"""
    ),
    ("s3", "PutBucketNotification", None): fact(
        _BUCKET
        + """, requestParameters.notification empty, requestParameters.NotificationConfiguration.xmlns text,
        requestParameters.NotificationConfiguration.CloudFunctionConfiguration.CloudFunction arn,
        requestParameters.NotificationConfiguration.CloudFunctionConfiguration.Event text,
        requestParameters.NotificationConfiguration.CloudFunctionConfiguration.Id text,
        requestParameters.x-amz-skip-destination-validation true"""
    ),
    ("s3", "PutBucketAcl", None): fact(
        _BUCKET + ", requestParameters.acl empty, requestParameters.x-amz-acl text"
    ),
    ("s3", "DeleteBucketPublicAccessBlock", None): fact(
        _BUCKET + ", requestParameters.publicAccessBlock empty"
    ),
    ("s3", "GetBucketPublicAccessBlock", None): fact(
        _BUCKET.replace("readOnly false", "readOnly true") + ", requestParameters.publicAccessBlock empty"
    ),
    ("s3", "GetBucketObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"): fact(
        _BUCKET.replace("readOnly false", "readOnly true") + ", requestParameters.object-lock empty"
    ),
    # AWS Secrets Manager User Guide, "CloudTrail entries"; published records.
    ("secretsmanager", "CreateSecret", None): fact(
        """requestParameters.name text, requestParameters.clientRequestToken text, responseElements.arn arn,
        readOnly false"""
    ),
    ("secretsmanager", "PutSecretValue", None): fact(
        """requestParameters.secretId text, requestParameters.clientRequestToken text,
        responseElements.arn arn, readOnly false"""
    ),
    ("secretsmanager", "DeleteSecret", None): fact(
        """requestParameters.secretId text, requestParameters.recoveryWindowInDays number,
        responseElements.name text, responseElements.aRN arn,
        responseElements.deletionDate time with comma, readOnly false"""
    ),
    # Published records.
    ("ssm", "PutParameter", None): fact(
        """requestParameters.name text, requestParameters.type text, requestParameters.value hidden,
        responseElements.version number, responseElements.tier text, readOnly false,
        resources[].accountId text, resources[].ARN arn"""
    ),
    ("ssm", "GetParameter", None): fact(
        """requestParameters.name text, requestParameters.withDecryption true, responseElements null,
        readOnly true, resources[].accountId text, resources[].ARN arn"""
    ),
    # What recorded events show as well, for where there are none.
    ("sts", "AssumeRole", None): fact(
        """requestParameters.durationSeconds number, requestParameters.roleArn arn,
        requestParameters.roleSessionName text, responseElements.assumedRoleUser.arn arn,
        responseElements.assumedRoleUser.assumedRoleId session id,
        responseElements.credentials.accessKeyId access key,
        responseElements.credentials.expiration time with comma,
        responseElements.credentials.sessionToken hidden, responseElements.packedPolicySize number,
        resources[].ARN arn, resources[].accountId text, resources[].type text, readOnly true"""
    ),
    ("sts", "GetFederationToken", None): fact(
        """requestParameters.name text, requestParameters.policy text,
        responseElements.credentials.accessKeyId access key,
        responseElements.credentials.expiration time with comma,
        responseElements.credentials.sessionToken hidden, responseElements.federatedUser.arn arn,
        responseElements.federatedUser.federatedUserId text, responseElements.packedPolicySize number,
        readOnly false"""
    ),
    ("iam", "CreateUser", None): fact(
        """requestParameters.userName text, requestParameters.tags[].key text,
        requestParameters.tags[].value text, responseElements.user.arn arn, responseElements.user.path text,
        responseElements.user.createDate time without comma, responseElements.user.userId user id,
        responseElements.user.userName text, responseElements.user.tags[].key text,
        responseElements.user.tags[].value text, readOnly false"""
    ),
    ("iam", "CreateRole", None): fact(
        """requestParameters.roleName text, requestParameters.assumeRolePolicyDocument text,
        requestParameters.permissionsBoundary arn, responseElements.role.arn arn,
        responseElements.role.assumeRolePolicyDocument text, responseElements.role.path text,
        responseElements.role.createDate time without comma, responseElements.role.roleId role id,
        responseElements.role.permissionsBoundary.permissionsBoundaryArn arn,
        responseElements.role.permissionsBoundary.permissionsBoundaryType text,
        responseElements.role.roleName text, readOnly false"""
    ),
    ("iam", "CreateAccessKey", None): fact(
        """requestParameters.userName text, responseElements.accessKey.accessKeyId access key,
        responseElements.accessKey.createDate time without comma, responseElements.accessKey.status text,
        responseElements.accessKey.userName text, readOnly false"""
    ),
    ("iam", "CreateLoginProfile", None): fact(
        """requestParameters.userName text, requestParameters.passwordResetRequired false,
        responseElements.loginProfile.createDate time without comma,
        responseElements.loginProfile.passwordResetRequired false,
        responseElements.loginProfile.userName text, readOnly false"""
    ),
    ("iam", "UpdateLoginProfile", None): fact(
        "requestParameters.userName text, responseElements null, readOnly false"
    ),
    ("iam", "UpdateAssumeRolePolicy", None): fact(
        """requestParameters.roleName text, requestParameters.policyDocument text, responseElements null,
        readOnly false"""
    ),
    ("iam", "AttachRolePolicy", None): fact(
        """requestParameters.roleName text, requestParameters.policyArn arn, responseElements null,
        readOnly false"""
    ),
    ("cloudtrail", "StopLogging", None): fact(
        "requestParameters.name text, responseElements null, readOnly false"
    ),
    ("cloudtrail", "DeleteTrail", None): fact(
        "requestParameters.name text, responseElements null, readOnly false"
    ),
    ("secretsmanager", "GetSecretValue", None): fact(
        "requestParameters.secretId arn, responseElements null, readOnly true"
    ),
    ("secretsmanager", "BatchGetSecretValue", None): fact(
        """requestParameters.filters[].key text, requestParameters.filters[].values[] text,
        responseElements null, readOnly true"""
    ),
    ("ssm", "GetParameters", None): fact(
        """requestParameters.names[] text, requestParameters.withDecryption true, responseElements null,
        resources[].ARN arn, resources[].accountId text, readOnly true"""
    ),
    ("lambda", "AddPermission20150331v2", None): fact(
        """requestParameters.action text, requestParameters.functionName text,
        requestParameters.principal text, requestParameters.statementId text,
        responseElements.statement text, readOnly false"""
    ),
    # AWS KMS Developer Guide, "Examples of AWS KMS log entries".
    ("kms", "Encrypt", None): fact(
        f"""{_KEY}, requestParameters.keyId text, requestParameters.encryptionAlgorithm text,
        requestParameters.encryptionContext.Department text, responseElements null, readOnly true"""
    ),
    ("kms", "Decrypt", None): fact(
        f"""{_KEY}, requestParameters.encryptionAlgorithm text,
        requestParameters.encryptionContext.Department text, responseElements null, readOnly true"""
    ),
    ("kms", "Decrypt", "IncorrectKeyException"): fact(
        f"""{_KEY}, requestParameters.keyId text, requestParameters.encryptionAlgorithm text,
        requestParameters.encryptionContext.Department text, errorMessage text, responseElements null,
        readOnly true"""
    ),
    ("kms", "GenerateDataKey", None): fact(
        f"""{_KEY}, requestParameters.keyId text, requestParameters.keySpec text, responseElements null,
        readOnly true"""
    ),
    ("kms", "CreateAlias", None): fact(
        f"""{_KEY}, requestParameters.aliasName text, requestParameters.targetKeyId text,
        responseElements.keyId arn, readOnly false"""
    ),
    ("kms", "DeleteAlias", None): fact(
        f"{_KEY}, requestParameters.aliasName text, responseElements.keyId arn, readOnly false"
    ),
    ("kms", "DisableKey", None): fact(
        f"{_KEY}, requestParameters.keyId text, responseElements.keyId arn, readOnly false"
    ),
    ("kms", "ScheduleKeyDeletion", None): fact(
        f"""{_KEY}, requestParameters.keyId text, requestParameters.pendingWindowInDays number,
        responseElements.keyId arn, responseElements.keyState text, readOnly false,
        responseElements.deletionDate time with comma, responseElements.pendingWindowInDays number"""
    ),
    # Lambda Developer Guide, "Logging Lambda API calls": no variables, no code.
    ("lambda", "CreateFunction20150331", None): fact(
        """requestParameters.functionName text, requestParameters.runtime text, requestParameters.role arn,
        requestParameters.handler text, requestParameters.code {}, requestParameters.environment {},
        readOnly false"""
    ),
    # Error codes: EC2 API Reference; the models' exceptions.
    ("ec2", "DeleteVpc", "Client.InvalidVpcID.NotFound"): fact(
        "requestParameters.vpcId text, responseElements null, errorMessage text, readOnly false"
    ),
    ("iam", "GetUser", "NoSuchEntityException"): fact(
        "requestParameters.userName text, responseElements null, errorMessage text, readOnly true"
    ),
    ("monitoring", "PutMetricAlarm", "ValidationException"): fact(
        """requestParameters.alarmName text, requestParameters.metricName text,
        requestParameters.namespace text, requestParameters.period number,
        requestParameters.evaluationPeriods number, requestParameters.threshold number,
        requestParameters.comparisonOperator text, requestParameters.statistic text, responseElements null,
        errorMessage text, readOnly false"""
    ),
    ("logs", "CreateLogGroup", "InvalidParameterException"): fact(
        "requestParameters.logGroupName text, responseElements null, errorMessage text, readOnly false"
    ),
    # Amazon ECR and Lambda: names of services and calls, which LocalStack does not or only partly have.
    ("ecr", "DescribeRepositories", "InternalFailure"): fact(
        "requestParameters null, responseElements null, errorMessage text, readOnly true"
    ),
}
"""(service in events, event name, error) → the forms of its event."""
