"""Calls that AWS refuses, each with the code and words it answers; each is made in an account of its own.

`scripts/docs` counts them: what a case makes is what docs/local-cloud.md calls covered.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

REGION = "us-east-1"
# What SQS answers for the codes of its model, as it did before it had that.
QUERY_CODES = {
    "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
    "QueueNameExists": "QueueAlreadyExists",
}
NO_KEY = "00000000-0000-0000-0000-000000000000"


def policy(**elements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [elements]})


TRUST = policy(Effect="Allow", Principal={"Service": "cloudtrail.amazonaws.com"}, Action="sts:AssumeRole")
WRITE = policy(Effect="Allow", Action="logs:PutLogEvents", Resource="*")


class Account:
    """An account of its own: `account.kms` is its client; botocore does not look at what it sends."""

    def __init__(self, account_id: str) -> None:
        self.id = account_id
        self.arn = f"arn:aws:iam::{account_id}:root"
        self._clients: dict[str, Any] = {}

    def client(self, service: str, region: str = REGION, account_id: str | None = None) -> Any:
        session = boto3.Session(aws_access_key_id=account_id or self.id, aws_secret_access_key="test")
        config = Config(parameter_validation=False, retries={"max_attempts": 1})
        return session.client(service, region_name=region, config=config)

    def __getattr__(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self.client(service)
        return self._clients[service]

    def key(self, **settings: Any) -> str:
        return str(self.kms.create_key(**settings)["KeyMetadata"]["KeyId"])

    def dying_key(self) -> str:
        key = self.key()
        self.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        return key

    def disabled_key(self) -> str:
        key = self.key()
        self.kms.disable_key(KeyId=key)
        return key

    def key_policy(self, **elements: Any) -> str:
        allowed = {"Effect": "Allow", "Principal": {"AWS": self.arn}, "Action": "kms:*", "Resource": "*"}
        return policy(**(allowed | elements))

    def role(self, name: str = "x", **settings: Any) -> str:
        settings.setdefault("AssumeRolePolicyDocument", TRUST)
        self.iam.create_role(RoleName=name, **settings)
        return name

    def put_role_policy(self, document: str = WRITE, name: str = "write") -> str:
        role = self.role()
        self.iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)
        return role

    def secret(self, **settings: Any) -> str:
        self.secretsmanager.create_secret(Name="x", SecretString="value", **settings)
        return "x"

    def deleted_secret(self) -> str:
        self.secretsmanager.delete_secret(SecretId=self.secret())
        return "x"

    def secret_policy(self, secret: str, document: str, **settings: Any) -> None:
        self.secretsmanager.put_resource_policy(SecretId=secret, ResourcePolicy=document, **settings)

    def bucket(self, name: str | None = None) -> str:
        name = name or f"refusals-{self.id}"
        self.s3.create_bucket(Bucket=name)
        return name

    def bucket_policy(self, document: str | None = None, **elements: Any) -> None:
        bucket = self.bucket()
        denied = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": f"arn:aws:s3:::{bucket}/*",
        }
        self.s3.put_bucket_policy(Bucket=bucket, Policy=document or policy(**(denied | elements)))

    def trail(self, name: str = "trail", region: str = REGION, **settings: Any) -> str:
        """A trail with a bucket that lets every trail in."""
        bucket = f"trails-{self.id}"
        self.s3.create_bucket(Bucket=bucket)
        allow = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
        statements = [
            allow | {"Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{bucket}"},
            allow | {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"},
        ]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.s3.put_bucket_policy(Bucket=bucket, Policy=document)
        client = self.client("cloudtrail", region)
        return str(client.create_trail(Name=name, S3BucketName=bucket, **settings)["TrailARN"])


@dataclass(frozen=True)
class Case:
    """service, operation, code: as botocore's model has them. words: how the message begins, None for any."""

    service: str
    operation: str
    code: str
    words: str | None
    make: Callable[[Account], Any]
    about: str = ""

    @property
    def id(self) -> str:
        return f"{self.service}.{self.operation} {self.code} {self.about}".strip()


def kms(
    operation: str, code: str, words: str | None, make: Callable[[Account], Any], about: str = ""
) -> Case:
    return Case("kms", operation, code, words, make, about)


def iam(
    operation: str, code: str, words: str | None, make: Callable[[Account], Any], about: str = ""
) -> Case:
    return Case("iam", operation, code, words, make, about)


def secrets(operation: str, code: str, words: str, make: Callable[[Account], Any], about: str = "") -> Case:
    return Case("secretsmanager", operation, code, words, make, about)


def s3(operation: str, code: str, words: str, make: Callable[[Account], Any], about: str = "") -> Case:
    return Case("s3", operation, code, words, make, about)


def trail(operation: str, code: str, words: str, make: Callable[[Account], Any], about: str = "") -> Case:
    return Case("cloudtrail", operation, code, words, make, about)


def _too_long(what: str, most: int) -> str:
    return (
        f"1 validation error detected: Value '{'x' * (most + 1)}' at '{what}' failed to satisfy constraint: "
        f"Member must have length less than or equal to {most}"
    )


NOT_FOUND = "Secrets Manager can't find the specified secret."
MARKED = "You can't perform this operation on the secret because it was marked for deletion."
INVALID_PRINCIPALS = "Policy contains a statement with one or more invalid principals."
NOBODY = "arn:aws:iam::{}:user/nobody"

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
        _too_long("description", 8192),
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
    # IAM: roles
    iam(
        "CreateRole",
        "EntityAlreadyExists",
        "Role with name X already exists.",
        lambda a: (a.role(), a.role("X")),
    ),
    iam(
        "CreateRole",
        "ValidationError",
        "1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint: Member must "
        "satisfy regular expression pattern",
        lambda a: a.role("a b"),
    ),
    iam("CreateRole", "ValidationError", _too_long("roleName", 64), lambda a: a.role("x" * 65), "long name"),
    iam("CreateRole", "ValidationError", "1 validation error", lambda a: a.role(Path="x"), "path"),
    iam(
        "CreateRole",
        "ValidationError",
        "1 validation error",
        lambda a: a.role(Description="—"),
        "description",
    ),
    iam(
        "CreateRole",
        "ValidationError",
        "1 validation error",
        lambda a: a.role(MaxSessionDuration=3599),
        "session",
    ),
    iam(
        "CreateRole",
        "NoSuchEntity",
        "Scope ARN: arn:aws:iam::aws:policy/none does not exist or is not attachable.",
        lambda a: a.role(PermissionsBoundary="arn:aws:iam::aws:policy/none"),
    ),
    *(
        iam(
            "CreateRole",
            "MalformedPolicyDocument",
            words,
            lambda a, document=document: a.role(AssumeRolePolicyDocument=document.replace("ACCOUNT", a.id)),
            words,
        )
        for words, document in (
            ("This policy contains invalid Json", "{"),
            ("Has prohibited field Resource", TRUST.replace('"Action"', '"Resource": "*", "Action"')),
            ("Missing required field Principal", policy(Effect="Allow", Action="sts:AssumeRole")),
            (
                "AssumeRole policy may only specify STS AssumeRole actions.",
                TRUST.replace("sts:AssumeRole", "s3:GetObject"),
            ),
            (
                'Invalid principal in policy: "Service":"nonsense"',
                TRUST.replace("cloudtrail.amazonaws.com", "nonsense"),
            ),
            (
                'Invalid principal in policy: "AWS":"arn:aws:iam::',
                policy(Effect="Allow", Principal={"AWS": NOBODY.format("ACCOUNT")}, Action="sts:AssumeRole"),
            ),
        )
    ),
    iam(
        "CreateRole",
        "LimitExceeded",
        "Cannot exceed quota for ACLSizePerRole: 2048",
        lambda a: a.role(
            AssumeRolePolicyDocument=TRUST.replace('"Effect"', f'"Sid": "{"x" * 2000}", "Effect"')
        ),
    ),
    iam(
        "CreateRole",
        "InvalidInput",
        "Duplicate tag keys found.",
        lambda a: a.role(Tags=[{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}]),
    ),
    iam(
        "DeleteRole",
        "DeleteConflict",
        "Cannot delete entity, must delete policies first.",
        lambda a: a.iam.delete_role(RoleName=a.put_role_policy()),
    ),
    iam(
        "PutRolePolicy",
        "LimitExceeded",
        "Maximum policy size of 10240 bytes exceeded for role x",
        lambda a: a.put_role_policy(policy(Effect="Allow", Action="logs:*", Resource=["arn:" + "x" * 10240])),
    ),
    *(
        iam(
            "PutRolePolicy",
            "MalformedPolicyDocument",
            words,
            lambda a, text=text: a.put_role_policy(text),
            words,
        )
        for words, text in (
            ("Syntax errors in policy.", "{"),
            (
                "Policy document should not specify a principal.",
                policy(Effect="Allow", Principal="*", Action="*", Resource="*"),
            ),
            ("Policy statement must contain actions.", policy(Effect="Allow", Resource="*")),
            ("Policy statement must contain resources.", policy(Effect="Allow", Action="*")),
        )
    ),
    iam(
        "PutRolePolicy",
        "ValidationError",
        "1 validation error detected: Value 'a b' at 'policyName'",
        lambda a: a.put_role_policy(name="a b"),
    ),
    *(
        iam(operation, "NoSuchEntity", "The role with name x cannot be found.", call)
        for operation, call in {
            "DeleteRole": lambda a: a.iam.delete_role(RoleName="x"),
            "DeleteRolePolicy": lambda a: a.iam.delete_role_policy(RoleName="x", PolicyName="p"),
            "GetRole": lambda a: a.iam.get_role(RoleName="x"),
            "GetRolePolicy": lambda a: a.iam.get_role_policy(RoleName="x", PolicyName="p"),
            "ListAttachedRolePolicies": lambda a: a.iam.list_attached_role_policies(RoleName="x"),
            "ListInstanceProfilesForRole": lambda a: a.iam.list_instance_profiles_for_role(RoleName="x"),
            "ListRolePolicies": lambda a: a.iam.list_role_policies(RoleName="x"),
            "PutRolePolicy": lambda a: a.iam.put_role_policy(
                RoleName="x", PolicyName="p", PolicyDocument=WRITE
            ),
        }.items()
    ),
    # Secrets Manager
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
        _too_long("name", 512),
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
    # S3
    s3(
        "CreateBucket",
        "BucketAlreadyExists",
        "The requested bucket name is not available.",
        lambda a: (
            a.bucket(),
            a.client("s3", account_id="333333333333").create_bucket(Bucket=f"refusals-{a.id}"),
        ),
    ),
    s3(
        "CreateBucket",
        "BucketAlreadyOwnedByYou",
        "Your previous request to create the named bucket succeeded and you already own it.",
        lambda a: [
            a.client("s3", "eu-west-1").create_bucket(
                Bucket=f"refusals-{a.id}", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
            )
            for _ in range(2)
        ],
    ),
    s3(
        "CreateBucket",
        "IllegalLocationConstraintException",
        "The unspecified location constraint is incompatible",
        lambda a: a.client("s3", "eu-west-1").create_bucket(Bucket=f"refusals-{a.id}"),
    ),
    *(
        s3(
            "CreateBucket",
            "InvalidBucketName",
            "The specified bucket is not valid.",
            lambda a, name=name: a.bucket(name.format(a.id)),
            name,
        )
        for name in (
            "ab",
            "192.168.5.4",
            "a..{}",
            "{}-",
            "xn--{}",
            "sthree-{}",
            "{}-s3alias",
            "{}--ol-s3",
            "{}.mrap",
        )
    ),
    s3(
        "DeleteBucket",
        "NoSuchBucket",
        "The specified bucket does not",
        lambda a: a.s3.delete_bucket(Bucket=f"no-{a.id}"),
    ),
    s3(
        "DeleteBucket",
        "BucketNotEmpty",
        "The bucket you tried to delete is not empty",
        lambda a: (
            a.s3.put_object(Bucket=a.bucket(), Key="x", Body=b""),
            a.s3.delete_bucket(Bucket=f"refusals-{a.id}"),
        ),
    ),
    s3(
        "PutBucketPolicy",
        "MalformedPolicy",
        "Policies must be valid JSON",
        lambda a: a.bucket_policy("{"),
        "syntax",
    ),
    s3(
        "PutBucketPolicy",
        "MalformedPolicy",
        "Policy has invalid resource",
        lambda a: a.bucket_policy(Resource="arn:aws:s3:::other/*"),
        "resource",
    ),
    s3(
        "PutBucketPolicy",
        "MalformedPolicy",
        "Invalid principal in policy",
        lambda a: a.bucket_policy(Principal={"AWS": NOBODY.format(a.id)}),
        "principal",
    ),
    s3(
        "PutBucketPolicy",
        "MalformedPolicy",
        "Policy has invalid action",
        lambda a: a.bucket_policy(Action="sns:Publish"),
        "action",
    ),
    s3(
        "PutBucketPolicy",
        "PolicyTooLarge",
        "Policy exceeds the maximum allowed document size.",
        lambda a: a.bucket_policy(Sid="x" * 20480),
    ),
    s3(
        "PutBucketPolicy",
        "AccessDenied",
        "User: arn:aws:iam::",
        lambda a: (
            a.s3.put_public_access_block(
                Bucket=a.bucket(), PublicAccessBlockConfiguration={"BlockPublicPolicy": True}
            ),
            a.bucket_policy(Effect="Allow"),
        ),
    ),
    s3(
        "PutBucketPolicy",
        "NoSuchBucket",
        "The specified bucket",
        lambda a: a.s3.put_bucket_policy(Bucket=f"no-{a.id}", Policy=WRITE),
    ),
    s3(
        "GetBucketPolicy",
        "NoSuchBucketPolicy",
        "The bucket policy does not exist",
        lambda a: a.s3.get_bucket_policy(Bucket=a.bucket()),
    ),
    # CloudTrail
    trail(
        "CreateTrail",
        "TrailAlreadyExistsException",
        "Trail trail already exists for customer: ",
        lambda a: (
            a.trail(IsMultiRegionTrail=True),
            a.client("cloudtrail", "eu-west-1").create_trail(Name="trail", S3BucketName=f"trails-{a.id}"),
        ),
        "another region's multi-region trail has the name",
    ),
    trail(
        "CreateTrail",
        "TrailAlreadyExistsException",
        "Trail trail already exists for customer: ",
        lambda a: (
            a.trail(),
            a.client("cloudtrail", "eu-west-1").create_trail(
                Name="trail", S3BucketName=f"trails-{a.id}", IsMultiRegionTrail=True
            ),
        ),
        "a multi-region trail takes the name everywhere",
    ),
    trail(
        "UpdateTrail",
        "TrailAlreadyExistsException",
        "Trail trail already exists for customer: ",
        lambda a: (
            a.trail(),
            a.client("cloudtrail", "eu-west-1").create_trail(Name="trail", S3BucketName=f"trails-{a.id}"),
            a.cloudtrail.update_trail(Name="trail", IsMultiRegionTrail=True),
        ),
    ),
    trail(
        "CreateTrail",
        "MaximumNumberOfTrailsExceededException",
        "User: ",
        lambda a: (
            a.trail("trail-0", IsMultiRegionTrail=True),
            [
                a.client("cloudtrail", "eu-west-1").create_trail(
                    Name=f"trail-{number}", S3BucketName=f"trails-{a.id}"
                )
                for number in range(1, 6)
            ],
        ),
    ),
    trail(
        "DescribeTrails",
        "CloudTrailARNInvalidException",
        "Invalid ARN: arn:aws:cloudtrail:nonsense",
        lambda a: a.cloudtrail.describe_trails(trailNameList=["arn:aws:cloudtrail:nonsense"]),
    ),
    trail(
        "DescribeTrails",
        "InvalidTrailNameException",
        "Trail name too short.",
        lambda a: a.cloudtrail.describe_trails(trailNameList=["x"]),
    ),
    trail(
        "ListTags",
        "ResourceNotFoundException",
        "The resource arn:aws:cloudtrail",
        lambda a: a.cloudtrail.list_tags(ResourceIdList=[f"arn:aws:cloudtrail:us-east-1:{a.id}:trail/none"]),
    ),
    trail(
        "ListTags",
        "CloudTrailARNInvalidException",
        "Region in ARN is wrong, you can only access resources in region us-east-1.",
        lambda a: a.cloudtrail.list_tags(ResourceIdList=[a.trail(region="eu-west-1")]),
    ),
    *(
        trail(operation, code, words, lambda a, call=call, name=name: call(a, name))
        for operation, call in {
            "DeleteTrail": lambda a, name: a.cloudtrail.delete_trail(Name=name),
            "GetTrailStatus": lambda a, name: a.cloudtrail.get_trail_status(Name=name),
            "PutEventSelectors": lambda a, name: a.cloudtrail.put_event_selectors(
                TrailName=name, EventSelectors=[{"ReadWriteType": "All"}]
            ),
            "StartLogging": lambda a, name: a.cloudtrail.start_logging(Name=name),
        }.items()
        for code, words, name in (
            ("TrailNotFoundException", "Unknown trail: arn:aws:cloudtrail:us-east-1:", "none"),
            ("InvalidTrailNameException", "Trail name too short.", "x"),
            ("CloudTrailARNInvalidException", "Invalid ARN: ", "arn:aws:cloudtrail:nonsense"),
        )
    ),
    *(
        trail(
            operation,
            "InvalidHomeRegionException",
            "Operation should be called from trail's home region: eu-west-1",
            lambda a, call=call: call(a, a.trail(region="eu-west-1", IsMultiRegionTrail=True)),
        )
        for operation, call in {
            "DeleteTrail": lambda a, arn: a.cloudtrail.delete_trail(Name=arn),
            "PutEventSelectors": lambda a, arn: a.cloudtrail.put_event_selectors(
                TrailName=arn, EventSelectors=[{"ReadWriteType": "All"}]
            ),
            "StartLogging": lambda a, arn: a.cloudtrail.start_logging(Name=arn),
        }.items()
    ),
    trail(
        "PutEventSelectors",
        "InvalidEventSelectorsException",
        "Give either EventSelectors or AdvancedEventSelectors.",
        lambda a: (a.trail(), a.cloudtrail.put_event_selectors(TrailName="trail", EventSelectors=[])),
    ),
    # A shadow has only its ARN.
    *(
        trail(
            operation,
            "TrailNotFoundException",
            "Unknown trail: arn:aws:cloudtrail:us-east-1:",
            lambda a, call=call: (a.trail(region="eu-west-1", IsMultiRegionTrail=True), call(a)),
            "a shadow by name",
        )
        for operation, call in {
            "GetEventSelectors": lambda a: a.cloudtrail.get_event_selectors(TrailName="trail"),
            "GetTrailStatus": lambda a: a.cloudtrail.get_trail_status(Name="trail"),
        }.items()
    ),
    # Tags, by the rules of secretwatch.tags: one of each service, and what counts those that are there.
    Case(
        "cloudwatch",
        "PutMetricAlarm",
        "InvalidParameterValue",
        "The tag key aws:x begins",
        lambda a: a.cloudwatch.put_metric_alarm(
            AlarmName="x",
            MetricName="x",
            Namespace="x",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            Tags=[{"Key": "aws:x", "Value": ""}],
        ),
    ),
    Case(
        "events",
        "PutRule",
        "ValidationException",
        "Tag keys cannot start with aws:",
        lambda a: a.events.put_rule(
            Name="x", EventPattern='{"source": ["x"]}', Tags=[{"Key": "aws:x", "Value": ""}]
        ),
    ),
    Case(
        "logs",
        "CreateLogGroup",
        "InvalidParameterException",
        "1 validation error detected: Value '{a,b=}' at 'tags' failed to satisfy constraint: Map keys",
        lambda a: a.logs.create_log_group(logGroupName="x", tags={"a,b": ""}),
    ),
    s3(
        "CreateBucket",
        "InvalidTag",
        "The TagValue you have provided is invalid",
        lambda a: a.s3.create_bucket(
            Bucket=f"refusals-{a.id}", CreateBucketConfiguration={"Tags": [{"Key": "k", "Value": "a,b"}]}
        ),
    ),
    s3(
        "PutBucketTagging",
        "BadRequest",
        "Bucket tag count cannot be greater than 50",
        lambda a: a.s3.put_bucket_tagging(
            Bucket=a.bucket(), Tagging={"TagSet": [{"Key": str(n), "Value": ""} for n in range(51)]}
        ),
    ),
    secrets(
        "CreateSecret",
        "InvalidParameterException",
        "The tag key aws:x begins",
        lambda a: a.secret(Tags=[{"Key": "aws:x", "Value": ""}]),
        "tags",
    ),
    Case(
        "sns",
        "CreateTopic",
        "InvalidParameter",
        "Invalid parameter: Tags Reason: Reserved",
        lambda a: a.sns.create_topic(Name="x", Tags=[{"Key": "aws:x", "Value": ""}]),
    ),
    Case(
        "sns",
        "CreateTopic",
        "TagLimitExceeded",
        "Could not complete request",
        lambda a: a.sns.create_topic(Name="x", Tags=[{"Key": str(n), "Value": ""} for n in range(51)]),
    ),
    Case(
        "sns",
        "TagResource",
        "TagLimitExceeded",
        "Could not complete request",
        lambda a: a.sns.tag_resource(
            ResourceArn=a.sns.create_topic(Name="x", Tags=[{"Key": str(n), "Value": ""} for n in range(50)])[
                "TopicArn"
            ],
            Tags=[{"Key": "one more", "Value": ""}],
        ),
    ),
    Case(
        "sqs",
        "CreateQueue",
        "InvalidParameterValue",
        "The tag key aws:x begins",
        lambda a: a.sqs.create_queue(QueueName="x", tags={"aws:x": ""}),
    ),
    trail(
        "CreateTrail",
        "InvalidTagParameterException",
        "The key of a tag cannot begin with aws:",
        lambda a: a.trail(TagsList=[{"Key": "aws:x", "Value": ""}]),
    ),
    trail(
        "AddTags",
        "TagsLimitExceededException",
        "The number of tags exceeds the limit of 50.",
        lambda a: a.cloudtrail.add_tags(
            ResourceId=a.trail(TagsList=[{"Key": str(n), "Value": ""} for n in range(50)]),
            TagsList=[{"Key": "one more"}],
        ),
    ),
    # What is not there, of the services that have providers of their own
    *(
        Case(
            service, operation, code, None, lambda a, service=service, call=call: call(getattr(a, service), a)
        )
        for service, code, calls in (
            (
                "logs",
                "ResourceNotFoundException",
                {
                    "DeleteLogGroup": lambda c, a: c.delete_log_group(logGroupName="x"),
                    "DeleteMetricFilter": lambda c, a: c.delete_metric_filter(
                        logGroupName="x", filterName="x"
                    ),
                    "DescribeMetricFilters": lambda c, a: c.describe_metric_filters(logGroupName="x"),
                    "PutRetentionPolicy": lambda c, a: c.put_retention_policy(
                        logGroupName="x", retentionInDays=1
                    ),
                },
            ),
            (
                "events",
                "ResourceNotFoundException",
                {
                    "DescribeRule": lambda c, a: c.describe_rule(Name="x"),
                    "ListTargetsByRule": lambda c, a: c.list_targets_by_rule(Rule="x"),
                    "PutTargets": lambda c, a: c.put_targets(
                        Rule="x", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{a.id}:x"}]
                    ),
                    "RemoveTargets": lambda c, a: c.remove_targets(Rule="x", Ids=["1"]),
                },
            ),
            (
                "sns",
                "NotFound",
                {
                    "GetSubscriptionAttributes": lambda c, a: c.get_subscription_attributes(
                        SubscriptionArn=f"arn:aws:sns:us-east-1:{a.id}:x:{NO_KEY}"
                    ),
                    "GetTopicAttributes": lambda c, a: c.get_topic_attributes(
                        TopicArn=f"arn:aws:sns:us-east-1:{a.id}:x"
                    ),
                    "SetTopicAttributes": lambda c, a: c.set_topic_attributes(
                        TopicArn=f"arn:aws:sns:us-east-1:{a.id}:x",
                        AttributeName="DisplayName",
                        AttributeValue="x",
                    ),
                    "Subscribe": lambda c, a: c.subscribe(
                        TopicArn=f"arn:aws:sns:us-east-1:{a.id}:x", Protocol="email", Endpoint="a@example.com"
                    ),
                },
            ),
            (
                "sqs",
                "QueueDoesNotExist",
                {
                    "DeleteQueue": lambda c, a: c.delete_queue(QueueUrl=f"http://localhost:4566/{a.id}/x"),
                    "GetQueueAttributes": lambda c, a: c.get_queue_attributes(
                        QueueUrl=f"http://localhost:4566/{a.id}/x"
                    ),
                    "ListQueueTags": lambda c, a: c.list_queue_tags(
                        QueueUrl=f"http://localhost:4566/{a.id}/x"
                    ),
                    "SetQueueAttributes": lambda c, a: c.set_queue_attributes(
                        QueueUrl=f"http://localhost:4566/{a.id}/x", Attributes={"DelaySeconds": "1"}
                    ),
                },
            ),
        )
        for operation, call in calls.items()
    ),
    Case(
        "logs",
        "CreateLogGroup",
        "ResourceAlreadyExistsException",
        "The specified log group already exists",
        lambda a: [a.logs.create_log_group(logGroupName="x") for _ in range(2)],
    ),
    Case(
        "logs",
        "PutMetricFilter",
        "ResourceNotFoundException",
        "The specified log group does not exist",
        lambda a: a.logs.put_metric_filter(
            logGroupName="x",
            filterName="x",
            filterPattern="",
            metricTransformations=[{"metricName": "x", "metricNamespace": "x", "metricValue": "1"}],
        ),
    ),
    Case(
        "events",
        "PutRule",
        "InvalidEventPatternException",
        "Event pattern is not valid.",
        lambda a: a.events.put_rule(Name="x", EventPattern="{"),
    ),
    Case(
        "events",
        "DeleteRule",
        "ValidationException",
        "Rule can't be deleted since it has targets.",
        lambda a: (
            a.events.put_rule(Name="x", EventPattern='{"source": ["x"]}'),
            a.events.put_targets(Rule="x", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{a.id}:x"}]),
            a.events.delete_rule(Name="x"),
        ),
    ),
    Case(
        "sns",
        "CreateTopic",
        "InvalidParameter",
        "Invalid parameter: Topic Name",
        lambda a: a.sns.create_topic(Name="a b"),
        "name",
    ),
    Case(
        "sns",
        "Subscribe",
        "InvalidParameter",
        "Invalid parameter:",
        lambda a: a.sns.subscribe(
            TopicArn=a.sns.create_topic(Name="x")["TopicArn"], Protocol="nonsense", Endpoint="x"
        ),
    ),
    Case(
        "sqs",
        "CreateQueue",
        "InvalidAttributeName",
        "Unknown Attribute Nonsense.",
        lambda a: a.sqs.create_queue(QueueName="x", Attributes={"Nonsense": "1"}),
    ),
    Case(
        "sqs",
        "CreateQueue",
        "QueueNameExists",
        "A queue already exists with the same name and a different value for attribute",
        lambda a: [a.sqs.create_queue(QueueName="x", Attributes={"DelaySeconds": s}) for s in "12"],
    ),
]
