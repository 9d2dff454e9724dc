"""CloudTrail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .account import Account
from .case import Case


def trail(operation: str, code: str, words: str, make: Callable[[Account], Any], about: str = "") -> Case:
    return Case("cloudtrail", operation, code, words, make, about)


def member_and_trail(account: Account) -> tuple[Any, str]:
    """CloudTrail as a member of the account's organization sees it, and the organization's trail."""
    arn = account.organization_trail()
    return account.client("cloudtrail", account_id=member_of(account)), arn


def member_of(account: Account) -> str:
    """A new member of the account's organization."""
    made = account.organizations.create_account(AccountName="x", Email="x@example.com")
    return str(made["CreateAccountStatus"]["AccountId"])


def delegates(account: Account, count: int) -> list[str]:
    """New members, which administer CloudTrail."""
    made = [member_of(account) for _ in range(count)]
    for member in made:
        account.cloudtrail.register_organization_delegated_admin(MemberAccountId=member)
    return made


# Both calls: (client, account id).
DELEGATING: dict[str, Callable[[Any, str], Any]] = {
    "RegisterOrganizationDelegatedAdmin": lambda client, member: client.register_organization_delegated_admin(
        MemberAccountId=member
    ),
    "DeregisterOrganizationDelegatedAdmin": lambda client, member: (
        client.deregister_organization_delegated_admin(DelegatedAdminAccountId=member)
    ),
}


CASES: list[Case] = [
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
    trail(
        "ListTags",
        "CloudTrailARNInvalidException",
        "Invalid ARN: trail",
        lambda a: a.cloudtrail.list_tags(ResourceIdList=["trail"]),
        "a name",
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
    trail(
        "CreateTrail",
        "InsufficientDependencyServiceAccessPermissionException",
        "User: arn:aws:iam::",
        lambda a: (
            a.organization(),
            a.nobody("cloudtrail", "cloudtrail:*").create_trail(
                Name="trail", S3BucketName="x", IsOrganizationTrail=True
            ),
        ),
    ),
    trail(
        "ListTags",
        "InvalidTrailNameException",
        "Trail name or ARN can only contain ",
        lambda a: a.cloudtrail.list_tags(ResourceIdList=[f"arn:aws:cloudtrail:us-east-1:{a.id}:trail/a b"]),
    ),
    *(
        trail(operation, code, words, lambda a, call=call, make=make: make(a, call))
        for operation, call in DELEGATING.items()
        for code, words, make in (
            (
                "OrganizationsNotInUseException",
                "The account is not a member",
                lambda a, call: call(a.cloudtrail, "111122223333"),
            ),
            (
                "NotOrganizationManagementAccountException",
                "The account is not the management account",
                lambda a, call: (
                    a.organization(),
                    call(a.client("cloudtrail", account_id=member_of(a)), "111122223333"),
                ),
            ),
            (
                "OrganizationNotInAllFeaturesModeException",
                "The organization does not have all features",
                lambda a, call: (
                    a.organizations.create_organization(FeatureSet="CONSOLIDATED_BILLING"),
                    call(a.cloudtrail, member_of(a)),
                ),
            ),
            (
                "CloudTrailAccessNotEnabledException",
                "Trusted access is not enabled",
                lambda a, call: (
                    a.organizations.create_organization(FeatureSet="ALL"),
                    call(a.cloudtrail, member_of(a)),
                ),
            ),
            (
                "AccountNotFoundException",
                "Account 111122223333 is not a member",
                lambda a, call: (a.organization(), call(a.cloudtrail, "111122223333")),
            ),
            (
                "InsufficientDependencyServiceAccessPermissionException",
                "User: arn:aws:iam::",
                lambda a, call: (
                    a.organization(),
                    call(a.nobody("cloudtrail", "cloudtrail:*"), member_of(a)),
                ),
            ),
            (
                "AccessDeniedException",
                "User: arn:aws:iam::",
                lambda a, call: (a.organization(), call(a.nobody("cloudtrail"), member_of(a))),
            ),
        )
    ),
    trail(
        "RegisterOrganizationDelegatedAdmin",
        "InsufficientIAMAccessPermissionException",
        "User: arn:aws:iam::",
        lambda a: (
            a.organization(),
            a.nobody("cloudtrail", "cloudtrail:*", "organizations:*").register_organization_delegated_admin(
                MemberAccountId=member_of(a)
            ),
        ),
    ),
    trail(
        "RegisterOrganizationDelegatedAdmin",
        "CannotDelegateManagementAccountException",
        "The management account of an organization cannot be",
        lambda a: (
            a.organization(),
            a.cloudtrail.register_organization_delegated_admin(MemberAccountId=a.id),
        ),
    ),
    trail(
        "RegisterOrganizationDelegatedAdmin",
        "AccountRegisteredException",
        "Account ",
        lambda a: (
            a.organization(),
            a.cloudtrail.register_organization_delegated_admin(MemberAccountId=delegates(a, 1)[0]),
        ),
    ),
    trail(
        "RegisterOrganizationDelegatedAdmin",
        "DelegatedAdminAccountLimitExceededException",
        "The organization has 3 delegated administrators already.",
        lambda a: (a.organization(), delegates(a, 4)),
    ),
    trail(
        "DeregisterOrganizationDelegatedAdmin",
        "AccountNotRegisteredException",
        "Account ",
        lambda a: (
            a.organization(),
            a.cloudtrail.deregister_organization_delegated_admin(DelegatedAdminAccountId=member_of(a)),
        ),
    ),
    *(
        trail(
            operation,
            "NotOrganizationMasterAccountException",
            "",
            lambda a, call=call: call(*member_and_trail(a)),
        )
        for operation, call in {
            "DeleteTrail": lambda client, arn: client.delete_trail(Name=arn),
            "PutEventSelectors": lambda client, arn: client.put_event_selectors(
                TrailName=arn, EventSelectors=[{"ReadWriteType": "All"}]
            ),
            "StartLogging": lambda client, arn: client.start_logging(Name=arn),
        }.items()
    ),
]
