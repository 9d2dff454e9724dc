"""IAM."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .account import TRUST, WRITE, Account, policy
from .case import Case, too_long

NOBODY = "arn:aws:iam::{}:user/nobody"


def iam(
    operation: str, code: str, words: str | None, make: Callable[[Account], Any], about: str = ""
) -> Case:
    return Case("iam", operation, code, words, make, about)


CASES: list[Case] = [
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
    iam("CreateRole", "ValidationError", too_long("roleName", 64), lambda a: a.role("x" * 65), "long name"),
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
]
