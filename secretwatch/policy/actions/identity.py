"""IAM, STS and Organizations."""

from __future__ import annotations

from collections.abc import Sequence

from secretwatch.policy.actions.table import ANY, Ask, Parameters, Service, Where, on, passing, same

_REFERENCE = "https://docs.aws.amazon.com/service-authorization/latest/reference"


def _iam(kind: str, parameter: str, path: str = "/") -> str:
    """`path` stands between the kind and the name: "/", or a parameter of the call with its default."""
    return "arn:{partition}:iam::{account}:%s%s{%s}" % (kind, path, parameter)  # noqa: UP031


_NEW = "{Path=/}"
_ROLE, _GROUP = _iam("role", "RoleName"), _iam("group", "GroupName")
_PROFILE = _iam("instance-profile", "InstanceProfileName")
_LISTED = {
    "user": "ListUsers",
    "role": "ListRoles",
    "group": "ListGroups",
    "policy": "ListPolicies",
    "instance-profile": "ListInstanceProfiles",
    "server-certificate": "ListServerCertificates",
    "mfa": "ListVirtualMFADevices",
}
_OF_THE_CALLER = (
    "ChangePassword CreateAccessKey DeleteAccessKey GetUser ListAccessKeys ListMFADevices"
    " ListSigningCertificates ListSSHPublicKeys ListServiceSpecificCredentials"
    " CreateServiceSpecificCredential UpdateAccessKey DeleteServiceSpecificCredential"
    " ResetServiceSpecificCredential UpdateServiceSpecificCredential UploadSigningCertificate"
    " UpdateSigningCertificate DeleteSigningCertificate GetMFADevice CreateLoginProfile"
    " DeleteLoginProfile GetLoginProfile UpdateLoginProfile GetAccessKeyLastUsed"
)


def _caller_or_named(parameters: Parameters, where: Where) -> Sequence[str]:
    """The user that the call names; without a name it means the one who makes it."""
    return [f"arn:{where.partition}:iam::{where.account}:user/{parameters.get('UserName') or where.user}"]


def _tagged(operation: str, action: str, resource: str) -> dict[str, tuple[Ask, ...]]:
    return {operation: (Ask(operation, resource), Ask(action, resource, when="Tags"))}


IAM = Service(
    "iam",
    f"{_REFERENCE}/list_awsidentityandaccessmanagementiam.html",
    named=(
        ("RoleName", _ROLE),
        ("UserName", _iam("user", "UserName")),
        ("GroupName", _GROUP),
        ("InstanceProfileName", _PROFILE),
        ("PolicyArn", "{PolicyArn}"),
        ("PolicySourceArn", "{PolicySourceArn}"),
        ("Arn", "{Arn}"),
        ("OpenIDConnectProviderArn", "{OpenIDConnectProviderArn}"),
        ("SAMLProviderArn", "{SAMLProviderArn}"),
        ("ServerCertificateName", _iam("server-certificate", "ServerCertificateName")),
        ("VirtualMFADeviceName", _iam("mfa", "VirtualMFADeviceName", _NEW)),
        ("SerialNumber", "{SerialNumber}"),
    ),
    operations={
        **same(_OF_THE_CALLER, Ask("", _caller_or_named)),
        **_tagged("CreateRole", "TagRole", _iam("role", "RoleName", _NEW)),
        **_tagged("CreateUser", "TagUser", _iam("user", "UserName", _NEW)),
        **_tagged("CreatePolicy", "TagPolicy", _iam("policy", "PolicyName", _NEW)),
        **_tagged(
            "CreateInstanceProfile",
            "TagInstanceProfile",
            _iam("instance-profile", "InstanceProfileName", _NEW),
        ),
        **on("CreateGroup", _iam("group", "GroupName", _NEW)),
        **_tagged("CreateSAMLProvider", "TagSAMLProvider", _iam("saml-provider", "Name")),
        **on("CreateOpenIDConnectProvider", "arn:{partition}:iam::{account}:oidc-provider/*"),
        **on("AddUserToGroup RemoveUserFromGroup", _GROUP),
        "AddRoleToInstanceProfile": (
            Ask("AddRoleToInstanceProfile", _PROFILE),
            passing("RoleName", "ec2.amazonaws.com"),
        ),
        **on("RemoveRoleFromInstanceProfile", _PROFILE),
        **on(
            "CreateServiceLinkedRole",
            "arn:{partition}:iam::{account}:role/aws-service-role/{AWSServiceName}/*",
        ),
        **on("DeleteVirtualMFADevice", "{SerialNumber}"),
        # The forms that stand in the messages of refused calls (observed).
        **{
            operation: (Ask(operation, "arn:{partition}:iam::{account}:%s/" % kind),)  # noqa: UP031
            for kind, operation in _LISTED.items()
        },
        "UploadServerCertificate": (
            Ask("UploadServerCertificate", _iam("server-certificate", "ServerCertificateName", _NEW)),
        ),
        **on(
            "SimulateCustomPolicy GetContextKeysForCustomPolicy GetAccountAuthorizationDetails"
            " SetSecurityTokenServicePreferences",
            "*",
        ),
        **on(
            "GenerateOrganizationsAccessReport GenerateServiceLastAccessedDetails"
            " AcceptDelegationRequest GetServiceLinkedRoleDeletionStatus AssociateDelegationRequest"
            " CreateDelegationRequest GetDelegationRequest GetHumanReadableSummary"
            " RejectDelegationRequest SendDelegationToken UpdateDelegationRequest",
            ANY,
        ),
    },
    keys={
        "iam:PolicyARN": "PolicyArn",
        "iam:PermissionsBoundary": "PermissionsBoundary",
        "iam:AWSServiceName": "AWSServiceName",
    },
)

STS = Service(
    "sts",
    f"{_REFERENCE}/list_awssecuritytokenservice.html",
    named=(("RoleArn", "{RoleArn}"),),
    operations={
        # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html: needs no permission,
        # even where a policy denies it; so does GetSessionToken for a user.
        "GetCallerIdentity": (),
        "GetSessionToken": (),
        # Not signed with credentials of AWS: no caller to ask for.
        "AssumeRoleWithSAML": (),
        "AssumeRoleWithWebIdentity": (),
        "AssumeRole": (
            Ask("AssumeRole", "{RoleArn}"),
            Ask("TagSession", "{RoleArn}", when="Tags"),
            Ask("SetSourceIdentity", "{RoleArn}", when="SourceIdentity"),
        ),
        "GetFederationToken": (
            Ask("GetFederationToken", "arn:{partition}:sts::{account}:federated-user/{Name}"),
        ),
        "AssumeRoot": (Ask("AssumeRoot", "arn:{partition}:iam::{TargetPrincipal}:root"),),
    },
    keys={
        "sts:ExternalId": "ExternalId",
        "sts:RoleSessionName": "RoleSessionName",
        "sts:SourceIdentity": "SourceIdentity",
        "sts:DurationSeconds": "DurationSeconds",
        "sts:TransitiveTagKeys": "TransitiveTagKeys[]",
    },
)

ORGANIZATIONS = Service(
    "organizations",
    f"{_REFERENCE}/list_awsorganizations.html",
    otherwise=ANY,
    operations=on(
        "CreateAccount CreateGovCloudAccount CreateOrganization CreatePolicy DeleteOrganization"
        " DeleteResourcePolicy DescribeCreateAccountStatus DescribeOrganization DescribeResourcePolicy"
        " DisableAWSServiceAccess EnableAWSServiceAccess EnableAllFeatures LeaveOrganization"
        " ListAccounts ListAWSServiceAccessForOrganization ListCreateAccountStatus"
        " ListDelegatedAdministrators ListHandshakesForAccount ListHandshakesForOrganization"
        " ListPolicies ListRoots",
        "*",
    ),
)
