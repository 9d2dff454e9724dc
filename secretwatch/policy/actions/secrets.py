"""Secrets Manager, KMS and SSM's parameters."""

from __future__ import annotations

from collections.abc import Sequence

from secretwatch.policy.actions.table import (
    ANY,
    Ask,
    Parameters,
    Resource,
    Service,
    Where,
    on,
    same,
    values,
)

_SECRET = "arn:{partition}:secretsmanager:{region}:{account}:secret:{SecretId}"
# AWS does not say which ARN a policy has to name for a secret that is only being made. Six characters are
# still to come, so that `secret:name-??????`, `secret:name-*` and `secret:name*` allow it.
_NEW_SECRET = "arn:{partition}:secretsmanager:{region}:{account}:secret:{Name}-??????"

SECRETSMANAGER = Service(
    "secretsmanager",
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html",
    named=(("SecretId", _SECRET),),
    operations={
        "CreateSecret": (Ask("CreateSecret", _NEW_SECRET), Ask("TagResource", _NEW_SECRET, when="Tags")),
        # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html
        # GetSecretValue is asked for each secret; who lacks it finds that among the answer's Errors.
        "BatchGetSecretValue": (
            Ask("BatchGetSecretValue", "*"),
            Ask("ListSecrets", "*", when="Filters"),
        ),
    },
    keys={
        "secretsmanager:Name": "Name",
        "secretsmanager:Description": "Description",
        "secretsmanager:KmsKeyId": "KmsKeyId",
        "secretsmanager:VersionId": "VersionId",
        "secretsmanager:VersionStage": "VersionStage",
        "secretsmanager:BlockPublicPolicy": "BlockPublicPolicy",
        "secretsmanager:ForceDeleteWithoutRecovery": "ForceDeleteWithoutRecovery",
        "secretsmanager:RecoveryWindowInDays": "RecoveryWindowInDays",
        "secretsmanager:RotationLambdaARN": "RotationLambdaARN",
        "secretsmanager:AddReplicaRegions": "AddReplicaRegions[].Region",
    },
)


def _key(parameter: str) -> str:
    return "arn:{partition}:kms:{region}:{account}:key/{%s}" % parameter  # noqa: UP031


_ALIAS = "arn:{partition}:kms:{region}:{account}:{AliasName}"

KMS = Service(
    "kms",
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html",
    named=(("KeyId", _key("KeyId")),),
    operations={
        **on("CreateAlias UpdateAlias", _ALIAS, _key("TargetKeyId")),
        **on("DeleteAlias", _ALIAS, _key("AliasName")),
        "ReEncrypt": (
            Ask("ReEncryptFrom", _key("SourceKeyId")),
            Ask("ReEncryptTo", _key("DestinationKeyId")),
        ),
        # https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
        "CreateKey": (Ask("CreateKey", "*"), Ask("TagResource", "*", when="Tags")),
        **on("Decrypt", _key("KeyId")),
        # A call with a grant's token, and one with a KeyId that only narrows the list, name no key.
        **on("ListAliases ListKeys ListRetirableGrants", "*"),
        **on("RetireGrant", _key("KeyId")),
    },
    keys={
        "kms:EncryptionAlgorithm": "EncryptionAlgorithm",
        "kms:KeySpec": "KeySpec",
        "kms:KeyUsage": "KeyUsage",
        "kms:KeyOrigin": "Origin",
        "kms:MultiRegion": "MultiRegion",
        "kms:BypassPolicyLockoutSafetyCheck": "BypassPolicyLockoutSafetyCheck",
        "kms:GranteePrincipal": "GranteePrincipal",
        "kms:GrantOperations": "Operations",
        "kms:ScheduleKeyDeletionPendingWindowInDays": "PendingWindowInDays",
        "kms:SigningAlgorithm": "SigningAlgorithm",
        "kms:MessageType": "MessageType",
    },
)


def _parameter(path: str) -> Resource:
    """Parameters by their names, whose first slash is no second one in the ARN."""

    def resource(parameters: Parameters, where: Where) -> Sequence[str]:
        start = f"arn:{where.partition}:ssm:{where.region}:{where.account}:parameter/"
        names = [str(name) for name in values(parameters, path)] or ["*"]
        return [name if name.startswith("arn:") else start + name.lstrip("/") for name in names]

    return resource


_PARAMETER_CALLS = (
    "GetParameter GetParameterHistory DeleteParameter LabelParameterVersion UnlabelParameterVersion"
)

SSM = Service(
    "ssm",
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html",
    otherwise=ANY,
    operations={
        **on(_PARAMETER_CALLS, _parameter("Name")),
        **on("GetParameters DeleteParameters", _parameter("Names[]")),
        **on("GetParametersByPath", _parameter("Path")),
        # In the messages of refused calls (observed); the reference gives it no resource.
        **on("DescribeParameters", "arn:{partition}:ssm:{region}:{account}:*"),
        **same(
            "PutParameter",
            Ask("PutParameter", _parameter("Name")),
            Ask("AddTagsToResource", _parameter("Name"), when="Tags"),
        ),
    },
    keys={"ssm:Overwrite": "Overwrite", "ssm:Recursive": "Recursive"},
)
